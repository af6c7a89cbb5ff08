//! Secrets, replicas that lag, vaults and how much they hold, databases that are gone.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:backups";
#[test]
fn secrets_and_their_replicas() {
    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3";
    let secret = |changes: Value| {
        let row = json!({ "secret_arn": SECRET, "secret_name": "db", "described": true, "replication_status": [{ "Region": "us-east-1", "Status": "InSync" }] });
        with(row, changes)
    };
    let status = |replicas: Value| secret(json!({ "replication_status": replicas }));
    let behind = json!([{ "Region": "us-east-1", "Status": "InSync" }, { "Region": "eu-central-1", "Status": "Failed" }]);
    // why, secret, whether it is a replica, waits for its deletion, is replicated
    let cases = [
        ("in step", secret(json!({})), no(), no(), yes()),
        ("one of two failed", status(behind), no(), no(), no()),
        ("still being made", status(json!([{ "Region": "us-east-1", "Status": "InProgress" }])), no(), no(), no()),
        ("its state was not told", status(json!([{ "Region": "us-east-1" }])), no(), no(), OPEN),
        ("none", status(Value::Null), no(), no(), no()),
        ("an empty list", status(json!([])), no(), no(), no()),
        ("not described", secret(json!({ "described": false, "replication_status": null })), no(), no(), OPEN),
        ("made here", secret(json!({ "primary_region": "eu-west-1" })), no(), no(), yes()),
        ("a replica of another Region's", secret(json!({ "primary_region": "us-east-1", "replication_status": null })), yes(), no(), no()),
        ("about to go", secret(json!({ "deleted_date": ago(-7, 0) })), no(), yes(), yes()),
    ];
    for (why, secret, replica, goes, replicated) in cases {
        let facts = Estate::new().has("secrets", [secret]).facts();
        let row = facts.row("secret_copies", SECRET);
        assert_eq!((&row["is_replica"], &row["to_be_deleted"], &row["replicated"]), (&replica, &goes, &replicated), "{why}: {row:?}");
    }
}

