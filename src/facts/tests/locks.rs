//! Locks of vaults, points in locked vaults, and plans against locks.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;

const FAR: Place = (ACCOUNT, AWAY);
const FOREIGN: Place = (OTHER_ACCOUNT, AWAY);

fn locked_vault(place: Place, name: &str, changes: Value) -> Value {
    with(with(vault(place, name), json!({ "vault_type": "BACKUP_VAULT", "locked": true })), changes)
}

#[test]
fn locks_of_vaults() {
    let at = |day: i64| json!({ "lock_date": ago(-day, 0) });
    let gapped = json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "locked": null });
    // why, changes, locked, mode, floor
    let cases = [
        ("none", json!({ "locked": false }), json!(false), json!("none"), json!(false)),
        ("governance", json!({ "min_retention_days": 7 }), json!(true), json!("governance"), json!(true)),
        ("it can be lifted until tomorrow", at(1), json!(true), json!("grace"), json!(false)),
        ("nobody can lift it since yesterday", at(-1), json!(true), json!("immutable"), json!(false)),
        ("air-gapped", gapped, json!(true), json!("immutable"), json!(true)),
        ("not told", json!({ "locked": null }), Value::Null, Value::Null, Value::Null),
    ];
    for (why, changes, locked, mode, floor) in cases {
        let facts = Estate::new().has("backup_vaults", [locked_vault((ACCOUNT, HOME), "main", changes)]).facts();
        let row = facts.row("vault_locks", &home_vault());
        assert_eq!((&row["locked"], &row["lock_mode"], &row["has_floor"]), (&locked, &mode, &floor), "{why}");
    }
}

/// A database with a point in a vault that is locked or not, and a second vault far away.
fn kept_in(changes: Value, point_changes: Value) -> Estate {
    Estate::new()
        .has("backup_vaults", [locked_vault((ACCOUNT, HOME), "main", changes)])
        .has_at(FAR, "backup_vaults", [locked_vault(FAR, "far", json!({ "lock_date": ago(1, 0) }))])
        .has("rds_instances", [db("x")])
        .has("recovery_points", [with(point("x", 1, ago(1, 0)), point_changes)])
}

#[test]
fn points_in_locked_vaults() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let free = || kept_in(json!({ "locked": false }), json!({}));
    let locked = |point: Value| kept_in(json!({}), point);
    let denied_far = |estate: Estate| estate.failed_at(FAR, "recovery_points", Some(&vault_arn(FAR, "far")), ReadStatus::Denied);
    let without_age =
        |estate: Estate| estate.without("rds_instances").has("rds_instances", [with(db("x"), json!({ "instance_create_time": null }))]);
    // why, estate, in a locked vault, mode
    let cases = [
        ("in governance mode", locked(json!({})), &yes, json!("governance")),
        ("not locked", free(), &no, open.clone()),
        ("whether it is locked was not told", kept_in(json!({ "locked": null }), json!({})), &open, open.clone()),
        ("no point yet", free().without("recovery_points"), &no, open.clone()),
        ("still being made", locked(json!({ "status": "CREATING" })), &no, open.clone()),
        ("waits for its copy to an air-gapped vault", locked(json!({ "delete_after_event": "DELETE_AFTER_COPY" })), &no, open.clone()),
        ("of an earlier database of that name", locked(json!({ "creation_date": ago(101, 0) })), &no, open.clone()),
        ("when the database was made is not told", without_age(locked(json!({}))), &open, open.clone()),
        (
            "a copy under a lock for good",
            free().has_at(FAR, "recovery_points", [copied_point("x", 1, ago(1, 0), FAR)]),
            &yes,
            json!("immutable"),
        ),
        ("a vault far away is unread", denied_far(free()), &open, open.clone()),
        ("a vault far away is unread, this one is locked", denied_far(locked(json!({}))), &yes, json!("governance")),
        ("a copy went where nobody looks", free().has("copy_jobs", [copy_job("x", 1, ago(1, 0), FOREIGN)]), &open, open.clone()),
        ("copy jobs unread: one may have", free().denied("copy_jobs", None), &open, open.clone()),
    ];
    for (why, estate, in_locked, mode) in cases {
        let facts = estate.facts();
        let row = facts.row("locked_points", &db_arn("x"));
        assert_eq!((&row["in_locked_vault"], &row["lock_mode"]), (in_locked, &mode), "{why}");
    }
}

