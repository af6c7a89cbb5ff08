//! Retention over time, asked the slow way: for each point every moment at which it can have ended is tried, and an answer is one that all of them give.
//!
//! Histories are made up: points with lifecycles, deletions by hand and by lifecycle with and without an event, calls that AWS answers and does not
//! follow, collections at odd times, and reads that failed. The facts must give the slow answer for each point, and never one that what truly happened
//! denies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::model::Window;
use crate::model::moment::{self, DAY_S, HOUR_S};

const ESTATES: u64 = 40;
const POINTS: u64 = 250;
const VAULTS: [&str; 3] = ["main", "strict", "sealed"];
/// Owes by its ARN, owes by a tag that was not read, owes nothing.
const NAMES: [&str; 3] = ["x", "y", "z"];
const EVENTS: [&str; 3] = ["DeleteRecoveryPoint", "BackupDeleted", "DeleteDBSnapshot"];
const WINDOW: Window = Window { start_s: NOW_S - 20 * DAY_S, end_s: NOW_S };

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn hours(&mut self, limit: u64) -> i64 {
        i64::try_from(self.below(limit)).unwrap() * HOUR_S
    }

    fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// A collection, and what it could not read.
#[derive(Debug)]
struct Look {
    at_s: i64,
    vaults_listed: bool,
    unread: BTreeSet<&'static str>,
}

impl Look {
    fn sees(&self, what: &str) -> bool {
        !self.unread.contains(what) && (self.vaults_listed || !VAULTS.contains(&what))
    }

    /// Whether a moment lies in the 30 days of history that it tells of.
    fn tells_of(&self, what: &str, at_s: i64) -> bool {
        self.sees(what) && at_s >= self.at_s - 30 * DAY_S && at_s <= self.at_s
    }
}

/// A point and what truly became of it.
#[derive(Debug)]
struct Made {
    number: i64,
    name: &'static str,
    vault: &'static str,
    begun_s: i64,
    days: Option<i64>,
    ended_s: Option<i64>,
    /// Name and moment of each event about it.
    events: Vec<(&'static str, i64)>,
    expired_from_s: Option<i64>,
}

impl Made {
    fn done_s(&self) -> i64 {
        self.begun_s + HOUR_S
    }

