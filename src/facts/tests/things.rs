//! The things estates are made of: rows as AWS would show them, each with what most tests want and `with` for the rest.

use serde_json::{Value, json};

use super::estate::{ACCOUNT, Estate, HOME, Place, ago};
use crate::model::key::resource_key;
use crate::model::moment::{DAY_S, HOUR_S};

/// A row with some of its fields changed.
pub(crate) fn with(mut row: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut row, changes) else { panic!("rows and changes are objects") };
    fields.extend(changes);
    row
}

/// The ARN of a DB instance in the home Region.
pub(crate) fn db_arn(name: &str) -> String {
    format!("arn:aws:rds:{HOME}:{ACCOUNT}:db:{name}")
}

/// The ARN of a DB cluster in the home Region.
pub(crate) fn cluster_arn(name: &str) -> String {
    format!("arn:aws:rds:{HOME}:{ACCOUNT}:cluster:{name}")
}

/// The ARN of a plan in the home Region.
pub(crate) fn plan_arn(name: &str) -> String {
    format!("arn:aws:backup:{HOME}:{ACCOUNT}:backup-plan:{name}")
}

/// The ARN of a vault.
pub(crate) fn vault_arn(place: Place, name: &str) -> String {
    format!("arn:aws:backup:{}:{}:backup-vault:{name}", place.1, place.0)
}

/// The vault of the home Region.
pub(crate) fn home_vault() -> String {
    vault_arn((ACCOUNT, HOME), "main")
}

/// A `MySQL` instance, 100 days old, without native backups and without tags.
pub(crate) fn db(name: &str) -> Value {
    json!({
        "db_instance_arn": db_arn(name), "db_instance_identifier": name, "engine": "mysql", "db_instance_status": "available",
        "instance_create_time": ago(100, 0), "backup_retention_period_days": 0, "tags": {}
    })
}

/// An Aurora cluster, 100 days old, with a day of native backups.
pub(crate) fn cluster(name: &str) -> Value {
    json!({
        "db_cluster_arn": cluster_arn(name), "db_cluster_identifier": name, "resource_key": resource_key(&cluster_arn(name)),
        "engine": "aurora-mysql", "status": "available", "cluster_create_time": ago(100, 0), "backup_retention_period_days": 1, "tags": {}
    })
}

/// A vault.
pub(crate) fn vault(place: Place, name: &str) -> Value {
    json!({ "backup_vault_arn": vault_arn(place, name), "backup_vault_name": name })
}

/// A plan.
pub(crate) fn plan(name: &str) -> Value {
    json!({ "backup_plan_arn": plan_arn(name), "backup_plan_name": name })
}

/// A rule of a plan, named after it: daily, an hour to start, two to complete, kept 35 days.
pub(crate) fn rule(plan: &str) -> Value {
    json!({
        "backup_plan_arn": plan_arn(plan), "rule_id": format!("{plan}-rule"), "rule_name": plan, "target_backup_vault_name": "main",
        "schedule_expression": "cron(0 5 ? * * *)", "start_window_minutes": 60, "completion_window_minutes": 120, "delete_after_days": 35
    })
}

