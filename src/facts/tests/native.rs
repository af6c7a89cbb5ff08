//! Settings of databases that have to do with their own backups.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

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
