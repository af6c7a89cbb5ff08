//! Exposure of whole estates: what is proven, what is not, and what nobody looked at.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;
use crate::model::key::resource_key;
use crate::model::moment::{DAY_S, HOUR_S};

const FAR: Place = (ACCOUNT, AWAY);

/// The last twenty days, for which the observed thirty are evidence enough.
fn window() -> Window {
    Window { start_s: ago(20, 0), end_s: NOW_S }
}

/// An RPO of 24 hours with two more.
fn gold() -> Value {
    json!([{ "id": "gold", "rpo": "24h", "tolerance": "2h", "approved_by": "a" }])
}

/// The same, in another Region too.
fn two_sites() -> Value {
    json!([{ "id": "gold", "rpo": "24h", "rpo_other_region": "24h", "tolerance": "4h" }])
}

fn kept() -> Estate {
    kept_daily(Estate::new(), "x", 40)
}

/// Daily backups but for the days five and six days ago.
fn missed() -> Estate {
    let days = || daily(40).filter(|(number, _)| ![5, 6].contains(number));
    kept()
        .without("recovery_points")
        .without("backup_jobs")
        .has("recovery_points", days().map(|(number, begun_s)| point("x", number, begun_s)))
        .has("backup_jobs", days().filter(|(number, _)| *number < 30).map(|(number, begun_s)| job("x", number, begun_s)))
}

/// Never backed up.
fn bare() -> Estate {
    Estate::new().has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("rds_instances", [db("x")])
}

#[test]
fn failures_need_proof_of_absence_and_successes_do_not() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let main = home_vault();
    let main = main.as_str();
    let far = || missed().has_at(FAR, "backup_vaults", [vault(FAR, "far")]);
    let far_vault = vault_arn(FAR, "far");
    // why, estate, within the limit, fresh
    let cases = [
        ("daily", kept(), &yes, &yes),
        ("two days missed", missed(), &no, &yes),
        ("never", bare(), &no, &no),
        ("jobs unread: what is proven stays", kept().denied("backup_jobs", None), &yes, &yes),
        ("jobs unread: what is missing may have been there", missed().denied("backup_jobs", None), &open, &yes),
        ("jobs unread, never seen", bare().denied("backup_jobs", None), &open, &open),
        (
            "a vault of the account unread: it may hold them",
            far().failed_at(FAR, "recovery_points", Some(&far_vault), ReadStatus::Denied),
            &open,
            &yes,
        ),
        (
            "the same, and every day proven elsewhere",
            kept().has_at(FAR, "backup_vaults", [vault(FAR, "far")]).failed_at(
                FAR,
                "recovery_points",
                Some(&far_vault),
                ReadStatus::Denied,
            ),
            &yes,
            &yes,
        ),
        (
            "its vault unread: jobs prove that points were made, not that they last",
            kept().denied("recovery_points", Some(main)),
            &open,
            &open,
        ),
        ("vaults not listed", missed().denied("backup_vaults", None), &open, &open),
        ("snapshots unread", bare().denied("rds_snapshots", None), &open, &open),
        ("automated backups unread", bare().denied("rds_automated_backups", None), &open, &open),
        (
            "automated backups of another Region unread",
            bare().failed_at(FAR, "rds_automated_backups", None, ReadStatus::Denied),
            &open,
            &open,
        ),
        ("settings do not matter", missed().denied("region_settings", None), &no, &yes),
        (
            "creation not told: whose points are these?",
            kept().without("rds_instances").has("rds_instances", [with(db("x"), json!({ "instance_create_time": null }))]),
            &open,
            &open,
        ),
    ];
    for (why, estate, within, fresh) in cases {
        let facts = estate.facts_with(gold(), window());
        let row = facts.exposure(&db_arn("x"), "any");
        assert_eq!((&row["within_limit"], &row["fresh"]), (within, fresh), "{why}: {row:?}");
    }
}

