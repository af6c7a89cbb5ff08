//! `audit diff` over the example: what a person reads, what a program reads, and that findings files say the same as collections.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::command::audit;

const DATASET: [&str; 2] = ["--dataset", "examples/acme"];

fn run(args: &[&str]) -> (i32, String) {
    let output = audit(&[&["diff"], args, &DATASET].concat(), &[("COLUMNS", "80")]);
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
}

/// Findings as `evaluate` writes them, as of a moment, with a configuration; only some rules, so that it is quick.
fn evaluated(folder: &Path, as_of: &str, more: &[&str]) -> PathBuf {
    let out = folder.to_str().unwrap();
    let rules = ["rds-backups-off", "rds-retention-too-short", "design-rpo-exceeded", "resource-not-covered"];
    let mut args = vec!["evaluate", "--as-of", as_of, "--out", out, "-q"];
    args.extend(rules.iter().flat_map(|rule| ["--rule", rule]));
    args.extend(DATASET);
    args.extend(more);
    let output = audit(&args, &[]);
    assert!(output.status.code() == Some(10), "{}", String::from_utf8_lossy(&output.stderr));
    folder.to_owned()
}

const OLD: &str = "2026-11-13T04:00:00Z";
const NEW: &str = "2026-11-20T04:00:00Z";

/// How each finding moved, by rule and subject.
fn movements(json: &str) -> BTreeMap<(String, String), String> {
    let document: Value = serde_json::from_str(json).unwrap();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|one| ((text(one, "rule_id"), text(one, "subject_arn")), text(one, "movement"))).collect()
}

#[test]
fn what_a_person_reads() {
    let (code, text) = run(&["previous", "latest"]);
    assert_eq!(code, 10, "something new fails");
    insta::assert_snapshot!("diff", text);
    assert!(text.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')), "nothing is wider than the terminal");
}

#[test]
fn what_a_program_reads() {
    let (_, text) = run(&["previous", "latest", "--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain-and-diff.md")).unwrap();
    let mut fields = BTreeSet::new();
    names(&document, &mut fields);
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "the page describes `{field}`");
    }
    for (movement, count) in document["counts"].as_object().unwrap() {
        let counted = document["findings"].as_array().unwrap().iter().filter(|one| one["movement"] == json!(movement)).count();
        assert_eq!(json!(counted), *count, "{movement}");
    }
    let order: Vec<_> = movements(&text).into_keys().collect();
    let listed: Vec<_> = document["findings"].as_array().unwrap().iter().map(|one| one["rule_id"].as_str().unwrap()).collect();
    assert!(order.iter().map(|(rule, _)| rule.as_str()).eq(listed), "sorted by rule and subject, each once");
    for one in document["findings"].as_array().unwrap() {
        let verdict = |side: &str| one[side]["verdict"].as_str();
        if one["movement"] == json!("fixed") {
            assert_eq!(verdict("new"), Some("pass"), "nothing is fixed that is not seen to pass: {one}");
        }
        if one["movement"] == json!("gone") {
            assert!(one["new"].is_null(), "{one}");
        }
    }
}

/// The names of all fields of a document, but for the keys of `counts`, which are words of another field.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                found.insert(name.clone());
                names(inner, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn a_date_is_its_midnight_and_a_note_names_the_collection_of_the_day() {
    let output = audit(&[&["diff", "2026-11-13", "20261120", "--rule", "rds-backups-off"], &DATASET[..]].concat(), &[]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("2026-11-06 04:00 UTC") && told.contains("(named 2026-11-13)"), "the newest begun by midnight: {told}");
    let note = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let (notes, day) = (note.matches("note:").count(), note.contains("named by `20261113`"));
    assert_eq!((notes, day), (1, true), "only a date is taken for a whole day: {told}");
}

#[test]
fn a_collection_beside_itself_an_unclear_name_and_a_wrong_order_are_errors_of_usage() {
    let cases = [
        (vec!["latest", "latest"], vec!["both stand for"]),
        (vec!["latest", "previous"], vec!["after NEW", "older one comes first"]),
        (vec!["2026", "latest"], vec!["beginning of 12 collections"]),
        (vec!["yesterday", "latest"], vec!["yesterday", "latest", "20261120T040000Z"]),
        (vec!["2020-01-01", "latest"], vec!["no collection had begun"]),
        (vec!["nowhere/findings.json", "latest"], vec!["nowhere/findings.json", "evaluate --out"]),
        (vec!["Cargo.toml", "latest"], vec!["Cargo.toml", "no findings.json"]),
    ];
    for (args, words) in cases {
        let (code, text) = run(&args);
        assert_eq!(code, 2, "{args:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{args:?} says `{word}`: {text}");
        }
    }
}