#[test]
fn alarms_on_the_lag_of_a_bucket() {
    const BUCKET: &str = "arn:aws:s3:::invoices";
    let alarm = |changes: Value| {
        let row = json!({
            "alarm_arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:lag", "namespace": "AWS/S3", "metric_name": "ReplicationLatency",
            "dimensions": { "SourceBucket": "invoices", "RuleId": "all" }, "threshold": "900.0", "comparison_operator": "GreaterThanThreshold",
            "actions_enabled": true, "alarm_actions": [TOPIC]
        });
        with(row, changes)
    };
    let ruled = |rules: &[Value]| {
        let rules: Vec<Value> = rules.iter().map(|id| json!({ "ID": id, "Status": "Enabled", "Filter": {} })).collect();
        Estate::new().has("s3_buckets", [json!({ "bucket_arn": BUCKET, "bucket_name": "invoices", "replication_rules": rules })])
    };
    let bucket = || ruled(&[json!("all")]);
    let of_rule = |id: &str| {
        with(
            alarm(json!({ "threshold": "1800", "dimensions": { "SourceBucket": "invoices", "RuleId": id } })),
            json!({ "alarm_arn": format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{id}") }),
        )
    };
    let told = |changes: Value| bucket().has("alarms", [alarm(changes)]);
    let tighter =
        with(alarm(json!({ "threshold": "300" })), json!({ "alarm_arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:other" }));
    let metrics = json!([{ "Id": "m1", "Namespace": "AWS/S3", "MetricName": "ReplicationLatency" }]);
    let never = || json!(i64::MAX);
    let cases = [
        ("at a quarter of an hour", told(json!({})), json!(900)),
        ("the tighter of two", told(json!({})).has("alarms", [tighter]), json!(300)),
        ("of one rule of two", ruled(&[json!("all"), json!("part")]).has("alarms", [alarm(json!({}))]), never()),
        ("of each of two rules", ruled(&[json!("all"), json!("part")]).has("alarms", [alarm(json!({})), of_rule("part")]), json!(1_800)),
        ("of another rule", bucket().has("alarms", [of_rule("part")]), never()),
        ("the rule has no id", ruled(&[Value::Null]).has("alarms", [alarm(json!({}))]), OPEN),
        ("of no rule in particular", told(json!({ "dimensions": { "SourceBucket": "invoices" } })), OPEN),
        ("of no rule of another bucket", told(json!({ "dimensions": { "SourceBucket": "other" } })), never()),
        ("nothing is replicated", ruled(&[]), never()),
        ("of another bucket", told(json!({ "dimensions": { "SourceBucket": "other", "RuleId": "all" } })), never()),
        ("of another metric", told(json!({ "metric_name": "OperationsPendingReplication" })), never()),
        ("switched off", told(json!({ "actions_enabled": false })), never()),
        ("it tells nobody", told(json!({ "alarm_actions": [] })), never()),
        ("it never goes off", told(json!({ "comparison_operator": "LessThanThreshold" })), never()),
        ("on a band of values", told(json!({ "threshold": null })), OPEN),
        ("on an expression", told(json!({ "namespace": null, "metric_name": null, "metrics": metrics })), OPEN),
        ("whom it tells was not told", told(json!({ "alarm_actions": null })), OPEN),
        ("none", bucket(), never()),
        ("alarms unread", bucket().denied("alarms", None), OPEN),
    ];
    for (why, estate, expected) in cases {
        assert_eq!(estate.facts().row("buckets", BUCKET)["lag_alarm_s"], expected, "{why}");
    }
}

#[test]
fn what_vaults_hold() {
    let sized =
        |number: i64, changes: Value| with(with(point("x", number, ago(number, 0)), json!({ "backup_size_bytes": 3_i64 << 30 })), changes);
    let vault = || Estate::new().has("backup_vaults", [vault((ACCOUNT, HOME), "main")]);
    let with_points = |points: Vec<Value>| vault().has("recovery_points", points);
    // why, estate, points, GiB
    let cases = [
        ("two points", with_points(vec![sized(1, json!({})), sized(2, json!({}))]), json!(2), json!(6)),
        ("a byte more is a GiB more", with_points(vec![sized(1, json!({ "backup_size_bytes": (3_i64 << 30) + 1 }))]), json!(1), json!(4)),
        ("what groups others holds nothing of its own", with_points(vec![sized(1, json!({ "is_parent": true }))]), json!(0), json!(0)),
        (
            "the size of one was not told",
            with_points(vec![sized(1, json!({})), sized(2, json!({ "backup_size_bytes": null }))]),
            json!(2),
            OPEN,
        ),
        ("empty", vault(), json!(0), json!(0)),
        ("not read", vault().denied("recovery_points", Some(&vault_arn((ACCOUNT, HOME), "main"))), json!(0), OPEN),
    ];
    for (why, estate, points, gib) in cases {
        let facts = estate.facts();
        let row = facts.row("vault_storage", &vault_arn((ACCOUNT, HOME), "main"));
        assert_eq!((&row["points_count"], &row["size_gib"]), (&points, &gib), "{why}: {row:?}");
    }
}

#[test]
fn databases_that_somebody_deleted() {
    let event = |changes: Value| {
        let row = json!({
            "event_id": "d1", "event_name": "DeleteDBInstance", "event_source": "rds.amazonaws.com", "event_time": ago(3, 0), "event_type": "AwsApiCall",
            "actor_arn": "arn:aws:iam::111122223333:user/operator",
            "request_parameters": { "dBInstanceIdentifier": "X", "finalDBSnapshotIdentifier": "x-last", "skipFinalSnapshot": false }
        });
        with(row, changes)
    };
    let asked = |parameters: Value| event(json!({ "request_parameters": parameters }));
    let listed = |at_s: i64, row: Value| Estate::default().collected(at_s).has("rds_instances", [with(db("x"), row)]);
    let before = |row: Value| listed(ago(7, 0), row).collected(NOW_S);
    let skipped = || json!({ "dBInstanceIdentifier": "x", "skipFinalSnapshot": true });
    // why, estate, whether it held data of its own, done by a service, a last snapshot
    let cases = [
        ("with a last snapshot", before(json!({})).has("cloudtrail_events", [event(json!({}))]), yes(), no(), yes()),
        ("without", before(json!({})).has("cloudtrail_events", [asked(skipped())]), yes(), no(), no()),
        (
            "neither was said",
            before(json!({})).has("cloudtrail_events", [asked(json!({ "dBInstanceIdentifier": "x" }))]),
            yes(),
            no(),
            OPEN,
        ),
        (
            "a member of a cluster",
            before(json!({ "db_cluster_identifier": "c" })).has("cloudtrail_events", [asked(skipped())]),
            no(),
            no(),
            no(),
        ),
        ("a replica", before(json!({ "read_replica_source": "y" })).has("cloudtrail_events", [asked(skipped())]), no(), no(), no()),
        (
            "a replica of that name, but only since",
            listed(NOW_S, json!({ "read_replica_source": "y" })).has("cloudtrail_events", [asked(skipped())]),
            OPEN,
            no(),
            no(),
        ),
        ("no collection saw it", Estate::new().has("cloudtrail_events", [asked(skipped())]), OPEN, no(), no()),
        (
            "a service cleaned up",
            before(json!({})).has("cloudtrail_events", [with(asked(skipped()), json!({ "invoked_by": "backup.amazonaws.com" }))]),
            yes(),
            yes(),
            no(),
        ),
    ];
    for (why, estate, own, by_service, last) in cases {
        let facts = estate.facts();
        let row = facts.row("deleted_databases", &db_arn("x"));
        assert_eq!((&row["own_data"], &row["by_service"], &row["final_snapshot"]), (&own, &by_service, &last), "{why}: {row:?}");
    }
    let region = "arn:aws:iam::111122223333:root#region/eu-west-1";
    let unread = Estate::new().denied("cloudtrail_events", Some("DeleteDBCluster")).facts();
    assert_eq!(unread.row("deleted_databases", region)["own_data"], OPEN, "one of the two names was not read");
    assert_eq!(Estate::new().facts().row("deleted_databases", region)["own_data"], no(), "both were read");
    let none = [
        ("AWS refused", json!({ "error_code": "InvalidDBInstanceState" })),
        ("another service has an operation of that name", json!({ "event_source": "other.amazonaws.com" })),
        ("before the window", json!({ "event_time": ago(300, 0) })),
        ("it names nothing", json!({ "request_parameters": {} })),
    ];
    for (why, changes) in none {
        let facts = Estate::new().has("cloudtrail_events", [event(changes)]).facts();
        assert!(facts.rows("deleted_databases", &db_arn("x")).is_empty(), "{why}");
    }
}
