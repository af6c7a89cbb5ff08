//! The newest copy to another Region.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::moment::DAY_S;

const FAR: Place = (ACCOUNT, AWAY);
const FOREIGN: Place = (OTHER_ACCOUNT, AWAY);

/// A database with a vault here and one far away.
fn estate() -> Estate {
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has_at(FAR, "backup_vaults", [vault(FAR, "far")])
        .has("rds_instances", [db("x")])
}

fn copied(number: i64, days: i64) -> Estate {
    estate().has("copy_jobs", [copy_job("x", number, ago(days, 0), FAR)]).has_at(
        FAR,
        "recovery_points",
        [copied_point("x", number, ago(days, 0), FAR)],
    )
}

fn failed(days: i64) -> Value {
    with(
        copy_job("x", 9, ago(days, 0), FAR),
        json!({ "state": "FAILED", "status_message": "key is disabled", "destination_recovery_point_arn": null }),
    )
}

#[test]
fn the_newest_copy() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let far = vault_arn(FAR, "far");
    let far = far.as_str();
    let denied = |estate: Estate, place: Place, vault: Option<&str>| estate.failed_at(place, "recovery_points", vault, ReadStatus::Denied);
    // why, estate, last state, last succeeded
    let cases = [
        ("succeeded and is there", copied(1, 2), json!("COMPLETED"), &yes),
        ("the newest failed", copied(1, 2).has("copy_jobs", [failed(1)]), json!("FAILED"), &no),
        ("an earlier one failed", copied(1, 2).has("copy_jobs", [failed(3)]), json!("COMPLETED"), &yes),
        (
            "one is still running",
            copied(1, 2).has("copy_jobs", [with(copy_job("x", 3, ago(1, 0), FAR), json!({ "state": "RUNNING" }))]),
            json!("COMPLETED"),
            &yes,
        ),
        (
            "parts are not asked",
            copied(1, 2).has("copy_jobs", [with(failed(1), json!({ "parent_job_id": "whole" }))]),
            json!("COMPLETED"),
            &yes,
        ),
        ("made and deleted again", copied(1, 2).without("recovery_points"), json!("COMPLETED"), &no),
        ("deleted, but an older one is there", copied(1, 5).has("copy_jobs", [copy_job("x", 2, ago(2, 0), FAR)]), json!("COMPLETED"), &yes),
        ("its vault is unread", denied(copied(1, 2), FAR, Some(far)), json!("COMPLETED"), &open),
        (
            "the vaults of its Region are not listed",
            copied(1, 2).failed_at(FAR, "backup_vaults", None, ReadStatus::Denied),
            json!("COMPLETED"),
            &open,
        ),
        (
            "to an account that nobody looks into",
            estate().has("copy_jobs", [copy_job("x", 1, ago(2, 0), FOREIGN)]),
            json!("COMPLETED"),
            &open,
        ),
        ("none", estate(), Value::Null, &no),
        ("none, and jobs unread", estate().denied("copy_jobs", None), Value::Null, &open),
        ("none, and a vault far away is unread", denied(estate(), FAR, Some(far)), Value::Null, &open),
        ("none, and a vault of another account is unread", denied(estate().with_other_account(), FOREIGN, None), Value::Null, &open),
        ("older than the jobs: its point tells", copied(1, 20).without("copy_jobs"), Value::Null, &yes),
        (
            "jobs partly read: a newer one may have failed",
            copied(1, 2).failed_at((ACCOUNT, HOME), "copy_jobs", None, ReadStatus::Partial),
            json!("COMPLETED"),
            &open,
        ),
        ("within the Region does not count", estate().has("copy_jobs", [copy_job("x", 1, ago(2, 0), (ACCOUNT, HOME))]), Value::Null, &no),
        (
            "its point cannot be used",
            estate().has("copy_jobs", [copy_job("x", 1, ago(2, 0), FAR)]).has_at(
                FAR,
                "recovery_points",
                [with(copied_point("x", 1, ago(2, 0), FAR), json!({ "status": "EXPIRED" }))],
            ),
            json!("COMPLETED"),
            &no,
        ),
        (
            "a failed copy of the copy, listed elsewhere, is not asked",
            copied(1, 2).has_at(FAR, "copy_jobs", [failed(1)]),
            json!("COMPLETED"),
            &yes,
        ),
    ];
    for (why, estate, state, succeeded) in cases {
        let facts = estate.facts();
        let row = facts.row("cross_region_copies", &db_arn("x"));
        assert_eq!((&row["last_state"], &row["last_succeeded"]), (&state, succeeded), "{why}");
    }
}

#[test]
fn a_copy_seen_before_is_not_taken_to_exist_still() {
    let again = || copied(1, 2).collected_again(NOW_S + DAY_S);
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S + DAY_S };
    let last = |estate: Estate| {
        let facts = estate.open().facts(None, json!([]), window).unwrap();
        facts.row("cross_region_copies", &db_arn("x"))["last_succeeded"].clone()
    };
    assert_eq!(last(again()), json!(true), "seen again");
    assert_eq!(last(again().without("recovery_points")), json!(false), "gone");
    assert_eq!(last(again().failed_at(FAR, "recovery_points", Some(&vault_arn(FAR, "far")), ReadStatus::Denied)), Value::Null, "who knows");
}

#[test]
fn who_is_expected_to_have_one() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let copy = |vault: &str| json!({ "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": vault });
    let planned = |vault: &str| {
        estate()
            .has("region_settings", opted_in(true))
            .has("backup_plans", [plan("core"), plan("second")])
            .has("plan_rules", [rule("core"), rule("second")])
            .has("plan_copies", [copy(vault)])
            .has("selections", [selection_of("core", &[&db_arn("x")])])
    };
    let (far, near) = (vault_arn(FAR, "far"), vault_arn((ACCOUNT, HOME), "near"));
    let owed = json!([{ "id": "gold", "match": { "tags": { "class": "gold" } }, "copy_to_other_region": true }, { "id": "rest" }]);
    let gold = |tags: Value| estate().without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    // why, estate, objectives, owed, planned, expected
    let cases = [
        ("neither", estate(), json!([]), &no, &no, &no),
        ("a plan copies", planned(&far), json!([]), &no, &yes, &yes),
        ("within the Region", planned(&near), json!([]), &no, &no, &no),
        ("a vault that cannot be placed", planned("far"), json!([]), &no, &open, &open),
        (
            "selections of another plan unread, this one copies",
            planned(&far).denied("selections", Some(&plan_arn("second"))),
            json!([]),
            &no,
            &yes,
            &yes,
        ),
        (
            "selections of another plan unread, this one does not",
            planned(&near).denied("selections", Some(&plan_arn("second"))),
            json!([]),
            &no,
            &open,
            &open,
        ),
        ("copies unread", planned(&far).denied("plan_copies", Some(&plan_arn("core"))), json!([]), &no, &open, &open),
        ("owed", gold(json!({ "class": "gold" })), owed.clone(), &yes, &no, &yes),
        ("tags unread", gold(Value::Null), owed, &open, &no, &open),
    ];
    for (why, estate, objectives, owed, planned, expected) in cases {
        let facts = estate.facts_with(objectives, crate::model::Window { start_s: ago(30, 0), end_s: NOW_S });
        let row = facts.row("cross_region_copies", &db_arn("x"));
        assert_eq!((&row["owed"], &row["planned"], &row["expected"]), (owed, planned, expected), "{why}");
    }
}