    fn there_at(&self, at_s: i64) -> bool {
        self.done_s() <= at_s && self.ended_s.is_none_or(|ended_s| ended_s > at_s)
    }
}

/// What an objective asks of `x`: from when, shortest, longest.
type Asked = (i64, Option<i64>, Option<i64>);

#[derive(Debug)]
struct World {
    looks: Vec<Look>,
    points: Vec<Made>,
    /// In order of time; the first is always in force.
    asked: Vec<Asked>,
    floor_days: i64,
    hold: bool,
}

fn world(seed: u64) -> World {
    let dice = &mut Dice(seed);
    let mut moments: BTreeSet<i64> = (0..dice.below(5)).map(|_| NOW_S - DAY_S - dice.hours(24 * 35)).collect();
    moments.insert(NOW_S);
    let looks = moments.into_iter().map(|at_s| {
        let tables = VAULTS.into_iter().chain(EVENTS).chain(["backup_jobs", "copy_jobs", "legal_holds"]);
        let unread = tables.filter(|_| dice.one_in(12)).collect();
        Look { at_s, vaults_listed: !dice.one_in(16), unread }
    });
    let looks: Vec<Look> = looks.collect();
    let retentions = [None, Some(2), Some(5), Some(10), Some(20)];
    let mut ask = |from_s: i64| {
        let shortest = dice.one_of(&retentions);
        (from_s, shortest, shortest.map_or(Some(15), |days| Some(days + 3)).filter(|_| !dice.one_in(3)))
    };
    let mut asked = vec![ask(i64::MIN)];
    asked.push(ask(NOW_S - 12 * DAY_S + 7 * HOUR_S));
    let (floor_days, hold) = (dice.one_of(&[3, 10]), dice.one_in(2));
    let points = (0..POINTS).map(|number| made(i64::try_from(number).unwrap(), dice)).collect();
    World { looks, points, asked, floor_days, hold }
}

fn made(number: i64, dice: &mut Dice) -> Made {
    let begun_s = NOW_S - 2 * HOUR_S - dice.hours(24 * 40);
    let days = dice.one_of(&[Some(1), Some(2), Some(5), Some(9), Some(10), Some(20), Some(400), None]);
    let mut point = Made {
        number,
        name: if dice.one_in(6) { dice.one_of(&NAMES) } else { "x" },
        vault: dice.one_of(&VAULTS),
        begun_s,
        days,
        ended_s: None,
        events: Vec::new(),
        expired_from_s: None,
    };
    let by_lifecycle_s = days.map(|days| begun_s + days * DAY_S + dice.hours(8)).filter(|at_s| *at_s < NOW_S);
    let by_hand_s = Some(point.done_s() + HOUR_S + dice.hours(24 * 25)).filter(|at_s| *at_s < NOW_S - HOUR_S && dice.one_in(3));
    match (by_hand_s, by_lifecycle_s) {
        (Some(hand_s), lifecycle_s) if lifecycle_s.is_none_or(|lifecycle_s| hand_s < lifecycle_s) => {
            // Calls are always logged. Some do not delete, and somebody tries again.
            let call = dice.one_of(&["DeleteRecoveryPoint", "DeleteDBSnapshot"]);
            let again_s = Some(hand_s + HOUR_S + dice.hours(48)).filter(|again_s| *again_s < NOW_S - HOUR_S && dice.one_in(4));
            if let Some(again_s) = again_s {
                point.events.push(("DeleteRecoveryPoint", hand_s));
                point.expired_from_s = Some(hand_s);
                point.events.push((call, again_s));
            } else {
                point.events.push((call, hand_s));
            }
            let ended_s = again_s.unwrap_or(hand_s);
            if dice.one_in(2) {
                point.events.push(("BackupDeleted", ended_s + 600));
            }
            point.ended_s = Some(ended_s);
        }
        (_, Some(lifecycle_s)) if dice.one_in(8) => point.expired_from_s = Some(lifecycle_s),
        (_, Some(lifecycle_s)) => {
            point.ended_s = Some(lifecycle_s);
            // AWS tells of these as well as it can.
            if !dice.one_in(3) {
                point.events.push(("BackupDeleted", lifecycle_s));
            }
        }
        (_, None) => {}
    }
    point
}

/// The estate of a world.
fn estate(world: &World) -> Estate {
    let mut estate = Estate::default();
    for look in &world.looks {
        let seen = |point: &&Made| point.there_at(look.at_s);
        let listed = world.points.iter().filter(seen).map(|made| {
            let status = if made.expired_from_s.is_some_and(|from_s| from_s < look.at_s) { "EXPIRED" } else { "COMPLETED" };
            let changes = json!({
                "backup_vault_arn": vault_arn((ACCOUNT, HOME), made.vault), "status": status, "delete_after_days": made.days,
                "delete_at": made.days.map(|days| made.begun_s + days * DAY_S)
            });
            with(point(made.name, made.number, made.begun_s), changes)
        });
        let of_jobs = world.points.iter().filter(|made| made.done_s() <= look.at_s && made.begun_s > look.at_s - 30 * DAY_S);
        let jobs = of_jobs.map(|made| {
            let vault = json!({ "backup_vault_arn": vault_arn((ACCOUNT, HOME), made.vault), "delete_after_days": made.days });
            with(job(made.name, made.number, made.begun_s), vault)
        });
        let events = world.points.iter().flat_map(|made| {
            let told = made.events.iter().enumerate().filter(|(_, (_, at_s))| *at_s <= look.at_s && *at_s >= look.at_s - 30 * DAY_S);
            told.map(|(index, (name, at_s))| event(made, index, name, *at_s))
        });
        let vaults = [
            with(vault((ACCOUNT, HOME), "main"), json!({ "vault_type": "BACKUP_VAULT", "locked": false })),
            with(
                vault((ACCOUNT, HOME), "strict"),
                json!({ "vault_type": "BACKUP_VAULT", "locked": true, "min_retention_days": world.floor_days }),
            ),
            with(vault((ACCOUNT, HOME), "sealed"), json!({ "vault_type": "BACKUP_VAULT", "locked": true, "lock_date": ago(90, 0) })),
        ];
        let hold = world.hold.then(|| json!({ "legal_hold_arn": "hold", "status": "ACTIVE", "vault_names": ["sealed"] }));
        estate = estate
            .collected(look.at_s)
            .has("backup_vaults", vaults)
            .has("rds_instances", [db("x"), with(db("y"), json!({ "tags": null })), db("z")])
            .has("recovery_points", listed)
            .has("backup_jobs", jobs)
            .has("legal_holds", hold)
            .has("cloudtrail_events", events);
        if !look.vaults_listed {
            estate = estate.denied("backup_vaults", None);
        }
        for what in &look.unread {
            estate = match *what {
                vault if VAULTS.contains(&vault) => estate.denied("recovery_points", Some(&vault_arn((ACCOUNT, HOME), vault))),
                name if EVENTS.contains(&name) => estate.denied("cloudtrail_events", Some(name)),
                table => estate.denied(table, None),
            };
        }
    }
    estate
}

fn event(made: &Made, index: usize, name: &str, at_s: i64) -> Value {
    let (arn, snapshot) = (point_arn(made.name, made.number), format!("awsbackup:{}-{}", made.name, made.number));
    let told = json!({ "recoveryPointArn": arn, "backupVaultName": made.vault });
    let row = json!({ "event_id": format!("{}-{index}", made.number), "event_name": name, "event_time": at_s });
    let more = match name {
        "BackupDeleted" => {
            json!({ "event_source": "backup.amazonaws.com", "event_type": "AwsServiceEvent", "service_event_details": told })
        }
        "DeleteRecoveryPoint" => {
            json!({ "event_source": "backup.amazonaws.com", "event_type": "AwsApiCall", "actor_arn": "ana", "request_parameters": told })
        }
        _ => json!({
            "event_source": "rds.amazonaws.com", "event_type": "AwsApiCall", "actor_arn": "ana",
            "request_parameters": { "dBSnapshotIdentifier": snapshot }
        }),
    };
    with(row, more)
}

fn objectives(world: &World) -> Value {
    let entry = |(from_s, shortest, longest): &Asked| {
        let days = |days: &Option<i64>| days.map(|days| format!("{days}d"));
        let valid_from = (*from_s > i64::MIN).then(|| moment::text(*from_s));
        json!({ "id": "x", "match": { "arns": [db_arn("x")] }, "retention": days(shortest), "longest_retention": days(longest), "valid_from": valid_from })
    };
    let tagged = json!({ "id": "y", "match": { "arns": [db_arn("y")], "tags": { "class": "gold" } }, "retention": "10d", "longest_retention": "30d" });
    json!(world.asked.iter().rev().map(entry).chain([tagged]).collect::<Vec<_>>())
}

/// What is owed at a moment: nothing, so many days, or nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    NotKnown,
    Nothing,
    Owed(i64),
}

