//! Geometry of the exposure timeline, in whole numbers.
//!
//! Between two recovery points exposure grows by a second each second, and falls when the next point becomes usable: a sawtooth. It is
//! drawn in units of the objective, so that the objective's line lies at the same height in every row and rows compare at a glance; what is
//! higher than two and a half objectives is cut off at the top. The markup is in `templates/parts/timeline.html.j2`.
//!
//! Left out: scales and numbers, which stand in the table beside it.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::model::Window;

use super::dates;
use super::ratio::{WHOLE_BP, position};

/// A stretch of time in which exposure grows steadily, stays level, or is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// First second.
    pub start_s: i64,
    /// First second after.
    pub end_s: i64,
    /// Exposure at `start_s`; `None` if it is unknown.
    pub exposure_s: Option<i64>,
    /// Whether it grows by a second each second; else it is level.
    pub rises: bool,
    /// What the objective in force at its time allows; `None` if nothing, or if that is not known.
    pub limit_s: Option<i64>,
}

impl Segment {
    /// Exposure at a moment of the segment.
    fn exposure_at(&self, moment_s: i64) -> Option<i64> {
        let grown_s = if self.rises { moment_s.saturating_sub(self.start_s) } else { 0 };
        self.exposure_s.map(|exposure_s| exposure_s.saturating_add(grown_s).max(0))
    }

    /// The part of it in which exposure is known to be beyond what is allowed.
    pub fn beyond(&self) -> Option<(i64, i64)> {
        let (exposure_s, limit_s) = (self.exposure_s?, self.limit_s?);
        let crossed_s = if self.rises { self.start_s.saturating_add(limit_s.saturating_sub(exposure_s)) } else { self.end_s };
        let from_s = if exposure_s > limit_s { self.start_s } else { self.start_s.max(crossed_s) };
        (from_s < self.end_s).then_some((from_s, self.end_s))
    }

    /// The highest exposure of it, if it is known.
    pub fn peak_s(&self) -> Option<i64> {
        self.exposure_at(self.end_s)
    }
}

/// Width of the path's own coordinates.
pub const WIDTH: i64 = 1_200;
/// Height of the path's own coordinates; two and a half objectives.
pub const HEIGHT: i64 = 60;
/// Height of the objective above the ground line.
const OBJECTIVE: i64 = 24;
/// Above this many teeth the path goes through the highest exposure of each of so many columns.
const TEETH: usize = 300;
/// Above this many spans, spans closer than half a percent of the window are drawn as one.
const SPANS: usize = 200;

/// A timeline, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The sawtooth as an SVG path in `WIDTH` × `HEIGHT` units; empty if nothing is known.
    pub path: String,
    /// The objective's line: a level for each objective that was in force.
    pub objective: Vec<Level>,
    /// Spans beyond the objective.
    pub violated: Vec<Span>,
    /// Spans of which nothing is known.
    pub unknown: Vec<Span>,
    /// Whether something was too high to draw.
    pub cut: bool,
}

/// A span of time as a share of the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it begins, such as `12.34%`.
    pub at: String,
    /// How long it is.
    pub width: String,
}

/// A stretch of the objective's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Where it begins, such as `12.34%`.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// Its height.
    pub y: i64,
}

/// A mark on the axis of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// Where it stands, such as `12.34%`.
    pub at: String,
    /// What it says: `1 Sep`.
    pub text: String,
}

/// Things that happened, closer together than a reader could tell apart, as one mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Where it stands, such as `12.34%`.
    pub at: String,
    /// How many things it stands for.
    pub count: u64,
}

/// Marks closer than this many basis points of the window are one.
const APART_BP: i64 = 25;