#[test]
fn the_strongest_lock_is_shown() {
    let facts = kept_in(json!({}), json!({})).has_at(FAR, "recovery_points", [copied_point("x", 1, ago(1, 0), FAR)]).facts();
    let row = facts.row("locked_points", &db_arn("x"));
    assert_eq!(
        (&row["lock_mode"], &row["points_count"], &row["backup_vault_arn"]),
        (&json!("immutable"), &json!(2), &json!(vault_arn(FAR, "far")))
    );
}

/// A plan whose rule writes to a vault with a lock, keeping what it writes so long.
fn writing(lock: Value, rule_changes: Value) -> Estate {
    Estate::new()
        .has("backup_vaults", [locked_vault((ACCOUNT, HOME), "main", lock)])
        .has("backup_plans", [plan("core")])
        .has("plan_rules", [with(rule("core"), rule_changes)])
}

#[test]
fn rules_against_the_lock_of_their_vault() {
    let week_to_year = || json!({ "min_retention_days": 7, "max_retention_days": 365 });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, lets it in
    let cases = [
        ("within", writing(week_to_year(), json!({})), &yes),
        ("too short", writing(week_to_year(), json!({ "delete_after_days": 6 })), &no),
        ("for ever", writing(week_to_year(), json!({ "delete_after_days": null })), &no),
        (
            "continuous, and a shortest retention of more than 35 days",
            writing(json!({ "min_retention_days": 36 }), json!({ "enable_continuous_backup": true })),
            &no,
        ),
        ("not locked", writing(json!({ "locked": false, "min_retention_days": 90 }), json!({})), &yes),
        ("not told", writing(json!({ "locked": null }), json!({})), &open),
        ("vaults unread", writing(week_to_year(), json!({})).denied("backup_vaults", None), &open),
        ("no such vault", writing(week_to_year(), json!({ "target_backup_vault_name": "gone" })), &open),
    ];
    for (why, estate, within) in cases {
        let facts = estate.facts();
        let row = facts.row("lock_conflicts", &plan_arn("core"));
        assert_eq!(&row["within_lock"], within, "{why}");
        assert_eq!(row["problem"].is_null(), *within == yes, "{why}");
    }
}

#[test]
fn copies_against_the_lock_of_their_vault() {
    let lock = json!({ "min_retention_days": 30, "max_retention_days": 60 });
    let copying = |to: Place, days: Value| {
        let copy = json!({
            "backup_plan_arn": plan_arn("core"), "rule_id": "core-rule", "destination_backup_vault_arn": vault_arn(to, "far"), "delete_after_days": days
        });
        writing(json!({ "locked": false }), json!({}))
            .has_at(FAR, "backup_vaults", [locked_vault(FAR, "far", lock.clone())])
            .has("plan_copies", [copy])
    };
    let air_gapped = |range: Value| {
        let arn = vault_arn((ACCOUNT, HOME), "gapped");
        let gapped = with(with(vault((ACCOUNT, HOME), "gapped"), json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" })), range);
        writing(json!({ "locked": false }), json!({ "target_logically_air_gapped_backup_vault_arn": arn })).has("backup_vaults", [gapped])
    };
    // why, estate, days kept, lets it in
    let cases = [
        ("its own days", copying(FAR, json!(45)), json!(45), json!(true)),
        ("its own days, too many", copying(FAR, json!(61)), json!(61), json!(false)),
        ("none: as long as the source", copying(FAR, Value::Null), json!(35), json!(true)),
        ("-1: as long as the source", copying(FAR, json!(-1)), json!(35), json!(true)),
        ("an account outside the scope", copying(FOREIGN, json!(45)), json!(45), Value::Null),
        (
            "written to an air-gapped vault as well",
            air_gapped(json!({ "min_retention_days": 40, "max_retention_days": 90 })),
            json!(35),
            json!(false),
        ),
        ("the same, and its longest was not told", air_gapped(json!({ "min_retention_days": 40 })), json!(35), json!(false)),
        ("it lets it in", air_gapped(json!({ "min_retention_days": 35, "max_retention_days": 90 })), json!(35), json!(true)),
        (
            "every air-gapped vault has a shortest, and it was not told",
            air_gapped(json!({ "max_retention_days": 90 })),
            json!(35),
            Value::Null,
        ),
    ];
    for (why, estate, days, within) in cases {
        let facts = estate.facts();
        let rows = facts.rows("lock_conflicts", &plan_arn("core"));
        let other = rows.iter().find(|row| row["target_vault_arn"] != json!(home_vault())).unwrap();
        assert_eq!((&other["retention_days"], &other["within_lock"]), (&days, &within), "{why}");
        assert_eq!(rows.len(), 2, "{why}");
    }
}
