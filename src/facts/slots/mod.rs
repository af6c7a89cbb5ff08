//! Runs that were due and what became of them: the schedule of each plan rule, expanded over the window, for each resource that it covers.
//!
//! Counted from the moment at which it is proven that the rule reached the resource as it is now: the first job of the rule for the resource, after the
//! last change of the plan that `CloudTrail` saw. Before that nobody can say what was due, and without the events nobody can say since when. A run
//! that AWS gives to another rule of the plan, because their start windows overlap and that one keeps longer, is not due. Rules that make continuous
//! backups are windows and have no runs; nor has an interval a moment at which it is due.
//!
//! Runs before that first job are hidden: the rule may not have reached the resource yet, or they were missed. What hides some is not the whole window,
//! unless resource, selection or plan are known to be younger than they.
//!
//! Sources: AWS Backup API reference, `BackupJob`; developer guide, "Plan options and configuration".

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, col, lit};

use self::tally::{Attempt, Ended, Tally, tally};
use super::coverage::Coverage;
use super::coverage::decide::Verdict;
use super::plans::{Plan, PlanRule};
use super::population::{RESOURCES_READ, Resource, evidence};
use super::reconciled::DELIVERED_WITHIN_S;
use super::schedule::overlaps::{goes_before, overlap};
use super::{Fact, FactError, Inputs, PLAN_READS, joined, region};
use crate::dataset::rows::Json;
use crate::dataset::schema::RestsOn;
use crate::dataset::{Relation, Row, frame};
use crate::model::moment::DAY_S;

mod tally;

const JOBS: &str = "backup_jobs";
const EVENTS: &str = "cloudtrail_events";
/// The event that changes a plan.
const UPDATE: &str = "UpdateBackupPlan";

crate::rows! {
    /// The runs of a plan rule for a resource.
    pub struct SlotsRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// ARN of the plan
        backup_plan_arn: Text, Never, "BackupPlanArn";
        /// Id of the rule
        backup_rule_id: Text, Never, "RuleId";
        /// Name of the plan
        plan_name: Text, Never, "BackupPlanName";
        /// Name of the rule
        plan_rule: Text, Never, "RuleName";
        /// Since when runs are counted
        since_s: Integer, NotTold, "CreationDate, UpdateBackupPlan";
        /// Runs that were due
        expected_count: Integer, NotTold, "ScheduleExpression";
        /// Runs that made a point at the first attempt
        first_time_count: Integer, NotTold, "BackupJob.State";
        /// Runs that made one after a failure, before the next run
        eventual_count: Integer, NotTold, "BackupJob.State";
        /// Runs without a point before the next
        missed_count: Integer, NotTold, "BackupJob.State";
        /// Whether every run that is over made a point; true only if `whole`
        kept: Boolean, NotTold, "BackupJob.State";
        /// Whether nothing of the window is hidden, so that no other run was due: true, or not told
        whole: Boolean, NotTold, "";
        /// The last run that did not
        missed_s: Integer, Means("none that is known"), "";
        /// Longest time from a run to the beginning of the backup that made its point
        latest_s: Integer, NotTold, "InitiationDate";
        /// The run that waited so long
        late_run_s: Integer, Means("none that is known"), "";
        /// Longest time from a failure to the end of the backup that made it good, or until now; 0 if nothing failed
        recovery_s: Integer, NotTold, "CompletionDate";
        /// When the job had failed
        failed_s: Integer, Means("nothing that is known failed"), "CompletionDate";
        /// Whether a backup has made it good since
        made_good: Boolean, Means("nothing that is known failed"), "State";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What the rows rest on: jobs and plans, whatever lists a resource, and the tags by which a plan covers it.
const RESTS_ON: [RestsOn; 1 + PLAN_READS.len() + RESOURCES_READ.len()] = joined(&[&[region(JOBS)], PLAN_READS, RESOURCES_READ]);

/// Slots as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "slots",
        doc: "What became of the runs that were due in the window: one row a resource and plan rule that covers it.",
        rows_are: "plan rules",
        columns: SlotsRow::COLUMNS,
        rows_rest_on: &RESTS_ON,
        order: &["backup_plan_arn", "backup_rule_id"],
    },
    reads: &[RESOURCES_READ, PLAN_READS, &[region(JOBS), region(EVENTS)]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `backup_jobs`.
    struct JobRow {
        resource_arn: Text; backup_plan_arn: Text; backup_rule_id: Text; state: Text; creation_date_s: Integer; initiation_date_s: Integer;
        completion_date_s: Integer; parent_job_id: Text;
    }
}

