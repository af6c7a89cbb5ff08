//! Who is in the population, and in which role.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

#[test]
fn roles() {
    let db = |changes: Value| with(db("x"), changes);
    let marked = json!({ "awsbackup-restore-test": "plan-1" });
    // why, instance, role
    let cases = [
        ("holds its own data", db(json!({})), json!("primary")),
        ("stores its data in a cluster", db(json!({ "db_cluster_identifier": "shop" })), json!("cluster_member")),
        ("repeats another", db(json!({ "read_replica_source": "orders" })), json!("replica")),
        ("the tag of a restore test", db(json!({ "tags": marked.clone() })), json!("restore_test")),
        ("a replica that a restore test made", db(json!({ "tags": marked, "read_replica_source": "orders" })), json!("restore_test")),
        ("tags unread: may be a leftover", db(json!({ "tags": null })), Value::Null),
        ("tags unread, but a replica either way", db(json!({ "tags": null, "read_replica_source": "orders" })), json!("replica")),
        ("a Neptune member", db(json!({ "engine": "neptune", "db_cluster_identifier": "graph" })), json!("cluster_member")),
        ("a DocumentDB member", db(json!({ "engine": "docdb", "db_cluster_identifier": "docs" })), json!("cluster_member")),
    ];
    for (why, instance, role) in cases {
        let facts = Estate::new().has("rds_instances", [instance]).facts();
        assert_eq!(facts.row("resources", &db_arn("x"))["role"], role, "{why}");
    }
}

#[test]
fn a_name_tells_a_leftover_even_if_tags_are_unread() {
    let name = "awsbackup-restore-test-7";
    let facts = Estate::new().has("rds_instances", [with(db(name), json!({ "tags": null }))]).facts();
    assert_eq!(facts.row("resources", &db_arn(name))["role"], json!("restore_test"));
}

#[test]
fn clusters_by_engine() {
    // why, table, engine, type of AWS, type of AWS Backup
    let cases = [
        ("Aurora", "rds_clusters", "aurora-postgresql", "AWS::RDS::DBCluster", json!("Aurora")),
        ("a Multi-AZ DB cluster is RDS", "rds_clusters", "mysql", "AWS::RDS::DBCluster", json!("RDS")),
        ("Neptune", "neptune_clusters", "neptune", "AWS::Neptune::DBCluster", json!("Neptune")),
        ("DocumentDB", "documentdb_clusters", "docdb", "AWS::DocDB::DBCluster", json!("DocumentDB")),
        ("engine unread", "rds_clusters", "", "AWS::RDS::DBCluster", Value::Null),
    ];
    for (why, table, engine, resource_type, backup_type) in cases {
        let engine = if engine.is_empty() { Value::Null } else { json!(engine) };
        let facts = Estate::new().has(table, [with(cluster("c"), json!({ "engine": engine }))]).facts();
        let row = facts.row("resources", &cluster_arn("c"));
        assert_eq!((&row["subject_type"], &row["backup_type"]), (&json!(resource_type), &backup_type), "{why}");
    }
}

#[test]
fn what_is_created_at_or_after_the_moment_is_not_there_yet() {
    for (why, created_s, there) in [("before", NOW_S - 1, 1), ("at", NOW_S, 0), ("after", NOW_S + 1, 0)] {
        let facts = Estate::new().has("rds_instances", [with(db("x"), json!({ "instance_create_time": created_s }))]).facts();
        assert_eq!(facts.rows("resources", &db_arn("x")).len(), there, "{why}");
    }
}

#[test]
fn native_backups() {
    // why, changes, retention, restorable age
    let cases = [
        (
            "on, ten minutes behind",
            json!({ "backup_retention_period_days": 7, "latest_restorable_time": NOW_S - 600 }),
            json!(7),
            json!(600),
        ),
        ("off", json!({ "backup_retention_period_days": 0 }), json!(0), Value::Null),
        ("not told is not off", json!({ "backup_retention_period_days": null }), Value::Null, Value::Null),
    ];
    for (why, changes, retention, age) in cases {
        let facts = Estate::new().has("rds_instances", [with(db("x"), changes)]).facts();
        let row = facts.row("native_backups", &db_arn("x"));
        assert_eq!((&row["retention_days"], &row["restorable_age_s"]), (&retention, &age), "{why}");
        let protected = retention.as_i64().map_or(Value::Null, |days| json!(days > 0));
        assert_eq!(facts.row("coverage", &db_arn("x"))["protected_natively"], protected, "{why}");
    }
}

#[test]
fn tags_that_are_no_json_are_an_error_that_names_the_row() {
    let opened = Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": "{" }))]).open();
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S };
    let error = opened.facts(None, json!([]), window).unwrap_err().to_string();
    assert!(error.starts_with(&format!("table `rds_instances`, column `tags` of {}", db_arn("x"))), "{error}");
}
