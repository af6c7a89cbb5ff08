//! Copies the slow way: every copy that was seen is asked about one by one, and where something was not told, every way to read it is tried.
//!
//! A case is an estate of 250 databases with histories of their own and reads that failed; forty cases are ten thousand histories.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::facts::objectives::and;
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

const NEAR: Place = (ACCOUNT, HOME);
const FAR: Place = (ACCOUNT, AWAY);
const BEYOND: Place = (ACCOUNT, "eu-north-1");
/// Where copies go; the last place is never looked into, those of the other account only if the case says so.
const VAULTS: [(Place, &str); 6] =
    [(NEAR, "main"), (NEAR, "gap"), (FAR, "far"), ((OTHER_ACCOUNT, HOME), "far"), ((OTHER_ACCOUNT, AWAY), "far"), (BEYOND, "far")];
/// When the collections begin.
const STARTS: [i64; 2] = [NOW_S - 7 * DAY_S, NOW_S];
const GAPPED: &str = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT";

/// A point as it truly is; what AWS does not tell of it is false in `told`.
#[derive(Clone, Debug)]
struct Point {
    status: &'static str,
    data_s: i64,
    done_s: i64,
    deleted_s: i64,
    is_parent: bool,
    /// Creation, completion, type of the vault.
    told: [bool; 3],
}

/// A job as it truly is.
#[derive(Clone, Debug)]
struct Job {
    at_home: bool,
    state: &'static str,
    nested: bool,
    created_s: i64,
    done_s: i64,
    /// Creation, completion, type of the vault, the point it made, where it went.
    told: [bool; 5],
}

/// A copy: a job, the point it made, or one of them.
#[derive(Clone, Debug)]
struct Copied {
    vault: usize,
    job: Option<Job>,
    point: Option<Point>,
}

#[derive(Clone, Debug)]
struct History {
    created_s: Option<i64>,
    copies: Vec<Copied>,
}

#[derive(Clone, Debug)]
struct World {
    with_other_account: bool,
    /// By vault: whether it is air-gapped, and whether its row says so.
    vaults: Vec<(bool, bool)>,
    /// By collection, then list: copy jobs of four places, vaults of four places, points of five vaults.
    reads: Vec<ReadStatus>,
    histories: Vec<History>,
}

fn often() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.9)
}

fn copied() -> impl Strategy<Value = Copied> {
    let states = prop_oneof![8 => Just("COMPLETED"), 3 => Just("FAILED"), 1 => Just("PARTIAL"), 1 => Just("RUNNING"), 1 => Just("HALTED"), 1 => Just("")];
    let statuses = prop_oneof![8 => Just("COMPLETED"), 1 => Just("AVAILABLE"), 1 => Just("EXPIRED"), 1 => Just("PARTIAL")];
    let told = || prop::array::uniform3(often());
    let all_told = (told(), often(), often()).prop_map(|(first, made, place)| [first[0], first[1], first[2], made, place]);
    let times = (prop_oneof![0_i64..60, 0_i64..1_000], 0_i64..6, 0_i64..30, option::weighted(0.3, 0_i64..400));
    let job = (prop::bool::weighted(0.8), states, prop::bool::weighted(0.05), all_told);
    let point = (statuses, prop::bool::weighted(0.05), told());
    (0..VAULTS.len(), times, job, point, 0_u8..6).prop_map(
        |(vault, (begun_h, took_h, older_h, kept_h), job, (status, is_parent, told), kind)| {
            let created_s = NOW_S - begun_h * HOUR_S - 60;
            let done_s = created_s + took_h * HOUR_S + 7;
            let deleted_s = kept_h.map_or(i64::MAX / 2, |kept_h| done_s + kept_h * HOUR_S + 1);
            let (at_home, state, nested, job_told) = job;
            let made = !matches!(state, "FAILED" | "RUNNING") && kind > 0 || kind == 1;
            Copied {
                vault,
                job: (kind != 1).then_some(Job { at_home, state, nested, created_s, done_s, told: job_told }),
                point: made.then_some(Point { status, data_s: created_s - older_h * HOUR_S, done_s, deleted_s, is_parent, told }),
            }
        },
    )
}

