//! Retention: how often plan rules run and how long they keep what they make. How long each recovery point is kept is in [`points`],
//! how long each was kept in [`retained`], which plan rules make the tiers that are owed in [`tiers`].
//!
//! How often a plan rule runs is measured as AWS's control does it, by the schedule alone: by the clock of its time zone, so that a day of 25 hours is
//! a day, and without the time a job may take to start. Source: AWS Config developer guide, `backup-plan-min-frequency-and-min-retention-check`.

use polars::prelude::DataFrame;

use super::lifecycles::PLANS_REST_ON;
use super::plans::PlanRule;
use super::population::{RESOURCES_READ, evidence};
use super::schedule::cron::Schedule;
use super::schedule::runs::largest_gap;
use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};
use crate::model::moment::DAY_S;

pub mod deleted;
mod duties;
mod endings;
mod holds;
mod judged;
mod known;
pub mod points;
pub mod retained;
pub mod tiers;

crate::rows! {
    /// How long a plan rule keeps what it makes.
    pub struct PlanRetentionRow {
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
        /// Whether it makes continuous backups, which AWS keeps 35 days at most
        continuous: Boolean, Never, "EnableContinuousBackup";
        /// Whether runs go on for the next 13 months
        goes_on: Boolean, NotTold, "ScheduleExpression";
        /// Longest time between its runs over the next 13 months by the clock of its time zone; the largest number there is if they end
        longest_gap_s: Integer, NotTold, "ScheduleExpression";
        /// Whether nothing ever deletes the points
        kept_forever: Boolean, Never, "";
        /// How long points are kept; for ever is the largest number there is
        retention_s: Integer, Never, "Lifecycle.DeleteAfterDays";
        /// The same for people
        retention_days: Integer, Means("for ever"), "Lifecycle.DeleteAfterDays";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Retention of plan rules as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "plan_retention",
        doc: "How long each plan rule keeps what it makes: one row a plan rule.",
        rows_are: "plan rules",
        columns: PlanRetentionRow::COLUMNS,
        rows_rest_on: PLANS_REST_ON,
        order: &["plan_rule"],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let plans = inputs.plans()?;
    let as_of_s = inputs.snapshot.as_of_s();
    let rows = plans.iter().flat_map(|plan| {
        plan.rules.iter().map(move |rule| PlanRetentionRow {
            subject_arn: Some(plan.arn.clone()),
            subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
            account_id: Some(plan.account_id.clone()),
            region: Some(plan.region.clone()),
            plan_name: Some(plan.name.clone()),
            plan_rule: Some(rule.name.clone()),
            continuous: Some(rule.continuous),
            goes_on: rule.gap.map(|gap| gap.gap_s().is_some()),
            longest_gap_s: longest_gap_s(rule, as_of_s),
            kept_forever: Some(rule.lifecycle.kept_forever()),
            retention_s: Some(seconds(rule.lifecycle.delete_after_days)),
            retention_days: rule.lifecycle.delete_after_days.filter(|days| *days >= 0),
            evidence: Some(evidence("plan_rules", &format!("{}#rule/{}", plan.arn, rule.id), Some(&plan.collection))),
        })
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The longest time between a rule's runs by its own clock; `None` if its schedule is not understood.
fn longest_gap_s(rule: &PlanRule, from_s: i64) -> Option<i64> {
    rule.schedule.as_ref().ok()?;
    let by_its_clock = Schedule::parse(&rule.expression, None).ok()?;
    Some(largest_gap(&[&by_its_clock], from_s).gap_s().unwrap_or(i64::MAX))
}

/// Days as seconds; nothing and a negative number keep for ever.
fn seconds(days: Option<i64>) -> i64 {
    days.filter(|days| *days >= 0).map_or(i64::MAX, |days| days.saturating_mul(DAY_S))
}
