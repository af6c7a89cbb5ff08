//! How far the clock of this machine is from AWS's, from the `Date` of answers.
//!
//! AWS cuts its time to seconds. An answer dated D arrived between the start S and the end E of its attempt, so AWS's clock was then somewhere in
//! [D, D + 1 s) while ours was in [S, E]: the offset (AWS minus ours) lies in (D − E, D + 1 s − S). Every answer narrows the range.

use std::sync::{Mutex, PoisonError};

use jiff::fmt::rfc2822;

/// What is known of the offset so far.
#[derive(Debug, Default)]
pub(super) struct Offset(Mutex<Option<(i64, i64)>>);

impl Offset {
    /// Takes the `Date` of an answer with start and end of its attempt, in epoch milliseconds. A date that cannot be read says nothing.
    pub(super) fn learn(&self, date: &str, start_ms: i64, end_ms: i64) {
        let Ok(told) = rfc2822::parse(date) else { return };
        let told_ms = told.timestamp().as_millisecond();
        let (least, most) = (told_ms - end_ms, told_ms + 1_000 - start_ms);
        let mut known = self.known();
        let (known_least, known_most) = known.unwrap_or((i64::MIN, i64::MAX));
        *known = Some((known_least.max(least), known_most.min(most)));
    }

    /// The offset in milliseconds, from and to; `None` if no answer told. A clock that was set meanwhile can make it empty (from above to).
    pub(super) fn range_ms(&self) -> Option<(i64, i64)> {
        *self.known()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<(i64, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_narrows_the_offset() {
        let offset = Offset::default();
        assert_eq!(offset.range_ms(), None);
        let four_ms = 1_795_147_200_000; // 2026-11-20T04:00:00Z
        // date of the answer, start and end of the attempt after 04:00:00, what is known from then on
        let cases = [
            ("no date", (0, 100), None),
            // Ours is in [0 s, 0.1 s], theirs in [5 s, 6 s).
            ("Fri, 20 Nov 2026 04:00:05 GMT", (0, 100), Some((4_900, 6_000))),
            // A slow answer says less.
            ("Fri, 20 Nov 2026 04:00:06 GMT", (500, 9_000), Some((4_900, 6_000))),
            ("Fri, 20 Nov 2026 04:00:16 GMT", (10_900, 10_950), Some((5_050, 6_000))),
        ];
        for (date, (start, end), known) in cases {
            offset.learn(date, four_ms + start, four_ms + end);
            assert_eq!(offset.range_ms(), known, "{date}");
        }
    }
}
