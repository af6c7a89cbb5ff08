//! Point-in-time restore of the services.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;
use crate::model::moment::DAY_S;

fn window() -> Window {
    Window { start_s: ago(30, 0), end_s: NOW_S }
}

/// An instance with a week of automated backups that is five minutes behind.
fn kept(changes: Value) -> Value {
    with(with(db("x"), json!({ "backup_retention_period_days": 7, "latest_restorable_time": NOW_S - 300 })), changes)
}

fn automated(changes: Value) -> Value {
    let row = json!({
        "automated_backup_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("x"), "source_region": HOME,
        "status": "active", "earliest_time": ago(7, 0), "latest_time": NOW_S - 240
    });
    with(row, changes)
}

fn estate(changes: Value) -> Estate {
    Estate::new().has("rds_instances", [kept(changes)]).has("rds_automated_backups", [automated(json!({}))])
}

#[test]
fn what_runs_has_a_lag() {
    let (yes, open) = (json!(true), Value::Null);
    let in_state = |status: &str| Estate::new().has("rds_instances", [kept(json!({ "db_instance_status": status }))]);
    let slow = in_state("available").slowly();
    // why, estate, running, lag
    let cases = [
        ("available", in_state("available"), yes.clone(), json!(300)),
        ("being backed up", in_state("backing-up"), yes.clone(), json!(300)),
        ("its storage is full, which is why nothing is shipped", in_state("storage-full"), yes.clone(), json!(300)),
        ("a setting is being changed", in_state("configuring-log-exports"), yes.clone(), json!(300)),
        ("stopped: nothing to ship", in_state("stopped"), json!(false), open.clone()),
        ("a state that does not say whether it runs", in_state("incompatible-restore"), open.clone(), open.clone()),
        ("a state of tomorrow", in_state("dreaming"), open.clone(), open),
        ("read a while after the collection began: it lags that much more", slow, yes, json!(300 + "rds_instances".len())),
    ];
    for (why, estate, running, lag) in cases {
        let facts = estate.facts();
        let row = facts.row("pitr", &db_arn("x"));
        assert_eq!((&row["running"], &row["lag_s"]), (&running, &lag), "{why}");
    }
}

#[test]
fn how_far_restore_reaches_and_lags() {
    let (yes, no) = (json!(true), json!(false));
    let graph = with(
        cluster("graph"),
        json!({ "engine": "neptune", "earliest_restorable_time": ago(1, 0), "latest_restorable_time": NOW_S - 7_200 }),
    );
    let unread = estate(json!({})).denied("rds_automated_backups", None);
    let replica = Estate::new().has("rds_instances", [kept(json!({}))]).has_at(
        (ACCOUNT, AWAY),
        "rds_automated_backups",
        [automated(json!({ "automated_backup_arn": format!("arn:aws:rds:{AWAY}:{ACCOUNT}:auto-backup:ab-2") }))],
    );
    let gone =
        Estate::new().has("rds_instances", [kept(json!({}))]).has("rds_automated_backups", [automated(json!({ "status": "retained" }))]);
    // why, estate, subject, enabled, running, lag, reach
    let cases = [
        ("five minutes behind", estate(json!({})), db_arn("x"), &yes, yes.clone(), json!(300), json!(7 * DAY_S - 300)),
        (
            "off",
            estate(json!({ "backup_retention_period_days": 0, "latest_restorable_time": null })).without("rds_automated_backups"),
            db_arn("x"),
            &no,
            yes.clone(),
            Value::Null,
            Value::Null,
        ),
        (
            "stopped: its lag says nothing",
            estate(json!({ "db_instance_status": "stopped" })),
            db_arn("x"),
            &yes,
            no.clone(),
            Value::Null,
            json!(7 * DAY_S - 300),
        ),
        (
            "its state was not told",
            estate(json!({ "db_instance_status": null })),
            db_arn("x"),
            &yes,
            Value::Null,
            Value::Null,
            json!(7 * DAY_S - 300),
        ),
        (
            "the instance does not tell, its backups do",
            estate(json!({ "latest_restorable_time": null })),
            db_arn("x"),
            &yes,
            yes.clone(),
            json!(240),
            json!(7 * DAY_S - 240),
        ),
        ("automated backups unread: how far it reaches is not known", unread, db_arn("x"), &yes, yes.clone(), json!(300), Value::Null),
        ("a replica in another Region is another matter", replica, db_arn("x"), &yes, yes.clone(), json!(300), Value::Null),
        ("what is left of an earlier database of the name, too", gone, db_arn("x"), &yes, yes.clone(), json!(300), Value::Null),
        (
            "a cluster tells both ends itself",
            Estate::new().has("neptune_clusters", [graph]),
            cluster_arn("graph"),
            &yes,
            yes.clone(),
            json!(7_200),
            json!(DAY_S - 7_200),
        ),
        (
            "a cluster that tells nothing",
            Estate::new().has("rds_clusters", [cluster("shop")]),
            cluster_arn("shop"),
            &yes,
            yes.clone(),
            Value::Null,
            Value::Null,
        ),
    ];
    for (why, estate, subject, enabled, running, lag, reach) in cases {
        let facts = estate.facts();
        let row = facts.row("pitr", &subject);
        assert_eq!((&row["enabled"], &row["running"], &row["lag_s"], &row["reach_s"]), (enabled, &running, &lag, &reach), "{why}");
    }
}

