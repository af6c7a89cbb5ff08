//! Rules of plans and their copy actions: one row per plan and rule, and one per plan, rule and destination vault.
//!
//! Calls `GetBackupPlan` for each plan. Both tables come from this one answer, so one collector fills them.
//!
//! Keys: (`backup_plan_arn`, `rule_id`) and, for copies, also `destination_backup_vault_arn`. The columns hold what AWS sent; a schedule or
//! window left out has a default that AWS documents, and facts know it. `delete_after_days` of -1 is kept as sent: for a rule it says "for
//! ever", for a copy "as long as the source".

use async_trait::async_trait;
use aws_sdk_backup::types::{BackupRule, CopyAction, IndexAction, ScanAction};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, object, required, sent, word};
use super::pages::answered;
use super::{backup_plans, parent};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A rule of a plan.
    pub struct PlanRuleRow {
        /// Plan of the rule
        backup_plan_arn: Text, Never, "ARN of the plan that was asked";
        /// Id of the plan
        backup_plan_id: Text, NotTold, "BackupPlanId";
        /// Name of the plan
        backup_plan_name: Text, NotTold, "BackupPlan.BackupPlanName";
        /// Id of the rule within the plan
        rule_id: Text, Never, "RuleId";
        /// Name of the rule
        rule_name: Text, NotTold, "RuleName";
        /// Vault, by name, in the plan's account and Region
        target_backup_vault_name: Text, NotTold, "TargetBackupVaultName";
        /// Logically air-gapped vault that points are made in where the resource type allows it
        target_logically_air_gapped_backup_vault_arn: Text, Means("points are made in the ordinary vault"), "TargetLogicallyAirGappedBackupVaultArn";
        /// AWS cron or rate expression
        schedule_expression: Text, Means("AWS's default schedule, cron(0 5 ? * * *)"), "ScheduleExpression";
        /// IANA time zone of the schedule
        schedule_expression_timezone: Text, Means("UTC"), "ScheduleExpressionTimezone";
        /// Minutes after the scheduled time within which a job may start
        start_window_minutes: Integer, Means("AWS's default of 8 hours"), "StartWindowMinutes";
        /// Minutes after its start within which a job must be done
        completion_window_minutes: Integer, Means("AWS's default of 7 days"), "CompletionWindowMinutes";
        /// Days after creation when points are deleted; -1 says never
        delete_after_days: Integer, Means("points are kept for ever"), "Lifecycle.DeleteAfterDays";
        /// Days after creation when points move to cold storage; -1 says never
        move_to_cold_storage_after_days: Integer, Means("points stay in warm storage"), "Lifecycle.MoveToColdStorageAfterDays";
        /// Whether EBS snapshots move to the archive tier
        opt_in_to_archive: Boolean, Means("no archive"), "Lifecycle.OptInToArchiveForSupportedResources";
        /// Event after which points are deleted, such as `DELETE_AFTER_COPY`
        delete_after_event: Text, Means("no event deletes points"), "Lifecycle.DeleteAfterEvent";
        /// Whether AWS Backup keeps continuous backups where the resource type allows it
        enable_continuous_backup: Boolean, Means("snapshots only"), "EnableContinuousBackup";
        /// Tags that points get, as an object
        recovery_point_tags: Json, Means("no tags of the rule's own"), "RecoveryPointTags";
        /// What is indexed for search, as the API writes it
        index_actions: Json, Means("nothing is indexed"), "IndexActions";
        /// Malware scans, as the API writes them
        scan_actions: Json, Means("nothing is scanned"), "ScanActions";
    }
}

crate::rows! {
    /// A copy action of a rule.
    pub struct PlanCopyRow {
        /// Plan of the rule
        backup_plan_arn: Text, Never, "ARN of the plan that was asked";
        /// Id of the plan
        backup_plan_id: Text, NotTold, "BackupPlanId";
        /// Name of the plan
        backup_plan_name: Text, NotTold, "BackupPlan.BackupPlanName";
        /// Id of the rule within the plan
        rule_id: Text, Never, "RuleId";
        /// Name of the rule
        rule_name: Text, NotTold, "RuleName";
        /// Vault that points are copied to, in whichever account and Region
        destination_backup_vault_arn: Text, Never, "CopyActions.DestinationBackupVaultArn";
        /// Days after creation of the source when the copy is deleted; -1 says as the source
        delete_after_days: Integer, Means("as the source point"), "CopyActions.Lifecycle.DeleteAfterDays";
        /// Days after creation when the copy moves to cold storage; -1 says never
        move_to_cold_storage_after_days: Integer, Means("the copy stays in warm storage"), "CopyActions.Lifecycle.MoveToColdStorageAfterDays";
        /// Whether copied EBS snapshots move to the archive tier
        opt_in_to_archive: Boolean, Means("no archive"), "CopyActions.Lifecycle.OptInToArchiveForSupportedResources";
    }
}

