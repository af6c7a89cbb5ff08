//! Runs that were due and what became of them.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

/// A daily job of the rule at five o'clock, so many days ago, that made a point.
fn run(days: i64, changes: Value) -> Value {
    let of_rule = json!({ "backup_plan_arn": plan_arn("core"), "backup_rule_id": "core-rule", "backup_job_id": format!("run-{days}") });
    with(with(job("x", days, ago(days, -5)), of_rule), changes)
}

/// A plan whose daily rule covers `x`, with a job a night of the last 29 but those left out.
fn estate(without: &[i64]) -> Estate {
    let nights = (1..=29).rev().filter(|night| !without.contains(night)).map(|night| run(night, json!({})));
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [rule("core")])
        .has("selections", [selection("core")])
        .has("rds_instances", [with(db("x"), json!({ "tags": { "backup": "yes" } }))])
        .has("backup_jobs", nights)
}

/// The same, with jobs of the last ten nights, and a selection with changes.
fn since(selection: &Value, changes: Value) -> Estate {
    estate(&(11..30).collect::<Vec<_>>()).without("selections").has("selections", [with(selection.clone(), changes)])
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_became_of_the_runs() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let failed = json!({ "state": "FAILED", "completion_date": ago(7, -6), "initiation_date": null });
    let late = json!({ "initiation_date": ago(7, -8) });
    let changed = json!({
        "event_id": "u1", "event_name": "UpdateBackupPlan", "event_source": "backup.amazonaws.com", "event_time": ago(10, 0),
        "request_parameters": { "backupPlanId": "core" }
    });
    let odd =
        with(rule("core"), json!({ "rule_id": "odd", "rule_name": "odd", "schedule_expression": "whenever", "delete_after_days": 90 }));
    // why, estate, kept, whole, runs that were due, missed, the longest wait and time to recover in hours
    let cases = [
        ("every night", estate(&[]), &yes, &yes, json!(29), json!(0), json!(0), json!(0)),
        ("a night without a job", estate(&[7]), &no, &yes, json!(29), json!(1), json!(0), json!(0)),
        (
            "a failure, made good the next night",
            estate(&[7]).has("backup_jobs", [run(7, failed)]),
            &no,
            &yes,
            json!(29),
            json!(1),
            json!(0),
            json!(24),
        ),
        ("begun three hours late", estate(&[7]).has("backup_jobs", [run(7, late)]), &yes, &yes, json!(29), json!(0), json!(3), json!(0)),
        (
            "the rule reached it ten days ago, as its selection did",
            since(&selection("core"), json!({ "creation_date": ago(10, 0) })),
            &yes,
            &yes,
            json!(10),
            json!(0),
            json!(0),
            json!(0),
        ),
        (
            "the first job is of ten days ago, and the selection older: those before were missed, or its tag is new",
            since(&selection("core"), json!({ "creation_date": ago(400, 0) })),
            &open,
            &open,
            json!(10),
            json!(0),
            json!(0),
            json!(0),
        ),
        ("nobody told when it was selected", estate(&(11..30).collect::<Vec<_>>()), &open, &open, json!(10), json!(0), json!(0), json!(0)),
        (
            "it was made ten days ago",
            estate(&(11..30).collect::<Vec<_>>())
                .without("rds_instances")
                .has("rds_instances", [with(db("x"), json!({ "tags": { "backup": "yes" }, "instance_create_time": ago(10, 0) }))]),
            &yes,
            &yes,
            json!(10),
            json!(0),
            json!(0),
            json!(0),
        ),
        (
            "no job yet: nobody can say since when it is due",
            estate(&(1..30).collect::<Vec<_>>()),
            &open,
            &open,
            open.clone(),
            open.clone(),
            open.clone(),
            open.clone(),
        ),
        (
            "the plan was changed ten days ago, and a night before is not counted",
            estate(&[20]).has("cloudtrail_events", [changed]),
            &yes,
            &yes,
            json!(10),
            json!(0),
            json!(0),
            json!(0),
        ),
        (
            "changes of plans unread",
            estate(&[]).denied("cloudtrail_events", Some("UpdateBackupPlan")),
            &open,
            &open,
            open.clone(),
            open.clone(),
            open.clone(),
            open.clone(),
        ),
        (
            "a schedule that is not understood",
            estate(&[]).without("plan_rules").has("plan_rules", [with(rule("core"), json!({ "schedule_expression": "whenever" }))]),
            &open,
            &open,
            open.clone(),
            open.clone(),
            open.clone(),
            open.clone(),
        ),
        (
            "one that is kept longer is not understood, and may take runs over",
            estate(&[]).has("plan_rules", [odd]),
            &open,
            &open,
            open.clone(),
            open.clone(),
            open.clone(),
            open.clone(),
        ),
        (
            "a job that does not tell its state",
            estate(&[7]).has("backup_jobs", [run(7, json!({ "state": null }))]),
            &yes,
            &yes,
            json!(29),
            json!(0),
            json!(0),
            json!(0),
        ),
        ("jobs unread", estate(&[]).denied("backup_jobs", None), &open, &open, open.clone(), open.clone(), open.clone(), open.clone()),
    ];
    for (why, estate, kept, whole, due, missed, late, recovery) in cases {
        let facts = estate.facts();
        let row = facts.rows("slots", &db_arn("x")).into_iter().find(|row| row["backup_rule_id"] == json!("core-rule")).unwrap().clone();
        let hours = |column: &str| json!(row[column].as_i64().map(|value_s| value_s / 3_600));
        assert_eq!((&row["kept"], &row["whole"]), (kept, whole), "{why}: {row:?}");
        assert_eq!((&row["expected_count"], &row["missed_count"]), (&due, &missed), "{why}");
        assert_eq!((hours("latest_s"), hours("recovery_s")), (late, recovery), "{why}");
    }
}

#[test]
fn runs_that_another_rule_takes_over_are_not_due() {
    let weekly = with(
        rule("core"),
        json!({ "rule_id": "weekly", "rule_name": "weekly", "schedule_expression": "cron(30 5 ? * SUN *)", "delete_after_days": 90 }),
    );
    let sundays: Vec<i64> = (1..=29).filter(|days| ago(*days, 0).div_euclid(86_400).rem_euclid(7) == 3).collect();
    let facts = estate(&sundays).has("plan_rules", [weekly]).facts();
    let row = facts.rows("slots", &db_arn("x")).into_iter().find(|row| row["backup_rule_id"] == json!("core-rule")).unwrap().clone();
    assert_eq!(
        (&row["kept"], &row["expected_count"]),
        (&json!(true), &json!(29 - sundays.len())),
        "AWS makes one backup, of the rule that keeps longer"
    );
}
