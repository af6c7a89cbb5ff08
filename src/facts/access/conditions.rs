//! Conditions of statements, as far as they are known of somebody who asks: who it is, and whether there was a second factor.
//!
//! The key `aws:MultiFactorAuthPresent` has three states, and two famous traps follow. Requests with long-term keys do not have it at all: a Deny with
//! `Bool … false` does not reach them, and an Allow with `BoolIfExists … true` lets them in. Sessions have it, true or false.
//!
//! Source: IAM user guide, "AWS global condition context keys", "IAM JSON policy elements: Condition operators".

use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::policies::document::Condition;
use crate::model::Arn;

/// What a request says of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mfa {
    /// There was one.
    Present,
    /// A session without one.
    Lacking,
    /// Long-term keys: the request does not have the key.
    Absent,
}

impl Mfa {
    pub(super) const ALL: [Self; 3] = [Self::Present, Self::Lacking, Self::Absent];
}

/// Somebody who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// ARN of the user or role; `None` if it is anybody.
    pub(super) arn: Option<&'a str>,
    pub(super) account_id: &'a str,
    pub(super) mfa: Mfa,
}

/// When a condition holds for somebody who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Never,
    /// Whoever asks can have it either way.
    AsTheyLike,
    /// For some of what is asked for and not for the rest: in some Regions.
    Partly,
    NotKnown,
}

impl When {
    fn certain(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }

    fn of(holds: Option<bool>) -> Self {
        holds.map_or(Self::NotKnown, Self::certain)
    }

    fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            other => other,
        }
    }

    /// When one condition of a statement holds.
    pub(super) fn of_condition(condition: &Condition, asker: Asker<'_>) -> Self {
        if condition.values.is_empty() || condition.has_variables() {
            return Self::NotKnown;
        }
        match condition.key.as_str() {
            "aws:multifactorauthpresent" => second_factor(condition, asker.mfa),
            "aws:multifactorauthage" => age_of_second_factor(condition, asker.mfa),
            "aws:principalarn" => asker.arn.map_or(Self::NotKnown, |arn| principal(condition, arn)),
            "aws:principalaccount" if asker.arn.is_some() => words(condition, asker.account_id),
            "aws:securetransport" if operator(condition) == "bool" => Self::AsTheyLike,
            "aws:requestedregion" if is_of_words(operator(condition)) => Self::Partly,
            _ => Self::NotKnown,
        }
    }
}

/// The operator without the ending that lets absent keys pass.
fn operator(condition: &Condition) -> &str {
    condition.operator.strip_suffix("ifexists").unwrap_or(&condition.operator)
}

fn if_exists(condition: &Condition) -> bool {
    condition.operator.ends_with("ifexists")
}

fn is_of_words(operator: &str) -> bool {
    matches!(
        operator,
        "stringequals" | "stringequalsignorecase" | "stringlike" | "stringnotequals" | "stringnotequalsignorecase" | "stringnotlike"
    )
}

fn second_factor(condition: &Condition, mfa: Mfa) -> When {
    let said = |word: &str| condition.values.iter().all(|value| value.eq_ignore_ascii_case(word));
    if !said("true") && !said("false") {
        return When::NotKnown;
    }
    match (condition.operator.as_str(), mfa) {
        ("null", _) => When::certain(said("true") == (mfa == Mfa::Absent)),
        ("bool", Mfa::Absent) => When::Never,
        ("boolifexists", Mfa::Absent) => When::Always,
        ("bool" | "boolifexists", _) => When::certain(said("true") == (mfa == Mfa::Present)),
        _ => When::NotKnown,
    }
}

/// How long ago the second factor was: whoever has one can be quick or slow. Without one the request does not have the key.
fn age_of_second_factor(condition: &Condition, mfa: Mfa) -> When {
    match (operator(condition), mfa) {
        (operator, Mfa::Present) if operator.starts_with("numeric") => When::AsTheyLike,
        (operator, _) if operator.starts_with("numeric") => When::certain(if_exists(condition)),
        _ => When::NotKnown,
    }
}

fn words(condition: &Condition, found: &str) -> When {
    let is = || condition.values.iter().any(|value| value == found);
    let like = || condition.values.iter().any(|value| matches(value, found, Wildcards::StarAndQuestion, Reach::Anything));
    match operator(condition) {
        "stringequals" => When::certain(is()),
        "stringnotequals" => When::certain(is()).not(),
        "stringlike" => When::certain(like()),
        "stringnotlike" => When::certain(like()).not(),
        _ => When::NotKnown,
    }
}

fn principal(condition: &Condition, arn: &str) -> When {
    let any = || condition.values.iter().map(|value| matches_arn(value, arn)).fold(Some(false), crate::facts::objectives::or);
    match operator(condition) {
        "arnequals" | "arnlike" => When::of(any()),
        "arnnotequals" | "arnnotlike" => When::of(any()).not(),
        _ => words(condition, arn),
    }
}