/// The rules of a Region's plans.
pub static RULES: Table = Table {
    name: "plan_rules",
    kind: TableKind::State,
    doc: "One row for each rule of each backup plan.",
    columns: PlanRuleRow::COLUMNS,
    key: &["backup_plan_arn", "rule_id"],
    parent: Some("backup_plan_arn"),
    created: None,
    global: false,
    subject: Some(("backup_plan_arn", "AWS::Backup::BackupPlan")),
};

/// The copy actions of a Region's plans.
pub static COPIES: Table = Table {
    name: "plan_copies",
    kind: TableKind::State,
    doc: "One row for each copy action of each rule of each backup plan.",
    columns: PlanCopyRow::COLUMNS,
    key: &["backup_plan_arn", "rule_id", "destination_backup_vault_arn"],
    parent: Some("backup_plan_arn"),
    created: None,
    global: false,
    subject: Some(("backup_plan_arn", "AWS::Backup::BackupPlan")),
};

const GET: Operation = Operation { service: "backup", name: "GetBackupPlan", action: "backup:GetBackupPlan" };

/// Reads [`RULES`] and [`COPIES`].
pub(crate) struct PlanRules;

#[async_trait]
impl Collector for PlanRules {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&RULES, &COPIES] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&backup_plans::TABLE, "backup_plan_arn"))
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let (arn, id) = parent::plan(unit, GET.name)?;
        let request = door.backup().get_backup_plan().backup_plan_id(id);
        let answer = request.send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
        let plan = answered(GET.name, "BackupPlan", answer.backup_plan)?;
        if plan.rules.is_empty() {
            // The SDK puts an empty list in place of one that was not sent, and AWS keeps no plan without rules.
            harvest.refuse(format!("{}: the plan came without rules", GET.name));
        }
        harvest.page(plan.rules.len());
        let of = Plan { arn, id: answer.backup_plan_id, name: required(plan.backup_plan_name) };
        for mut rule in plan.rules {
            for copy in rule.copy_actions.take().unwrap_or_default() {
                harvest.push(&COPIES, copy_row(&of, &rule, copy));
            }
            harvest.push(&RULES, rule_row(&of, rule));
        }
        Ok(())
    }
}

/// What the rows of a plan repeat.
struct Plan<'a> {
    arn: &'a str,
    id: Option<String>,
    name: Option<String>,
}

fn rule_row(plan: &Plan<'_>, rule: BackupRule) -> PlanRuleRow {
    let lifecycle = rule.lifecycle.as_ref();
    PlanRuleRow {
        backup_plan_arn: Some(plan.arn.to_owned()),
        backup_plan_id: plan.id.clone(),
        backup_plan_name: plan.name.clone(),
        delete_after_days: lifecycle.and_then(|lifecycle| lifecycle.delete_after_days),
        move_to_cold_storage_after_days: lifecycle.and_then(|lifecycle| lifecycle.move_to_cold_storage_after_days),
        opt_in_to_archive: lifecycle.and_then(|lifecycle| lifecycle.opt_in_to_archive_for_supported_resources),
        delete_after_event: word(lifecycle.and_then(|lifecycle| lifecycle.delete_after_event.clone())),
        rule_id: rule.rule_id,
        rule_name: required(rule.rule_name),
        target_backup_vault_name: required(rule.target_backup_vault_name),
        target_logically_air_gapped_backup_vault_arn: rule.target_logically_air_gapped_backup_vault_arn,
        schedule_expression: rule.schedule_expression,
        schedule_expression_timezone: rule.schedule_expression_timezone,
        start_window_minutes: rule.start_window_minutes,
        completion_window_minutes: rule.completion_window_minutes,
        enable_continuous_backup: rule.enable_continuous_backup,
        recovery_point_tags: object(rule.recovery_point_tags),
        index_actions: rule.index_actions.map(|actions| json(actions.into_iter().map(index_action).collect())),
        scan_actions: rule.scan_actions.map(|actions| json(actions.into_iter().map(scan_action).collect())),
    }
}

