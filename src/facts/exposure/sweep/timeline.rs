//! The exposure of a window as straight segments, for drawing it as a saw.

use std::cmp::Reverse;

use super::History;
use super::pieces::{self, Line, Piece};
use crate::model::Window;

/// Whether a segment's exposure is one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is: both bounds are the same.
    Known,
    /// It lies somewhere between the bounds.
    Unknown,
}

/// A stretch of the window on which exposure runs straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First second.
    pub from_s: i64,
    /// First second after.
    pub to_s: i64,
    /// Exposure at `from_s` in seconds; if unknown, at least this.
    pub exposure_at_start_s: i64,
    /// Exposure just before `to_s` in seconds; if unknown, at least this.
    pub exposure_at_end_s: i64,
    /// At most this at `from_s`; `None` if nothing bounds it. The exposure itself where it is known.
    pub upper_at_start_s: Option<i64>,
    /// At most this just before `to_s`.
    pub upper_at_end_s: Option<i64>,
    /// Whether the exposure is known.
    pub state: State,
}

/// Draws the exposure over the part of `window` in which the resource existed: segments in order, without holes, at most `max_segments`.
///
/// With room for all of them they are exact. With less, a quarter of them are the worst peaks, exact, and the rest of the window is shared out
/// evenly over time: what falls together becomes one level segment at its worst, unknown if any of it is. So no peak is ever drawn
/// lower than it was, and nothing unknown as known. Inputs as [`measure`](super::measure) takes them; a resource that did not exist gives none.
///
/// ```
/// use backup_audit::facts::exposure::sweep::{History, State, timeline};
/// use backup_audit::model::Window;
///
/// let window = Window { start_s: 10, end_s: 30 };
/// let seen = Window { start_s: 0, end_s: 20 };
/// let drawn = timeline(&History { created_s: Some(0), ..History::default() }, window, &[seen], 100);
/// assert_eq!((drawn[0].exposure_at_start_s, drawn[0].exposure_at_end_s, drawn[0].state), (10, 20, State::Known));
/// assert_eq!((drawn[1].exposure_at_end_s, drawn[1].upper_at_end_s, drawn[1].state), (0, Some(30), State::Unknown));
/// ```
pub fn timeline(history: &History, window: Window, evidence: &[Window], max_segments: usize) -> Vec<Segment> {
    let mut exact: Vec<Segment> = Vec::new();
    pieces::each(history, window, evidence, &[], |piece| {
        let next = Segment::of(piece);
        match exact.last_mut() {
            Some(last) if last.runs_on_into(&next) => last.extend(&next),
            _ => exact.push(next),
        }
    });
    if exact.len() <= max_segments { exact } else { thinned(&exact, max_segments) }
}

/// Keeps the worst quarter of the places exact; what lies between is levelled by equal stretches of time.
fn thinned(exact: &[Segment], max_segments: usize) -> Vec<Segment> {
    let (Some(first), Some(last)) = (exact.first(), exact.last()) else { return Vec::new() };
    // Each exact peak can split a stretch in two and adds itself: stretches + 2 * peaks stays within the limit.
    let peaks = max_segments / 4;
    let stretches = max_segments - 2 * peaks;
    let mut by_height: Vec<usize> = (0..exact.len()).collect();
    by_height.sort_by_key(|index| Reverse(exact[*index].height()));
    let mut kept = vec![false; exact.len()];
    for index in by_height.into_iter().take(peaks) {
        kept[index] = true;
    }
    let stretch = |segment: &Segment| {
        let (into_s, length_s) = (i128::from(segment.from_s - first.from_s), i128::from(last.to_s - first.from_s));
        into_s * i128::try_from(stretches).unwrap_or(1) / length_s
    };
    let mut out: Vec<Segment> = Vec::new();
    let mut open: Option<i128> = None; // the stretch that the last segment levels, if it may take more
    for (segment, kept) in exact.iter().zip(kept).take(if max_segments == 0 { 0 } else { exact.len() }) {
        let place = (!kept).then(|| stretch(segment));
        match out.last_mut() {
            Some(last) if place.is_some() && place == open => last.level_with(segment),
            _ => out.push(*segment),
        }
        open = place;
    }
    out
}

impl Segment {
    fn of(piece: &Piece) -> Self {
        let state = if piece.upper == Some(piece.lower) { State::Known } else { State::Unknown };
        let Line { start_s, end_s } = piece.lower;
        Self {
            from_s: piece.from_s,
            to_s: piece.to_s,
            exposure_at_start_s: start_s,
            exposure_at_end_s: end_s,
            upper_at_start_s: piece.upper.map(|line| line.start_s),
            upper_at_end_s: piece.upper.map(|line| line.end_s),
            state,
        }
    }

    /// Whether `next` prolongs both lines of this one.
    fn runs_on_into(&self, next: &Self) -> bool {
        self.state == next.state
            && self.exposure_at_end_s == next.exposure_at_start_s
            && self.upper_at_end_s == next.upper_at_start_s
            && self.slopes() == next.slopes()
    }

    fn slopes(&self) -> (i64, Option<i64>) {
        let upper = self.upper_at_end_s.zip(self.upper_at_start_s);
        ((self.exposure_at_end_s - self.exposure_at_start_s).signum(), upper.map(|(end_s, start_s)| (end_s - start_s).signum()))
    }

    fn extend(&mut self, next: &Self) {
        self.to_s = next.to_s;
        self.exposure_at_end_s = next.exposure_at_end_s;
        self.upper_at_end_s = next.upper_at_end_s;
    }

    /// What this segment is ranked by: unbounded before bounded, then the highest it may be, then the highest it surely was.
    fn height(&self) -> (bool, Option<i64>, i64) {
        (self.upper_peak_s().is_none(), self.upper_peak_s(), self.peak_s())
    }

    /// Takes in the next one, as one level segment at the worst of both.
    fn level_with(&mut self, next: &Self) {
        let lower_s = self.peak_s().max(next.peak_s());
        let upper_s = self.upper_peak_s().zip(next.upper_peak_s()).map(|(a, b)| a.max(b));
        self.to_s = next.to_s;
        (self.exposure_at_start_s, self.exposure_at_end_s) = (lower_s, lower_s);
        (self.upper_at_start_s, self.upper_at_end_s) = (upper_s, upper_s);
        if next.state == State::Unknown {
            self.state = State::Unknown;
        }
    }

    fn peak_s(&self) -> i64 {
        self.exposure_at_start_s.max(self.exposure_at_end_s)
    }

    /// `None` is unbounded, which is so at both ends or at neither.
    fn upper_peak_s(&self) -> Option<i64> {
        self.upper_at_start_s.max(self.upper_at_end_s)
    }
}
