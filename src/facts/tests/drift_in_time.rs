//! Drift over several collections: for how long a reduction is told, and what a refused read takes away.

use std::collections::BTreeMap;

use serde_json::json;

use super::drift::*;
use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;

#[test]
fn a_reduction_stays_in_sight_for_thirty_days() {
    let weak = || json!({ "delete_after_days": 7 });
    let since = |days: i64| {
        before_at(days).collected(ago(days - 1, 0)).has("backup_plans", [plan("core")]).has("plan_rules", [with(rule("core"), weak())])
    };
    // why, days since it was last strong, whether it is told
    let cases = [
        ("a week ago, and collected every day since", 7, true),
        ("29 days ago", 29, true),
        ("30 days ago", 30, true),
        ("31 days ago", 31, false),
    ];
    for (why, days, told) in cases {
        let mut estate = since(days);
        for day in (0..days - 1).rev() {
            estate = estate.collected_again(ago(day, 0));
        }
        let found = drift(&estate.drift(), &plan_arn("core"));
        assert_eq!(found.contains(&("retention".to_owned(), json!(true))), told, "{why}: {found:?}");
    }
    let pause = since(45).without("plan_rules").has("plan_rules", [rule("core")]).collected_again(NOW_S).without("plan_rules");
    let pause = pause.has("plan_rules", [with(rule("core"), weak())]);
    assert_eq!(drift(&pause.facts(), &plan_arn("core")), [("retention".to_owned(), json!(true))], "nobody looked in between");
}

fn before_at(days: i64) -> Estate {
    Estate::default().collected(ago(days, 0)).has("backup_plans", [plan("core")]).has("plan_rules", [rule("core")])
}

#[test]
fn a_lock_that_is_lifted_and_put_back_is_no_reduction_of_now() {
    let open = json!({ "locked": false, "min_retention_days": null });
    let estate = before().collected_again(ago(3, 0)).without("backup_vaults").has("backup_vaults", [guarded_vault(open)]);
    let estate = estate.collected_again(NOW_S).without("backup_vaults").has("backup_vaults", [guarded_vault(json!({}))]);
    assert!(drift(&estate.drift(), &home_vault()).iter().all(|(_, weakens)| *weakens == json!(false)));
}

#[test]
fn what_is_unread_in_one_of_two_is_not_known() {
    let (home, refused) = ((ACCOUNT, HOME), ReadStatus::Denied);
    let now = || before().collected_again(NOW_S);
    let then = |table: &'static str, parent: Option<&str>| before().failed_at(home, table, parent, refused).collected_again(NOW_S);
    // why, estate, subject
    let cases = [
        ("the policy now", now().denied("vault_policies", Some(&home_vault())), home_vault()),
        ("the policy then", then("vault_policies", Some(&home_vault())), home_vault()),
        ("vaults then", then("backup_vaults", None), home_vault()),
        ("rules now", now().denied("plan_rules", Some(&plan_arn("core"))), plan_arn("core")),
        ("plans then", then("backup_plans", None), plan_arn("core")),
        ("selections now", now().denied("selections", Some(&plan_arn("core"))), selection_arn()),
        ("the key then", then("kms_keys", Some(&key_arn("data"))), key_arn("data")),
        ("databases then", then("rds_instances", None), db_arn("kept")),
        (
            "selections then, so nobody knows what was covered",
            then("selections", Some(&plan_arn("core"))).without("selections"),
            db_arn("kept"),
        ),
        ("the list of vaults now", now().denied("backup_vaults", None), format!("arn:aws:iam::{ACCOUNT}:root#read/{HOME}/backup_vaults")),
        ("the list of plans then", then("backup_plans", None), format!("arn:aws:iam::{ACCOUNT}:root#read/{HOME}/backup_plans")),
    ];
    for (why, estate, subject) in cases {
        let facts = estate.drift();
        let rows = facts.rows("drift", &subject);
        assert!(rows.iter().any(|row| row["weakens"].is_null() && row["compared"] == json!(true)), "{why}: {rows:?}");
        assert!(rows.iter().all(|row| row["weakens"] != json!(true)), "{why}: {rows:?}");
    }
}

