//! The newest copies: to another Region, to another account, into an air-gapped vault.

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
    let made = |created: Value| {
        copied(1, 2).without("rds_instances").has("rds_instances", [with(db("x"), json!({ "instance_create_time": created }))])
    };
    // why, estate, last state, last succeeded
    let cases = [
        ("succeeded and is there", copied(1, 2), json!("COMPLETED"), &yes),
        ("of an earlier database of its name", made(json!(ago(1, 0))), open.clone(), &no),
        ("made again between the backup and its copy, which is of the one before", made(json!(ago(2, -1))), json!("COMPLETED"), &no),
        ("when it was made was not told", made(Value::Null), open.clone(), &open),
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
            "of a state that nobody knows",
            copied(1, 2).has("copy_jobs", [with(failed(1), json!({ "state": "HALTED" }))]),
            json!("HALTED"),
            &open,
        ),
        (
            "failed at a time that was not told: it may be the newest",
            copied(1, 2).has("copy_jobs", [with(failed(1), json!({ "creation_date": null }))]),
            json!("COMPLETED"),
            &open,
        ),
        (
            "whether it is there is not known, but an older one is",
            copied(1, 5).has("copy_jobs", [copy_job("x", 2, ago(2, 0), (ACCOUNT, "eu-north-1"))]),
            json!("COMPLETED"),
            &yes,
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
        let row = facts.copies(&db_arn("x"), "other_region");
        assert_eq!((&row["last_state"], &row["last_succeeded"]), (&state, succeeded), "{why}");
    }
}

#[test]
fn a_copy_seen_before_is_not_taken_to_exist_still() {
    let again = || copied(1, 2).collected_again(NOW_S + DAY_S);
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S + DAY_S };
    let last = |estate: Estate| {
        let facts = estate.open().facts(None, json!([]), window).unwrap();
        facts.copies(&db_arn("x"), "other_region")["last_succeeded"].clone()
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
        let row = facts.copies(&db_arn("x"), "other_region");
        assert_eq!((&row["owed"], &row["planned"], &row["expected"]), (owed, planned, expected), "{why}");
    }
}

const ABROAD: Place = (OTHER_ACCOUNT, HOME);

fn window() -> crate::model::Window {
    crate::model::Window { start_s: ago(30, 0), end_s: NOW_S }
}

/// A database and copies of it in another account that is looked into.
fn abroad(days: i64) -> Estate {
    estate()
        .with_other_account()
        .has_at(ABROAD, "backup_vaults", [vault(ABROAD, "far")])
        .has("copy_jobs", [copy_job("x", 1, ago(days, 0), ABROAD)])
        .has_at(ABROAD, "recovery_points", [copied_point("x", 1, ago(days, 0), ABROAD)])
}

