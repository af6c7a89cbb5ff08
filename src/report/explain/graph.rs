//! Data at risk over time against what is allowed, for a terminal: it says what it says without colour, in as many columns as there are.
//!
//! A column is the worst of its stretch of time. What is not known is hatched from bottom to top, so that it cannot be taken for nothing; a strip under
//! the graph says of each column whether it was within, beyond or not known, which a bar near the line does not show.

use std::collections::BTreeSet;

use crate::model::{Window, duration};
use crate::report::dates;
use crate::report::{ExposureRow, Segment};

/// Rows of the graph.
const HEIGHT: i64 = 8;
/// Eighths that a character can show.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What is allowed lies at most so many times below the top: what is higher is cut, and says so.
const MOST_LIMITS: i64 = 4;
/// What is not known.
const HATCH: char = '╱';
/// A bar that goes on above the top.
const CUT: char = '▲';
/// What is allowed.
const LINE: char = '┄';

/// Columns of the labels before the axis.
pub(super) const LABEL: usize = 12;
/// Columns that a line takes beside its label and its graph: a space and the axis.
const BESIDE: usize = 2;

/// Where a column of the graph stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// The resource did not exist, or nothing is said of the time.
    OutOfScope,
    /// Within what is allowed, or nothing is asked.
    Within,
    /// Not known.
    NotKnown,
    /// Beyond what is allowed.
    Beyond,
}

impl State {
    /// Its sign in the strip.
    pub(super) fn sign(self) -> char {
        match self {
            Self::OutOfScope => ' ',
            Self::Within => '.',
            Self::NotKnown => '?',
            Self::Beyond => '!',
        }
    }
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) state: State,
    /// The highest exposure in it that is known.
    pub(super) peak_s: Option<i64>,
    /// What was allowed in it, the least if that changed; objectives change.
    pub(super) limit_s: Option<i64>,
}

/// Columns that a graph has at some width of the terminal.
pub(super) fn columns_at(width: usize) -> usize {
    width.saturating_sub(LABEL + BESIDE).clamp(20, 200)
}

/// The stretch of time of a column.
pub(super) fn stretch(window: Window, columns: usize, column: usize) -> Window {
    let at = |column: usize| {
        let (length_s, of, all) = (window.seconds(), i64::try_from(column).unwrap_or(0), i64::try_from(columns).unwrap_or(1).max(1));
        window.start_s.saturating_add(length_s.saturating_mul(of) / all)
    };
    Window { start_s: at(column), end_s: at(column + 1) }
}

/// The columns of an exposure.
pub(super) fn columns(row: &ExposureRow, window: Window, columns: usize) -> Vec<Column> {
    (0..columns).map(|column| of_stretch(&row.segments, stretch(window, columns, column))).collect()
}

fn of_stretch(segments: &[Segment], stretch: Window) -> Column {
    let mut column = Column { state: State::OutOfScope, peak_s: None, limit_s: None };
    for segment in segments {
        let (from_s, to_s) = (segment.start_s.max(stretch.start_s), segment.end_s.min(stretch.end_s));
        if from_s >= to_s {
            continue;
        }
        let beyond = segment.beyond().is_some_and(|(start_s, end_s)| start_s.max(from_s) < end_s.min(to_s));
        let state = match segment.exposure_s {
            None => State::NotKnown,
            Some(_) if beyond => State::Beyond,
            Some(_) => State::Within,
        };
        let grown_s = if segment.rises { to_s - segment.start_s } else { 0 };
        let peak_s = segment.exposure_s.map(|exposure_s| exposure_s.saturating_add(grown_s));
        let limit_s = [column.limit_s, segment.limit_s].into_iter().flatten().min();
        column = Column { state: column.state.max(state), peak_s: column.peak_s.max(peak_s), limit_s };
    }
    column
}

/// The lines of a graph: the bars with their axis, the strip, the axis of time. None is wider than its labels and its columns.
pub(super) fn lines(window: Window, columns: &[Column]) -> Vec<String> {
    let limits: BTreeSet<i64> = columns.iter().filter_map(|column| column.limit_s).collect();
    let top_s = top_s(columns, &limits);
    let label = |level: i64| {
        let here = limits.iter().rfind(|allowed_s| row_of(**allowed_s, top_s) == level);
        match here {
            Some(allowed_s) => duration::text(*allowed_s),
            None if level == HEIGHT - 1 && columns.iter().all(|column| column.peak_s.is_none()) && limits.is_empty() => "?".to_owned(),
            None if level == HEIGHT - 1 => duration::text(top_s),
            None if level == 0 => "0".to_owned(),
            None => String::new(),
        }
    };
    let line = |level: i64| {
        let label = label(level);
        let cells: String = columns.iter().map(|column| cell(*column, level, top_s)).collect();
        format!("{label:>LABEL$} {}{cells}", if label.is_empty() { '│' } else { '┤' })
    };
    let mut lines: Vec<String> = (0..HEIGHT).rev().map(line).collect();
    let strip: String = columns.iter().map(|column| column.state.sign()).collect();
    lines.push(format!("{:>LABEL$} │{strip}", "state"));
    lines.extend(axis(window, columns.len()));
    lines
}

/// What the top of the graph stands for: the highest that is known, but not so high that what is allowed cannot be seen.
fn top_s(columns: &[Column], limits: &BTreeSet<i64>) -> i64 {
    let peak_s = columns.iter().filter_map(|column| column.peak_s).max().unwrap_or(0);
    let (least_s, most_s) = (limits.first().copied().filter(|limit_s| *limit_s > 0), limits.last().copied().unwrap_or(0));
    let room_s = most_s.saturating_mul(5) / 4;
    let top_s = least_s.map_or(peak_s, |least_s| peak_s.min(least_s.saturating_mul(MOST_LIMITS)));
    top_s.max(room_s).max(60)
}

