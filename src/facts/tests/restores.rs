//! Restore tests, other restores, and how far back their absence is proven.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

const FAR: Place = (ACCOUNT, AWAY);

/// A restore test of `x`, so many days ago: an hour, validated.
fn test(days: i64) -> Value {
    json!({
        "restore_job_id": format!("restore-{days}"), "recovery_point_arn": point_arn("x", days), "source_resource_arn": db_arn("x"),
        "resource_type": "RDS", "status": "COMPLETED", "creation_date": ago(days, 0), "completion_date": ago(days, -1),
        "restore_testing_plan_arn": "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly", "validation_status": "SUCCESSFUL",
        "deletion_status": "SUCCESSFUL", "created_resource_arn": db_arn("awsbackup-restore-test-1")
    })
}

/// A restore by hand.
fn by_hand(days: i64) -> Value {
    let changes = json!({ "restore_job_id": format!("hand-{days}"), "restore_testing_plan_arn": null, "validation_status": null, "deletion_status": null });
    with(test(days), changes)
}

fn estate(jobs: Vec<Value>) -> Estate {
    Estate::new().has("rds_instances", [db("x")]).has("restore_jobs", jobs)
}

/// Twenty days, for which the list of thirty is evidence enough.
fn window() -> Window {
    Window { start_s: ago(20, 0), end_s: NOW_S }
}

fn row(estate: &Estate) -> Object {
    estate.facts_with(json!([]), window()).row("restores", &db_arn("x")).clone()
}

#[test]
fn the_newest_restore() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let failed = |days: i64| with(test(days), json!({ "status": "FAILED", "status_message": "no subnet", "validation_status": null }));
    let part = |job: Value| with(job, json!({ "parent_job_id": "whole" }));
    let point = json!({
        "backup_vault_arn": home_vault(), "recovery_point_arn": point_arn("x", 3), "resource_arn": db_arn("x"), "creation_date": ago(4, 0)
    });
    let silent = |days: i64| with(test(days), json!({ "source_resource_arn": null, "recovery_point_arn": point_arn("x", 3) }));
    let unlike = json!({ "resource_type": "DynamoDB" });
    // why, estate, restored, last succeeded
    let cases = [
        ("completed and validated", estate(vec![test(3)]), &yes, &yes),
        ("by hand", estate(vec![by_hand(3)]), &yes, &yes),
        ("failed", estate(vec![test(3), failed(1)]), &yes, &no),
        ("failed, and good again", estate(vec![failed(3), test(1)]), &yes, &yes),
        ("stopped", estate(vec![with(test(1), json!({ "status": "ABORTED" }))]), &yes, &no),
        ("completed, and the data was wrong", estate(vec![with(test(1), json!({ "validation_status": "FAILED" }))]), &yes, &no),
        ("completed, and nobody reported in time", estate(vec![with(test(1), json!({ "validation_status": "TIMED_OUT" }))]), &yes, &yes),
        (
            "completed, and its validation is under way",
            estate(vec![with(test(1), json!({ "validation_status": "VALIDATING" }))]),
            &yes,
            &open,
        ),
        ("one is running", estate(vec![test(3), with(test(0), json!({ "status": "RUNNING", "completion_date": null }))]), &yes, &yes),
        (
            "ended after the moment of judgement",
            estate(vec![test(3), with(failed(0), json!({ "creation_date": ago(0, 1), "completion_date": NOW_S }))]),
            &yes,
            &yes,
        ),
        ("parts belong to their whole", estate(vec![test(3), part(failed(1))]), &yes, &yes),
        ("a status that nobody knows", estate(vec![test(3), with(test(1), json!({ "status": "HALTED" }))]), &yes, &open),
        ("a validation that nobody knows", estate(vec![test(3), with(test(1), json!({ "validation_status": "DOUBTED" }))]), &yes, &open),
        (
            "at a time that was not told: it may be the newest",
            estate(vec![test(3), with(failed(1), json!({ "creation_date": null }))]),
            &yes,
            &open,
        ),
        ("in another Region, from a copy", estate(vec![test(3)]).has_at(FAR, "restore_jobs", [failed(1)]), &yes, &no),
        (
            "another Region unread: a newer one may have run there",
            estate(vec![test(3)]).failed_at(FAR, "restore_jobs", None, ReadStatus::Denied),
            &yes,
            &open,
        ),
        ("none", estate(vec![]), &no, &open),
        ("none, and the list unread", estate(vec![]).denied("restore_jobs", None), &open, &open),
        ("before the window", estate(vec![failed(25)]), &no, &open),
        (
            "before the database was created: of another of its name",
            estate(vec![failed(3)])
                .without("rds_instances")
                .has("rds_instances", [with(db("x"), json!({ "instance_create_time": ago(2, 0) }))]),
            &no,
            &open,
        ),
        (
            "told by its recovery point",
            estate(vec![silent(1)]).has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("recovery_points", [point]),
            &yes,
            &yes,
        ),
        ("of nobody knows what: it may be of this one", estate(vec![test(3), silent(1)]), &yes, &open),
        ("of nobody knows what, alone", estate(vec![silent(1)]), &open, &open),
        ("of nobody knows what, but a table", estate(vec![test(3), with(silent(1), unlike)]), &yes, &yes),
        ("of nobody knows what, but before", estate(vec![silent(3), test(1)]), &yes, &yes),
    ];
    for (why, estate, restored, succeeded) in cases {
        let row = row(&estate);
        assert_eq!((&row["restored"], &row["last_succeeded"]), (restored, succeeded), "{why}: {row:?}");
    }
}

