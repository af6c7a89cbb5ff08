//! The largest gap a schedule leaves between runs, and the recovery point objective its design can keep.
//!
//! From the schedules of `cron`. The gap is measured in UTC over 13 months, so that every month, both clock changes and a yearly
//! run are in it. Several schedules that protect the same resource are judged by the union of their runs.
//!
//! Leaves out: runs that failed or were merged (AWS Backup takes only one backup of rules whose start windows overlap), and what
//! was achieved, which `exposure` measures.

#[cfg(test)]
mod tests;

use std::iter::Peekable;

use chrono::{DateTime, Months};

use super::cron::{Runs, Schedule};

/// Length of the time over which gaps are measured, in calendar months.
pub const SPAN_MONTHS: u32 = 13;

/// Start window of a plan rule that names none: 8 hours (AWS Backup API reference, `BackupRule`, `StartWindowMinutes`).
pub const START_WINDOW_DEFAULT_S: i64 = 8 * 3_600;

/// Completion window of a plan rule that names none: 7 days (AWS Backup, "Plan options and configuration").
pub const COMPLETION_WINDOW_DEFAULT_S: i64 = 7 * 86_400;

/// What the runs of one or more schedules leave uncovered, beginning at a given instant.
///
/// Only [`LargestGap::Gap`] and [`LargestGap::Interval`] bound the data that can be lost; the others must never pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargestGap {
    /// No run within the 13 months.
    Never,
    /// One run within the 13 months and none after it.
    Once {
        /// The run, epoch seconds.
        run_s: i64,
    },
    /// More than one run, but the last of all is within the 13 months: the gap after it is open.
    Ends {
        /// First run at or after the beginning, epoch seconds.
        first_run_s: i64,
        /// Last run of all, epoch seconds.
        last_run_s: i64,
    },
    /// A `rate(...)` decides: runs are never further apart than this, but when they are is not known.
    Interval {
        /// Seconds between runs.
        gap_s: i64,
    },
    /// Runs go on, and this is the longest time without one.
    Gap(Gap),
}

/// The longest time without a run, the first of several that are equal. All values are seconds, instants since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `to_s - from_s`.
    pub gap_s: i64,
    /// The run before the gap, or the beginning of the 13 months if the wait for the first run is the longest.
    pub from_s: i64,
    /// The run after the gap; it can lie beyond the 13 months.
    pub to_s: i64,
    /// First run at or after the beginning.
    pub first_run_s: i64,
    /// Number of distinct runs within the 13 months.
    pub runs: u64,
}

impl LargestGap {
    /// Seconds that runs are apart at most; `None` if nothing bounds them, which is a finding and not a missing value.
    pub fn gap_s(&self) -> Option<i64> {
        match *self {
            Self::Interval { gap_s } | Self::Gap(Gap { gap_s, .. }) => Some(gap_s),
            Self::Never | Self::Once { .. } | Self::Ends { .. } => None,
        }
    }
}

/// Returns the longest time without a run of any of `schedules`, over 13 calendar months (UTC) from `from_s`.
///
/// Counted are the wait from `from_s` to the first run, so that a schedule which begins next year does not look covered until
/// then, and every pair of consecutive runs whose earlier one lies within the 13 months, also if the later one does not.
/// A run of two schedules at the same instant is one run.
///
/// - In: `schedules` in any order; none gives [`LargestGap::Never`]. `from_s` epoch seconds, usually the run's `as_of`.
/// - `rate(...)` among them bounds the gap by its interval; nothing is gained from several, as they may fire together.
/// - Cost: one step a run; an expression that fires each minute has 570,000.
pub fn largest_gap(schedules: &[&Schedule], from_s: i64) -> LargestGap {
    let calendars: Vec<&Schedule> = schedules.iter().copied().filter(|schedule| schedule.interval_s().is_none()).collect();
    let fixed = largest_fixed_gap(&calendars, from_s);
    match schedules.iter().filter_map(|schedule| schedule.interval_s()).min() {
        Some(gap_s) if fixed.gap_s().is_none_or(|fixed_s| gap_s < fixed_s) => LargestGap::Interval { gap_s },
        _ => fixed,
    }
}

/// [`largest_gap`] of cron expressions only.
fn largest_fixed_gap(schedules: &[&Schedule], from_s: i64) -> LargestGap {
    let mut union: Vec<_> = schedules.iter().map(|schedule| schedule.runs(from_s, i64::MAX).peekable()).collect();
    let until_s = span_end_s(from_s);
    let Some(first_run_s) = next_of(&mut union).filter(|&run_s| run_s < until_s) else { return LargestGap::Never };
    let mut gap = Gap { gap_s: first_run_s - from_s, from_s, to_s: first_run_s, first_run_s, runs: 1 };
    let mut run_s = first_run_s;
    loop {
        let Some(next_s) = next_of(&mut union) else {
            return if gap.runs == 1 { LargestGap::Once { run_s } } else { LargestGap::Ends { first_run_s, last_run_s: run_s } };
        };
        if next_s - run_s > gap.gap_s {
            gap = Gap { gap_s: next_s - run_s, from_s: run_s, to_s: next_s, ..gap };
        }
        if next_s >= until_s {
            return LargestGap::Gap(gap);
        }
        gap.runs += 1;
        run_s = next_s;
    }
}

/// Takes the earliest run from all iterators that stand at it.
fn next_of(union: &mut [Peekable<Runs<'_>>]) -> Option<i64> {
    let earliest_s = union.iter_mut().filter_map(|runs| runs.peek().copied()).min()?;
    for runs in union {
        runs.next_if_eq(&earliest_s);
    }
    Some(earliest_s)
}

/// End of the 13 months; for an instant that no calendar reaches, the instant itself, which leaves no run.
fn span_end_s(from_s: i64) -> i64 {
    DateTime::from_timestamp(from_s, 0)
        .and_then(|from| from.checked_add_months(Months::new(SPAN_MONTHS)))
        .map_or(from_s, |end| end.timestamp())
}

/// Returns the data a failure can cost by design, in seconds: gap + start window + completion window.
///
/// One run may start at once and the next at the end of its start window, and its point protects only when it is complete; so
/// a daily backup does not keep a 24-hour objective. The completion window stands for the longest a job may take.
///
/// - In: seconds; the defaults are [`START_WINDOW_DEFAULT_S`] and [`COMPLETION_WINDOW_DEFAULT_S`]. A negative window counts as 0.
/// - Saturates, towards the longer.
///
/// ```
/// use backup_audit::facts::schedule::runs::design_rpo_s;
///
/// assert_eq!(design_rpo_s(24 * 3_600, 3_600, 2 * 3_600), 27 * 3_600);
/// ```
pub fn design_rpo_s(gap_s: i64, start_window_s: i64, completion_window_s: i64) -> i64 {
    gap_s.saturating_add(start_window_s.max(0)).saturating_add(completion_window_s.max(0))
}
