//! The ledger of what weakened backups.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

const ROOT: &str = "arn:aws:iam::111122223333:root#region/eu-west-1";
const PERSON: &str = "arn:aws:iam::111122223333:user/operator";

fn event(source: &str, name: &str, changes: Value) -> Value {
    let row = json!({
        "event_id": "e1", "event_name": name, "event_source": format!("{source}.amazonaws.com"), "event_time": ago(3, 0), "event_type": "AwsApiCall",
        "actor_arn": PERSON, "source_ip_address": "198.51.100.7", "request_parameters": { "backupVaultName": "main" }
    });
    with(row, changes)
}

fn deletion(changes: Value) -> Estate {
    Estate::new().has("cloudtrail_events", [event("backup", "DeleteRecoveryPoint", changes)])
}

#[test]
fn what_counts_as_a_deletion_by_hand() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, whether it is proven that there was none
    let cases = [
        ("nobody deleted anything, and everything was read", Estate::new(), &yes),
        ("a person did", deletion(json!({})), &no),
        ("AWS refused", deletion(json!({ "error_code": "AccessDenied" })), &yes),
        ("AWS Backup did, by a lifecycle", deletion(json!({ "invoked_by": "backup.amazonaws.com" })), &yes),
        ("infrastructure code did, for somebody", deletion(json!({ "invoked_by": "cloudformation.amazonaws.com" })), &no),
        ("before the window", deletion(json!({ "event_time": ago(31, 0) })), &yes),
        ("another service has an operation of that name", deletion(json!({ "event_source": "other.amazonaws.com" })), &yes),
        ("the event could not be read", Estate::new().denied("cloudtrail_events", Some("DeleteRecoveryPoint")), &open),
        ("another event of the kind could not", Estate::new().denied("cloudtrail_events", Some("DisassociateRecoveryPoint")), &open),
        ("an event of another kind could not", Estate::new().denied("cloudtrail_events", Some("StopLogging")), &yes),
        ("one was seen, and more may have been", deletion(json!({})).denied("cloudtrail_events", Some("DisassociateRecoveryPoint")), &no),
    ];
    for (why, estate, none_proven) in cases {
        let facts = estate.facts();
        let rows: Vec<_> = facts.rows("tampering", ROOT).into_iter().filter(|row| row["kind"] == json!("points_deleted")).collect();
        assert_eq!(rows.len(), 1, "{why}");
        assert_eq!(&rows[0]["none_proven"], none_proven, "{why}: {:?}", rows[0]);
    }
}

#[test]
fn an_event_is_told_with_who_and_what() {
    let facts =
        deletion(json!({ "resources": [{ "ResourceType": "AWS::Backup::RecoveryPoint", "ResourceName": point_arn("x", 1) }] })).facts();
    let row = facts.rows("tampering", ROOT).into_iter().find(|row| row["kind"] == json!("points_deleted")).unwrap();
    assert_eq!((&row["event_name"], &row["actor_arn"]), (&json!("DeleteRecoveryPoint"), &json!(PERSON)));
    assert_eq!(row["object"], json!(format!("{} main", point_arn("x", 1))), "the type of a resource is no name");
    assert_eq!(row["event_s"], json!(ago(3, 0)));
}

#[test]
fn every_kind_has_a_row_in_every_place() {
    let facts = Estate::new().facts();
    let kinds: Vec<_> = facts.rows("tampering", ROOT).iter().map(|row| row["kind"].clone()).collect();
    assert_eq!(
        kinds,
        [
            "guards_lifted",
            "jobs_stopped",
            "lifecycles_changed",
            "log_stopped",
            "plans_removed",
            "points_deleted",
            "protection_weakened",
            "snapshots_deleted",
            "tags_removed"
        ]
        .map(|kind| json!(kind))
    );
}