fn copy_row(plan: &Plan<'_>, rule: &BackupRule, copy: CopyAction) -> PlanCopyRow {
    let lifecycle = copy.lifecycle.as_ref();
    PlanCopyRow {
        backup_plan_arn: Some(plan.arn.to_owned()),
        backup_plan_id: plan.id.clone(),
        backup_plan_name: plan.name.clone(),
        rule_id: rule.rule_id.clone(),
        rule_name: required(rule.rule_name.clone()),
        delete_after_days: lifecycle.and_then(|lifecycle| lifecycle.delete_after_days),
        move_to_cold_storage_after_days: lifecycle.and_then(|lifecycle| lifecycle.move_to_cold_storage_after_days),
        opt_in_to_archive: lifecycle.and_then(|lifecycle| lifecycle.opt_in_to_archive_for_supported_resources),
        destination_backup_vault_arn: required(copy.destination_backup_vault_arn),
    }
}

fn index_action(action: IndexAction) -> Value {
    sent([("ResourceTypes", action.resource_types.map(Value::from))])
}

fn scan_action(action: ScanAction) -> Value {
    sent([("MalwareScanner", word(action.malware_scanner).map(Value::from)), ("ScanMode", word(action.scan_mode).map(Value::from))])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::dataset::rows::Json;

    const PLAN: &str = "arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81";
    const DR: &str = "arn:aws:backup:eu-central-1:111122223333:backup-vault:dr";

    #[tokio::test]
    async fn a_plan_gives_rules_and_copies() {
        let plan = value!({ "BackupPlanId": "8f81", "BackupPlanArn": PLAN, "BackupPlan": { "BackupPlanName": "daily", "Rules": [
            { "RuleId": "r1", "RuleName": "nightly", "TargetBackupVaultName": "prod", "ScheduleExpression": "cron(0 1 ? * * *)",
              "StartWindowMinutes": 60, "Lifecycle": { "DeleteAfterDays": 35 }, "RecoveryPointTags": { "b": "2", "a": "1" },
              "CopyActions": [{ "DestinationBackupVaultArn": DR, "Lifecycle": { "DeleteAfterDays": -1 } }, { "DestinationBackupVaultArn": PLAN }] },
            { "RuleId": "r2", "RuleName": "bare", "TargetBackupVaultName": "prod" },
            { "RuleName": "without id", "TargetBackupVaultName": "prod" }
        ] } });
        let (result, mut harvest) = read(&PlanRules, &of_parent(PLAN), [json(GET.name, &plan).containing("/backup/plans/8f81")]).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1));
        let rules: Vec<PlanRuleRow> = harvest.take(&RULES).rows();
        assert_eq!((rules[0].delete_after_days, rules[0].start_window_minutes), (Some(35), Some(60)));
        assert_eq!(rules[0].recovery_point_tags, Some(Json(r#"{"a":"1","b":"2"}"#.into())));
        let bare = PlanRuleRow {
            backup_plan_arn: Some(PLAN.into()),
            backup_plan_id: Some("8f81".into()),
            backup_plan_name: Some("daily".into()),
            rule_id: Some("r2".into()),
            rule_name: Some("bare".into()),
            target_backup_vault_name: Some("prod".into()),
            ..Default::default()
        };
        assert_eq!(rules[1], bare, "schedule, windows and lifecycle that are not sent stay NULL");
        let copies: Vec<PlanCopyRow> = harvest.take(&COPIES).rows();
        assert_eq!((copies.len(), copies[0].destination_backup_vault_arn.as_deref()), (2, Some(DR)));
        assert_eq!((copies[0].delete_after_days, copies[1].delete_after_days), (Some(-1), None), "-1 is kept as sent");
    }

    #[tokio::test]
    async fn ids_with_slashes_are_asked_for_as_one() {
        let efs = "arn:aws:backup:eu-west-1:111122223333:plan:aws/efs/73d922fb";
        let plan = value!({ "BackupPlan": { "BackupPlanName": "aws/efs/automatic-backup-plan", "Rules": [] } });
        let replies = [json(GET.name, &plan).containing("/backup/plans/aws%2Fefs%2F73d922fb")];
        let (result, harvest) = read(&PlanRules, &of_parent(efs), replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 1, "a plan without rules is not believed");
    }

    #[tokio::test]
    async fn a_vault_is_no_plan() {
        let (result, _) = read(&PlanRules, &of_parent(DR), []).await;
        assert!(result.unwrap_err().reason.contains(DR));
    }
}