fn owed(world: &World, made: &Made, at_s: i64) -> (Days, Days) {
    let days = |days: Option<i64>| days.map_or(Days::Nothing, Days::Owed);
    match made.name {
        "x" => {
            let (_, shortest, longest) = world.asked.iter().rfind(|(from_s, ..)| *from_s <= at_s).unwrap();
            (days(*shortest), days(*longest))
        }
        "y" => (Days::NotKnown, Days::NotKnown),
        _ => (Days::Nothing, Days::Nothing),
    }
}

/// Whether an end at a moment would be too early.
fn too_early(world: &World, made: &Made, at_s: i64) -> Option<bool> {
    match owed(world, made, at_s).0 {
        Days::NotKnown => None,
        Days::Nothing => Some(false),
        Days::Owed(days) => Some(at_s < made.begun_s + days * DAY_S - DAY_S),
    }
}

/// What all answers agree on.
fn agreed(answers: &[Option<bool>]) -> Option<bool> {
    answers[0].filter(|first| answers.iter().all(|answer| *answer == Some(*first)))
}

/// One is enough; else all must be known to be no.
fn some(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let answers: Vec<_> = answers.into_iter().collect();
    if answers.contains(&Some(true)) { Some(true) } else { answers.iter().all(|answer| *answer == Some(false)).then_some(false) }
}

/// What is to be said of a point.
#[derive(Debug, PartialEq)]
struct Said {
    class: String,
    exists: Option<bool>,
    retention_owed: Option<bool>,
    due: Option<bool>,
    ended_early: Option<bool>,
    kept_too_long: Option<bool>,
}

