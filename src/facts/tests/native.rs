//! Settings of databases that have to do with their own backups.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;

#[test]
fn settings_as_they_are() {
    let changed = |changes: Value| Estate::new().has("rds_instances", [with(db("x"), changes)]);
    // why, estate, subject, role, deletion protection, copies tags
    let cases = [
        (
            "both on",
            changed(json!({ "deletion_protection": true, "copy_tags_to_snapshot": true })),
            db_arn("x"),
            "primary",
            json!(true),
            json!(true),
        ),
        (
            "both off",
            changed(json!({ "deletion_protection": false, "copy_tags_to_snapshot": false })),
            db_arn("x"),
            "primary",
            json!(false),
            json!(false),
        ),
        ("not told is not off", changed(json!({})), db_arn("x"), "primary", Value::Null, Value::Null),
        (
            "a member, whose cluster counts",
            changed(json!({ "deletion_protection": false, "db_cluster_identifier": "shop" })),
            db_arn("x"),
            "cluster_member",
            json!(false),
            Value::Null,
        ),
        (
            "a cluster",
            Estate::new()
                .has("rds_clusters", [with(cluster("shop"), json!({ "deletion_protection": true, "copy_tags_to_snapshot": false }))]),
            cluster_arn("shop"),
            "primary",
            json!(true),
            json!(false),
        ),
        (
            "a DocumentDB cluster",
            Estate::new().has("documentdb_clusters", [with(cluster("docs"), json!({ "engine": "docdb", "deletion_protection": false }))]),
            cluster_arn("docs"),
            "primary",
            json!(false),
            Value::Null,
        ),
        (
            "a Neptune cluster",
            Estate::new().has("neptune_clusters", [with(cluster("graph"), json!({ "engine": "neptune", "copy_tags_to_snapshot": true }))]),
            cluster_arn("graph"),
            "primary",
            Value::Null,
            json!(true),
        ),
    ];
    for (why, estate, subject, role, protection, tags) in cases {
        let facts = estate.facts();
        let row = facts.row("native_backups", &subject);
        assert_eq!((&row["role"], &row["deletion_protection"], &row["copies_tags"]), (&json!(role), &protection, &tags), "{why}");
    }
}

#[test]
fn what_stays_when_a_database_is_deleted() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let estate = || Estate::new().has("rds_instances", [db("x")]);
    let vaulted = |changes: Value| {
        estate().has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("recovery_points", [with(point("x", 1, ago(1, 0)), changes)])
    };
    let by_hand = |changes: Value| {
        let row = json!({
            "snapshot_arn": "arn:aws:rds:eu-west-1:111122223333:snapshot:x-1", "snapshot_type": "manual", "resource_arn": db_arn("x"),
            "status": "available", "snapshot_create_time": ago(5, 0)
        });
        estate().has("rds_snapshots", [with(row, changes)])
    };
    let continuous = json!({ "recovery_point_arn": "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1", "status": "AVAILABLE" });
    let copy = estate().has_at((ACCOUNT, AWAY), "backup_vaults", [vault((ACCOUNT, AWAY), "far")]).has_at(
        (ACCOUNT, AWAY),
        "recovery_points",
        [copied_point("x", 1, ago(1, 0), (ACCOUNT, AWAY))],
    );
    let cases = [
        ("a recovery point", vaulted(json!({})), &yes),
        ("a copy in another Region", copy, &yes),
        ("a continuous one: AWS keeps it", vaulted(continuous), &yes),
        ("one that groups others", vaulted(json!({ "is_parent": true })), &no),
        ("one that could not be deleted", vaulted(json!({ "status": "EXPIRED" })), &no),
        ("one of an earlier life", vaulted(json!({ "creation_date": ago(900, 0) })), &no),
        ("when it was made was not told", vaulted(json!({ "creation_date": null })), &open),
        ("a snapshot by hand", by_hand(json!({})), &yes),
        ("an automated snapshot goes along", by_hand(json!({ "snapshot_type": "automated" })), &no),
        ("a snapshot that is being made", by_hand(json!({ "status": "creating" })), &no),
        ("a point whose state was not told", vaulted(json!({ "status": null })), &open),
        ("a snapshot whose state was not told", by_hand(json!({ "status": null })), &open),
        ("nothing", estate(), &no),
        ("snapshots unread", estate().denied("rds_snapshots", None), &open),
        ("points unread in another Region", estate().failed_at((ACCOUNT, AWAY), "backup_vaults", None, ReadStatus::Denied), &open),
        ("a point, and snapshots unread", vaulted(json!({})).denied("rds_snapshots", None), &yes),
    ];
    for (why, estate, outlived) in cases {
        let facts = estate.facts();
        assert_eq!(&facts.row("native_backups", &db_arn("x"))["outlived"], outlived, "{why}");
    }
}

#[test]
fn logs_and_passwords() {
    let changed = |changes: Value| Estate::new().has("rds_instances", [with(db("x"), changes)]);
    let cases = [
        ("exported", changed(json!({ "log_exports": ["error", "audit"] })), "logs_exported", json!(true)),
        ("which", changed(json!({ "log_exports": ["error", "audit"] })), "exported_logs", json!("error audit")),
        ("none", changed(json!({ "log_exports": [] })), "logs_exported", json!(false)),
        ("not told is not none", changed(json!({})), "logs_exported", Value::Null),
        ("kept by Secrets Manager", changed(json!({ "password_managed": true })), "password_managed", json!(true)),
        ("not told is not by hand", changed(json!({})), "password_managed", Value::Null),
    ];
    for (why, estate, column, expected) in cases {
        assert_eq!(estate.facts().row("native_backups", &db_arn("x"))[column], expected, "{why}");
    }
}
