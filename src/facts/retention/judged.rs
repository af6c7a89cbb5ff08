//! One point against what its resource owes over time. Pure: evidence goes in as bounds, answers come out three-valued.
//!
//! A point is to exist until its creation plus the retention, less a tolerance: AWS counts days and deletes some hours after the last. When it ended is
//! known to lie between two moments, which are the same where an event tells. An answer is given only if every moment between them gives it; each
//! moment is held against the objective that was in force then.

use super::points::Owes;
use crate::facts::objectives::{and, or};
use crate::model::moment::DAY_S;

/// Time by which a point may fall short of its retention, or outstay it.
pub(super) const TOLERANCE_S: i64 = DAY_S;

/// When a point ended, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The newest look shows it.
    There,
    /// Not before the first moment, not after the second.
    Between(i64, i64),
    /// Not before the moment; whether it has ended is not known.
    NotKnown(i64),
}

/// What a resource owes from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duty {
    /// From when.
    pub(super) from_s: i64,
    /// Shortest retention.
    pub(super) shortest: Owes,
    /// Longest retention.
    pub(super) longest: Owes,
}

/// What keeps a point from being deleted by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Its vault was not read.
    NotKnown,
    /// Nothing does for a time that its vault names.
    None,
    /// A lock that enforces so many seconds.
    Floor(i64),
    /// A lock that nobody can lift.
    Immutable,
}

/// A point and the evidence about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence<'d> {
    /// When it was created.
    pub(super) created_s: Option<i64>,
    /// The last moment at which it was proven to be there.
    pub(super) seen_s: i64,
    /// When it ended.
    pub(super) end: End,
    /// What its resource owes, from the earliest moment there is on.
    pub(super) duties: &'d [Duty],
    /// How long its lifecycle keeps it; the largest number there is for ever.
    pub(super) retention_s: Option<i64>,
    /// Whether AWS Backup gave up deleting it.
    pub(super) given_up: bool,
    /// What guards it.
    pub(super) guard: Guard,
    /// Whether a legal hold keeps it.
    pub(super) held: Option<bool>,
}

/// What became of a point's retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// No retention is owed.
    NotOwed,
    /// It was there to the end of its retention.
    Proven,
    /// It was not, or its own lifecycle will not keep it that long.
    Violated,
    /// Its retention goes on, its lifecycle keeps it, and nobody can delete it before.
    OnTrackProtected,
    /// The same, but somebody can.
    OnTrackDeletable,
    /// What was read does not say.
    Unknown,
}

impl Class {
    /// The word in relations.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotOwed => "not_owed",
            Self::Proven => "proven",
            Self::Violated => "violated",
            Self::OnTrackProtected => "on_track_protected",
            Self::OnTrackDeletable => "on_track_deletable",
            Self::Unknown => "unknown",
        }
    }
}

/// Answers about one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// In a word.
    pub(super) class: Class,
    /// Whether a retention is owed at a moment at which it may have ended; of one that is there, now.
    pub(super) retention_owed: Option<bool>,
    /// The retention at the last of these moments.
    pub(super) shortest: Owes,
    /// Whether the retention reaches into the window.
    pub(super) due: Option<bool>,
    /// Whether it ended before its retention did, tolerance aside.
    pub(super) ended_early: Option<bool>,
    /// Whether its lifecycle gives it less than is owed, while it is there and owed.
    pub(super) lifecycle_short: Option<bool>,
    /// Whether nobody can delete it before its retention ends.
    pub(super) protected: Option<bool>,
    /// The longest retention now.
    pub(super) longest: Owes,
    /// Whether it is there after its longest retention and no legal hold keeps it, or will be by its lifecycle.
    pub(super) kept_too_long: Option<bool>,
}