#[test]
fn what_was_deleted_since_the_last_look_is_gone_now() {
    let estate = kept_daily(Estate::default().collected(ago(1, 0)), "x", 40)
        .collected_again(NOW_S)
        .without("recovery_points")
        .without("backup_jobs");
    let facts = estate.facts_with(gold(), window());
    let row = facts.exposure(&db_arn("x"), "any");
    // Everything may have been there until a second ago, so nothing is proven of the time before; now the database has nothing.
    assert_eq!((&row["within_limit"], &row["fresh"]), (&Value::Null, &json!(false)), "{row:?}");
    // An older point that no job list names any more could only have been from before the thirty days that the earlier collection observed.
    assert_eq!((&row["age_s"], &row["least_age_s"]), (&Value::Null, &json!(31 * DAY_S)), "{row:?}");
}

#[test]
fn lists_that_are_not_read_in_the_same_second_still_prove_what_is_gone() {
    // The newest point is deleted; its job still names it. Jobs and copy jobs are listed seconds apart, thirty days back from then.
    let before = kept_daily(Estate::default().collected(ago(0, 1)).slowly(), "x", 40);
    let left = daily(40).filter(|(number, _)| *number != 1).map(|(number, begun_s)| point("x", number, begun_s));
    let after = before.collected_again(NOW_S).without("recovery_points").has("recovery_points", left);
    let facts = after.facts_with(gold(), window());
    let row = facts.exposure(&db_arn("x"), "any");
    assert_eq!((&row["fresh"], &row["age_s"]), (&json!(false), &json!(43 * HOUR_S)), "{row:?}");
}

#[test]
fn snapshots_unread_matter_only_to_who_accepts_them() {
    let points_only = json!([{ "id": "gold", "rpo": "24h", "mechanisms": ["backup_point"] }]);
    let facts = bare().denied("rds_snapshots", None).denied("rds_automated_backups", None).facts_with(points_only, window());
    assert_eq!(facts.exposure(&db_arn("x"), "any")["within_limit"], json!(false));
}

#[test]
fn what_was_kept_from_before_the_jobs_begin_is_not_taken_for_missing() {
    // Points live seven days: at the beginning of the thirty observed days only points served that nobody can name any more.
    let short = kept()
        .without("recovery_points")
        .without("backup_jobs")
        .has(
            "recovery_points",
            daily(7).map(|(number, begun_s)| {
                with(point("x", number, begun_s), json!({ "delete_after_days": 7, "delete_at": begun_s + 7 * DAY_S }))
            }),
        )
        .has("backup_jobs", daily(30).map(|(number, begun_s)| with(job("x", number, begun_s), json!({ "delete_after_days": 7 }))));
    let within = |estate: &Estate, days: i64| {
        let facts = estate.facts_with(gold(), Window { start_s: ago(days, 0), end_s: NOW_S });
        facts.exposure(&db_arn("x"), "any")["within_limit"].clone()
    };
    assert_eq!(within(&short, 30), Value::Null, "the first hours are not known");
    assert_eq!(within(&short, 28), json!(true), "after the first backup that was seen they are");
    assert_eq!(within(&bare(), 30), json!(false), "a day after the beginning, absence is proven");
}

#[test]
fn the_numbers_of_a_daily_backup() {
    let facts = kept().facts_with(gold(), window());
    let row = facts.exposure(&db_arn("x"), "any");
    let expected = [
        ("achieved_rpo_s", json!(25 * HOUR_S)), // a day and the hour the backup takes
        ("within_rpo", json!(false)),
        ("compliant_s", json!(20 * DAY_S)),
        ("violated_s", json!(0)),
        ("unknown_s", json!(0)),
        ("newest_data_s", json!(ago(1, -5))),
        ("age_s", json!(19 * HOUR_S)),
        ("limit_s", json!(26 * HOUR_S)),
        ("points_count", json!(40)),
    ];
    for (column, value) in expected {
        assert_eq!(row[column], value, "{column}");
    }
}

/// `kept`, with a copy of each point in another Region three hours after its begin.
fn copied() -> Estate {
    kept()
        .has_at(FAR, "backup_vaults", [vault(FAR, "far")])
        .has("copy_jobs", daily(29).map(|(number, begun_s)| copy_job("x", number, begun_s, FAR)))
        .has_at(FAR, "recovery_points", daily(40).map(|(number, begun_s)| copied_point("x", number, begun_s, FAR)))
}