/// Marks for the moments that lie in a window, in order of time.
pub fn marks(moments: impl IntoIterator<Item = i64>, window: Window) -> Vec<Mark> {
    let axes = Axes { window, objective_s: 1 };
    let whole = i64::try_from(WHOLE_BP).unwrap_or(i64::MAX);
    let inside = moments.into_iter().filter(|moment_s| (window.start_s..window.end_s).contains(moment_s));
    let mut places: Vec<_> = inside.map(|moment_s| axes.share(moment_s, whole)).collect();
    places.sort_unstable();
    let mut marks: Vec<(i64, u64)> = Vec::new();
    for place in places {
        match marks.last_mut() {
            Some((first, count)) if place - *first < APART_BP => *count += 1,
            _ => marks.push((place, 1)),
        }
    }
    let mark = |(place, count)| Mark { at: position(u64::try_from(place).unwrap_or(0)), count };
    marks.into_iter().map(mark).collect()
}

/// Stretches of time as shares of a window; what lies outside is cut off.
pub fn spans(stretches: impl IntoIterator<Item = (i64, i64)>, window: Window) -> Vec<Span> {
    let cut = |(from_s, to_s): (i64, i64)| (from_s.max(window.start_s), to_s.min(window.end_s));
    let mut inside: Vec<_> = stretches.into_iter().map(cut).filter(|(from_s, to_s)| from_s < to_s).collect();
    inside.sort_unstable();
    Axes { window, objective_s: 1 }.spans(inside.into_iter())
}

/// Draws segments over a window in units of an objective (target and tolerance, at least a second): the one that is in force at the end.
///
/// Segments are cut to the window; empty ones and such that begin before the last one ended are left out.
pub fn timeline(segments: &[Segment], window: Window, objective_s: i64) -> Timeline {
    let segments = inside(segments, window);
    let objective_s = objective_s.max(1);
    let axes = Axes { window, objective_s };
    let known = segments.iter().filter(|segment| segment.exposure_s.is_some()).count();
    let path = if known > TEETH { axes.columns(&segments) } else { axes.teeth(&segments) };
    let violated = segments.iter().filter_map(Segment::beyond);
    let unknown = segments.iter().filter(|segment| segment.exposure_s.is_none()).map(|segment| (segment.start_s, segment.end_s));
    Timeline {
        path,
        objective: axes.levels(&segments),
        violated: axes.spans(violated),
        unknown: axes.spans(unknown),
        cut: segments.iter().any(|segment| segment.exposure_at(segment.end_s).is_some_and(|high| axes.height(high) > HEIGHT)),
    }
}

fn inside(segments: &[Segment], window: Window) -> Vec<Segment> {
    let mut kept: Vec<Segment> = Vec::with_capacity(segments.len());
    for segment in segments {
        let earliest = kept.last().map_or(window.start_s, |last| last.end_s);
        let start_s = segment.start_s.max(window.start_s);
        let end_s = segment.end_s.min(window.end_s);
        if start_s >= earliest && start_s < end_s {
            kept.push(Segment { start_s, end_s, exposure_s: segment.exposure_at(start_s), ..*segment });
        }
    }
    kept
}

struct Axes {
    window: Window,
    objective_s: i64,
}

impl Axes {
    fn x(&self, moment_s: i64) -> i64 {
        self.share(moment_s, WIDTH)
    }

    fn share(&self, moment_s: i64, whole: i64) -> i64 {
        let length = i128::from(self.window.end_s) - i128::from(self.window.start_s);
        let gone = i128::from(moment_s) - i128::from(self.window.start_s);
        i64::try_from(gone * i128::from(whole) / length.max(1)).unwrap_or(whole).clamp(0, whole)
    }

    fn height(&self, exposure_s: i64) -> i64 {
        i64::try_from(i128::from(exposure_s) * i128::from(OBJECTIVE) / i128::from(self.objective_s)).unwrap_or(i64::MAX)
    }

    fn y(&self, exposure_s: i64) -> i64 {
        HEIGHT - self.height(exposure_s).clamp(0, HEIGHT)
    }

