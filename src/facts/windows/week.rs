//! Spans of the week, which begins on Monday at midnight UTC and goes round: a window may pass midnight, and the end of the week.

use crate::model::moment::{DAY_S, HOUR_S};

/// Seconds of a week.
const WEEK_S: i64 = 7 * DAY_S;
/// The epoch was a Thursday.
const EPOCH_S: i64 = 3 * DAY_S;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A half-open span of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Second of the week at which it begins.
    start_s: i64,
    /// How long it is; at most a week.
    length_s: i64,
}

impl Span {
    /// A span from a second of a week on; a longer one than a week is the whole week.
    pub(super) fn new(start_s: i64, length_s: i64) -> Self {
        Self { start_s: start_s.rem_euclid(WEEK_S), length_s: length_s.clamp(0, WEEK_S) }
    }

    /// The same span with some time before it.
    pub(super) fn widened(self, before_s: i64) -> Self {
        Self::new(self.start_s - before_s, self.length_s + before_s)
    }

    /// Whether two spans have a second in common. An empty one is its first second: something happens then.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let after = |one: Self, other: Self| (other.start_s - one.start_s).rem_euclid(WEEK_S) < one.length_s.max(1);
        after(self, other) || after(other, self)
    }
}

/// A daily span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Daily {
    start_s: i64,
    length_s: i64,
}

impl Daily {
    /// It on each day of the week.
    pub(super) fn every_day(self) -> impl Iterator<Item = Span> {
        (0..7).map(move |day| Span::new(day * DAY_S + self.start_s, self.length_s))
    }
}

/// The second of the week of an instant.
pub(super) fn second_of_week(instant_s: i64) -> i64 {
    (instant_s + EPOCH_S).rem_euclid(WEEK_S)
}

/// Reads `hh24:mi-hh24:mi`; `None` if it is something else, or of no length.
pub(super) fn day_span(text: &str) -> Option<Daily> {
    let (start, end) = text.split_once('-')?;
    let (start_s, end_s) = (time_s(start)?, time_s(end)?);
    let length_s = (end_s - start_s).rem_euclid(DAY_S);
    (length_s > 0).then_some(Daily { start_s, length_s })
}

/// Reads `ddd:hh24:mi-ddd:hh24:mi`, names of days in any case; `None` if it is something else, or of no length.
pub(super) fn week_span(text: &str) -> Option<Span> {
    let moment_s = |text: &str| {
        let (day, time) = text.trim().split_once(':')?;
        let day = DAYS.iter().position(|name| day.eq_ignore_ascii_case(name))?;
        Some(i64::try_from(day).ok()? * DAY_S + time_s(time)?)
    };
    let (start, end) = text.split_once('-')?;
    let (start_s, end_s) = (moment_s(start)?, moment_s(end)?);
    let length_s = (end_s - start_s).rem_euclid(WEEK_S);
    (length_s > 0).then(|| Span::new(start_s, length_s))
}

/// Seconds since midnight of `hh24:mi`.
fn time_s(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |digits: &str, below: i64| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|number| plain && *number < below)
    };
    Some(number(hours, 24)? * HOUR_S + number(minutes, 60)? * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_as_aws_words_them() {
        let span = |start_s: i64, length_s: i64| Some(Span::new(start_s, length_s));
        // text, span
        let cases = [
            ("mon:00:00-mon:00:30", span(0, 1_800)),
            ("sun:23:45-mon:00:15", span(7 * DAY_S - 900, 1_800)),
            ("Tue:04:00-Tue:04:30", span(DAY_S + 4 * HOUR_S, 1_800)),
            ("sat:23:00-sun:01:00", span(6 * DAY_S - HOUR_S, 2 * HOUR_S)),
            ("mon:04:00-mon:04:00", None),
            ("04:00-04:30", None),
            ("monday:04:00-monday:04:30", None),
            ("mon:24:00-tue:00:30", None),
            ("mon:4:00-mon:4:30", None),
            ("mon:04:00", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(week_span(text), expected, "{text}");
        }
        let daily =
            [("03:00-03:30", Some((3 * HOUR_S, 1_800))), ("23:45-00:15", Some((DAY_S - 900, 1_800))), ("03:00-03:00", None), ("3-4", None)];
        for (text, expected) in daily {
            assert_eq!(day_span(text), expected.map(|(start_s, length_s)| Daily { start_s, length_s }), "{text}");
        }
    }

    #[test]
    fn overlaps_go_round_the_week() {
        let week = |text: &str| week_span(text).unwrap();
        // one, another, overlap
        let cases = [
            ("mon:04:00-mon:05:00", "mon:04:59-mon:06:00", true),
            ("mon:04:00-mon:05:00", "mon:05:00-mon:06:00", false),
            ("mon:04:00-mon:05:00", "mon:03:00-mon:06:00", true),
            ("sun:23:30-mon:00:30", "mon:00:00-mon:00:15", true),
            ("sun:23:30-mon:00:30", "sun:22:00-sun:23:30", false),
            ("sun:23:30-mon:00:30", "mon:00:30-mon:01:00", false),
            ("mon:00:00-sun:23:59", "wed:12:00-wed:13:00", true),
        ];
        for (one, other, overlap) in cases {
            assert_eq!(week(one).overlaps(week(other)), overlap, "{one} and {other}");
            assert_eq!(week(other).overlaps(week(one)), overlap, "{other} and {one}");
        }
    }

    #[test]
    fn each_second_of_two_spans_agrees_with_a_slow_reading() {
        // Whole hours of a week, counted one by one.
        let hours = |start: i64, length: i64| (start..start + length).map(|hour| hour.rem_euclid(168)).collect::<Vec<_>>();
        for (start, length) in [(0, 1), (5, 3), (166, 4), (167, 1), (100, 90)] {
            for (other, its_length) in [(0, 2), (2, 160), (4, 1), (8, 1), (165, 2), (22, 7)] {
                let slowly = hours(start, length).iter().any(|hour| hours(other, its_length).contains(hour));
                let spans = (Span::new(start * HOUR_S, length * HOUR_S), Span::new(other * HOUR_S, its_length * HOUR_S));
                assert_eq!(spans.0.overlaps(spans.1), slowly, "{start}+{length} and {other}+{its_length}");
            }
        }
    }

    #[test]
    fn the_epoch_was_a_thursday() {
        assert_eq!(second_of_week(0), 3 * DAY_S);
        assert_eq!(second_of_week(1_795_132_800), 4 * DAY_S, "2026-11-20 is a Friday");
        assert_eq!(second_of_week(-1), 3 * DAY_S - 1);
    }

    #[test]
    fn the_hour_before_belongs_to_it() {
        let forbidden = week_span("mon:00:30-mon:01:00").unwrap().widened(HOUR_S);
        assert_eq!(forbidden, week_span("sun:23:30-mon:01:00").unwrap());
    }
}
