//! A dataset as of a moment: which rows are valid, and what is missing.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::{Gap, ReadStatus, Snapshot};
use crate::model::Window;
use crate::model::moment::DAY_S;

const FAR: Place = (ACCOUNT, AWAY);

/// What a snapshot of an estate says.
struct Seen {
    gaps: Vec<Gap>,
    /// Table → its rows: a name and, for objects, first seen, last seen, absent and exists.
    rows: Vec<(String, [Option<i64>; 3], Option<bool>)>,
}

crate::rows! {
    /// An instance.
    struct InstanceRow { db_instance_identifier: Text; }
}

crate::rows! {
    /// A job.
    struct JobRow { backup_job_id: Text; state: Text; }
}

crate::rows! {
    /// A point and its life.
    struct PointRow { recovery_point_arn: Text; first_seen_s: Integer; last_seen_s: Integer; absent_s: Integer; exists: Boolean; }
}

fn seen(estate: &Estate, table: &str, as_of_s: Option<i64>) -> Seen {
    let opened = estate.open();
    let snapshot = Snapshot::at(&opened.dataset, as_of_s).unwrap();
    let frame = snapshot.frame(table).unwrap();
    let rows = match table {
        "rds_instances" => {
            let rows: Vec<InstanceRow> = crate::dataset::frame::from_frame(table, &frame).unwrap();
            rows.into_iter().map(|row| (row.db_instance_identifier.unwrap(), [None; 3], None)).collect()
        }
        "backup_jobs" => {
            let rows: Vec<JobRow> = crate::dataset::frame::from_frame(table, &frame).unwrap();
            rows.into_iter().map(|row| (format!("{} {}", row.backup_job_id.unwrap(), row.state.unwrap()), [None; 3], None)).collect()
        }
        _ => {
            let rows: Vec<PointRow> = crate::dataset::frame::from_frame(table, &frame).unwrap();
            let name = |row: &PointRow| row.recovery_point_arn.as_deref().unwrap().rsplit(':').next().unwrap().to_owned();
            rows.iter().map(|row| (name(row), [row.first_seen_s, row.last_seen_s, row.absent_s], row.exists)).collect()
        }
    };
    Seen { gaps: snapshot.gaps().to_vec(), rows }
}

fn names(seen: &Seen) -> Vec<&str> {
    seen.rows.iter().map(|(name, _, _)| name.as_str()).collect()
}

#[test]
fn state_is_that_of_the_newest_try() {
    let two =
        || Estate::default().collected(ago(7, 0)).has("rds_instances", [db("old")]).collected(NOW_S).has("rds_instances", [db("new")]);
    let late = |days: i64| {
        Estate::default()
            .collected(ago(days, 0))
            .has("rds_instances", [db("old")])
            .collected(NOW_S)
            .not_asked((ACCOUNT, HOME), "rds_instances")
    };
    let denied = Some(ReadStatus::Denied);
    // why, estate, as of, rows, gap
    let cases = [
        ("the newest", two(), None, vec!["new"], None),
        ("as of a moment before it", two(), Some(NOW_S - 1), vec!["old"], None),
        ("denied: older rows do not stand in", two().denied("rds_instances", None), None, vec![], denied),
        (
            "denied before, read now",
            Estate::default().collected(ago(7, 0)).denied("rds_instances", None).collected(NOW_S).has("rds_instances", [db("new")]),
            None,
            vec!["new"],
            None,
        ),
        (
            "partly read",
            two().failed_at((ACCOUNT, HOME), "rds_instances", None, ReadStatus::Partial),
            None,
            vec!["new"],
            Some(ReadStatus::Partial),
        ),
        ("not asked this time, a week ago it was", late(7), None, vec!["old"], None),
        ("exactly thirty days ago", late(30), None, vec!["old"], None),
        ("longer ago than that", late(31), None, vec![], Some(ReadStatus::NotRequested)),
        ("looked at too late", two(), Some(NOW_S + 31 * DAY_S), vec![], Some(ReadStatus::NotRequested)),
    ];
    for (why, estate, as_of_s, rows, gap) in cases {
        let seen = seen(&estate, "rds_instances", as_of_s);
        assert_eq!(names(&seen), rows, "{why}");
        let here = |found: &&Gap| found.table == "rds_instances" && found.region == HOME;
        assert_eq!(seen.gaps.iter().find(here).map(|gap| gap.status), gap, "{why}");
    }
}

