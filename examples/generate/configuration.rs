//! Rows of what AWS Backup is told to do: vaults, plans, rules, selections, settings of the Region.

use backup_audit::collect::backup_plans::BackupPlanRow;
use backup_audit::collect::backup_vaults::BackupVaultRow;
use backup_audit::collect::plan_rules::{PlanCopyRow, PlanRuleRow};
use backup_audit::collect::region_settings::RegionSettingRow;
use backup_audit::collect::regions::RegionRow;
use backup_audit::collect::resource_tags::ResourceTagsRow;
use backup_audit::collect::selections::SelectionRow;
use backup_audit::collect::vault_notifications::VaultNotificationRow;
use backup_audit::collect::vault_policies::VaultPolicyRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::moment::{DAY_S, HOUR_S};
use serde_json::{Value, json as value};

use crate::activity::vault_type;
use crate::alerts;
use crate::kept;
use crate::plans::{ACCOUNT, EFS_AUTOMATIC_VAULT, Lock, Named, PLANS, Plan, REGIONS, Rule, Selection, To, US, VAULTS, Vault, vault_arn};
use crate::principals;
use crate::rows::{json, strings, text};
use crate::world::{FRESH_S, Place, World};

/// Days before the end when the configuration was made: long before any span that is looked at.
const MADE_DAYS_AGO: i64 = 700;

/// The Regions of the estate are those that its accounts can use, and one is there that they did not opt in to.
pub(crate) fn regions() -> Vec<RegionRow> {
    let row = |name: &str, status: &str| RegionRow { region_name: text(name), opt_in_status: text(status) };
    let used = REGIONS.map(|name| row(name, "opt-in-not-required"));
    used.into_iter().chain([row("af-south-1", "not-opted-in")]).collect()
}

/// Settings of a Region. Neptune is off where most databases are, though one of them is a Neptune cluster with the tag of a plan; buckets are backed
/// up there alone.
pub(crate) fn settings(place: Place) -> Vec<RegionSettingRow> {
    let row = |(name, opt_in): (&str, bool)| RegionSettingRow {
        resource_type: text(name),
        opt_in: Some(opt_in),
        management: matches!(name, "DynamoDB" | "EFS").then_some(true),
    };
    let neptune = place.region != US;
    [
        ("Aurora", true),
        ("DocumentDB", true),
        ("DynamoDB", true),
        ("EBS", true),
        ("EC2", true),
        ("EFS", true),
        ("FSx", true),
        ("Neptune", neptune),
        ("RDS", true),
        ("Redshift", true),
        ("S3", place.region == US),
        ("Timestream", true),
    ]
    .map(row)
    .to_vec()
}

/// Vaults of a Region.
pub(crate) fn vaults(world: &World, place: Place) -> Vec<BackupVaultRow> {
    let made_s = world.timeline.end_s - MADE_DAYS_AGO * DAY_S;
    let row = |vault: &'static Vault| BackupVaultRow {
        backup_vault_arn: Some(arn_of(vault)),
        backup_vault_name: text(vault.name),
        vault_type: text(if vault.view { "RESTORE_ACCESS_BACKUP_VAULT" } else { vault_type(vault.air_gapped) }),
        vault_state: text("AVAILABLE"),
        encryption_key_arn: vault.key.arn(vault.account, vault.region),
        encryption_key_type: vault.key.type_word(),
        number_of_recovery_points_count: i64::try_from(
            world.points_of(place).filter(|point| point.vault == vault.name).count() + kept::points(world, place, vault.name).len(),
        )
        .ok(),
        locked: (!vault.view && !vault.fresh).then_some(!matches!(vault.lock, Lock::None)),
        min_retention_days: bounds(vault.lock).0,
        max_retention_days: bounds(vault.lock).1,
        lock_date: match vault.lock {
            Lock::None | Lock::Governance(..) => None,
            Lock::Grace(..) => Some(millis(place.now_s + 2 * DAY_S)),
            Lock::Final(..) => Some(millis(made_s + 30 * DAY_S)),
        },
        creation_date: Some(millis(if vault.fresh { world.timeline.end_s - FRESH_S } else { made_s })),
        source_backup_vault_arn: None,
    };
    world.vaults(place).map(row).collect()
}

