//! Retention of plans and points, and lifecycles.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::model::moment::DAY_S;

fn window() -> crate::model::Window {
    crate::model::Window { start_s: ago(30, 0), end_s: NOW_S }
}

fn with_point(changes: Value) -> Estate {
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main")])
        .has("rds_instances", [db("x")])
        .has("recovery_points", [with(point("x", 1, ago(1, 0)), changes)])
}

#[test]
fn how_long_points_are_kept() {
    let days = |days: i64| json!(days * DAY_S);
    // why, changes, kept for ever, retention
    let cases = [
        ("days", json!({}), json!(false), days(35)),
        ("no lifecycle", json!({ "delete_after_days": null, "delete_at": null }), json!(true), json!(i64::MAX)),
        ("-1 is for ever", json!({ "delete_after_days": -1, "delete_at": null }), json!(true), json!(i64::MAX)),
        ("-1 on a copy is the source's, which the date tells", json!({ "delete_after_days": -1 }), json!(false), days(35)),
        (
            "-1 on a copy is the source's, and no date tells it",
            json!({ "delete_after_days": -1, "delete_at": null, "source_backup_vault_arn": vault_arn((ACCOUNT, AWAY), "far") }),
            Value::Null,
            Value::Null,
        ),
        (
            "an event of tomorrow deletes it",
            json!({ "delete_after_days": null, "delete_at": null, "delete_after_event": "DELETE_AFTER_DREAM" }),
            Value::Null,
            Value::Null,
        ),
        ("a date without days", json!({ "delete_after_days": null }), json!(false), days(35)),
        ("a date without creation", json!({ "delete_after_days": null, "creation_date": null }), Value::Null, Value::Null),
    ];
    for (why, changes, forever, retention) in cases {
        let facts = with_point(changes).facts();
        let row = facts.row("point_retention", &db_arn("x"));
        assert_eq!((&row["kept_forever"], &row["retention_s"]), (&forever, &retention), "{why}");
    }
}

#[test]
fn points_that_have_a_row() {
    // why, changes, rows
    let cases = [
        ("a usable point", json!({}), 1),
        ("past its lifecycle and still there", json!({ "status": "EXPIRED" }), 1),
        ("a composite with parts missing", json!({ "status": "PARTIAL" }), 1),
        ("a status of tomorrow", json!({ "status": "DREAMING" }), 1),
        ("the shell of a composite", json!({ "is_parent": true }), 0),
        ("waits for its copy to an air-gapped vault", json!({ "delete_after_event": "DELETE_AFTER_COPY" }), 0),
        ("being made", json!({ "status": "CREATING" }), 0),
        (
            "continuous: a span, not a point",
            json!({ "recovery_point_arn": format!("arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:continuous:1") }),
            0,
        ),
    ];
    for (why, changes, rows) in cases {
        assert_eq!(with_point(changes).facts().rows("point_retention", &db_arn("x")).len(), rows, "{why}");
    }
}

#[test]
fn a_point_that_names_no_resource_speaks_for_itself() {
    let facts = with_point(json!({ "resource_arn": null })).facts();
    assert_eq!(facts.rows("point_retention", &db_arn("x")).len(), 0);
    let row = facts.row("point_retention", &point_arn("x", 1));
    assert_eq!((&row["retention_s"], &row["retention_owed"]), (&json!(35 * DAY_S), &json!(false)), "nobody owes any");
    let gold = json!([{ "id": "gold", "match": { "types": ["RDS"] }, "retention": "30d" }]);
    let facts = with_point(json!({ "resource_arn": null })).facts_with(gold, window());
    assert_eq!(
        facts.row("point_retention", &point_arn("x", 1))["retention_owed"],
        Value::Null,
        "whose it is, and so what is owed, is not known"
    );
}