/// Judges a point in a window that ends at the moment of judgement.
pub(super) fn judge(of: &Evidence<'_>, window_start_s: i64, as_of_s: i64) -> Judged {
    let (first_s, last_s) = match of.end {
        End::There => (as_of_s, as_of_s),
        End::Between(first_s, last_s) => (first_s, last_s),
        End::NotKnown(from_s) => (from_s.min(as_of_s), as_of_s),
    };
    let spans: Vec<(i64, i64, Owes)> = spans(of.duties, first_s, last_s).collect();
    let any = |answer: &dyn Fn(Owes) -> Option<bool>| spans.iter().map(|(.., owes)| answer(*owes)).fold(Some(false), or);
    let early = || spans.iter().map(|(from_s, until_s, owes)| early(of.created_s, *from_s, *until_s, *owes)).reduce(same).flatten();
    let ended_early = match of.end {
        End::There => Some(false),
        End::Between(..) => early(),
        // It may be there still.
        End::NotKnown(_) => early().filter(|early| !early),
    };
    let shortest = spans.last().map_or(Owes::NotKnown, |(.., owes)| *owes);
    let longest = in_force(of.duties, as_of_s).map_or(Owes::NotKnown, |duty| duty.longest);
    let owed_until_s = shortest.seconds().zip(of.created_s).map(|(owed_s, created_s)| created_s.saturating_add(owed_s));
    let protected = shortest.seconds().and_then(|owed_s| of.guard.covers(owed_s));
    let retention_owed = any(&Owes::anything);
    let goes_on = match (of.end, retention_owed) {
        (End::There, Some(true)) => owed_until_s.map(|until_s| of.seen_s < until_s.saturating_sub(TOLERANCE_S)),
        (End::There, other) => other,
        (End::Between(..), _) => Some(false),
        (End::NotKnown(_), _) => None,
    };
    let lifecycle_short = and(goes_on, of.retention_s.zip(shortest.seconds()).map(|(kept_s, owed_s)| kept_s < owed_s));
    let judged = Judged {
        class: Class::Unknown,
        retention_owed,
        shortest,
        due: any(&|owes| match owes {
            Owes::Nothing => Some(false),
            Owes::NotKnown => None,
            Owes::Seconds(owed_s) => of.created_s.map(|created_s| created_s.saturating_add(owed_s) > window_start_s),
        }),
        ended_early,
        lifecycle_short,
        protected,
        longest,
        kept_too_long: kept_too_long(of, longest),
    };
    Judged { class: class(&judged, of, goes_on), ..judged }
}

fn class(judged: &Judged, of: &Evidence<'_>, goes_on: Option<bool>) -> Class {
    match (judged.retention_owed, judged.ended_early) {
        (Some(false), _) => Class::NotOwed,
        (_, Some(true)) => Class::Violated,
        (None, _) | (_, None) => Class::Unknown,
        (Some(true), Some(false)) => match (of.end, goes_on, judged.lifecycle_short) {
            (End::Between(..) | End::NotKnown(_), ..) | (End::There, Some(false), _) => Class::Proven,
            (End::There, Some(true), Some(true)) => Class::Violated,
            (End::There, Some(true), Some(false)) if !of.given_up => match judged.protected {
                Some(true) => Class::OnTrackProtected,
                Some(false) => Class::OnTrackDeletable,
                None => Class::Unknown,
            },
            (End::There, ..) => Class::Unknown,
        },
    }
}

/// Whether it stays beyond the longest retention. A hold is a reason to be there, but none to have no end.
fn kept_too_long(of: &Evidence<'_>, longest: Owes) -> Option<bool> {
    let longest_s = match (of.end, longest) {
        (End::Between(..), _) | (_, Owes::Nothing) => return Some(false),
        (_, Owes::NotKnown) | (End::NotKnown(_), _) => return None,
        (End::There, Owes::Seconds(longest_s)) => longest_s,
    };
    let past = of.created_s.map(|created_s| of.seen_s > created_s.saturating_add(longest_s).saturating_add(TOLERANCE_S));
    let will_be = of.retention_s.map(|kept_s| kept_s > longest_s.saturating_add(TOLERANCE_S));
    or(and(past, of.held.map(|held| !held)), will_be)
}

impl Guard {
    /// Whether it keeps a point for so long.
    fn covers(self, owed_s: i64) -> Option<bool> {
        match self {
            Self::NotKnown => None,
            Self::None => Some(false),
            Self::Floor(floor_s) => Some(floor_s >= owed_s),
            Self::Immutable => Some(true),
        }
    }
}

