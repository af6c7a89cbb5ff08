//! What changed about a thing, and whether less is protected by it.

use super::reading::Missing;
use crate::facts::objectives::{and, or};

/// What is said of something that was not read.
pub(super) const NOT_READ: &str = "not read";

/// Kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A backup plan with its rules and copies.
    Plan,
    /// A selection of a plan.
    Selection,
    /// A vault.
    Vault,
    /// A KMS key.
    Key,
    /// What AWS Backup may protect in a Region.
    Settings,
    /// A resource of the population.
    Resource,
    /// A list that was not read at one of the two moments.
    Read,
}

impl Thing {
    /// The word in relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Selection => "selection",
            Self::Vault => "vault",
            Self::Key => "key",
            Self::Settings => "settings",
            Self::Resource => "resource",
            Self::Read => "read",
        }
    }
}

/// What happened to it between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
    /// At one of the two moments it was not read, or AWS did not tell.
    Unread,
}

impl Kind {
    /// The word in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Unread => "unread",
        }
    }
}

/// The thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its ARN, or `<parent ARN>#<kind>/<id>`.
    pub arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Kind of thing.
    pub thing: Thing,
    /// Name for people.
    pub name: String,
}

/// One difference between two readings of a thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it is about: `schedule`, `lock`, `copy` and the like.
    pub what: &'static str,
    /// Which part of the thing: the rule of a plan, the destination of a copy; empty for the thing itself.
    pub part: String,
    /// What happened.
    pub kind: Kind,
    /// How it was, in words; empty if it was not there.
    pub before: String,
    /// How it is, in words; empty if it is not there.
    pub after: String,
    /// Whether less is protected now; `None` if that cannot be told.
    pub weakens: Option<bool>,
}

impl Change {
    /// Something was there and is not.
    pub(super) fn removed(what: &'static str, part: &str, before: String, weakens: Option<bool>) -> Self {
        Self { what, part: part.to_owned(), kind: Kind::Removed, before, after: String::new(), weakens }
    }

    /// Something is there and was not: what is added takes nothing away.
    pub(super) fn added(what: &'static str, part: &str, after: String) -> Self {
        Self { what, part: part.to_owned(), kind: Kind::Added, before: String::new(), after, weakens: Some(false) }
    }

    /// At one of two moments it was not read.
    pub(super) fn unread(what: &'static str, part: &str, missing: Missing) -> Self {
        let (then, now) = match missing {
            Missing::Then => (NOT_READ, "known"),
            Missing::Now => ("known", NOT_READ),
            Missing::Twice => (NOT_READ, NOT_READ),
        };
        let (before, after) = (then.to_owned(), now.to_owned());
        Self { what, part: part.to_owned(), kind: Kind::Unread, before, after, weakens: None }
    }

    /// Two values that are known, if they differ.
    pub(super) fn of<T: PartialEq>(
        what: &'static str,
        part: &str,
        (before, after): (&T, &T),
        text: impl Fn(&T) -> String,
        weakens: Option<bool>,
    ) -> Option<Self> {
        let change = || Self { what, part: part.to_owned(), kind: Kind::Changed, before: text(before), after: text(after), weakens };
        (before != after).then(change)
    }

    /// Two values, if they differ or one of them was not told. A value that was not told is nothing to speak of where nothing can be lost.
    pub(super) fn of_told<T: PartialEq>(
        what: &'static str,
        (before, after): (Option<&T>, Option<&T>),
        text: impl Fn(&T) -> String,
        weakens: Option<bool>,
    ) -> Option<Self> {
        if let (Some(before), Some(after)) = (before, after) {
            return Self::of(what, "", (before, after), text, weakens);
        }
        let text = |value: Option<&T>| value.map_or_else(|| "not known".to_owned(), &text);
        let open = || Self { what, part: String::new(), kind: Kind::Unread, before: text(before), after: text(after), weakens };
        (weakens != Some(false)).then(open)
    }
}

/// One thing at two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The thing.
    pub subject: Subject,
    /// Whether there are two readings of anything of it.
    pub compared: bool,
    /// What changed, sorted.
    pub changes: Vec<Change>,
}

impl Standing {
    /// A thing of which there is one reading.
    pub(super) fn not_twice(subject: Subject) -> Self {
        Self { subject, compared: false, changes: Vec::new() }
    }

