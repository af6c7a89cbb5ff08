//! One reading of a thing: when it was last tried, and what it said if all of it was read.
//!
//! Two readings can be compared only if there are two: what one collection read serves every moment until the next, and is not its own second opinion.

use std::collections::BTreeMap;

use crate::dataset::Snapshot;
use crate::model::Arn;

/// A reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading<T> {
    /// Start of the collection that tried last; `None` if none did within 30 days.
    pub(super) tried_s: Option<i64>,
    /// What it said; `None` if not all of it was read.
    pub(super) told: Option<T>,
}

/// Two readings of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Both<'r, T> {
    /// Only one of them took place: there is nothing to compare.
    NotTwice,
    /// Both took place, and not both were complete.
    Unread(Missing),
    /// What they said.
    Told(&'r T, &'r T),
}

/// Which of two readings was not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The earlier one.
    Then,
    /// The later one.
    Now,
    /// Neither was.
    Twice,
}

impl<T> Reading<T> {
    /// Nothing was ever tried.
    pub(super) const NEVER: Self = Self { tried_s: None, told: None };

    /// This reading beside a later one.
    pub(super) fn beside<'r>(&'r self, later: &'r Self) -> Both<'r, T> {
        match (self.tried_s, later.tried_s) {
            (None, _) => Both::NotTwice,
            (Some(before_s), Some(after_s)) if before_s == after_s => Both::NotTwice,
            _ => match (&self.told, &later.told) {
                (Some(before), Some(after)) => Both::Told(before, after),
                (None, Some(_)) => Both::Unread(Missing::Then),
                (Some(_), None) => Both::Unread(Missing::Now),
                (None, None) => Both::Unread(Missing::Twice),
            },
        }
    }
}

/// An account and Region.
pub(super) type Place = (String, String);

/// How lists were read: by table, account and Region.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists(BTreeMap<(&'static str, Place), Reading<()>>);

impl Lists {
    /// How some tables were read everywhere in the scope.
    pub(super) fn read(snapshot: &Snapshot<'_>, tables: impl IntoIterator<Item = &'static str>) -> Self {
        let mut lists = BTreeMap::new();
        for table in tables {
            for place in snapshot.scope() {
                lists.insert((table, place.clone()), reading(snapshot, table, place, None, ()));
            }
        }
        Self(lists)
    }

    /// How a table was read somewhere.
    pub(super) fn of(&self, table: &'static str, place: &Place) -> &Reading<()> {
        self.0.get(&(table, place.clone())).unwrap_or(&Reading::NEVER)
    }

    /// How several tables were read somewhere: the newest try, complete only if all are.
    pub(super) fn of_all(&self, tables: &[&'static str], place: &Place) -> Reading<()> {
        let readings = || tables.iter().map(|table| self.of(table, place));
        Reading { tried_s: readings().filter_map(|one| one.tried_s).max(), told: readings().all(|one| one.told.is_some()).then_some(()) }
    }
}

/// What was read of a table somewhere, or of one parent there.
pub(super) fn reading<T>(snapshot: &Snapshot<'_>, table: &str, place: &Place, parent: Option<&str>, told: T) -> Reading<T> {
    let complete = snapshot.complete(table, &place.0, &place.1, parent);
    Reading { tried_s: snapshot.newest_try(table, &place.0, &place.1), told: complete.then_some(told) }
}

/// The last part of an ARN, for people.
pub(super) fn name(arn: &str) -> String {
    Arn::parse(arn).map_or(arn, |arn| arn.name()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_readings_are_needed_to_compare() {
        let at = |tried_s: Option<i64>, told: Option<char>| Reading { tried_s, told };
        // why, before, after, what is compared
        let cases = [
            ("both complete", at(Some(1), Some('a')), at(Some(2), Some('b')), Both::Told(&'a', &'b')),
            ("nobody read it before", at(None, None), at(Some(2), Some('b')), Both::NotTwice),
            ("the same collection serves both moments", at(Some(1), Some('a')), at(Some(1), Some('a')), Both::NotTwice),
            ("the same, and it was refused", at(Some(1), None), at(Some(1), None), Both::NotTwice),
            ("refused before", at(Some(1), None), at(Some(2), Some('b')), Both::Unread(Missing::Then)),
            ("refused now", at(Some(1), Some('a')), at(Some(2), None), Both::Unread(Missing::Now)),
            ("not tried any more", at(Some(1), Some('a')), at(None, None), Both::Unread(Missing::Now)),
            ("refused both times", at(Some(1), None), at(Some(2), None), Both::Unread(Missing::Twice)),
        ];
        for (why, before, after, expected) in &cases {
            assert_eq!(before.beside(after), *expected, "{why}");
        }
    }
}
