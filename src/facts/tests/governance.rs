//! What stands above backups: reports on them, and the policies of the organization.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;

const ROOT: &str = "arn:aws:iam::111122223333:root#region/eu-west-1";
#[test]
fn who_reports_on_backups() {
    let report = |changes: Value| {
        let row = json!({ "report_plan_arn": "arn:aws:backup:eu-west-1:111122223333:report-plan:jobs", "deployment_status": "COMPLETED" });
        Estate::new().has("report_plans", [with(row, changes)])
    };
    let away = |changes: Value| {
        let row = json!({ "report_plan_arn": "arn:aws:backup:us-east-1:111122223333:report-plan:jobs", "deployment_status": "COMPLETED" });
        Estate::new().has_at((ACCOUNT, AWAY), "report_plans", [with(row, changes)])
    };
    let cases = [
        ("one made here, which names nothing", report(json!({})), yes()),
        ("it names this Region and another", report(json!({ "regions": ["eu-west-1", "us-east-1"] })), yes()),
        ("it names another Region only", report(json!({ "regions": ["us-east-1"] })), no()),
        ("it names another account only", report(json!({ "accounts": ["444455556666"] })), no()),
        ("it names a unit of the organization, which may hold the account", report(json!({ "accounts": ["ou-ab12-cd34ef56"] })), OPEN),
        ("one of another Region that names this one", away(json!({ "regions": ["eu-west-1"] })), yes()),
        ("one of another Region that names nothing", away(json!({})), no()),
        ("it could not be set up", report(json!({ "deployment_status": "FAILED" })), no()),
        ("whether it was set up was not told", report(json!({ "deployment_status": null })), OPEN),
        ("none", Estate::new(), no()),
        ("unread", Estate::new().denied("report_plans", None), OPEN),
        ("one here, and elsewhere unread", report(json!({})).failed_at((ACCOUNT, AWAY), "report_plans", None, ReadStatus::Denied), yes()),
    ];
    for (why, estate, expected) in cases {
        assert_eq!(estate.facts().row("region_guards", ROOT)["reported"], expected, "{why}");
    }
}

#[test]
fn what_the_organization_decides() {
    let organization =
        || Estate::new().has("organization", [json!({ "organization_arn": "arn:aws:organizations::444455556666:organization/o-1" })]);
    let policy = |content: Value| {
        organization().has("org_effective_policies", [json!({ "policy_type": "BACKUP_POLICY", "policy_content": content })])
    };
    let cases = [
        ("a policy takes effect", policy(json!({ "plans": { "daily": {} } })), yes(), yes()),
        ("none does", policy(Value::Null), yes(), no()),
        ("one that asks for nothing", policy(json!({})), yes(), no()),
        ("an account of its own", Estate::new(), no(), OPEN),
        ("the organization unread", Estate::new().denied("organization", None), OPEN, OPEN),
        ("the policy unread", organization().denied("org_effective_policies", None), yes(), OPEN),
    ];
    for (why, estate, member, takes_effect) in cases {
        let facts = estate.facts();
        let row = facts.row("organization_policies", "arn:aws:iam::111122223333:root");
        assert_eq!((&row["member"], &row["backup_policy"]), (&member, &takes_effect), "{why}");
    }
}

#[test]
fn reasons_for_which_nothing_is_owed() {
    const BUCKET: &str = "arn:aws:s3:::invoices";
    const VOLUME: &str = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1";
    const INSTANCE: &str = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
    let bucket = |status: Value| {
        Estate::new().has("s3_buckets", [json!({ "bucket_arn": BUCKET, "bucket_name": "invoices", "versioning_status": status })])
    };
    let volume = |attachments: Value| {
        Estate::new().has("ebs_volumes", [json!({ "volume_arn": VOLUME, "volume_id": "vol-1", "attachments": attachments })])
    };
    let instance = |devices: Value| {
        Estate::new().has(
            "ec2_instances",
            [json!({ "instance_arn": INSTANCE, "instance_id": "i-1", "state": "running", "block_device_mappings": devices })],
        )
    };
    let going = |goes: bool| json!([{ "InstanceId": "i-1", "DeleteOnTermination": goes }]);
    let of = |goes: Value| json!([{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeId": "vol-1", "DeleteOnTermination": goes } }]);
    let cache = || {
        let arn = "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions";
        Estate::new().has(
            "elasticache_groups",
            [json!({ "cache_arn": arn, "cache_name": "sessions", "kind": "replication_group", "engine": "redis" })],
        )
    };
    let sessions = "arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions";
    // why, estate, resource, premise, whether it holds
    let cases = [
        ("versions are on", bucket(json!("Enabled")), BUCKET, "versioned", yes()),
        ("versions were on once", bucket(json!("Suspended")), BUCKET, "versioned", no()),
        ("whether they are was not told", bucket(Value::Null), BUCKET, "versioned", OPEN),
        ("a database has no versions", Estate::new().has("rds_instances", [db("x")]), &db_arn("x"), "versioned", no()),
        ("a volume that goes with its instance", volume(going(true)), VOLUME, "stateless", yes()),
        ("one that stays", volume(going(false)), VOLUME, "stateless", no()),
        ("one that nothing uses", volume(json!([])), VOLUME, "stateless", no()),
        ("where it is attached was not told", volume(Value::Null), VOLUME, "stateless", OPEN),
        ("an instance whose volume goes along", instance(of(json!(true))), INSTANCE, "stateless", yes()),
        ("an instance that leaves one behind", instance(of(json!(false))), INSTANCE, "stateless", no()),
        ("an instance of which it was not told", instance(of(Value::Null)), INSTANCE, "stateless", OPEN),
        ("an instance without volumes", instance(json!([])), INSTANCE, "stateless", yes()),
        ("a bucket keeps data", bucket(json!("Enabled")), BUCKET, "stateless", no()),
        ("a cache", cache(), sessions, "cache", yes()),
        ("a database is no cache", Estate::new().has("rds_instances", [db("x")]), &db_arn("x"), "cache", no()),
    ];
    let window = Window { start_s: ago(30, 0), end_s: NOW_S };
    for (why, estate, arn, premise, holds) in cases {
        let facts = estate.facts_with(json!([{ "id": "left-out", "premise": premise }]), window);
        let row = facts.row("exclusions", arn);
        assert_eq!((&row["holds"], &row["premise"]), (&holds, &json!(premise)), "{why}: {row:?}");
        assert!(
            estate.facts_with(json!([{ "id": "all", "rpo": "24h" }]), window).all("exclusions").is_empty(),
            "{why}: nobody names a reason"
        );
    }
    let by_tag = json!([{ "id": "left-out", "match": { "tags": { "tier": "dev" } }, "premise": "cache" }]);
    let untold = Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": null }))]).facts_with(by_tag, window);
    assert_eq!(untold.row("exclusions", &db_arn("x"))["premise"], OPEN, "whether it is left out was not told");
}
