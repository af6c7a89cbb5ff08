//! Lifecycles of plan rules and copy actions: would AWS accept them, and would it do what they say?
//!
//! AWS refuses a deletion less than 90 days after the move to cold storage and any cold storage of continuous backups; it silently ignores cold
//! storage for types that have none. Source: AWS Backup API reference, `Lifecycle`; developer guide, "Plan options and configuration".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::coverage::decide::Verdict;
use super::coverage::features;
use super::coverage::resource_types::Recognised;
use super::plans::{Lifecycle, Plan, PlanRule};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, evidence};
use super::{Fact, FactError, Inputs};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

/// Days that must lie between the move to cold storage and deletion.
pub const COLD_MINIMUM_DAYS: i64 = 90;
/// Longest retention of a continuous backup.
pub const CONTINUOUS_MAXIMUM_DAYS: i64 = 35;

crate::rows! {
    /// The lifecycle of a plan rule or of one of its copy actions.
    pub struct LifecycleRow {
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
        /// Destination vault of the copy action
        copy_to: Text, Means("the rule's own points"), "";
        /// Days until deletion
        delete_after_days: Integer, Means("never deleted"), "Lifecycle.DeleteAfterDays";
        /// Days until cold storage
        cold_after_days: Integer, Means("never moved"), "Lifecycle.MoveToColdStorageAfterDays";
        /// Whether nothing ever deletes the points
        kept_forever: Boolean, Never, "";
        /// Whether AWS's rules on lifecycles hold
        accepted: Boolean, Never, "";
        /// Whether cold storage is asked for and no covered resource has a type that can be moved there
        cold_ignored: Boolean, NotTold, "";
        /// What is wrong, in words
        problem: Text, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// The tables that rows about plans rest on.
pub const PLANS_REST_ON: &[RestsOn] = &[
    RestsOn { table: "backup_plans", reach: Reach::Region },
    RestsOn { table: "plan_rules", reach: Reach::Parent("subject_arn") },
    RestsOn { table: "plan_copies", reach: Reach::Parent("subject_arn") },
];

/// Lifecycles as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "lifecycles",
        doc: "The lifecycle of each plan rule and copy action: one row each.",
        rows_are: "plan rules and copy actions",
        columns: LifecycleRow::COLUMNS,
        rows_rest_on: PLANS_REST_ON,
        order: &["plan_rule", "copy_to"],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let plans = inputs.plans()?;
    let (population, coverage) = (inputs.population()?, inputs.coverage()?);
    let mut by_plan: BTreeMap<usize, Vec<(&Resource, Verdict)>> = BTreeMap::new();
    // What is covered only with another resource has no points of its own: the type of that other one counts.
    for (resource, coverage) in population.iter().zip(coverage.iter()).filter(|(_, coverage)| coverage.via.is_none()) {
        for decided in &coverage.decided {
            by_plan.entry(decided.plan).or_default().push((resource, decided.verdict));
        }
    }
    let mut rows = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let cold = cold_capable(inputs, plan, by_plan.get(&index).map_or(&[][..], Vec::as_slice));
        for rule in &plan.rules {
            rows.push(row(plan, rule, None, rule.lifecycle, cold));
            for copy in &rule.copies {
                // Without days of its own a copy lives as long as its source.
                let delete_after_days = copy.lifecycle.delete_after_days.filter(|days| *days >= 0).or(rule.lifecycle.delete_after_days);
                let lifecycle = Lifecycle { delete_after_days, ..copy.lifecycle };
                rows.push(row(plan, rule, Some(&copy.destination_vault_arn), lifecycle, cold));
            }
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn row(plan: &Plan, rule: &PlanRule, copy_to: Option<&String>, lifecycle: Lifecycle, cold_capable: Option<bool>) -> LifecycleRow {
    let problem = problem(lifecycle, rule.continuous && copy_to.is_none());
    let cold_ignored = if lifecycle.cold_after_days.is_none() { Some(false) } else { cold_capable.map(|capable| !capable) };
    let ignored = "cold storage is asked for, but no covered resource has a type that AWS moves there: it is ignored";
    LifecycleRow {
        subject_arn: Some(plan.arn.clone()),
        subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
        account_id: Some(plan.account_id.clone()),
        region: Some(plan.region.clone()),
        plan_name: Some(plan.name.clone()),
        plan_rule: Some(rule.name.clone()),
        copy_to: copy_to.cloned(),
        delete_after_days: lifecycle.delete_after_days,
        cold_after_days: lifecycle.cold_after_days,
        kept_forever: Some(lifecycle.kept_forever()),
        accepted: Some(problem.is_none()),
        cold_ignored,
        problem: Some(problem.unwrap_or_else(|| if cold_ignored == Some(true) { ignored.to_owned() } else { String::new() })),
        evidence: Some(evidence("plan_rules", &format!("{}#rule/{}", plan.arn, rule.id), Some(&plan.collection))),
    }
}

/// What AWS would refuse, if anything.
pub(super) fn problem(lifecycle: Lifecycle, continuous: bool) -> Option<String> {
    let delete = lifecycle.delete_after_days.filter(|days| *days >= 0);
    match (lifecycle.cold_after_days, delete) {
        (Some(_), _) if continuous => Some("continuous backups cannot be moved to cold storage".to_owned()),
        (_, None) if continuous => Some("continuous backups need a retention of 1 to 35 days".to_owned()),
        (_, Some(days)) if continuous && !(1..=CONTINUOUS_MAXIMUM_DAYS).contains(&days) => {
            Some(format!("continuous backups are kept 1 to 35 days, not {days}"))
        }
        (Some(cold), Some(delete)) if delete < cold.saturating_add(COLD_MINIMUM_DAYS) => Some(format!(
            "deleted {delete} days after creation, moved to cold storage after {cold}: AWS asks for at least {COLD_MINIMUM_DAYS} days between"
        )),
        _ => None,
    }
}

/// Whether a resource that the plan covers has a type that can be moved to cold storage; `None` if that is not known. A plan that covers nothing
/// ignores nothing.
fn cold_capable(inputs: &Inputs<'_>, plan: &Plan, decided: &[(&Resource, Verdict)]) -> Option<bool> {
    let mut covers_any = false;
    let mut open = !plan.selections_known || !population_read(inputs, plan);
    for (resource, verdict) in decided {
        match verdict {
            Verdict::Covered => match supports_cold(resource) {
                Some(true) => return Some(true),
                Some(false) => covers_any = true,
                None => open = true,
            },
            Verdict::Unknown => open = true,
            _ => {}
        }
    }
    // A selection can also cover resources of types that are not collected; only if every entry names a type is the answer certain.
    let certain = plan.selections.iter().all(|chosen| chosen.selection.as_ref().is_ok_and(only_collected));
    if open || !certain { None } else { Some(!covers_any) }
}

fn population_read(inputs: &Inputs<'_>, plan: &Plan) -> bool {
    RESOURCES_REST_ON.iter().all(|on| inputs.complete(on.table, &plan.account_id, &plan.region))
}

/// Services all of whose resources that AWS Backup protects are collected.
const COLLECTED: [&str; 6] = ["rds", "dynamodb", "s3", "elasticfilesystem", "fsx", "redshift"];

/// Whether everything the selection can name is in the collected population: it has ARNs, all of such services, and no tags that add others.
fn only_collected(selection: &super::coverage::selection::Selection) -> bool {
    let collected = |pattern: &String| Arn::parse(pattern).is_some_and(|arn| COLLECTED.contains(&arn.service));
    !selection.resources.is_empty() && selection.resources.iter().all(collected) && selection.list_of_tags.is_empty()
}

fn supports_cold(resource: &Resource) -> Option<bool> {
    let Recognised::Type(of) = resource.facts.resource_type else { return None };
    let variant = features::variant(of, resource.facts.engine.as_deref(), resource.facts.is_multi_az_cluster, None);
    features::supports_cold(of, variant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifecycles_that_aws_refuses() {
        // what it shows, days to deletion, days to cold, continuous, refused
        let cases = [
            ("no cold storage", Some(7), None, false, false),
            ("exactly 90 days between", Some(120), Some(30), false, false),
            ("one day short", Some(119), Some(30), false, true),
            ("kept for ever in cold storage", None, Some(30), false, false),
            ("-1 is for ever", Some(-1), Some(30), false, false),
            ("the daily rule of a well-known recipe, 7 then 30", Some(30), Some(7), false, true),
            ("continuous, 35 days", Some(35), None, true, false),
            ("continuous, 36 days", Some(36), None, true, true),
            ("continuous for ever", None, None, true, true),
            ("continuous in cold storage", Some(35), Some(1), true, true),
        ];
        for (shows, delete_after_days, cold_after_days, continuous, refused) in cases {
            let lifecycle = Lifecycle { delete_after_days, cold_after_days };
            assert_eq!(problem(lifecycle, continuous).is_some(), refused, "{shows}");
        }
    }
}
