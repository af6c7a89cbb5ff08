//! Schedules of plan rules: when they run, how far apart, and what that bounds by design.
//!
//! The arithmetic of AWS cron is in [`cron`], that of gaps in [`runs`]. A schedule that cannot be understood is unknown, never "does not run".

use polars::prelude::DataFrame;

pub mod cron;
pub mod overlaps;
pub mod runs;

use self::overlaps::Left;
use self::runs::{LargestGap, START_WINDOW_DEFAULT_S, design_rpo_s, largest_gap};
use super::coverage::features;
use super::coverage::resource_types::Recognised;
use super::lifecycles::PLANS_REST_ON;
use super::objectives::Mechanism;
use super::plans::PlanRule;
use super::points::PITR_LAG_S;
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, evidence};
use super::{Fact, FactError, Inputs, native};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// The schedule of a plan rule.
    pub struct ScheduleRow {
        /// ARN of the plan
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the plan
        plan_name: Text, Never, "";
        /// Name of the plan rule
        plan_rule: Text, Never, "";
        /// Expression, with AWS's default filled in
        expression: Text, Never, "ScheduleExpression";
        /// Time zone
        timezone: Text, Means("UTC"), "ScheduleExpressionTimezone";
        /// Whether the expression is understood
        understood: Boolean, Never, "";
        /// Whether runs go on for the next 13 months
        goes_on: Boolean, NotTold, "";
        /// Largest time between runs over the next 13 months
        largest_gap_s: Integer, NotTold, "";
        /// Start window, default 8 hours filled in
        start_window_s: Integer, Never, "StartWindowMinutes";
        /// Completion window, default 7 days filled in
        completion_window_s: Integer, Never, "CompletionWindowMinutes";
        /// Largest gap and both windows
        design_rpo_s: Integer, NotTold, "";
        /// Why the expression is not understood
        problem: Text, Means("nothing"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

crate::rows! {
    /// What a resource's protection bounds by design.
    pub struct DesignRow {
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
        /// Whether a plan or native backups that count protect it
        protected: Boolean, NotTold, "";
        /// Objective in force
        objective_id: Text, NotTold, "audit.yaml";
        /// Whether an RPO is owed
        rpo_owed: Boolean, NotTold, "audit.yaml";
        /// RPO owed
        rpo_s: Integer, NotTold, "audit.yaml";
        /// RPO and tolerance; not told either if the default's tolerance depends on unread plan rules
        limit_s: Integer, NotTold, "audit.yaml";
        /// Whether anything bounds the exposure by design
        bounded: Boolean, NotTold, "";
        /// The best bound: gap, start window and completion window, or the lag of continuous backups
        design_rpo_s: Integer, NotTold, "";
        /// What gives it
        by: Text, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Schedules as a relation.
pub static SCHEDULE: Fact = Fact {
    relation: &Relation {
        name: "schedule",
        doc: "When each plan rule runs and how far apart: one row a plan rule.",
        rows_are: "plan rules",
        columns: ScheduleRow::COLUMNS,
        rows_rest_on: PLANS_REST_ON,
        order: &["plan_rule"],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS],
    by_range: false,
    derive: derive_schedule,
};

/// Design exposure as a relation.
pub static DESIGN_EXPOSURE: Fact = Fact {
    relation: &Relation {
        name: "design_exposure",
        doc: "How much data the configuration allows to be lost even if every job succeeds: one row a resource.",
        rows_are: "resources",
        columns: DesignRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS],
    by_range: false,
    derive: derive_design,
};

fn derive_schedule(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let plans = inputs.plans()?;
    let mut rows = Vec::new();
    for plan in plans.iter() {
        for rule in &plan.rules {
            let gap_s = rule.gap.and_then(|gap| gap.gap_s());
            rows.push(ScheduleRow {
                subject_arn: Some(plan.arn.clone()),
                subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
                account_id: Some(plan.account_id.clone()),
                region: Some(plan.region.clone()),
                plan_name: Some(plan.name.clone()),
                plan_rule: Some(rule.name.clone()),
                expression: Some(rule.expression.clone()),
                timezone: rule.timezone.clone(),
                understood: Some(rule.schedule.is_ok()),
                goes_on: rule.gap.map(|gap| gap.gap_s().is_some()),
                largest_gap_s: gap_s,
                start_window_s: Some(rule.start_window_s),
                completion_window_s: Some(rule.completion_window_s),
                design_rpo_s: gap_s.map(|gap_s| design_rpo_s(gap_s, rule.start_window_s, rule.completion_window_s)),
                problem: rule.schedule.as_ref().err().map(ToString::to_string),
                evidence: Some(evidence("plan_rules", &format!("{}#rule/{}", plan.arn, rule.id), Some(&plan.collection))),
            });
        }
    }
    Inputs::frame_of(SCHEDULE.relation, rows)
}

/// The largest gap of a rule's runs from a moment on; `None` if its expression is not understood.
pub(super) fn gap(rule: &PlanRule, from_s: i64) -> Option<LargestGap> {
    rule.schedule.as_ref().ok().map(|schedule| largest_gap(&[schedule], from_s))
}

/// The start window of the plan rule that protects a resource best, which the default objective allows for; AWS's default if no rule does.
/// `None` if a plan, selection or rule that could not be read or understood may protect it better.
///
/// # Errors
/// As deriving coverage or plans.
pub fn start_window_s(inputs: &Inputs<'_>, resource: usize) -> Result<Option<i64>, FactError> {
    let (coverage, plans) = (inputs.coverage()?, inputs.plans()?);
    let Some(coverage) = coverage.get(resource).filter(|coverage| coverage.plans_known) else { return Ok(None) };
    let mut best = None;
    for plan in coverage.plans().into_iter().map(|plan| &plans[plan]) {
        if !plan.rules_known || plan.rules.iter().any(|rule| rule.gap.is_none()) {
            return Ok(None);
        }
        let offers =
            plan.rules.iter().filter_map(|rule| Some((rule.gap?.gap_s()?.saturating_add(rule.start_window_s), rule.start_window_s)));
        best = best.into_iter().chain(offers).min();
    }
    Ok(Some(best.map_or(START_WINDOW_DEFAULT_S, |(_, start_window_s)| start_window_s)))
}

fn derive_design(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let population = inputs.population()?;
    let mut rows = Vec::with_capacity(population.len());
    for (index, resource) in population.iter().enumerate() {
        rows.push(design_row(inputs, index, resource)?);
    }
    Inputs::frame_of(DESIGN_EXPOSURE.relation, rows)
}

fn design_row(inputs: &Inputs<'_>, index: usize, resource: &Resource) -> Result<DesignRow, FactError> {
    let owed = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), start_window_s(inputs, index)?);
    let mut row = DesignRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        by: Some(String::new()),
        evidence: Some(resource.evidence.clone()),
        ..DesignRow::default()
    };
    let Some(owed) = owed else { return Ok(row) };
    let accepts = |mechanism| owed.mechanisms.contains(&mechanism);
    row.objective_id = Some(owed.id.clone());
    row.rpo_owed = Some(owed.rpo_s.is_some());
    row.rpo_s = owed.rpo_s;
    row.limit_s = owed.rpo_s.zip(owed.tolerance_s).map(|(rpo_s, tolerance_s)| rpo_s.saturating_add(tolerance_s));
    let natively = if resource.native_mechanism().is_some_and(accepts) { native::protected(resource) } else { Some(false) };
    let planned = if accepts(Mechanism::BackupPoint) { inputs.coverage()?[index].covered } else { Some(false) };
    row.protected = super::objectives::or(natively, planned);
    let bounds = bounds(inputs, index, resource, natively, planned)?;
    match bounds.best {
        Some((design_s, by)) => {
            // A bound that is known holds whatever else was not read; a better one would only make it smaller.
            row.bounded = Some(true);
            let decided = !bounds.open || row.limit_s.is_some_and(|limit_s| design_s <= limit_s);
            row.design_rpo_s = decided.then_some(design_s);
            row.by = Some(by);
        }
        None if bounds.open => {}
        None => row.bounded = Some(false),
    }
    Ok(row)
}

/// The best bound found, and whether an unread one could be better.
#[derive(Debug, Default)]
struct Bounds {
    best: Option<(i64, String)>,
    open: bool,
}

impl Bounds {
    fn offer(&mut self, design_s: i64, by: impl FnOnce() -> String) {
        if self.best.as_ref().is_none_or(|(best_s, _)| design_s < *best_s) {
            self.best = Some((design_s, by()));
        }
    }
}

fn bounds(
    inputs: &Inputs<'_>,
    index: usize,
    resource: &Resource,
    natively: Option<bool>,
    planned: Option<bool>,
) -> Result<Bounds, FactError> {
    let mut bounds = Bounds { open: natively.is_none() || planned.is_none(), ..Bounds::default() };
    if natively == Some(true) {
        match resource.native_mechanism() {
            Some(Mechanism::NativePitr) => bounds.offer(PITR_LAG_S, || "point-in-time restore of the service".to_owned()),
            // When a service takes its snapshots is not looked at.
            _ => bounds.open = true,
        }
    }
    if planned == Some(false) {
        return Ok(bounds);
    }
    let (coverage, plans) = (inputs.coverage()?, inputs.plans()?);
    bounds.open |= !coverage[index].plans_known;
    for plan in coverage[index].plans().into_iter().map(|plan| &plans[plan]) {
        bounds.open |= !plan.rules_known;
        for rule in &plan.rules {
            if rule.continuous && supports_continuous(resource) == Some(true) {
                bounds.offer(continuous_lag_s(resource), || format!("continuous backup of rule {} of plan {}", rule.name, plan.name));
                continue;
            }
            match (rule.gap, rule.left) {
                (None, _) | (_, Left::NotKnown) => bounds.open = true,
                (Some(gap), Left::All) => {
                    if let Some(gap_s) = gap.gap_s() {
                        let design_s = design_rpo_s(gap_s, rule.start_window_s, rule.completion_window_s);
                        bounds.offer(design_s, || format!("rule {} of plan {}", rule.name, plan.name));
                    }
                }
                (Some(_), Left::Some { design_s, .. }) => {
                    let by = || format!("rule {} of plan {} and those that take its runs", rule.name, plan.name);
                    if let Some(design_s) = design_s {
                        bounds.offer(design_s, by);
                    }
                }
            }
        }
    }
    Ok(bounds)
}

/// How far continuous backups are behind. Source: AWS Backup developer guide, "Continuous backups and point-in-time recovery".
fn continuous_lag_s(resource: &Resource) -> i64 {
    if resource.resource_type == "AWS::S3::Bucket" { 900 } else { PITR_LAG_S }
}

/// Whether AWS Backup can make continuous backups of a resource; `None` if its type is not recognised.
pub(super) fn supports_continuous(resource: &Resource) -> Option<bool> {
    let Recognised::Type(of) = resource.facts.resource_type else { return None };
    let variant = features::variant(of, resource.facts.engine.as_deref(), resource.facts.is_multi_az_cluster, None);
    features::supports_continuous(of, variant)
}
