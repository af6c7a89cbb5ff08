//! Schedules, and what a configuration bounds by design.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::model::moment::{DAY_S, HOUR_S};

fn estate(changes: Value) -> Estate {
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [with(rule("core"), changes)])
        .has("selections", [selection_of("core", &[&db_arn("x")])])
        .has("rds_instances", [db("x")])
}

#[test]
fn bounds_by_design() {
    let hours = |hours: i64| json!(hours * HOUR_S);
    let native = |estate: Estate| {
        estate.without("rds_instances").has("rds_instances", [with(db("x"), json!({ "backup_retention_period_days": 7 }))])
    };
    // why, estate, protected, bounded, bound
    let cases = [
        ("daily, an hour to start, two to complete", estate(json!({})), json!(true), json!(true), hours(27)),
        (
            "AWS's defaults: eight hours and seven days",
            estate(json!({ "start_window_minutes": null, "completion_window_minutes": null })),
            json!(true),
            json!(true),
            hours(24 + 8 + 7 * 24),
        ),
        ("AWS's default schedule is daily", estate(json!({ "schedule_expression": null })), json!(true), json!(true), hours(27)),
        ("a schedule that ended", estate(json!({ "schedule_expression": "cron(0 5 1 1 ? 2025)" })), json!(true), json!(false), Value::Null),
        (
            "a schedule that nobody understands",
            estate(json!({ "schedule_expression": "at midnight" })),
            json!(true),
            Value::Null,
            Value::Null,
        ),
        ("continuous", estate(json!({ "enable_continuous_backup": true })), json!(true), json!(true), json!(300)),
        ("point-in-time restore of the service", native(estate(json!({}))), json!(true), json!(true), json!(300)),
        ("rules unread", estate(json!({})).denied("plan_rules", Some(&plan_arn("core"))), Value::Null, Value::Null, Value::Null),
        ("nothing protects it", estate(json!({})).without("selections"), json!(false), json!(false), Value::Null),
    ];
    for (why, estate, protected, bounded, bound) in cases {
        let facts = estate.facts();
        let row = facts.row("design_exposure", &db_arn("x"));
        assert_eq!((&row["protected"], &row["bounded"], &row["design_rpo_s"]), (&protected, &bounded, &bound), "{why}");
    }
}

#[test]
fn an_unread_plan_may_bound_it_better() {
    let second = || estate(json!({})).has("backup_plans", [plan("second")]).has("plan_rules", [rule("second")]);
    let unread = || second().denied("selections", Some(&plan_arn("second")));
    let objective = |rpo: &str| json!([{ "id": "gold", "rpo": rpo }]);
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S };
    // why, estate, RPO, bound
    let cases = [
        ("all read: the bound is beyond the limit", second(), "24h", json!(27 * HOUR_S)),
        ("unread: a better one is thinkable", unread(), "24h", Value::Null),
        ("unread, but what was read is good enough", unread(), "27h", json!(27 * HOUR_S)),
    ];
    for (why, estate, rpo, bound) in cases {
        let facts = estate.facts_with(objective(rpo), window);
        assert_eq!(facts.row("design_exposure", &db_arn("x"))["design_rpo_s"], bound, "{why}");
    }
}

#[test]
fn the_default_limit_follows_the_start_window_and_is_not_guessed() {
    let limit = |hours: i64| json!(hours * HOUR_S);
    let second = || estate(json!({})).has("backup_plans", [plan("second")]).has("plan_rules", [rule("second")]);
    // why, estate, limit
    let cases = [
        ("24 hours, the start window of one hour, and two", estate(json!({})), limit(27)),
        ("without a plan AWS's default window", estate(json!({})).without("selections"), limit(34)),
        ("rules unread", estate(json!({})).denied("plan_rules", Some(&plan_arn("core"))), Value::Null),
        ("a second plan that may have a shorter window", second().denied("selections", Some(&plan_arn("second"))), Value::Null),
        ("plans not listed", estate(json!({})).denied("backup_plans", None), Value::Null),
        ("a schedule that nobody understands", estate(json!({ "schedule_expression": "at midnight" })), Value::Null),
    ];
    for (why, estate, limit) in cases {
        let facts = estate.facts();
        assert_eq!(facts.row("design_exposure", &db_arn("x"))["limit_s"], limit, "{why}");
        let exposure = facts.exposure(&db_arn("x"), "any");
        assert_eq!((&exposure["limit_s"], &exposure["rpo_owed"]), (&limit, &json!(true)), "{why}");
        assert_eq!((&exposure["objective_id"], &exposure["approved"]), (&json!("default, not approved"), &json!(false)), "{why}");
    }
}

#[test]
fn schedules_of_plan_rules() {
    // why, changes, understood, goes on, largest gap
    let cases = [
        ("daily", json!({}), json!(true), json!(true), json!(DAY_S)),
        ("weekly", json!({ "schedule_expression": "cron(0 5 ? * MON *)" }), json!(true), json!(true), json!(7 * DAY_S)),
        (
            "an hour is lost in autumn",
            json!({ "schedule_expression_timezone": "Europe/Berlin" }),
            json!(true),
            json!(true),
            json!(DAY_S + HOUR_S),
        ),
        ("ended", json!({ "schedule_expression": "cron(0 5 1 1 ? 2025)" }), json!(true), json!(false), Value::Null),
        ("no expression", json!({ "schedule_expression": "at midnight" }), json!(false), Value::Null, Value::Null),
        ("no time zone", json!({ "schedule_expression_timezone": "Mars/Olympus" }), json!(false), Value::Null, Value::Null),
    ];
    for (why, changes, understood, goes_on, gap) in cases {
        let facts = estate(changes).facts();
        let row = facts.row("schedule", &plan_arn("core"));
        assert_eq!((&row["understood"], &row["goes_on"], &row["largest_gap_s"]), (&understood, &goes_on, &gap), "{why}");
    }
}
