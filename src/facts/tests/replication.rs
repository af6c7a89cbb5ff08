//! Automated backups replicated to another Region.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;

const FAR: Place = (ACCOUNT, AWAY);

fn replica_arn(region: &str) -> String {
    format!("arn:aws:rds:{region}:{ACCOUNT}:auto-backup:ab-1")
}

/// A database that names replicas in Regions.
fn naming(regions: &[&str]) -> Estate {
    let replicas: Vec<String> = regions.iter().map(|region| replica_arn(region)).collect();
    let named = if replicas.is_empty() { Value::Null } else { json!(replicas) };
    Estate::new().has("rds_instances", [with(db("x"), json!({ "automated_backups_replications": named }))])
}

fn backup(changes: Value) -> Value {
    let row = json!({
        "automated_backup_arn": replica_arn(AWAY), "source_arn": db_arn("x"), "source_region": HOME, "status": "active", "earliest_time": ago(7, 0),
        "latest_time": NOW_S - 600
    });
    with(row, changes)
}

#[test]
fn what_the_other_region_shows() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let with_replica = |changes: Value| naming(&[AWAY]).has_at(FAR, "rds_automated_backups", [backup(changes)]);
    // why, estate, replicated, active, lag
    let cases = [
        ("active, ten minutes behind", with_replica(json!({})), &yes, &yes, json!(600)),
        ("stopped", with_replica(json!({ "status": "retained" })), &yes, &no, json!(600)),
        ("being made", with_replica(json!({ "status": "creating", "latest_time": null })), &yes, &no, open.clone()),
        ("its state was not told", with_replica(json!({ "status": null })), &yes, &open, json!(600)),
        ("named, and not there", naming(&[AWAY]), &yes, &no, open.clone()),
        (
            "named, and the Region unread",
            naming(&[AWAY]).failed_at(FAR, "rds_automated_backups", None, ReadStatus::Denied),
            &yes,
            &open,
            open.clone(),
        ),
        ("named, in a Region that nobody looks into", naming(&["eu-north-1"]), &yes, &open, open.clone()),
        ("none is named", naming(&[]), &no, &no, open.clone()),
        (
            "what is left of an earlier one does not count",
            naming(&[]).has_at(FAR, "rds_automated_backups", [backup(json!({}))]),
            &no,
            &no,
            open.clone(),
        ),
    ];
    for (why, estate, replicated, active, lag) in cases {
        let facts = estate.facts();
        let row = facts.row("replicated_backups", &db_arn("x"));
        assert_eq!((&row["replicated"], &row["active"], &row["lag_s"]), (replicated, active, &lag), "{why}");
    }
    let facts = naming(&[AWAY, "eu-north-1"]).facts();
    assert_eq!(facts.rows("replicated_backups", &db_arn("x")).len(), 2, "one row a replica");
}

#[test]
fn who_is_expected_to_have_one_and_who_cannot() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let owed = json!([{ "id": "gold", "match": { "tags": { "class": "gold" } }, "replicate_automated_backups": true }]);
    let tagged = |tags: Value| Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    let engine = |engine: Value| Estate::new().has("rds_instances", [with(db("x"), json!({ "engine": engine }))]);
    let window = Window { start_s: ago(30, 0), end_s: NOW_S };
    // why, estate, expected, supported
    let cases = [
        ("asked for", tagged(json!({ "class": "gold" })), &yes, &yes),
        ("not asked for", tagged(json!({})), &no, &yes),
        ("tags unread", tagged(Value::Null), &open, &yes),
        ("there, though nobody asked", naming(&[AWAY]), &yes, &yes),
        ("Oracle", engine(json!("oracle-ee")), &no, &yes),
        ("Db2", engine(json!("db2-se")), &no, &yes),
        ("RDS Custom", engine(json!("custom-sqlserver-ee")), &no, &no),
        ("an engine that was not told", engine(Value::Null), &no, &open),
        (
            "a member of a cluster",
            Estate::new().has("rds_instances", [with(db("x"), json!({ "db_cluster_identifier": "shop" }))]),
            &no,
            &no,
        ),
    ];
    for (why, estate, expected, supported) in cases {
        let facts = estate.facts_with(owed.clone(), window);
        let row = facts.row("replicated_backups", &db_arn("x"));
        assert_eq!((&row["expected"], &row["supported"]), (expected, supported), "{why}");
        assert_eq!(row["unsupported_because"].is_null(), supported != &no, "{why}");
    }
}

#[test]
fn clusters_say_why_they_cannot() {
    // table, engine, because
    let cases = [
        ("rds_clusters", "aurora-mysql", "Aurora does not replicate automated backups; copy its snapshots instead"),
        ("rds_clusters", "postgres", "Multi-AZ DB clusters do not replicate automated backups"),
        ("neptune_clusters", "neptune", "the service does not replicate automated backups"),
        ("documentdb_clusters", "docdb", "the service does not replicate automated backups"),
    ];
    for (table, engine, because) in cases {
        let facts = Estate::new().has(table, [with(cluster("c"), json!({ "engine": engine }))]).facts();
        let row = facts.row("replicated_backups", &cluster_arn("c"));
        assert_eq!((&row["supported"], &row["unsupported_because"]), (&json!(false), &json!(because)), "{engine}");
    }
}
