//! Gaps of single schedules and of unions, worked out by hand.

use chrono::NaiveDateTime;
use proptest::prelude::*;

use super::*;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

fn at(text: &str) -> i64 {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").unwrap().and_utc().timestamp()
}

fn gap_of(expressions: &[&str], zone: &str, from: &str) -> LargestGap {
    let schedules: Vec<Schedule> = expressions.iter().map(|expression| Schedule::parse(expression, Some(zone)).unwrap()).collect();
    largest_gap(&schedules.iter().collect::<Vec<_>>(), at(from))
}

#[test]
fn the_largest_gap_in_hours() {
    // what it shows, expressions, zone, beginning, hours
    let cases: &[(&str, &[&str], &str, &str, i64)] = &[
        ("daily in UTC", &["cron(0 5 ? * * *)"], "UTC", "2025-01-01T00:00Z", 24),
        ("daily by a clock that goes back an hour in autumn", &["cron(0 5 ? * * *)"], "Europe/Berlin", "2025-01-01T00:00Z", 25),
        ("daily at a time that spring skips: two days less an hour", &["cron(30 2 * * ? *)"], "Europe/Berlin", "2025-01-01T00:00Z", 47),
        ("hourly in UTC", &["cron(0 * * * ? *)"], "UTC", "2025-01-01T00:00Z", 1),
        ("hourly by the clock: the repeated hour has one run", &["cron(0 * * * ? *)"], "Europe/Berlin", "2025-01-01T00:00Z", 2),
        ("every twelve hours", &["cron(0 5/12 * * ? *)"], "UTC", "2025-01-01T00:00Z", 12),
        ("every twelve hours from 12:00 is once a day", &["cron(0 12/12 * * ? *)"], "UTC", "2025-01-01T00:00Z", 24),
        ("02:00 and 14:00", &["cron(0 2,14 * * ? *)"], "UTC", "2025-01-01T00:00Z", 12),
        ("two times of a day unevenly", &["cron(0 9,12 * * ? *)"], "UTC", "2025-01-01T00:00Z", 21),
        ("weekdays: the weekend", &["cron(0 5 ? * MON-FRI *)"], "UTC", "2025-01-01T00:00Z", 72),
        ("monthly: 31 days", &["cron(0 0 1 * ? *)"], "UTC", "2025-01-01T00:00Z", 31 * 24),
        ("last Friday: five weeks", &["cron(0 0 ? * 6L *)"], "UTC", "2025-01-01T00:00Z", 5 * 7 * 24),
        ("yearly, the next run is beyond the 13 months", &["cron(0 0 1 6 ? *)"], "UTC", "2025-01-01T00:00Z", 365 * 24),
        ("the wait for the first run counts", &["cron(0 0 * * ? 2026-2199)"], "UTC", "2025-12-01T00:00Z", 31 * 24),
        ("two schedules fill each other's gap", &["cron(0 0 * * ? *)", "cron(0 18 * * ? *)"], "UTC", "2025-01-01T00:00Z", 18),
        ("the same schedule twice fills nothing", &["cron(0 0 * * ? *)", "cron(0 0 * * ? *)"], "UTC", "2025-01-01T00:00Z", 24),
        (
            "a schedule that ended does not harm one that goes on",
            &["cron(0 0 * * ? *)", "cron(0 1 * * ? 2025)"],
            "UTC",
            "2025-06-01T00:00Z",
            24,
        ),
        ("nor does one that never fires", &["cron(0 0 * * ? *)", "cron(0 0 30 2 ? *)"], "UTC", "2025-06-01T00:00Z", 24),
        ("a rate bounds the gap", &["rate(12 hours)"], "UTC", "2025-01-01T00:00Z", 12),
        ("two rates may fire together", &["rate(12 hours)", "rate(8 hours)"], "UTC", "2025-01-01T00:00Z", 8),
        ("a rate and a denser cron", &["rate(12 hours)", "cron(0 0/6 * * ? *)"], "UTC", "2025-01-01T00:00Z", 6),
        ("a rate and a cron that ends", &["rate(12 hours)", "cron(0 0 * * ? 2025)"], "UTC", "2025-01-01T00:00Z", 12),
    ];
    for (shows, expressions, zone, from, hours) in cases {
        assert_eq!(gap_of(expressions, zone, from).gap_s(), Some(hours * HOUR_S), "{shows}");
    }
}

#[test]
fn a_gap_says_where_it_is() {
    let autumn = gap_of(&["cron(0 5 ? * * *)"], "Europe/Berlin", "2025-01-01T12:00Z");
    let expected = Gap {
        gap_s: 25 * HOUR_S,
        from_s: at("2025-10-25T03:00Z"),
        to_s: at("2025-10-26T04:00Z"),
        first_run_s: at("2025-01-02T04:00Z"),
        runs: 396, // from 2 January 2025 to 1 February 2026
    };
    assert_eq!(autumn, LargestGap::Gap(expected));
}

