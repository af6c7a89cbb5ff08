//! Exposure of one resource over a window: how much data a failure could have cost at each instant, and the worst of it.
//!
//! Pure arithmetic on epoch seconds. The caller says what can restore the resource ([`History`]), and in which intervals it is known that
//! nothing else could (the evidence). What was not seen widens the answer: every figure has a pessimistic side, which counts only what is
//! proven to have existed, and an optimistic one, which also counts what may have. Only where both agree is it one number.
//!
//! At an instant `x` the newest usable data has time `t`, and the exposure is `x - t`; without a usable point the resource's creation takes
//! the place of `t`. A point is usable from when its backup was done, with the data of when that backup began, until it is deleted. So the
//! peak lies just before a newer point becomes usable: a daily plan exposes 24 hours *and* the time a backup takes.
//!
//! Left out: which points count for a scenario or an objective, and how lives are told from collections. Both are the caller's.

mod pieces;
mod timeline;

#[cfg(test)]
mod tests;

use crate::model::Window;
use pieces::{Line, Piece};
pub use timeline::{Segment, State, timeline};

/// What is known of one recovery point's life. Any order of the instants is accepted; contradictions make it less certain, never more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointLife {
    /// Time of the data it restores: when the backup began. Later than `available_s` is taken as `available_s`.
    pub data_s: i64,
    /// First second it could be restored from.
    pub available_s: i64,
    /// Until then it is proven to exist (exclusive); `i64::MAX` if it is still there.
    pub alive_until_s: i64,
    /// From then on it is surely gone; `i64::MAX` if nothing says so. Between `alive_until_s` and this, existence is unknown.
    pub end_s: i64,
}

/// A source that follows the resource continuously (point-in-time recovery): at `x` in `[from_s, to_s)` its newest data is `x - lag_s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuous {
    /// First second it could be restored from.
    pub from_s: i64,
    /// First second after.
    pub to_s: i64,
    /// How far its newest data lies behind, in seconds; below zero is taken as zero.
    pub lag_s: i64,
    /// Whether it is proven to have run; if not, it only may have.
    pub certain: bool,
}

/// Everything that can restore one life of a resource, from before the window too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// When the resource was created, if known. Data from before is another life's and does not help this one; while creation is unknown
    /// an earlier life cannot be told apart, so give only points that are surely this one's.
    pub created_s: Option<i64>,
    /// From when on no new data came (stopped database, detached volume): exposure counts only data written until then.
    pub frozen_at_s: Option<i64>,
    /// Recovery points, in any order, duplicates allowed.
    pub points: Vec<PointLife>,
    /// Continuous sources, in any order; they may overlap.
    pub continuous: Vec<Continuous>,
}

/// How much exposure the owner accepts, from an instant until the next objective's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    /// First second it is in force. Of two with the same, the stricter counts.
    pub valid_from_s: i64,
    /// Most exposure it accepts, in seconds.
    pub rpo_s: i64,
}

/// Exposure of one resource over the part of a window in which it existed. Seconds throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Whether the resource existed in the window at all; if not, every length is 0 and every option `None`.
    pub applicable: bool,
    /// Worst exposure, if it is one number whatever the truth about the unknown lives; else see the two bounds.
    pub achieved_rpo_s: Option<i64>,
    /// First instant at which the worst exposure is proven to have been reached (just before it, where a newer point ends the peak).
    /// With bounds only, that of `lower_rpo_s`; `None` if nothing above zero is proven.
    pub worst_s: Option<i64>,
    /// The worst exposure was at least this.
    pub lower_rpo_s: i64,
    /// The worst exposure was at most this; `None` if nothing bounds it (no proven point and creation unknown).
    pub upper_rpo_s: Option<i64>,
    /// Time in which the objective in force was met for certain.
    pub compliant_s: i64,
    /// Time in which it was broken for certain.
    pub violated_s: i64,
    /// Time in which what was read does not decide it.
    pub unknown_s: i64,
    /// Time in which no objective was in force yet.
    pub unowed_s: i64,
    /// Length of the window from creation on; the sum of the four above.
    pub window_s: i64,
    /// Newest data proven to be restorable just before the window's end.
    pub newest_data_s: Option<i64>,
    /// Exposure just before the window's end, if it is one number.
    pub age_s: Option<i64>,
    /// It is at least this.
    pub age_lower_s: i64,
    /// It is at most this; `None` if nothing bounds it.
    pub age_upper_s: Option<i64>,
}

impl Exposure {
    /// Whether exposure stayed within `rpo_s` all the time: decided as soon as the bounds decide it, even if the worst is no single number.
    pub fn within(&self, rpo_s: i64) -> Option<bool> {
        match self.upper_rpo_s {
            _ if !self.applicable => None,
            Some(upper_s) if upper_s <= rpo_s => Some(true),
            _ => (self.lower_rpo_s > rpo_s).then_some(false),
        }
    }