#[test]
fn a_copy_in_another_account() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let hours = |hours: i64| json!(hours * crate::model::moment::HOUR_S);
    let failed = with(
        failed(1),
        json!({ "destination_backup_vault_arn": vault_arn(ABROAD, "far"), "destination_account_id": OTHER_ACCOUNT, "destination_region": HOME }),
    );
    let foreign = || estate().has("copy_jobs", [copy_job("x", 1, ago(2, 0), FOREIGN)]);
    let chained = |to: Place| {
        let onward = with(copy_job("x", 2, ago(1, 0), to), json!({ "source_backup_vault_arn": vault_arn(FAR, "far") }));
        copied(1, 2).has_at(FAR, "copy_jobs", [onward])
    };
    // why, estate, last succeeded, age of the newest, whether there is a newer one, none for
    let cases = [
        ("there, and in the same Region", abroad(2), &yes, hours(45), &no, hours(45)),
        ("the newest failed", abroad(2).has("copy_jobs", [failed]), &no, hours(45), &no, hours(45)),
        ("a copy in another Region of the own account is none", copied(1, 2), &open, Value::Null, &open, json!(30 * DAY_S)),
        ("made where nobody looks: that it exists is not known", foreign(), &open, hours(45), &no, hours(45)),
        ("none, and every list read: an older one may lie where nobody looks", estate(), &open, Value::Null, &open, json!(30 * DAY_S)),
        (
            "none, and the list of another Region unread",
            estate().failed_at(FAR, "copy_jobs", None, ReadStatus::Denied),
            &open,
            Value::Null,
            &open,
            json!(0),
        ),
        ("none, and the own list unread", estate().denied("copy_jobs", None), &open, Value::Null, &open, json!(0)),
        ("a copy of the copy: made, and nobody looks there", chained(FOREIGN), &open, hours(21), &no, hours(21)),
        (
            "a copy where nobody looks, from which others may have been made",
            estate().has("copy_jobs", [copy_job("x", 1, ago(2, 0), (ACCOUNT, "eu-north-1"))]),
            &open,
            Value::Null,
            &open,
            json!(0),
        ),
        (
            "older than the jobs: its point tells",
            abroad(40).without("copy_jobs"),
            &yes,
            json!(40 * DAY_S - 3 * 3_600),
            &open,
            json!(30 * DAY_S),
        ),
        ("deleted again", abroad(2).without("recovery_points"), &no, hours(45), &no, hours(45)),
    ];
    for (why, estate, succeeded, age, newer, none_for) in cases {
        let facts = estate.facts();
        let row = facts.copies(&db_arn("x"), "other_account");
        let found = (&row["last_succeeded"], &row["copy_age_s"], &row["newer_copy"], &row["none_for_s"]);
        assert_eq!(found, (succeeded, &age, newer, &none_for), "{why}");
    }
}

#[test]
fn where_the_newest_copy_lies_and_whether_it_is_there() {
    let far = vault_arn(FAR, "far");
    let unread = copied(1, 2).failed_at(FAR, "recovery_points", Some(&far), ReadStatus::Denied);
    let older_left = copied(1, 5).has("copy_jobs", [copy_job("x", 2, ago(2, 0), FAR)]);
    // why, estate, vault, when it was done, whether it exists
    let cases = [
        ("there", copied(1, 2), json!(far), json!(ago(2, -3)), json!(true)),
        ("unread", unread, json!(far), json!(ago(2, -3)), Value::Null),
        ("deleted, and none is left", copied(1, 2).without("recovery_points"), json!(far), json!(ago(2, -3)), json!(false)),
        ("deleted, and an older one is left", older_left, json!(far), json!(ago(5, -3)), json!(true)),
        (
            "the newest failed: the one before counts",
            copied(1, 2).has("copy_jobs", [failed(1)]),
            json!(far),
            json!(ago(2, -3)),
            json!(true),
        ),
        ("none", estate(), Value::Null, Value::Null, Value::Null),
    ];
    for (why, estate, vault, copied_s, exists) in cases {
        let facts = estate.facts();
        let row = facts.copies(&db_arn("x"), "other_region");
        assert_eq!((&row["copied_to_vault"], &row["copied_s"], &row["copy_exists"]), (&vault, &copied_s, &exists), "{why}");
        assert_eq!(row["copied_to"], if vault.is_null() { Value::Null } else { json!(AWAY) }, "{why}");
    }
}