fn history() -> impl Strategy<Value = History> {
    (option::weighted(0.9, 1_i64..1_200), vec(copied(), 0..6)).prop_map(|(created_h, mut copies)| {
        for (index, copy) in copies.iter_mut().enumerate() {
            // No two copies of a resource begin in the same minute.
            let sooner_s = 60 * i64::try_from(index).unwrap();
            for moment_s in copy.job.iter_mut().flat_map(|job| [&mut job.created_s, &mut job.done_s]) {
                *moment_s -= sooner_s;
            }
            for moment_s in copy.point.iter_mut().flat_map(|point| [&mut point.data_s, &mut point.done_s, &mut point.deleted_s]) {
                *moment_s -= sooner_s;
            }
        }
        History { created_s: created_h.map(|hours| NOW_S - hours * HOUR_S), copies }
    })
}

fn world() -> impl Strategy<Value = World> {
    let status = |good: u32| prop_oneof![good => Just(ReadStatus::Complete), 1 => Just(ReadStatus::Partial), 1 => Just(ReadStatus::Denied)];
    let reads = prop_oneof![2 => vec(Just(ReadStatus::Complete), 26), 2 => vec(status(30), 26), 1 => vec(status(6), 26)];
    let vaults = vec((any::<bool>(), often()), VAULTS.len());
    (any::<bool>(), vaults, reads, vec(history(), 250)).prop_map(|(with_other_account, vaults, reads, histories)| World {
        with_other_account,
        vaults,
        reads,
        histories,
    })
}

impl World {
    fn places(&self) -> Vec<Place> {
        let all = [NEAR, FAR, (OTHER_ACCOUNT, HOME), (OTHER_ACCOUNT, AWAY)];
        all[..if self.with_other_account { 4 } else { 2 }].to_vec()
    }

    fn looks_into(&self, place: Place) -> bool {
        self.places().contains(&place)
    }

    fn place_index(&self, place: Place) -> usize {
        self.places().iter().position(|one| *one == place).unwrap()
    }

    fn jobs_read(&self, collection: usize, place: Place) -> ReadStatus {
        self.reads[collection * 13 + self.place_index(place)]
    }

    /// A list of vaults is read or not: that a part of it was is another test's.
    fn vaults_read(&self, collection: usize, place: Place) -> bool {
        self.reads[collection * 13 + 4 + self.place_index(place)] == ReadStatus::Complete
    }

    /// The points of a vault that is not listed are not asked for.
    fn points_read(&self, collection: usize, vault: usize) -> ReadStatus {
        let place = VAULTS[vault].0;
        let listed = self.looks_into(place) && self.vaults_read(collection, place);
        if listed { self.reads[collection * 13 + 8 + vault] } else { ReadStatus::Denied }
    }

    fn estate(&self) -> Estate {
        let mut estate = Estate::default();
        for (collection, start_s) in STARTS.into_iter().enumerate() {
            estate = estate.collected(start_s);
            if self.with_other_account {
                estate = estate.with_other_account();
            }
            for place in self.places() {
                match self.jobs_read(collection, place) {
                    ReadStatus::Complete => {}
                    status => estate = estate.failed_at(place, "copy_jobs", None, status),
                }
                if !self.vaults_read(collection, place) {
                    estate = estate.failed_at(place, "backup_vaults", None, ReadStatus::Denied);
                }
            }
            for (vault, (place, name)) in VAULTS.into_iter().enumerate().filter(|(_, (place, _))| self.looks_into(*place)) {
                let (gapped, told) = self.vaults[vault];
                let vault_type = told.then_some(if gapped { GAPPED } else { "BACKUP_VAULT" });
                estate =
                    estate.has_at(place, "backup_vaults", [with(super::things::vault(place, name), json!({ "vault_type": vault_type }))]);
                let status = self.points_read(collection, vault);
                if status != ReadStatus::Complete && self.vaults_read(collection, place) {
                    estate = estate.failed_at(place, "recovery_points", Some(&vault_arn(place, name)), status);
                }
            }
            for (number, history) in self.histories.iter().enumerate() {
                estate = self.with_history(estate, number, history, start_s);
            }
        }
        estate
    }