/// Whether every half hour between two moments lies in what some collection tells of all these.
fn told_between(world: &World, what: &[&str], from_s: i64, to_s: i64) -> bool {
    let steps = ((to_s - from_s).max(0) + HOUR_S / 2 - 1) / (HOUR_S / 2);
    let mut moments = (0..steps).map(|step| from_s + step * HOUR_S / 2).chain([to_s]);
    moments.all(|at_s| what.iter().all(|what| world.looks.iter().any(|look| look.tells_of(what, at_s))))
}

/// What can be known of a point, by the definitions; `None` if nothing tells that it was made.
fn slowly(world: &World, made: &Made) -> Option<Said> {
    let newest = world.looks.last().unwrap();
    let shown = |look: &&Look| look.sees(made.vault) && made.there_at(look.at_s);
    let listed = world.looks.iter().any(|look| shown(&look));
    let by_job = world.looks.iter().any(|look| {
        look.sees("backup_jobs") && made.done_s() <= look.at_s && made.done_s() < NOW_S && made.begun_s > look.at_s - 30 * DAY_S
    });
    (listed || by_job).then_some(())?;
    let seen_s = world.looks.iter().filter(shown).map(|look| look.at_s).max().unwrap_or(made.done_s());
    // A list misses a point that was on one, if its vault was read; one that only a job tells of, if everything was.
    let misses =
        |look: &&Look| look.at_s > seen_s && if listed { look.sees(made.vault) } else { VAULTS.iter().all(|vault| look.sees(vault)) };
    let missed_s = world.looks.iter().find(misses).map(|look| look.at_s);
    // Without a list it may have been one that only waited for a copy, unless copies are known.
    let missed_s = missed_s.filter(|missed_s| listed || newest.sees("copy_jobs") && told_between(world, &["copy_jobs"], seen_s, *missed_s));
    let is_there = listed && shown(&newest);
    let events = |names: &[&str]| -> Vec<i64> {
        let told = |(name, at_s): &&(&str, i64)| {
            names.contains(name) && *at_s > seen_s && world.looks.iter().any(|look| look.tells_of(name, *at_s))
        };
        made.events.iter().filter(told).map(|(_, at_s)| *at_s).collect()
    };
    let (calls, by_service) = (events(&["DeleteRecoveryPoint", "DeleteDBSnapshot"]), events(&["BackupDeleted"]));
    let all_told = missed_s.is_some_and(|missed_s| told_between(world, &EVENTS, seen_s, missed_s - 900));
    let can_have_ended = |at_s: i64| {
        let Some(missed_s) = missed_s else { return at_s > seen_s && at_s <= NOW_S };
        let exact_s = calls.iter().max().or(by_service.iter().max()).filter(|_| all_told);
        match (exact_s, calls.iter().max(), by_service.iter().min()) {
            (Some(exact_s), ..) => at_s == *exact_s,
            (None, Some(deleted_s), _) => at_s >= *deleted_s && at_s <= missed_s,
            (None, None, Some(deleted_s)) => at_s > seen_s && at_s <= missed_s.min(*deleted_s),
            (None, None, None) => at_s > seen_s && at_s <= missed_s,
        }
    };
    let changes = || world.asked.iter().map(|(from_s, ..)| *from_s).filter(|from_s| *from_s > i64::MIN);
    let enough = world.asked.iter().filter_map(|(_, days, _)| days.map(|days| made.begun_s + (days - 1) * DAY_S));
    let told = calls.iter().chain(&by_service).copied();
    let matters = enough.chain(changes()).chain(told).chain([seen_s, NOW_S]).chain(missed_s);
    let moments: BTreeSet<i64> = matters.flat_map(|at_s| [at_s - 1, at_s, at_s + 1]).collect();
    let ends: Vec<i64> = if is_there { vec![NOW_S] } else { moments.into_iter().filter(|at_s| can_have_ended(*at_s)).collect() };

    let early = agreed(&ends.iter().map(|at_s| too_early(world, made, *at_s)).collect::<Vec<_>>());
    let ended_early = match (is_there, missed_s) {
        (true, _) => Some(false),
        (false, Some(_)) => early,
        (false, None) => early.filter(|early| !early),
    };
    let retention_owed = some(ends.iter().map(|at_s| match owed(world, made, *at_s).0 {
        Days::NotKnown => None,
        days => Some(days != Days::Nothing),
    }));
    let due = some(ends.iter().map(|at_s| match owed(world, made, *at_s).0 {
        Days::NotKnown => None,
        Days::Nothing => Some(false),
        Days::Owed(days) => Some(made.begun_s + days * DAY_S > WINDOW.start_s),
    }));
    let exists = if is_there { Some(true) } else { missed_s.map(|_| false) };
    Some(Said {
        class: class(world, made, exists, retention_owed, ended_early).to_owned(),
        exists,
        retention_owed,
        due,
        ended_early,
        kept_too_long: too_long(world, made, exists),
    })
}

