//! What became of the runs of a schedule: each run is a slot that lasts until the next, and the jobs that began in it are what became of it.

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    /// With a point.
    Completed,
    /// Without one.
    Failed,
    /// Not yet, as far as was told.
    Not,
}

/// A job of a rule for a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    /// When it was created.
    pub(super) created_s: i64,
    /// When its backup began.
    pub(super) started_s: Option<i64>,
    /// When it ended.
    pub(super) done_s: Option<i64>,
    /// How.
    pub(super) ended: Ended,
}

impl Attempt {
    fn end_s(&self) -> i64 {
        self.done_s.unwrap_or(self.created_s)
    }
}

/// Slots by what became of them, and times of the worst.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Runs that were due.
    pub(super) expected: i64,
    /// A point was made, and nothing had failed before.
    pub(super) first_time: i64,
    /// A point was made after something had failed.
    pub(super) eventual: i64,
    /// No point was made before the next run.
    pub(super) missed: i64,
    /// Not decided yet: a job goes on, or the slot does.
    pub(super) open: i64,
    /// The last run that was missed.
    pub(super) missed_s: Option<i64>,
    /// The longest time from a run to the beginning of the backup that made its point, and that run.
    pub(super) latest: Option<(i64, i64)>,
    /// The longest time from a failure to the end of the next backup that was made; one that was never made good lasts until now.
    pub(super) recovery: Option<Recovery>,
}

/// A failure and how long it took until it was made good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Recovery {
    /// How long; at least, if it was not made good.
    pub(super) took_s: i64,
    /// When the job had failed.
    pub(super) failed_s: i64,
    /// Whether it was made good at all.
    pub(super) good: bool,
}

/// Judges slots. `runs` ascend; the last one is over once `window_s` (start and completion window) has passed. `attempts` ascend by creation; those
/// before the first run belong to none. Everything is seen up to `end_s`.
pub(super) fn tally(runs: &[i64], window_s: i64, end_s: i64, attempts: &[Attempt]) -> Tally {
    let mut tally = Tally { expected: i64::try_from(runs.len()).unwrap_or(i64::MAX), ..Tally::default() };
    let first = runs.first().copied().unwrap_or(end_s);
    let attempts = &attempts[attempts.partition_point(|attempt| attempt.created_s < first)..];
    let mut rest = attempts;
    for (index, &run_s) in runs.iter().enumerate() {
        let next_s = runs.get(index + 1).copied();
        let (own, later) = rest.split_at(rest.partition_point(|attempt| next_s.is_none_or(|next_s| attempt.created_s < next_s)));
        rest = later;
        let over = next_s.is_some() || run_s.saturating_add(window_s) <= end_s;
        tally.slot(run_s, own, over);
    }
    tally.recovery = recovery(attempts, end_s);
    tally
}

impl Tally {
    fn slot(&mut self, run_s: i64, own: &[Attempt], over: bool) {
        let made = own.iter().position(|attempt| attempt.ended == Ended::Completed);
        let Some(made) = made else {
            if own.iter().any(|attempt| attempt.ended == Ended::Not) || !over {
                self.open += 1;
            } else {
                self.missed += 1;
                self.missed_s = Some(run_s);
            }
            return;
        };
        if own[..made].iter().any(|attempt| attempt.ended == Ended::Failed) {
            self.eventual += 1;
        } else {
            self.first_time += 1;
        }
        let late_s = own[made].started_s.unwrap_or(own[made].created_s) - run_s;
        if self.latest.is_none_or(|(worst_s, _)| late_s > worst_s) {
            self.latest = Some((late_s, run_s));
        }
    }
}