    fn with_history(&self, mut estate: Estate, number: usize, history: &History, start_s: i64) -> Estate {
        let arn = db_arn(&format!("d{number}"));
        estate = estate.has("rds_instances", [with(db(&format!("d{number}")), json!({ "instance_create_time": history.created_s }))]);
        for (index, copy) in history.copies.iter().enumerate() {
            let (place, name) = VAULTS[copy.vault];
            let made = made(number, index);
            let type_of = |told: bool| told.then_some(if self.vaults[copy.vault].0 { GAPPED } else { "BACKUP_VAULT" });
            if let Some(job) = copy.job.as_ref().filter(|job| job.is_listed(start_s)) {
                let goes = |what: String| job.told[4].then_some(what);
                let row = json!({
                    "copy_job_id": format!("{number}-{index}"), "resource_arn": arn, "state": job.state_at(start_s), "parent_job_id": job.nested.then_some("whole"),
                    "destination_account_id": goes(place.0.to_owned()), "destination_region": goes(place.1.to_owned()), "destination_backup_vault_arn": goes(vault_arn(place, name)),
                    "destination_recovery_point_arn": job.told[3].then_some(&made), "destination_vault_type": type_of(job.told[2]),
                    "creation_date": job.told[0].then_some(job.created_s), "completion_date": job.done_at(start_s),
                    "backup_plan_arn": plan_arn("core")
                });
                estate = estate.has_at(if job.at_home { NEAR } else { FAR }, "copy_jobs", [row]);
            }
            if let Some(point) = copy.point.as_ref().filter(|point| point.is_there(start_s) && self.looks_into(place)) {
                let row = json!({
                    "backup_vault_arn": vault_arn(place, name), "recovery_point_arn": made, "resource_arn": arn, "status": point.status,
                    "creation_date": point.told[0].then_some(point.data_s), "completion_date": point.told[1].then_some(point.done_s),
                    "vault_type": type_of(point.told[2]), "is_parent": point.is_parent
                });
                estate = estate.has_at(place, "recovery_points", [row]);
            }
        }
        estate
    }
}

fn made(number: usize, index: usize) -> String {
    format!("arn:aws:backup:{AWAY}:{ACCOUNT}:recovery-point:{number}-{index}")
}

impl Job {
    /// AWS lists what ended in the last thirty days.
    fn is_listed(&self, start_s: i64) -> bool {
        self.created_s < start_s && self.done_s >= start_s - 30 * DAY_S
    }

    fn state_at(&self, start_s: i64) -> Option<&'static str> {
        Some(if self.done_s <= start_s { self.state } else { "RUNNING" }).filter(|state| !state.is_empty())
    }

    fn done_at(&self, start_s: i64) -> Option<i64> {
        (self.told[1] && self.done_s <= start_s && self.state != "RUNNING").then_some(self.done_s)
    }
}

impl Point {
    fn is_there(&self, start_s: i64) -> bool {
        self.done_s <= start_s && start_s < self.deleted_s
    }
}

/// What was seen of a copy of one destination: a job that ended, or of which nobody knows, or a point that is there.
#[derive(Clone, Debug)]
struct Seen {
    /// Whether it counts; not told leaves both readings.
    counts: Option<bool>,
    /// `None`: nobody knows.
    succeeded: Option<bool>,
    created_s: Option<i64>,
    done_s: Option<i64>,
    state: Option<&'static str>,
    exists: Option<bool>,
    at_home: bool,
    vault: Option<usize>,
}