crate::rows! {
    /// What is needed of `cloudtrail_events`.
    struct EventRow { account_id: Text; region: Text; event_time_s: Integer; error_code: Text; resources: Json; request_parameters: Json; }
}

/// Resource, plan and rule.
type Key = (String, String, String);

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let changes = Changes::read(inputs)?;
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let mut runs = Runs { inputs, plans: &plans, changes: &changes, of_rules: BTreeMap::new() };
    let mut rows = Vec::new();
    // The jobs of one range of resources are in memory at a time.
    for range in inputs.ranges() {
        let attempts = attempts(&inputs.within(range))?;
        for (resource, coverage) in population.iter().zip(coverage.iter()).filter(|(resource, _)| range.holds(Some(resource.key))) {
            for (plan, rule) in rules(coverage, &plans) {
                let key = (resource.arn.clone(), plans[plan].arn.clone(), plans[plan].rules[rule].id.clone());
                let from_s = reached_from(resource, coverage, (plan, &plans[plan]));
                let attempts = attempts.get(&key).map_or(&[][..], Vec::as_slice);
                rows.push(row((resource, from_s), &mut runs, (plan, rule), attempts));
            }
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// The jobs of each resource and rule, by creation.
fn attempts(inputs: &Inputs<'_>) -> Result<BTreeMap<Key, Vec<Attempt>>, FactError> {
    let mut attempts: BTreeMap<Key, Vec<Attempt>> = BTreeMap::new();
    inputs.each::<JobRow>(JOBS, |job| {
        if let Some((key, attempt)) = attempt(job) {
            attempts.entry(key).or_default().push(attempt);
        }
    })?;
    for attempts in attempts.values_mut() {
        attempts.sort();
    }
    Ok(attempts)
}

/// The rules with runs that cover a resource itself; what is covered through another resource has the runs of that one.
fn rules<'a>(coverage: &'a Coverage, plans: &'a [Plan]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let own = coverage.plans().into_iter().filter(|_| coverage.via.is_none());
    own.flat_map(move |plan| (0..plans[plan].rules.len()).map(move |rule| (plan, rule)))
        .filter(move |&(plan, rule)| has_runs(&plans[plan].rules[rule]))
}

/// The earliest moment at which a plan can have reached a resource: both must be there, the resource and a selection that covers it.
fn reached_from(resource: &Resource, coverage: &Coverage, (index, plan): (usize, &Plan)) -> i64 {
    let covering = coverage.decided.iter().filter(|one| one.plan == index && one.verdict == Verdict::Covered);
    let made_s = |id: &String| plan.selections.iter().find(|selection| selection.id == *id)?.created_s;
    let selected_s = covering.map(|one| made_s(&one.selection_id).unwrap_or(i64::MIN)).min();
    resource.created_s.into_iter().chain(selected_s).max().unwrap_or(i64::MIN)
}

/// Whether it has runs, as far as is known: a schedule that is not understood may.
fn has_runs(rule: &PlanRule) -> bool {
    !rule.continuous && rule.schedule.as_ref().map_or(true, |schedule| schedule.interval_s().is_none())
}

fn attempt(job: JobRow) -> Option<(Key, Attempt)> {
    job.parent_job_id.is_none().then_some(())?;
    let ended = match job.state.as_deref() {
        Some("COMPLETED") => Ended::Completed,
        Some("FAILED" | "ABORTED" | "EXPIRED" | "PARTIAL") => Ended::Failed,
        _ => Ended::Not,
    };
    let key = (job.resource_arn?, job.backup_plan_arn?, job.backup_rule_id?);
    Some((key, Attempt { created_s: job.creation_date_s?, started_s: job.initiation_date_s, done_s: job.completion_date_s, ended }))
}

/// Changes of plans, as far as `CloudTrail` tells.
struct Changes {
    /// Account, Region, every text of the event, when.
    events: Vec<(String, String, String, i64)>,
}

impl Changes {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let rows = inputs.snapshot.frame_where(EVENTS, col("event_name").eq(lit(UPDATE)))?;
        let rows: Vec<EventRow> = frame::from_frame(EVENTS, &rows)?;
        let text = |cell: Option<Json>| cell.map_or_else(String::new, |Json(text)| text);
        let changed = rows.into_iter().filter(|row| row.error_code.is_none());
        let events = changed.filter_map(|row| {
            let texts = text(row.resources) + &text(row.request_parameters);
            Some((row.account_id?, row.region?, texts, row.event_time_s?))
        });
        Ok(Self { events: events.collect() })
    }

    /// Since when a plan is as it is now, as far as that is proven, and whether no earlier moment could be found by seeing more of the window.
    fn unchanged_since(&self, inputs: &Inputs<'_>, plan: &Plan) -> Option<(i64, bool)> {
        let seen = inputs.snapshot.observed_of(EVENTS, &plan.account_id, &plan.region, Some(UPDATE)).pop()?;
        (seen.end_s >= inputs.snapshot.as_of_s() - DELIVERED_WITHIN_S).then_some(())?;
        let id = plan.arn.rsplit(':').next().unwrap_or(&plan.arn);
        let here = |event: &&(String, String, String, i64)| event.0 == plan.account_id && event.1 == plan.region && event.2.contains(id);
        let last_s = self.events.iter().filter(here).map(|event| event.3).max();
        let since_s = last_s.unwrap_or(i64::MIN).max(seen.start_s);
        Some((since_s, since_s > seen.start_s || begins_by(seen.start_s, inputs)))
    }
}

