//! What AWS accepts and refuses, and the next runs worked out by hand with a calendar.

use chrono::NaiveDateTime;

use super::*;

/// Epoch seconds of `2025-03-30T01:00Z`.
pub(super) fn at(text: &str) -> i64 {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ").unwrap().and_utc().timestamp()
}

/// The first runs at or after `from`, as the tables write them.
pub(super) fn first_runs(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(expression, Some(zone)).unwrap();
    let runs = schedule.runs(at(from), i64::MAX).take(count);
    runs.map(|run_s| DateTime::from_timestamp(run_s, 0).unwrap().format("%Y-%m-%dT%H:%MZ").to_string()).collect()
}

/// What it shows, expression, search from, next runs (UTC). 2025-01-01 was a Wednesday.
/// "page" is "Cron expressions reference" of the `EventBridge` User Guide.
const WORKED_EXAMPLES: &[(&str, &str, &str, &[&str])] = &[
    ("page: every day at ten", "cron(0 10 * * ? *)", "2025-01-01T10:01Z", &["2025-01-02T10:00Z", "2025-01-03T10:00Z"]),
    ("page: every day at a quarter past noon", "cron(15 12 * * ? *)", "2025-01-01T00:00Z", &["2025-01-01T12:15Z", "2025-01-02T12:15Z"]),
    (
        "page: names and a range, Friday to Monday",
        "cron(0 18 ? * MON-FRI *)",
        "2025-01-03T00:00Z",
        &["2025-01-03T18:00Z", "2025-01-06T18:00Z"],
    ),
    ("page: first of the month", "cron(0 8 1 * ? *)", "2025-01-01T08:01Z", &["2025-02-01T08:00Z", "2025-03-01T08:00Z"]),
    ("page: start and increment", "cron(0/15 * * * ? *)", "2025-01-01T00:31Z", &["2025-01-01T00:45Z", "2025-01-01T01:00Z"]),
    ("page: every ten minutes on weekdays", "cron(0/10 * ? * MON-FRI *)", "2025-01-03T23:45Z", &["2025-01-03T23:50Z", "2025-01-06T00:00Z"]),
    (
        "page: 17:55 is the last of the range 8-17",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "2025-01-01T17:51Z",
        &["2025-01-01T17:55Z", "2025-01-02T08:00Z"],
    ),
    (
        "page: hours wrap within each weekday, so early on Monday and not early on Saturday",
        "cron(0/30 20-2 ? * MON-FRI *)",
        "2025-01-03T23:15Z",
        &["2025-01-03T23:30Z", "2025-01-06T00:00Z", "2025-01-06T00:30Z"],
    ),
    ("page: increment from the first minute", "cron(1/10 0 * * ? *)", "2025-01-01T00:00Z", &["2025-01-01T00:01Z", "2025-01-01T00:11Z"]),
    ("page: 6L is the last Friday", "cron(15 10 ? * 6L 2019-2022)", "2022-11-01T00:00Z", &["2022-11-25T10:15Z", "2022-12-30T10:15Z"]),
    ("page: 3#2 is the second Tuesday", "cron(0 9 ? * 3#2 *)", "2025-01-01T00:00Z", &["2025-01-14T09:00Z", "2025-02-11T09:00Z"]),
    ("page: 2#1 is the first Monday", "cron(0 9 ? * 2#1 *)", "2025-01-07T00:00Z", &["2025-02-03T09:00Z", "2025-03-03T09:00Z"]),
    (
        "a month without a fifth Saturday has no run",
        "cron(0 0 ? * SAT#5 *)",
        "2025-03-01T00:00Z",
        &["2025-03-29T00:00Z", "2025-05-31T00:00Z"],
    ),
    ("page: 3W on a Friday stays", "cron(0 0 3W 1 ? *)", "2025-01-01T00:00Z", &["2025-01-03T00:00Z"]),
    ("W on a Saturday goes back to Friday", "cron(0 0 15W * ? *)", "2025-02-01T00:00Z", &["2025-02-14T00:00Z", "2025-03-14T00:00Z"]),
    ("W on a Sunday goes on to Monday", "cron(0 0 15W 6 ? *)", "2025-01-01T00:00Z", &["2025-06-16T00:00Z"]),
    (
        "1W on a Saturday stays in its month: the 3rd",
        "cron(0 0 1W * ? *)",
        "2025-02-01T00:00Z",
        &["2025-02-03T00:00Z", "2025-03-03T00:00Z"],
    ),
    ("30W on the Sunday that ends a month: the 28th", "cron(0 0 30W 11 ? *)", "2025-01-01T00:00Z", &["2025-11-28T00:00Z"]),
    ("31W skips shorter months", "cron(0 0 31W * ? *)", "2025-04-01T00:00Z", &["2025-05-30T00:00Z", "2025-07-31T00:00Z"]),
    (
        "L follows the length of the month",
        "cron(0 0 L * ? *)",
        "2024-02-01T00:00Z",
        &["2024-02-29T00:00Z", "2024-03-31T00:00Z", "2024-04-30T00:00Z"],
    ),
    ("LW is the last day from Monday to Friday", "cron(0 0 LW * ? *)", "2025-05-01T00:00Z", &["2025-05-30T00:00Z", "2025-06-30T00:00Z"]),
    ("L as a weekday is Saturday", "cron(0 0 ? * L *)", "2025-01-01T00:00Z", &["2025-01-04T00:00Z", "2025-01-11T00:00Z"]),
    ("1 is Sunday", "cron(0 0 ? * 1 *)", "2025-01-01T00:00Z", &["2025-01-05T00:00Z", "2025-01-12T00:00Z"]),
    ("7 is Saturday", "cron(0 0 ? * 7 *)", "2025-01-01T00:00Z", &["2025-01-04T00:00Z"]),
    (
        "weekdays wrap from Friday to Monday",
        "cron(0 0 ? * FRI-MON *)",
        "2025-01-05T00:00Z",
        &["2025-01-05T00:00Z", "2025-01-06T00:00Z", "2025-01-10T00:00Z"],
    ),
    ("months wrap", "cron(0 0 1 NOV-JAN ? *)", "2025-01-01T00:01Z", &["2025-11-01T00:00Z", "2025-12-01T00:00Z", "2026-01-01T00:00Z"]),
    (
        "a wrapping range with an increment counts on",
        "cron(0 20-2/3 * * ? *)",
        "2025-01-01T00:00Z",
        &["2025-01-01T02:00Z", "2025-01-01T20:00Z", "2025-01-01T23:00Z"],
    ),
    ("days in a list, in any order and twice", "cron(0 0 20,1,20 * ? *)", "2025-01-02T00:00Z", &["2025-01-20T00:00Z", "2025-02-01T00:00Z"]),
    ("a number and L in a list", "cron(0 0 15,L * ? *)", "2025-02-01T00:00Z", &["2025-02-15T00:00Z", "2025-02-28T00:00Z"]),
    ("two last weekdays in a list", "cron(0 0 ? * 2L,6L *)", "2025-01-01T00:00Z", &["2025-01-27T00:00Z", "2025-01-31T00:00Z"]),
    (
        "a month as start of an increment",
        "cron(0 0 25 MAR/4 ? *)",
        "2025-01-01T00:00Z",
        &["2025-03-25T00:00Z", "2025-07-25T00:00Z", "2025-11-25T00:00Z"],
    ),
    (
        "an increment of 1 is the rest of the field",
        "cron(57/1 0 1 1 ? *)",
        "2025-01-01T00:00Z",
        &["2025-01-01T00:57Z", "2025-01-01T00:58Z", "2025-01-01T00:59Z"],
    ),
    (
        "an increment wider than the field leaves the start",
        "cron(0 3/24 * * ? *)",
        "2025-01-01T00:00Z",
        &["2025-01-01T03:00Z", "2025-01-02T03:00Z"],
    ),
    ("years count from 1970", "cron(0 0 1 1 ? */50)", "2000-01-01T00:00Z", &["2020-01-01T00:00Z", "2070-01-01T00:00Z"]),
    ("29 February waits for a leap year", "cron(0 0 29 2 ? *)", "2025-01-01T00:00Z", &["2028-02-29T00:00Z", "2032-02-29T00:00Z"]),
    ("leading zeros and wide spaces", "cron(00  05 ?\t* * *)", "2025-01-01T00:00Z", &["2025-01-01T05:00Z"]),
    ("AWS Backup's default", DEFAULT_EXPRESSION, "2025-01-01T05:01Z", &["2025-01-02T05:00Z"]),
    (
        "AWS Backup: every twelve hours, if the first is before noon",
        "cron(0 5/12 * * ? *)",
        "2025-01-01T00:00Z",
        &["2025-01-01T05:00Z", "2025-01-01T17:00Z", "2025-01-02T05:00Z"],
    ),
    (
        "AWS Backup: from 12:00 on it is once a day, the increment ends at 23:59",
        "cron(0 12/12 * * ? *)",
        "2025-01-01T00:00Z",
        &["2025-01-01T12:00Z", "2025-01-02T12:00Z"],
    ),
];