#[test]
fn the_loss_of_a_region() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let foreign = (OTHER_ACCOUNT, AWAY);
    let far = vault_arn(FAR, "far");
    let replicated = json!({
        "automated_backup_arn": format!("arn:aws:rds:{AWAY}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("x"), "source_region": HOME,
        "resource_key": resource_key(&db_arn("x")), "status": "active", "earliest_time": ago(25, 0), "latest_time": NOW_S - 300
    });
    // why, estate, within the limit
    let cases = [
        ("copies each day", copied(), &yes),
        ("only at home", kept(), &no),
        ("copy jobs unread: when copies were done is not told", copied().denied("copy_jobs", None), &open),
        ("copy jobs unread, and none is there", kept().denied("copy_jobs", None), &open),
        ("the far vault unread", copied().failed_at(FAR, "recovery_points", Some(&far), ReadStatus::Denied), &open),
        ("automated backups replicated", kept().has_at(FAR, "rds_automated_backups", [replicated]), &yes),
        ("point-in-time restore at home does not help", kept().has("rds_automated_backups", [automated(25)]), &no),
        (
            "copies to an account that nobody looks into",
            kept().has("copy_jobs", daily(29).map(|(n, s)| copy_job("x", n, s, foreign))),
            &open,
        ),
        (
            "copies came and went",
            copied().without("recovery_points").has("recovery_points", daily(40).map(|(n, s)| point("x", n, s))),
            &open,
        ),
        (
            "copies that take a day",
            copied().without("copy_jobs").has(
                "copy_jobs",
                daily(29).map(|(number, begun_s)| with(copy_job("x", number, begun_s, FAR), json!({ "completion_date": begun_s + DAY_S }))),
            ),
            &no,
        ),
    ];
    for (why, estate, within) in cases {
        let facts = estate.facts_with(two_sites(), window());
        let row = facts.exposure(&db_arn("x"), "other_region");
        assert_eq!((&row["rpo_owed"], &row["within_limit"]), (&yes, within), "{why}: {row:?}");
    }
}

const SAFE: Place = (OTHER_ACCOUNT, AWAY);

/// `kept`, with a copy of each point in a vault of another account three hours after its begin.
fn copied_away(changes: Value) -> Estate {
    kept()
        .with_other_account()
        .has_at(SAFE, "backup_vaults", [with(with(vault(SAFE, "far"), json!({ "vault_type": "BACKUP_VAULT", "locked": false })), changes)])
        .has("copy_jobs", daily(29).map(|(number, begun_s)| copy_job("x", number, begun_s, SAFE)))
        .has_at(SAFE, "recovery_points", daily(40).map(|(number, begun_s)| copied_point("x", number, begun_s, SAFE)))
}

#[test]
fn the_loss_of_an_account() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let far = vault_arn(SAFE, "far");
    let asked = json!([{ "id": "gold", "rpo": "24h", "rpo_other_account": "24h", "tolerance": "4h" }]);
    let away = || copied_away(json!({}));
    let alone = || kept().with_other_account();
    // why, estate, within the limit
    let cases = [
        ("copies each day", away(), &yes),
        ("only at home", alone(), &no),
        ("only in another Region", copied().with_other_account(), &no),
        ("only a view of a vault of its own", copied_away(json!({ "vault_type": "RESTORE_ACCESS_BACKUP_VAULT" })), &no),
        ("what kind of vault it is was not told", copied_away(json!({ "vault_type": null })), &open),
        ("the vault over there unread", away().failed_at(SAFE, "recovery_points", Some(&far), ReadStatus::Denied), &open),
        ("the vaults over there unread", away().failed_at(SAFE, "backup_vaults", None, ReadStatus::Denied), &open),
        (
            "copy jobs over there unread: one may have been copied again",
            alone().failed_at(SAFE, "copy_jobs", None, ReadStatus::Denied),
            &open,
        ),
        ("an account that nobody looks into", kept().has("copy_jobs", daily(29).map(|(n, s)| copy_job("x", n, s, SAFE))), &open),
        ("point-in-time restore at home does not help", alone().has("rds_automated_backups", [automated(25)]), &no),
    ];
    for (why, estate, within) in cases {
        let facts = estate.facts_with(asked.clone(), window());
        let row = facts.exposure(&db_arn("x"), "other_account");
        assert_eq!((&row["rpo_owed"], &row["within_limit"]), (&yes, within), "{why}: {row:?}");
    }
}