#[test]
fn findings_files_say_the_same_as_collections() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (evaluated(&folder.path().join("old"), OLD, &["--all"]), evaluated(&folder.path().join("new"), NEW, &["--all"]));
    let file = |folder: &Path, name: &str| folder.join(name).to_str().unwrap().to_owned();
    let rules: Vec<&str> = ["rds-backups-off", "rds-retention-too-short", "design-rpo-exceeded", "resource-not-covered"]
        .iter()
        .flat_map(|rule| ["--rule", rule])
        .collect();
    let of_collections = movements(&run(&[&["previous", "latest", "--json"][..], &rules].concat()).1);
    assert!(of_collections.len() > 10);
    for name in ["findings.json", "findings.parquet"] {
        let (_, text) = run(&[&file(&old, name), &file(&new, name), "--json"]);
        assert_eq!(movements(&text), of_collections, "{name}");
    }
}

#[test]
fn what_a_short_file_leaves_out_is_neither_fixed_nor_gone() {
    let folder = tempfile::tempdir().unwrap();
    let old = evaluated(&folder.path().join("old"), "2026-10-01T04:00:00Z", &[]);
    let new = evaluated(&folder.path().join("new"), NEW, &[]);
    let file = |folder: &Path| folder.join("findings.json").to_str().unwrap().to_owned();
    let (_, text) = run(&[&file(&old), &file(&new), "--json"]);
    let moved: BTreeSet<String> = movements(&text).into_values().collect();
    assert!(!moved.contains("fixed") && !moved.contains("gone"), "{moved:?}");
}

/// The causes of every verdict that moved between two evaluations of one moment, by rule and subject.
fn causes(changed: &str) -> BTreeMap<(String, String), Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let config = fs::read_to_string("examples/acme/audit.yaml").unwrap();
    let path = folder.path().join("audit.yaml");
    fs::write(&path, changed.replace("<the example>", &config)).unwrap();
    let old = evaluated(&folder.path().join("old"), OLD, &["--all"]);
    let new = evaluated(&folder.path().join("new"), NEW, &["--all", "--config", path.to_str().unwrap()]);
    let file = |folder: &Path| folder.join("findings.json").to_str().unwrap().to_owned();
    let (_, text) = run(&[&file(&old), &file(&new), "--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let moved = document["findings"].as_array().unwrap().iter().filter(|one| one["movement"] != json!("open"));
    let words = |one: &Value| one["causes"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap().to_owned()).collect();
    moved.map(|one| ((text(one, "rule_id"), text(one, "subject_arn")), words(one))).collect()
}

#[test]
fn why_a_verdict_changed() {
    let arn = |name: &str| format!("arn:aws:rds:us-east-1:111122223333:db:{name}");
    let told = |changed: &str, rule: &str, subject: &str| causes(changed).get(&(rule.to_owned(), subject.to_owned())).cloned();
    let of = |cause: &str| Some(vec![cause.to_owned()]);
    let stricter = causes("<the example>  rds-retention-too-short: { params: { min_days: 35 } }\n");
    let of_rule: Vec<_> = stricter.iter().filter(|((rule, _), _)| rule == "rds-retention-too-short").map(|(_, causes)| causes).collect();
    assert!(of_rule.len() > 10 && of_rule.iter().all(|causes| **causes == ["rule"]), "another parameter: {of_rule:?}");
    let waived = "<the example>waivers:
  - { id: w-1, rule: rds-backups-off, subject: 'arn:aws:rds:*:db:sandbox', reason: a, owner: b, approver: c, start: 2026-11-01, expires: 2026-12-31, compensating_control: d }\n";
    assert_eq!(told(waived, "rds-backups-off", &arn("sandbox")), of("waiver"), "somebody accepted it");
    let laxer = "<the example>".to_owned();
    let config = fs::read_to_string("examples/acme/audit.yaml").unwrap();
    let entry = "objectives:\n  - { id: lax, match: { arns: ['*:db:invoices'] }, rpo: 90d, tolerance: 1h, mechanisms: [backup_point], approved_by: role:a }\n";
    let laxer = laxer.replace("<the example>", &config.replacen("objectives:\n", entry, 1));
    assert_eq!(told(&laxer, "design-rpo-exceeded", &arn("invoices")), of("objective"), "another objective");
}