#[test]
fn a_table_that_no_collection_asked_for_is_a_gap() {
    let estate = Estate::new().not_asked((ACCOUNT, HOME), "rds_snapshots");
    let gaps = seen(&estate, "rds_instances", None).gaps;
    let told: Vec<_> = gaps.iter().map(|gap| (gap.table.as_str(), gap.region.as_str(), gap.status)).collect();
    assert_eq!(told, [("rds_snapshots", HOME, ReadStatus::NotRequested)]);
}

#[test]
fn accounts_and_regions_may_be_read_in_different_collections() {
    let elsewhere = |estate: Estate| ["rds_instances", "backup_jobs"].iter().fold(estate, |estate, table| estate.not_asked(FAR, table));
    let first =
        Estate::default().collected(ago(3, 0)).has_at(FAR, "rds_instances", [db("far")]).has("rds_instances", [db("home, earlier")]);
    let seen = seen(&elsewhere(first.collected(NOW_S).has("rds_instances", [db("home")])), "rds_instances", None);
    assert_eq!(names(&seen), ["home", "far"], "each place as its newest read has it");
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
}

#[test]
fn history_adds_up_and_keeps_the_newest_version() {
    let running = with(job("x", 2, ago(8, 0)), json!({ "state": "RUNNING" }));
    let estate = || {
        Estate::default()
            .collected(ago(7, 0))
            .has("backup_jobs", [job("x", 1, ago(9, 0)), running.clone(), job("x", 9, ago(7, 0))])
            .collected(NOW_S)
            .has("backup_jobs", [job("x", 2, ago(8, 0)), job("x", 3, ago(1, 0))])
    };
    let names_at = |as_of_s| names(&seen(&estate(), "backup_jobs", as_of_s)).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names_at(None), ["x-1 COMPLETED", "x-2 COMPLETED", "x-9 COMPLETED", "x-3 COMPLETED"]);
    assert_eq!(names_at(Some(ago(7, 0))), ["x-1 COMPLETED", "x-2 RUNNING"], "what began at the moment or after is not there yet");
}

#[test]
fn lives_of_objects() {
    let (then, now) = (ago(7, 0), NOW_S);
    let main = home_vault();
    let two = |first: Vec<Value>, second: Vec<Value>| {
        let vaults = || [vault((ACCOUNT, HOME), "main"), vault((ACCOUNT, HOME), "other")];
        Estate::default()
            .collected(then)
            .has("backup_vaults", vaults())
            .has("recovery_points", first)
            .collected(now)
            .has("backup_vaults", vaults())
            .has("recovery_points", second)
    };
    let one = || vec![point("x", 1, ago(9, 0))];
    let partial = two(one(), vec![]).failed_at((ACCOUNT, HOME), "recovery_points", Some(&main), ReadStatus::Partial);
    let other = vault_arn((ACCOUNT, HOME), "other");
    // why, estate, first, last, absent, exists
    let cases = [
        ("seen twice", two(one(), one()), then, now, None, Some(true)),
        ("new", two(vec![], one()), now, now, None, Some(true)),
        ("gone", two(one(), vec![]), then, then, Some(now), Some(false)),
        ("its vault gone, and everything in it", two(one(), vec![]).without("backup_vaults"), then, then, Some(now), Some(false)),
        ("its vault unread", two(one(), vec![]).denied("recovery_points", Some(&main)), then, then, None, None),
        ("another vault unread", two(one(), vec![]).denied("recovery_points", Some(&other)), then, then, Some(now), Some(false)),
        ("its vault partly read, without it", partial, then, then, None, None),
        (
            "partly read, with it",
            two(one(), one()).failed_at((ACCOUNT, HOME), "recovery_points", Some(&main), ReadStatus::Partial),
            then,
            now,
            None,
            Some(true),
        ),
        ("the list of vaults unread", two(one(), vec![]).denied("backup_vaults", None), then, then, None, None),
    ];
    for (why, estate, first_s, last_s, absent_s, exists) in cases {
        let seen = seen(&estate, "recovery_points", None);
        assert_eq!(seen.rows, [("x-1".to_owned(), [Some(first_s), Some(last_s), absent_s], exists)], "{why}");
    }
}