#[test]
fn schedules_without_a_bound_are_named() {
    // what it shows, expressions, beginning, expected
    let cases: &[(&str, &[&str], &str, LargestGap)] = &[
        ("no schedule", &[], "2025-01-01T00:00Z", LargestGap::Never),
        ("a day that never comes", &["cron(0 0 30 2 ? *)"], "2025-01-01T00:00Z", LargestGap::Never),
        ("a year that is over", &["cron(0 0 * * ? 2024)"], "2025-01-01T00:00Z", LargestGap::Never),
        ("only beyond the 13 months", &["cron(0 0 29 2 ? *)"], "2025-01-01T00:00Z", LargestGap::Never),
        ("the end of the 13 months is not in them", &["cron(0 0 1 2 ? 2026)"], "2025-01-01T00:00Z", LargestGap::Never),
        ("one run and no more", &["cron(0 0 1 6 ? 2025)"], "2025-01-01T00:00Z", LargestGap::Once { run_s: at("2025-06-01T00:00Z") }),
        (
            "daily until the year is over: the gap after it is open",
            &["cron(0 0 * * ? 2025)"],
            "2025-06-01T00:00Z",
            LargestGap::Ends { first_run_s: at("2025-06-01T00:00Z"), last_run_s: at("2025-12-31T00:00Z") },
        ),
    ];
    for (shows, expressions, from, expected) in cases {
        let found = gap_of(expressions, "UTC", from);
        assert_eq!(found, *expected, "{shows}");
        assert_eq!(found.gap_s(), None, "{shows}");
    }
}

#[test]
fn every_minute_of_thirteen_months_is_counted_and_done() {
    let LargestGap::Gap(gap) = gap_of(&["cron(* * * * ? *)"], "Europe/Berlin", "2025-01-01T00:00Z") else { panic!("it goes on") };
    assert_eq!(gap.runs, (365 + 31) * 1_440 - 60, "the repeated hour of October is not counted again");
    assert_eq!(gap.gap_s, HOUR_S + 60, "and leaves an hour without a run");
    assert_eq!(gap.from_s, at("2025-10-26T00:59Z"));
}

#[test]
fn moments_beyond_the_calendar_have_no_runs() {
    let schedule = Schedule::parse("cron(0 5 ? * * *)", None).unwrap();
    for from_s in [i64::MIN, at("2200-01-02T00:00Z"), i64::MAX] {
        assert_eq!(largest_gap(&[&schedule], from_s), LargestGap::Never, "{from_s}");
    }
}

#[test]
fn design_rpo_adds_the_windows() {
    // what it shows, gap, start window, completion window, expected (hours)
    let cases = [
        ("twelve hours with default windows: 20 h and the longest job", 12, 8, 168, 188),
        ("daily with a start window of an hour and a job of two", 24, 1, 2, 27),
        ("a negative window does not shorten it", 24, -5, -5, 24),
    ];
    for (shows, gap, start, completion, expected) in cases {
        assert_eq!(design_rpo_s(gap * HOUR_S, start * HOUR_S, completion * HOUR_S), expected * HOUR_S, "{shows}");
    }
    assert_eq!((START_WINDOW_DEFAULT_S, COMPLETION_WINDOW_DEFAULT_S), (8 * HOUR_S, 7 * DAY_S));
    assert_eq!(design_rpo_s(i64::MAX, 1, 1), i64::MAX, "saturates");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Sets of hours with fixed minutes; the oracle lists the runs of each day and looks at neighbours.
    #[test]
    fn the_gap_of_daily_hours_is_the_widest_pair_of_neighbours(
        hours in proptest::collection::btree_set(0i64..24, 1..6), minute in 0i64..60, from_s in 0i64..4_000_000_000,
    ) {
        let list = hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let schedule = Schedule::parse(&format!("cron({minute} {list} * * ? *)"), None).unwrap();
        let mut twice: Vec<i64> = hours.iter().copied().chain(hours.iter().map(|hour| hour + 24)).collect();
        twice.sort_unstable();
        let widest = twice.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        prop_assert_eq!(largest_gap(&[&schedule], from_s).gap_s(), Some(widest * HOUR_S));
    }

    /// A further schedule can only fill gaps, and order and repetition do not matter.
    #[test]
    fn a_further_schedule_never_widens_the_gap(a in 0u32..24, b in 0u32..24, every in 1u32..13, from_s in 0i64..4_000_000_000) {
        let one = Schedule::parse(&format!("cron(0 {a} ? * MON-FRI *)"), Some("America/New_York")).unwrap();
        let two = Schedule::parse(&format!("cron(30 {b}/{every} * * ? *)"), Some("Europe/Berlin")).unwrap();
        let both = largest_gap(&[&one, &two], from_s);
        prop_assert!(both.gap_s() <= largest_gap(&[&one], from_s).gap_s());
        prop_assert!(both.gap_s() <= largest_gap(&[&two], from_s).gap_s());
        prop_assert_eq!(both, largest_gap(&[&two, &one, &two], from_s));
    }
}
