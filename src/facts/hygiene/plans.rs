//! Plans: whether anything is assigned to them, whether the vaults they name are there, and whether their rules get in each other's way.
//!
//! Where the start windows of two rules of a plan overlap, AWS takes one backup only, the one that is kept longer: a run of the other rule leaves no
//! point. That loses a tier where the shorter-lived rule never has a run of its own; else it loses single runs. Rules that make continuous backups
//! are windows and not runs, and take no part.
//!
//! A destination in an account or Region that nobody looks at may be there: it is not known to be missing.
//!
//! Sources: AWS Backup developer guide, "Plan options and configuration"; measured against AWS's own example of an hourly and a 12-hourly rule.

use std::collections::BTreeSet;

use polars::prelude::DataFrame;

use crate::dataset::{Relation, Row};
use crate::facts::objectives::{and, or};
use crate::facts::plans::{Plan, PlanRule};
use crate::facts::population::evidence;
use crate::facts::schedule::overlaps::{goes_before, overlap};
use crate::facts::{Fact, FactError, Inputs, PLAN_READS, everywhere};
use crate::model::Arn;
use crate::model::moment::DAY_S;

/// Time over which runs are compared: a yearly run is in it.
const COMPARED_S: i64 = 400 * DAY_S;

crate::rows! {
    /// A backup plan.
    pub struct PlanRow {
        /// ARN of the plan
        subject_arn: Text, Never, "BackupPlanArn";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the plan
        plan_name: Text, Never, "BackupPlanName";
        /// Whether it has any selection
        assigned: Boolean, NotTold, "ListBackupSelections";
        /// Whether every vault that its rules and copy actions name is there
        targets_exist: Boolean, NotTold, "TargetBackupVaultName, DestinationBackupVaultArn";
        /// One that is not
        missing_target: Text, Means("none that is known to be missing"), "";
        /// Whether a rule loses all of its runs, because another that is kept longer starts within the same time
        rule_swallowed: Boolean, NotTold, "ScheduleExpression, StartWindowMinutes, Lifecycle";
        /// Whether single runs of a rule are lost so
        runs_swallowed: Boolean, NotTold, "ScheduleExpression, StartWindowMinutes, Lifecycle";
        /// The rule that loses them, the one it loses them to, and how many
        overlap: Text, Means("none that is known"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Plans as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "plan_hygiene",
        doc: "Whether a plan has selections, the vaults it names are there, and its rules keep out of each other's way: one row a plan.",
        rows_are: "plans",
        columns: PlanRow::COLUMNS,
        rows_rest_on: &[crate::facts::region("backup_plans")],
        order: &[],
    },
    reads: &[PLAN_READS, &[everywhere("backup_vaults")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow { account_id: Text; region: Text; backup_vault_arn: Text; backup_vault_name: Text; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let vaults: Vec<VaultRow> = inputs.rows("backup_vaults")?;
    let arns: BTreeSet<&str> = vaults.iter().filter_map(|vault| vault.backup_vault_arn.as_deref()).collect();
    let names: BTreeSet<(&str, &str, &str)> = vaults
        .iter()
        .filter_map(|vault| Some((vault.account_id.as_deref()?, vault.region.as_deref()?, vault.backup_vault_name.as_deref()?)))
        .collect();
    let plans = inputs.plans()?;
    let rows = plans.iter().map(|plan| {
        let targets = Targets { inputs, arns: &arns, names: &names };
        let (targets_exist, missing_target) = targets.of(plan);
        let lost = overlaps(plan, inputs.snapshot.as_of_s());
        PlanRow {
            subject_arn: Some(plan.arn.clone()),
            subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
            account_id: Some(plan.account_id.clone()),
            region: Some(plan.region.clone()),
            plan_name: Some(plan.name.clone()),
            assigned: or(Some(!plan.selections.is_empty()), plan.selections_known.then_some(false)),
            targets_exist,
            missing_target,
            rule_swallowed: lost.whole,
            runs_swallowed: lost.some,
            overlap: lost.example,
            evidence: Some(evidence("backup_plans", &plan.arn, Some(&plan.collection))),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The vaults that are known.
struct Targets<'a> {
    inputs: &'a Inputs<'a>,
    arns: &'a BTreeSet<&'a str>,
    names: &'a BTreeSet<(&'a str, &'a str, &'a str)>,
}

impl Targets<'_> {
    /// Whether all vaults of a plan are there, and one that is not.
    fn of(&self, plan: &Plan) -> (Option<bool>, Option<String>) {
        let (mut all, mut missing) = (plan.rules_known.then_some(true), None);
        let mut add = |there: Option<bool>, what: &str| {
            all = and(all, there);
            if there == Some(false) {
                missing.get_or_insert_with(|| what.to_owned());
            }
        };
        for rule in &plan.rules {
            if let Some(name) = &rule.vault_name {
                let there = self.names.contains(&(&plan.account_id, &plan.region, name));
                add(self.known(there, &plan.account_id, &plan.region), &format!("vault {name} of rule {}", rule.name));
            }
            let copies = rule.copies.iter().map(|copy| &copy.destination_vault_arn).chain(&rule.air_gapped_vault_arn);
            for arn in copies {
                let there = Arn::parse(arn).map(|parsed| self.known(self.arns.contains(arn.as_str()), parsed.account, parsed.region));
                add(there.flatten(), &format!("{arn} of rule {}", rule.name));
            }
        }
        (all, missing)
    }

    /// Nothing is missing where nobody looked.
    fn known(&self, there: bool, account_id: &str, region: &str) -> Option<bool> {
        let read = self.inputs.snapshot.in_scope(account_id, region) && self.inputs.complete("backup_vaults", account_id, region);
        if there { Some(true) } else { read.then_some(false) }
    }
}

/// What rules of a plan lose to each other.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lost {
    whole: Option<bool>,
    some: Option<bool>,
    example: Option<String>,
}

fn overlaps(plan: &Plan, from_s: i64) -> Lost {
    let known = plan.rules_known.then_some(false);
    let mut lost = Lost { whole: known, some: known, example: None };
    for rule in plan.rules.iter().filter(|rule| !rule.continuous) {
        let longer: Vec<&PlanRule> = plan.rules.iter().filter(|other| !other.continuous && goes_before(other, rule)).collect();
        if longer.is_empty() {
            continue;
        }
        let (Some(own), Some(theirs)) = (runs(rule, from_s), longer.iter().map(|other| runs(other, from_s)).collect::<Option<Vec<_>>>())
        else {
            (lost.whole, lost.some) = (or(lost.whole, None), or(lost.some, None));
            continue;
        };
        let taken = own.iter().filter(|run| longer.iter().zip(&theirs).any(|(other, runs)| overlap(**run, rule, runs, other))).count();
        (lost.whole, lost.some) = (or(lost.whole, Some(taken > 0 && taken == own.len())), or(lost.some, Some(taken > 0)));
        if taken > 0 {
            let others = longer.iter().map(|other| other.name.as_str()).collect::<Vec<_>>().join(", ");
            lost.example.get_or_insert_with(|| format!("rule {} loses {taken} of {} runs in 400 days to {others}", rule.name, own.len()));
        }
    }
    lost
}

/// Its runs in the time that is compared; `None` if its schedule is not understood or says only how far apart they are.
fn runs(rule: &PlanRule, from_s: i64) -> Option<Vec<i64>> {
    let schedule = rule.schedule.as_ref().ok().filter(|schedule| schedule.interval_s().is_none())?;
    Some(schedule.runs(from_s, from_s.saturating_add(COMPARED_S)).collect())
}