fn bounds(lock: Lock) -> (Option<i64>, Option<i64>) {
    match lock {
        Lock::None => (None, None),
        Lock::Governance(min, max) | Lock::Grace(min, max) | Lock::Final(min, max) => (min, max),
    }
}

fn arn_of(vault: &Vault) -> String {
    vault_arn(vault.account, vault.region, vault.name)
}

/// Access policy of a vault: those that hold copies and archives refuse deletion to everybody, some of them only half; one lets anybody in.
pub(crate) fn policy(arn: &str) -> VaultPolicyRow {
    let deny = |actions: &[&str]| value!([{ "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*" }]);
    let allow =
        |principal: Value| value!([{ "Effect": "Allow", "Principal": principal, "Action": "backup:CopyIntoBackupVault", "Resource": "*" }]);
    let statements = match vault_at(arn).map_or("", |vault| vault.name) {
        "dr-copies" | "archive" => {
            Some(deny(&["backup:DeleteRecoveryPoint", "backup:PutBackupVaultAccessPolicy", "backup:UpdateRecoveryPointLifecycle"]))
        }
        "prod-daily" => Some(deny(&["backup:DeleteRecoveryPoint"])),
        "partner-drop" => Some(allow(value!("*"))),
        EFS_AUTOMATIC_VAULT => Some(deny(&["backup:DeleteBackupVaultAccessPolicy", "backup:DeleteRecoveryPoint", "backup:StartCopyJob"])),
        "offsite" => Some(allow(value!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }))),
        _ => None,
    };
    let policy = statements.map(|statements| json(value!({ "Version": "2012-10-17", "Statement": statements })));
    VaultPolicyRow { backup_vault_arn: text(arn), policy }
}

/// Notifications of a vault: the daily ones tell somebody; what another is to tell is an event that AWS no longer sends.
pub(crate) fn notifications(arn: &str, region: &str) -> VaultNotificationRow {
    let events: &[&str] = match vault_at(arn).map_or("", |vault| vault.name) {
        "prod-daily" | "eu-daily" => &["BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED", "RECOVERY_POINT_MODIFIED"],
        "archive" => &["BACKUP_JOB_FAILED", "RESTORE_JOB_FAILED"],
        _ => &[],
    };
    VaultNotificationRow {
        backup_vault_arn: text(arn),
        sns_topic_arn: (!events.is_empty()).then(|| alerts::topic(region)),
        events: (!events.is_empty()).then(|| strings(events.iter().copied())),
    }
}

/// Tags of the vaults and plans of a Region.
pub(crate) fn tags(world: &World, place: Place) -> Vec<ResourceTagsRow> {
    let own = |name: &str| name != "Default" && !name.starts_with("aws/");
    let vaults = world.vaults(place).filter(|vault| own(vault.name)).map(arn_of);
    let plans = world.plans(place).filter(|plan| own(plan.name)).map(Plan::arn);
    vaults.chain(plans).map(|arn| ResourceTagsRow { resource_arn: Some(arn), tags: Some(json(value!({ "team": "platform" }))) }).collect()
}

/// Plans of a Region.
pub(crate) fn plans(world: &World, place: Place) -> Vec<BackupPlanRow> {
    let row = |plan: &'static Plan| {
        let last = world.jobs(place).filter(|job| std::ptr::eq(job.plan, plan)).map(|job| job.created_s).max();
        let last = last.max(kept::last_run_s(world, plan, place.now_s));
        BackupPlanRow {
            backup_plan_arn: Some(plan.arn()),
            backup_plan_id: Some(plan.id()),
            backup_plan_name: text(plan.name),
            version_id: Some(version(plan)),
            creation_date: Some(millis(world.timeline.end_s - MADE_DAYS_AGO * DAY_S + HOUR_S)),
            last_execution_date: last.map(millis),
            advanced_backup_settings: None,
        }
    };
    world.plans(place).map(row).collect()
}

/// Version of a plan.
pub(crate) fn version(plan: &Plan) -> String {
    plan.part_id("version")
}

fn plan_of(arn: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.arn() == arn)
}

