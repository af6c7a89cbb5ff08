//! What counts as a point that restores a resource, and for how long.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::{KeyRange, Snapshot};
use crate::facts::objectives::{Mechanism, Objectives};
use crate::facts::points::{Point, Restorable, restorable};
use crate::facts::{Inputs, exposure};
use crate::model::Window;
use crate::model::key::resource_key;
use crate::model::moment::{DAY_S, HOUR_S};

const FAR: Place = (ACCOUNT, AWAY);

fn found_in(estate: &Estate, range: KeyRange) -> Restorable {
    let opened = estate.open();
    let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
    let objectives = Objectives::default();
    let inputs = Inputs::new(&snapshot, &objectives, Window { start_s: ago(30, 0), end_s: NOW_S });
    restorable(&inputs.in_ranges(range.of).within(range)).unwrap()
}

/// The points of `x`, by ARN.
fn points(estate: &Estate) -> BTreeMap<String, Point> {
    let mut found = found_in(estate, KeyRange::WHOLE);
    let points = found.points.remove(&resource_key(&db_arn("x"))).unwrap_or_default();
    points.into_iter().map(|point| (point.arn.clone(), point)).collect()
}

fn estate() -> Estate {
    Estate::new().has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("rds_instances", [db("x")])
}

fn snapshot(kind: &str, identifier: &str, taken_s: i64) -> Value {
    json!({
        "snapshot_arn": format!("arn:aws:rds:{HOME}:{ACCOUNT}:snapshot:{identifier}"), "snapshot_identifier": identifier, "snapshot_type": kind,
        "resource_arn": db_arn("x"), "resource_key": resource_key(&db_arn("x")), "status": "available", "snapshot_create_time": taken_s
    })
}

#[test]
fn what_counts() {
    let begun_s = ago(2, 0);
    let of = |changes: Value| estate().has("recovery_points", [with(point("x", 1, begun_s), changes)]);
    // why, estate, points
    let cases = [
        ("completed", of(json!({})), 1),
        ("available", of(json!({ "status": "AVAILABLE" })), 1),
        ("a composite with parts missing", of(json!({ "status": "PARTIAL" })), 0),
        ("being made", of(json!({ "status": "CREATING" })), 0),
        ("the shell of a composite", of(json!({ "is_parent": true })), 0),
        ("its parts restore alone", of(json!({ "recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:part" })), 1),
        (
            "continuous: its service tells",
            of(json!({ "recovery_point_arn": "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:1" })),
            0,
        ),
        ("status not told", of(json!({ "status": null })), 0),
        ("a snapshot by hand", estate().has("rds_snapshots", [snapshot("manual", "by-hand", begun_s)]), 1),
        (
            "a snapshot that AWS Backup made is its point",
            estate().has("rds_snapshots", [snapshot("awsbackup", "awsbackup:job-1", begun_s)]),
            0,
        ),
        ("of clusters too, where its type is manual", estate().has("rds_snapshots", [snapshot("manual", "awsbackup:job-1", begun_s)]), 0),
        (
            "a snapshot being made",
            estate().has("rds_snapshots", [with(snapshot("manual", "s", begun_s), json!({ "status": "creating" }))]),
            0,
        ),
        ("a job and its point are one", of(json!({})).has("backup_jobs", [job("x", 1, begun_s)]), 1),
        ("a job whose point nobody saw", estate().has("backup_jobs", [job("x", 1, begun_s)]), 1),
        ("a job that failed", estate().has("backup_jobs", [with(job("x", 1, begun_s), json!({ "state": "FAILED" }))]), 0),
        ("a job that expired never ran", estate().has("backup_jobs", [with(job("x", 1, begun_s), json!({ "state": "EXPIRED" }))]), 0),
        ("a job of a composite", estate().has("backup_jobs", [with(job("x", 1, begun_s), json!({ "is_parent": true }))]), 0),
        (
            "of another vault, with the same ARN",
            of(json!({ "backup_vault_arn": vault_arn((ACCOUNT, HOME), "second") }))
                .has("backup_vaults", [vault((ACCOUNT, HOME), "second")])
                .has("backup_jobs", [job("x", 1, begun_s)]),
            2,
        ),
    ];
    for (why, estate, count) in cases {
        let found = found_in(&estate, KeyRange::WHOLE);
        assert_eq!(found.points.get(&resource_key(&db_arn("x"))).map_or(0, Vec::len), count, "{why}");
    }
}

