//! Rules of a plan whose start windows overlap: AWS takes one backup only, the one that is kept longer.
//!
//! So the runs of a rule are not all its own. A run that another rule takes leaves the point of that rule, at its time and within its windows; a long
//! start window takes several runs at once. AWS's own example: of an hourly rule beside a 12-hourly one with a start window of eight hours, four runs in
//! twelve are left.
//!
//! Rules that make continuous backups are windows and not runs, and take no part. Source: AWS Backup developer guide, "Plan options and configuration".

use std::collections::BTreeMap;

use super::runs::{SPAN_MONTHS, design_rpo_s};
use crate::facts::plans::PlanRule;
use crate::model::moment::DAY_S;

/// Time over which runs are compared; never shorter than the 13 months over which gaps are measured.
const COMPARED_S: i64 = (SPAN_MONTHS as i64) * 31 * DAY_S;

/// What is left of the runs of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// All of them.
    All,
    /// Others take some; what they make in its stead counts as well.
    Some {
        /// Whether several runs become one backup; else each has its own.
        merged: bool,
        /// Seconds between runs of which something is made, at most, by the times at which the rule would run. `None` if they do not go on.
        gap_s: Option<i64>,
        /// The data that a failure can cost by design, seconds, as [`design_rpo_s`]. `None` if nothing bounds it.
        design_s: Option<i64>,
    },
    /// Not known: rules were not read, or a schedule that may take runs is not understood or says only how far apart its runs are.
    NotKnown,
}

/// What is left of each rule of a plan, from a moment on, in their order.
pub(in crate::facts) fn left(rules: &[PlanRule], rules_known: bool, from_s: i64) -> Vec<Left> {
    let of = |rule: &PlanRule| {
        let longer: Vec<&PlanRule> = rules.iter().filter(|other| !other.continuous && goes_before(other, rule)).collect();
        match (rule.continuous || (rules_known && longer.is_empty()), rules_known) {
            (true, _) => Left::All,
            (false, false) => Left::NotKnown,
            (false, true) => beside(rule, &longer, from_s).unwrap_or(Left::NotKnown),
        }
    };
    rules.iter().map(of).collect()
}

/// A run that something is made of, by its rule or another.
#[derive(Clone, Copy, Debug)]
struct Made<'p> {
    /// When the rule would run, epoch seconds; the first of several that are one backup.
    run: i64,
    /// When that backup begins at the soonest, epoch seconds.
    begin: i64,
    /// The rule that makes it.
    by: &'p PlanRule,
}

/// What others leave of a rule; `None` if the runs of one of them are not known.
fn beside(rule: &PlanRule, longer: &[&PlanRule], from_s: i64) -> Option<Left> {
    let own = runs(rule, from_s, from_s)?;
    let before_s = |other: &PlanRule| from_s.saturating_sub(other.start_window_s);
    let others: Vec<Vec<i64>> = longer.iter().map(|other| runs(other, before_s(other), from_s)).collect::<Option<_>>()?;
    let mut made: Vec<Made<'_>> = Vec::new();
    let mut taken: BTreeMap<(usize, i64), i64> = BTreeMap::new();
    let mut merged = false;
    for &run_s in &own {
        let winner =
            longer.iter().zip(&others).enumerate().find_map(|(place, (other, runs))| Some((place, taken_by(run_s, rule, runs, other)?)));
        match winner {
            None => made.push(Made { run: run_s, begin: run_s, by: rule }),
            Some(winner) if taken.contains_key(&winner) => merged = true,
            Some(winner) => drop(taken.insert(winner, run_s)),
        }
    }
    if taken.is_empty() {
        return Some(Left::All);
    }
    made.extend(taken.into_iter().filter_map(|((other, begin), run)| Some(Made { run, begin, by: longer.get(other)? })));
    // The wait for the first run counts, too: a schedule may begin next year.
    made.push(Made { run: from_s, begin: from_s, by: rule });
    made.sort_by_key(|one| one.run);
    let gap_s = made.windows(2).map(|pair| pair[1].run - pair[0].run).max();
    made.sort_by_key(|one| one.begin);
    let cost_s = |pair: &[Made<'_>]| {
        let by = pair[1].by;
        design_rpo_s(pair[1].begin - pair[0].begin, by.start_window_s, by.completion_window_s)
    };
    let design_s = made.windows(2).map(cost_s).max();
    let goes_on = rule.gap.and_then(|gap| gap.gap_s()).is_some();
    Some(Left::Some { merged, gap_s: gap_s.filter(|_| goes_on), design_s: design_s.filter(|_| goes_on) })
}

