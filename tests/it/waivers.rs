//! `audit waiver`: where each waiver and alternative stands, what it waives or answers, and which are findings themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::audit;

const WAIVERS: &str = "tests/it/configurations/waivers.yaml";

fn waiver(args: &[&str]) -> (i32, String) {
    let output = audit(&[&["waiver"], args].concat(), &[("COLUMNS", "80")]);
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code().unwrap_or(-1), String::from_utf8(said).unwrap())
}

#[test]
fn what_a_person_reads() {
    let (code, text) = waiver(&["list", "--dataset", "examples/acme", "--config", WAIVERS]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("waivers", text);
    let (_, none) = waiver(&["list", "--dataset", "examples/acme"]);
    assert_eq!(none, "No failure is accepted: audit.yaml has no waivers.\n");
}

#[test]
fn what_a_program_reads() {
    let (_, text) = waiver(&["list", "--json", "--dataset", "examples/acme", "--config", WAIVERS]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/waivers.md")).unwrap();
    let mut fields: BTreeSet<String> = document.as_object().unwrap().keys().cloned().collect();
    for list in ["waivers", "alternatives"] {
        fields.extend(document[list].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().keys().cloned()));
    }
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "the page describes `{field}`");
    }
    let stands = |id: &str| {
        let one = document["alternatives"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        (one["state"].as_str().unwrap().to_owned(), one["requirement_state"].as_str().unwrap().to_owned())
    };
    assert_eq!(stands("encryption-in-use"), ("active".to_owned(), "alternative_documented".to_owned()));
    assert_eq!(stands("tests-by-hand"), ("expired".to_owned(), "not_met".to_owned()), "what has expired answers nothing");
    // What is waived in the list is waived in the findings.
    let findings = audit(&["evaluate", "--json", "--dataset", "examples/acme", "--config", WAIVERS], &[]).stdout;
    let findings: Value = serde_json::from_slice(&findings).unwrap();
    let waived: BTreeSet<Option<&str>> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["verdict"] == "waived")
        .map(|one| one["finding_id"].as_str())
        .collect();
    let listed: BTreeSet<Option<&str>> = document["waivers"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["waives"].as_array().unwrap())
        .map(|one| one["finding_id"].as_str())
        .collect();
    assert!(!waived.is_empty() && waived == listed, "{waived:?} {listed:?}");
}

#[test]
fn what_a_rule_that_was_not_judged_waives_is_not_known() {
    let args = ["list", "--json", "--dataset", "examples/acme", "--config", WAIVERS, "--rule", "rds-backups-off"];
    let document: Value = serde_json::from_str(&waiver(&args).1).unwrap();
    let known = |id: &str| !document["waivers"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap()["waives"].is_null();
    assert!(known("sandbox") && !known("development"));
}

#[test]
fn checking_tells_what_is_wrong_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let right = "waivers:\n  - { id: w, rule: rds-backups-off, subject: 'arn:aws:rds:*:111122223333:db:sandbox', reason: a, owner: b, approver: c, \
                 start: 2026-11-01, expires: 2027-01-31, compensating_control: d }\n";
    let alternative = "alternatives:\n  - { id: a, requirement: 'hipaa:164.312(a)(2)(iv)', reason: a, alternative: b, owner: c, approver: d, \
                       start: 2026-11-01, expires: 2027-01-31 }\n";
    let broad = right.replace("'arn:aws:rds:*:111122223333:db:sandbox'", "'*'");
    let by_tag = right.replace("subject: 'arn:aws:rds:*:111122223333:db:sandbox'", "tag: { tier: dev }");
    // why, configuration, more arguments, exit code, words
    let cases: [(&str, String, &[&str], i32, &[&str]); 10] = [
        ("nothing is wrong", file("right.yaml", right), &[], 0, &["1 waiver can be used"]),
        ("for everything", file("broad.yaml", &broad), &[], 10, &["waiver-over-broad", "names no resource"]),
        ("only worse counts", file("broad.yaml", &broad), &["--fail-on", "high"], 0, &["waiver-over-broad"]),
        ("for whoever may tag", file("tag.yaml", &by_tag), &[], 10, &["whoever may tag"]),
        ("it has ended", file("right.yaml", right), &["--as-of", "2027-02-01"], 10, &["waiver-expired", "2027-01-31"]),
        ("no expiry", file("for-ever.yaml", &right.replace(", expires: 2027-01-31", "")), &[], 2, &["for-ever.yaml", "expires"]),
        ("an alternative", file("other.yaml", alternative), &[], 0, &["0 waivers can be used", "1 alternative can be used"]),
        ("it has ended", file("other.yaml", alternative), &["--as-of", "2027-02-01"], 10, &["alternative-expired", "2027-01-31"]),
        (
            "to what is required",
            file("required.yaml", &alternative.replace("164.312(a)(2)(iv)", "164.312(b)")),
            &[],
            2,
            &["required.yaml", "is not addressable"],
        ),
        ("a tag that is no text", file("list.yaml", &by_tag.replace("tier: dev", "tier: [dev]")), &[], 2, &["list.yaml"]),
    ];
    for (why, config, more, expected, words) in cases {
        let (code, text) = waiver(&[&["check", "--dataset", "examples/acme", "--config", &config], more].concat());
        assert_eq!(code, expected, "{why}: {text}");
        for word in words {
            assert!(text.contains(word), "{why} says `{word}`: {text}");
        }
    }
}
