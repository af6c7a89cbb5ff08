//! Tiers of backups: does the objective of a resource ask for some that are kept longer than others, and do plan rules make them?
//!
//! A tier is made by any plan rule that covers the resource, runs at least that often by the clock of its time zone, and keeps what it makes, or a copy
//! of it, at least that long. Where several rules of a plan run at one time, AWS makes one backup of the rule that keeps longest, which serves the
//! tiers of the others; where it takes several runs of a rule at once, they are one backup. A continuous backup goes back 35 days at most.
//!
//! It is the plan that is looked at: whether its runs took place is in `slots`, whether points stayed in `retained_points`.
//!
//! Source: AWS Backup developer guide, "Plan options and configuration".

use polars::prelude::DataFrame;

use super::{longest_gap_s, seconds};
use crate::dataset::{Relation, Row};
use crate::facts::coverage::Coverage;
use crate::facts::lifecycles::CONTINUOUS_MAXIMUM_DAYS;
use crate::facts::objectives::{OwedTier, and, or};
use crate::facts::plans::{Plan, PlanRule};
use crate::facts::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource};
use crate::facts::schedule::overlaps::Left;
use crate::facts::{Fact, FactError, Inputs, PLAN_READS};
use crate::model::duration;
use crate::model::moment::DAY_S;

crate::rows! {
    /// The tiers of a resource.
    pub struct TiersRow {
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
        /// Whether its objective asks for tiers
        tiers_owed: Boolean, NotTold, "audit.yaml";
        /// The tiers that it asks for
        tiers: Text, Means("none, or not told"), "audit.yaml";
        /// Whether plan rules make every one of them
        tiers_made: Boolean, NotTold, "ScheduleExpression, Lifecycle.DeleteAfterDays";
        /// Those that no rule makes
        missing: Text, Means("none that is known"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Tiers as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "retention_tiers",
        doc: "Whether plan rules make the tiers of backups that objectives ask for: one row a resource, if any objective asks for some.",
        rows_are: "objectives",
        columns: TiersRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, PLAN_READS],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    if !inputs.objectives.any_tiers() {
        return Inputs::frame_of(FACT.relation, Vec::<TiersRow>::new());
    }
    let population = inputs.population()?;
    let (coverage, plans) = (inputs.coverage()?, inputs.plans()?);
    let rows = population.iter().zip(coverage.iter()).map(|(resource, coverage)| {
        let as_of_s = inputs.snapshot.as_of_s();
        let owed = inputs.objectives.owed(resource, as_of_s, None).map(|owed| owed.tiers);
        row(resource, owed.as_deref(), &|tier| made(tier, coverage, &plans, as_of_s))
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

fn row(resource: &Resource, owed: Option<&[OwedTier]>, made: &dyn Fn(OwedTier) -> Option<bool>) -> TiersRow {
    let words = |tiers: &[OwedTier]| {
        let word = |tier: &OwedTier| format!("every {} kept {} days", duration::text(tier.every_s), tier.keep_days);
        (!tiers.is_empty()).then(|| tiers.iter().map(word).collect::<Vec<_>>().join(", "))
    };
    let answers: Option<Vec<(OwedTier, Option<bool>)>> = owed.map(|owed| owed.iter().map(|tier| (*tier, made(*tier))).collect());
    let missing: Vec<OwedTier> = answers.iter().flatten().filter(|(_, made)| *made == Some(false)).map(|(tier, _)| *tier).collect();
    TiersRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        tiers_owed: owed.map(|owed| !owed.is_empty()),
        tiers: owed.and_then(words),
        tiers_made: answers.and_then(|answers| answers.into_iter().map(|(_, made)| made).fold(Some(true), and)),
        missing: words(&missing),
        evidence: Some(resource.evidence.clone()),
    }
}

/// Whether a rule of a plan that covers the resource makes a tier.
fn made(tier: OwedTier, coverage: &Coverage, plans: &[Plan], as_of_s: i64) -> Option<bool> {
    let mut found = coverage.plans_known.then_some(false);
    for plan in coverage.plans().into_iter().filter_map(|index| plans.get(index)) {
        found = or(found, plan.rules_known.then_some(false));
        found = plan.rules.iter().map(|rule| makes(rule, tier, as_of_s)).fold(found, or);
    }
    found
}

/// Whether a rule makes a tier. Points that go with an event leave only what was copied from them, and how that is kept is not told.
fn makes(rule: &PlanRule, tier: OwedTier, as_of_s: i64) -> Option<bool> {
    let own = if rule.delete_after_event.is_some() { None } else { Some(keeps_s(rule) >= seconds(Some(tier.keep_days))) };
    let copied = rule.copies.iter().filter_map(|copy| copy.lifecycle.delete_after_days).any(|days| days >= tier.keep_days);
    let gap_s = match rule.left {
        Left::All | Left::Some { merged: false, .. } => longest_gap_s(rule, as_of_s),
        Left::Some { merged: true, gap_s, .. } => Some(gap_s.unwrap_or(i64::MAX)),
        Left::NotKnown => None,
    };
    and(gap_s.map(|gap_s| gap_s <= tier.every_s), or(own, Some(copied)))
}

fn keeps_s(rule: &PlanRule) -> i64 {
    let kept_s = seconds(rule.lifecycle.delete_after_days);
    if rule.continuous { kept_s.min(CONTINUOUS_MAXIMUM_DAYS * DAY_S) } else { kept_s }
}