#[test]
fn completed_is_not_validated() {
    let of = |status: Value| estate(vec![with(test(1), json!({ "validation_status": status }))]);
    // why, estate, completed, validated
    let cases = [
        ("validated", of(json!("SUCCESSFUL")), json!(true), json!(true)),
        ("nobody looked", of(Value::Null), json!(true), json!(false)),
        ("nobody reported in time", of(json!("TIMED_OUT")), json!(true), json!(false)),
        ("found wanting", of(json!("FAILED")), json!(true), json!(false)),
        ("under way", of(json!("VALIDATING")), json!(true), Value::Null),
        ("a restore by hand does not take back what a test showed", estate(vec![test(3), by_hand(1)]), json!(true), json!(true)),
        ("only by hand", estate(vec![by_hand(1)]), json!(true), json!(false)),
        ("none completed", estate(vec![with(test(1), json!({ "status": "FAILED" }))]), json!(false), Value::Null),
        ("one may have completed", estate(vec![with(test(1), json!({ "status": "HALTED" }))]), Value::Null, Value::Null),
        (
            "a newer one may have",
            estate(vec![test(3), with(test(1), json!({ "status": null, "validation_status": null }))]),
            json!(true),
            Value::Null,
        ),
        (
            "a test may have, which goes before restores by hand",
            estate(vec![with(test(3), json!({ "status": null })), by_hand(1)]),
            json!(true),
            Value::Null,
        ),
        ("none completed, as far as was read", estate(vec![]).denied("restore_jobs", None), Value::Null, Value::Null),
    ];
    for (why, estate, completed, validated) in cases {
        let row = row(&estate);
        assert_eq!((&row["completed"], &row["validated"]), (&completed, &validated), "{why}: {row:?}");
    }
    let long = Window { start_s: ago(60, 0), end_s: NOW_S };
    let of = |jobs: Vec<Value>| estate(jobs).facts_with(json!([]), long).row("restores", &db_arn("x"))["validated"].clone();
    assert_eq!(of(vec![by_hand(1)]), Value::Null, "a test of before the list, which goes before it, was not seen");
    assert_eq!(of(vec![test(3), by_hand(1)]), json!(true), "a test was seen, and no newer one can be");
}

