//! The sweep itself: cuts the window into pieces on which both sides of the exposure are straight lines.
//!
//! Whatever begins or ends (a life, a continuous source, evidence, an objective) is a span; spans of one kind form a lane, which answers
//! "the best that is open at `x`" for rising `x`. Between two neighbouring borders of spans nothing begins or ends, and there the exposure is
//! `max(0, min(x, frozen) - max(t, x - lag))`: straight but for three kinks, where it is cut once more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{History, Objective};
use crate::model::Window;

/// Instants beyond are taken as this (36 thousand million years), so that no sum or difference of them leaves `i64`.
const FAR_S: i64 = 1 << 60;

/// A stretch `[from_s, to_s)` on which both sides are straight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    /// Optimistic side.
    pub(super) lower: Line,
    /// Pessimistic side; `None` is unbounded.
    pub(super) upper: Option<Line>,
    /// Objective in force.
    pub(super) rpo_s: Option<i64>,
    /// Newest data proven to be restorable just before `to_s`.
    pub(super) proven_s: Option<i64>,
}

/// Exposure at the start of a piece, and just before its end; it changes by -1, 0 or 1 a second between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start_s: i64,
    pub(super) end_s: i64,
}

impl Piece {
    pub(super) fn seconds(&self) -> i64 {
        self.to_s - self.from_s
    }
}

impl Line {
    const ZERO: Self = Self { start_s: 0, end_s: 0 };

    pub(super) fn peak_s(self) -> i64 {
        self.start_s.max(self.end_s)
    }

    /// How much of `length_s` the line spends at or below `rpo_s`.
    pub(super) fn seconds_within(self, rpo_s: i64, length_s: i64) -> i64 {
        if self.peak_s() <= rpo_s {
            length_s
        } else if self.end_s > self.start_s {
            rpo_s.saturating_sub(self.start_s).clamp(0, length_s)
        } else if self.end_s < self.start_s {
            length_s - self.start_s.saturating_sub(rpo_s).clamp(0, length_s)
        } else {
            0
        }
    }
}

/// Calls `visit` with the pieces of `window` from the resource's creation on, in order and without holes; not at all if that is empty.
pub(super) fn each(history: &History, window: Window, evidence: &[Window], objectives: &[Objective], mut visit: impl FnMut(&Piece)) {
    let created_s = history.created_s.map(near);
    let scope = Scope { start_s: created_s.map_or(near(window.start_s), |at| at.max(near(window.start_s))), end_s: near(window.end_s) };
    if scope.start_s >= scope.end_s {
        return;
    }
    let frozen_s = history.frozen_at_s.map_or(FAR_S, near);
    let floor_s = created_s.unwrap_or_else(|| latest_creation(history, scope.start_s));
    let mut lanes = Lanes::new(history, evidence, objectives, scope);
    let borders = lanes.borders(scope, frozen_s);
    for pair in borders.windows(2) {
        let (from_s, to_s) = (pair[0], pair[1]);
        let seen = lanes.proven(from_s);
        let upper = Newest { data_s: seen.data_s.max(created_s), ..seen };
        let lower = lanes.thinkable(from_s, floor_s);
        let rpo_s = lanes.objectives.best(from_s);
        let mut start_s = from_s;
        for cut_s in cuts(upper, lower, frozen_s, to_s) {
            if start_s < cut_s && cut_s <= to_s {
                visit(&Piece {
                    from_s: start_s,
                    to_s: cut_s,
                    lower: lower.and_then(|newest| newest.line(start_s, cut_s, frozen_s)).unwrap_or(Line::ZERO),
                    upper: upper.line(start_s, cut_s, frozen_s),
                    rpo_s,
                    proven_s: seen.at(cut_s).filter(|data_s| created_s.is_none_or(|at| at <= *data_s)),
                });
                start_s = cut_s;
            }
        }
    }
}