#[test]
fn what_is_copied_by_hand_is_as_old_as_what_was_copied() {
    let by_hand = |days: i64| with(copy_job("x", 1, ago(days, 0), FAR), json!({ "backup_plan_arn": null }));
    let there = || [copied_point("x", 1, ago(2, 0), FAR)];
    let source = |days: i64| with(point("x", 1, ago(days, 0)), json!({ "recovery_point_arn": point_arn("x", 1) }));
    let old = || estate().has("copy_jobs", [by_hand(2)]).has_at(FAR, "recovery_points", there()).has("recovery_points", [source(90)]);
    let planned = copy_job("x", 2, ago(5, 0), FAR);
    let hours = |hours: i64| json!(hours * 3_600);
    // why, estate, age of the newest copy, whether there may be a newer one
    let cases = [
        ("by a plan: as old as the copy", copied(1, 2), hours(45), json!(false)),
        ("by hand, of a point of 90 days ago, and the lists go back a month", old(), json!(90 * DAY_S), Value::Null),
        (
            "the same, and a plan copied last week",
            old().has("copy_jobs", [planned.clone()]).has_at(FAR, "recovery_points", [copied_point("x", 2, ago(5, 0), FAR)]),
            hours(5 * 24 - 3),
            json!(false),
        ),
        (
            "by hand, of a point that was made just before",
            estate().has("copy_jobs", [by_hand(2)]).has_at(FAR, "recovery_points", there()).has("recovery_points", [source(2)]),
            hours(48),
            json!(false),
        ),
        (
            "by hand, of a point that nobody has seen",
            estate().has("copy_jobs", [by_hand(2)]).has_at(FAR, "recovery_points", there()),
            Value::Null,
            Value::Null,
        ),
        (
            "it follows a backup job",
            estate().has("copy_jobs", [with(by_hand(2), json!({ "created_by_backup_job_id": "job-1" }))]).has_at(
                FAR,
                "recovery_points",
                there(),
            ),
            hours(45),
            json!(false),
        ),
    ];
    for (why, estate, age, newer) in cases {
        let facts = estate.facts();
        let row = facts.copies(&db_arn("x"), "other_region");
        assert_eq!((&row["copy_age_s"], &row["newer_copy"]), (&age, &newer), "{why}");
    }
    let failed = with(failed(1), json!({ "backup_plan_arn": null }));
    let row = copied(1, 2).has("copy_jobs", [failed]).facts();
    assert_eq!(row.copies(&db_arn("x"), "other_region")["last_state"], json!("FAILED"), "a failure is as new as it is");
}

/// An Aurora cluster, a vault of a type, and a copy in it.
fn in_vault(vault_type: &Value) -> Estate {
    let of_cluster = json!({ "resource_arn": cluster_arn("shop") });
    let typed = |row: Value| with(row, json!({ "vault_type": vault_type }));
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main"), typed(vault((ACCOUNT, HOME), "far"))])
        .has("rds_clusters", [cluster("shop")])
        .has("copy_jobs", [with(copy_job("x", 1, ago(2, 0), (ACCOUNT, HOME)), of_cluster.clone())])
        .has("recovery_points", [with(copied_point("x", 1, ago(2, 0), (ACCOUNT, HOME)), of_cluster)])
}

#[test]
fn a_copy_in_an_air_gapped_vault() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let gapped = || in_vault(&json!("LOGICALLY_AIR_GAPPED_BACKUP_VAULT"));
    let retyped = |vault_type: &str| json!({ "resource_arn": cluster_arn("shop"), "destination_vault_type": vault_type });
    let job = |days: i64, changes: Value| with(copy_job("x", 2, ago(days, 0), (ACCOUNT, HOME)), changes);
    let unknown_failed = with(job(1, json!({ "resource_arn": cluster_arn("shop") })), json!({ "state": "FAILED" }));
    // why, estate, last state, last succeeded
    let cases = [
        ("the vault is air-gapped", gapped(), json!("COMPLETED"), &yes),
        ("an ordinary vault", in_vault(&json!("BACKUP_VAULT")), Value::Null, &open),
        ("the type of the vault was not told", in_vault(&Value::Null), Value::Null, &open),
        (
            "the type was not told, and the job failed: it may be none",
            in_vault(&Value::Null).has("copy_jobs", [unknown_failed]),
            Value::Null,
            &open,
        ),
        (
            "the job tells the type, and its copy is gone; of the one that is left the type was not told",
            in_vault(&Value::Null).without("copy_jobs").has("copy_jobs", [job(2, retyped("LOGICALLY_AIR_GAPPED_BACKUP_VAULT"))]),
            json!("COMPLETED"),
            &open,
        ),
        ("made directly, without a copy job", gapped().without("copy_jobs"), Value::Null, &yes),
        (
            "the newest copy failed",
            gapped().has("copy_jobs", [with(job(1, retyped("LOGICALLY_AIR_GAPPED_BACKUP_VAULT")), json!({ "state": "FAILED" }))]),
            json!("FAILED"),
            &no,
        ),
        (
            "the newest copy elsewhere failed",
            gapped().has("copy_jobs", [with(job(1, retyped("BACKUP_VAULT")), json!({ "state": "FAILED" }))]),
            json!("COMPLETED"),
            &yes,
        ),
    ];
    for (why, estate, state, succeeded) in cases {
        let facts = estate.facts();
        let row = facts.copies(&cluster_arn("shop"), "air_gapped");
        assert_eq!((&row["last_state"], &row["last_succeeded"], &row["supported"]), (&state, succeeded, &yes), "{why}: {row:?}");
    }
}

