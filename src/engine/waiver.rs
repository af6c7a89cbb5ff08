//! Waivers: failures that somebody accepted, with a reason, for a time.
//!
//! Only `fail` can be waived; what is unknown stays unknown. A waiver that has ended, or that nothing needs, is a finding itself, so that the
//! list stays short and true.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::pattern::{Pattern, Subjects};
use super::rule::RuleSet;
use crate::model::moment::{self, DAY_S};
use crate::model::{AccountId, Arn};

mod apply;
mod built_in;

pub use apply::{Tags, apply};
pub use built_in::{BUILT_IN, BuiltInRule, WAIVER_EXPIRED, WAIVER_OVER_BROAD, WAIVER_UNUSED};

/// A waiver that ends within this time is about to end.
pub const ENDING_S: i64 = 30 * DAY_S;

/// A waiver as `audit.yaml` has it. Every text must say something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverEntry {
    /// Short name, unique among waivers; findings carry it.
    pub id: Spanned<String>,
    /// Rule whose failures are accepted.
    pub rule: Spanned<String>,
    /// ARN pattern with `*`.
    pub subject: Option<Pattern>,
    /// Account.
    pub account: Option<AccountId>,
    /// Tags that the subject must all have; a value may have `*`. At least one of subject, account and tag is given.
    #[serde(default)]
    pub tag: BTreeMap<String, Pattern>,
    /// Why it is accepted.
    pub reason: Spanned<String>,
    /// Who answers for it.
    pub owner: Spanned<String>,
    /// Who agreed.
    pub approver: Spanned<String>,
    /// First moment it holds; a date is midnight UTC.
    pub start: Spanned<String>,
    /// First moment it no longer holds.
    pub expires: Spanned<String>,
    /// What protects the data in the meantime.
    pub compensating_control: Spanned<String>,
}

/// A checked waiver; holds in `[start_s, expires_s)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Short name.
    pub id: String,
    /// Rule, by its present id.
    pub rule: String,
    /// Whom it is about.
    pub subjects: Subjects,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// What protects the data in the meantime.
    pub compensating_control: String,
}

/// Checks waivers against the rules. `file` is the file they were read from.
///
/// # Errors
/// All of: an empty text, an id that stands twice, a rule that does not exist, nobody it is about, an unreadable moment, an expiry that is not after
/// the start.
pub fn check(entries: &[WaiverEntry], rules: &RuleSet, file: &SourceFile) -> Result<Vec<Waiver>, RuleErrors> {
    let mut errors = Vec::new();
    let mut waivers: Vec<Waiver> = Vec::with_capacity(entries.len());
    for entry in entries {
        let twice = waivers.iter().any(|known| known.id == entry.id.value);
        if twice {
            errors.push(file.error(file.span(entry.id.referenced), format!("waiver `{}` stands here twice", entry.id.value), None));
        }
        waivers.extend(waiver(entry, rules, file, &mut errors));
    }
    if errors.is_empty() { Ok(waivers) } else { Err(RuleErrors(errors)) }
}

fn waiver(entry: &WaiverEntry, rules: &RuleSet, file: &SourceFile, errors: &mut Vec<RuleError>) -> Option<Waiver> {
    let before = errors.len();
    let mut error = |at: &Spanned<String>, message: String, hint| errors.push(file.error(file.span(at.referenced), message, hint));
    let texts = [
        ("id", &entry.id),
        ("reason", &entry.reason),
        ("owner", &entry.owner),
        ("approver", &entry.approver),
        ("compensating_control", &entry.compensating_control),
    ];
    for (key, text) in texts.into_iter().filter(|(_, text)| text.value.trim().is_empty()) {
        error(text, format!("`{key}` is empty"), None);
    }
    let rule = rules.get(&entry.rule.value);
    if rule.is_none() {
        let hint = rules.nearest(&entry.rule.value).map(|near| format!("did you mean `{near}`?"));
        error(&entry.rule, format!("there is no rule `{}`", entry.rule.value), hint);
    }
    let subjects = Subjects { subject: entry.subject.clone(), account: entry.account.clone(), tags: entry.tag.clone() };
    if subjects == Subjects::default() {
        error(&entry.id, "a waiver names a `subject`, an `account` or a `tag`".to_owned(), None);
    }
    let mut read = |text: &Spanned<String>| moment::parse(&text.value).map_err(|wrong| error(text, wrong.to_string(), None)).ok();
    let (start, expires) = (read(&entry.start), read(&entry.expires));
    if let (Some(start), Some(expires)) = (start, expires)
        && expires <= start
    {
        error(&entry.expires, "the waiver expires before it starts".to_owned(), None);
    }
    if errors.len() > before {
        return None;
    }
    Some(Waiver {
        id: entry.id.value.clone(),
        rule: rule?.id.clone(),
        subjects,
        reason: entry.reason.value.clone(),
        owner: entry.owner.value.clone(),
        approver: entry.approver.value.clone(),
        start_s: start?,
        expires_s: expires?,
        compensating_control: entry.compensating_control.value.clone(),
    })
}