/// Its runs over the time that is compared, which ends the same for all; `None` if its schedule is not understood or says only how far apart they are.
fn runs(rule: &PlanRule, begin_s: i64, from_s: i64) -> Option<Vec<i64>> {
    let schedule = rule.schedule.as_ref().ok().filter(|schedule| schedule.interval_s().is_none())?;
    Some(schedule.runs(begin_s, from_s.saturating_add(COMPARED_S)).collect())
}

/// Whether AWS takes the backup of one rule rather than that of another: it is kept longer. Of two that are kept equally long either is as good.
pub(in crate::facts) fn goes_before(one: &PlanRule, other: &PlanRule) -> bool {
    let days =
        |rule: &PlanRule| if rule.lifecycle.kept_forever() { i64::MAX } else { rule.lifecycle.delete_after_days.unwrap_or(i64::MAX) };
    days(one) > days(other)
}

/// Whether the start window of a run overlaps one of another rule's runs, which are in order of time.
pub(in crate::facts) fn overlap(run_s: i64, rule: &PlanRule, others: &[i64], other: &PlanRule) -> bool {
    taken_by(run_s, rule, others, other).is_some()
}

/// The first run of another rule, of those in order of time, whose start window overlaps that of a run.
fn taken_by(run_s: i64, rule: &PlanRule, others: &[i64], other: &PlanRule) -> Option<i64> {
    let first = others.partition_point(|start_s| start_s.saturating_add(other.start_window_s) <= run_s);
    others.get(first).copied().filter(|start_s| *start_s < run_s.saturating_add(rule.start_window_s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::plans::Lifecycle;
    use crate::facts::schedule::cron::Schedule;
    use crate::facts::schedule::gap;

    const FROM_S: i64 = 1_782_864_000;

    fn rule(expression: &str, start_hours: i64, keep_days: i64) -> PlanRule {
        let mut rule = PlanRule {
            id: expression.to_owned(),
            name: expression.to_owned(),
            vault_name: None,
            air_gapped_vault_arn: None,
            expression: expression.to_owned(),
            timezone: None,
            schedule: Schedule::parse(expression, None),
            gap: None,
            left: Left::All,
            start_window_s: start_hours * 3_600,
            completion_window_s: 3_600,
            lifecycle: Lifecycle { delete_after_days: Some(keep_days), cold_after_days: None },
            delete_after_event: None,
            continuous: false,
            copies: Vec::new(),
        };
        rule.gap = gap(&rule, FROM_S);
        rule
    }

    #[test]
    fn what_is_left_of_a_rule() {
        let hours = |merged: bool, gap: i64, design: i64| Left::Some { merged, gap_s: Some(gap * 3_600), design_s: Some(design * 3_600) };
        let hourly = || rule("cron(0 * * * ? *)", 1, 1);
        let daily = || rule("cron(0 5 * * ? *)", 1, 7);
        // why, the rule, the other, what is left
        let cases = [
            ("it is alone in its start window", daily(), rule("cron(0 9 * * ? *)", 1, 35), Left::All),
            // 0, 8, 9, 10, 11, 12: eight hours between, and the hourly run at eight may begin an hour late and take one.
            ("AWS's own example", hourly(), rule("cron(0 0/12 * * ? *)", 8, 7), hours(true, 8, 10)),
            ("the other is kept no longer, so that it takes nothing", hourly(), rule("cron(0 0/12 * * ? *)", 8, 1), Left::All),
            // Saturday 05:00, Sunday 05:30, Monday 05:00: a backup a day, half an hour later.
            (
                "one for one",
                daily(),
                rule("cron(30 5 ? * SUN *)", 1, 90),
                Left::Some { merged: false, gap_s: Some(24 * 3_600), design_s: Some(24 * 3_600 + 1_800 + 2 * 3_600) },
            ),
            ("a schedule that is not understood may take any", hourly(), rule("whenever", 8, 7), Left::NotKnown),
            ("nor is it known when a rate fires", hourly(), rule("rate(12 hours)", 8, 7), Left::NotKnown),
            ("a yearly run, half a year ahead, takes one as well", daily(), rule("cron(0 5 1 1 ? *)", 1, 365), hours(false, 24, 26)),
        ];
        for (why, rule, other, expected) in cases {
            assert_eq!(left(&[rule, other], true, FROM_S)[0], expected, "{why}");
        }
        assert_eq!(left(&[hourly()], false, FROM_S), [Left::NotKnown], "another rule, unread, may take some");
        let continuous = PlanRule { continuous: true, ..hourly() };
        assert_eq!(left(&[continuous], false, FROM_S), [Left::All], "a continuous backup is taken by none");
    }
}