    /// Each tooth with its slope; one closed shape for each run of known time.
    fn teeth(&self, segments: &[Segment]) -> String {
        let top_s = i64::try_from(i128::from(self.objective_s) * i128::from(HEIGHT) / i128::from(OBJECTIVE)).unwrap_or(i64::MAX);
        let mut shape = Shape::default();
        for segment in segments {
            let Some(exposure_s) = segment.exposure_s else { continue };
            shape.go_on_at(self.x(segment.start_s), segment.start_s);
            shape.to(self.x(segment.start_s), self.y(exposure_s));
            let top_reached_s = segment.start_s.saturating_add(top_s.saturating_sub(exposure_s));
            if segment.rises && top_reached_s > segment.start_s && top_reached_s < segment.end_s {
                shape.to(self.x(top_reached_s), 0);
            }
            shape.to(self.x(segment.end_s), self.y(segment.exposure_at(segment.end_s).unwrap_or(exposure_s)));
            shape.known_until_s = Some(segment.end_s);
        }
        shape.close()
    }

    /// The highest exposure of each column, for histories with more teeth than a screen has points.
    fn columns(&self, segments: &[Segment]) -> String {
        let width = WIDTH / i64::try_from(TEETH).unwrap_or(WIDTH);
        let columns = WIDTH / width;
        let mut highest: Vec<Option<i64>> = vec![None; usize::try_from(columns).unwrap_or(0)];
        for segment in segments {
            let (first, last) = (self.share(segment.start_s, columns), self.share(segment.end_s - 1, columns));
            for column in first..=last {
                let end_s = self.window.start_s.saturating_add(self.column_end(column + 1, columns));
                let Some(high) = segment.exposure_at(segment.end_s.min(end_s)) else { continue };
                if let Some(cell) = usize::try_from(column).ok().and_then(|column| highest.get_mut(column)) {
                    *cell = Some(cell.unwrap_or(0).max(high));
                }
            }
        }
        let mut shape = Shape::default();
        for (column, high) in (0_i64..).zip(highest) {
            let Some(high) = high else { continue };
            shape.go_on_at(column * width, column);
            shape.to(column * width, self.y(high));
            shape.to((column + 1) * width, self.y(high));
            shape.known_until_s = Some(column + 1);
        }
        shape.close()
    }

    /// The objective's line, from where one was in force to where it was another.
    fn levels(&self, segments: &[Segment]) -> Vec<Level> {
        let mut runs: Vec<(i64, i64, i64)> = Vec::new();
        for segment in segments {
            let Some(limit_s) = segment.limit_s else { continue };
            match runs.last_mut() {
                Some(run) if run.2 == limit_s && run.1 == segment.start_s => run.1 = segment.end_s,
                _ => runs.push((segment.start_s, segment.end_s, limit_s)),
            }
        }
        runs.truncate(SPANS);
        let whole = i64::try_from(WHOLE_BP).unwrap_or(i64::MAX);
        let text = |moment_s| position(u64::try_from(self.share(moment_s, whole)).unwrap_or(0));
        runs.into_iter().map(|(from_s, to_s, limit_s)| Level { from: text(from_s), to: text(to_s), y: self.y(limit_s) }).collect()
    }

    fn column_end(&self, column: i64, columns: i64) -> i64 {
        let length = i128::from(self.window.end_s) - i128::from(self.window.start_s);
        i64::try_from(length * i128::from(column) / i128::from(columns.max(1))).unwrap_or(i64::MAX)
    }

    fn spans(&self, spans: impl Iterator<Item = (i64, i64)>) -> Vec<Span> {
        let whole = i64::try_from(WHOLE_BP).unwrap_or(i64::MAX);
        let spans: Vec<_> = spans.map(|(from_s, to_s)| (self.share(from_s, whole), self.share(to_s, whole))).collect();
        let apart = if spans.len() > SPANS { whole / i64::try_from(SPANS).unwrap_or(1) } else { 0 };
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match merged.last_mut() {
                Some(last) if from - last.1 <= apart => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        let text = |share: i64| position(u64::try_from(share).unwrap_or(0));
        merged.into_iter().map(|(from, to)| Span { at: text(from), width: text(to - from) }).collect()
    }
}

/// A path under construction: closed down to the ground line wherever known time ends.
#[derive(Default)]
struct Shape {
    path: String,
    last: Option<(i64, i64)>,
    known_until_s: Option<i64>,
}

impl Shape {
    fn go_on_at(&mut self, x: i64, moment_s: i64) {
        if self.known_until_s == Some(moment_s) {
            return;
        }
        self.ground();
        let _ = write!(self.path, "M{x} {HEIGHT}"); // writing to a String cannot fail
        self.last = Some((x, HEIGHT));
    }