#[test]
fn the_lag_is_that_of_the_collection_not_of_the_judgement() {
    let later = NOW_S + 3 * DAY_S;
    let facts = estate(json!({})).open().facts(Some(later), json!([]), Window { start_s: ago(30, 0), end_s: later }).unwrap();
    assert_eq!(facts.row("pitr", &db_arn("x"))["lag_s"], json!(300));
}

#[test]
fn a_window_that_began_anew() {
    let looked = |days: i64, earliest: i64| json!({ "earliest_time": ago(earliest, 0), "latest_time": ago(days, 0) - 300 });
    let two = |first: Value, second: Value| {
        let estate =
            Estate::default().collected(ago(7, 0)).has("rds_instances", [kept(json!({}))]).has("rds_automated_backups", [automated(first)]);
        estate.collected(NOW_S).has("rds_instances", [kept(json!({}))]).has("rds_automated_backups", [automated(second)])
    };
    let unread = || two(looked(7, 14), looked(0, 2)).failed_at((ACCOUNT, HOME), "rds_automated_backups", None, ReadStatus::Denied);
    let off = |first: Estate| {
        first.collected(NOW_S).has("rds_instances", [kept(json!({}))]).has("rds_automated_backups", [automated(looked(0, 2))])
    };
    let without = |changes: Value| off(Estate::default().collected(ago(7, 0)).has("rds_instances", [kept(changes)]));
    let blind = || {
        let first = Estate::default().collected(ago(7, 0)).has("rds_instances", [kept(json!({}))]);
        off(first.failed_at((ACCOUNT, HOME), "rds_automated_backups", None, ReadStatus::Denied))
    };
    let young = || {
        let first = Estate::default().collected(ago(7, 0)).failed_at((ACCOUNT, HOME), "rds_automated_backups", None, ReadStatus::Denied);
        let now = first.collected(NOW_S).has("rds_instances", [kept(json!({ "instance_create_time": ago(3, 0) }))]);
        now.has("rds_automated_backups", [automated(looked(0, 2))])
    };
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, shown before, unbroken
    let cases = [
        ("it went on", two(looked(7, 14), looked(0, 7)), &yes, &yes),
        ("it began two days ago", two(looked(7, 14), looked(0, 2)), &yes, &no),
        ("nobody looked before", estate(json!({})), &no, &open),
        ("there was none before", without(json!({ "backup_retention_period_days": 0 })), &no, &open),
        ("whether there was one before is not known", blind(), &open, &open),
        ("it is younger than the look that failed", young(), &no, &open),
        ("the newest look failed", unread(), &yes, &open),
    ];
    for (why, estate, shown, unbroken) in cases {
        let facts = estate.facts_with(json!([]), window());
        let row = facts.row("pitr", &db_arn("x"));
        assert_eq!((&row["shown_before"], &row["unbroken"]), (shown, unbroken), "{why}");
    }
}

fn table_arn(name: &str) -> String {
    format!("arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/{name}")
}

#[test]
fn a_table_tells_its_window_itself() {
    let at = |days: i64, earliest: i64, changes: Value| {
        let row = json!({
            "table_arn": table_arn("orders"), "table_name": "orders", "table_status": "ACTIVE", "creation_date_time": ago(90, 0),
            "point_in_time_recovery_status": "ENABLED", "recovery_period_days": 35,
            "earliest_restorable_date_time": ago(earliest, 0), "latest_restorable_date_time": ago(days, 0) - 300
        });
        with(row, changes)
    };
    let two = |earliest: i64, changes: Value| {
        Estate::default()
            .collected(ago(7, 0))
            .has("dynamodb_tables", [at(7, 42, json!({}))])
            .collected(NOW_S)
            .has("dynamodb_tables", [at(0, earliest, changes)])
    };
    let off = json!({
        "point_in_time_recovery_status": "DISABLED", "recovery_period_days": null, "earliest_restorable_date_time": null,
        "latest_restorable_date_time": null
    });
    let untold = json!({
        "point_in_time_recovery_status": null, "recovery_period_days": null, "earliest_restorable_date_time": null,
        "latest_restorable_date_time": null
    });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, enabled, running, lag, shown before, unbroken
    let cases = [
        ("five minutes behind, and it went on", two(35, json!({})), &yes, &yes, json!(300), &yes, &yes),
        ("switched off and on again three days ago", two(3, json!({})), &yes, &yes, json!(300), &yes, &no),
        ("two hours behind", two(35, json!({ "latest_restorable_date_time": NOW_S - 7_200 })), &yes, &yes, json!(7_200), &yes, &yes),
        ("off", two(3, off), &no, &yes, open.clone(), &yes, &open),
        ("its recovery could not be read", two(3, untold), &open, &yes, open.clone(), &yes, &open),
        ("being deleted", two(35, json!({ "table_status": "DELETING" })), &yes, &no, open.clone(), &yes, &yes),
        ("archived, for want of its key", two(35, json!({ "table_status": "ARCHIVED" })), &yes, &no, open.clone(), &yes, &yes),
    ];
    for (why, estate, enabled, running, lag, shown, unbroken) in cases {
        let facts = estate.facts_with(json!([]), window());
        let row = facts.row("pitr", &table_arn("orders"));
        let told = (&row["enabled"], &row["running"], &row["lag_s"], &row["shown_before"], &row["unbroken"]);
        assert_eq!(told, (enabled, running, &lag, shown, unbroken), "{why}");
    }
}