    /// A thing that was read twice, with what changed.
    pub(super) fn compared(subject: Subject, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut changes: Vec<Change> = changes.into_iter().collect();
        changes.sort();
        Self { subject, compared: true, changes }
    }

    /// A thing that was not read at one of the two moments.
    pub(super) fn unread(subject: Subject, missing: Missing) -> Self {
        let what = subject.thing.word();
        Self::compared(subject, [Change::unread(what, "", missing)])
    }
}

/// Whether something that held before does not hold any more.
pub(super) fn lost(before: Option<bool>, after: Option<bool>) -> Option<bool> {
    and(before, after.map(|holds| !holds))
}

/// Whether any of several answers is yes.
pub(super) fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    answers.into_iter().fold(Some(false), or)
}

/// Whether a figure has become smaller; `None` of both is not known.
pub(super) fn smaller(before: Option<i64>, after: Option<i64>) -> Option<bool> {
    Some(after? < before?)
}

/// Pairs what stands on both sides: by id, then by a name that each side has once, for AWS gives new ids to what is changed by making it anew.
pub(super) fn pairs<'t, T>(
    before: impl IntoIterator<Item = &'t T>,
    after: impl IntoIterator<Item = &'t T>,
    id: impl Fn(&T) -> &str,
    name: impl Fn(&T) -> &str,
) -> Vec<(Option<&'t T>, Option<&'t T>)> {
    let mut before: Vec<&T> = before.into_iter().collect();
    let mut after: Vec<&T> = after.into_iter().collect();
    let mut pairs = Vec::new();
    for by in [&id as &dyn Fn(&T) -> &str, &name] {
        let once = |side: &[&T], key: &str| side.iter().filter(|one| by(one) == key).count() == 1;
        let found: Vec<(usize, usize)> = before
            .iter()
            .enumerate()
            .filter(|(_, one)| once(&before, by(one)) && once(&after, by(one)))
            .filter_map(|(index, one)| Some((index, after.iter().position(|other| by(other) == by(one))?)))
            .collect();
        pairs.extend(found.iter().map(|&(one, other)| (Some(before[one]), Some(after[other]))));
        let kept = |side: Vec<&'t T>, gone: Vec<usize>| {
            side.into_iter().enumerate().filter(|(index, _)| !gone.contains(index)).map(|(_, one)| one).collect::<Vec<_>>()
        };
        before = kept(before, found.iter().map(|(one, _)| *one).collect());
        after = kept(after, found.iter().map(|(_, other)| *other).collect());
    }
    pairs.extend(before.into_iter().map(|one| (Some(one), None)));
    pairs.extend(after.into_iter().map(|one| (None, Some(one))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_paired_by_id_then_by_name() {
        type Named = (&'static str, &'static str);
        // why, before, after, pairs as ids
        let cases: [(&str, &[Named], &[Named], &[(&str, &str)]); 6] = [
            ("the same id", &[("1", "daily")], &[("1", "nightly")], &[("1", "1")]),
            ("made anew under its name", &[("1", "daily")], &[("2", "daily")], &[("1", "2")]),
            ("a name that two have is nobody's", &[("1", "daily"), ("2", "daily")], &[("3", "daily")], &[("1", ""), ("2", ""), ("", "3")]),
            ("an id wins over a name", &[("1", "a"), ("2", "b")], &[("2", "a")], &[("2", "2"), ("1", "")]),
            ("gone", &[("1", "a")], &[], &[("1", "")]),
            ("new", &[], &[("1", "a")], &[("", "1")]),
        ];
        for (why, before, after, expected) in cases {
            let found = pairs(before, after, |one| one.0, |one| one.1);
            let ids: Vec<_> = found.iter().map(|(one, other)| (one.map_or("", |one| one.0), other.map_or("", |one| one.0))).collect();
            assert_eq!(ids, expected, "{why}");
        }
    }

    #[test]
    fn what_was_not_there_cannot_be_lost() {
        let (yes, no, open) = (Some(true), Some(false), None);
        // before, after, lost
        let cases =
            [(yes, no, yes), (yes, yes, no), (no, open, no), (open, yes, no), (yes, open, open), (open, no, open), (open, open, open)];
        for (before, after, expected) in cases {
            assert_eq!(lost(before, after), expected, "{before:?} {after:?}");
        }
    }
}
