//! Backup windows against maintenance.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

/// A database with windows and automated backups, covered by a plan rule.
fn estate(backup: &str, maintenance: &str, changes: Value) -> Estate {
    let told = json!({ "backup_retention_period_days": 7, "preferred_backup_window": backup, "preferred_maintenance_window": maintenance });
    let instance = with(db("x"), told);
    Estate::new()
        .has("region_settings", opted_in(true))
        .has("backup_plans", [plan("core"), plan("idle")])
        .has("plan_rules", [with(rule("core"), changes)])
        .has("selections", [selection_of("core", &[&db_arn("x"), &cluster_arn("shop")])])
        .has("rds_instances", [instance])
}

#[test]
fn the_two_native_windows() {
    // why, backup window, maintenance window, clear
    let cases = [
        ("an hour apart", "03:00-03:30", "mon:04:30-mon:05:00", json!(true)),
        ("one ends when the other begins", "03:00-03:30", "mon:03:30-mon:04:00", json!(true)),
        ("a minute in common, one day of the week", "03:00-03:31", "mon:03:30-mon:04:00", json!(false)),
        ("over midnight", "23:45-00:15", "wed:00:00-wed:00:30", json!(false)),
        ("over the end of the week", "00:00-00:30", "sun:23:45-mon:00:15", json!(false)),
        ("maintenance of a whole night, but not of every", "02:00-02:30", "sat:22:00-sun:06:00", json!(false)),
        ("nobody can read it", "at three", "mon:03:30-mon:04:00", Value::Null),
        ("nor this", "03:00-03:30", "on Mondays", Value::Null),
    ];
    for (why, backup, maintenance, clear) in cases {
        let facts = estate(backup, maintenance, json!({ "start_window_minutes": 60 })).facts();
        assert_eq!(facts.row("backup_windows", &db_arn("x"))["native_clear"], clear, "{why}");
    }
    let idle = json!({ "preferred_maintenance_window": "mon:03:30-mon:04:00", "preferred_backup_window": "03:00-03:31" });
    let off = Estate::new().has("rds_instances", [with(db("x"), idle)]).facts();
    assert_eq!(
        off.row("backup_windows", &db_arn("x"))["native_clear"],
        json!(true),
        "automated backups are off, so that none begins in the window"
    );
    let untold = Estate::new().has("rds_instances", [with(db("x"), json!({ "backup_retention_period_days": 7 }))]).facts();
    assert_eq!(untold.row("backup_windows", &db_arn("x"))["native_clear"], Value::Null, "neither was told");
}

#[test]
fn start_windows_of_plan_rules() {
    // The rule starts daily at five with an hour to start, unless changed.
    let of = |maintenance: &str, changes: Value| estate("01:00-01:30", maintenance, changes);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let core = plan_arn("core");
    let weekly = |zone: Value| json!({ "schedule_expression": "cron(0 3 ? * SUN *)", "schedule_expression_timezone": zone });
    let continuous = |estate: Estate| {
        let managed = json!({ "aws_backup_recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:1", "preferred_maintenance_window": "sun:05:00-sun:05:30" });
        estate.without("rds_instances").has("rds_instances", [with(db("x"), managed)])
    };
    let shop =
        with(cluster("shop"), json!({ "preferred_maintenance_window": "sun:05:00-sun:05:30", "preferred_backup_window": "01:00-01:30" }));
    let docs = with(shop.clone(), json!({ "engine": "docdb" }));
    // why, estate, subject, clear
    let cases = [
        ("two hours after", of("mon:08:00-mon:08:30", json!({})), db_arn("x"), &yes),
        ("the start window ends when the hour before begins", of("mon:07:00-mon:07:30", json!({})), db_arn("x"), &yes),
        ("a minute into the hour before", of("mon:06:59-mon:07:29", json!({})), db_arn("x"), &no),
        ("during it", of("mon:05:30-mon:06:00", json!({})), db_arn("x"), &no),
        ("over when the job can start", of("mon:04:00-mon:05:00", json!({})), db_arn("x"), &yes),
        ("AWS's default of eight hours to start", of("mon:12:00-mon:12:30", json!({ "start_window_minutes": null })), db_arn("x"), &no),
        ("weekly, on another day", of("mon:03:30-mon:04:00", weekly(Value::Null)), db_arn("x"), &yes),
        ("weekly, on that day: the well-known recipe", of("sun:04:00-sun:05:00", weekly(Value::Null)), db_arn("x"), &no),
        ("weekly, by a clock that is elsewhere", of("sun:04:00-sun:05:00", weekly(json!("America/New_York"))), db_arn("x"), &yes),
        ("once a year, when the clock has changed", of("sun:01:00-sun:01:30", weekly(json!("Europe/Berlin"))), db_arn("x"), &no),
        (
            "a schedule that nobody understands",
            of("mon:05:30-mon:06:00", json!({ "schedule_expression": "at midnight" })),
            db_arn("x"),
            &open,
        ),
        ("only how far apart runs are", of("mon:05:30-mon:06:00", json!({ "schedule_expression": "rate(1 days)" })), db_arn("x"), &open),
        ("never runs", of("mon:05:30-mon:06:00", json!({ "schedule_expression": "cron(0 5 1 1 ? 2025)" })), db_arn("x"), &yes),
        ("rules unread", of("mon:05:30-mon:06:00", json!({})).denied("plan_rules", Some(&core)), db_arn("x"), &open),
        (
            "another plan's selections unread, this one conflicts",
            of("mon:05:30-mon:06:00", json!({})).denied("selections", Some(&plan_arn("idle"))),
            db_arn("x"),
            &no,
        ),
        (
            "another plan's selections unread, this one does not",
            of("mon:08:00-mon:08:30", json!({})).denied("selections", Some(&plan_arn("idle"))),
            db_arn("x"),
            &open,
        ),
        ("no plan covers it", of("mon:05:30-mon:06:00", json!({})).without("selections"), db_arn("x"), &yes),
        (
            "no plan covers it, and nobody can read its maintenance window",
            of("on Mondays", json!({})).without("selections"),
            db_arn("x"),
            &yes,
        ),
        (
            "the same, and whether a plan does was not read",
            of("on Mondays", json!({})).denied("selections", Some(&plan_arn("core"))),
            db_arn("x"),
            &open,
        ),
        ("nobody can read the maintenance window", of("on Mondays", json!({})), db_arn("x"), &open),
        ("AWS Backup manages its automated backups and chooses the times", continuous(of("", json!({}))), db_arn("x"), &yes),
        ("Aurora is exempt", of("mon:08:00-mon:08:30", json!({})).has("rds_clusters", [shop]), cluster_arn("shop"), &yes),
        ("DocumentDB is not", of("mon:08:00-mon:08:30", json!({})).has("documentdb_clusters", [docs]), cluster_arn("shop"), &no),
    ];
    for (why, estate, subject, clear) in cases {
        let facts = estate.facts();
        let row = facts.row("backup_windows", &subject);
        let conflict = if clear == &no { json!("rule core of plan core") } else { Value::Null };
        assert_eq!((&row["plans_clear"], &row["conflict"]), (clear, &conflict), "{why}: {row:?}");
    }
}