/// Rules of a plan.
pub(crate) fn rules(plan_arn: &str) -> Vec<PlanRuleRow> {
    let row = |plan: &'static Plan, rule: &'static Rule| PlanRuleRow {
        backup_plan_arn: Some(plan.arn()),
        backup_plan_id: Some(plan.id()),
        backup_plan_name: text(plan.name),
        rule_id: Some(plan.part_id(rule.name)),
        rule_name: text(rule.name),
        target_backup_vault_name: text(rule.vault),
        schedule_expression: rule.schedule.map(str::to_owned),
        schedule_expression_timezone: rule.timezone.map(str::to_owned),
        start_window_minutes: rule.windows_minutes.map(|(start, _)| start),
        completion_window_minutes: rule.windows_minutes.map(|(_, completion)| completion),
        delete_after_days: Some(rule.delete_days),
        move_to_cold_storage_after_days: rule.cold_days,
        enable_continuous_backup: rule.continuous.then_some(true),
        ..PlanRuleRow::default()
    };
    plan_of(plan_arn).into_iter().flat_map(|plan| plan.rules.iter().map(move |rule| row(plan, rule))).collect()
}

/// Copy actions of a plan.
pub(crate) fn copies(plan_arn: &str) -> Vec<PlanCopyRow> {
    let Some(plan) = plan_of(plan_arn) else { return Vec::new() };
    let row = |rule: &'static Rule, to: &'static To| PlanCopyRow {
        backup_plan_arn: Some(plan.arn()),
        backup_plan_id: Some(plan.id()),
        backup_plan_name: text(plan.name),
        rule_id: Some(plan.part_id(rule.name)),
        rule_name: text(rule.name),
        destination_backup_vault_arn: Some(vault_arn(to.account, to.region, to.vault)),
        delete_after_days: Some(to.days),
        ..PlanCopyRow::default()
    };
    plan.rules.iter().flat_map(|rule| rule.copies.iter().map(move |to| row(rule, to))).collect()
}

/// Selections of a plan.
pub(crate) fn selections(world: &World, plan_arn: &str, now_s: i64) -> Vec<SelectionRow> {
    let Some(plan) = plan_of(plan_arn) else { return Vec::new() };
    let row = |selection: &'static Selection| SelectionRow {
        backup_plan_arn: text(plan_arn),
        backup_plan_id: Some(plan.id()),
        selection_id: Some(plan.part_id(selection.name)),
        selection_name: text(selection.name),
        iam_role_arn: Some(principals::role_arn(selection.role)),
        resources: match selection.named {
            Named::Nothing => None,
            Named::Patterns(patterns) => Some(strings(patterns.iter().copied())),
            Named::Arns => Some(strings(arns(world, plan, selection))),
        },
        not_resources: (!selection.not_resources.is_empty()).then(|| strings(selection.not_resources.iter().copied())),
        list_of_tags: list_of_tags(selection),
        conditions: conditions(selection),
        creation_date: Some(millis(world.timeline.end_s - MADE_DAYS_AGO * DAY_S + 2 * HOUR_S)),
    };
    world.selections(plan, now_s).map(row).collect()
}

fn arns(world: &World, plan: &Plan, selection: &Selection) -> Vec<String> {
    let chosen = world.databases.iter().filter(|database| database.entry.backed_up.contains(&(plan.name, selection.name)));
    chosen.map(crate::fleet::Database::arn).collect()
}

fn list_of_tags(selection: &Selection) -> Option<backup_audit::dataset::rows::Json> {
    let tag = |(key, tag): &(&str, &str)| value!({ "ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": tag });
    (!selection.tags.is_empty()).then(|| json(selection.tags.iter().map(tag).collect::<Value>()))
}

fn conditions(selection: &Selection) -> Option<backup_audit::dataset::rows::Json> {
    let of = |operator: &str| -> Value {
        let chosen = selection.conditions.iter().filter(|(found, ..)| *found == operator);
        chosen.map(|(_, key, tag)| value!({ "ConditionKey": format!("aws:ResourceTag/{key}"), "ConditionValue": tag })).collect()
    };
    let operators = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"];
    (!selection.conditions.is_empty()).then(|| json(operators.iter().map(|operator| ((*operator).to_owned(), of(operator))).collect()))
}

/// Every vault that was ever there, by ARN: those that have gone are no parents any more, their points speak of them all the same.
pub(crate) fn vault_at(arn: &str) -> Option<&'static Vault> {
    VAULTS.iter().find(|vault| arn_of(vault) == arn)
}
