//! The span that is simulated, and the moments at which it is looked at.
//!
//! What happens to the estate is written down in days of a quarter (90 days) before the end, and scaled to the length that was asked for.

use backup_audit::model::moment::DAY_S;

/// Days that are simulated before the span, so that its first instant has points of before.
const LEAD_DAYS: i64 = 45;
/// Days for which AWS Backup lists jobs.
const JOBS_DAYS: i64 = 30;
/// Moments of collections in days before the end, newest first: close together lately, never more than 30 days apart.
const LOOKS: [i64; 6] = [0, 7, 14, 30, 50, 75];

/// The simulated span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// Last moment, the start of the newest collection; epoch seconds.
    pub(crate) end_s: i64,
    /// Length in days.
    pub(crate) days: i64,
}

impl Timeline {
    /// First simulated moment.
    pub(crate) fn begin_s(&self) -> i64 {
        self.end_s - (self.days + LEAD_DAYS) * DAY_S
    }

    /// The moment so many days of a quarter before the end.
    pub(crate) fn ago(&self, quarter_days: i64) -> i64 {
        self.end_s - quarter_days * DAY_S * self.days / 90
    }

    /// Starts of the collections, oldest first: as many as asked, else enough for the jobs they list to cover the span, and two at least.
    pub(crate) fn collections(&self, asked: Option<usize>) -> Vec<i64> {
        let days_ago = |index: usize| match LOOKS.get(index) {
            Some(days) => *days,
            None => LOOKS[LOOKS.len() - 1] + 25 * i64::try_from(index + 1 - LOOKS.len()).unwrap_or(0),
        };
        let enough = (1..1_000).find(|count| days_ago(count - 1) + JOBS_DAYS >= self.days).unwrap_or(1);
        let count = asked.unwrap_or(enough.max(2)).max(1);
        (0..count).rev().map(|index| self.end_s - days_ago(index) * DAY_S).collect()
    }
}
