//! What became of backup and copy jobs.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::moment::DAY_S;

const FAR: Place = (ACCOUNT, AWAY);

/// A job of the rule of plan `core`, so many days ago, in a state.
fn of_rule(number: i64, state: &str) -> Value {
    let done = if ["CREATED", "RUNNING"].contains(&state) { json!({ "completion_date": null }) } else { json!({}) };
    let planned = json!({
        "state": state, "message_category": "SUCCESS", "backup_plan_arn": plan_arn("core"), "backup_rule_id": "core-rule", "resource_type": "RDS"
    });
    with(with(job("x", number, ago(number, -5)), planned), done)
}

fn estate(jobs: Vec<Value>) -> Estate {
    Estate::new()
        .has("rds_instances", [db("x")])
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("backup_jobs", jobs)
}

#[test]
fn the_newest_job_of_a_plan_rule() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let failed = |number: i64| with(of_rule(number, "FAILED"), json!({ "status_message": "no permission" }));
    // why, estate, ended, succeeded, failed since
    let cases = [
        ("completed", estate(vec![of_rule(2, "COMPLETED"), of_rule(1, "COMPLETED")]), &yes, &yes, json!(0)),
        ("failed, and good again", estate(vec![failed(2), of_rule(1, "COMPLETED")]), &yes, &yes, json!(0)),
        ("two failed in a row", estate(vec![of_rule(3, "COMPLETED"), failed(2), failed(1)]), &yes, &no, json!(2)),
        ("never completed", estate(vec![failed(2), failed(1)]), &yes, &no, json!(2)),
        ("did not start in its window", estate(vec![of_rule(2, "COMPLETED"), of_rule(1, "EXPIRED")]), &yes, &no, json!(1)),
        ("was stopped", estate(vec![of_rule(2, "COMPLETED"), of_rule(1, "ABORTED")]), &yes, &no, json!(1)),
        ("parts are missing", estate(vec![of_rule(2, "COMPLETED"), of_rule(1, "PARTIAL")]), &yes, &no, json!(1)),
        ("one is running: the one before counts", estate(vec![failed(2), of_rule(1, "RUNNING")]), &yes, &no, json!(1)),
        ("the first is running", estate(vec![of_rule(1, "RUNNING")]), &no, &open, Value::Null),
        (
            "ended after the moment of judgement: still running then",
            estate(vec![of_rule(2, "COMPLETED"), with(failed(1), json!({ "completion_date": NOW_S + 60 }))]),
            &yes,
            &yes,
            json!(0),
        ),
        (
            "a state that nobody knows may be anything",
            estate(vec![of_rule(2, "COMPLETED"), of_rule(1, "HALTED")]),
            &yes,
            &open,
            Value::Null,
        ),
        ("and so may one that was not told", estate(vec![with(of_rule(1, ""), json!({ "state": null }))]), &open, &open, Value::Null),
        (
            "jobs within jobs belong to their parent",
            estate(vec![of_rule(2, "COMPLETED"), with(failed(1), json!({ "parent_job_id": "whole" }))]),
            &yes,
            &yes,
            json!(0),
        ),
        (
            "the list is not whole: a later one may have completed",
            estate(vec![failed(1)]).failed_at((ACCOUNT, HOME), "backup_jobs", None, ReadStatus::Partial),
            &yes,
            &open,
            Value::Null,
        ),
    ];
    for (why, estate, ended, succeeded, failed) in cases {
        let facts = estate.facts();
        let row = facts.row("backup_outcomes", &db_arn("x"));
        assert_eq!((&row["ended"], &row["succeeded"], &row["failed_count"]), (ended, succeeded, &failed), "{why}: {row:?}");
        assert_eq!((&row["plan_rule"], &row["on_demand"]), (&json!("core"), &no), "{why}");
    }
}

#[test]
fn what_failed_and_since_when() {
    let failed = |number: i64| with(of_rule(number, "FAILED"), json!({ "status_message": format!("reason {number}") }));
    let facts = estate(vec![of_rule(5, "COMPLETED"), failed(3), failed(4), failed(1)]).facts();
    let row = facts.row("backup_outcomes", &db_arn("x"));
    let expected = [
        ("last_state", json!("FAILED")),
        ("last_job_s", json!(ago(1, -5))),
        ("problem", json!("reason 1")),
        ("failing_since_s", json!(ago(4, -5))),
        ("completed_s", json!(ago(5, -6))),
        ("subject_type", json!("RDS")),
        ("evidence", json!("backup_jobs x-1 in 20261120T000000Z-00000000")),
    ];
    for (column, value) in expected {
        assert_eq!(row[column], value, "{column}");
    }
}

#[test]
fn each_rule_and_each_on_demand_backup_stands_by_itself() {
    let on_demand = json!({ "backup_plan_arn": null, "backup_rule_id": null });
    let other = json!({ "backup_rule_id": "second" });
    let jobs = vec![of_rule(3, "FAILED"), with(of_rule(2, "COMPLETED"), other), with(of_rule(1, "COMPLETED"), on_demand)];
    let facts = estate(jobs).facts();
    let found: Vec<_> = facts
        .rows("backup_outcomes", &db_arn("x"))
        .into_iter()
        .map(|row| (row["backup_rule_id"].clone(), row["on_demand"].clone(), row["succeeded"].clone(), row["rule_exists"].clone()))
        .collect();
    let expected = [
        (json!("core-rule"), json!(false), json!(false), json!(true)),
        (json!("second"), json!(false), json!(true), json!(false)),
        (Value::Null, json!(true), json!(true), Value::Null),
    ];
    assert_eq!(found, expected);
}

