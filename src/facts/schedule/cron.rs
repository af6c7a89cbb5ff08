//! Schedules of AWS Backup: a `cron(...)` or `rate(...)` expression in a time zone, and the instants at which it fires.
//!
//! The expression is a plan rule's `ScheduleExpression`, the zone its `ScheduleExpressionTimezone`. `grammar` checks the fields
//! against AWS's text and croner, with AWS's weekdays (1 is Sunday), decides which days match. The walk over local days is
//! ours, because croner moves or repeats runs at clock changes.
//!
//! Clock changes: AWS says only that a run may be skipped or shifted. Here a run whose local time does not exist in spring is
//! **skipped**, and one whose local time comes twice in autumn fires **once**, at the first. Both make gaps longer, never
//! shorter, so a schedule cannot look better than it is. Instants are epoch seconds in UTC and gaps are counted there.
//!
//! Leaves out: whether the expression fires more often than AWS Backup's hour, start windows (`runs`), jobs that really ran.

#[cfg(test)]
mod clock_changes;
mod error;
mod grammar;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Timelike};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CronPattern, Weekday};

pub use error::ScheduleError;
pub use grammar::{Field, FieldCause};

/// The schedule of a plan rule that has none (AWS Backup API reference, `BackupRule`, `ScheduleExpression`).
pub const DEFAULT_EXPRESSION: &str = "cron(0 5 ? * * *)";

/// The zone of a plan rule that names none.
pub const DEFAULT_ZONE: Tz = Tz::UTC;

/// Bounds of the search: AWS's years 1970 to 2199 in any zone, with two days to spare on both sides.
const EARLIEST_S: i64 = -2 * 86_400;
const LATEST_S: i64 = 7_258_118_400 + 2 * 86_400;

/// When a plan rule fires.
///
/// ```
/// use backup_audit::facts::schedule::cron::Schedule;
///
/// let daily = Schedule::parse("cron(0 5 ? * * *)", Some("Asia/Kathmandu"))?;
/// // From 2025-01-01T00:00Z on: 23:15Z, when it is five in the morning there.
/// assert_eq!(daily.next_after(1_735_689_600), Some(1_735_773_300));
/// # Ok::<(), backup_audit::facts::schedule::cron::ScheduleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    timing: Timing,
    zone: Tz,
}

#[derive(Clone, Debug)]
enum Timing {
    Calendar(Box<Calendar>),
    Interval { interval_s: i64 },
}

/// The days and the minutes of a day at which a cron expression fires, by the local clock.
#[derive(Clone, Debug)]
struct Calendar {
    days: CronPattern,
    /// Minutes since local midnight, ascending; at most 1440.
    minutes_of_day: Vec<u32>,
}

impl Schedule {
    /// Reads an expression as AWS Backup stores it.
    ///
    /// - In: `expression` in AWS's spelling (names and wrapper in the documented case, fields separated by white space);
    ///   `timezone` an IANA name, `None` for [`DEFAULT_ZONE`]. Pass [`DEFAULT_EXPRESSION`] for a rule without one.
    /// - An expression whose days never come (30 February) is a schedule, it just never fires.
    /// - Source: `EventBridge` User Guide, "Cron expressions reference" and "Rate expressions reference".
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] for what those pages do not accept and for a zone that is not known. A caller that reads a plan takes
    /// it for a schedule that is not known, never for one without runs.
    pub fn parse(expression: &str, timezone: Option<&str>) -> Result<Self, ScheduleError> {
        let zone = match timezone {
            None => DEFAULT_ZONE,
            Some(name) => Tz::from_str(name).map_err(|_| ScheduleError::UnknownZone { name: name.to_owned() })?,
        };
        let inside = |wrapper: &str| expression.trim_ascii().strip_prefix(wrapper)?.strip_prefix('(')?.strip_suffix(')');
        let timing = match (inside("cron"), inside("rate")) {
            (Some(fields), _) => Timing::Calendar(Box::new(Calendar::parse(expression, fields)?)),
            (_, Some(rate)) => Timing::Interval { interval_s: interval_s(rate)? },
            _ => return Err(ScheduleError::Form { expression: expression.to_owned() }),
        };
        Ok(Self { timing, zone })
    }

    /// Seconds between runs if this is a `rate(...)`, whose runs have a known distance but no known instants; `None` for cron.
    pub fn interval_s(&self) -> Option<i64> {
        match self.timing {
            Timing::Interval { interval_s } => Some(interval_s),
            Timing::Calendar(_) => None,
        }
    }

    /// Zone whose clock the expression follows.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns the first run strictly after `t_s` (epoch seconds), or `None` if there is none until the end of 2199.
    ///
    /// A `rate(...)` says how far apart runs are but not when they are: the answer is then `t_s` plus the interval, the latest
    /// instant by which the next run fires.
    pub fn next_after(&self, t_s: i64) -> Option<i64> {
        self.runs(t_s.checked_add(1)?, i64::MAX).next()
    }

    /// Returns the runs in `[from_s, until_s)` (epoch seconds), ascending and without repetition.
    ///
    /// For a `rate(...)` the runs are one interval apart, counted from just before `from_s`, as in [`Schedule::next_after`];
    /// see [`Schedule::interval_s`] before comparing them with what happened.
    pub fn runs(&self, from_s: i64, until_s: i64) -> Runs<'_> {
        Runs::new(self, from_s, until_s)
    }

    /// The first instant at which the local clock shows this minute; `None` if a clock change jumps over it.
    fn instant_s(&self, day: NaiveDate, minute_of_day: u32) -> Option<i64> {
        let local = day.and_hms_opt(minute_of_day / 60, minute_of_day % 60, 0)?;
        Some(self.zone.from_local_datetime(&local).earliest()?.timestamp())
    }
}