/// One database and one destination, as it was seen.
struct Asked<'a> {
    world: &'a World,
    destination: &'static str,
    jobs: Vec<Seen>,
    points: Vec<Seen>,
}

impl<'a> Asked<'a> {
    fn of(world: &'a World, history: &'a History, destination: &'static str) -> Self {
        let mut asked = Self { world, destination, jobs: Vec::new(), points: Vec::new() };
        for copy in &history.copies {
            let own = |moment_s: Option<i64>| history.created_s.zip(moment_s).map(|(created_s, moment_s)| created_s <= moment_s);
            let point = asked.point(copy, own);
            if let Some(job) = asked.job(copy, own, point.as_ref()) {
                asked.jobs.push(job);
            }
            // Unusable ones, groups, what is not proven to be there, and what is not done are none that could be kept.
            let kept = |seen: &Seen, point: &Point| {
                let done = seen.done_s.is_none_or(|done_s| done_s < NOW_S);
                seen.exists == Some(true) && usable(point) && !point.is_parent && done && seen.counts != Some(false)
            };
            asked.points.extend(point.filter(|seen| copy.point.as_ref().is_some_and(|point| kept(seen, point))));
        }
        asked
    }

    /// Whether what lies in a vault, if that was told, counts; a job or point may tell itself whether it is air-gapped.
    fn counts(&self, vault: Option<usize>, gapped: Option<bool>, own: Option<bool>) -> Option<bool> {
        let place = vault.map(|vault| VAULTS[vault].0);
        let there = match self.destination {
            "other_region" => place.map(|place| place.1 != HOME),
            "other_account" => place.map(|place| place.0 != ACCOUNT),
            _ => None,
        };
        and(if self.destination == "air_gapped" { gapped.or_else(|| self.gapped(vault?)) } else { there }, own)
    }

    /// Whether a vault is air-gapped, as the list of vaults tells.
    fn gapped(&self, vault: usize) -> Option<bool> {
        let (place, (gapped, told)) = (VAULTS[vault].0, self.world.vaults[vault]);
        (told && self.world.looks_into(place) && self.world.vaults_read(1, place)).then_some(gapped)
    }

    fn point(&self, copy: &Copied, own: impl Fn(Option<i64>) -> Option<bool>) -> Option<Seen> {
        let point = copy.point.as_ref()?;
        let shown = |collection: &usize| {
            self.world.points_read(*collection, copy.vault) != ReadStatus::Denied && point.is_there(STARTS[*collection])
        };
        let last = [1, 0].into_iter().find(shown)?;
        // The last collection shows it, or it would have if it were there, or nobody knows.
        let missed = last == 0 && self.world.points_read(1, copy.vault) == ReadStatus::Complete;
        let told = |index: usize, moment_s: i64| point.told[index].then_some(moment_s);
        let of_life = own(told(0, point.data_s));
        Some(Seen {
            counts: self.counts(Some(copy.vault), point.told[2].then_some(self.world.vaults[copy.vault].0), of_life),
            succeeded: Some(true),
            created_s: told(0, point.data_s).or(told(1, point.done_s)),
            done_s: told(1, point.done_s),
            state: None,
            exists: if missed { Some(false) } else { (last == 1).then_some(true) },
            at_home: false,
            vault: Some(copy.vault),
        })
    }

