//! Runs around clock changes, worked out by hand: in a gap none, in a repeated hour only the first.

use super::tests::first_runs;

/// What it shows, expression, zone, search from, next runs (UTC).
const WORKED_EXAMPLES: &[(&str, &str, &str, &str, &[&str])] = &[
    // Berlin 2025: 30 March 02:00 CET is 03:00 CEST; 26 October 03:00 CEST is 02:00 CET; both at 01:00Z.
    ("spring: 02:30 is skipped", "cron(30 2 * * ? *)", "Europe/Berlin", "2025-03-29T00:00Z", &["2025-03-29T01:30Z", "2025-03-31T00:30Z"]),
    (
        "spring: 02:00 is the first to miss",
        "cron(0 2 * * ? *)",
        "Europe/Berlin",
        "2025-03-29T00:00Z",
        &["2025-03-29T01:00Z", "2025-03-31T00:00Z"],
    ),
    (
        "spring: 03:00 exists, an hour early",
        "cron(0 3 * * ? *)",
        "Europe/Berlin",
        "2025-03-29T00:00Z",
        &["2025-03-29T02:00Z", "2025-03-30T01:00Z"],
    ),
    (
        "spring: hourly runs stay an hour apart",
        "cron(0 * * * ? *)",
        "Europe/Berlin",
        "2025-03-30T00:00Z",
        &["2025-03-30T00:00Z", "2025-03-30T01:00Z", "2025-03-30T02:00Z"],
    ),
    (
        "autumn: 02:30 only the first time",
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
        "2025-10-25T12:00Z",
        &["2025-10-26T00:30Z", "2025-10-27T01:30Z"],
    ),
    (
        "autumn: searching in the second 02:xx finds the next day",
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
        "2025-10-26T01:10Z",
        &["2025-10-27T01:30Z"],
    ),
    (
        "autumn: hourly runs leave two hours",
        "cron(0 * * * ? *)",
        "Europe/Berlin",
        "2025-10-25T23:00Z",
        &["2025-10-25T23:00Z", "2025-10-26T00:00Z", "2025-10-26T02:00Z"],
    ),
    // New York 2025: 9 March 02:00 EST is 03:00 EDT at 07:00Z; 2 November 02:00 EDT is 01:00 EST at 06:00Z.
    (
        "spring: 02:15 is skipped",
        "cron(15 2 * * ? *)",
        "America/New_York",
        "2025-03-08T00:00Z",
        &["2025-03-08T07:15Z", "2025-03-10T06:15Z"],
    ),
    (
        "autumn: 01:30 only the first time",
        "cron(30 1 * * ? *)",
        "America/New_York",
        "2025-11-02T00:00Z",
        &["2025-11-02T05:30Z", "2025-11-03T06:30Z"],
    ),
    (
        "02:00 comes once in autumn",
        "cron(0 2 * * ? *)",
        "America/New_York",
        "2025-11-01T12:00Z",
        &["2025-11-02T07:00Z", "2025-11-03T07:00Z"],
    ),
    // Lord Howe 2025: 6 April 02:00 (+11) is 01:30 (+10:30) at 15:00Z on the 5th; 5 October 02:00 (+10:30) is 02:30 (+11) at 15:30Z on the 4th.
    (
        "half an hour: 02:15 is skipped",
        "cron(15 2 * * ? *)",
        "Australia/Lord_Howe",
        "2025-10-03T12:00Z",
        &["2025-10-03T15:45Z", "2025-10-05T15:15Z"],
    ),
    (
        "half an hour: 02:30 exists",
        "cron(30 2 * * ? *)",
        "Australia/Lord_Howe",
        "2025-10-03T12:00Z",
        &["2025-10-03T16:00Z", "2025-10-04T15:30Z"],
    ),
    (
        "half an hour: 01:45 only the first time",
        "cron(45 1 * * ? *)",
        "Australia/Lord_Howe",
        "2025-04-05T12:00Z",
        &["2025-04-05T14:45Z", "2025-04-06T15:15Z"],
    ),
    (
        "half an hour: 01:15 comes once",
        "cron(15 1 * * ? *)",
        "Australia/Lord_Howe",
        "2025-04-05T12:00Z",
        &["2025-04-05T14:15Z", "2025-04-06T14:45Z"],
    ),
    // Kathmandu: +05:45, no clock changes.
    ("a quarter of an hour off", "cron(0 0 * * ? *)", "Asia/Kathmandu", "2025-01-01T00:00Z", &["2025-01-01T18:15Z", "2025-01-02T18:15Z"]),
    ("the local calendar decides the weekday", "cron(0 3 ? * MON *)", "Asia/Kathmandu", "2025-01-01T00:00Z", &["2025-01-05T21:15Z"]),
    // Apia had no 30 December 2011.
    ("a day that never was", "cron(0 12 * * ? *)", "Pacific/Apia", "2011-12-29T00:00Z", &["2011-12-29T22:00Z", "2011-12-30T22:00Z"]),
    // Sao Paulo jumped from 00:00 to 01:00 on 4 November 2018.
    (
        "a day without a midnight",
        "cron(0 0 * * ? *)",
        "America/Sao_Paulo",
        "2018-11-03T00:00Z",
        &["2018-11-03T03:00Z", "2018-11-05T02:00Z"],
    ),
];

#[test]
fn clock_changes_skip_what_does_not_exist_and_run_once_what_comes_twice() {
    for (shows, expression, zone, from, expected) in WORKED_EXAMPLES {
        assert_eq!(first_runs(expression, zone, from, expected.len()), *expected, "{shows}: {expression} {zone}");
    }
}
