//! The newest recovery point as AWS measures it.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

const FAR: Place = (ACCOUNT, AWAY);

fn estate(points: Vec<Value>) -> Estate {
    Estate::new()
        .has("backup_vaults", [vault((ACCOUNT, HOME), "main"), vault((ACCOUNT, HOME), "second")])
        .has("rds_instances", [db("x")])
        .has("recovery_points", points)
}

#[test]
fn the_newest_point() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let at = |days: i64, changes: Value| with(point("x", days, ago(days, 0)), changes);
    let second = vault_arn((ACCOUNT, HOME), "second");
    let unread = |estate: Estate| estate.failed_at((ACCOUNT, HOME), "recovery_points", Some(&second), ReadStatus::Denied);
    let continuous = |days: i64| {
        at(days, json!({ "recovery_point_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "status": "AVAILABLE" }))
    };
    let restorable = |estate: Estate| {
        estate.without("rds_instances").has("rds_instances", [with(db("x"), json!({ "latest_restorable_time": NOW_S - 300 }))])
    };
    let copied = estate(vec![at(3, json!({}))]).has_at(FAR, "backup_vaults", [vault(FAR, "far")]).has_at(
        FAR,
        "recovery_points",
        [copied_point("x", 1, ago(1, 0), FAR)],
    );
    // why, estate, has one, its age, newer
    let cases = [
        ("a day ago", estate(vec![at(5, json!({})), at(1, json!({}))]), &yes, json!(DAY_S), &no),
        ("none", estate(vec![]), &no, Value::Null, &no),
        (
            "one is being made",
            estate(vec![at(2, json!({})), at(0, json!({ "status": "CREATING", "creation_date": ago(0, 1) }))]),
            &yes,
            json!(2 * DAY_S),
            &no,
        ),
        (
            "one could not be deleted, and is no longer used",
            estate(vec![at(2, json!({})), at(1, json!({ "status": "EXPIRED" }))]),
            &yes,
            json!(2 * DAY_S),
            &no,
        ),
        ("the shell of a composite", estate(vec![at(2, json!({})), at(1, json!({ "is_parent": true }))]), &yes, json!(2 * DAY_S), &no),
        ("a vault unread, and one seen", unread(estate(vec![at(1, json!({}))])), &yes, json!(DAY_S), &open),
        ("a vault unread, and none seen", unread(estate(vec![])), &open, Value::Null, &open),
        ("a copy elsewhere is not AWS's measure", copied, &yes, json!(3 * DAY_S), &no),
        (
            "a vault elsewhere unread does not matter",
            estate(vec![at(1, json!({}))]).failed_at(FAR, "backup_vaults", None, ReadStatus::Denied),
            &yes,
            json!(DAY_S),
            &no,
        ),
        ("continuous: as fresh as the service says", restorable(estate(vec![continuous(90)])), &yes, json!(300), &no),
        ("continuous, and the service does not say", estate(vec![continuous(90), at(1, json!({}))]), &yes, json!(DAY_S), &open),
        ("its time was not told", estate(vec![at(1, json!({ "creation_date": null }))]), &yes, Value::Null, &open),
    ];
    for (why, estate, has, age, newer) in cases {
        let facts = estate.facts();
        let row = facts.row("newest_points", &db_arn("x"));
        assert_eq!((&row["has_point"], &row["point_age_s"], &row["newer_point"]), (has, &age, newer), "{why}");
    }
}

#[test]
fn whether_continuous_backups_go_on() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let continuous = |name: &str, status: Value| {
        let arn = format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:{name}");
        with(point("x", 9, ago(90, 0)), json!({ "recovery_point_arn": arn, "status": status }))
    };
    let second = vault_arn((ACCOUNT, HOME), "second");
    let unread = |estate: Estate| estate.failed_at((ACCOUNT, HOME), "recovery_points", Some(&second), ReadStatus::Denied);
    // why, estate, whether it has any, whether one goes on
    let cases = [
        ("going on", estate(vec![continuous("ab-1", json!("AVAILABLE"))]), &yes, &yes),
        ("stopped", estate(vec![continuous("ab-1", json!("STOPPED"))]), &yes, &no),
        ("it could not be deleted, and no longer goes on", estate(vec![continuous("ab-1", json!("EXPIRED"))]), &yes, &no),
        ("begun again", estate(vec![continuous("ab-1", json!("STOPPED")), continuous("ab-2", json!("AVAILABLE"))]), &yes, &yes),
        ("stopped, and another vault unread", unread(estate(vec![continuous("ab-1", json!("STOPPED"))])), &yes, &open),
        ("going on, and another vault unread", unread(estate(vec![continuous("ab-1", json!("AVAILABLE"))])), &yes, &yes),
        ("its state was not told", estate(vec![continuous("ab-1", Value::Null)]), &yes, &open),
        (
            "a word of tomorrow beside one that stopped",
            estate(vec![continuous("ab-1", json!("RESTING")), continuous("ab-2", json!("STOPPED"))]),
            &yes,
            &open,
        ),
        ("snapshots only", estate(vec![point("x", 1, ago(1, 0))]), &no, &open),
        ("none, and a vault unread", unread(estate(vec![])), &open, &open),
    ];
    for (why, estate, has, goes_on) in cases {
        let facts = estate.facts();
        let row = facts.row("newest_points", &db_arn("x"));
        assert_eq!((&row["continuous"], &row["continuous_goes_on"]), (has, goes_on), "{why}: {row:?}");
    }
}

#[test]
fn who_asks_for_points() {
    let window = Window { start_s: ago(30, 0), end_s: NOW_S };
    let cases = [
        ("nobody wrote an objective", json!([]), json!(false)),
        ("one that counts them", json!([{ "id": "all" }]), json!(true)),
        ("one that does not", json!([{ "id": "native", "mechanisms": ["native_pitr"] }]), json!(false)),
        ("one by a tag that was not told", json!([{ "id": "gold", "match": { "tags": { "tier": "gold" } } }]), Value::Null),
    ];
    for (why, objectives, asked) in cases {
        let estate = Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": null }))]);
        assert_eq!(estate.facts_with(objectives, window).row("newest_points", &db_arn("x"))["asked"], asked, "{why}");
    }
}

#[test]
fn who_is_asked() {
    let window = Window { start_s: ago(30, 0), end_s: NOW_S };
    let young = Estate::new().has("rds_instances", [with(db("x"), json!({ "instance_create_time": ago(0, 2) }))]);
    let natively = json!([{ "id": "native", "mechanisms": ["native_pitr"] }]);
    let by_tag = json!([{ "id": "native", "match": { "tags": { "a": "b" } }, "mechanisms": ["native_pitr"] }]);
    let untagged = Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": null }))]);
    // why, estate, objectives, counted, age of the resource
    let cases = [
        ("the default counts every mechanism", young, json!([]), json!(true), json!(2 * HOUR_S)),
        ("its own backups are enough", estate(vec![]), natively, json!(false), json!(100 * DAY_S)),
        ("tags unread", untagged, by_tag, Value::Null, json!(100 * DAY_S)),
    ];
    for (why, estate, objectives, counted, age) in cases {
        let facts = estate.facts_with(objectives, window);
        let row = facts.row("newest_points", &db_arn("x"));
        assert_eq!((&row["counted"], &row["resource_age_s"]), (&counted, &age), "{why}");
    }
}
