//! The law behind all facts: a read that fails can only take away knowledge.
//!
//! For an estate with some of everything, each read of each collection is denied in turn and its rows taken away. Whatever a rule reads then stays as
//! it was or becomes NULL; a row goes only where its relation says that it rests on that table, and none comes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::estate::*;
use super::tables::{TABLES, parents_of};
use super::things::*;
use crate::dataset::schema::Reach;
use crate::facts::FACTS;
use crate::model::Window;

/// What rules read in `applies` and `pass`, by relation.
const READ_BY_RULES: [(&str, &[&str]); 8] = [
    ("coverage", &["role", "selected", "covered", "opt_in_blocked", "protected_natively"]),
    ("exposure", &["role", "rpo_owed", "within_limit", "within_rpo", "fresh"]),
    ("plan_retention", &["kept_forever", "retention_s"]),
    ("point_retention", &["kept_forever", "retention_s", "retention_owed", "owed_retention_s"]),
    ("lifecycles", &["accepted", "cold_ignored"]),
    ("design_exposure", &["role", "rpo_owed", "protected", "bounded", "design_rpo_s <= limit_s"]),
    ("native_backups", &["role", "retention_days"]),
    ("cross_region_copies", &["role", "owed", "planned", "expected", "last_succeeded"]),
];

/// A column, or what the rule makes of two.
fn value(row: &Object, column: &str) -> Value {
    match column {
        "design_rpo_s <= limit_s" => match (row["design_rpo_s"].as_i64(), row["limit_s"].as_i64()) {
            (Some(design_s), Some(limit_s)) => json!(design_s <= limit_s),
            _ => Value::Null,
        },
        _ => row[column].clone(),
    }
}

/// What names a row of a relation, beside its subject.
fn name_of(relation: &str, row: &Object) -> String {
    let columns: &[&str] = match relation {
        "exposure" => &["scenario"],
        "plan_retention" => &["plan_rule"],
        "lifecycles" => &["plan_rule", "copy_to"],
        "point_retention" => &["backup_vault_arn", "recovery_point_arn"],
        _ => &[],
    };
    ["subject_arn"].iter().chain(columns).map(|column| row[*column].to_string()).collect::<Vec<_>>().join(" ")
}

fn by_name<'a>(relation: &str, facts: &'a Facts) -> BTreeMap<String, &'a Object> {
    facts.relations[relation].iter().map(|row| (name_of(relation, row), row)).collect()
}

/// Whether a relation says that a row may be missing because of an unread unit.
fn rests_on(relation: &str, row: &Object, unit: &UnitOf) -> bool {
    let fact = FACTS.iter().find(|fact| fact.relation.name == relation).unwrap();
    // Where vaults or plans could not be listed, their own reads are skipped.
    let skipped = TABLES.iter().filter(|table| parents_of(table) == Some(unit.table)).map(|table| table.name);
    let unread: Vec<&str> = skipped.chain([unit.table]).collect();
    fact.relation.rows_rest_on.iter().filter(|rest| unread.contains(&rest.table)).any(|rest| match rest.reach {
        Reach::Parent(column) => unit.parent.is_none() || row[column].as_str() == unit.parent.as_deref(),
        Reach::Region => row["account_id"] == json!(unit.place.0) && row["region"] == json!(unit.place.1),
        Reach::Account => row["account_id"] == json!(unit.place.0),
        Reach::Everywhere => true,
    })
}

/// Compares the facts of an estate with those of the same estate less one read; what is wrong, if anything.
fn broken(whole: &Facts, lacking: &Facts, units: &[UnitOf]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (relation, columns) in READ_BY_RULES {
        let (before, after) = (by_name(relation, whole), by_name(relation, lacking));
        for (name, row) in &before {
            let Some(now) = after.get(name) else {
                if !units.iter().any(|unit| rests_on(relation, row, unit)) {
                    wrong.push(format!("{relation} {name} is gone"));
                }
                continue;
            };
            for column in columns {
                let (was, is) = (value(row, column), value(now, column));
                if was != is && !is.is_null() {
                    wrong.push(format!("{relation} {name}: {column} was {was} and is {is}"));
                }
            }
        }
        wrong.extend(after.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("{relation} {name} has come")));
    }
    wrong
}

fn window() -> Window {
    Window { start_s: ago(37, 0), end_s: NOW_S }
}

/// The law for an estate, under several lists of objectives.
fn holds(estate: &Estate, objectives: &[Value]) {
    let facts = |opened: &Opened| -> Vec<Facts> {
        objectives.iter().map(|objectives| opened.facts(None, objectives.clone(), window()).unwrap()).collect()
    };
    let opened = estate.open();
    let whole = facts(&opened);
    // Reads that gave something one by one, those that gave nothing all at once.
    let (giving, empty): (Vec<UnitOf>, Vec<UnitOf>) = estate.units().into_iter().partition(|unit| estate.gives_rows(unit));
    let mut wrong = Vec::new();
    for units in giving.into_iter().map(|unit| vec![unit]).chain([empty]) {
        let lacking = facts(&estate.lacking(&units).open_beside(Some(&opened)));
        for (whole, lacking) in whole.iter().zip(&lacking) {
            wrong.extend(broken(whole, lacking, &units).into_iter().map(|what| format!("without {:?}: {what}", units[0])));
        }
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} breaches, among them\n{shown}", wrong.len());
}