/// The failure that took longest to be made good, the first of several.
fn recovery(attempts: &[Attempt], end_s: i64) -> Option<Recovery> {
    let (mut worst, mut good_s): (Option<Recovery>, Option<i64>) = (None, None);
    for attempt in attempts.iter().rev() {
        match attempt.ended {
            Ended::Completed => good_s = Some(attempt.end_s()),
            Ended::Failed => {
                let failed_s = attempt.end_s();
                let took_s = (good_s.unwrap_or(end_s) - failed_s).max(0);
                if worst.is_none_or(|worst| took_s >= worst.took_s) {
                    worst = Some(Recovery { took_s, failed_s, good: good_s.is_some() });
                }
            }
            Ended::Not => {}
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;
    const HOUR: i64 = 3_600;

    fn done(created_s: i64, started_s: i64) -> Attempt {
        Attempt { created_s, started_s: Some(started_s), done_s: Some(started_s + 600), ended: Ended::Completed }
    }

    fn failed(created_s: i64) -> Attempt {
        Attempt { created_s, started_s: None, done_s: Some(created_s + HOUR), ended: Ended::Failed }
    }

    fn going(created_s: i64) -> Attempt {
        Attempt { created_s, started_s: None, done_s: None, ended: Ended::Not }
    }

    #[test]
    fn slots_by_what_became_of_them() {
        // why, attempts, (first time, eventual, missed, open): runs on days 0, 1 and 2, seen up to noon of day 3
        let cases = [
            ("every night", vec![done(0, 60), done(DAY, DAY + 60), done(2 * DAY, 2 * DAY + 60)], (3, 0, 0, 0)),
            ("a night without any job", vec![done(0, 60), done(2 * DAY, 2 * DAY + 60)], (2, 0, 1, 0)),
            (
                "a failure that was repeated",
                vec![done(0, 60), failed(DAY), done(DAY + 2 * HOUR, DAY + 2 * HOUR), done(2 * DAY, 2 * DAY)],
                (2, 1, 0, 0),
            ),
            ("a failure that was not", vec![done(0, 60), failed(DAY), done(2 * DAY, 2 * DAY)], (2, 0, 1, 0)),
            ("the last one goes on", vec![done(0, 60), done(DAY, DAY), going(2 * DAY)], (2, 0, 0, 1)),
            ("a job from before the first run is nobody's", vec![done(-60, -60), done(DAY, DAY), done(2 * DAY, 2 * DAY)], (2, 0, 1, 0)),
            ("nothing at all", vec![], (0, 0, 3, 0)),
        ];
        for (why, attempts, expected) in cases {
            let found = tally(&[0, DAY, 2 * DAY], 3 * HOUR, 3 * DAY + DAY / 2, &attempts);
            assert_eq!((found.first_time, found.eventual, found.missed, found.open), expected, "{why}");
        }
        let young = tally(&[0, DAY], 3 * HOUR, DAY + HOUR, &[done(0, 60)]);
        assert_eq!((young.first_time, young.missed, young.open), (1, 0, 1), "the last slot may still be filled");
    }

    #[test]
    fn the_times_of_the_worst() {
        let attempts = [done(0, 4 * HOUR), failed(DAY), failed(DAY + 2 * HOUR), done(2 * DAY, 2 * DAY + 60)];
        let found = tally(&[0, DAY, 2 * DAY], 3 * HOUR, 3 * DAY, &attempts);
        assert_eq!(found.latest, Some((4 * HOUR, 0)));
        assert_eq!(
            found.recovery,
            Some(Recovery { took_s: DAY - HOUR + 660, failed_s: DAY + HOUR, good: true }),
            "from the first failure to the end of what made it good"
        );
        let open = tally(&[0], 3 * HOUR, 3 * DAY, &[failed(0)]);
        assert_eq!(open.recovery, Some(Recovery { took_s: 3 * DAY - HOUR, failed_s: HOUR, good: false }), "never made good: until now");
    }

    /// The same, asked slot by slot over all attempts: slow and plain.
    fn plainly(runs: &[i64], window_s: i64, end_s: i64, attempts: &[Attempt]) -> Tally {
        let mut tally = Tally { expected: i64::try_from(runs.len()).unwrap(), ..Tally::default() };
        for (index, run_s) in runs.iter().enumerate() {
            let until_s = *runs.get(index + 1).unwrap_or(&i64::MAX);
            let own: Vec<_> = attempts.iter().filter(|one| one.created_s >= *run_s && one.created_s < until_s).collect();
            let good: Vec<_> = own.iter().filter(|one| one.ended == Ended::Completed).collect();
            let bad_before = |good: &Attempt| own.iter().take_while(|one| **one != good).any(|one| one.ended == Ended::Failed);
            if let Some(good) = good.first() {
                if bad_before(good) {
                    tally.eventual += 1;
                } else {
                    tally.first_time += 1;
                }
                let late_s = good.started_s.unwrap_or(good.created_s) - run_s;
                if tally.latest.map_or(i64::MIN, |(worst_s, _)| worst_s) < late_s {
                    tally.latest = Some((late_s, *run_s));
                }
            } else if own.iter().any(|one| one.ended == Ended::Not) || (until_s == i64::MAX && run_s + window_s > end_s) {
                tally.open += 1;
            } else {
                tally.missed += 1;
                tally.missed_s = Some(*run_s);
            }
        }
        let counted: Vec<_> = attempts.iter().filter(|one| runs.first().is_some_and(|first_s| one.created_s >= *first_s)).collect();
        let mut recoveries: Vec<Recovery> = Vec::new();
        for (index, bad) in counted.iter().enumerate().filter(|(_, one)| one.ended == Ended::Failed) {
            let good = counted[index..].iter().find(|one| one.ended == Ended::Completed);
            let good_s = good.map_or(end_s, |good| good.done_s.unwrap_or(good.created_s));
            let failed_s = bad.done_s.unwrap_or(bad.created_s);
            recoveries.push(Recovery { took_s: (good_s - failed_s).max(0), failed_s, good: good.is_some() });
        }
        let longest = recoveries.iter().map(|recovery| recovery.took_s).max();
        tally.recovery = recoveries.into_iter().find(|recovery| Some(recovery.took_s) == longest);
        tally
    }

    fn histories() -> impl Strategy<Value = (Vec<i64>, Vec<Attempt>)> {
        let runs =
            prop::collection::btree_set(0_i64..40, 0..12).prop_map(|runs| runs.into_iter().map(|run| run * HOUR).collect::<Vec<_>>());
        let attempt = (-4_i64..44, 0_i64..4, 0_i64..6, 0_u8..3, any::<[bool; 2]>()).prop_map(|(created, begins, lasts, ended, told)| {
            let created_s = created * HOUR;
            Attempt {
                created_s,
                started_s: told[0].then_some(created_s + begins * 900),
                done_s: told[1].then_some(created_s + begins * 900 + lasts * 1_800),
                ended: [Ended::Completed, Ended::Failed, Ended::Not][usize::from(ended)],
            }
        });
        (runs, prop::collection::vec(attempt, 0..20)).prop_map(|(runs, mut attempts)| {
            attempts.sort();
            attempts.dedup();
            (runs, attempts)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn agrees_with_asking_slot_by_slot((runs, attempts) in histories(), window in 0_i64..8) {
            prop_assert_eq!(tally(&runs, window * HOUR, 44 * HOUR, &attempts), plainly(&runs, window * HOUR, 44 * HOUR, &attempts));
        }

        #[test]
        fn every_slot_is_counted_once((runs, attempts) in histories()) {
            let found = tally(&runs, HOUR, 44 * HOUR, &attempts);
            prop_assert_eq!(found.first_time + found.eventual + found.missed + found.open, found.expected);
        }
    }
}