    /// Whether the objectives that were in force were met all the time; `None` also if none ever was.
    pub fn met(&self) -> Option<bool> {
        match (self.violated_s, self.unknown_s, self.compliant_s) {
            (1.., _, _) => Some(false),
            (_, 0, 1..) => Some(true),
            _ => None,
        }
    }
}

/// Measures the exposure of one resource over `window`, and how long it kept within its objectives.
///
/// - In: `history` as [`History`] says; `window` half-open, cut to begin at creation; `evidence` the intervals in which no other point than
///   those of `history` can have existed (outside of them anything may have, so nothing is ever proven violated there); `objectives` in any
///   order, each in force until the next begins.
/// - Creation unknown: the pessimistic side is unbounded wherever no point is proven. The optimistic side takes it that the resource existed
///   when the window began, or when its oldest data was taken if that is earlier: let the window begin no earlier than the resource was
///   first seen.
/// - Out: [`Exposure`]; lengths are exact, peaks include the limit just before a newer point becomes usable.
/// - Never fails and never overflows: instants beyond 2^60 seconds are taken as that.
/// - Time `n log n` and memory `n` in the number of points and sources.
///
/// ```
/// use backup_audit::facts::exposure::sweep::{History, Objective, PointLife, measure};
/// use backup_audit::model::Window;
///
/// const H: i64 = 3_600;
/// // Backups begun at hours 0 and 24, each done an hour later, both still there; looked at from hour 2 to hour 30.
/// let kept = |hour: i64| PointLife { data_s: hour * H, available_s: (hour + 1) * H, alive_until_s: i64::MAX, end_s: i64::MAX };
/// let history = History { created_s: Some(0), points: vec![kept(0), kept(24)], ..History::default() };
/// let window = Window { start_s: 2 * H, end_s: 30 * H };
///
/// let seen = measure(&history, window, &[window], &[Objective { valid_from_s: 0, rpo_s: 24 * H }]);
/// assert_eq!((seen.achieved_rpo_s, seen.worst_s), (Some(25 * H), Some(25 * H))); // 24 hours and the hour the backup took
/// assert_eq!((seen.compliant_s, seen.violated_s, seen.unknown_s), (27 * H, H, 0));
///
/// let unseen = measure(&history, window, &[], &[]); // another point may have existed, so only the upper bound is known
/// assert_eq!((unseen.achieved_rpo_s, unseen.lower_rpo_s, unseen.upper_rpo_s), (None, 0, Some(25 * H)));
/// assert_eq!((unseen.within(26 * H), unseen.within(24 * H)), (Some(true), None));
/// ```
pub fn measure(history: &History, window: Window, evidence: &[Window], objectives: &[Objective]) -> Exposure {
    let mut out = Exposure::default();
    let (mut lower, mut upper) = (Peak::default(), Peak::default());
    let mut bounded = true;
    pieces::each(history, window, evidence, objectives, |piece| {
        out.applicable = true;
        out.window_s += piece.seconds();
        add_verdict(&mut out, piece);
        lower.raise(piece, piece.lower);
        match piece.upper {
            Some(line) => upper.raise(piece, line),
            None => bounded = false,
        }
        out.newest_data_s = piece.proven_s;
        out.age_lower_s = piece.lower.end_s;
        out.age_upper_s = piece.upper.map(|line| line.end_s);
    });
    if !out.applicable {
        return out;
    }
    out.lower_rpo_s = lower.exposure_s;
    out.upper_rpo_s = bounded.then_some(upper.exposure_s);
    out.achieved_rpo_s = out.upper_rpo_s.filter(|upper_s| *upper_s == out.lower_rpo_s);
    out.worst_s = lower.at_s.filter(|_| out.achieved_rpo_s.is_some() || out.lower_rpo_s > 0);
    out.age_s = out.age_upper_s.filter(|upper_s| *upper_s == out.age_lower_s);
    out
}

/// Adds a piece to the four lengths.
fn add_verdict(out: &mut Exposure, piece: &Piece) {
    let length_s = piece.seconds();
    let Some(rpo_s) = piece.rpo_s else {
        out.unowed_s += length_s;
        return;
    };
    let compliant_s = piece.upper.map_or(0, |line| line.seconds_within(rpo_s, length_s));
    let violated_s = length_s - piece.lower.seconds_within(rpo_s, length_s);
    out.compliant_s += compliant_s;
    out.violated_s += violated_s;
    out.unknown_s += length_s - compliant_s - violated_s;
}

/// Highest exposure so far, and the first instant that reached it.
#[derive(Default)]
struct Peak {
    exposure_s: i64,
    at_s: Option<i64>,
}

impl Peak {
    fn raise(&mut self, piece: &Piece, line: Line) {
        let at_s = if line.end_s > line.start_s { piece.to_s } else { piece.from_s };
        if self.at_s.is_none() || line.peak_s() > self.exposure_s {
            *self = Self { exposure_s: line.peak_s(), at_s: Some(at_s) };
        }
    }
}