#[test]
fn tags_count_where_selections_go_by_them() {
    let untag = |keys: &[&str]| {
        event("rds", "RemoveTagsFromResource", json!({ "request_parameters": { "resourceName": db_arn("x"), "tagKeys": keys } }))
    };
    let planned = || Estate::new().has("backup_plans", [plan("core")]).has("selections", [selection("core")]);
    let removed = |estate: Estate, keys: &[&str]| estate.has("cloudtrail_events", [untag(keys)]);
    let condition = json!({ "list_of_tags": null, "conditions": { "StringEquals": [{ "ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "yes" }] } });
    let by_condition = Estate::new().has("backup_plans", [plan("core")]).has("selections", [with(selection("core"), condition)]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let cases = [
        ("the tag of a selection", removed(planned(), &["owner", "backup"]), &no),
        ("the tag of a condition", removed(by_condition, &["backup"]), &no),
        ("another tag", removed(planned(), &["owner"]), &yes),
        ("no plan goes by tags", removed(Estate::new(), &["backup"]), &yes),
        ("the selections were not read", removed(planned(), &["owner"]).denied("selections", Some(&plan_arn("core"))), &open),
        ("plans were not listed", removed(planned(), &["owner"]).denied("backup_plans", None), &open),
        ("no event, so that what plans say does not matter", planned().denied("backup_plans", None), &yes),
    ];
    for (why, estate, none_proven) in cases {
        let facts = estate.facts();
        let row = facts.rows("tampering", ROOT).into_iter().find(|row| row["kind"] == json!("tags_removed")).unwrap().clone();
        assert_eq!(&row["none_proven"], none_proven, "{why}: {row:?}");
    }
    let all = event("s3", "DeleteBucketTagging", json!({ "request_parameters": { "bucketName": "b" } }));
    let facts = planned().has("cloudtrail_events", [all]).facts();
    let row = facts.rows("tampering", ROOT).into_iter().find(|row| row["kind"] == json!("tags_removed")).unwrap().clone();
    assert_eq!(row["none_proven"], no, "all tags of a bucket are removed, whichever they were");
}

#[test]
fn tags_that_are_set_may_take_one_away() {
    let planned = || Estate::new().has("backup_plans", [plan("core")]).has("selections", [selection("core")]);
    let add = |key: &str, value: &str| {
        event(
            "rds",
            "AddTagsToResource",
            json!({ "request_parameters": { "resourceName": db_arn("x"), "tags": [{ "key": key, "value": value }] } }),
        )
    };
    let put = |tags: Value| {
        event("s3", "PutBucketTagging", json!({ "request_parameters": { "bucketName": "b", "Tagging": { "TagSet": { "Tag": tags } } } }))
    };
    let network = json!({ "request_parameters": { "resourcesSet": { "items": [{ "resourceId": "subnet-1" }] }, "tagSet": { "items": [{ "key": "backup", "value": "no" }] } } });
    let condition = |operator: &str, value: &str| {
        let condition = json!({ "ConditionKey": "aws:ResourceTag/backup", "ConditionValue": value });
        with(selection("core"), json!({ "list_of_tags": null, "conditions": { operator: [condition] } }))
    };
    let by =
        |operator: &str, value: &str| Estate::new().has("backup_plans", [plan("core")]).has("selections", [condition(operator, value)]);
    let all = |estate: Estate, event: Value| estate.has("cloudtrail_events", [event]);
    let (yes, open) = (json!(true), Value::Null);
    let cases = [
        ("the value that the selection takes", all(planned(), add("backup", "yes")), &yes),
        ("another value, and what it was is not told", all(planned(), add("backup", "no")), &open),
        ("another tag", all(planned(), add("owner", "me")), &yes),
        ("no plan goes by tags", all(Estate::new(), add("backup", "no")), &yes),
        ("selections unread", all(planned(), add("owner", "me")).denied("selections", Some(&plan_arn("core"))), &open),
        ("the value that a condition leaves out", all(by("StringNotEquals", "never"), add("backup", "never")), &open),
        ("a value that it does not leave out", all(by("StringNotEquals", "never"), add("backup", "daily")), &yes),
        ("a value of its pattern", all(by("StringLike", "d*"), add("backup", "daily")), &yes),
        ("a value beside its pattern", all(by("StringLike", "d*"), add("backup", "weekly")), &open),
        ("a set with the tag", all(planned(), put(json!([{ "Key": "backup", "Value": "yes" }, { "Key": "owner", "Value": "me" }]))), &yes),
        ("a set without it, which the bucket may have had", all(planned(), put(json!({ "Key": "owner", "Value": "me" }))), &open),
        ("a set of nothing", all(planned(), put(json!([]))), &open),
        ("of a network", all(planned(), event("ec2", "CreateTags", network)), &yes),
        ("which tags was not logged", all(planned(), event("ec2", "CreateTags", json!({ "request_parameters": null }))), &open),
        (
            "by AWS Backup, which copies tags",
            all(planned(), with(add("backup", "no"), json!({ "invoked_by": "backup.amazonaws.com" }))),
            &yes,
        ),
    ];
    for (why, estate, none_proven) in cases {
        let facts = estate.facts();
        let rows: Vec<_> = facts.rows("tampering", ROOT).into_iter().filter(|row| row["kind"] == json!("tags_removed")).collect();
        assert_eq!((rows.len(), &rows[0]["none_proven"]), (1, none_proven), "{why}: {rows:?}");
    }
}

#[test]
fn what_was_asked_for_decides() {
    let row = |estate: Estate, kind: &str| {
        let facts = estate.facts();
        let row = facts.rows("tampering", ROOT).into_iter().find(|row| row["kind"] == json!(kind)).unwrap().clone();
        (row["none_proven"].clone(), row["event_name"].clone())
    };
    let call = |source: &str, name: &str, asked: Value| {
        Estate::new().has("cloudtrail_events", [event(source, name, json!({ "request_parameters": asked }))])
    };
    let kept = |days: i64| call("rds", "ModifyDBInstance", json!({ "backupRetentionPeriod": days }));
    let opted_out = || call("backup", "UpdateRegionSettings", json!({ "resourceTypeOptInPreference": { "RDS": false } }));
    let moved = |bucket: &str| call("cloudtrail", "UpdateTrail", json!({ "name": "all", "s3BucketName": bucket }));
    let trail =
        || json!({ "trail_arn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all", "trail_name": "all", "s3_bucket_name": "logs" });
    let weakened = "protection_weakened";
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, kind, whether it is proven that there was none, the event that is shown
    let cases = [
        ("a key was disabled", call("kms", "DisableKey", json!({ "keyId": "k" })), weakened, &no, json!("DisableKey")),
        ("no backups", kept(0), weakened, &no, json!("ModifyDBInstance")),
        ("backups for a week", kept(7), weakened, &yes, OPEN),
        (
            "opted out and in again",
            opted_out().has("region_settings", [json!({ "resource_type": "RDS", "opt_in": true })]),
            weakened,
            &no,
            json!("UpdateRegionSettings"),
        ),
        (
            "opted out, as it may have been",
            opted_out().has("region_settings", [json!({ "resource_type": "RDS", "opt_in": false })]),
            weakened,
            &open,
            json!("UpdateRegionSettings"),
        ),
        ("opted out, and the settings unread", opted_out().denied("region_settings", None), weakened, &open, json!("UpdateRegionSettings")),
        (
            "a trail of one Region",
            call("cloudtrail", "UpdateTrail", json!({ "name": "all", "isMultiRegionTrail": false })),
            "log_stopped",
            &no,
            json!("UpdateTrail"),
        ),
        ("to the bucket that it has", moved("logs").has("trails", [trail()]), "log_stopped", &yes, OPEN),
        ("to another bucket", moved("mine").has("trails", [trail()]), "log_stopped", &open, json!("UpdateTrail")),
        ("trails unread", moved("logs").denied("trails", None), "log_stopped", &open, json!("UpdateTrail")),
        ("one kind does not open another", moved("logs").denied("trails", None), weakened, &yes, OPEN),
    ];
    for (why, estate, kind, none_proven, shown) in cases {
        assert_eq!(row(estate, kind), (none_proven.clone(), shown), "{why}");
    }
}
