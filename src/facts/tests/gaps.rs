//! The law behind all facts: a read that fails can only take away knowledge.
//!
//! For an estate with some of everything, each read of each collection is denied in turn and its rows taken away. Whatever a rule reads then stays as
//! it was or becomes NULL; a row goes only where its relation says that it rests on that table, and none comes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::estate::*;
use super::tables::{TABLES, parents_of};
use super::things::*;
use crate::dataset::schema::Reach;
use crate::facts::FACTS;
use crate::facts::objectives::{and, or};
use crate::model::{Window, duration};

/// What rules read in `applies` and `pass`, by relation; a few words stand for what a rule makes of several columns.
const READ_BY_RULES: [(&str, &[&str]); 48] = [
    ("backup_outcomes", &["on_demand", "rule_exists", "gone", "ended", "succeeded", "with_issues"]),
    ("backup_windows", &["role", "native_clear", "plans_clear"]),
    ("copies", &["role", "supported", "owed", "planned", "expected", "last_succeeded", "since 1d", "since 8d", "since 28d"]),
    ("copy_outcomes", &["gone", "ended", "succeeded"]),
    ("coverage", &["role", "selected", "covered", "opt_in_blocked", "protected_natively"]),
    ("exposure", &["role", "data_class_declared", "rpo_owed", "within_limit", "within_rpo", "fresh"]),
    ("plan_retention", &["longest_gap_s", "kept_forever", "retention_s"]),
    ("point_retention", &["kept_forever", "retention_s", "retention_owed", "owed_retention_s", "outlived"]),
    ("retained_points", &["retention_owed", "due", "ended_early", "longest_owed", "kept_too_long"]),
    ("retention_tiers", &["role", "tiers_owed", "tiers_made"]),
    ("lifecycles", &["accepted", "cold_ignored"]),
    ("design_exposure", &["role", "rpo_owed", "protected", "bounded", "design_rpo_s <= limit_s"]),
    ("point_keys", &["encrypted", "usable", "in_other_account", "key_of_source"]),
    ("keys_in_use", &["in_use", "usable", "pending_deletion", "rotation_applies", "rotates", "multi_region"]),
    ("storage_encryption", &["role", "encrypted_at_rest"]),
    ("copy_keys", &["role", "planned", "keys_allow", "needs_customer_key"]),
    ("vault_locks", &["locked", "lock_mode", "has_floor"]),
    ("locked_points", &["role", "in_locked_vault"]),
    ("lock_conflicts", &["within_lock"]),
    ("vault_access", &["vault_type", "in_use", "deletion_denied_as_aws", "deletion_denied", "open_to_others", "backup_failures_heard"]),
    ("native_backups", &["role", "retention_days", "deletion_protection", "copies_tags", "outlived", "logs_exported", "password_managed"]),
    (
        "newest_points",
        &[
            "role",
            "counted",
            "asked",
            "continuous",
            "continuous_goes_on",
            "resource_age_s",
            "has_point",
            "since 1d",
            "since 8d",
            "since 28d",
        ],
    ),
    ("pitr", &["role", "enabled", "running", "lag_s", "shown_before", "unbroken"]),
    ("replicated_backups", &["role", "supported", "owed", "expected", "replicated", "active", "running", "lag_s"]),
    ("restore_testing", &["has_selection", "covers_something"]),
    ("restored_databases", &["public", "beside_production", "by_test"]),
    ("restores", &RESTORES),
    ("shared_snapshots", &["public", "shared_with", "shared_outside"]),
    ("collection_intervals", &["repeated", "longest_interval_s"]),
    ("alert_paths", &["kind", "tells_failures", "reaches_somebody", "has_plans"]),
    (
        "buckets",
        &[
            "role",
            "versioned",
            "noncurrent_kept_s",
            "replicated",
            "replicated_to_other_region",
            "replicates_deletions",
            "replication_measured",
            "lag_alarm_s",
        ],
    ),
    ("deleted_databases", &["own_data", "by_service", "final_snapshot"]),
    ("exclusions", &["premise", "holds"]),
    ("objective_changes", &["loosened"]),
    ("organization_policies", &["member", "backup_policy"]),
    ("secret_copies", &["is_replica", "to_be_deleted", "replicated"]),
    ("vault_storage", &["size_gib", "costs 1", "costs 100"]),
    ("backup_costs", &["costs 0", "costs 50", "costs 100"]),
    ("departed", &["gone", "lasts 14d"]),
    ("drills", &["has_points", "has_tests", "tests_reach", "since 1d", "since 8d", "since 28d"]),
    ("plan_hygiene", &["assigned", "targets_exist", "rule_swallowed", "runs_swallowed"]),
    ("point_scans", &["role", "has_point", "scanned", "infected"]),
    ("principal_rights", &["service_linked", "beyond_services", "has_backups", "deletes_without_mfa", "deletes_all"]),
    (
        "region_guards",
        &["events_recorded", "configuration_recorded", "snapshot_sharing", "volumes_encrypted", "has_volumes", "reported", "has_plans"],
    ),
    ("selection_hygiene", &SELECTIONS),
    ("slots", &["role", "kept", "whole", "late 1h", "recovered 26h"]),
    ("tampering", &["none_proven"]),
    ("trail_deliveries", &["is_home", "is_logging", "delivered", "undelivered_s <= 24h", "idle"]),
];