#[test]
fn the_time_of_the_data_is_never_the_completion() {
    let begun_s = ago(2, 0);
    let own = |taken_s: i64| json!({ "original_snapshot_create_time": taken_s });
    let with_snapshot = |taken_s: i64| {
        let taken = with(snapshot("awsbackup", "awsbackup:x-1", begun_s + HOUR_S), own(taken_s));
        estate()
            .has("recovery_points", [point("x", 1, begun_s)])
            .has("rds_snapshots", [with(taken, json!({ "snapshot_arn": point_arn("x", 1) }))])
    };
    let plain = |changes: Value| estate().has("recovery_points", [with(point("x", 1, begun_s), changes)]);
    // why, estate, data
    let cases = [
        ("the start of the job", plain(json!({ "initiation_date": begun_s + 60 })), begun_s + 60),
        ("the creation, if the start was not told", plain(json!({ "initiation_date": null })), begun_s),
        ("the snapshot's own time", with_snapshot(begun_s - 30), begun_s - 30),
        ("but not after the job was created", with_snapshot(begun_s + 30), begun_s),
    ];
    for (why, estate, data_s) in cases {
        assert_eq!(points(&estate)[&point_arn("x", 1)].life.data_s, data_s, "{why}");
    }
}

#[test]
fn a_copy_is_as_old_as_its_source_and_serves_once_it_is_done() {
    let begun_s = ago(3, 0);
    let arn = copy_arn("x", 1, FAR);
    let copied = |changes: Value| {
        estate().has("recovery_points", [point("x", 1, begun_s)]).has_at(FAR, "backup_vaults", [vault(FAR, "far")]).has_at(
            FAR,
            "recovery_points",
            [with(copied_point("x", 1, begun_s, FAR), changes)],
        )
    };
    let job = || copy_job("x", 1, begun_s, FAR);
    let done_s = begun_s + 3 * HOUR_S;
    let early = json!({ "completion_date": begun_s + HOUR_S });
    // why, estate, data, available, maybe from
    let cases = [
        ("job and point agree", copied(json!({})).has("copy_jobs", [job()]), begun_s, done_s, None),
        ("a point with the completion of its source", copied(early.clone()).has("copy_jobs", [job()]), begun_s, done_s, None),
        (
            "a point with the date of the copy is no fresher",
            copied(json!({ "creation_date": begun_s + 2 * HOUR_S })).has("copy_jobs", [job()]),
            begun_s,
            done_s,
            None,
        ),
        ("job older than AWS remembers: done before that", copied(early.clone()), begun_s, begun_s + HOUR_S, Some(begun_s + HOUR_S)),
        ("jobs unread: done when it was first seen", copied(early).denied("copy_jobs", None), begun_s, NOW_S, Some(begun_s + HOUR_S)),
    ];
    for (why, estate, data_s, available_s, maybe_from_s) in cases {
        let point = &points(&estate)[&arn];
        assert_eq!((point.life.data_s, point.life.available_s, point.maybe_from_s), (data_s, available_s, maybe_from_s), "{why}");
    }
}