/// A selection of a plan, named after it, of what has the tag `backup=yes`.
pub(crate) fn selection(plan: &str) -> Value {
    json!({
        "backup_plan_arn": plan_arn(plan), "selection_id": format!("{plan}-selection"), "selection_name": plan,
        "list_of_tags": [{ "ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "yes" }]
    })
}

/// The same, of these ARNs.
pub(crate) fn selection_of(plan: &str, arns: &[&str]) -> Value {
    with(selection(plan), json!({ "list_of_tags": null, "resources": arns }))
}

/// Everything that can be switched on for AWS Backup is, or `RDS` is not.
pub(crate) fn opted_in(rds: bool) -> Vec<Value> {
    [("RDS", rds), ("Aurora", true), ("Neptune", true), ("DocumentDB", true)]
        .map(|(name, on)| json!({ "resource_type": name, "opt_in": on }))
        .into()
}

/// A completed recovery point in the home vault of an instance: begun then, done an hour later, kept 35 days.
pub(crate) fn point(of: &str, number: i64, begun_s: i64) -> Value {
    json!({
        "backup_vault_arn": home_vault(), "recovery_point_arn": point_arn(of, number), "resource_arn": db_arn(of),
        "resource_key": resource_key(&db_arn(of)), "resource_type": "RDS", "status": "COMPLETED", "creation_date": begun_s,
        "initiation_date": begun_s, "completion_date": begun_s + HOUR_S, "delete_after_days": 35, "delete_at": begun_s + 35 * DAY_S,
        "is_parent": false, "backup_plan_id": "core"
    })
}

/// The ARN of such a point.
pub(crate) fn point_arn(of: &str, number: i64) -> String {
    format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:awsbackup:{of}-{number}")
}

/// The job that made such a point.
pub(crate) fn job(of: &str, number: i64, begun_s: i64) -> Value {
    json!({
        "backup_job_id": format!("{of}-{number}"), "state": "COMPLETED", "resource_arn": db_arn(of), "resource_key": resource_key(&db_arn(of)),
        "backup_vault_arn": home_vault(), "recovery_point_arn": point_arn(of, number), "creation_date": begun_s, "initiation_date": begun_s,
        "completion_date": begun_s + HOUR_S, "delete_after_days": 35, "is_parent": false
    })
}

/// The copy of such a point in the vault `far` of another place: begun two hours after the point, done an hour later.
pub(crate) fn copy_job(of: &str, number: i64, begun_s: i64, to: Place) -> Value {
    json!({
        "copy_job_id": format!("copy-{of}-{number}"), "state": "COMPLETED", "resource_arn": db_arn(of),
        "resource_key": resource_key(&db_arn(of)), "source_backup_vault_arn": home_vault(), "source_recovery_point_arn": point_arn(of, number),
        "destination_backup_vault_arn": vault_arn(to, "far"), "destination_recovery_point_arn": copy_arn(of, number, to),
        "destination_region": to.1, "destination_account_id": to.0, "creation_date": begun_s + 2 * HOUR_S,
        "completion_date": begun_s + 3 * HOUR_S, "is_parent": false, "backup_plan_arn": plan_arn("core")
    })
}

/// The ARN of such a copy.
pub(crate) fn copy_arn(of: &str, number: i64, to: Place) -> String {
    format!("arn:aws:rds:{}:{}:snapshot:awsbackup:copy-{of}-{number}", to.1, to.0)
}

/// The point that such a job made, with the date of its source.
pub(crate) fn copied_point(of: &str, number: i64, begun_s: i64, to: Place) -> Value {
    with(
        point(of, number, begun_s),
        json!({
            "backup_vault_arn": vault_arn(to, "far"), "recovery_point_arn": copy_arn(of, number, to), "source_backup_vault_arn": home_vault(),
            "completion_date": begun_s + 3 * HOUR_S
        }),
    )
}

/// The days before now, oldest first, each with its number counted back from now and its moment at five o'clock.
pub(crate) fn daily(from_days: i64) -> impl Iterator<Item = (i64, i64)> {
    (1..=from_days).rev().map(|days| (days, ago(days, -5)))
}

/// A well-kept database: a vault, and daily jobs and points that go back `days`.
pub(crate) fn kept_daily(estate: Estate, name: &str, days: i64) -> Estate {
    estate
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has("rds_instances", [db(name)])
        .has("recovery_points", daily(days).map(|(number, begun_s)| point(name, number, begun_s)))
        .has("backup_jobs", daily(days.min(30)).map(|(number, begun_s)| job(name, number, begun_s)))
}

/// The ARN of a key in the home Region.
pub(crate) fn key_arn(name: &str) -> String {
    format!("arn:aws:kms:{HOME}:{ACCOUNT}:key/{name}")
}

/// A customer key that works and rotates.
pub(crate) fn key(name: &str) -> Value {
    json!({
        "asked_key": key_arn(name), "key_arn": key_arn(name), "key_account_id": ACCOUNT, "key_state": "Enabled", "key_manager": "CUSTOMER",
        "rotation_enabled": true, "rotation_applies": true
    })
}

/// The same, managed by AWS.
pub(crate) fn aws_key(name: &str) -> Value {
    with(key(name), json!({ "key_manager": "AWS", "rotation_enabled": null, "rotation_applies": false }))
}

/// The snapshot that a point of AWS Backup is, encrypted with a key.
pub(crate) fn snapshot_of(of: &str, number: i64, begun_s: i64, key: &str) -> Value {
    json!({
        "snapshot_arn": point_arn(of, number), "snapshot_identifier": format!("awsbackup:{of}-{number}"), "snapshot_type": "awsbackup",
        "resource_arn": db_arn(of), "resource_key": resource_key(&db_arn(of)), "status": "available", "snapshot_create_time": begun_s,
        "encrypted": true, "kms_key_id": key_arn(key)
    })
}

/// True as a cell.
pub(crate) fn yes() -> Value {
    json!(true)
}

/// False as a cell.
pub(crate) fn no() -> Value {
    json!(false)
}

/// What is not known, as a cell.
pub(crate) const OPEN: Value = Value::Null;
