//! What is declared about the data of resources.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::Snapshot;
use crate::facts::held::{Held, held};
use crate::facts::{Inputs, Objectives};
use crate::model::Window;

/// Patients' databases hold ephi, shops' hold card data; nobody says anything of what is left.
fn objectives() -> Value {
    json!([
        { "id": "patients", "match": { "tags": { "data": "patients" } }, "data_class": ["ephi", "pci"] },
        { "id": "shop", "match": { "tags": { "data": "shop" } }, "data_class": "pci" },
        { "id": "later", "match": { "tags": { "data": "later" } }, "data_class": "ephi", "valid_from": "2026-12-01" },
        { "id": "rest", "match": { "types": ["RDS"] } }
    ])
}

fn declared(estate: &Estate, arn: &str) -> Held {
    let opened = estate.open();
    let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
    let objectives = Objectives::new(serde_json::from_value(objectives()).unwrap()).unwrap();
    let inputs = Inputs::new(&snapshot, &objectives, Window { start_s: ago(30, 0), end_s: NOW_S });
    held(&inputs).unwrap().remove(arn).unwrap()
}

fn classes(words: &[&str]) -> Held {
    Held::Classes(words.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn what_databases_are_declared_to_hold() {
    let tagged = |tags: Value| Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    let member = |own: &str, of_cluster: Value| {
        let instance = json!({ "db_cluster_identifier": "care", "engine": "aurora-mysql", "tags": { "data": own } });
        Estate::new()
            .has("rds_instances", [with(db("x"), instance)])
            .has("rds_clusters", [with(cluster("care"), json!({ "tags": of_cluster }))])
    };
    let cases = [
        ("two classes", tagged(json!({ "data": "patients" })), classes(&["ephi", "pci"])),
        ("one", tagged(json!({ "data": "shop" })), classes(&["pci"])),
        ("an objective that says nothing of its data", tagged(json!({ "data": "other" })), Held::Undeclared),
        ("one that is not yet in force", tagged(json!({ "data": "later" })), Held::Undeclared),
        ("tags that were not read may be any", tagged(Value::Null), Held::NotKnown),
        ("a member says less than its cluster", member("shop", json!({ "data": "patients" })), classes(&["ephi", "pci"])),
        ("a member of a cluster of which nobody says anything", member("shop", json!({})), Held::Undeclared),
        ("a member of a cluster whose tags were not read", member("shop", Value::Null), Held::NotKnown),
        ("a member of a cluster that was not read", member("shop", json!({ "data": "shop" })).denied("rds_clusters", None), Held::NotKnown),
        ("both say the same", member("shop", json!({ "data": "shop" })), classes(&["pci"])),
    ];
    for (why, estate, expected) in cases {
        assert_eq!(declared(&estate, &db_arn("x")), expected, "{why}");
    }
}

#[test]
fn the_relation_says_whether_a_class_is_declared() {
    let estate = |tags: Value| Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    // why, tags, classes, whether any is declared
    let cases = [
        ("two", json!({ "data": "patients" }), json!("ephi, pci"), yes()),
        ("none", json!({ "data": "other" }), json!(""), no()),
        ("tags unread", Value::Null, OPEN, OPEN),
    ];
    for (why, tags, classes, declared) in cases {
        let facts = estate(tags).facts_with(objectives(), Window { start_s: ago(30, 0), end_s: NOW_S });
        let rows = facts.all("exposure");
        let row = rows.iter().find(|row| row["scenario"] == json!("any")).unwrap();
        assert_eq!((&row["data_class"], &row["data_class_declared"]), (&classes, &declared), "{why}");
    }
}