    fn to(&mut self, x: i64, y: i64) {
        if self.last != Some((x, y)) {
            let _ = write!(self.path, "L{x} {y}");
            self.last = Some((x, y));
        }
    }

    fn ground(&mut self) {
        if let Some((x, _)) = self.last.take() {
            let _ = write!(self.path, "L{x} {HEIGHT}Z");
        }
    }

    fn close(mut self) -> String {
        self.ground();
        self.path
    }
}

/// Marks for a window: each week up to seven weeks, else the first of each month; at most thirteen.
pub fn ticks(window: Window) -> Vec<Tick> {
    let axes = Axes { window, objective_s: 1 };
    let mut marks = dates::marks(window);
    while marks.len() > 13 {
        marks = marks.into_iter().step_by(2).collect();
    }
    let whole = i64::try_from(WHOLE_BP).unwrap_or(i64::MAX);
    let place = |moment_s| position(u64::try_from(axes.share(moment_s, whole)).unwrap_or(0));
    marks.into_iter().map(|mark_s| Tick { at: place(mark_s), text: dates::day(mark_s) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::moment::HOUR_S;

    const WINDOW: Window = Window { start_s: 0, end_s: 100 * HOUR_S };

    /// Segments from (start, end, exposure at start) in hours, with an objective in hours.
    fn segments(hours: &[(i64, i64, Option<i64>)], objective: i64) -> Vec<Segment> {
        let segment = |(start, end, exposure): &(i64, i64, Option<i64>)| Segment {
            start_s: start * HOUR_S,
            end_s: end * HOUR_S,
            exposure_s: exposure.map(|hours| hours * HOUR_S),
            rises: true,
            limit_s: Some(objective * HOUR_S),
        };
        hours.iter().map(segment).collect()
    }

    #[test]
    fn teeth_lines_and_spans() {
        // what it shows, segments in hours, objective in hours, path, violated, unknown
        type Case<'a> = (&'a str, &'a [(i64, i64, Option<i64>)], i64, &'a str, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);
        let cases: [Case<'_>; 6] = [
            ("nothing known, nothing drawn", &[], 24, "", &[], &[]),
            ("one tooth that stays below", &[(0, 24, Some(0))], 24, "M0 60L288 36L288 60Z", &[], &[]),
            (
                "beyond the objective from the instant it is reached",
                &[(0, 50, Some(0))],
                25,
                "M0 60L600 12L600 60Z",
                &[("25.00%", "25.00%")],
                &[],
            ),
            ("too high is cut at the top", &[(0, 100, Some(0))], 20, "M0 60L600 0L1200 0L1200 60Z", &[("20.00%", "80.00%")], &[]),
            ("unknown closes the shape", &[(0, 10, Some(0)), (10, 20, None)], 24, "M0 60L120 50L120 60Z", &[], &[("10.00%", "10.00%")]),
            (
                "a violation that goes on is one span",
                &[(0, 10, Some(30)), (10, 20, Some(30))],
                24,
                "M0 60L0 30L120 20L120 30L240 20L240 60Z",
                &[("0.00%", "20.00%")],
                &[],
            ),
        ];
        for (shows, hours, objective, path, violated, unknown) in cases {
            let drawn = timeline(&segments(hours, objective), WINDOW, objective * HOUR_S);
            let texts = |spans: &[Span]| spans.iter().map(|span| (span.at.clone(), span.width.clone())).collect::<Vec<_>>();
            let expected =
                |spans: &[(&str, &str)]| spans.iter().map(|(at, width)| ((*at).to_owned(), (*width).to_owned())).collect::<Vec<_>>();
            assert_eq!(drawn.path, path, "{shows}");
            assert_eq!(texts(&drawn.violated), expected(violated), "{shows}");
            assert_eq!(texts(&drawn.unknown), expected(unknown), "{shows}");
        }
    }

    #[test]
    fn a_level_segment_is_beyond_the_objective_all_the_time_or_never() {
        let level = |hours: i64| Segment {
            start_s: 0,
            end_s: 100 * HOUR_S,
            exposure_s: Some(hours * HOUR_S),
            rises: false,
            limit_s: Some(24 * HOUR_S),
        };
        assert!(timeline(&[level(24)], WINDOW, 24 * HOUR_S).violated.is_empty(), "as long as allowed is allowed");
        let beyond = timeline(&[level(25)], WINDOW, 24 * HOUR_S).violated;
        assert_eq!((beyond[0].at.as_str(), beyond[0].width.as_str()), ("0.00%", "100.00%"));
    }

    #[test]
    fn the_line_of_an_objective_that_changed_has_steps() {
        let mut two = segments(&[(0, 50, Some(0)), (50, 100, Some(0))], 24);
        two[0].limit_s = Some(48 * HOUR_S);
        let drawn = timeline(&two, WINDOW, 24 * HOUR_S);
        let levels: Vec<_> = drawn.objective.iter().map(|level| (level.from.as_str(), level.to.as_str(), level.y)).collect();
        assert_eq!(levels, [("0.00%", "50.00%", 12), ("50.00%", "100.00%", 36)]);
        assert_eq!(drawn.violated.iter().map(|span| span.at.as_str()).collect::<Vec<_>>(), ["48.00%", "74.00%"], "each at its own limit");
    }

    #[test]
    fn what_lies_close_together_is_one_mark() {
        // what it shows, moments in hours, marks
        let cases: [(&str, &[i64], &[(&str, u64)]); 4] = [
            ("nothing, no mark", &[], &[]),
            ("apart", &[0, 50], &[("0.00%", 1), ("50.00%", 1)]),
            ("in any order", &[50, 0], &[("0.00%", 1), ("50.00%", 1)]),
            ("outside of the window", &[-1, 100, 200], &[]),
        ];
        for (shows, hours, expected) in cases {
            let found = marks(hours.iter().map(|hour| hour * HOUR_S), WINDOW);
            let found: Vec<_> = found.iter().map(|mark| (mark.at.as_str(), mark.count)).collect();
            assert_eq!(found, expected, "{shows}");
        }
        let close = marks((0..100_000).map(|at| at * 3), WINDOW);
        assert!(close.len() <= 401, "{}", close.len());
        assert_eq!(close.iter().map(|mark| mark.count).sum::<u64>(), 100_000, "none is lost");
    }

    #[test]
    fn a_long_history_stays_small() {
        let hourly: Vec<_> = (0..8_760).map(|hour| (hour, hour + 1, Some(1))).collect();
        let window = Window { start_s: 0, end_s: 8_760 * HOUR_S };
        let drawn = timeline(&segments(&hourly, 1), window, HOUR_S);
        assert!(drawn.path.len() < 8_000, "{}", drawn.path.len());
        assert_eq!(drawn.violated.len(), 1);
        assert!(ticks(window).len() <= 13);
    }

    proptest! {
        /// Whatever comes in: no panic, everything inside the drawing, bounded size.
        #[test]
        fn the_drawing_is_bounded(
            spans in proptest::collection::vec((any::<i64>(), any::<i64>(), proptest::option::of(any::<i64>()), any::<bool>(), proptest::option::of(any::<i64>())), 0..700),
            start_s in any::<i64>(), end_s in any::<i64>(), objective_s in any::<i64>(),
        ) {
            let segment = |(start_s, end_s, exposure_s, rises, limit_s)| Segment { start_s, end_s, exposure_s, rises, limit_s };
            let segments: Vec<_> = spans.into_iter().map(segment).collect();
            let drawn = timeline(&segments, Window { start_s, end_s }, objective_s);
            prop_assert!(drawn.path.len() < 20_000);
            let numbers = drawn.path.split(|c: char| !c.is_ascii_digit() && c != '-').filter(|text| !text.is_empty());
            for number in numbers {
                prop_assert!((0..=WIDTH).contains(&number.parse::<i64>().unwrap()));
            }
        }
    }
}
