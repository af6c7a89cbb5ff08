//! The course of an exposure as it is drawn: each stretch against what was allowed at its time.
//!
//! Where exposure is no single number, what is drawn is what decides: its upper bound where even that is allowed, its lower bound where even that is
//! not, and nothing between, because there nobody knows.

use crate::facts::exposure::sweep::{Segment, State};
use crate::facts::exposure::{Allowed, Limit};
use crate::report;

/// A straight line over time.
#[derive(Clone, Copy)]
struct Line {
    from_s: i64,
    start_s: i64,
    rises: bool,
}

impl Line {
    fn at(self, moment_s: i64) -> i64 {
        self.start_s.saturating_add(if self.rises { moment_s.saturating_sub(self.from_s) } else { 0 })
    }

    /// The moment in `from_s..to_s` until which it is at most a limit.
    fn within_until(self, from_s: i64, to_s: i64, limit_s: i64) -> i64 {
        match self.at(from_s) {
            start_s if start_s > limit_s => from_s,
            _ if !self.rises => to_s,
            start_s => from_s.saturating_add(limit_s - start_s).min(to_s),
        }
    }
}

/// Splits a stretch where what is allowed changes, and where it is crossed. `allowed` is in order of time and begins no later than the stretch.
pub(super) fn split(segment: &Segment, allowed: &[Allowed]) -> Vec<report::Segment> {
    let mut drawn = Vec::new();
    for (index, one) in allowed.iter().enumerate() {
        let until_s = allowed.get(index + 1).map_or(i64::MAX, |next| next.from_s);
        let (from_s, to_s) = (segment.from_s.max(one.from_s), segment.to_s.min(until_s));
        if from_s < to_s {
            drawn.extend(piece(segment, one.limit, from_s, to_s));
        }
    }
    drawn
}

fn piece(segment: &Segment, limit: Limit, from_s: i64, to_s: i64) -> Vec<report::Segment> {
    let lower = Line {
        from_s: segment.from_s,
        start_s: segment.exposure_at_start_s,
        rises: segment.exposure_at_end_s > segment.exposure_at_start_s,
    };
    let ends = segment.upper_at_start_s.zip(segment.upper_at_end_s);
    let upper = ends.map(|(start_s, end_s)| Line { from_s: segment.from_s, start_s, rises: end_s > start_s });
    let along = |line: Line, start_s: i64, end_s: i64, limit_s| report::Segment {
        start_s,
        end_s,
        exposure_s: Some(line.at(start_s)),
        rises: line.rises,
        limit_s,
    };
    let unknown = |start_s, end_s, limit_s| report::Segment { start_s, end_s, exposure_s: None, rises: false, limit_s };
    let known = segment.state == State::Known;
    let pieces = match limit {
        Limit::NotOwed if known => vec![along(lower, from_s, to_s, None)],
        Limit::NotKnown | Limit::NotOwed => vec![unknown(from_s, to_s, None)],
        Limit::Seconds { limit_s, certain: true } if known => vec![along(lower, from_s, to_s, Some(limit_s))],
        Limit::Seconds { limit_s, certain } => {
            let within_s = upper.map_or(from_s, |upper| upper.within_until(from_s, to_s, limit_s));
            let beyond_s = if certain { lower.within_until(from_s, to_s, limit_s).max(within_s) } else { to_s };
            let within = upper.map(|upper| along(upper, from_s, within_s, Some(limit_s)));
            let open = unknown(within_s, beyond_s, Some(limit_s));
            within.into_iter().chain([open, along(lower, beyond_s, to_s, Some(limit_s))]).collect()
        }
    };
    pieces.into_iter().filter(|piece| piece.start_s < piece.end_s).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: i64 = 3_600;

    /// A stretch of ten hours from hour 0 whose bounds rise from these; without an upper bound, nothing bounds it.
    fn rising(lower: i64, upper: Option<i64>) -> Segment {
        Segment {
            from_s: 0,
            to_s: 10 * H,
            exposure_at_start_s: lower * H,
            exposure_at_end_s: (lower + 10) * H,
            upper_at_start_s: upper.map(|upper| upper * H),
            upper_at_end_s: upper.map(|upper| (upper + 10) * H),
            state: if upper == Some(lower) { State::Known } else { State::Unknown },
        }
    }

    /// From, to, exposure; all in hours.
    type Drawn = (i64, i64, Option<i64>);

    #[test]
    fn what_is_drawn_is_what_decides() {
        let hours = |hours: i64| Limit::Seconds { limit_s: hours * H, certain: true };
        let at_least = Limit::Seconds { limit_s: 24 * H, certain: false };
        // what it shows, bounds at the start, what is allowed, pieces
        let cases: [(&str, (i64, Option<i64>), Limit, &[Drawn]); 9] = [
            ("one number, crossing inside: the drawing finds where", (20, Some(20)), hours(24), &[(0, 10, Some(20))]),
            ("a range within: its upper bound", (0, Some(5)), hours(24), &[(0, 10, Some(5))]),
            ("a range beyond: its lower bound", (30, Some(90)), hours(24), &[(0, 10, Some(30))]),
            ("within, then nobody knows", (0, Some(20)), hours(24), &[(0, 4, Some(20)), (4, 10, None)]),
            ("within, nobody knows, beyond", (18, Some(20)), hours(24), &[(0, 4, Some(20)), (4, 6, None), (6, 10, Some(24))]),
            ("nothing bounds it", (0, None), hours(24), &[(0, 10, None)]),
            (
                "the tolerance may be larger: what is beyond its least is not known",
                (20, Some(20)),
                at_least,
                &[(0, 4, Some(20)), (4, 10, None)],
            ),
            ("nothing is owed", (20, Some(20)), Limit::NotOwed, &[(0, 10, Some(20))]),
            ("what is owed is not known", (20, Some(20)), Limit::NotKnown, &[(0, 10, None)]),
        ];
        for (shows, (lower, upper), limit, expected) in cases {
            let drawn = split(&rising(lower, upper), &[Allowed { from_s: 0, limit }]);
            let found: Vec<_> =
                drawn.iter().map(|piece| (piece.start_s / H, piece.end_s / H, piece.exposure_s.map(|exposure_s| exposure_s / H))).collect();
            assert_eq!(found, expected, "{shows}");
        }
    }

    #[test]
    fn each_stretch_is_held_to_what_was_allowed_at_its_time() {
        let limit = |hours: i64| Limit::Seconds { limit_s: hours * H, certain: true };
        let allowed = [Allowed { from_s: 0, limit: limit(48) }, Allowed { from_s: 6 * H, limit: limit(24) }];
        let drawn = split(&rising(20, Some(20)), &allowed);
        let beyond: Vec<_> = drawn.iter().map(report::Segment::beyond).collect();
        assert_eq!(beyond, [None, Some((6 * H, 10 * H))], "26 hours were allowed until hour 6, and not after");
    }
}