impl Calendar {
    fn parse(expression: &str, fields: &str) -> Result<Self, ScheduleError> {
        let texts: Vec<&str> = fields.split_ascii_whitespace().collect();
        let Ok([minutes, hours, day_of_month, month, day_of_week, year]) = <[&str; 6]>::try_from(texts.as_slice()) else {
            return Err(ScheduleError::FieldCount { expression: expression.to_owned(), found: texts.len() });
        };
        let mut canonical = vec!["0".to_owned()]; // croner's seconds
        for (field, text) in Field::ALL.into_iter().zip([minutes, hours, day_of_month, month, day_of_week, year]) {
            canonical.push(grammar::canonical(field, text)?);
        }
        if (day_of_month == "?") == (day_of_week == "?") {
            return Err(ScheduleError::DayFields { day_of_month: day_of_month.to_owned(), day_of_week: day_of_week.to_owned() });
        }
        let parser =
            CronParser::builder().seconds(Seconds::Required).year(Year::Required).alternative_weekdays(true).sloppy_ranges(true).build();
        let cron =
            parser.parse(&canonical.join(" ")).map_err(|source| ScheduleError::Evaluation { expression: expression.to_owned(), source })?;
        let minutes = cron.pattern.minutes.values();
        let minutes_of_day =
            cron.pattern.hours.values().iter().flat_map(|hour| minutes.iter().map(move |minute| u32::from(hour * 60 + minute))).collect();
        Ok(Self { days: cron.pattern, minutes_of_day })
    }

    /// The first matching day from `day` to `last`, both included. Years and months that do not match are skipped whole.
    fn day_from(&self, mut day: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
        while day <= last {
            // An error would be a date that does not exist, which a `NaiveDate` is not; no run is then the careful reading.
            day = if !self.days.year_match(day.year()).unwrap_or(false) {
                NaiveDate::from_ymd_opt(day.year() + 1, 1, 1)?
            } else if !self.days.month_match(day.month()).unwrap_or(false) {
                day.with_day(1)?.checked_add_months(chrono::Months::new(1))?
            } else if self.matches(day) {
                return Some(day);
            } else {
                day.succ_opt()?
            };
        }
        None
    }

    fn matches(&self, day: NaiveDate) -> bool {
        let weekday = Weekday::from_days_from_sunday(day.weekday().num_days_from_sunday());
        self.days.day_match(day.year(), day.month(), day.day(), weekday).unwrap_or(false)
    }
}

/// Reads what `rate(...)` holds; 1 takes the singular of the unit, every other number the plural.
fn interval_s(rate: &str) -> Result<i64, ScheduleError> {
    let refused = || ScheduleError::Rate { rate: rate.to_owned() };
    let words: Vec<&str> = rate.split_ascii_whitespace().collect();
    let [value, unit] = words[..] else { return Err(refused()) };
    let value: u32 = if value.bytes().all(|b| b.is_ascii_digit()) { value.parse().map_err(|_| refused())? } else { 0 };
    let unit_s = match (value, unit) {
        (1, "minute") | (2.., "minutes") => 60,
        (1, "hour") | (2.., "hours") => 3_600,
        (1, "day") | (2.., "days") => 86_400,
        _ => return Err(refused()),
    };
    Ok(i64::from(value) * unit_s)
}

/// The runs of a schedule in a window, ascending; see [`Schedule::runs`].
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    schedule: &'a Schedule,
    /// No earlier run is returned; always just after the last one returned.
    from_s: i64,
    until_s: i64,
    /// Local day under the cursor and the index of its next minute; `None` at the end. Not used by a rate.
    day: Option<NaiveDate>,
    index: usize,
    last_day: NaiveDate,
}

impl<'a> Runs<'a> {
    fn new(schedule: &'a Schedule, from_s: i64, until_s: i64) -> Self {
        let mut runs = Self { schedule, from_s, until_s, day: None, index: 0, last_day: NaiveDate::MIN };
        let local = |t_s: i64| {
            let utc = DateTime::from_timestamp(t_s.clamp(EARLIEST_S, LATEST_S), 0)?;
            Some(utc.with_timezone(&schedule.zone).naive_local())
        };
        if let Timing::Calendar(calendar) = &schedule.timing
            && let (Some(from), Some(until)) = (local(from_s), local(until_s))
        {
            // What the clock showed earlier than now was reached before now, even in a repeated hour, so no run is missed by starting here.
            runs.last_day = until.date();
            runs.day = calendar.day_from(from.date(), runs.last_day);
            if runs.day == Some(from.date()) {
                let minute = from.hour() * 60 + from.minute();
                runs.index = calendar.minutes_of_day.partition_point(|&m| m < minute);
            }
        }
        runs
    }

    /// The next run of a cron expression.
    fn next_in(&mut self, calendar: &Calendar) -> Option<i64> {
        loop {
            let day = self.day?;
            let Some(&minute) = calendar.minutes_of_day.get(self.index) else {
                self.day = calendar.day_from(day.succ_opt()?, self.last_day);
                self.index = 0;
                continue;
            };
            self.index += 1;
            if let Some(run_s) = self.schedule.instant_s(day, minute)
                && run_s >= self.from_s
            {
                return Some(run_s);
            }
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let schedule = self.schedule;
        let run_s = match &schedule.timing {
            Timing::Calendar(calendar) => self.next_in(calendar)?,
            Timing::Interval { interval_s } => self.from_s.checked_add(interval_s - 1)?,
        };
        if run_s >= self.until_s {
            return None;
        }
        self.from_s = run_s.checked_add(1)?;
        Some(run_s)
    }
}