/// Whether a pattern of ARNs names one. ARNs are compared part by part; where that and the whole differ, or the pattern is no ARN, it is not known.
fn matches_arn(pattern: &str, arn: &str) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    let (wanted, found) = (Arn::parse(pattern)?, Arn::parse(arn)?);
    let like = |pattern: &str, text: &str| matches(pattern, text, Wildcards::StarAndQuestion, Reach::Anything);
    let parts = like(wanted.partition, found.partition)
        && like(wanted.service, found.service)
        && like(wanted.region, found.region)
        && like(wanted.account, found.account)
        && like(wanted.resource, found.resource);
    (parts == like(pattern, arn)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/teams/ops";

    fn when(operator: &str, key: &str, values: &[&str], mfa: Mfa) -> When {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let condition = Condition { operator: operator.to_ascii_lowercase(), key: key.to_ascii_lowercase(), values };
        When::of_condition(&condition, Asker { arn: Some(ROLE), account_id: "111122223333", mfa })
    }

    #[test]
    fn a_second_factor() {
        let (always, never, open, free) = (When::Always, When::Never, When::NotKnown, When::AsTheyLike);
        let (present, age) = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge");
        // why, operator, key, value, with one, in a session without one, with long-term keys
        let cases = [
            ("it must be there", "Bool", present, "true", [always, never, never]),
            ("long-term keys slip through", "BoolIfExists", present, "true", [always, never, always]),
            ("long-term keys are missed", "Bool", present, "false", [never, always, never]),
            ("nobody without one is missed", "BoolIfExists", present, "false", [never, always, always]),
            ("capitals do not count", "BoolIfExists", present, "False", [never, always, always]),
            ("it is not told", "Null", present, "true", [never, never, always]),
            ("it is told", "Null", present, "false", [always, always, never]),
            ("a word that is neither", "Bool", present, "maybe", [open; 3]),
            ("compared as a word", "StringEquals", present, "true", [open; 3]),
            ("within the hour", "NumericLessThan", age, "3600", [free, never, never]),
            ("longer than an hour ago, or never", "NumericGreaterThanIfExists", age, "3600", [free, always, always]),
            ("its age is not told", "Null", age, "true", [open; 3]),
        ];
        for (why, operator, key, value, expected) in cases {
            assert_eq!(Mfa::ALL.map(|mfa| when(operator, key, &[value], mfa)), expected, "{why}");
        }
    }

    #[test]
    fn who_asks_and_where() {
        let (always, never, open) = (When::Always, When::Never, When::NotKnown);
        let principal = "aws:PrincipalArn";
        // why, operator, key, values, when
        let cases: [(&str, &str, &str, &[&str], When); 26] = [
            ("the role", "ArnEquals", principal, &[ROLE], always),
            ("another", "ArnEquals", principal, &["arn:aws:iam::111122223333:role/dev"], never),
            ("one of two", "ArnLike", principal, &["arn:aws:iam::*:role/x", ROLE], always),
            ("all roles", "ArnLike", principal, &["arn:aws:iam::*:role/*"], always),
            ("all but the role", "ArnNotLike", principal, &["arn:aws:iam::*:role/teams/ops"], never),
            ("all but another", "ArnNotEquals", principal, &["arn:aws:iam::111122223333:role/break-glass"], always),
            ("the same as words", "StringNotEquals", principal, &["arn:aws:iam::111122223333:role/break-glass"], always),
            ("the same, if the key is there, which it is", "StringNotEqualsIfExists", principal, &[ROLE], never),
            ("words know stars in one operator", "StringLike", principal, &["*:role/teams/*"], always),
            ("and not in another", "StringEquals", principal, &["*"], never),
            ("everybody", "ArnLike", principal, &["*"], always),
            ("a star over several parts", "ArnLike", principal, &["arn:aws:iam*:role/teams/ops"], open),
            ("the last part may have colons", "ArnLike", principal, &["arn:*:*:*:*:role*"], always),
            ("whoever it is", "ArnEquals", principal, &["${aws:PrincipalArn}"], open),
            ("an empty list", "StringEquals", principal, &[], open),
            ("an operator of tomorrow", "ArnSounds", principal, &[ROLE], open),
            ("of each value", "ForAllValues:StringEquals", principal, &[ROLE], open),
            ("its account", "StringEquals", "aws:PrincipalAccount", &["111122223333"], always),
            ("another account", "StringNotEquals", "aws:PrincipalAccount", &["111122223333"], never),
            ("some Regions", "StringEquals", "aws:RequestedRegion", &["eu-west-1"], When::Partly),
            ("outside of some Regions", "StringNotEquals", "aws:RequestedRegion", &["eu-west-1"], When::Partly),
            ("a Region that is not told", "Null", "aws:RequestedRegion", &["true"], open),
            ("without TLS", "Bool", "aws:SecureTransport", &["false"], When::AsTheyLike),
            ("from an address", "IpAddress", "aws:SourceIp", &["192.0.2.0/24"], open),
            ("by a tag of the resource", "StringEquals", "aws:ResourceTag/team", &["data"], open),
            ("capitals of operators and keys do not count", "aRNLIKE", "AWS:principalARN", &[ROLE], always),
        ];
        for (why, operator, key, values, expected) in cases {
            assert_eq!(when(operator, key, values, Mfa::Lacking), expected, "{why}");
        }
    }

    #[test]
    fn of_anybody_little_is_known() {
        let anybody = Asker { arn: None, account_id: "111122223333", mfa: Mfa::Lacking };
        for key in ["aws:principalarn", "aws:principalaccount"] {
            let condition = Condition { operator: "stringequals".to_owned(), key: key.to_owned(), values: vec![ROLE.to_owned()] };
            assert_eq!(When::of_condition(&condition, anybody), When::NotKnown, "{key}");
        }
    }
}