/// Whether an end at every moment from one to another is early; `None` if at some it is and at others not.
fn early(created_s: Option<i64>, from_s: i64, until_s: i64, owes: Owes) -> Option<bool> {
    let owed_s = match owes {
        Owes::Nothing => return Some(false),
        Owes::NotKnown => return None,
        Owes::Seconds(owed_s) => owed_s,
    };
    let enough_s = created_s?.saturating_add(owed_s).saturating_sub(TOLERANCE_S);
    same(Some(from_s < enough_s), Some(until_s < enough_s))
}

fn same(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    one.filter(|_| one == other)
}

/// The parts of a span of time, both ends included, by the retention that was owed.
fn spans(duties: &[Duty], first_s: i64, last_s: i64) -> impl Iterator<Item = (i64, i64, Owes)> {
    duties.iter().enumerate().filter_map(move |(index, duty)| {
        let until_s = duties.get(index + 1).map_or(i64::MAX, |next| next.from_s.saturating_sub(1));
        let (from_s, until_s) = (duty.from_s.max(first_s), until_s.min(last_s));
        (from_s <= until_s).then_some((from_s, until_s, duty.shortest))
    })
}

fn in_force(duties: &[Duty], at_s: i64) -> Option<&Duty> {
    duties.iter().rev().find(|duty| duty.from_s <= at_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: i64 = 30 * DAY_S;

    fn owing(shortest: Owes, longest: Owes) -> Vec<Duty> {
        vec![Duty { from_s: i64::MIN, shortest, longest }]
    }

    /// A point of day 0, kept 30 days by its lifecycle, with what ends the windows at day 100.
    fn evidence(end: End, duties: &[Duty]) -> Evidence<'_> {
        let (retention_s, held) = (Some(R), Some(false));
        Evidence { created_s: Some(0), seen_s: 100 * DAY_S, end, duties, retention_s, given_up: false, guard: Guard::None, held }
    }

    fn days(day: i64) -> i64 {
        day * DAY_S
    }

    #[test]
    fn ends_against_thirty_days() {
        use Class::{Proven, Unknown, Violated};
        let (yes, no) = (Some(true), Some(false));
        let edge = days(29);
        // why, end, ended early, class
        let cases = [
            ("exactly at the end of its tolerance", End::Between(edge, edge), no, Proven),
            ("a second before", End::Between(edge - 1, edge - 1), yes, Violated),
            ("whenever it was, it was too early", End::Between(days(5), edge - 1), yes, Violated),
            ("whenever it was, it was late enough", End::Between(edge, days(50)), no, Proven),
            ("it may have been either", End::Between(edge - 1, edge), None, Unknown),
            ("seen long enough, and not looked for since", End::NotKnown(edge), no, Proven),
            ("seen for a week, and not looked for since", End::NotKnown(days(7)), None, Unknown),
            ("it is there", End::There, no, Proven),
        ];
        let duties = owing(Owes::Seconds(R), Owes::Nothing);
        for (why, end, early, class) in cases {
            let found = judge(&evidence(end, &duties), days(10), days(100));
            assert_eq!((found.ended_early, found.class, found.retention_owed), (early, class, yes), "{why}");
        }
    }

    #[test]
    fn points_whose_retention_goes_on() {
        use Class::{OnTrackDeletable, OnTrackProtected, Proven, Unknown, Violated};
        // why, changes, class; now is day 10
        type Change = fn(&mut Evidence<'_>);
        let cases: [(&str, Change, Class); 10] = [
            ("anybody may delete it", |_| {}, OnTrackDeletable),
            ("a lock for as long as owed", |of| of.guard = Guard::Floor(R), OnTrackProtected),
            ("a lock for less", |of| of.guard = Guard::Floor(R - 1), OnTrackDeletable),
            ("nobody can lift the lock", |of| of.guard = Guard::Immutable, OnTrackProtected),
            ("its vault is unread", |of| of.guard = Guard::NotKnown, Unknown),
            ("its lifecycle is a day short", |of| of.retention_s = Some(R - DAY_S), Violated),
            ("nothing deletes it", |of| of.retention_s = Some(i64::MAX), OnTrackDeletable),
            ("its lifecycle is not told", |of| of.retention_s = None, Unknown),
            ("only a missing permission keeps it", |of| of.given_up = true, Unknown),
            ("old enough, whatever its lifecycle says", |of| (of.created_s, of.retention_s) = (Some(days(-19)), Some(DAY_S)), Proven),
        ];
        let duties = owing(Owes::Seconds(R), Owes::Nothing);
        for (why, change, class) in cases {
            let mut of = Evidence { seen_s: days(10), ..evidence(End::There, &duties) };
            change(&mut of);
            assert_eq!(judge(&of, 0, days(10)).class, class, "{why}");
        }
    }

    #[test]
    fn the_objective_of_the_moment_counts() {
        let changed = |shortest: Owes| {
            let first = Duty { from_s: i64::MIN, shortest: Owes::Seconds(days(7)), longest: Owes::Nothing };
            [first, Duty { from_s: days(20), shortest, longest: Owes::Nothing }]
        };
        let (yes, no) = (Some(true), Some(false));
        // why, what day 20 brought, end, owed, ended early
        let cases = [
            ("before it was raised", Owes::Seconds(R), End::Between(days(8), days(15)), yes, no),
            ("after it was raised", Owes::Seconds(R), End::Between(days(21), days(25)), yes, yes),
            ("before it or after it", Owes::Seconds(R), End::Between(days(8), days(25)), yes, None),
            ("not owed any more", Owes::Nothing, End::Between(days(21), days(25)), no, no),
            ("owed then, not now, and long enough", Owes::Nothing, End::Between(days(8), days(25)), yes, no),
            ("owed then, not now, and too early if it was then", Owes::Nothing, End::Between(days(5), days(25)), yes, None),
            ("tags unread", Owes::NotKnown, End::Between(days(21), days(25)), None, None),
        ];
        for (why, second, end, owed, early) in cases {
            let found = judge(&evidence(end, &changed(second)), 0, days(100));
            assert_eq!((found.retention_owed, found.ended_early), (owed, early), "{why}");
        }
    }

    #[test]
    fn what_reaches_into_the_window() {
        let duties = owing(Owes::Seconds(R), Owes::Nothing);
        // why, start of the window, due
        for (why, start_s, due) in [("a second of it", R - 1, Some(true)), ("not any more", R, Some(false))] {
            assert_eq!(judge(&evidence(End::Between(0, 0), &duties), start_s, days(100)).due, due, "{why}");
        }
        let unborn = Evidence { created_s: None, ..evidence(End::Between(0, 0), &duties) };
        assert_eq!((judge(&unborn, 0, 1).due, judge(&unborn, 0, 1).ended_early), (None, None), "its creation was not told");
    }

    #[test]
    fn points_kept_longer_than_allowed() {
        let (yes, no) = (Some(true), Some(false));
        let limit = |limit_s: i64| owing(Owes::Nothing, Owes::Seconds(limit_s));
        // why, longest, end, lifecycle, held, kept too long; seen on day 100
        let cases = [
            ("to the second", limit(days(99)), End::There, Some(days(99)), no, no),
            ("a second more", limit(days(99) - 1), End::There, Some(days(99) - 1), no, yes),
            ("a court wants it", limit(days(90)), End::There, Some(days(90)), yes, no),
            ("holds unread", limit(days(90)), End::There, Some(days(90)), None, None),
            ("not yet, but its lifecycle will", limit(days(200)), End::There, Some(days(202)), no, yes),
            ("its lifecycle uses the tolerance", limit(days(200)), End::There, Some(days(201)), no, no),
            ("a court wants it, and nothing will ever delete it", limit(days(200)), End::There, Some(i64::MAX), yes, yes),
            ("its lifecycle is not told", limit(days(200)), End::There, None, no, None),
            ("it is gone", limit(days(10)), End::Between(days(90), days(95)), Some(i64::MAX), no, no),
            ("not looked for since", limit(days(10)), End::NotKnown(days(90)), Some(i64::MAX), no, None),
            ("nobody says how long", owing(Owes::Nothing, Owes::Nothing), End::There, Some(i64::MAX), no, no),
            ("tags unread", owing(Owes::Nothing, Owes::NotKnown), End::There, Some(i64::MAX), no, None),
        ];
        for (why, duties, end, retention_s, held, expected) in cases {
            let of = Evidence { retention_s, held, ..evidence(end, &duties) };
            assert_eq!(judge(&of, 0, days(100)).kept_too_long, expected, "{why}");
        }
    }
}