#[test]
fn each_wildcard_fires_when_aws_says() {
    for (shows, expression, from, expected) in WORKED_EXAMPLES {
        assert_eq!(first_runs(expression, "UTC", from, expected.len()), *expected, "{shows}: {expression}");
    }
}

#[test]
fn what_aws_does_not_accept_is_refused_with_its_reason() {
    // why, expression, part of the message
    let cases = [
        ("croner alone takes both day fields", "cron(0 12 * * 2 *)", "`?` in exactly one"),
        ("both stars", "cron(0 12 * * * *)", "`?` in exactly one"),
        ("no day at all", "cron(0 12 ? * ? *)", "`?` in exactly one"),
        ("`?` is for days", "cron(? 12 * * ? *)", "minutes field `?`: `?` is not a value"),
        ("`?` in a list", "cron(0 12 ?,1 * ? *)", "`?` can only stand alone"),
        ("`*` in a list", "cron(0 12 *,1 * ? *)", "`*` can only stand alone"),
        ("a Unix expression without a year", "cron(0 12 * * ?)", "has 5 fields"),
        ("seconds", "cron(0 0 12 * * ? *)", "has 7 fields"),
        ("no fields", "cron()", "has 0 fields"),
        ("croner's alias", "cron(@daily)", "has 1 fields"),
        ("croner's alias in a field", "cron(@daily 5 * * ? *)", "minutes field `@daily`"),
        ("croner's both-days sign", "cron(0 5 ? * +2 *)", "`+2` is not a value"),
        ("a sign", "cron(+5 5 * * ? *)", "`+5` is not a value"),
        ("a negative number", "cron(-5 5 * * ? *)", "`` is not a value"),
        ("names in lower case are not in AWS's text", "cron(0 5 ? * mon *)", "`mon` is not a value"),
        ("a whole name", "cron(0 5 ? * MONDAY *)", "`MONDAY` is not a value"),
        ("a weekday in the month field", "cron(0 5 1 MON ? *)", "month field `MON`"),
        ("minute 60", "cron(60 5 * * ? *)", "60 is out of range; AWS accepts 0-59"),
        ("hour 24", "cron(0 24 * * ? *)", "24 is out of range; AWS accepts 0-23"),
        ("day 0", "cron(0 5 0 * ? *)", "0 is out of range"),
        ("day 32", "cron(0 5 32 * ? *)", "32 is out of range"),
        ("month 13", "cron(0 5 1 13 ? *)", "13 is out of range"),
        ("Sunday as 0, as in Unix", "cron(0 5 ? * 0 *)", "0 is out of range; AWS accepts 1-7"),
        ("weekday 8", "cron(0 5 ? * 8 *)", "8 is out of range"),
        ("year 1969", "cron(0 5 * * ? 1969)", "1969 is out of range; AWS accepts 1970-2199"),
        ("year 2200", "cron(0 5 * * ? 2200)", "2200 is out of range"),
        ("years in two digits", "cron(0 5 * * ? 25)", "25 is out of range"),
        ("years that wrap", "cron(0 5 * * ? 2030-2025)", "years do not wrap"),
        ("three digits", "cron(000 5 * * ? *)", "`000` is not a value"),
        ("increment 0", "cron(0/0 5 * * ? *)", "`0` is not an increment"),
        ("no increment", "cron(0/ 5 * * ? *)", "`` is not an increment"),
        ("no start; croner's sloppy ranges take it", "cron(/5 5 * * ? *)", "`` is not a value"),
        ("two increments", "cron(0/5/5 5 * * ? *)", "`5/5` is not an increment"),
        ("a range of three", "cron(1-2-3 5 * * ? *)", "`2-3` is not a value"),
        ("an open range", "cron(5- 5 * * ? *)", "`` is not a value"),
        ("increments of weekdays are not in AWS's table", "cron(0 5 ? * 2/2 *)", "`/` is not allowed"),
        ("two `#`; AWS's own example of a refusal", "cron(0 5 ? * 3#1,6#3 *)", "`#` can only stand alone"),
        ("`#` beside a number", "cron(0 5 ? * 2,3#1 *)", "`#` can only stand alone"),
        ("a sixth Tuesday", "cron(0 5 ? * 3#6 *)", "`6` is not an occurrence"),
        ("`#` without a week", "cron(0 5 ? * 3# *)", "`` is not an occurrence"),
        ("`#` in the other day field", "cron(0 5 3#2 * ? *)", "day-of-month field"),
        ("`W` in the other day field", "cron(0 5 ? * 3W *)", "day-of-week field"),
        ("a weekday's L in the other day field", "cron(0 5 6L * ? *)", "`6L` is not a value"),
        ("W without a day", "cron(0 5 W * ? *)", "`` is not a value"),
        ("W of a range", "cron(0 5 1-5W * ? *)", "`1-5` is not a value"),
        ("32W", "cron(0 5 32W * ? *)", "32 is out of range"),
        ("Quartz's days before the last", "cron(0 5 L-3 * ? *)", "`L` is not a value"),
        ("croner mixes these two up", "cron(0 5 L,LW * ? *)", "`L` and `LW` exclude each other"),
        ("L in another field", "cron(0 L * * ? *)", "hours field `L`"),
        ("an empty part; croner skips it", "cron(0 5,,6 * * ? *)", "a part of the list is empty"),
        ("a trailing comma", "cron(0 5, * * ? *)", "a part of the list is empty"),
        ("other digits", "cron(٣ 5 * * ? *)", "`٣` is not a value"),
        ("no wrapper", "0 5 * * ? *", "neither"),
        ("a wrapper in capitals", "CRON(0 5 * * ? *)", "neither"),
        ("one-time schedules are not for AWS Backup", "at(2025-01-01T00:00:00)", "neither"),
        ("an open wrapper", "cron(0 5 * * ? *", "neither"),
        ("nothing", "", "neither"),
        ("rate 0", "rate(0 hours)", "AWS accepts a whole number from 1"),
        ("1 with the plural", "rate(1 hours)", "`1 hours`"),
        ("2 with the singular", "rate(2 day)", "`2 day`"),
        ("weeks", "rate(2 weeks)", "`2 weeks`"),
        ("fractions", "rate(1.5 hours)", "`1.5 hours`"),
        ("negative", "rate(-2 hours)", "`-2 hours`"),
        ("no unit", "rate(5)", "`5`"),
        ("a number beyond all bounds", "rate(99999999999 days)", "`99999999999 days`"),
    ];
    for (why, expression, part) in cases {
        let message = Schedule::parse(expression, None).map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
        assert!(message.contains(part), "{why}: {expression}: {message}");
    }
}