const SELECTIONS: [&str; 8] = [
    "named_count",
    "named_exist",
    "matches_something",
    "blank_in_the_way",
    "role_exists",
    "role_trusts_backup",
    "role_trusts_only_backup",
    "role_may_back_up",
];

const RESTORES: [&str; 20] = [
    "role",
    "supported",
    "resource_age_s",
    "restored",
    "completed",
    "last_succeeded",
    "validated",
    "leftover",
    "shown",
    "restored_fresh",
    "rpo_owed",
    "every_owed",
    "every_s",
    "rto_owed",
    "rto_s",
    "since 1d",
    "since 8d",
    "since 28d",
    "took 1h",
    "took 12h",
];

/// A column, or what the rule makes of several.
fn value(row: &Object, column: &str) -> Value {
    let figure = |name: &str| row.get(name).and_then(Value::as_i64);
    let at_most = |name: &str, limit: i64| figure(name).map(|figure| figure <= limit);
    let limit_s = || column.split_once(' ').map(|(_, text)| duration::parse(text).expect("a duration")).unwrap_or_default();
    match column {
        "design_rpo_s <= limit_s" => json!(figure("design_rpo_s").zip(figure("limit_s")).map(|(design_s, limit_s)| design_s <= limit_s)),
        // The newest is young enough, or a newer one may be; and that there was none for longer is not proven.
        _ if column.starts_with("since") => {
            let of = |names: [&'static str; 4]| names.into_iter().find(|name| row.contains_key(*name)).unwrap_or_default();
            let age = of(["copy_age_s", "tested_age_s", "point_age_s", "drilled_age_s"]);
            let newer = of(["newer_copy", "newer_restore", "newer_point", "newer_drill"]);
            let young = or(at_most(age, limit_s()), row[newer].as_bool());
            json!(and(young, if row.contains_key("none_for_s") { at_most("none_for_s", limit_s()) } else { Some(true) }))
        }
        "undelivered_s <= 24h" => json!(at_most("undelivered_s", 86_400)),
        _ if column.starts_with("late") => json!(and(at_most("latest_s", limit_s()), row["whole"].as_bool())),
        _ if column.starts_with("recovered") => json!(and(at_most("recovery_s", limit_s()), row["whole"].as_bool())),
        _ if column.starts_with("lasts") => json!(or(row["kept_forever"].as_bool(), figure("left_s").map(|left_s| left_s >= limit_s()))),
        _ if column.starts_with("costs") => {
            let budget_usd: i64 = column.split_once(' ').and_then(|(_, text)| text.parse().ok()).expect("whole dollars");
            json!(and(at_most("known_cents", budget_usd * 100), row["all_counted"].as_bool()))
        }
        _ if column.starts_with("took") => json!(and(row["restores_known"].as_bool(), at_most("worst_restore_s", limit_s()))),
        _ => row[column].clone(),
    }
}

/// What rules make of a column over rows of one name: all must hold.
fn of_all(rows: &[&Object], column: &str) -> Value {
    let [first, rest @ ..] = rows else { return Value::Null };
    rest.iter().map(|row| value(row, column)).fold(value(first, column), |so_far, next| match (so_far.as_bool(), next.as_bool()) {
        (Some(false), _) | (_, Some(false)) => json!(false),
        (Some(true), Some(true)) => json!(true),
        _ => Value::Null,
    })
}

/// What names a row of a relation, beside its subject. Which key a point has may depend on a read: rows of several keys share a name.
fn name_of(relation: &str, row: &Object) -> String {
    let columns: &[&str] = match relation {
        "backup_outcomes" | "slots" => &["backup_plan_arn", "backup_rule_id"],
        "copies" => &["destination"],
        "copy_outcomes" => &["destination_vault_arn"],
        "exposure" | "drills" => &["scenario"],
        "plan_retention" => &["plan_rule"],
        "lifecycles" => &["plan_rule", "copy_to"],
        "objective_changes" => &["from_s"],
        "point_retention" | "retained_points" => &["backup_vault_arn", "recovery_point_arn"],
        "point_keys" => &["backup_vault_arn"],
        "copy_keys" => &["plan_name", "plan_rule", "destination_vault_arn"],
        "lock_conflicts" => &["plan_rule", "copy", "target_vault_arn"],
        "replicated_backups" => &["replica_arn"],
        "shared_snapshots" => &["shared_with"],
        "tampering" => &["kind"],
        "trail_deliveries" => &["region"],
        _ => &[],
    };
    ["subject_arn"].iter().chain(columns).map(|column| row[*column].to_string()).collect::<Vec<_>>().join(" ")
}

fn by_name<'a>(relation: &str, facts: &'a Facts) -> BTreeMap<String, Vec<&'a Object>> {
    let mut rows: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for row in facts.all(relation) {
        rows.entry(name_of(relation, row)).or_default().push(row);
    }
    rows
}