/// The latest moment a resource of unknown creation can have come to be: it was there when its oldest data was taken, and when it was first
/// followed.
fn latest_creation(history: &History, start_s: i64) -> i64 {
    let points = history.points.iter().map(|point| near(point.data_s.min(point.available_s)));
    let followers = history.continuous.iter().filter(|c| c.certain && c.from_s < c.to_s).map(|c| near(c.from_s));
    points.chain(followers).fold(start_s, i64::min)
}

/// Where the straight lines may bend, in order; `to_s` fills the places of those that do not.
fn cuts(upper: Newest, lower: Option<Newest>, frozen_s: i64, to_s: i64) -> [i64; 5] {
    let [a, b] = upper.kinks(frozen_s).map(|kink| kink.unwrap_or(to_s));
    let [c, d] = lower.map_or([None; 2], |newest| newest.kinks(frozen_s)).map(|kink| kink.unwrap_or(to_s));
    let mut cuts = [a, b, c, d, to_s];
    cuts.sort_unstable();
    cuts
}

/// The newest data one side counts on: a fixed time, a source that follows behind, or both.
#[derive(Clone, Copy)]
struct Newest {
    data_s: Option<i64>,
    lag_s: Option<i64>,
}

impl Newest {
    /// Time of the newest data at `x`.
    fn at(self, x: i64) -> Option<i64> {
        self.data_s.max(self.lag_s.map(|lag_s| x - lag_s))
    }

    fn line(self, from_s: i64, to_s: i64, frozen_s: i64) -> Option<Line> {
        let exposure_s = |x: i64| self.at(x).map(|data_s| (x.min(frozen_s) - data_s).max(0));
        Some(Line { start_s: exposure_s(from_s)?, end_s: exposure_s(to_s)? })
    }

    /// Where the follower overtakes the fixed data, and where it has everything that was written until the freeze.
    fn kinks(self, frozen_s: i64) -> [Option<i64>; 2] {
        [self.lag_s.zip(self.data_s).map(|(lag_s, data_s)| data_s + lag_s), self.lag_s.map(|lag_s| frozen_s + lag_s)]
    }
}

#[derive(Clone, Copy)]
struct Scope {
    start_s: i64,
    end_s: i64,
}

struct Lanes {
    proven_points: Lane,
    /// `None` if no life is in doubt within the scope: then they are the proven ones.
    possible_points: Option<Lane>,
    proven_followers: Lane,
    possible_followers: Lane,
    evidence: Lane,
    objectives: Lane,
}

impl Lanes {
    fn new(history: &History, evidence: &[Window], objectives: &[Objective], scope: Scope) -> Self {
        // A life that contradicts itself (proven beyond its own end) is proven until the earlier of the two and possible until the later.
        let point = |until_s: fn(i64, i64) -> i64| {
            let spans = history.points.iter().map(|p| Span {
                from_s: near(p.available_s),
                to_s: near(until_s(p.alive_until_s, p.end_s)),
                rank: near(p.data_s.min(p.available_s)),
            });
            Lane::new(spans, scope)
        };
        let in_doubt = history.points.iter().any(|p| p.alive_until_s != p.end_s && p.alive_until_s.min(p.end_s) < scope.end_s);
        let follower = |only_certain: bool| {
            let chosen = history.continuous.iter().filter(|c| c.certain || !only_certain);
            // The shorter the lag, the higher the rank.
            let spans = chosen.map(|c| Span { from_s: near(c.from_s), to_s: near(c.to_s), rank: -near(c.lag_s).max(0) });
            Lane::new(spans, scope)
        };
        Self {
            proven_points: point(i64::min),
            possible_points: in_doubt.then(|| point(i64::max)),
            proven_followers: follower(true),
            possible_followers: follower(false),
            evidence: Lane::new(evidence.iter().map(|w| Span { from_s: near(w.start_s), to_s: near(w.end_s), rank: 0 }), scope),
            objectives: Lane::new(in_force(objectives).into_iter(), scope),
        }
    }