#[test]
fn a_refused_field_names_the_field_the_cause_and_what_is_accepted() {
    let error = Schedule::parse("cron(0 24 * * ? *)", None).unwrap_err();
    assert_eq!(error.to_string(), "hours field `24`: 24 is out of range; AWS accepts 0-23 with , - * /");
}

#[test]
fn zones() {
    assert_eq!(Schedule::parse(DEFAULT_EXPRESSION, None).unwrap().zone(), Tz::UTC, "AWS Backup's default zone");
    for name in ["Europe/Berlin", "Etc/UTC", "America/Argentina/Buenos_Aires"] {
        assert_eq!(Schedule::parse(DEFAULT_EXPRESSION, Some(name)).unwrap().zone().name(), name);
    }
    for name in ["Europe/Atlantis", "europe/berlin", "+02:00", ""] {
        let error = Schedule::parse(DEFAULT_EXPRESSION, Some(name)).unwrap_err();
        assert!(error.to_string().contains(&format!("`{name}` is not a time zone")), "{error}");
    }
}

#[test]
fn a_rate_has_a_distance_but_no_phase() {
    let cases = [
        ("rate(1 minute)", 60),
        ("rate(90 minutes)", 5_400),
        ("rate(1 hour)", 3_600),
        ("rate(12 hours)", 43_200),
        ("rate(1 day)", 86_400),
        ("rate(7 days)", 604_800),
        ("rate(4294967295 days)", 4_294_967_295 * 86_400),
    ];
    for (expression, interval_s) in cases {
        let schedule = Schedule::parse(expression, Some("Europe/Berlin")).unwrap();
        assert_eq!(schedule.interval_s(), Some(interval_s), "{expression}");
        assert_eq!(schedule.next_after(1_000), Some(1_000 + interval_s), "{expression}: the latest instant of the next run");
        let runs: Vec<i64> = schedule.runs(1_001, 1_000 + 2 * interval_s + 1).collect();
        assert_eq!(runs, [1_000 + interval_s, 1_000 + 2 * interval_s], "{expression}");
    }
    assert_eq!(Schedule::parse(DEFAULT_EXPRESSION, None).unwrap().interval_s(), None);
}