/// Databases of every fate, collected twice, a week apart.
fn rich() -> Estate {
    let far = (ACCOUNT, AWAY);
    let tagged = |name: &str| with(db(name), json!({ "tags": { "backup": "yes" } }));
    let first = Estate::default().collected(ago(7, 0)).with_other_account();
    let estate = first
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main"), vault((ACCOUNT, HOME), "empty")])
        .has_at(far, "backup_vaults", [vault(far, "far")])
        .has_at((OTHER_ACCOUNT, AWAY), "backup_vaults", [vault((OTHER_ACCOUNT, AWAY), "far")])
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core"), plan("tight"), plan("idle"), plan("cold")])
        .has("plan_rules", [
            rule("core"),
            with(rule("tight"), json!({ "schedule_expression": "cron(0 0/6 ? * * *)", "start_window_minutes": 120 })),
            with(rule("cold"), json!({ "move_to_cold_storage_after_days": 10, "delete_after_days": null })),
        ])
        .has("plan_copies", [json!({
            "backup_plan_arn": plan_arn("tight"), "rule_id": "tight-rule", "destination_backup_vault_arn": vault_arn(far, "far"), "delete_after_days": 90
        })])
        .has("selections", [
            selection("core"),
            selection_of("tight", &[&db_arn("copied"), &db_arn("expired")]),
            selection_of("idle", &[&db_arn("bare")]),
            selection_of("cold", &[&db_arn("kept")]),
        ])
        .has("rds_instances", [
            tagged("kept"), tagged("copied"), db("bare"), tagged("expired"), tagged("late"),
            with(db("native"), json!({ "backup_retention_period_days": 7 })),
            with(db("member"), json!({ "db_cluster_identifier": "shop" })),
            with(db("replica"), json!({ "read_replica_source": "kept" })),
        ])
        .has("rds_clusters", [with(cluster("shop"), json!({ "tags": { "backup": "yes" } }))])
        .has("neptune_clusters", [with(cluster("graph"), json!({ "engine": "neptune" }))])
        .has("documentdb_clusters", [with(cluster("docs"), json!({ "engine": "docdb" }))]);
    let at = |estate: Estate, shift: i64| {
        let key = |name: &str| crate::model::key::resource_key(&db_arn(name));
        let every_day =
            |name: &'static str| daily(45).filter(move |(number, _)| *number > shift).map(move |(number, begun_s)| (name, number, begun_s));
        let recent = move |(_, number, _): &(&str, i64, i64)| *number < 30 + shift;
        let all = || every_day("kept").chain(every_day("copied")).chain(every_day("late").filter(|(_, number, _)| *number > 10));
        // Points of `expired` live three days: most came and went between the collections.
        let short_lived = || {
            every_day("expired").map(|(name, number, begun_s)| {
                let ends = json!({ "delete_after_days": 3, "delete_at": begun_s + 3 * 86_400 });
                (
                    number,
                    with(point(name, number, begun_s), ends.clone()),
                    with(job(name, number, begun_s), json!({ "delete_after_days": 3 })),
                )
            })
        };
        let copied = move || every_day("copied").filter(move |(_, number, _)| number % 2 == 0 || *number < 9);
        let native = json!({
            "automated_backup_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("native"), "source_region": HOME,
            "resource_key": key("native"), "status": "active", "earliest_time": ago(7 + shift, 0), "latest_time": ago(shift, 0) - 300
        });
        let snapshot = json!({
            "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:by-hand"), "snapshot_identifier": "by-hand", "snapshot_type": "manual",
            "resource_arn": db_arn("bare"), "resource_key": key("bare"), "status": "available", "snapshot_create_time": ago(20, 0)
        });
        estate
            .has("recovery_points", all().map(|(name, number, begun_s)| point(name, number, begun_s)))
            .has("recovery_points", short_lived().filter(|(number, _, _)| *number <= 3 + shift).map(|(_, point, _)| point))
            .has("backup_jobs", all().filter(recent).map(|(name, number, begun_s)| job(name, number, begun_s)))
            .has("backup_jobs", short_lived().filter(|(number, _, _)| *number < 30 + shift).map(|(_, _, job)| job))
            .has("copy_jobs", copied().filter(recent).map(|(name, number, begun_s)| copy_job(name, number, begun_s, far)))
            .has("copy_jobs", [copy_job("late", 20, ago(20, -5), (OTHER_ACCOUNT, AWAY))])
            .has("copy_jobs", [with(copy_job("kept", 12, ago(12, -5), far), json!({ "state": "FAILED", "completion_date": ago(12, -9) }))])
            .has_at(far, "recovery_points", copied().map(|(name, number, begun_s)| copied_point(name, number, begun_s, far)))
            .has_at((OTHER_ACCOUNT, AWAY), "recovery_points", [copied_point("late", 20, ago(20, -5), (OTHER_ACCOUNT, AWAY))])
            .has("rds_automated_backups", [native])
            .has("rds_snapshots", [snapshot])
    };
    let first = at(estate, 7);
    let events = ["recovery_points", "backup_jobs", "copy_jobs", "rds_automated_backups", "rds_snapshots"];
    let second = events.iter().fold(first.collected_again(NOW_S), |estate, table| estate.without(table));
    at(second, 0)
}

#[test]
fn a_failed_read_only_takes_away() {
    let own = json!([
        { "id": "two sites", "match": { "arns": [db_arn("copied"), db_arn("late"), db_arn("kept")] }, "rpo": "24h", "rpo_other_region": "24h", "tolerance": "10h",
          "retention": "30d", "copy_to_other_region": true, "approved_by": "a" },
        { "id": "lax", "match": { "tags": { "backup": "yes" }, "types": ["RDS"] }, "rpo": "25h", "tolerance": "2h", "valid_from": "2026-11-01" }
    ]);
    holds(&rich(), &[own, json!([])]);
}