/// Whether a relation says that a row may be missing because of an unread unit.
fn rests_on(relation: &str, row: &Object, unit: &UnitOf) -> bool {
    let fact = FACTS.iter().find(|fact| fact.relation.name == relation).unwrap();
    // Where vaults or plans could not be listed, their own reads are skipped.
    let skipped = TABLES.iter().filter(|table| parents_of(table) == Some(unit.table)).map(|table| table.name);
    let unread: Vec<&str> = skipped.chain([unit.table]).collect();
    fact.relation.rows_rest_on.iter().filter(|rest| unread.contains(&rest.table)).any(|rest| match rest.reach {
        Reach::Parent(column) => unit.parent.is_none() || row[column].as_str() == unit.parent.as_deref(),
        Reach::Region => row["account_id"] == json!(unit.place.0) && row["region"] == json!(unit.place.1),
        Reach::Account => row["account_id"] == json!(unit.place.0),
        Reach::Everywhere => true,
    })
}

/// Compares the facts of an estate with those of the same estate less one read; what is wrong, if anything.
fn broken(whole: &Facts, lacking: &Facts, units: &[UnitOf]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (relation, columns) in READ_BY_RULES {
        let (before, after) = (by_name(relation, whole), by_name(relation, lacking));
        for (name, rows) in &before {
            let Some(now) = after.get(name) else {
                if !units.iter().any(|unit| rests_on(relation, rows[0], unit)) {
                    wrong.push(format!("{relation} {name} is gone"));
                }
                continue;
            };
            for column in columns {
                let (was, is) = (of_all(rows, column), of_all(now, column));
                if was != is && !is.is_null() {
                    wrong.push(format!("{relation} {name}: {column} was {was} and is {is}"));
                }
            }
        }
        wrong.extend(after.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("{relation} {name} has come")));
    }
    wrong
}

fn window() -> Window {
    Window { start_s: ago(37, 0), end_s: NOW_S }
}

/// The law for an estate, under several lists of objectives.
fn holds(estate: &Estate, objectives: &[Value]) {
    let facts = |opened: &Opened| -> Vec<Facts> {
        objectives.iter().map(|objectives| opened.facts(None, objectives.clone(), window()).unwrap()).collect()
    };
    let opened = estate.open();
    let whole = facts(&opened);
    // Reads that gave something one by one, those that gave nothing all at once.
    let (giving, empty): (Vec<UnitOf>, Vec<UnitOf>) = estate.units().into_iter().partition(|unit| estate.gives_rows(unit));
    let mut wrong = Vec::new();
    for units in giving.into_iter().map(|unit| vec![unit]).chain([empty]) {
        let lacking = facts(&estate.lacking(&units).open_beside(Some(&opened)));
        for (whole, lacking) in whole.iter().zip(&lacking) {
            wrong.extend(broken(whole, lacking, &units).into_iter().map(|what| format!("without {:?}: {what}", units[0])));
        }
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} breaches, among them\n{shown}", wrong.len());
}

