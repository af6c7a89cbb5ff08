//! How much of what an action works on a policy reaches: nothing, some of it, all of it, or it is not known.

use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::policies::document::{OneOrMany, Statement};

/// A part of what an action works on. What is only some may be what matters or not; somebody who may delete some is somebody who may delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    Nothing,
    NotKnown,
    Some,
    All,
}

impl Extent {
    /// Whether it is anything.
    pub(super) fn may(self) -> Option<bool> {
        match self {
            Self::Nothing => Some(false),
            Self::NotKnown => None,
            Self::Some | Self::All => Some(true),
        }
    }

    /// What two of them have in common; two parts may have nothing.
    pub(super) fn both(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::All, part) | (part, Self::All) => part,
            _ => Self::NotKnown,
        }
    }

    /// What is left without the other; of a part without a part it is not known.
    pub(super) fn without(self, denied: Self) -> Self {
        match (self, denied) {
            (Self::Nothing, _) | (_, Self::All) => Self::Nothing,
            (part, Self::Nothing) => part,
            (Self::All, Self::Some) => Self::Some,
            _ => Self::NotKnown,
        }
    }

    /// It, if it is anything that is not certain.
    pub(super) fn uncertain(self) -> Self {
        self.min(Self::NotKnown)
    }
}

/// How much of what has ARNs of the given shapes a statement speaks of.
pub(super) fn of_resources(statement: &Statement, shapes: &[String]) -> Extent {
    let each = |of: &dyn Fn(&str) -> Extent| {
        let found: Vec<Extent> = shapes.iter().map(|shape| of(shape)).collect();
        let most = found.iter().copied().max().unwrap_or(Extent::Nothing);
        if found.iter().all(|one| *one == Extent::All) { most } else { most.min(Extent::Some) }
    };
    let most = |patterns: &OneOrMany<String>, shape: &str| patterns.all().iter().map(|pattern| of_shape(pattern, shape)).max();
    match (&statement.resource, &statement.not_resource) {
        (Some(named), None) => each(&|shape| most(named, shape).unwrap_or(Extent::Nothing)),
        (None, Some(left_out)) => each(&|shape| {
            let parts = left_out.all().iter().map(|pattern| of_shape(pattern, shape));
            parts.fold(Extent::All, Extent::without)
        }),
        _ => Extent::NotKnown,
    }
}

/// How much of the ARNs of a shape a pattern reaches. In shapes, as in patterns, a star stands for anything.
fn of_shape(pattern: &str, shape: &str) -> Extent {
    // A bucket is no object: what has a slash names no bucket.
    if shape.ends_with(":::*") && pattern.contains('/') {
        return Extent::Nothing;
    }
    let open = with_variables_open(pattern);
    if !meet_as_arns(&open, shape) {
        return Extent::Nothing;
    }
    if open != pattern {
        return Extent::NotKnown;
    }
    // A question mark would take the star of the shape for one letter.
    let whole = !pattern.contains('?') && matches(pattern, shape, Wildcards::Star, Reach::Anything);
    if whole { Extent::All } else { Extent::Some }
}

/// A pattern with a star for each variable, such as `${aws:username}`.
fn with_variables_open(pattern: &str) -> String {
    let mut open = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        open.push_str(before);
        open.push('*');
        rest = after.split_once('}').map_or("", |(_, behind)| behind);
    }
    open + rest
}

/// Whether there is an ARN that two patterns both match. A star stands within one part of an ARN, unless the pattern has fewer parts.
fn meet_as_arns(one: &str, other: &str) -> bool {
    let parts = |text: &'_ str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (ones, others) = (parts(one), parts(other));
    if ones.len() == 6 && others.len() == 6 { ones.iter().zip(&others).all(|(one, other)| meet(one, other)) } else { meet(one, other) }
}