/// A rule as it is now.
struct OfRule {
    /// Since when its plan is as it is, and whether that is all there is to know.
    unchanged: Option<(i64, bool)>,
    /// Its runs in the window that no other rule takes over; `None` if its schedule, or that of a rule that may take some over, is not understood.
    runs: Option<Vec<i64>>,
}

/// Whether what was seen begins with the window. The lists of one collection begin within a day of each other.
fn begins_by(start_s: i64, inputs: &Inputs<'_>) -> bool {
    start_s <= inputs.window.start_s.saturating_add(DAY_S)
}

/// The runs of rules in the window, worked out when they are first asked for.
struct Runs<'a> {
    inputs: &'a Inputs<'a>,
    plans: &'a [Plan],
    changes: &'a Changes,
    of_rules: BTreeMap<(usize, usize), OfRule>,
}

impl Runs<'_> {
    /// Since when a rule is as it is now, and its runs in the window that no other rule of its plan takes over.
    fn of(&mut self, (plan, rule): (usize, usize)) -> &OfRule {
        let (inputs, plans, changes) = (self.inputs, self.plans, self.changes);
        self.of_rules.entry((plan, rule)).or_insert_with(|| {
            let (plan, rule) = (&plans[plan], &plans[plan].rules[rule]);
            let window = inputs.window;
            // A run just before the window may take over the first one in it.
            let all = |rule: &PlanRule| {
                let schedule = rule.schedule.as_ref().ok()?;
                Some(schedule.runs(window.start_s.saturating_sub(rule.start_window_s), window.end_s).collect::<Vec<_>>())
            };
            let longer = plan.rules.iter().filter(|other| has_runs(other) && goes_before(other, rule));
            let longer: Option<Vec<(&PlanRule, Vec<i64>)>> = longer.map(|other| Some((other, all(other)?))).collect();
            let runs = all(rule).zip(longer).map(|(runs, longer)| {
                let taken = |run_s: i64| longer.iter().any(|(other, runs)| overlap(run_s, rule, runs, other));
                runs.into_iter().filter(|run_s| *run_s >= window.start_s && !taken(*run_s)).collect()
            });
            OfRule { unchanged: changes.unchanged_since(inputs, plan), runs }
        })
    }
}