#[test]
fn completed_with_issues() {
    let of = |category: Value, message: Value| {
        estate(vec![with(of_rule(1, "COMPLETED"), json!({ "message_category": category, "status_message": message }))])
    };
    // why, estate, with issues
    let cases = [
        ("AWS says success", of(json!("SUCCESS"), Value::Null), json!(false)),
        ("in capitals or not", of(json!("Success"), Value::Null), json!(false)),
        ("another category", of(json!("AccessDenied"), json!("some objects were left out")), json!(true)),
        ("success, with a word that does not hurt", of(json!("SUCCESS"), json!("done")), json!(false)),
        ("the message says so", of(json!("SUCCESS"), json!("Completed with issues: VSS failed")), json!(true)),
        ("no category, and something to say", of(Value::Null, json!("VSS failed")), json!(true)),
        ("neither category nor message", of(Value::Null, Value::Null), Value::Null),
        ("it failed", estate(vec![with(of_rule(1, "FAILED"), json!({ "message_category": "AccessDenied" }))]), json!(false)),
    ];
    for (why, estate, issues) in cases {
        assert_eq!(estate.facts().row("backup_outcomes", &db_arn("x"))["with_issues"], issues, "{why}");
    }
}

#[test]
fn what_no_longer_exists() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let jobs = || vec![of_rule(1, "FAILED")];
    let volume = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1";
    let machine = "arn:aws:backup-gateway:eu-west-1:111122223333:vm/vm-1";
    let of = |arn: &str| Estate::new().has("backup_jobs", [with(of_rule(1, "FAILED"), json!({ "resource_arn": arn }))]);
    let core = plan_arn("core");
    // why, estate, subject, resource gone, rule there
    let cases = [
        ("both are there", estate(jobs()), db_arn("x"), &no, &yes),
        ("the database is gone", estate(jobs()).without("rds_instances"), db_arn("x"), &yes, &yes),
        ("databases unread", estate(jobs()).denied("rds_instances", None), db_arn("x"), &open, &yes),
        ("clusters unread do matter, too", estate(jobs()).without("rds_instances").denied("rds_clusters", None), db_arn("x"), &open, &yes),
        ("a volume is gone", of(volume), volume.to_owned(), &yes, &no),
        ("volumes unread", of(volume).denied("ebs_volumes", None), volume.to_owned(), &open, &no),
        ("virtual machines are not collected: the failure stands", of(machine), machine.to_owned(), &no, &no),
        ("the rule is gone", estate(jobs()).without("plan_rules"), db_arn("x"), &no, &no),
        ("the rules of its plan unread", estate(jobs()).denied("plan_rules", Some(&core)), db_arn("x"), &no, &open),
        ("plans unread", estate(jobs()).denied("backup_plans", None), db_arn("x"), &no, &open),
    ];
    for (why, estate, subject, gone, there) in cases {
        let facts = estate.facts();
        let row = facts.row("backup_outcomes", &subject);
        assert_eq!((&row["gone"], &row["rule_exists"]), (gone, there), "{why}");
    }
}

#[test]
fn only_what_the_newest_list_shows() {
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S + 20 * DAY_S };
    let rows = |estate: Estate| estate.open().facts(None, json!([]), window).unwrap().rows("backup_outcomes", &db_arn("x")).len();
    let again = || estate(vec![of_rule(1, "FAILED")]).collected_again(NOW_S + 20 * DAY_S);
    assert_eq!(rows(again()), 1, "listed still");
    assert_eq!(rows(again().without("backup_jobs")), 0, "no longer listed");
    assert_eq!(rows(again().denied("backup_jobs", None)), 0, "the list unread: the gap speaks");
}

#[test]
fn the_newest_copy_into_each_vault() {
    let near = vault_arn((ACCOUNT, HOME), "near");
    let copy = |number: i64, state: &str, to: &str| {
        let changes = json!({ "state": state, "destination_backup_vault_arn": to, "resource_type": "RDS", "status_message": null });
        with(copy_job("x", number, ago(number, -5), FAR), changes)
    };
    let far = vault_arn(FAR, "far");
    let jobs = [copy(3, "FAILED", &far), copy(2, "COMPLETED", &far), copy(2, "COMPLETED", &near), copy(1, "FAILED", &near)];
    let found = |estate: Estate| -> Vec<(Value, Value, Value)> {
        let facts = estate.facts();
        let rows = facts.rows("copy_outcomes", &db_arn("x")).into_iter();
        rows.map(|row| (row["destination_vault_arn"].clone(), row["succeeded"].clone(), row["gone"].clone())).collect()
    };
    let estate = || Estate::new().has("rds_instances", [db("x")]).has("copy_jobs", jobs.clone());
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    assert_eq!(found(estate()), [(json!(near), no.clone(), no.clone()), (json!(far), yes.clone(), no.clone())]);
    assert_eq!(
        found(estate().without("rds_instances")),
        [(json!(near), no.clone(), yes.clone()), (json!(far), yes.clone(), yes)],
        "deleted"
    );
    let partly = estate().failed_at((ACCOUNT, HOME), "copy_jobs", None, ReadStatus::Partial);
    assert_eq!(found(partly), [(json!(near), open.clone(), no.clone()), (json!(far), open, no)], "not the whole list");
}