impl Waiver {
    /// Whether it holds at a moment.
    pub fn holds(&self, as_of_s: i64) -> bool {
        self.start_s <= as_of_s && as_of_s < self.expires_s
    }

    /// Where it stands at a moment.
    pub fn state(&self, as_of_s: i64) -> State {
        State::of(self.start_s, self.expires_s, as_of_s)
    }

    /// Why it accepts more than anybody can have looked at; `None` if it does not. A waiver for an account as a whole says so itself.
    pub fn over_broad(&self) -> Option<&'static str> {
        let fixed = |text: &str| !text.is_empty() && !text.contains('*');
        let Some(pattern) = self.subjects.subject.as_ref().map(Pattern::as_str) else {
            let by_tag = self.subjects.account.is_none() && !self.subjects.tags.is_empty();
            return by_tag.then_some("whoever may tag something, in any account, has its failure accepted");
        };
        let parts = Arn::parse(pattern);
        let stars = |text: &str| text.trim_matches('*').is_empty();
        let any_resource = stars(pattern) || parts.is_some_and(|arn| stars(arn.resource));
        // The ARN of a bucket names no account, and a bucket's name is nobody else's.
        let named = parts.is_some_and(|arn| fixed(arn.account) || (arn.account.is_empty() && fixed(arn.resource)));
        match () {
            () if any_resource => Some("its pattern names no resource"),
            () if self.subjects.account.is_none() && !named => Some("its pattern names no account"),
            () => None,
        }
    }
}

/// Where a waiver, or an alternative, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does not hold yet.
    NotYet,
    /// It holds.
    Active,
    /// It holds for at most 30 more days.
    Ending,
    /// It does not hold any more.
    Expired,
}

impl State {
    /// Where something that holds in `[start_s, expires_s)` stands at a moment.
    pub(super) fn of(start_s: i64, expires_s: i64, as_of_s: i64) -> Self {
        match () {
            () if as_of_s < start_s => Self::NotYet,
            () if as_of_s >= expires_s => Self::Expired,
            () if expires_s - as_of_s <= ENDING_S => Self::Ending,
            () => Self::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiver(subjects: Subjects) -> Waiver {
        let text = || "x".to_owned();
        let (start_s, expires_s) = (100 * DAY_S, 200 * DAY_S);
        Waiver {
            id: text(),
            rule: text(),
            subjects,
            reason: text(),
            owner: text(),
            approver: text(),
            start_s,
            expires_s,
            compensating_control: text(),
        }
    }

    #[test]
    fn what_nobody_can_have_looked_at_is_too_broad() {
        let tagged: BTreeMap<String, Pattern> = [("stage".to_owned(), Pattern::from("test".to_owned()))].into();
        let (none, one) = (BTreeMap::new(), Some("111122223333"));
        // why, pattern, account, tags, whether it is too broad
        let cases = [
            ("one database", Some("arn:aws:rds:eu-west-1:111122223333:db:orders"), None, &none, false),
            ("a family in one account, in any Region", Some("arn:aws:rds:*:111122223333:db:test-*"), None, &none, false),
            ("everything", Some("*"), None, &none, true),
            ("everything in an account, by pattern", Some("arn:aws:*:*:111122223333:*"), None, &none, true),
            ("everything, though with an account", Some("*"), one, &none, true),
            ("a family in any account", Some("arn:aws:rds:*:*:db:test-*"), None, &none, true),
            ("the same, with an account beside it", Some("arn:aws:rds:*:*:db:test-*"), one, &none, false),
            ("half an ARN, which names no account", Some("*:db:orders"), None, &none, true),
            ("the same, with an account beside it", Some("*:db:orders"), one, &none, false),
            ("a bucket, whose ARN has no account", Some("arn:aws:s3:::logs"), None, &none, false),
            ("buckets of anybody", Some("arn:aws:s3:::logs-*"), None, &none, true),
            ("an account, by its own key", None, one, &none, false),
            ("a tag, wherever it is", None, None, &tagged, true),
            ("a tag in one account", None, one, &tagged, false),
        ];
        for (why, pattern, account, tags, expected) in cases {
            let subjects = Subjects {
                subject: pattern.map(|pattern| Pattern::from(pattern.to_owned())),
                account: account.map(|account| account.parse().unwrap()),
                tags: tags.clone(),
            };
            assert_eq!(waiver(subjects).over_broad().is_some(), expected, "{why}");
        }
    }

    #[test]
    fn states_over_time() {
        let waiver = waiver(Subjects::default());
        // day, state
        let cases = [
            (99, State::NotYet),
            (100, State::Active),
            (169, State::Active),
            (170, State::Ending),
            (199, State::Ending),
            (200, State::Expired),
        ];
        for (day, expected) in cases {
            assert_eq!(waiver.state(day * DAY_S), expected, "day {day}");
            assert_eq!(waiver.holds(day * DAY_S), matches!(expected, State::Active | State::Ending), "day {day}");
        }
    }
}