/// The row in which a value lies; its top belongs to it.
fn row_of(value_s: i64, top_s: i64) -> i64 {
    ((value_s.saturating_mul(HEIGHT) - 1) / top_s).clamp(0, HEIGHT - 1)
}

fn cell(column: Column, level: i64, top_s: i64) -> char {
    if column.state == State::NotKnown {
        return HATCH;
    }
    let is_limit = column.limit_s.is_some_and(|limit_s| row_of(limit_s, top_s) == level);
    let empty = if is_limit { LINE } else { ' ' };
    let Some(peak_s) = column.peak_s else { return empty };
    if peak_s > top_s && level == HEIGHT - 1 {
        return CUT;
    }
    // Rounded up: something at risk is never drawn as nothing.
    let eighths = (peak_s.saturating_mul(HEIGHT * 8) + top_s - 1) / top_s - level * 8;
    match usize::try_from(eighths.clamp(0, 8)).unwrap_or(0) {
        0 => empty,
        filled => EIGHTHS.get(filled).copied().unwrap_or('█'),
    }
}

/// The axis of time: a tick for each mark, and under it as many dates as have room.
pub(super) fn axis(window: Window, columns: usize) -> [String; 2] {
    let (mut ticks, mut dates) = (vec!['─'; columns], vec![' '; columns]);
    let mut free_from = 0;
    for mark_s in dates::marks(window) {
        let at = (mark_s - window.start_s).saturating_mul(i64::try_from(columns).unwrap_or(0)) / window.seconds().max(1);
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < columns) else { continue };
        ticks[at] = '┴';
        let text: Vec<char> = dates::day(mark_s).chars().collect();
        if at >= free_from && at + text.len() <= columns {
            dates[at..at + text.len()].copy_from_slice(&text);
            free_from = at + text.len() + 2;
        }
    }
    let line = |axis: char, cells: Vec<char>| format!("{:>LABEL$} {axis}{}", "", cells.into_iter().collect::<String>());
    [line('└', ticks), line(' ', dates)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: i64 = 3_600;

    fn segment(from_h: i64, to_h: i64, exposure_h: Option<i64>, rises: bool) -> Segment {
        let exposure_s = exposure_h.map(|hours| hours * H);
        Segment { start_s: from_h * H, end_s: to_h * H, exposure_s, rises, limit_s: Some(24 * H) }
    }

    #[test]
    fn a_column_is_the_worst_of_its_time() {
        let hours = |start: i64, end: i64| Window { start_s: start * H, end_s: end * H };
        let grows = segment(0, 30, Some(0), true);
        let open = segment(30, 40, None, false);
        // what it shows, stretch, state, peak in hours
        let cases = [
            ("within", hours(0, 10), State::Within, Some(10)),
            ("the moment it crosses", hours(20, 30), State::Beyond, Some(30)),
            ("exactly what is allowed is within", hours(0, 24), State::Within, Some(24)),
            ("not known is not nothing", hours(32, 34), State::NotKnown, None),
            ("beyond, though part of it is not known", hours(26, 34), State::Beyond, Some(30)),
            ("nobody looked: it was not there", hours(50, 60), State::OutOfScope, None),
        ];
        for (shows, stretch, state, peak_h) in cases {
            let column = of_stretch(&[grows, open], stretch);
            assert_eq!((column.state, column.peak_s.map(|peak_s| peak_s / H)), (state, peak_h), "{shows}");
        }
    }

    #[test]
    fn what_is_not_known_is_hatched_from_bottom_to_top() {
        let column = Column { state: State::NotKnown, peak_s: None, limit_s: Some(24 * H) };
        assert!((0..HEIGHT).all(|level| cell(column, level, 24 * H) == HATCH));
    }

    #[test]
    fn each_column_has_the_line_of_its_time() {
        let of = |limit_h: i64| Column { state: State::Within, peak_s: Some(0), limit_s: Some(limit_h * H) };
        let lines = lines(Window { start_s: 0, end_s: 100 * H }, &[of(48), of(48), of(24), of(24)]);
        let cells = |line: &String| line.chars().skip(LABEL + BESIDE).collect::<String>();
        let with_line: Vec<(String, String)> = lines
            .iter()
            .filter(|line| line.contains(LINE))
            .map(|line| (line.trim().split(' ').next().unwrap().to_owned(), cells(line)))
            .collect();
        assert_eq!(with_line, [("48".to_owned(), "┄┄  ".to_owned()), ("24".to_owned(), "  ┄┄".to_owned())]);
    }

    #[test]
    fn something_is_never_drawn_as_nothing() {
        let of = |peak_s| Column { state: State::Within, peak_s: Some(peak_s), limit_s: None };
        assert_eq!(cell(of(1), 0, 24 * H), '▁', "a second at risk");
        assert_eq!(cell(of(0), 0, 24 * H), ' ', "nothing at risk");
        assert_eq!(cell(of(25 * H), HEIGHT - 1, 24 * H), CUT, "more than the graph can show");
    }

    #[test]
    fn columns_divide_the_window_without_a_hole() {
        let window = Window { start_s: 7, end_s: 1_000_003 };
        for columns in [1, 20, 68, 200] {
            let stretches: Vec<Window> = (0..columns).map(|column| stretch(window, columns, column)).collect();
            assert_eq!((stretches[0].start_s, stretches[columns - 1].end_s), (window.start_s, window.end_s));
            assert!(stretches.windows(2).all(|pair| pair[0].end_s == pair[1].start_s && pair[0].start_s < pair[0].end_s));
        }
    }
}