#[test]
fn what_is_left_behind_locks() {
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    let asked = json!([{ "id": "gold", "rpo": "24h", "rpo_locked": "24h", "tolerance": "4h" }]);
    let main = |changes: Value| {
        let row = with(vault((ACCOUNT, HOME), "main"), json!({ "vault_type": "BACKUP_VAULT", "locked": false }));
        kept().without("backup_vaults").has("backup_vaults", [with(row, changes)])
    };
    let gap = json!({ "vault_type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" });
    let locked = |days: i64| main(json!({ "locked": true, "lock_date": ago(days, 0) }));
    // why, estate, within the limit
    let cases = [
        ("not locked", main(json!({})), &no),
        ("locked for good since long before", locked(60), &yes),
        ("locked for good since ten days, of twenty", locked(10), &no),
        ("it can still be lifted, for a day", locked(-1), &no),
        ("whoever may can lift it", main(json!({ "locked": true })), &no),
        ("whether it is locked was not told", main(json!({ "locked": null })), &open),
        ("air-gapped", main(gap.clone()), &yes),
        ("copied into an air-gapped vault of another account", copied_away(gap), &yes),
        ("copied into one that is not locked, and that at home does not tell", copied_away(json!({})), &open),
        ("backup jobs unread: what is proven stays", locked(60).denied("backup_jobs", None), &yes),
        ("backup jobs unread, and nothing is locked", main(json!({})).denied("backup_jobs", None), &open),
        ("copy jobs unread, and nothing is locked", main(json!({})).denied("copy_jobs", None), &open),
        ("point-in-time restore is behind no lock", main(json!({})).has("rds_automated_backups", [automated(25)]), &no),
    ];
    for (why, estate, within) in cases {
        let facts = estate.facts_with(asked.clone(), window());
        let row = facts.exposure(&db_arn("x"), "locked");
        assert_eq!((&row["rpo_owed"], &row["within_limit"]), (&yes, within), "{why}: {row:?}");
    }
    let facts = locked(10)
        .facts_with(json!([{ "id": "gold", "rpo_locked": "24h", "tolerance": "4h" }]), Window { start_s: ago(8, 0), end_s: NOW_S });
    assert_eq!(facts.exposure(&db_arn("x"), "locked")["within_limit"], yes, "a window that begins after the lock");
}

#[test]
fn what_nobody_asks_for_is_not_measured() {
    let asked = json!([
        { "id": "gold", "match": { "arns": [db_arn("x")] }, "rpo": "24h", "rpo_locked": "24h" }, { "id": "rest", "rpo": "24h" }
    ]);
    let facts = kept_daily(kept(), "y", 40).facts_with(asked.clone(), window());
    let scenarios = |facts: &Facts| facts.rows("exposure", &db_arn("y")).iter().map(|row| row["scenario"].clone()).collect::<Vec<_>>();
    assert_eq!(scenarios(&facts), [json!("any"), json!("locked"), json!("other_region")]);
    let row = facts.exposure(&db_arn("y"), "locked");
    assert_eq!((&row["rpo_owed"], &row["within_limit"], &row["upper_rpo_s"]), (&json!(false), &Value::Null, &Value::Null));
    let facts = kept_daily(kept(), "y", 40).facts_with(gold(), window());
    assert_eq!(scenarios(&facts), [json!("any"), json!("other_region")], "no objective asks for more");
}