#[test]
fn how_long_ago_and_how_long_there_was_none() {
    let open = Value::Null;
    let days = |days: i64| json!(days * DAY_S);
    // The newest restore was done an hour after it began.
    let age = |days: i64| json!(days * DAY_S - HOUR_S);
    let at = |days: i64| Estate::default().collected(ago(days, 0)).has("rds_instances", [db("x")]);
    let then = |estate: Estate, days: i64, jobs: Vec<Value>| {
        estate.collected_again(ago(days, 0)).without("restore_jobs").has("restore_jobs", jobs)
    };
    let weekly = |first: i64| (0..first).rev().filter(|days| days % 7 == 0).fold(at(first), |estate, days| then(estate, days, vec![]));
    let tested = at(91).has("restore_jobs", [test(100)]);
    // why, estate, age of the newest, newer, none for
    let cases = [
        ("a week ago", estate(vec![test(7)]), age(7), json!(false), age(7)),
        ("none in thirty days", estate(vec![]), open.clone(), open.clone(), days(30)),
        ("none, and the list unread", estate(vec![]).denied("restore_jobs", None), open.clone(), open.clone(), days(0)),
        (
            "none, and that of another Region unread",
            estate(vec![]).failed_at(FAR, "restore_jobs", None, ReadStatus::Denied),
            open.clone(),
            open.clone(),
            days(0),
        ),
        ("none, week after week since spring", weekly(91), open.clone(), open.clone(), days(121)),
        ("seen long ago, and nothing since the list begins", then(tested.clone(), 0, vec![]), age(100), open.clone(), days(30)),
        (
            "seen long ago, and every week looked at since",
            (0..91).rev().filter(|days| days % 7 == 0).fold(tested, |estate, days| then(estate, days, vec![])),
            age(100),
            json!(false),
            age(100),
        ),
        ("failed ones do not count", estate(vec![test(20), with(test(2), json!({ "status": "FAILED" }))]), age(20), json!(false), age(20)),
        (
            "one that was found to be wrong does not",
            estate(vec![test(20), with(test(2), json!({ "validation_status": "FAILED" }))]),
            age(20),
            json!(false),
            age(20),
        ),
        (
            "one of which nobody told what it came to does not",
            estate(vec![test(20), with(test(2), json!({ "validation_status": "TIMED_OUT" }))]),
            age(20),
            json!(false),
            age(20),
        ),
        (
            "one that is being validated may fail, or not",
            estate(vec![test(20), with(test(2), json!({ "validation_status": "VALIDATING" }))]),
            age(20),
            open.clone(),
            age(2),
        ),
        (
            "one that nobody was to look at does",
            estate(vec![test(20), with(test(2), json!({ "validation_status": null }))]),
            age(2),
            json!(false),
            age(2),
        ),
        ("by hand counts", estate(vec![test(20), by_hand(2)]), age(2), json!(false), age(2)),
        (
            "one may have completed since",
            estate(vec![test(20), with(test(2), json!({ "status": "HALTED" }))]),
            age(20),
            open.clone(),
            age(2),
        ),
        (
            "of nobody knows what, since",
            estate(vec![test(20), with(test(2), json!({ "source_resource_arn": null }))]),
            age(20),
            open,
            json!(2 * DAY_S - 1),
        ),
    ];
    for (why, estate, age, newer, none_for) in cases {
        let row = row(&estate);
        assert_eq!((&row["tested_age_s"], &row["newer_restore"], &row["none_for_s"]), (&age, &newer, &none_for), "{why}");
    }
}

#[test]
fn how_long_restores_took() {
    let took = |days: i64, hours: i64| with(test(days), json!({ "completion_date": ago(days, -hours) }));
    let all = json!(true);
    // why, estate, newest, worst, all known
    let cases = [
        ("one", estate(vec![took(3, 2)]), json!(2 * HOUR_S), json!(2 * HOUR_S), &all),
        ("the slowest of the window", estate(vec![took(9, 13), took(3, 2)]), json!(2 * HOUR_S), json!(13 * HOUR_S), &all),
        (
            "a failed one shows nothing",
            estate(vec![took(9, 2), with(took(3, 20), json!({ "status": "FAILED" }))]),
            json!(2 * HOUR_S),
            json!(2 * HOUR_S),
            &all,
        ),
        ("before the window", estate(vec![took(25, 13), took(3, 2)]), json!(2 * HOUR_S), json!(2 * HOUR_S), &all),
        ("none", estate(vec![]), Value::Null, Value::Null, &all),
        (
            "a list unread: slower ones may have run",
            estate(vec![took(3, 2)]).failed_at(FAR, "restore_jobs", None, ReadStatus::Denied),
            Value::Null,
            json!(2 * HOUR_S),
            &Value::Null,
        ),
        (
            "its end was not told, so that it may have been the slowest",
            estate(vec![took(5, 2), with(test(3), json!({ "completion_date": null }))]),
            Value::Null,
            json!(2 * HOUR_S),
            &Value::Null,
        ),
        (
            "one may have completed, and taken longer",
            estate(vec![took(5, 2), with(took(9, 13), json!({ "status": "HALTED" }))]),
            json!(2 * HOUR_S),
            json!(2 * HOUR_S),
            &Value::Null,
        ),
    ];
    for (why, estate, newest, worst, known) in cases {
        let row = row(&estate);
        assert_eq!((&row["restore_s"], &row["worst_restore_s"], &row["restores_known"]), (&newest, &worst, known), "{why}: {row:?}");
    }
    let long = Window { start_s: ago(60, 0), end_s: NOW_S };
    let facts = estate(vec![took(3, 2)]).facts_with(json!([]), long);
    assert_eq!(facts.row("restores", &db_arn("x"))["restores_known"], Value::Null, "a window that begins before the list");
}