    fn job(&self, copy: &Copied, own: impl Fn(Option<i64>) -> Option<bool>, point: Option<&Seen>) -> Option<Seen> {
        let job = copy.job.as_ref().filter(|job| !job.nested)?;
        let place = if job.at_home { NEAR } else { FAR };
        let shown =
            |collection: &usize| self.world.jobs_read(*collection, place) != ReadStatus::Denied && job.is_listed(STARTS[*collection]);
        let start_s = STARTS[[1, 0].into_iter().find(shown)?];
        let (state, done_s) = (job.state_at(start_s), job.done_at(start_s));
        if state == Some("RUNNING") || done_s.is_some_and(|done_s| done_s >= NOW_S) {
            return None;
        }
        let created_s = job.told[0].then_some(job.created_s);
        let vault = job.told[4].then_some(copy.vault);
        let counts = self.counts(vault, job.told[2].then_some(self.world.vaults[copy.vault].0), own(created_s));
        let succeeded = match state {
            Some("COMPLETED") => Some(true),
            Some("FAILED" | "PARTIAL") => Some(false),
            _ => None,
        };
        let exists = vault.filter(|_| job.told[3]).and_then(|vault| self.made_exists(copy, vault, done_s, &own, point));
        (own(created_s) != Some(false)).then_some(Seen { counts, succeeded, created_s, done_s, state, exists, at_home: job.at_home, vault })
    }

    /// Whether what a job made is there and can be used.
    fn made_exists(
        &self,
        copy: &Copied,
        vault: usize,
        done_s: Option<i64>,
        own: impl Fn(Option<i64>) -> Option<bool>,
        point: Option<&Seen>,
    ) -> Option<bool> {
        match point.zip(copy.point.as_ref()) {
            Some((seen, point)) => and(seen.exists, own(point.told[0].then_some(point.data_s))).map(|there| there && usable(point)),
            // Nobody ever saw it: it is gone if the last list is whole and was made after it.
            None => (self.world.points_read(1, vault) == ReadStatus::Complete && done_s.is_some()).then_some(false),
        }
    }