#[test]
fn lives_between_collections() {
    let begun_s = ago(9, 0);
    let done_s = begun_s + HOUR_S;
    let lives = |days: i64| json!({ "delete_after_days": days, "delete_at": begun_s + days * DAY_S });
    let two = |first: Vec<Value>, second: Vec<Value>, jobs: Vec<Value>| {
        let estate = |estate: Estate| estate.has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("rds_instances", [db("x")]);
        estate(estate(Estate::default().collected(ago(7, 0))).has("recovery_points", first).collected(NOW_S))
            .has("recovery_points", second)
            .has("backup_jobs", jobs)
    };
    let seen = |days: i64| with(point("x", 1, begun_s), lives(days));
    let done = |days: i64| with(job("x", 1, begun_s), json!({ "delete_after_days": days }));
    let unseen = || Estate::new().has("backup_vaults", [vault((ACCOUNT, HOME), "main")]).has("rds_instances", [db("x")]);
    // why, estate, alive until, end
    let cases = [
        ("there", two(vec![seen(35)], vec![seen(35)], vec![]), NOW_S + 1, i64::MAX),
        ("gone with its lifecycle", two(vec![seen(4)], vec![], vec![]), begun_s + 4 * DAY_S, begun_s + 4 * DAY_S),
        ("gone early: when is not known", two(vec![seen(35)], vec![], vec![]), ago(7, 0) + 1, NOW_S),
        (
            "its vault unread now",
            two(vec![seen(35)], vec![], vec![]).denied("recovery_points", Some(&home_vault())),
            ago(7, 0) + 1,
            i64::MAX,
        ),
        ("the list of vaults unread now", two(vec![seen(35)], vec![], vec![]).denied("backup_vaults", None), ago(7, 0) + 1, i64::MAX),
        ("its vault is gone, and it with it", two(vec![seen(35)], vec![], vec![]).without("backup_vaults"), ago(7, 0) + 1, NOW_S),
        ("came and went: the lifecycle tells", unseen().has("backup_jobs", [done(4)]), begun_s + 4 * DAY_S, begun_s + 4 * DAY_S),
        ("came and went early", unseen().has("backup_jobs", [done(35)]), done_s, NOW_S),
        (
            "made, and its vault unread",
            unseen().has("backup_jobs", [done(4)]).denied("recovery_points", Some(&home_vault())),
            done_s,
            i64::MAX,
        ),
        (
            "being deleted by its lifecycle",
            two(vec![], vec![with(seen(8), json!({ "status": "DELETING" }))], vec![]),
            begun_s + 8 * DAY_S,
            begun_s + 8 * DAY_S,
        ),
        (
            "could not be deleted: of no use since it should have been",
            two(vec![], vec![with(seen(8), json!({ "status": "EXPIRED" }))], vec![]),
            begun_s + 8 * DAY_S,
            begun_s + 8 * DAY_S,
        ),
        ("being deleted by hand", two(vec![], vec![with(seen(35), json!({ "status": "DELETING" }))], vec![]), done_s, NOW_S),
    ];
    for (why, estate, alive_until_s, end_s) in cases {
        let life = points(&estate)[&point_arn("x", 1)].life;
        assert_eq!((life.available_s, life.alive_until_s, life.end_s), (done_s, alive_until_s, end_s), "{why}");
    }
}

#[test]
fn a_database_made_again_under_the_same_name_inherits_nothing() {
    let window = Window { start_s: ago(20, 0), end_s: NOW_S };
    let count = |created_s: Option<i64>| {
        let again = with(db("x"), json!({ "instance_create_time": created_s }));
        let estate = kept_daily(Estate::new(), "x", 40).without("rds_instances").has("rds_instances", [again]);
        estate.facts_with(json!([]), window).exposure(&db_arn("x"), "any")["points_count"].clone()
    };
    assert_eq!(count(Some(ago(100, 0))), json!(40), "one life");
    assert_eq!(count(Some(ago(10, 0))), json!(10), "made again ten days ago");
    assert_eq!(count(None), json!(0), "when was not told");
}

#[test]
fn ranges_of_keys_find_the_same() {
    let estate = kept_daily(kept_daily(Estate::new(), "x", 12), "y", 12).has("rds_snapshots", [snapshot("manual", "by-hand", ago(3, 0))]);
    let mut whole = found_in(&estate, KeyRange::WHOLE).points;
    let mut parts = BTreeMap::new();
    for index in 0..3 {
        parts.extend(found_in(&estate, KeyRange { index, of: 3 }).points);
    }
    for points in whole.values_mut().chain(parts.values_mut()) {
        points.sort_by(|one, other| one.arn.cmp(&other.arn));
    }
    assert_eq!(whole, parts);
    let natively = whole[&resource_key(&db_arn("x"))].iter().filter(|point| point.mechanism == Mechanism::NativeSnapshot).count();
    assert_eq!(natively, 1);
}

#[test]
fn a_drawing_says_where_nothing_is_known() {
    let opened = kept_daily(Estate::new(), "x", 40).denied("recovery_points", Some(&home_vault())).open();
    let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
    let objectives = Objectives::default();
    let inputs = Inputs::new(&snapshot, &objectives, Window { start_s: ago(20, 0), end_s: NOW_S });
    let wanted = BTreeSet::from([db_arn("x"), db_arn("nobody")]);
    let courses = exposure::courses(&inputs, &wanted, 100).unwrap();
    let drawn = &courses[&db_arn("x")].segments["any"];
    assert!(!drawn.is_empty() && drawn.iter().all(|segment| segment.state == exposure::sweep::State::Unknown));
    assert_eq!(courses.len(), 1, "who is not in the population has no course");
}