fn class(world: &World, made: &Made, exists: Option<bool>, owes: Option<bool>, early: Option<bool>) -> &'static str {
    if owes == Some(false) {
        return "not_owed";
    }
    if early == Some(true) {
        return "violated";
    }
    if owes.is_none() || early.is_none() {
        return "unknown";
    }
    let Days::Owed(days) = owed(world, made, NOW_S).0 else { return "proven" };
    if exists != Some(true) || NOW_S >= made.begun_s + (days - 1) * DAY_S {
        return "proven";
    }
    if made.days.is_some_and(|kept| kept < days) {
        return "violated";
    }
    let protected = match made.vault {
        "main" => false,
        "strict" => world.floor_days >= days,
        _ => true,
    };
    match (made.expired_from_s.is_some(), world.looks.last().unwrap().vaults_listed, protected) {
        (true, ..) | (_, false, _) => "unknown",
        (_, _, true) => "on_track_protected",
        (_, _, false) => "on_track_deletable",
    }
}

fn too_long(world: &World, made: &Made, exists: Option<bool>) -> Option<bool> {
    match (owed(world, made, NOW_S).1, exists) {
        (Days::Nothing, _) | (_, Some(false)) => Some(false),
        (Days::NotKnown, _) | (_, None) => None,
        (Days::Owed(days), Some(true)) => {
            let held = if world.hold && made.vault == "sealed" { Some(true) } else { Some(false) };
            let held = held.filter(|_| world.looks.last().unwrap().sees("legal_holds"));
            let lifecycle = made.days.is_none_or(|kept| kept > days + 1);
            match (lifecycle, NOW_S > made.begun_s + (days + 1) * DAY_S) {
                (true, _) => Some(true),
                (false, false) => Some(false),
                (false, true) => held.map(|held| !held),
            }
        }
    }
}

#[test]
fn facts_agree_with_trying_every_moment() {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..ESTATES {
        let world = world(seed);
        let facts = estate(&world).open().facts_of(&["retained_points"], None, objectives(&world), WINDOW).unwrap();
        let rows: BTreeMap<String, &Object> =
            facts.all("retained_points").iter().map(|row| (row["recovery_point_arn"].as_str().unwrap().to_owned(), row)).collect();
        for made in &world.points {
            let row = rows.get(&point_arn(made.name, made.number));
            let found = row.map(|row| Said {
                class: row["class"].as_str().unwrap().to_owned(),
                exists: row["exists"].as_bool(),
                retention_owed: row["retention_owed"].as_bool(),
                due: row["due"].as_bool(),
                ended_early: row["ended_early"].as_bool(),
                kept_too_long: row["kept_too_long"].as_bool(),
            });
            let expected = slowly(&world, made);
            assert_eq!(found, expected, "seed {seed}: {made:?} under {:?} with {:?}", world.asked, world.looks);
            let Some(said) = expected else { continue };
            // What truly happened.
            let truly = made.ended_s.map_or(Some(false), |ended_s| too_early(&world, made, ended_s));
            assert!(said.ended_early.is_none() || said.ended_early == truly, "seed {seed}: {made:?} is said to have {said:?}");
            *counted.entry(said.class).or_default() += 1;
        }
    }
    for class in ["not_owed", "proven", "violated", "on_track_protected", "on_track_deletable", "unknown"] {
        assert!(counted.get(class).is_some_and(|count| *count >= 100), "too few are {class}: {counted:?}");
    }
}