#[test]
fn each_scenario_has_an_rpo_of_its_own() {
    let own = json!([{
        "id": "gold", "rpo": "24h", "rpo_other_region": "48h", "rpo_other_account": "72h", "rpo_locked": "96h", "tolerance": "2h"
    }]);
    // why, objectives, scenario, owed, limit
    let cases = [
        ("any point", own.clone(), "any", json!(true), json!(26 * HOUR_S)),
        ("the loss of the account", own.clone(), "other_account", json!(true), json!(74 * HOUR_S)),
        ("what is locked for good", own.clone(), "locked", json!(true), json!(98 * HOUR_S)),
        ("the loss of the Region", own, "other_region", json!(true), json!(50 * HOUR_S)),
        ("which nobody asks about", gold(), "other_region", json!(false), Value::Null),
        (
            "a copy may be owed without an RPO for it",
            json!([{ "id": "copy", "copy_to_other_region": true }]),
            "other_region",
            json!(false),
            Value::Null,
        ),
    ];
    for (why, objectives, scenario, owed, limit) in cases {
        let facts = bare().facts_with(objectives, window());
        let row = facts.exposure(&db_arn("x"), scenario);
        assert_eq!((&row["rpo_owed"], &row["limit_s"]), (&owed, &limit), "{why}");
    }
}

#[test]
fn a_scenario_counts_from_when_it_is_asked_for() {
    let late = json!([{ "id": "gold", "rpo": "24h", "rpo_other_region": "24h", "tolerance": "4h", "valid_from": "2026-11-10" }]);
    let copied_lately = kept()
        .has_at(FAR, "backup_vaults", [vault(FAR, "far")])
        .has("copy_jobs", daily(13).map(|(number, begun_s)| copy_job("x", number, begun_s, FAR)))
        .has_at(FAR, "recovery_points", daily(13).map(|(number, begun_s)| copied_point("x", number, begun_s, FAR)));
    let facts = copied_lately.facts_with(late, window());
    assert_eq!(facts.exposure(&db_arn("x"), "other_region")["within_limit"], json!(true), "nobody asked before");
    let facts = copied_lately.facts_with(two_sites(), window());
    assert_eq!(facts.exposure(&db_arn("x"), "other_region")["within_limit"], json!(false), "asked for all the time");
}

/// A look at an automated backup that reaches back so many days.
fn automated(days: i64) -> Value {
    json!({
        "automated_backup_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:auto-backup:ab-1"), "source_arn": db_arn("x"), "source_region": HOME,
        "resource_key": resource_key(&db_arn("x")), "status": "active", "earliest_time": ago(days, 0), "latest_time": NOW_S - 300
    })
}

#[test]
fn point_in_time_restore_between_collections() {
    let earlier = |days: i64, until: i64| with(automated(0), json!({ "earliest_time": ago(days, 0), "latest_time": ago(until, 0) - 300 }));
    let two = |first: Vec<Value>, second: Vec<Value>| {
        let estate = Estate::default().collected(ago(10, 0)).has("rds_instances", [db("x")]).has("rds_automated_backups", first);
        estate.collected(NOW_S).has("rds_instances", [db("x")]).has("rds_automated_backups", second)
    };
    let day = json!([{ "id": "gold", "rpo": "1h" }]);
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, within the limit, fresh
    let cases = [
        ("on at both ends, and the later window reaches back", two(vec![earlier(25, 10)], vec![automated(12)]), &yes, &yes),
        ("one window is enough", two(vec![], vec![automated(25)]), &yes, &yes),
        ("the window began anew between them", two(vec![earlier(25, 10)], vec![automated(4)]), &open, &yes),
        (
            "on only lately: before that nobody knows",
            Estate::new().has("rds_instances", [db("x")]).has("rds_automated_backups", [automated(4)]),
            &open,
            &yes,
        ),
        ("switched off between them: when is not known, now it is off", two(vec![earlier(25, 10)], vec![]), &open, &no),
        ("its span not told", two(vec![], vec![with(automated(25), json!({ "earliest_time": null }))]), &open, &open),
        ("stuck for two hours", two(vec![], vec![with(automated(25), json!({ "latest_time": NOW_S - 2 * HOUR_S }))]), &no, &no),
        ("never on", two(vec![], vec![]), &no, &no),
    ];
    for (why, estate, within, fresh) in cases {
        let facts = estate.facts_with(day.clone(), window());
        let row = facts.exposure(&db_arn("x"), "any");
        assert_eq!((&row["within_limit"], &row["fresh"]), (within, fresh), "{why}: {row:?}");
    }
}