#[test]
fn a_point_of_an_unread_vault_is_the_gaps_matter() {
    let again = || with_point(json!({})).collected_again(NOW_S + DAY_S);
    let facts = |estate: Estate| estate.open().facts(None, json!([]), window()).unwrap();
    assert_eq!(facts(again()).rows("point_retention", &db_arn("x")).len(), 1, "seen twice");
    assert_eq!(facts(again().denied("recovery_points", Some(&home_vault()))).rows("point_retention", &db_arn("x")).len(), 0, "who knows");
    assert_eq!(facts(again().without("recovery_points")).rows("point_retention", &db_arn("x")).len(), 0, "deleted");
}

#[test]
fn what_retention_is_owed() {
    let yes = |days: i64| (json!(true), json!(days * DAY_S));
    let nothing = (json!(false), Value::Null);
    let gold = json!([{ "id": "gold", "match": { "tags": { "class": "gold" } }, "retention": "30d" }]);
    let tagged =
        |tags: Value| with_point(json!({})).without("rds_instances").has("rds_instances", [with(db("x"), json!({ "tags": tags }))]);
    // why, estate, objectives, owed
    let cases = [
        ("nobody owes any", tagged(json!({})), json!([]), nothing.clone()),
        ("its objective asks for it", tagged(json!({ "class": "gold" })), gold.clone(), yes(30)),
        ("another's does", tagged(json!({})), gold.clone(), nothing.clone()),
        ("tags unread", tagged(Value::Null), gold.clone(), (Value::Null, Value::Null)),
        ("the resource is gone or unread", with_point(json!({})).without("rds_instances"), gold.clone(), (Value::Null, Value::Null)),
        (
            "a replica owes nothing unless it is said",
            with_point(json!({}))
                .without("rds_instances")
                .has("rds_instances", [with(db("x"), json!({ "tags": { "class": "gold" }, "read_replica_source": "y" }))]),
            gold,
            nothing,
        ),
    ];
    for (why, estate, objectives, (owed, days)) in cases {
        let facts = estate.facts_with(objectives, window());
        let row = facts.row("point_retention", &db_arn("x"));
        assert_eq!((&row["retention_owed"], &row["owed_retention_s"]), (&owed, &days), "{why}");
    }
}

#[test]
fn retention_of_plan_rules() {
    // why, days, kept for ever, retention
    let cases = [
        ("days", json!(35), false, 35 * DAY_S),
        ("no lifecycle", Value::Null, true, i64::MAX),
        ("-1 is for ever", json!(-1), true, i64::MAX),
    ];
    for (why, days, forever, retention) in cases {
        let rule = with(rule("core"), json!({ "delete_after_days": days }));
        let facts = Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule]).facts();
        let row = facts.row("plan_retention", &plan_arn("core"));
        assert_eq!((&row["kept_forever"], &row["retention_s"]), (&json!(forever), &json!(retention)), "{why}");
    }
}

#[test]
fn lifecycles_of_rules_and_copies() {
    let cold = json!({ "move_to_cold_storage_after_days": 30, "delete_after_days": 120 });
    let estate = |changes: Value, selection: Value| {
        Estate::new()
            .has("region_settings", opted_in(true))
            .has("backup_plans", [plan("core")])
            .has("plan_rules", [with(rule("core"), changes)])
            .has("selections", [selection])
            .has("rds_instances", [db("x")])
    };
    let by_arn = || selection_of("core", &[&db_arn("x")]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, accepted, cold ignored
    let cases = [
        ("no cold storage", estate(json!({}), selection("core")), &yes, &no),
        ("databases have none", estate(cold.clone(), by_arn()), &yes, &yes),
        ("it may cover types that are not collected", estate(cold.clone(), selection("core")), &yes, &open),
        ("covers nothing", estate(cold.clone(), selection_of("core", &[&db_arn("gone")])), &yes, &no),
        ("selections unread", estate(cold.clone(), by_arn()).denied("selections", Some(&plan_arn("core"))), &yes, &open),
        ("settings unread: named by ARN, they do not matter", estate(cold.clone(), by_arn()).denied("region_settings", None), &yes, &yes),
        ("clusters unread: one of them may be covered", estate(cold, by_arn()).denied("rds_clusters", None), &yes, &open),
        ("too early a deletion", estate(json!({ "move_to_cold_storage_after_days": 7, "delete_after_days": 30 }), by_arn()), &no, &yes),
    ];
    for (why, estate, accepted, ignored) in cases {
        let facts = estate.facts();
        let row = facts.row("lifecycles", &plan_arn("core"));
        assert_eq!((&row["accepted"], &row["cold_ignored"]), (accepted, ignored), "{why}");
    }
}

#[test]
fn a_copy_without_days_lives_as_long_as_its_source() {
    // why, days of the copy, days that count
    for (why, days, counts) in [("none", Value::Null, 35), ("-1", json!(-1), 35), ("its own", json!(90), 90)] {
        let copy = json!({
            "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": vault_arn((ACCOUNT, AWAY), "far"),
            "delete_after_days": days
        });
        let facts = Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule("core")]).has("plan_copies", [copy]).facts();
        let rows = facts.rows("lifecycles", &plan_arn("core"));
        let copy = rows.iter().find(|row| !row["copy_to"].is_null()).unwrap();
        assert_eq!((&copy["delete_after_days"], &copy["kept_forever"]), (&json!(counts), &json!(false)), "{why}");
    }
}

