//! `audit explain` over the example: what the engineer on call reads, at every width, and what a program reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::audit;

fn explain(args: &[&str], columns: &str) -> (i32, String) {
    let output = audit(&[&["explain", "--dataset", "examples/acme"], args].concat(), &[("COLUMNS", columns)]);
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
}

#[test]
fn what_a_person_reads() {
    for (name, shows) in
        [("billing", "a backup that fails"), ("telemetry", "an objective that changed, and an exposure that is not known in part")]
    {
        let (code, text) = explain(&[name], "80");
        assert_eq!(code, 10, "{shows}");
        insta::assert_snapshot!(format!("explain_{name}"), text);
    }
}

#[test]
fn what_is_not_known_or_not_usable_never_reads_like_fine() {
    // why, asked, words
    let cases: [(&str, &str, &[&str]); 7] = [
        ("its key is about to go", "db:search", &["no key │", "cannot be decrypted", "they count above all the same"]),
        ("malware was found", "vol-09a2d0c78a1ee9545", &["infected │", "a scan found malware"]),
        ("tags were not read", "imported", &["are unknown and may fail", "findings for one cause", "No answer told its tags"]),
        ("a single thing was refused", "acme-trail-archive", &["There is no plan in its account", "Allow `GetBucketVersioning`"]),
        (
            "a key that another account has to open",
            "eu-shop",
            &["A policy denies `DescribeKey` explicitly", "which account 333344445555 has to do"],
        ),
        ("gone since the collection before", "surveys", &["was the last to show it", "--as-of 2026-11-06T04:00:00Z"]),
        ("no resource", "eu-daily", &["but a backup vault", "vault-points-deletable"]),
    ];
    for (why, asked, words) in cases {
        let (code, text) = explain(&[asked], "200");
        assert_ne!(code, 0, "{why}");
        for word in words {
            assert!(text.contains(word), "{why}: it says `{word}`: {text}");
        }
    }
}

#[test]
fn nothing_is_wider_than_the_terminal_or_needs_colour() {
    for columns in ["40", "130"] {
        let (_, text) = explain(&["graph"], columns);
        let width: usize = columns.parse().unwrap();
        let wider: Vec<&str> = text.lines().filter(|line| line.chars().count() > width && line.trim().contains(' ')).collect();
        assert!(wider.is_empty(), "{columns}: {wider:#?}");
        assert!(text.contains("╱") && text.contains('?'), "what is not known is drawn as such");
        assert!(!text.contains('\u{1b}'), "no colour where nobody asked");
        let (_, colored) = explain(&["graph", "--color", "always"], columns);
        let plain: String =
            colored.split('\u{1b}').enumerate().map(|(at, piece)| if at == 0 { piece } else { piece.split_once('m').unwrap().1 }).collect();
        assert_eq!(plain, text, "colour only repeats what words say");
    }
}

#[test]
fn what_a_program_reads() {
    let (code, text) = explain(&["billing", "--json"], "80");
    assert_eq!(code, 10);
    let document: Value = serde_json::from_str(&text).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain-and-diff.md")).unwrap();
    let mut fields = BTreeSet::new();
    names(&document, &mut fields);
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "the page describes `{field}`");
    }
    assert_eq!(document["objective"]["id"], "critical");
    let unknown: Value = serde_json::from_str(&explain(&["imported", "--json"], "80").1).unwrap();
    assert!(
        unknown["objective"].is_null() && unknown["tags"].is_null() && unknown["covered"].is_null(),
        "what is not known is null, not false"
    );
}

/// The names of all fields, but for those of `facts`, `tags` and `owes`, which are words of the estate.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                found.insert(name.clone());
                if !["facts", "tags", "owes"].contains(&name.as_str()) {
                    names(inner, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn a_resource_is_found_by_what_only_it_is_called() {
    let arn = "arn:aws:rds:us-east-1:111122223333:db:orders";
    // why, asked, whether it is found, words
    let cases: [(&str, &str, bool, &[&str]); 6] = [
        ("its ARN", arn, true, &[arn]),
        ("its name, though others contain it", "orders", true, &[arn]),
        ("a part that only one has", "db:wallet", true, &["db:wallet"]),
        ("a part that several have", "order", false, &["5 resources", arn, "db:eu-orders"]),
        ("a slip", "bilings", false, &["did you mean `billing`?"]),
        ("nothing like it", "mainframe", false, &["not in the population", "audit evaluate --all"]),
    ];
    for (why, asked, found, words) in cases {
        let (code, text) = explain(&[asked], "200");
        assert_eq!(code != 2, found, "{why}: {text}");
        for word in words {
            assert!(text.contains(word), "{why} says `{word}`: {text}");
        }
    }
}

#[test]
fn objectives_that_are_for_it_too_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("audit.yaml");
    let objectives = "objectives:\n- { id: money, match: { arns: ['*:db:billing'] }, rpo: 1h }\n- { id: databases, match: { types: [RDS] }, rpo: 24h }\n\
                      - { id: tables, match: { types: [DynamoDB] } }\n- { id: all, match: {} }\n";
    fs::write(&config, objectives).unwrap();
    let config = config.to_str().unwrap();
    // asked, what it says
    let cases = [("billing", "databases, all are for it, too, and do not count"), ("orders", "all is for it, too, and does not count")];
    for (asked, says) in cases {
        let (_, text) = explain(&[asked, "--config", config], "200");
        assert!(text.contains(says), "{asked}: {text}");
    }
    let (_, json) = explain(&["billing", "--config", config, "--json"], "200");
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["objective"]["also_for_it"], serde_json::json!(["databases", "all"]));
}

#[test]
fn a_blank_name_approves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("audit.yaml");
    // who approved that a volume owes nothing, what is said of the volume that nothing backs up
    for (name, verdict) in [("''", "fail"), ("' '", "fail"), ("the board", "not_applicable")] {
        fs::write(&config, format!("objectives:\n- {{ id: none, match: {{ types: [EBS] }}, approved_by: {name} }}\n")).unwrap();
        let (_, json) = explain(&["vol-00a45511e29d7c5cf", "--config", config.to_str().unwrap(), "--json"], "200");
        let told: Value = serde_json::from_str(&json).unwrap();
        let covered = told["findings"].as_array().unwrap().iter().find(|finding| finding["rule_id"] == "resource-not-covered").unwrap();
        assert_eq!(covered["verdict"], verdict, "approved by {name}");
    }
}