/// Vaults with and without locks, policies and notifications; keys in every state; a legal hold.
fn guarded(estate: Estate) -> Estate {
    let (home, far, other) = ((ACCOUNT, HOME), (ACCOUNT, AWAY), (OTHER_ACCOUNT, AWAY));
    let vault_with =
        |place, name, changes| with(with(vault(place, name), json!({ "vault_type": "BACKUP_VAULT", "locked": false })), changes);
    let in_state = |name: &str, state: &str| with(key(name), json!({ "key_state": state }));
    let policy = json!({ "Statement": [{
        "Effect": "Deny", "Principal": "*", "Resource": "*",
        "Action": ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"]
    }] });
    let topic = json!({ "sns_topic_arn": format!("arn:aws:sns:{HOME}:{ACCOUNT}:backups"), "events": ["BACKUP_JOB_COMPLETED"] });
    let of_vault = |place, name: &str, more: Value| with(json!({ "backup_vault_arn": vault_arn(place, name) }), more);
    estate
        .has(
            "backup_vaults",
            [
                vault_with(home, "main", json!({ "encryption_key_arn": key_arn("vault") })),
                vault_with(home, "empty", json!({ "locked": true, "min_retention_days": 7 })),
                vault_with(
                    home,
                    "gapped",
                    json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "min_retention_days": 40, "max_retention_days": 90 }),
                ),
            ],
        )
        .has_at(
            far,
            "backup_vaults",
            [vault_with(
                far,
                "far",
                json!({
                    "locked": true, "lock_date": ago(30, 0), "max_retention_days": 60, "encryption_key_arn": key_arn("vault")
                }),
            )],
        )
        .has_at(other, "backup_vaults", [vault_with(other, "far", json!({ "encryption_key_arn": key_arn("vault") }))])
        .has("vault_policies", [of_vault(home, "main", json!({ "policy": policy })), of_vault(home, "empty", json!({}))])
        .has_at(
            other,
            "vault_policies",
            [of_vault(
                other,
                "far",
                json!({ "policy": { "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"
        }] } }),
            )],
        )
        .has("vault_notifications", [of_vault(home, "main", topic), of_vault(home, "empty", json!({}))])
        .has("kms_keys", [key("data"), key("vault"), aws_key("aws"), in_state("going", "PendingDeletion"), in_state("unused", "Disabled")])
        .has_at(other, "kms_keys", [key("data")])
        .has("legal_holds", [json!({ "legal_hold_arn": "hold", "status": "ACTIVE", "vault_names": ["main"], "to_date": ago(61, -1) })])
}

/// The second account and its Region, where copies go.
const SAFE: Place = (OTHER_ACCOUNT, AWAY);

/// Restore tests, windows, sharing and replication: what changes little from week to week.
fn beside_backups(estate: Estate) -> Estate {
    let far = (ACCOUNT, AWAY);
    let replica = format!("arn:aws:rds:{AWAY}:{ACCOUNT}:auto-backup:ab-2");
    let testing = format!("arn:aws:backup:{HOME}:{ACCOUNT}:restore-testing-plan:weekly");
    let away = format!("arn:aws:backup:{AWAY}:{ACCOUNT}:restore-testing-plan:away");
    let shared = |name: &str, public: bool, with: &[&str]| {
        let arn = format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:{name}");
        json!({ "snapshot_arn": arn, "is_cluster_snapshot": false, "public": public, "shared_with": with, "shared_with_count": with.len() })
    };
    let gap = json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" });
    let windows = json!({ "preferred_backup_window": "01:00-01:30", "preferred_maintenance_window": "fri:05:30-fri:06:00" });
    let settings = json!({ "deletion_protection": true, "copy_tags_to_snapshot": false, "backup_retention_period_days": 7 });
    let replicated = json!({ "automated_backups_replications": [replica], "latest_restorable_time": ago(0, 0) - 300 });
    estate
        .has("backup_vaults", [with(vault((ACCOUNT, HOME), "gap"), gap)])
        .has("rds_instances", [with(with(with(db("replicated"), windows), settings), replicated)])
        .has("rds_clusters", [with(cluster("gapped"), json!({ "earliest_restorable_time": ago(8, 0), "latest_restorable_time": ago(0, 0) - 300 }))])
        .has_at(far, "rds_automated_backups", [json!({
            "automated_backup_arn": replica, "source_arn": db_arn("replicated"), "source_region": HOME, "status": "active",
            "earliest_time": ago(7, 0), "latest_time": ago(0, 0) - 600
        })])
        .has("restore_testing_plans", [json!({
            "restore_testing_plan_arn": testing, "restore_testing_plan_name": "weekly", "include_vaults": ["*"], "recovery_point_types": ["SNAPSHOT"],
            "selection_window_days": 30
        })])
        .has_at(far, "restore_testing_plans", [json!({
            "restore_testing_plan_arn": away, "restore_testing_plan_name": "away", "include_vaults": [vault_arn(far, "far")], "recovery_point_types": ["SNAPSHOT"],
            "selection_window_days": 30
        })])
        .has_at(far, "restore_testing_selections", [json!({
            "restore_testing_plan_arn": away, "restore_testing_selection_name": "one", "protected_resource_type": "RDS", "protected_resource_arns": [db_arn("copied")]
        }), json!({
            "restore_testing_plan_arn": away, "restore_testing_selection_name": "nothing", "protected_resource_type": "Neptune", "protected_resource_arns": ["*"]
        })])
        .has("restore_testing_selections", [json!({
            "restore_testing_plan_arn": testing, "restore_testing_selection_name": "all", "protected_resource_type": "RDS", "protected_resource_arns": ["*"]
        })])
        .has("snapshot_attributes", [shared("by-hand", true, &[]), shared("lent", false, &[OTHER_ACCOUNT, "222233334444"])])
}

