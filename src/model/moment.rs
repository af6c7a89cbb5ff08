//! Instants as epoch seconds in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;
/// Seconds of an hour.
pub const HOUR_S: i64 = 3_600;

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a moment: write RFC 3339 such as `2026-11-20T04:00:00Z`, or a date such as `2026-11-20` (midnight UTC)")]
pub struct MomentError(String);

/// Reads RFC 3339, or a date as its midnight UTC, into epoch seconds (fractions are cut).
///
/// # Errors
/// `MomentError` with the text if it is neither, or lies outside the years -9999 to 9999.
///
/// ```
/// use backup_audit::model::moment::parse;
/// assert_eq!(parse("1970-01-02"), Ok(86_400));
/// assert_eq!(parse("1970-01-01T01:00:00+01:00"), Ok(0));
/// assert!(parse("yesterday").is_err());
/// ```
pub fn parse(text: &str) -> Result<i64, MomentError> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_second());
    }
    let date: Date = text.parse().map_err(|_| MomentError(text.to_owned()))?;
    let midnight = DateTime::from_parts(date, jiff::civil::Time::midnight());
    TimeZone::UTC.to_timestamp(midnight).map(Timestamp::as_second).map_err(|_| MomentError(text.to_owned()))
}

/// Writes epoch seconds as RFC 3339 in UTC; out of range gives the number with ` s`.
///
/// ```
/// assert_eq!(backup_audit::model::moment::text(0), "1970-01-01T00:00:00Z");
/// ```
pub fn text(moment_s: i64) -> String {
    Timestamp::from_second(moment_s).map_or_else(|_| format!("{moment_s} s"), |moment| moment.to_string())
}

/// Writes epoch seconds for people, to the minute: `2026-11-20 04:00`.
pub fn short(moment_s: i64) -> String {
    Timestamp::from_second(moment_s).map_or_else(|_| format!("{moment_s} s"), |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}