#[test]
fn clusters_tell_their_own_restore_window() {
    let graph = with(
        cluster("graph"),
        json!({ "engine": "neptune", "earliest_restorable_time": ago(25, 0), "latest_restorable_time": NOW_S - 300 }),
    );
    let facts = Estate::new().has("neptune_clusters", [graph]).facts_with(gold(), window());
    assert_eq!(facts.exposure(&cluster_arn("graph"), "any")["within_limit"], json!(true));
}

#[test]
fn the_default_limit_is_not_guessed_where_plans_are_unread() {
    let planned = |estate: Estate| {
        estate
            .has("region_settings", opted_in(true))
            .has("backup_plans", [plan("core")])
            .has("plan_rules", [rule("core")])
            .has("selections", [selection_of("core", &[&db_arn("x")])])
    };
    let core = plan_arn("core");
    // A backup of this morning was late: it is 30 hours old. With the plan's hour to start 27 are allowed, with AWS's eight 34 would be.
    let late = || planned(kept().without("recovery_points").has("recovery_points", [point("x", 1, ago(1, 6))]));
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, fresh
    let cases = [
        ("the plan allows an hour", late(), &no),
        ("the plan is unread: the limit is not told", late().denied("selections", Some(&core)), &open),
        ("proof that it was kept needs no limit beyond the least", planned(kept()).denied("selections", Some(&core)), &yes),
    ];
    for (why, estate, fresh) in cases {
        let facts = estate.facts_with(json!([]), window());
        assert_eq!(&facts.exposure(&db_arn("x"), "any")["fresh"], fresh, "{why}");
    }
}

#[test]
fn objectives_that_apply() {
    let two = json!([
        { "id": "strict", "match": { "tags": { "class": "gold" } }, "rpo": "1h", "approved_by": "a" },
        { "id": "lax", "match": { "types": ["RDS"] }, "rpo": "48h" },
        { "id": "never reached", "rpo": "1h" }
    ]);
    // why, changes, objective, approved, RPO
    let cases = [
        ("the first that matches", json!({ "tags": { "class": "gold" } }), json!("strict"), json!(true), json!(HOUR_S)),
        ("the second", json!({ "tags": {} }), json!("lax"), json!(false), json!(48 * HOUR_S)),
        ("tags unread: the first may match", json!({ "tags": null }), Value::Null, Value::Null, Value::Null),
        ("a replica owes none", json!({ "tags": {}, "read_replica_source": "y" }), json!("lax"), json!(false), Value::Null),
    ];
    for (why, changes, id, approved, rpo) in cases {
        let facts = bare().without("rds_instances").has("rds_instances", [with(db("x"), changes)]).facts_with(two.clone(), window());
        let row = facts.exposure(&db_arn("x"), "any");
        assert_eq!((&row["objective_id"], &row["approved"], &row["rpo_s"]), (&id, &approved, &rpo), "{why}");
    }
}

#[test]
fn each_instant_uses_the_objective_then_in_force() {
    // Two days were missed five days ago; a strict objective came into force after that.
    let later = json!([{ "id": "old", "rpo": "96h", "match": { "tags": {} } }]);
    let changed = json!([
        { "id": "new", "rpo": "26h", "valid_from": "2026-11-17" }, { "id": "old", "rpo": "96h" }
    ]);
    let within = |objectives: Value| missed().facts_with(objectives, window()).exposure(&db_arn("x"), "any")["within_limit"].clone();
    assert_eq!(within(later), json!(true), "four days were allowed");
    assert_eq!(within(changed), json!(true), "and still were when it happened");
    assert_eq!(within(json!([{ "id": "new", "rpo": "26h" }])), json!(false), "26 hours all the time");
}
