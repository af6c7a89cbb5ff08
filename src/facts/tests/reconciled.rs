//! What two sources know of the same things, and why they differ.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

/// A deletion of the instance `x` by its service.
fn deleted(days: i64) -> Value {
    json!({
        "event_id": "e1", "event_name": "DeleteDBInstance", "event_source": "rds.amazonaws.com", "event_time": ago(days, 0),
        "actor_arn": "arn:aws:iam::111122223333:user/someone", "request_parameters": { "dBInstanceIdentifier": "X", "skipFinalSnapshot": true }
    })
}

#[test]
fn differences_and_their_reasons() {
    let kept = |estate: Estate, days: i64| {
        estate.has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("recovery_points", [point("x", 1, ago(days, 0))])
    };
    // A day ago the instance was not listed either.
    let pointed = |days: i64| kept(kept(Estate::default().collected(ago(1, 0)), days).collected(NOW_S), days);
    let once = |days: i64| kept(Estate::new(), days);
    let until_now = kept(kept(Estate::default().collected(ago(1, 0)), 2).has("rds_instances", [db("x")]).collected(NOW_S), 2);
    let protected = json!({ "resource_arn": db_arn("x"), "resource_type": "RDS", "last_backup_time": ago(2, 0) });
    let listed = || Estate::new().has("rds_instances", [db("x")]);
    let refused = with(deleted(1), json!({ "error_code": "InvalidDBInstanceState" }));
    let other = with(deleted(1), json!({ "request_parameters": { "dBInstanceIdentifier": "y" } }));
    let elsewhere = with(deleted(1), json!({ "event_source": "dynamodb.amazonaws.com" }));
    let of_cluster = with(deleted(1), json!({ "event_name": "DeleteDBCluster", "request_parameters": { "dBClusterIdentifier": "x" } }));
    let last_snapshot =
        with(deleted(1), json!({ "request_parameters": { "dBInstanceIdentifier": "y", "finalDBSnapshotIdentifier": "x" } }));
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, differs, explained, words of the reason
    let cases = [
        ("both know it", pointed(2).has("rds_instances", [db("x")]), &no, &yes, "lists it, and AWS Backup knows it"),
        ("never backed up", listed(), &yes, &yes, "no point of it"),
        ("points unread", listed().denied("recovery_points", None), &open, &open, "not all read"),
        ("protected resources unread", listed().denied("protected_resources", None), &open, &open, "not all read"),
        ("protected, without a point", listed().has("protected_resources", [protected.clone()]), &no, &yes, "AWS Backup knows it"),
        (
            "deleted yesterday",
            pointed(2).has("cloudtrail_events", [deleted(1)]),
            &yes,
            &yes,
            "it was deleted (DeleteDBInstance); one point",
        ),
        (
            "deleted without points",
            Estate::new().has("protected_resources", [protected]).has("cloudtrail_events", [deleted(1)]),
            &yes,
            &yes,
            "no point",
        ),
        ("backed up after the deletion of an earlier one", pointed(2).has("cloudtrail_events", [deleted(3)]), &yes, &no, "no event"),
        ("the deletion was refused", pointed(2).has("cloudtrail_events", [refused]), &yes, &no, "no event"),
        ("another one was deleted", pointed(2).has("cloudtrail_events", [other]), &yes, &no, "no event"),
        ("a cluster of its name was deleted", pointed(2).has("cloudtrail_events", [of_cluster]), &yes, &no, "no event"),
        ("the last snapshot of another one has its name", pointed(2).has("cloudtrail_events", [last_snapshot]), &yes, &no, "no event"),
        ("a table of its name was deleted", pointed(2).has("cloudtrail_events", [elsewhere]), &yes, &no, "no event"),
        ("just gone: its event may still come", until_now, &yes, &open, "not be listed yet"),
        ("collected once: it may have been there a minute ago", once(2), &yes, &open, "not be listed yet"),
        ("gone before the events begin", once(31), &yes, &yes, "begin after its last backup"),
        ("events unread", pointed(2).denied("cloudtrail_events", None), &yes, &open, "was not all read"),
        ("databases unread", pointed(2).denied("rds_clusters", None), &open, &open, "lists of its service"),
    ];
    for (why, estate, differs, explained, words) in cases {
        let facts = estate.facts();
        let row = facts.row("population", &db_arn("x"));
        assert_eq!((&row["differs"], &row["explained"]), (differs, explained), "{why}: {}", row["reason"]);
        assert!(row["reason"].as_str().unwrap().contains(words), "{why}: {}", row["reason"]);
    }
}

#[test]
fn what_nothing_lists_is_never_gone() {
    let machine = "arn:aws:backup-gateway:eu-west-1:111122223333:vm/vm-1";
    let known = |arn: &str| Estate::new().has("protected_resources", [json!({ "resource_arn": arn, "resource_type": "VirtualMachine" })]);
    let facts = known(machine).facts();
    let row = facts.row("population", machine);
    assert_eq!((&row["listed"], &row["explained"], &row["subject_type"]), (&Value::Null, &Value::Null, &json!("VirtualMachine")));
    let foreign = "arn:aws:rds:eu-west-1:333344445555:db:x";
    assert!(known(foreign).facts().rows("population", foreign).is_empty(), "a resource outside the scope is not of this population");
}

#[test]
fn buckets_lie_where_they_are_found() {
    let bucket = "arn:aws:s3:::b";
    let protected = json!({ "resource_arn": bucket, "resource_type": "S3", "last_backup_time": ago(31, 0) });
    let known = || Estate::new().has("protected_resources", [protected.clone()]);
    let there = json!({ "bucket_arn": bucket, "bucket_name": "b", "tags": {} });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let cases = [
        ("in the same Region", known().has("s3_buckets", [there.clone()]), &yes),
        ("in another Region, where its copies are not", known().has_at((ACCOUNT, AWAY), "s3_buckets", [there]), &yes),
        ("gone", known(), &no),
        (
            "the buckets of another Region unread",
            known().failed_at((ACCOUNT, AWAY), "s3_buckets", None, crate::dataset::ReadStatus::Denied),
            &open,
        ),
    ];
    for (why, estate, listed) in cases {
        assert_eq!(&estate.facts().row("population", bucket)["listed"], listed, "{why}");
    }
}