/// Whether there is a text that two patterns both match. Between the letters of one and of the other it is walked once.
fn meet(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut above = vec![false; other.len() + 1];
    for row in 0..=one.len() {
        let mut now = vec![false; other.len() + 1];
        for column in 0..=other.len() {
            let (mine, theirs) = (row.checked_sub(1).map(|at| one[at]), column.checked_sub(1).map(|at| other[at]));
            now[column] = match (mine, theirs) {
                (None, None) => true,
                (Some('*'), _) if above[column] => true,
                (_, Some('*')) if now[column - 1] => true,
                (Some('*'), Some(_)) => now[column - 1],
                (Some(_), Some('*')) => above[column],
                (Some(mine), Some(theirs)) => (mine == theirs || mine == '?' || theirs == '?') && above[column - 1],
                _ => false,
            };
        }
        above = now;
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::policies::document::{Effect, Policy};

    #[test]
    fn patterns_that_meet() {
        // why, one, other, whether a text matches both
        let cases = [
            ("the same", "abc", "abc", true),
            ("not the same", "abc", "abd", false),
            ("everything", "*", "abc", true),
            ("a star for nothing", "abc*", "abc", true),
            ("a beginning and an end", "a*", "*c", true),
            ("two beginnings", "ab*", "ac*", false),
            ("one letter", "a?c", "abc", true),
            ("one letter is not none", "a?c", "ac", false),
            ("a letter against a star", "?", "*", true),
            ("crossing stars", "a*b*", "*b*a", true),
            ("nothing and nothing", "", "", true),
            ("nothing and a star", "", "*", true),
            ("nothing and a letter", "", "?", false),
        ];
        for (why, one, other, expected) in cases {
            assert_eq!((meet(one, other), meet(other, one)), (expected, expected), "{why}");
        }
    }

    #[test]
    fn how_much_of_the_resources() {
        let (nothing, open, some, all) = (Extent::Nothing, Extent::NotKnown, Extent::Some, Extent::All);
        let databases = vec!["arn:aws:rds:*:111122223333:db:*".to_owned()];
        let buckets = vec!["arn:aws:s3:::*".to_owned()];
        let objects = vec!["arn:aws:s3:::*/*".to_owned()];
        let two = vec!["arn:aws:ec2:*::snapshot/*".to_owned(), "arn:aws:ec2:*::image/*".to_owned()];
        // why, Resource or NotResource, shapes, extent
        let cases = [
            ("everything", json!({ "Resource": "*" }), &databases, all),
            ("everything of the service", json!({ "Resource": "arn:aws:rds:*" }), &databases, all),
            ("everything of the kind", json!({ "Resource": "arn:aws:rds:*:*:db:*" }), &databases, all),
            ("one Region", json!({ "Resource": "arn:aws:rds:eu-west-1:*:db:*" }), &databases, some),
            ("one of them", json!({ "Resource": "arn:aws:rds:eu-west-1:111122223333:db:orders" }), &databases, some),
            ("another account's", json!({ "Resource": "arn:aws:rds:*:444455556666:db:*" }), &databases, nothing),
            ("another kind", json!({ "Resource": "arn:aws:rds:*:*:cluster:*" }), &databases, nothing),
            ("another service", json!({ "Resource": ["arn:aws:s3:::*"] }), &databases, nothing),
            ("another partition", json!({ "Resource": "arn:aws-cn:rds:*:*:db:*" }), &databases, nothing),
            ("one letter open is not the whole", json!({ "Resource": "arn:aws:rds:?:111122223333:db:?" }), &databases, some),
            ("by who asks", json!({ "Resource": "arn:aws:rds:*:*:db:${aws:username}-*" }), &databases, open),
            ("by who asks, of another kind", json!({ "Resource": "arn:aws:rds:*:*:cluster:${aws:username}" }), &databases, nothing),
            ("a variable that never ends", json!({ "Resource": "arn:aws:rds:*:*:db:${aws" }), &databases, open),
            ("none", json!({ "Resource": [] }), &databases, nothing),
            ("all but one", json!({ "NotResource": "arn:aws:rds:*:*:db:orders" }), &databases, some),
            ("all but those", json!({ "NotResource": "arn:aws:rds:*" }), &databases, nothing),
            ("all but another service", json!({ "NotResource": "arn:aws:s3:::*" }), &databases, all),
            (
                "all but two parts, which may be all",
                json!({ "NotResource": ["arn:aws:rds:*:*:db:a*", "arn:aws:rds:*:*:db:b*"] }),
                &databases,
                open,
            ),
            ("neither, as in policies that are none", json!({}), &databases, open),
            ("a bucket", json!({ "Resource": "arn:aws:s3:::prod" }), &buckets, some),
            ("objects are no buckets", json!({ "Resource": "arn:aws:s3:::prod/*" }), &buckets, nothing),
            ("objects", json!({ "Resource": "arn:aws:s3:::prod/*" }), &objects, some),
            ("a bucket is no object", json!({ "Resource": "arn:aws:s3:::prod" }), &objects, nothing),
            ("one of two kinds", json!({ "Resource": "arn:aws:ec2:*::image/*" }), &two, some),
            ("both kinds", json!({ "Resource": ["arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"] }), &two, all),
            ("neither kind", json!({ "Resource": "arn:aws:ec2:*:*:volume/*" }), &two, nothing),
        ];
        for (why, changes, shapes, expected) in cases {
            let mut statement = json!({ "Effect": "Allow", "Action": "*" });
            statement.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            let policy = Policy::parse(&Value::to_string(&json!({ "Statement": statement }))).unwrap();
            assert_eq!(of_resources(policy.statements(Effect::Allow).next().unwrap(), shapes), expected, "{why}");
        }
    }

    #[test]
    fn parts_of_parts() {
        let (nothing, open, some, all) = (Extent::Nothing, Extent::NotKnown, Extent::Some, Extent::All);
        // one, other, what both have, the one without the other
        let cases = [
            (all, all, all, nothing),
            (all, some, some, some),
            (all, open, open, open),
            (all, nothing, nothing, all),
            (some, all, some, nothing),
            (some, some, open, open),
            (some, open, open, open),
            (some, nothing, nothing, some),
            (open, all, open, nothing),
            (open, some, open, open),
            (open, open, open, open),
            (open, nothing, nothing, open),
            (nothing, all, nothing, nothing),
            (nothing, some, nothing, nothing),
            (nothing, open, nothing, nothing),
            (nothing, nothing, nothing, nothing),
        ];
        for (one, other, both, without) in cases {
            assert_eq!((one.both(other), one.without(other)), (both, without), "{one:?} and {other:?}");
        }
    }
}