#[test]
fn windows_are_half_open_and_the_search_is_strict() {
    let schedule = Schedule::parse("cron(0 * * * ? *)", None).unwrap();
    assert_eq!(schedule.runs(0, 7_200).collect::<Vec<_>>(), [0, 3_600], "the beginning is in the window, the end is not");
    assert_eq!(schedule.runs(1, 3_600).count(), 0);
    assert_eq!(schedule.runs(7_200, 0).count(), 0, "a window that ends before it begins is empty");
    assert_eq!(schedule.next_after(0), Some(3_600), "strictly after");
    assert_eq!(schedule.next_after(-1), Some(0));
}

#[test]
fn no_moment_and_no_schedule_hangs_or_panics() {
    let expressions = ["cron(* * * * ? *)", "cron(0 0 30 2 ? *)", "cron(0 0 31W 4 ? *)", "cron(0 0 1 1 ? 1970)", "rate(4294967295 days)"];
    for expression in expressions {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let schedule = Schedule::parse(expression, Some(zone)).unwrap();
            for t_s in [i64::MIN, i64::MIN + 1, -1, 0, 7_258_118_399, 7_258_118_400, i64::MAX - 1, i64::MAX] {
                if let Some(next_s) = schedule.next_after(t_s) {
                    assert!(next_s > t_s, "{expression} {zone} {t_s}");
                }
            }
        }
    }
    let last = Schedule::parse("cron(* * * * ? *)", None).unwrap();
    assert_eq!(last.next_after(7_258_118_400 - 61), Some(7_258_118_400 - 60), "AWS's last minute, 2199-12-31T23:59Z");
    assert_eq!(last.next_after(7_258_118_400 - 60), None, "nothing after AWS's last year");
    assert_eq!(Schedule::parse("cron(0 0 30 2 ? *)", None).unwrap().next_after(0), None, "30 February");
}
