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