/// What the rule makes of the rows of a subject: fails if one weakens, is open if one is not known, does not apply if nothing is compared.
fn verdict(rows: &[&Object]) -> &'static str {
    let compared: Vec<_> = rows.iter().filter(|row| row["compared"] == json!(true)).collect();
    match () {
        () if compared.iter().any(|row| row["weakens"] == json!(true)) => "fail",
        () if compared.iter().any(|row| row["weakens"].is_null()) => "unknown",
        () if compared.is_empty() => "not applicable",
        () => "pass",
    }
}

fn verdicts(facts: &Facts) -> BTreeMap<String, &'static str> {
    let mut rows: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for row in facts.all("drift") {
        rows.entry(row["subject_arn"].as_str().unwrap().to_owned()).or_default().push(row);
    }
    rows.into_iter().map(|(subject, rows)| (subject, verdict(&rows))).collect()
}

/// The law of gaps, of subjects: a read that fails leaves each verdict as it was, or open, or the list that was not read says so.
#[test]
fn a_read_that_fails_makes_no_verdict() {
    let weaker = before()
        .has("backup_plans", [plan("gone")])
        .has("plan_rules", [rule("gone")])
        .has("selections", [selection("gone")])
        .has("rds_instances", [tagged("new-tag", json!({ "tags": { "backup": "no" } }))])
        .collected_again(ago(3, 0))
        .without("plan_rules")
        .has("plan_rules", [with(rule("core"), json!({ "delete_after_days": 7 }))])
        .without("backup_plans")
        .has("backup_plans", [plan("core"), plan("young")])
        .has("plan_rules", [rule("young")])
        .without("selections")
        .has("selections", [selection("core")])
        .collected_again(NOW_S)
        .without("backup_vaults")
        .has("backup_vaults", [guarded_vault(json!({ "locked": false }))])
        .without("rds_instances")
        .has(
            "rds_instances",
            [
                tagged("kept", json!({})),
                tagged("new-tag", json!({ "tags": {} })),
                tagged("young", json!({ "instance_create_time": ago(1, 0) })),
            ],
        );
    let opened = weaker.open();
    let window = Window { start_s: ago(30, 0), end_s: NOW_S };
    let of = |opened: &Opened| verdicts(&opened.facts_of(&["drift"], None, json!([]), window).unwrap());
    let whole = of(&opened);
    for expected in ["fail", "pass", "not applicable"] {
        assert!(whole.values().any(|verdict| *verdict == expected), "{expected} occurs: {whole:?}");
    }
    // Reads that gave something one by one, those that gave nothing all at once.
    let (giving, empty): (Vec<UnitOf>, Vec<UnitOf>) = weaker.units().into_iter().partition(|unit| weaker.gives_rows(unit));
    for units in giving.into_iter().map(|unit| vec![unit]).chain([empty]) {
        let lacking = of(&weaker.lacking(&units).open_beside(Some(&opened)));
        let reads: Vec<String> = units.iter().map(read_arn).collect();
        for (subject, verdict) in &whole {
            match lacking.get(subject) {
                Some(now) => assert!(now == verdict || *now == "unknown", "without {:?}: {subject} was {verdict} and is {now}", units[0]),
                None => assert!(
                    reads.iter().any(|read| lacking.get(read) == Some(&"unknown")),
                    "without {:?}: {subject} was {verdict} and is gone",
                    units[0]
                ),
            }
        }
        for (subject, verdict) in lacking.iter().filter(|(subject, _)| !whole.contains_key(*subject)) {
            assert!(subject.contains("#read/") && *verdict == "unknown", "without {:?}: {subject} is {verdict} from nowhere", units[0]);
        }
    }
}

/// The subject under which an unread unit is told.
fn read_arn(unit: &UnitOf) -> String {
    match &unit.parent {
        Some(parent) => format!("{parent}#read/{}", unit.table),
        None => format!("arn:aws:iam::{}:root#read/{}/{}", unit.place.0, unit.place.1, unit.table),
    }
}