#[test]
fn points_that_outlived_their_lifecycle() {
    let due = |days: i64, hours: i64| json!({ "delete_at": ago(days, hours) });
    let held =
        |hold: Value| with_point(due(2, 0)).has("legal_holds", [with(json!({ "legal_hold_arn": "hold", "status": "ACTIVE" }), hold)]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, outlived
    let cases = [
        ("not due yet", with_point(json!({})), &no),
        ("due this morning: AWS takes its time", with_point(due(0, 23)), &no),
        ("due two days ago", with_point(due(2, 0)), &yes),
        ("given up", with_point(json!({ "status": "EXPIRED" })), &yes),
        ("kept for ever", with_point(json!({ "delete_after_days": null, "delete_at": null })), &no),
        ("days tell where the date was not sent", with_point(json!({ "creation_date": ago(40, 0), "delete_at": null })), &yes),
        ("neither date nor creation", with_point(json!({ "creation_date": null, "delete_at": null })), &open),
        ("a hold keeps its vault", held(json!({ "vault_names": ["main"] })), &no),
        ("a hold keeps another vault", held(json!({ "vault_names": ["other"] })), &yes),
        ("a hold may keep it", held(json!({})), &open),
        ("holds unread", with_point(due(2, 0)).denied("legal_holds", None), &open),
        ("holds unread, and not due", with_point(json!({})).denied("legal_holds", None), &no),
    ];
    for (why, estate, outlived) in cases {
        assert_eq!(&estate.facts().row("point_retention", &db_arn("x"))["outlived"], outlived, "{why}");
    }
}

#[test]
fn how_often_plan_rules_run_by_their_own_clock() {
    // why, schedule, time zone, longest gap
    let cases = [
        ("daily", "cron(0 5 ? * * *)", Value::Null, json!(DAY_S)),
        ("daily where clocks change: a day of 25 hours is a day", "cron(0 5 ? * * *)", json!("Europe/Berlin"), json!(DAY_S)),
        ("hourly", "cron(0 * ? * * *)", Value::Null, json!(3_600)),
        ("every 12 hours by rate", "rate(12 hours)", Value::Null, json!(12 * 3_600)),
        ("on working days: a weekend is three days", "cron(0 5 ? * MON-FRI *)", Value::Null, json!(3 * DAY_S)),
        ("it ended", "cron(0 5 1 1 ? 2020)", Value::Null, json!(i64::MAX)),
        ("not understood", "at noon", Value::Null, Value::Null),
        ("a time zone that is not understood", "cron(0 5 ? * * *)", json!("Moon/Tycho"), Value::Null),
    ];
    for (why, expression, timezone, gap) in cases {
        let rule = with(rule("core"), json!({ "schedule_expression": expression, "schedule_expression_timezone": timezone }));
        let facts = Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule]).facts();
        assert_eq!(facts.row("plan_retention", &plan_arn("core"))["longest_gap_s"], gap, "{why}");
    }
}