    /// Every instant inside the scope at which anything begins or ends, with the scope's own ends: at least two, rising.
    fn borders(&self, scope: Scope, frozen_s: i64) -> Vec<i64> {
        let lanes = [&self.proven_points, &self.proven_followers, &self.possible_followers, &self.evidence, &self.objectives];
        let spans = lanes.into_iter().chain(&self.possible_points).flat_map(|lane| &lane.spans);
        let mut borders: Vec<i64> = spans.flat_map(|span| [span.from_s, span.to_s]).chain([frozen_s]).collect();
        borders.retain(|at| scope.start_s < *at && *at < scope.end_s);
        borders.extend([scope.start_s, scope.end_s]);
        borders.sort_unstable();
        borders.dedup();
        borders
    }

    /// What is proven to restore the resource at `x`.
    fn proven(&mut self, x: i64) -> Newest {
        Newest { data_s: self.proven_points.best(x), lag_s: self.proven_followers.best(x).map(|rank| -rank) }
    }

    /// The best that can be thought of at `x`; `None` outside the evidence, where anything may exist.
    fn thinkable(&mut self, x: i64, floor_s: i64) -> Option<Newest> {
        self.evidence.best(x)?;
        let lag_s = self.possible_followers.best(x).map(|rank| -rank);
        let points = self.possible_points.as_mut().unwrap_or(&mut self.proven_points);
        Some(Newest { data_s: points.best(x).max(Some(floor_s)), lag_s })
    }
}

/// Objectives as spans, each until the next one's start; of several with the same start the strictest.
fn in_force(objectives: &[Objective]) -> Vec<Span> {
    let mut sorted: Vec<(i64, i64)> = objectives.iter().map(|o| (near(o.valid_from_s), o.rpo_s)).collect();
    sorted.sort_unstable();
    sorted.dedup_by_key(|(from_s, _)| *from_s);
    let ends: Vec<i64> = sorted.iter().skip(1).map(|(from_s, _)| *from_s).chain([FAR_S]).collect();
    sorted.into_iter().zip(ends).map(|((from_s, rpo_s), to_s)| Span { from_s, to_s, rank: rpo_s }).collect()
}

#[derive(Clone, Copy)]
struct Span {
    from_s: i64,
    to_s: i64,
    rank: i64,
}

/// Spans of one kind, and those of them that are open: asked with rising `x`, it walks them once.
struct Lane {
    /// By start.
    spans: Vec<Span>,
    next: usize,
    /// (rank, end) of what has begun; what has ended is dropped only when it comes to the top.
    open: BinaryHeap<(i64, i64)>,
}

impl Lane {
    fn new(spans: impl Iterator<Item = Span>, scope: Scope) -> Self {
        let touches = |span: &Span| span.from_s < span.to_s && span.from_s < scope.end_s && span.to_s > scope.start_s;
        let mut spans: Vec<Span> = spans.filter(touches).collect();
        spans.sort_unstable_by_key(|span| (span.from_s, Reverse(span.rank)));
        Self { spans, next: 0, open: BinaryHeap::new() }
    }

    /// The highest rank among the spans with `from_s <= x < to_s`.
    fn best(&mut self, x: i64) -> Option<i64> {
        while let Some(span) = self.spans.get(self.next).filter(|span| span.from_s <= x) {
            let (rank, to_s) = (span.rank, span.to_s);
            self.next += 1;
            // What is no better and ends no later will never be the answer: a plain daily history keeps one or two entries.
            while self.open.peek().is_some_and(|(top, top_to_s)| *top <= rank && *top_to_s <= to_s) {
                self.open.pop();
            }
            self.open.push((rank, to_s));
        }
        while self.open.peek().is_some_and(|(_, to_s)| *to_s <= x) {
            self.open.pop();
        }
        self.open.peek().map(|(rank, _)| *rank)
    }
}

fn near(instant_s: i64) -> i64 {
    instant_s.clamp(-FAR_S, FAR_S)
}