/// What stands around backups: trails and recorders, ways to be told, buckets, volumes with their scans, roles, events.
fn around(estate: Estate) -> Estate {
    let away = (ACCOUNT, AWAY);
    let topic = format!("arn:aws:sns:{HOME}:{ACCOUNT}:backups");
    let trail = json!({ "trail_arn": format!("arn:aws:cloudtrail:{AWAY}:{ACCOUNT}:trail/all"), "is_home": false, "is_logging": true, "latest_delivery_time": ago(0, 9) });
    let selectors = json!({ "is_home": true, "event_selectors": [{ "ReadWriteType": "All", "IncludeManagementEvents": true }] });
    let event = |id: &str, source: &str, name: &str| {
        json!({
            "event_id": id, "event_name": name, "event_source": format!("{source}.amazonaws.com"), "event_time": ago(4, 0), "event_type": "AwsApiCall",
            "request_parameters": { "tagKeys": ["backup"] }
        })
    };
    let volume = format!("arn:aws:ec2:{HOME}:{ACCOUNT}:volume/vol-1");
    let saved = format!("arn:aws:ec2:{HOME}::snapshot/snap-1");
    let bucket = |name: &str, changes: Value| {
        let arn = format!("arn:aws:s3:::{name}");
        with(
            json!({ "bucket_arn": arn, "bucket_name": name, "versioning_status": "Enabled", "sse_algorithm": "AES256", "tags": {}, "lifecycle_rules": [], "replication_rules": [] }),
            changes,
        )
    };
    let replicating = json!({ "replication_rules": [{ "ID": "all", "Status": "Enabled", "Filter": {}, "Destination": { "Bucket": "arn:aws:s3:::far" } }] });
    let trust =
        json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": "backup.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    let user_arn = |account: &str, name: &str| format!("arn:aws:iam::{account}:user/{name}");
    let person = |name: &str, inline: &[&str]| {
        json!({
            "principal_arn": user_arn(ACCOUNT, name), "principal_kind": "user", "principal_name": name, "attached_policy_arns": [],
            "inline_policy_names": inline, "group_names": []
        })
    };
    let allow = |action: &str| json!({ "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] });
    let inline = |name: &str, policy: &str, action: &str| json!({ "owner_arn": user_arn(ACCOUNT, name), "policy_name": policy, "policy_kind": "inline", "document": allow(action) });
    estate
        .has("trails", [trail.clone()])
        .has_at(away, "trails", [with(trail, selectors)])
        .has("config_recorders", [json!({ "configuration_recorder_name": "default", "recording": true, "last_status": "SUCCESS", "all_supported": true })])
        .has("ebs_settings", [json!({ "snapshot_block_public_access": "unblocked", "encryption_by_default": false })])
        .has("ebs_volumes", [json!({ "volume_arn": volume, "volume_id": "vol-1", "state": "available", "attachments": [], "tags": {} })])
        .has("scan_jobs", [json!({ "scan_job_id": "s1", "state": "COMPLETED", "scan_result_status": "NO_THREATS_FOUND", "scan_mode": "FULL_SCAN", "recovery_point_arn": saved, "resource_arn": volume, "creation_date": ago(8, 0), "completion_date": ago(8, 0) })])
        .has("alarms", [json!({
            "alarm_arn": format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:failed"), "namespace": "AWS/Backup", "metric_name": "NumberOfBackupJobsFailed",
            "comparison_operator": "GreaterThanThreshold", "threshold": "0", "statistic": "Sum", "evaluation_periods": 1, "dimensions": { "BackupVaultName": "main" },
            "actions_enabled": true, "alarm_actions": [topic]
        })])
        .has("event_rules", [json!({
            "rule_arn": format!("arn:aws:events:{HOME}:{ACCOUNT}:rule/failed"), "state": "DISABLED", "targets_asked": true, "targets": [],
            "event_pattern": { "source": ["aws.backup"] }
        })])
        .has("topics", [json!({
            "topic_arn": topic, "topic_exists": true, "fifo_topic": false, "subscriptions_confirmed_count": 1,
            "policy": { "Statement": { "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*" } }
        })])
        .has("s3_buckets", [bucket("near", replicating)])
        .has_at(away, "s3_buckets", [bucket("far", json!({ "versioning_status": "Suspended" }))])
        .has("iam_principals", [json!({
            "principal_arn": format!("arn:aws:iam::{ACCOUNT}:role/backup"), "principal_kind": "role", "trust_policy": trust, "attached_policy_arns": [], "inline_policy_names": []
        })])
        .has("iam_principals", [person("ana", &["all"]), person("bo", &["databases"])])
        .has("iam_policies", [inline("ana", "all", "*"), inline("bo", "databases", "rds:*")])
        .has("organization", [json!({ "organization_arn": "o", "organization_id": "o-1", "feature_set": "ALL", "is_management_account": false })])
        .has("org_policies", [json!({
            "policy_arn": "full", "policy_type": "SERVICE_CONTROL_POLICY", "content": allow("*"),
            "targets": [{ "TargetId": "r-1", "Type": "ROOT" }, { "TargetId": ACCOUNT, "Type": "ACCOUNT" }]
        })])
        .has_at((OTHER_ACCOUNT, AWAY), "iam_principals", [with(person("cy", &["all"]), json!({ "principal_arn": user_arn(OTHER_ACCOUNT, "cy") }))])
        .has_at((OTHER_ACCOUNT, AWAY), "iam_policies", [with(inline("cy", "all", "*"), json!({ "owner_arn": user_arn(OTHER_ACCOUNT, "cy") }))])
        .has("cloudtrail_events", [event("e1", "backup", "DeleteRecoveryPoint"), event("e2", "rds", "RemoveTagsFromResource"), event("e3", "cloudtrail", "StopLogging")])
}

/// Jobs of a plan rule, copies into all kinds of vaults, restores: as the lists of a moment show them.
fn jobs_of_the_day(estate: Estate, shift: i64) -> Estate {
    let listed = |number: &i64| *number > shift && *number < 30 + shift;
    let planned = |name: &str, number: i64, state: &str| {
        let rule = json!({ "state": state, "message_category": "SUCCESS", "backup_plan_arn": plan_arn("core"), "backup_rule_id": "core-rule", "resource_type": "RDS" });
        with(with(job(name, number, ago(number, -9)), json!({ "backup_job_id": format!("core-{name}-{number}") })), rule)
    };
    let failing = [33, 20, 12, 9, 2].into_iter().filter(listed).map(|number| planned("bare", number, "FAILED"));
    let mended = [33, 20, 12, 9, 2]
        .into_iter()
        .filter(listed)
        .map(|number| planned("native", number, if number == 12 { "FAILED" } else { "COMPLETED" }));
    let gapped = |number: i64| {
        let changes = json!({
            "copy_job_id": format!("gap-{number}"), "resource_arn": cluster_arn("gapped"), "resource_key": crate::model::key::resource_key(&cluster_arn("gapped")),
            "destination_backup_vault_arn": vault_arn((ACCOUNT, HOME), "gap"), "destination_recovery_point_arn": null
        });
        with(copy_job("gapped", number, ago(number, -5), (ACCOUNT, HOME)), changes)
    };
    let restore = |of: &str, number: i64, changes: Value| {
        let row = json!({
            "restore_job_id": format!("{of}-{number}"), "source_resource_arn": db_arn(of), "recovery_point_arn": point_arn(of, number), "resource_type": "RDS",
            "status": "COMPLETED", "creation_date": ago(number, -12), "completion_date": ago(number, -14), "validation_status": "SUCCESSFUL",
            "recovery_point_creation_date": ago(number, -5),
            "restore_testing_plan_arn": format!("arn:aws:backup:{HOME}:{ACCOUNT}:restore-testing-plan:weekly")
        });
        with(row, changes)
    };
    let left = json!({ "deletion_status": "FAILED", "created_resource_arn": db_arn("native"), "validation_status": null });
    let restores = [
        (33, restore("kept", 33, json!({ "completion_date": ago(33, -30) }))),
        (25, restore("late", 25, json!({ "recovery_point_creation_date": ago(31, 0) }))),
        (15, restore("kept", 15, json!({ "created_resource_arn": db_arn("awsbackup-restore-test-1") }))),
        (3, restore("kept", 3, json!({ "status": "FAILED", "validation_status": null }))),
        (2, restore("copied", 2, left)),
        (1, restore("native", 1, json!({ "source_resource_arn": null, "recovery_point_arn": point_arn("kept", 1) }))),
    ];
    let abroad = restore("late", 5, json!({ "validation_status": null, "restore_testing_plan_arn": null }));
    let snapshot = |name: &str| {
        json!({
            "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:{name}"), "snapshot_identifier": name, "snapshot_type": "manual",
            "resource_arn": db_arn("native"), "resource_key": crate::model::key::resource_key(&db_arn("native")), "status": "available",
            "snapshot_create_time": ago(20, 0)
        })
    };
    let estate = estate
        .has("backup_jobs", failing.chain(mended))
        .has("copy_jobs", [31, 16, 8, 1].into_iter().filter(listed).map(gapped))
        .has("copy_jobs", [with(copy_job("kept", 11, ago(11, -5), SAFE), json!({ "copy_job_id": "safe-11", "state": "FAILED" }))])
        .has("restore_jobs", restores.into_iter().filter(|(number, _)| listed(number)).map(|(_, job)| job))
        .has("rds_snapshots", [snapshot("lent")]);
    if shift < 5 { estate.has_at((ACCOUNT, AWAY), "restore_jobs", [abroad]) } else { estate }
}

/// A point of 10 GiB, which costs about a dollar a month.
fn sized(point: Value) -> Value {
    with(point, json!({ "backup_size_bytes": 10_i64 << 30, "vault_type": "BACKUP_VAULT" }))
}

/// Databases of every fate, collected twice, a week apart.
fn rich() -> Estate {
    let far = (ACCOUNT, AWAY);
    let tagged = |name: &str| with(db(name), json!({ "tags": { "backup": "yes" } }));
    let under = |database: Value, key: &str| with(database, json!({ "storage_encryption_type": "sse-kms", "kms_key_id": key_arn(key) }));
    let first = around(beside_backups(guarded(Estate::default().collected(ago(7, 0)).with_other_account())));
    let estate = first
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core"), plan("tight"), plan("idle"), plan("cold"), plan("gapped")])
        .has("plan_rules", [
            rule("core"),
            with(rule("tight"), json!({ "schedule_expression": "cron(0 0/6 ? * * *)", "start_window_minutes": 120 })),
            with(rule("cold"), json!({ "move_to_cold_storage_after_days": 10, "delete_after_days": null })),
            with(rule("gapped"), json!({ "target_logically_air_gapped_backup_vault_arn": vault_arn((ACCOUNT, HOME), "gapped") })),
        ])
        .has("plan_copies", [json!({
            "backup_plan_arn": plan_arn("tight"), "rule_id": "tight-rule", "destination_backup_vault_arn": vault_arn(far, "far"), "delete_after_days": 90
        }), json!({
            "backup_plan_arn": plan_arn("gapped"), "rule_id": "gapped-rule", "destination_backup_vault_arn": vault_arn((OTHER_ACCOUNT, AWAY), "far")
        })])
        .has("selections", [
            selection("core"),
            selection_of("tight", &[&db_arn("copied"), &db_arn("expired")]),
            with(selection_of("idle", &[&db_arn("bare"), &db_arn("gone")]), json!({ "iam_role_arn": format!("arn:aws:iam::{ACCOUNT}:role/backup") })),
            selection_of("cold", &[&db_arn("kept")]),
            selection_of("gapped", &[&db_arn("kept"), &db_arn("late"), &db_arn("native")]),
        ])
        .has("rds_instances", [
            under(tagged("kept"), "data"), under(tagged("copied"), "aws"), db("bare"), under(tagged("expired"), "going"), under(tagged("late"), "aws"),
            with(db("native"), json!({ "backup_retention_period_days": 7, "storage_encryption_type": "none" })),
            with(db("member"), json!({ "db_cluster_identifier": "shop" })),
            with(db("awsbackup-restore-test-1"), json!({ "instance_create_time": ago(15, -13), "publicly_accessible": false, "vpc_id": "vpc-1" })),
            with(db("replica"), json!({ "read_replica_source": "kept" })),
        ])
        .has("rds_clusters", [with(cluster("shop"), json!({ "tags": { "backup": "yes" } }))])
        .has("neptune_clusters", [with(cluster("graph"), json!({ "engine": "neptune" }))])
        .has("documentdb_clusters", [with(cluster("docs"), json!({ "engine": "docdb" }))]);
    let at = |estate: Estate, shift: i64| {
        let key = |name: &str| crate::model::key::resource_key(&db_arn(name));
        let every_day =
            |name: &'static str| daily(45).filter(move |(number, _)| *number > shift).map(move |(number, begun_s)| (name, number, begun_s));
        let recent = move |(_, number, _): &(&str, i64, i64)| *number < 30 + shift;
        let all = || every_day("kept").chain(every_day("copied")).chain(every_day("late").filter(|(_, number, _)| *number > 10));
        // Points of `expired` live three days: most came and went between the collections.
        let short_lived = || {
            every_day("expired").map(|(name, number, begun_s)| {
                let ends = json!({ "delete_after_days": 3, "delete_at": begun_s + 3 * 86_400 });
                (
                    number,
                    with(point(name, number, begun_s), ends.clone()),
                    with(job(name, number, begun_s), json!({ "delete_after_days": 3 })),
                )
            })
        };
        let snapshots = || {
            let of = |name: &'static str, key: &'static str| {
                every_day(name).map(move |(name, number, begun_s)| snapshot_of(name, number, begun_s, key))
            };
            of("kept", "data").chain(of("copied", "aws").filter(|row| row["snapshot_create_time"].as_i64() > Some(ago(20, 0))))
        };
        let volume = format!("arn:aws:ec2:{HOME}:{ACCOUNT}:volume/vol-1");
        let of_volume = json!({
            "recovery_point_arn": format!("arn:aws:ec2:{HOME}::snapshot/snap-1"), "resource_arn": volume, "resource_type": "EBS",
            "resource_key": crate::model::key::resource_key(&volume)
        });
        let overdue = with(point("kept", 99, ago(60, 0)), json!({ "delete_at": ago(12 + shift, 0) }));
        let copied = move || every_day("copied").filter(move |(_, number, _)| number % 2 == 0 || *number < 9);
        let native = json!({
            "automated_backup_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("native"), "source_region": HOME,
            "resource_key": key("native"), "status": "active", "earliest_time": ago(7 + shift, 0), "latest_time": ago(shift, 0) - 300
        });
        let snapshot = json!({
            "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:by-hand"), "snapshot_identifier": "by-hand", "snapshot_type": "manual",
            "resource_arn": db_arn("bare"), "resource_key": key("bare"), "status": "available", "snapshot_create_time": ago(20, 0)
        });
        estate
            .has("recovery_points", all().map(|(name, number, begun_s)| sized(point(name, number, begun_s))))
            .has("recovery_points", short_lived().filter(|(number, _, _)| *number <= 3 + shift).map(|(_, point, _)| point))
            .has(
                "recovery_points",
                [
                    overdue,
                    with(point("kept", 97, ago(9, 0)), of_volume),
                    with(point("late", 98, ago(61, 0)), json!({ "status": "EXPIRED", "creation_date": ago(61, 0) })),
                ],
            )
            .has("backup_jobs", all().filter(recent).map(|(name, number, begun_s)| job(name, number, begun_s)))
            .has("backup_jobs", short_lived().filter(|(number, _, _)| *number < 30 + shift).map(|(_, _, job)| job))
            .has("copy_jobs", copied().filter(recent).map(|(name, number, begun_s)| copy_job(name, number, begun_s, far)))
            .has("copy_jobs", [copy_job("late", 20, ago(20, -5), (OTHER_ACCOUNT, AWAY))])
            .has("copy_jobs", [with(copy_job("kept", 12, ago(12, -5), far), json!({ "state": "FAILED", "completion_date": ago(12, -9) }))])
            .has_at(far, "recovery_points", copied().map(|(name, number, begun_s)| sized(copied_point(name, number, begun_s, far))))
            .has_at((OTHER_ACCOUNT, AWAY), "recovery_points", [copied_point("late", 20, ago(20, -5), (OTHER_ACCOUNT, AWAY))])
            .has("rds_automated_backups", [native])
            .has("rds_snapshots", std::iter::once(snapshot).chain(snapshots()))
    };
    let first = jobs_of_the_day(at(estate, 7), 7);
    let events = ["recovery_points", "backup_jobs", "copy_jobs", "restore_jobs", "rds_automated_backups", "rds_snapshots"];
    let second = events.iter().fold(first.collected_again(NOW_S), |estate, table| estate.without(table));
    jobs_of_the_day(at(second, 0), 0)
}

#[test]
fn a_failed_read_only_takes_away() {
    let own = json!([
        { "id": "two sites", "match": { "arns": [db_arn("copied"), db_arn("late"), db_arn("kept")] }, "rpo": "24h", "rpo_other_region": "24h", "rpo_other_account": "24h", "rpo_locked": "24h", "tolerance": "10h",
          "retention": "30d", "longest_retention": "40d", "tiers": [{ "every": "1d", "keep": "30d" }, { "every": "7d", "keep": "90d" }], "copy_to_other_region": true, "copy_to_other_account": true, "rto": "4h", "restore_test_every": "20d",
          "replicate_automated_backups": true, "approved_by": "a" },
        { "id": "lax", "match": { "tags": { "backup": "yes" }, "types": ["RDS"] }, "rpo": "25h", "tolerance": "2h", "valid_from": "2026-11-01" },
        { "id": "lax", "match": { "tags": { "backup": "yes" }, "types": ["RDS"] }, "rpo": "24h", "tolerance": "2h", "valid_from": "2026-10-20" }
    ]);
    holds(&rich(), &[own, json!([])]);
}