fn row((resource, from_s): (&Resource, i64), runs: &mut Runs<'_>, (plan, rule): (usize, usize), attempts: &[Attempt]) -> SlotsRow {
    let (inputs, of_plan) = (runs.inputs, &runs.plans[plan]);
    let of_rule = &of_plan.rules[rule];
    let OfRule { unchanged, runs } = runs.of((plan, rule));
    let proven_s = attempts.first().map(|attempt| attempt.created_s);
    // Without every job of the time nobody can say what became of a run.
    let observed = inputs.snapshot.observed(JOBS, &resource.account_id, &resource.region).pop();
    let observed_s = observed.filter(|seen| seen.end_s >= inputs.snapshot.as_of_s()).map(|seen| seen.start_s);
    let moments = [unchanged.map(|(since_s, _)| since_s), proven_s, observed_s, of_plan.rules_known.then_some(inputs.window.start_s)];
    let since_s = moments.into_iter().collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().max());
    let hides = |proven_s: i64| {
        // The lists begin within a day of the window, so that of its first day nothing is asked.
        let begin_s = inputs.window.start_s.saturating_add(DAY_S);
        let known_s = [unchanged.map(|(since_s, _)| since_s), observed_s, Some(from_s)].into_iter().flatten().fold(begin_s, i64::max);
        runs.as_ref().is_none_or(|runs| hidden(runs, known_s, proven_s))
    };
    let all = unchanged.is_some_and(|(_, all)| all) && observed_s.is_some_and(|seen_s| begins_by(seen_s, inputs));
    let whole = all && proven_s.is_some_and(|proven_s| !hides(proven_s));
    let found = since_s.zip(runs.as_ref()).map(|(since_s, runs)| {
        let due = &runs[runs.partition_point(|run_s| *run_s < since_s)..];
        let window_s = of_rule.start_window_s.saturating_add(of_rule.completion_window_s);
        tally(due, window_s, inputs.window.end_s, attempts)
    });
    let row = told(resource, of_plan, of_rule, found.as_ref());
    SlotsRow { since_s, kept: row.kept.filter(|kept| whole || !kept), whole: (whole && found.is_some()).then_some(true), ..row }
}

/// Whether runs were due since `known_s`, of which the first job does not tell: it belongs to the last run before it.
fn hidden(runs: &[i64], known_s: i64, proven_s: i64) -> bool {
    runs.iter().filter(|run_s| (known_s..=proven_s).contains(*run_s)).count() > 1
}

fn told(resource: &Resource, plan: &Plan, rule: &PlanRule, found: Option<&Tally>) -> SlotsRow {
    let of = |count: fn(&Tally) -> i64| found.map(count);
    SlotsRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        backup_plan_arn: Some(plan.arn.clone()),
        backup_rule_id: Some(rule.id.clone()),
        plan_name: Some(plan.name.clone()),
        plan_rule: Some(rule.name.clone()),
        expected_count: of(|tally| tally.expected),
        first_time_count: of(|tally| tally.first_time),
        eventual_count: of(|tally| tally.eventual),
        missed_count: of(|tally| tally.missed),
        kept: found.and_then(|tally| match tally.missed {
            0 => (tally.first_time + tally.eventual > 0).then_some(true),
            _ => Some(false),
        }),
        missed_s: found.and_then(|tally| tally.missed_s),
        latest_s: found.and_then(|tally| tally.latest).map(|(late_s, _)| late_s),
        late_run_s: found.and_then(|tally| tally.latest).map(|(_, run_s)| run_s),
        recovery_s: found.map(|tally| tally.recovery.map_or(0, |recovery| recovery.took_s)),
        failed_s: found.and_then(|tally| tally.recovery).map(|recovery| recovery.failed_s),
        made_good: found.and_then(|tally| tally.recovery).map(|recovery| recovery.good),
        evidence: Some(evidence(JOBS, &format!("{} of {}", rule.name, resource.arn), Some(&plan.collection))),
        ..SlotsRow::default()
    }
}