    /// The newest of those that count in a reading; what has no date may be newer than all others.
    fn newest<'s>(seen: impl Iterator<Item = &'s Seen>) -> Option<&'s Seen> {
        seen.max_by_key(|seen| seen.created_s.unwrap_or(i64::MAX))
    }

    fn succeeded(&self) -> Option<bool> {
        if self.world.jobs_read(1, NEAR) != ReadStatus::Complete {
            return None;
        }
        // Jobs first, then points.
        let jobs: Vec<&Seen> = self.jobs.iter().filter(|job| job.at_home).collect();
        let items: Vec<&Seen> = jobs.iter().copied().chain(&self.points).collect();
        let open: Vec<usize> = (0..items.len()).filter(|&index| items[index].counts.is_none()).collect();
        let readings = (0..1_usize << open.len()).map(|reading| {
            let counts = |index: &usize| match open.iter().position(|one| one == index) {
                Some(bit) => reading >> bit & 1 == 1,
                None => items[*index].counts == Some(true),
            };
            let last = Self::newest((0..jobs.len()).filter(counts).map(|index| items[index]));
            self.succeeded_if(last, (jobs.len()..items.len()).any(|index| counts(&index)))
        });
        let answers: Vec<Option<bool>> = readings.collect();
        answers.iter().all(|answer| *answer == answers[0]).then_some(answers[0])?
    }

    fn points_known(&self) -> bool {
        let looked = (0..VAULTS.len()).filter(|&vault| self.world.looks_into(VAULTS[vault].0));
        looked.into_iter().all(|vault| self.world.points_read(1, vault) == ReadStatus::Complete)
            && self.world.places().into_iter().all(|place| self.world.vaults_read(1, place))
    }

    fn succeeded_if(&self, last: Option<&Seen>, kept: bool) -> Option<bool> {
        let none_left = self.points_known().then_some(false);
        match last {
            Some(job) => match (job.succeeded?, job.exists) {
                (false, _) => Some(false),
                _ if kept => Some(true),
                (true, Some(true)) => Some(true),
                (true, Some(false)) => none_left,
                (true, None) => None,
            },
            None if kept => Some(true),
            None if self.destination == "other_region" => none_left,
            None => None,
        }
    }

    /// The newest job that succeeded for certain, or the newest where the database lives, or the newest point, whichever was done last and is not known
    /// to be deleted; if all are, the job.
    fn newest_copy(&self) -> Option<&Seen> {
        let certain = |seen: &&Seen| seen.counts == Some(true);
        let completed = Self::newest(self.jobs.iter().filter(certain).filter(|job| job.succeeded == Some(true)));
        let last = self.last().filter(|job| job.succeeded == Some(true));
        let kept = Self::newest(self.points.iter().filter(certain));
        let there = [completed, last, kept].into_iter().flatten().filter(|seen| seen.exists != Some(false));
        there.max_by_key(|seen| (seen.done_s, seen.created_s)).or(completed)
    }

    /// The newest that counts for certain, of those listed where the database lives.
    fn last(&self) -> Option<&Seen> {
        Self::newest(self.jobs.iter().filter(|job| job.at_home && job.counts == Some(true)))
    }

    fn none_for_s(&self) -> i64 {
        let places = self.world.places();
        let read = |collection: usize, place: Place| self.world.jobs_read(collection, place) == ReadStatus::Complete;
        let observed = places.iter().all(|place| read(1, *place)) && self.points_known();
        // A copy that does not count, made where nobody looks, may have been copied on from there.
        let outside = self.jobs.iter().any(|job| {
            let seen = job.vault.is_some_and(|vault| self.world.looks_into(VAULTS[vault].0));
            job.succeeded != Some(false) && !seen && job.counts != Some(true)
        });
        if !observed || outside {
            return 0;
        }
        let from_s = NOW_S - if places.iter().all(|place| read(0, *place)) { 37 } else { 30 } * DAY_S;
        let made = self.jobs.iter().chain(&self.points).filter(|seen| seen.counts != Some(false) && seen.succeeded != Some(false));
        let made_s = made.map(|seen| seen.done_s.unwrap_or(NOW_S)).max();
        (NOW_S - made_s.map_or(from_s, |made_s| made_s.max(from_s))).max(0)
    }

    /// State of the newest job that counts, whether the newest copy succeeded, when it was done, whether it exists and where, and how long there was none.
    fn row(&self) -> [Value; 7] {
        let last = self.last();
        let newest = self.newest_copy();
        let none_for_s = self.none_for_s();
        let age_s = newest.and_then(|copy| copy.done_s).map(|done_s| NOW_S - done_s);
        [
            json!(last.map(|job| job.state.unwrap_or_default())),
            json!(self.succeeded()),
            json!(newest.and_then(|copy| copy.done_s)),
            json!(newest.and_then(|copy| copy.exists)),
            json!(newest.and_then(|copy| copy.vault).map(|vault| vault_arn(VAULTS[vault].0, VAULTS[vault].1))),
            json!(none_for_s),
            json!(age_s.filter(|age_s| *age_s <= none_for_s).map(|_| false)),
        ]
    }
}

fn usable(point: &Point) -> bool {
    matches!(point.status, "COMPLETED" | "AVAILABLE")
}

const COLUMNS: [&str; 7] = ["last_state", "last_succeeded", "copied_s", "copy_exists", "copied_to_vault", "none_for_s", "newer_copy"];

proptest! {
    // Each step of shrinking would write an estate; the message names the one history.
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn agrees_with_asking_copy_by_copy(world in world()) {
        let window = Window { start_s: ago(30, 0), end_s: NOW_S };
        let facts = world.estate().open().facts_of(&["copies"], None, json!([]), window).unwrap();
        for (number, history) in world.histories.iter().enumerate() {
            for destination in ["other_region", "other_account", "air_gapped"] {
                let row = facts.copies(&db_arn(&format!("d{number}")), destination);
                let found = COLUMNS.map(|column| row[column].clone());
                prop_assert_eq!(found, Asked::of(&world, history, destination).row(), "{} of {:?} where {:?}", destination, history, world.vaults);
            }
        }
    }
}
