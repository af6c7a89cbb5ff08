//! Dates as the reports write them, in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::moment::{DAY_S, short};
use crate::model::{Window, duration};

/// Weeks are marked up to this length, months above it.
const MOST_WEEKS_S: i64 = 50 * DAY_S;

/// Day and month: `22 Aug`.
pub fn day(moment_s: i64) -> String {
    written(moment_s, "%-d %b")
}

/// Day, month and year: `22 Aug 2026`.
pub fn date(moment_s: i64) -> String {
    written(moment_s, "%-d %b %Y")
}

/// A window as a title: `22 Aug – 20 Nov 2026`.
pub fn span(window: Window) -> String {
    let (start, end) = (date(window.start_s), date(window.end_s));
    let same_year = start.get(start.len().saturating_sub(4)..) == end.get(end.len().saturating_sub(4)..);
    format!("{} – {end}", if same_year { day(window.start_s) } else { start })
}

/// A window to the minute, with its length: `2026-08-22 00:00 to 2026-11-20 04:00 UTC (90 d 4 h)`.
pub fn window(window: Window) -> String {
    format!("{} to {} UTC ({})", short(window.start_s), short(window.end_s), duration::text(window.end_s.saturating_sub(window.start_s)))
}

/// Midnights inside a window worth marking: each Monday up to seven weeks, the first of each month up to five years, else of each year.
pub fn marks(window: Window) -> Vec<i64> {
    let length_s = window.end_s.saturating_sub(window.start_s);
    let (Some(first), Some(last)) = (civil(window.start_s), civil(window.end_s)) else { return Vec::new() };
    let step = match length_s {
        _ if length_s <= MOST_WEEKS_S => 7.days(),
        _ if length_s <= 5 * 366 * DAY_S => 1.month(),
        _ => 1.year(),
    };
    let begin = match length_s {
        _ if length_s <= MOST_WEEKS_S => first.checked_sub(i64::from(first.weekday().to_monday_zero_offset()).days()).unwrap_or(first),
        _ if length_s <= 5 * 366 * DAY_S => first.first_of_month(),
        _ => first.first_of_year(),
    };
    (0..600_i64)
        .map_while(|many| step.checked_mul(many).ok().and_then(|steps| begin.checked_add(steps).ok()))
        .take_while(|date| *date <= last)
        .filter_map(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok())
        .map(Timestamp::as_second)
        .filter(|mark_s| (window.start_s..window.end_s).contains(mark_s))
        .collect()
}

fn civil(moment_s: i64) -> Option<Date> {
    Timestamp::from_second(moment_s).ok().map(|moment| TimeZone::UTC.to_datetime(moment).date())
}

fn written(moment_s: i64, format: &str) -> String {
    Timestamp::from_second(moment_s).map_or_else(|_| format!("{moment_s} s"), |moment| moment.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::moment::parse;

    #[test]
    fn windows_read_as_people_write_them() {
        let cases = [
            ("2026-08-22..2026-11-20", "22 Aug – 20 Nov 2026", vec!["1 Sep", "1 Oct", "1 Nov"]),
            ("2025-12-20..2026-01-10", "20 Dec 2025 – 10 Jan 2026", vec!["22 Dec", "29 Dec", "5 Jan"]),
        ];
        for (text, title, days) in cases {
            let window = Window::parse(text).unwrap();
            assert_eq!(span(window), title);
            assert_eq!(marks(window).into_iter().map(day).collect::<Vec<_>>(), days);
        }
        assert_eq!(day(parse("2026-11-20").unwrap()), "20 Nov");
        assert!(marks(Window { start_s: i64::MIN, end_s: i64::MAX }).is_empty(), "no panic outside the calendar");
    }
}