#[test]
fn how_old_restored_data_was() {
    let asked = json!([{ "id": "all", "match": { "tags": {} }, "rpo": "24h", "tolerance": "2h" }]);
    let of = |days: i64, hours: i64, changes: Value| {
        with(with(test(days), json!({ "recovery_point_creation_date": ago(days, hours) })), changes)
    };
    let none = json!({});
    let continuous = json!({ "recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:x" });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let hours = |hours: i64| json!(hours * HOUR_S);
    // why, estate, shown, least age, fresh
    let cases = [
        ("last night's", estate(vec![of(3, 4, none.clone())]), &yes, hours(4), &yes),
        ("exactly as old as may be", estate(vec![of(3, 26, none.clone())]), &yes, hours(26), &yes),
        ("last month's", estate(vec![of(3, 600, none.clone())]), &yes, hours(600), &no),
        ("the freshest counts, whenever it was", estate(vec![of(9, 4, none.clone()), of(3, 600, none.clone())]), &yes, hours(4), &yes),
        (
            "a fresh one that was found to be wrong shows nothing",
            estate(vec![of(9, 600, none.clone()), of(3, 4, json!({ "validation_status": "FAILED" }))]),
            &yes,
            hours(600),
            &no,
        ),
        ("nor does one that failed", estate(vec![of(3, 4, json!({ "status": "FAILED" }))]), &no, open.clone(), &no),
        ("nor one of which nobody told", estate(vec![of(3, 4, json!({ "validation_status": "TIMED_OUT" }))]), &no, open.clone(), &no),
        (
            "one that is being validated may",
            estate(vec![of(3, 4, json!({ "validation_status": "VALIDATING" }))]),
            &open,
            open.clone(),
            &open,
        ),
        ("none", estate(vec![]), &no, open.clone(), &no),
        ("the date of the point was not told", estate(vec![test(3)]), &yes, open.clone(), &open),
        ("that of another was not told", estate(vec![of(3, 600, none.clone()), test(5)]), &yes, hours(600), &open),
        ("of a continuous backup no moment is told", estate(vec![of(3, 600, continuous)]), &yes, open.clone(), &open),
        (
            "which point was not told, so that it may be one",
            estate(vec![of(3, 4, json!({ "recovery_point_arn": null }))]),
            &yes,
            open.clone(),
            &open,
        ),
        (
            "another one may have completed",
            estate(vec![of(3, 600, none.clone()), of(5, 4, json!({ "status": "HALTED" }))]),
            &yes,
            hours(600),
            &open,
        ),
        ("before the window", estate(vec![of(25, 4, none.clone())]), &no, open.clone(), &no),
        (
            "other lists unread",
            estate(vec![of(3, 600, none.clone())]).failed_at(FAR, "restore_jobs", None, ReadStatus::Denied),
            &yes,
            hours(600),
            &open,
        ),
        (
            "unread, and fresh all the same",
            estate(vec![of(3, 4, none)]).failed_at(FAR, "restore_jobs", None, ReadStatus::Denied),
            &yes,
            hours(4),
            &yes,
        ),
    ];
    for (why, estate, shown, age, fresh) in cases {
        let facts = estate.facts_with(asked.clone(), window());
        let row = facts.row("restores", &db_arn("x"));
        assert_eq!((&row["shown"], &row["restored_age_s"], &row["restored_fresh"]), (shown, &age, fresh), "{why}");
        assert_eq!((&row["rpo_owed"], &row["rpo_limit_s"]), (&yes, &hours(26)), "{why}");
    }
    let none_owed = estate(vec![of(3, 4, json!({}))]).facts_with(json!([{ "id": "none" }]), window());
    let row = none_owed.row("restores", &db_arn("x"));
    assert_eq!((&row["rpo_owed"], &row["rpo_limit_s"], &row["restored_fresh"]), (&no, &open, &open), "no RPO is owed");
}

