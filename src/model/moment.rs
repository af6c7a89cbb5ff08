//! Instants as epoch seconds in UTC, and half-open windows of them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

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

/// A span of time `[start_s, end_s)` in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First second inside.
    pub start_s: i64,
    /// First second after.
    pub end_s: i64,
}

impl Window {
    /// Reads `A..B`, each as [`parse`] does.
    ///
    /// # Errors
    /// A sentence naming what is wrong: no `..`, an unreadable moment, or an end that is not after the start.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (start, end) = text.split_once("..").ok_or_else(|| format!("`{text}` is not a window: write `2026-08-22..2026-11-20`"))?;
        let (start_s, end_s) = (parse(start).map_err(|e| e.to_string())?, parse(end).map_err(|e| e.to_string())?);
        if end_s <= start_s {
            return Err(format!("the window `{text}` ends before it begins"));
        }
        Ok(Self { start_s, end_s })
    }

    /// Length in seconds.
    pub fn seconds(&self) -> i64 {
        self.end_s - self.start_s
    }
}
