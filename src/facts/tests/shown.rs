//! What reports show of single resources: nothing that is not known is left out, and nothing that was not seen is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::{ReadStatus, Snapshot};
use crate::facts::exposure::{Scenario, courses, exposed};
use crate::facts::happened::{Outcome, happened};
use crate::facts::restored::{observed, restored};
use crate::facts::{Inputs, Objectives};
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

/// Hands what reports read to `look`, over the last twenty days.
fn seen<T>(estate: &Estate, objectives: Value, look: impl FnOnce(&Inputs<'_>) -> T) -> T {
    let opened = estate.open();
    let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
    let objectives = Objectives::new(serde_json::from_value(objectives).unwrap()).unwrap();
    look(&Inputs::new(&snapshot, &objectives, Window { start_s: ago(20, 0), end_s: NOW_S }))
}

fn only_x() -> BTreeSet<String> {
    BTreeSet::from([db_arn("x")])
}

/// Objective, tolerance, seconds not known.
type Listed = (Option<&'static str>, Option<i64>, i64);

#[test]
fn who_owes_something_unknown_is_listed_with_all_its_time_unknown() {
    let by_tag = || json!([{ "id": "gold", "match": { "tags": { "tier": "gold" } }, "rpo": "24h" }]);
    let untold = |changes: Value| {
        let row = with(with(db("x"), json!({ "tags": null })), changes);
        kept_daily(Estate::new(), "x", 40).without("rds_instances").has("rds_instances", [row])
    };
    // why, estate, objectives, how it is listed, or that it is not
    let all = 20 * DAY_S;
    let cases: [(&str, Estate, Value, Option<Listed>); 4] = [
        ("tags unread: which objective is not known", untold(json!({})), by_tag(), Some((None, None, all))),
        ("the same, and made five days ago", untold(json!({ "instance_create_time": ago(5, 0) })), by_tag(), Some((None, None, 5 * DAY_S))),
        (
            "plan rules unread: the tolerance of the default is not known, but its least is kept",
            kept_daily(Estate::new(), "x", 40).denied("backup_plans", None),
            json!([]),
            Some((Some("default, not approved"), None, 0)),
        ),
        ("a member's data lies in its cluster", untold(json!({ "db_cluster_identifier": "c" })), by_tag(), None),
    ];
    for (why, estate, objectives, expected) in cases {
        let rows = seen(&estate, objectives, |inputs| exposed(inputs).unwrap());
        let row = rows.iter().find(|row| row.subject_arn == db_arn("x") && row.scenario == Scenario::Any);
        let found = row.map(|row| (row.objective_id.as_deref(), row.tolerance_s, row.unknown_s));
        assert_eq!(found, expected, "{why}");
    }
}

#[test]
fn a_course_has_the_points_of_the_window_and_of_this_life() {
    let estate = kept_daily(Estate::new(), "x", 40).has("rds_snapshots", [snapshot_of("x", ago(3, 0))]);
    let points_only = json!([{ "id": "gold", "rpo": "24h", "mechanisms": ["backup_point"] }]);
    let course = seen(&estate, points_only, |inputs| courses(inputs, &only_x(), 400).unwrap().remove(&db_arn("x")).unwrap());
    let kinds = |mechanism: &str| course.points.iter().filter(|point| point.mechanism == mechanism).count();
    assert_eq!((kinds("backup_point"), kinds("native_snapshot")), (20, 1), "those of the window, not of the forty days before");
    let counting = course.points.iter().filter(|point| point.counts == Some(true)).count();
    assert_eq!(counting, 20, "the snapshot is shown, and does not count");
    assert!(course.points.is_sorted_by_key(|point| point.available_s));
    assert!(course.segments.contains_key("any") && !course.segments.contains_key("other_region"), "only what is owed is drawn");
}

fn snapshot_of(name: &str, taken_s: i64) -> Value {
    json!({
        "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:{name}-by-hand"), "snapshot_identifier": format!("{name}-by-hand"),
        "snapshot_type": "manual", "resource_arn": db_arn(name), "resource_key": crate::model::key::resource_key(&db_arn(name)),
        "status": "available", "snapshot_create_time": taken_s
    })
}

#[test]
fn jobs_that_ended_badly_and_copies_are_told() {
    let failed = |number: i64, begun_s: i64, changes: Value| with(with(job("x", number, begun_s), json!({ "state": "FAILED" })), changes);
    let estate = kept_daily(Estate::new(), "x", 40)
        .has(
            "backup_jobs",
            [
                failed(101, ago(2, 0), json!({ "status_message": "no space" })),
                failed(102, ago(3, 0), json!({ "state": "EXPIRED" })),
                failed(103, ago(25, 0), json!({})),
                failed(104, ago(4, 0), json!({ "parent_job_id": "p" })),
                with(job("x", 105, ago(5, 0)), json!({ "message_category": "ISSUE" })),
                with(job("y", 106, ago(5, 0)), json!({ "state": "FAILED" })),
            ],
        )
        .has("copy_jobs", [copy_job("x", 1, ago(1, 0), (ACCOUNT, AWAY))]);
    let events = seen(&estate, json!([]), |inputs| happened(inputs, &only_x()).unwrap().remove(&db_arn("x")).unwrap());
    let told: Vec<_> = events.iter().map(|event| (event.at_s, event.kind, event.outcome, event.job_id.as_str())).collect();
    let expected = [
        (ago(5, 0) + HOUR_S, "backup", Outcome::WithIssues, "x-105"),
        (ago(3, 0), "backup", Outcome::Failed, "x-102"),
        (ago(2, 0), "backup", Outcome::Failed, "x-101"),
        (ago(1, 0) + 3 * HOUR_S, "copy", Outcome::Done, "copy-x-1"),
    ];
    assert_eq!(told, expected, "not the one before the window, not the part of another job, not another's, not what simply succeeded");
    assert_eq!(events[2].message.as_deref(), Some("no space"));
}

fn restore(number: i64, created_s: i64) -> Value {
    json!({
        "restore_job_id": format!("restore-{number}"), "source_resource_arn": db_arn("x"), "status": "COMPLETED", "creation_date": created_s,
        "completion_date": created_s + HOUR_S, "restore_testing_plan_arn": "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly"
    })
}

#[test]
fn what_was_restored_is_told_with_the_time_that_was_observed() {
    let base = || kept_daily(Estate::new(), "x", 40);
    let far = (ACCOUNT, AWAY);
    // why, estate, jobs seen, time observed
    let cases = [
        ("no test", base(), 0, 30 * DAY_S),
        ("two tests", base().has("restore_jobs", [restore(1, ago(2, 0)), restore(2, ago(9, 0))]), 2, 30 * DAY_S),
        ("a test in another Region", base().has_at(far, "restore_jobs", [restore(1, ago(2, 0))]), 1, 30 * DAY_S),
        (
            "a part of another job",
            base().has("restore_jobs", [with(restore(1, ago(2, 0)), json!({ "parent_job_id": "p" }))]),
            0,
            30 * DAY_S,
        ),
        ("jobs of another Region unread", base().failed_at(far, "restore_jobs", None, ReadStatus::Denied), 0, 0),
    ];
    for (why, estate, jobs, observed_s) in cases {
        let (rows, seen) = seen(&estate, json!([]), |inputs| (restored(inputs).unwrap(), observed(inputs)));
        let row = rows.iter().find(|row| row.subject_arn == db_arn("x")).unwrap();
        let looked_s: i64 = seen.iter().map(|window| window.end_s - window.start_s).sum();
        assert_eq!((row.jobs.len(), looked_s), (jobs, observed_s), "{why}");
        assert!(row.none_for_s <= observed_s && row.completed_s.is_some() == (jobs > 0), "{why}: {row:?}");
        assert!(row.jobs.is_sorted_by_key(|job| std::cmp::Reverse(job.created_s)), "{why}: newest first");
    }
}
