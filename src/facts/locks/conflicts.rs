//! Plans against locks: a vault lock refuses every job whose retention lies outside its range, so that backups stop.
//!
//! Each plan rule is held against the vault it writes to, the air-gapped vault it may write to as well, and each of its copy actions against the vault
//! it copies to. A copy action without days keeps its copies as long as their source. Nothing may be kept for ever under a longest retention, and a
//! continuous backup, which AWS keeps 35 days at most, fits under no shortest retention of more. A vault that was not read, or lies where nobody
//! looks, may have any lock. Every air-gapped vault has both ends of the range: one that was not told is not known.
//!
//! Source: AWS Backup developer guide, "AWS Backup Vault Lock"; API reference, `PutBackupVaultLockConfiguration`.

use polars::prelude::DataFrame;

use super::{LockMode, Vault, Vaults};
use crate::dataset::{Relation, Row};
use crate::facts::lifecycles::{CONTINUOUS_MAXIMUM_DAYS, PLANS_REST_ON};
use crate::facts::plans::{Lifecycle, Plan, PlanRule};
use crate::facts::population::evidence;
use crate::facts::{Fact, FactError, Inputs, everywhere, region};
use crate::model::Arn;

crate::rows! {
    /// A plan rule or copy action and the vault it writes to.
    pub struct ConflictRow {
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
        /// Vault that is written to
        target_vault_arn: Text, NotTold, "TargetBackupVaultName, TargetLogicallyAirGappedBackupVaultArn, DestinationBackupVaultArn";
        /// Whether it is the vault of a copy action
        copy: Boolean, Never, "CopyActions";
        /// Whether continuous backups go there
        continuous: Boolean, Never, "EnableContinuousBackup";
        /// Whether nothing ever deletes what is written
        kept_forever: Boolean, Never, "";
        /// Days that it is kept
        retention_days: Integer, Means("for ever"), "Lifecycle.DeleteAfterDays";
        /// `none`, `governance`, `grace` or `immutable`
        lock_mode: Text, NotTold, "Locked, LockDate";
        /// Shortest retention the lock accepts
        min_retention_days: Integer, Means("none is set, or not told"), "MinRetentionDays";
        /// Longest retention the lock accepts
        max_retention_days: Integer, Means("none is set, or not told"), "MaxRetentionDays";
        /// Whether the lock lets it in
        within_lock: Boolean, NotTold, "";
        /// What is wrong, in words
        problem: Text, Means("nothing"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Plans against locks as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "lock_conflicts",
        doc: "Whether vault locks let plan rules and copy actions in: one row each and vault.",
        rows_are: "plan rules and copy actions",
        columns: ConflictRow::COLUMNS,
        rows_rest_on: PLANS_REST_ON,
        order: &["plan_rule", "copy", "target_vault_arn"],
    },
    reads: &[&[region("backup_plans"), region("plan_rules"), region("plan_copies"), region("selections"), everywhere("backup_vaults")]],
    by_range: false,
    derive,
};

/// What is written to a vault.
struct Target<'a> {
    vault_arn: Option<String>,
    vault: Option<&'a Vault>,
    copy: bool,
    continuous: bool,
    lifecycle: Lifecycle,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (plans, vaults, as_of_s) = (inputs.plans()?, Vaults::read(inputs)?, inputs.snapshot.as_of_s());
    let mut rows = Vec::new();
    for plan in plans.iter() {
        for rule in &plan.rules {
            rows.extend(targets(plan, rule, &vaults).iter().map(|target| row(plan, rule, target, as_of_s)));
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn targets<'a>(plan: &Plan, rule: &PlanRule, vaults: &'a Vaults) -> Vec<Target<'a>> {
    let home = rule.vault_name.as_deref().and_then(|name| vaults.named(&plan.account_id, &plan.region, name));
    let vault_arn = rule
        .vault_name
        .as_deref()
        .zip(Arn::parse(&plan.arn))
        .map(|(name, arn)| format!("arn:{}:backup:{}:{}:backup-vault:{name}", arn.partition, plan.region, plan.account_id));
    let mut targets = vec![Target { vault_arn, vault: home, copy: false, continuous: rule.continuous, lifecycle: rule.lifecycle }];
    if let Some(arn) = &rule.air_gapped_vault_arn {
        let vault_arn = Some(arn.clone());
        targets.push(Target { vault_arn, vault: vaults.get(arn), copy: false, continuous: false, lifecycle: rule.lifecycle });
    }
    for copy in &rule.copies {
        let own_days = copy.lifecycle.delete_after_days.filter(|days| *days >= 0);
        let lifecycle = Lifecycle { delete_after_days: own_days.or(rule.lifecycle.delete_after_days), ..copy.lifecycle };
        let vault = vaults.get(&copy.destination_vault_arn);
        targets.push(Target { vault_arn: Some(copy.destination_vault_arn.clone()), vault, copy: true, continuous: false, lifecycle });
    }
    targets
}

fn row(plan: &Plan, rule: &PlanRule, target: &Target<'_>, as_of_s: i64) -> ConflictRow {
    let mode = target.vault.and_then(|vault| vault.lock_mode(as_of_s));
    let range = target.vault.filter(|_| mode.is_some_and(|mode| mode != LockMode::None));
    let (min, max) = range.map_or((None, None), |vault| (vault.min_retention_days, vault.max_retention_days));
    let refused = problem(target.lifecycle, target.continuous, min, max);
    let air_gapped = target.vault.is_some_and(|vault| vault.air_gapped() == Some(true));
    let open = match mode {
        None => Some("the lock of the vault was not read, or the vault lies outside the scope"),
        Some(_) if refused.is_none() && air_gapped && (min.is_none() || max.is_none()) => {
            Some("the range of the air-gapped vault was not told in full")
        }
        Some(_) => None,
    };
    ConflictRow {
        subject_arn: Some(plan.arn.clone()),
        subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
        account_id: Some(plan.account_id.clone()),
        region: Some(plan.region.clone()),
        plan_name: Some(plan.name.clone()),
        plan_rule: Some(rule.name.clone()),
        target_vault_arn: target.vault_arn.clone(),
        copy: Some(target.copy),
        continuous: Some(target.continuous),
        kept_forever: Some(target.lifecycle.kept_forever()),
        retention_days: target.lifecycle.delete_after_days.filter(|days| *days >= 0),
        lock_mode: mode.map(|mode| mode.word().to_owned()),
        min_retention_days: min,
        max_retention_days: max,
        within_lock: open.is_none().then_some(refused.is_none()),
        problem: open.map(str::to_owned).or(refused),
        evidence: Some(evidence("plan_rules", &format!("{}#rule/{}", plan.arn, rule.id), Some(&plan.collection))),
    }
}

/// Why a lock with this range refuses what is kept so long, if it does.
fn problem(lifecycle: Lifecycle, continuous: bool, min: Option<i64>, max: Option<i64>) -> Option<String> {
    let days = lifecycle.delete_after_days.filter(|days| *days >= 0);
    match (days, min, max) {
        (_, Some(min), _) if continuous && min > CONTINUOUS_MAXIMUM_DAYS => {
            Some(format!("continuous backups are kept 35 days at most, and the lock asks for {min}"))
        }
        (Some(days), Some(min), _) if days < min => Some(format!("kept {days} days, and the lock asks for at least {min}")),
        (Some(days), _, Some(max)) if days > max => Some(format!("kept {days} days, and the lock allows {max}")),
        (None, _, Some(max)) => Some(format!("kept for ever, and the lock allows {max} days")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lock_refuses() {
        // why, days, continuous, shortest, longest, refused
        let cases = [
            ("within", Some(35), false, Some(7), Some(365), false),
            ("exactly the shortest", Some(7), false, Some(7), None, false),
            ("a day short", Some(6), false, Some(7), None, true),
            ("exactly the longest", Some(365), false, None, Some(365), false),
            ("a day too long", Some(366), false, None, Some(365), true),
            ("for ever under a longest", None, false, Some(7), Some(365), true),
            ("-1 is for ever", Some(-1), false, None, Some(365), true),
            ("for ever without a longest", None, false, Some(7), None, false),
            ("no range: only deletion is blocked", Some(1), false, None, None, false),
            ("continuous, 35 days at most", Some(35), true, Some(36), None, true),
            ("continuous within", Some(35), true, Some(35), None, false),
        ];
        for (why, delete_after_days, continuous, min, max, refused) in cases {
            let lifecycle = Lifecycle { delete_after_days, cold_after_days: None };
            assert_eq!(problem(lifecycle, continuous, min, max).is_some(), refused, "{why}");
        }
    }
}