#[test]
fn what_aws_cannot_copy_says_so() {
    let cluster = |engine: &str| Estate::new().has("rds_clusters", [with(cluster("c"), json!({ "engine": engine }))]);
    let multi_az = "AWS Backup makes no copies of the points of Multi-AZ DB clusters";
    // why, estate, subject, destination, supported, because
    let cases = [
        (
            "a DB instance",
            estate(),
            db_arn("x"),
            "air_gapped",
            json!(false),
            json!("points of DB instances of RDS cannot lie in a logically air-gapped vault"),
        ),
        ("a DB instance can be copied", estate(), db_arn("x"), "other_account", json!(true), Value::Null),
        ("a Multi-AZ DB cluster", cluster("mysql"), cluster_arn("c"), "other_region", json!(false), json!(multi_az)),
        ("and to another account", cluster("mysql"), cluster_arn("c"), "other_account", json!(false), json!(multi_az)),
        ("Aurora", cluster("aurora-mysql"), cluster_arn("c"), "air_gapped", json!(true), Value::Null),
        ("an engine that nobody knows", cluster("brand-new"), cluster_arn("c"), "air_gapped", Value::Null, Value::Null),
    ];
    for (why, estate, subject, destination, supported, because) in cases {
        let facts = estate.facts();
        let row = facts.copies(&subject, destination);
        assert_eq!((&row["supported"], &row["unsupported_because"]), (&supported, &because), "{why}");
    }
}

#[test]
fn each_destination_is_owed_and_planned_by_itself() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let copy = |to: Place, vault: &str| json!({ "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": vault_arn(to, vault) });
    let planned = |changes: Value, copies: Vec<Value>| {
        estate()
            .has("backup_vaults", [with(vault((ACCOUNT, HOME), "gap"), json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" }))])
            .has("region_settings", opted_in(true))
            .has("backup_plans", [plan("core")])
            .has("plan_rules", [with(rule("core"), changes)])
            .has("plan_copies", copies)
            .has("selections", [selection_of("core", &[&db_arn("x")])])
    };
    let owed = json!([{ "id": "gold", "copy_to_other_account": true, "air_gapped_copy": true }]);
    // why, estate, objectives, destination, owed, planned
    let cases = [
        ("nobody asks", estate(), json!([]), "other_account", &no, &no),
        ("asked for", estate(), owed.clone(), "other_account", &yes, &no),
        ("asked for, too", estate(), owed.clone(), "air_gapped", &yes, &no),
        ("another Region is another matter", estate(), owed, "other_region", &no, &no),
        ("to another account", planned(json!({}), vec![copy(ABROAD, "far")]), json!([]), "other_account", &no, &yes),
        ("which is in the same Region", planned(json!({}), vec![copy(ABROAD, "far")]), json!([]), "other_region", &no, &no),
        ("a vault there may be air-gapped", planned(json!({}), vec![copy(ABROAD, "far")]), json!([]), "air_gapped", &no, &open),
        ("a vault here is", planned(json!({}), vec![copy((ACCOUNT, HOME), "gap")]), json!([]), "air_gapped", &no, &yes),
        (
            "the rule itself writes there",
            planned(json!({ "target_logically_air_gapped_backup_vault_arn": vault_arn((ACCOUNT, HOME), "gap") }), vec![]),
            json!([]),
            "air_gapped",
            &no,
            &yes,
        ),
    ];
    for (why, estate, objectives, destination, owed, planned) in cases {
        let facts = estate.facts_with(objectives, window());
        let row = facts.copies(&db_arn("x"), destination);
        assert_eq!((&row["owed"], &row["planned"]), (owed, planned), "{why}");
    }
}