#[test]
fn completeness_is_asked_by_place_and_parent() {
    let other = vault_arn((ACCOUNT, HOME), "other");
    let vaults = [vault((ACCOUNT, HOME), "main"), vault((ACCOUNT, HOME), "other")];
    let opened = Estate::new().has("backup_vaults", vaults).denied("recovery_points", Some(&other)).open();
    let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
    assert!(snapshot.complete("recovery_points", ACCOUNT, HOME, Some(&home_vault())));
    assert!(!snapshot.complete("recovery_points", ACCOUNT, HOME, Some(&other)));
    assert!(!snapshot.complete("recovery_points", ACCOUNT, HOME, None), "not all of the Region");
    assert!(snapshot.complete("recovery_points", ACCOUNT, AWAY, None));
    assert!(!snapshot.complete("recovery_points", OTHER_ACCOUNT, HOME, None), "nobody asked for that account");
    assert!(!snapshot.complete("recovery_points", ACCOUNT, "eu-north-1", None), "nor for that Region");
}

#[test]
fn observed_time_leaves_failed_reads_out() {
    let observed = |estate: Estate| {
        let opened = estate.open();
        let snapshot = Snapshot::at(&opened.dataset, None).unwrap();
        snapshot
            .observed("backup_jobs", ACCOUNT, HOME)
            .iter()
            .map(|w| ((NOW_S - w.start_s) / DAY_S, (NOW_S - w.end_s) / DAY_S))
            .collect::<Vec<_>>()
    };
    let weekly = || Estate::default().collected(ago(7, 0)).collected(NOW_S);
    // why, estate, from and to in days before now
    let cases = [
        ("one", Estate::new(), vec![(30, 0)]),
        ("two that overlap are one", weekly(), vec![(37, 0)]),
        ("the newest denied", weekly().denied("backup_jobs", None), vec![(37, 7)]),
        ("a hole between them", Estate::default().collected(ago(40, 0)).collected(NOW_S), vec![(70, 40), (30, 0)]),
        ("partly read is not observed", Estate::new().failed_at((ACCOUNT, HOME), "backup_jobs", None, ReadStatus::Partial), vec![]),
        ("another Region's denial does not matter", Estate::new().failed_at(FAR, "backup_jobs", None, ReadStatus::Denied), vec![(30, 0)]),
    ];
    for (why, estate, windows) in cases {
        assert_eq!(observed(estate), windows, "{why}");
    }
}

#[test]
fn later_collections_do_not_change_what_is_said_of_an_earlier_moment() {
    let window = Window { start_s: ago(30, 0), end_s: ago(7, 0) };
    let first = || kept_daily(Estate::default().collected(ago(7, 0)), "x", 40);
    let then = first().open().facts(None, json!([]), window).unwrap();
    let later = kept_daily(first().collected(NOW_S), "x", 5).denied("backup_jobs", None);
    let now = later.open().facts(Some(ago(7, 0)), json!([]), window).unwrap();
    for fact in crate::facts::FACTS {
        assert_eq!(then.all(fact.relation.name), now.all(fact.relation.name), "{}", fact.relation.name);
    }
}