#[test]
fn what_tests_left_behind() {
    let made = "arn:aws:rds:eu-west-1:111122223333:db:awsbackup-restore-test-1";
    let undeleted = || with(test(3), json!({ "deletion_status": "FAILED", "created_resource_arn": made }));
    let there = || estate(vec![undeleted()]).has("rds_instances", [db("awsbackup-restore-test-1")]);
    // why, estate, leftover
    let cases = [
        ("everything was deleted", estate(vec![test(3)]), json!(false)),
        ("it is there", there(), json!(true)),
        ("somebody deleted it since", estate(vec![undeleted()]), json!(false)),
        ("clusters unread: it may be there", estate(vec![undeleted()]).denied("rds_clusters", None), Value::Null),
        (
            "in a Region that nobody looks into",
            estate(vec![with(undeleted(), json!({ "created_resource_arn": made.replace(HOME, "eu-north-1") }))]),
            Value::Null,
        ),
        ("what was made was not told", estate(vec![with(undeleted(), json!({ "created_resource_arn": null }))]), Value::Null),
        ("restore jobs unread", there().denied("restore_jobs", None), Value::Null),
    ];
    for (why, estate, leftover) in cases {
        assert_eq!(row(&estate)["leftover"], leftover, "{why}");
    }
}

#[test]
fn what_an_objective_asks_for() {
    let asked = json!([{ "id": "gold", "match": { "tags": { "class": "gold" } }, "rto": "4h", "restore_test_every": "92d" }]);
    let of = |tags: Value| estate(vec![]).without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    // why, estate, RTO, how often
    let cases = [
        ("asked for", of(json!({ "class": "gold" })), (json!(true), json!(4 * HOUR_S)), (json!(true), json!(92 * DAY_S))),
        ("not asked for", of(json!({})), (json!(false), Value::Null), (json!(false), Value::Null)),
        ("tags unread", of(Value::Null), (Value::Null, Value::Null), (Value::Null, Value::Null)),
    ];
    for (why, estate, rto, every) in cases {
        let facts = estate.facts_with(asked.clone(), window());
        let row = facts.row("restores", &db_arn("x"));
        assert_eq!((&row["rto_owed"], &row["rto_s"], &row["every_owed"], &row["every_s"]), (&rto.0, &rto.1, &every.0, &every.1), "{why}");
    }
}

#[test]
fn what_restore_testing_plans_select() {
    let plan = |name: &str| json!({ "restore_testing_plan_arn": format!("arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:{name}"), "restore_testing_plan_name": name });
    let selection = |changes: Value| {
        let row = json!({
            "restore_testing_plan_arn": "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly", "restore_testing_selection_name": "s",
            "protected_resource_type": "RDS", "protected_resource_arns": ["*"]
        });
        with(row, changes)
    };
    let of = |changes: Value| {
        estate(vec![]).has("restore_testing_plans", [plan("weekly")]).has("restore_testing_selections", [selection(changes)])
    };
    let abroad = |changes: Value| {
        estate(vec![]).has_at(FAR, "restore_testing_plans", [plan("weekly")]).has_at(
            FAR,
            "restore_testing_selections",
            [selection(changes)],
        )
    };
    let condition = json!({ "StringEquals": [{ "Key": "aws:ResourceTag/class", "Value": "gold" }], "StringNotEquals": [] });
    let unread = estate(vec![]).has("restore_testing_plans", [plan("weekly")]);
    // why, estate, selected
    let cases = [
        ("everything of its type", of(json!({})), json!(true)),
        ("by its ARN", of(json!({ "protected_resource_arns": [db_arn("x")] })), json!(true)),
        ("another by its ARN", of(json!({ "protected_resource_arns": [db_arn("y")] })), json!(false)),
        ("another type", of(json!({ "protected_resource_type": "Aurora" })), json!(false)),
        (
            "by tags of its latest recovery point, which are not read",
            of(json!({ "protected_resource_conditions": condition })),
            Value::Null,
        ),
        ("conditions without any entry", of(json!({ "protected_resource_conditions": { "StringEquals": [] } })), json!(true)),
        ("everything in another Region: whether it has a point there is not asked", abroad(json!({})), Value::Null),
        ("its ARN in another Region", abroad(json!({ "protected_resource_arns": [db_arn("x")] })), json!(true)),
        ("no plan", estate(vec![]), json!(false)),
        ("plans unread", estate(vec![]).denied("restore_testing_plans", None), Value::Null),
        (
            "selections unread",
            unread.denied("restore_testing_selections", Some("arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly")),
            Value::Null,
        ),
    ];
    for (why, estate, selected) in cases {
        let row = row(&estate);
        assert_eq!(row["selected"], selected, "{why}");
        assert_eq!(row["testing_plan"], if selected == json!(true) { json!("weekly") } else { Value::Null }, "{why}");
    }
}
