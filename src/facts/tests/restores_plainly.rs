//! Restores the slow way: each question goes through all jobs that were seen, in the words of the definitions.
//!
//! A case is an estate of 250 databases with histories of their own and reads that failed; forty cases are ten thousand histories.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::estate::*;
use super::things::*;
use crate::dataset::ReadStatus;
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

const PLACES: [Place; 4] = [(ACCOUNT, HOME), (ACCOUNT, AWAY), (OTHER_ACCOUNT, HOME), (OTHER_ACCOUNT, AWAY)];
/// When the collections begin.
const STARTS: [i64; 2] = [NOW_S - 7 * DAY_S, NOW_S];
const PLAN: &str = "arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:weekly";

/// How a job names its source.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Told,
    ByPoint,
    Nowhere,
}

/// A restore as it truly was; what AWS does not tell of it is false in `told`.
#[derive(Clone, Debug)]
struct Job {
    place: usize,
    status: &'static str,
    validation: Option<&'static str>,
    is_test: bool,
    nested: bool,
    created_s: i64,
    done_s: i64,
    source: Source,
    resource_type: Option<&'static str>,
    deletion: Option<&'static str>,
    /// What it made: one of the databases, one that nobody has, or one where nobody looks.
    made: Option<u8>,
    /// Hours since its point was created; not told of some.
    point_age_h: Option<i64>,
    continuous: bool,
    /// Creation, completion.
    told: [bool; 2],
}

#[derive(Clone, Debug)]
struct World {
    with_other_account: bool,
    window_days: i64,
    /// By collection, then restore jobs of four places and the points of the home vault.
    reads: Vec<ReadStatus>,
    histories: Vec<(Option<i64>, Vec<Job>)>,
    /// Jobs whose source nobody tells.
    strangers: Vec<Job>,
}

fn job() -> impl Strategy<Value = Job> {
    const VALIDATIONS: [&str; 6] = ["SUCCESSFUL", "SUCCESSFUL", "FAILED", "TIMED_OUT", "VALIDATING", "DOUBTED"];
    let status = prop_oneof![12 => Just("COMPLETED"), 4 => Just("FAILED"), 1 => Just("ABORTED"), 1 => Just("RUNNING"), 1 => Just("PENDING"), 1 => Just("HALTED"), 1 => Just("")];
    let validation = option::weighted(0.7, prop::sample::select(&VALIDATIONS[..]));
    let hours = prop_oneof![0_i64..100, 0_i64..1_000];
    let resource_type = option::weighted(0.9, prop::sample::select(&["RDS", "RDS", "DynamoDB"][..]));
    let deletion = option::weighted(0.5, prop::sample::select(&["SUCCESSFUL", "FAILED"][..]));
    let often = || prop::bool::weighted(0.95);
    let first = (0_usize..4, status, validation, prop::bool::weighted(0.6), prop::bool::weighted(0.05), hours, 0_i64..12);
    let source = prop_oneof![30 => Just(Source::Told), 1 => Just(Source::ByPoint)];
    (
        first,
        source,
        resource_type,
        deletion,
        option::weighted(0.9, 0_u8..4),
        ([often(), often()], option::weighted(0.9, 0_i64..50), prop::bool::weighted(0.1)),
    )
        .prop_map(
            |(
                (place, status, validation, is_test, nested, begun_h, took_h),
                source,
                resource_type,
                deletion,
                made,
                (told, point_age_h, continuous),
            )| {
                let created_s = NOW_S - begun_h * HOUR_S - 60;
                let done_s = created_s + took_h * HOUR_S + 7;
                Job {
                    place,
                    status,
                    validation,
                    is_test,
                    nested,
                    created_s,
                    done_s,
                    source,
                    resource_type,
                    deletion,
                    made,
                    point_age_h,
                    continuous,
                    told,
                }
            },
        )
}

fn history() -> impl Strategy<Value = (Option<i64>, Vec<Job>)> {
    (option::weighted(0.9, 1_i64..1_200), vec(job(), 0..6)).prop_map(|(created_h, mut jobs)| {
        for (index, job) in jobs.iter_mut().enumerate() {
            // No two begin in the same minute.
            let later_s = 60 * i64::try_from(index).unwrap();
            (job.created_s, job.done_s) = (job.created_s - later_s, job.done_s - later_s);
        }
        (created_h.map(|hours| NOW_S - hours * HOUR_S), jobs)
    })
}

fn world() -> impl Strategy<Value = World> {
    let status = |good: u32| prop_oneof![good => Just(ReadStatus::Complete), 1 => Just(ReadStatus::Partial), 1 => Just(ReadStatus::Denied)];
    let reads = prop_oneof![3 => vec(Just(ReadStatus::Complete), 10), 2 => vec(status(20), 10)];
    let stranger =
        (job(), any::<bool>()).prop_map(|(job, by_point)| Job { source: if by_point { Source::ByPoint } else { Source::Nowhere }, ..job });
    let strangers = prop_oneof![3 => Just(Vec::new()), 1 => vec(stranger, 1..3)];
    (any::<bool>(), prop::sample::select(&[20_i64, 29, 36, 60][..]), reads, vec(history(), 250), strangers).prop_map(
        |(with_other_account, window_days, reads, mut histories, strangers)| {
            // One job whose source is nowhere to be found leaves all databases in doubt, so that few estates have any.
            for job in histories.iter_mut().flat_map(|(_, jobs)| jobs).filter(|_| strangers.is_empty()) {
                job.source = Source::Told;
            }
            World { with_other_account, window_days, reads, histories, strangers }
        },
    )
}

impl Job {
    fn is_listed(&self, start_s: i64) -> bool {
        self.created_s < start_s && self.created_s >= start_s - 30 * DAY_S
    }

    fn status_at(&self, start_s: i64) -> &'static str {
        if self.done_s <= start_s { self.status } else { "RUNNING" }
    }

    fn done_at(&self, start_s: i64) -> Option<i64> {
        (self.told[1] && self.done_s <= start_s && !matches!(self.status, "RUNNING" | "PENDING")).then_some(self.done_s)
    }

    fn point_s(&self) -> Option<i64> {
        self.point_age_h.map(|hours| self.created_s - hours * HOUR_S)
    }

    fn made_arn(&self) -> Option<String> {
        Some(match self.made? {
            0 => db_arn("d0"),
            3 => db_arn("elsewhere").replace(HOME, "eu-north-1"),
            _ => db_arn("deleted"),
        })
    }
}

impl World {
    fn places(&self) -> &'static [Place] {
        &PLACES[..if self.with_other_account { 4 } else { 2 }]
    }

    fn jobs_read(&self, collection: usize, place: usize) -> ReadStatus {
        self.reads[collection * 5 + place]
    }

    fn points_read(&self, collection: usize) -> ReadStatus {
        self.reads[collection * 5 + 4]
    }

    fn all_read(&self, collection: usize) -> bool {
        (0..self.places().len()).all(|place| self.jobs_read(collection, place) == ReadStatus::Complete)
    }

    fn window(&self) -> Window {
        Window { start_s: ago(self.window_days, 0), end_s: NOW_S }
    }

    fn estate(&self) -> Estate {
        let mut estate = Estate::default();
        for (collection, start_s) in STARTS.into_iter().enumerate() {
            estate = estate.collected(start_s);
            if self.with_other_account {
                estate = estate.with_other_account();
            }
            for (place, at) in self.places().iter().enumerate() {
                let status = self.jobs_read(collection, place);
                if status != ReadStatus::Complete {
                    estate = estate.failed_at(*at, "restore_jobs", None, status);
                }
            }
            estate = estate.has("backup_vaults", [vault((ACCOUNT, HOME), "main")]);
            if self.points_read(collection) != ReadStatus::Complete {
                estate = estate.failed_at((ACCOUNT, HOME), "recovery_points", Some(&home_vault()), self.points_read(collection));
            }
            for (number, (created_s, jobs)) in self.histories.iter().enumerate() {
                let name = format!("d{number}");
                estate = estate.has("rds_instances", [with(db(&name), json!({ "instance_create_time": created_s }))]);
                for (index, job) in jobs.iter().enumerate() {
                    estate = self.with_job(estate, job, &name, index, start_s);
                }
            }
            for (index, job) in self.strangers.iter().enumerate() {
                estate = self.with_job(estate, job, "stranger", index, start_s);
            }
        }
        estate
    }

    fn with_job(&self, mut estate: Estate, job: &Job, name: &str, index: usize, start_s: i64) -> Estate {
        let number = i64::try_from(index).unwrap();
        if job.source == Source::ByPoint && name != "stranger" {
            estate = estate.has("recovery_points", [point(name, number, ago(60, 0))]);
        }
        if !job.is_listed(start_s) || !self.places().contains(&PLACES[job.place]) {
            return estate;
        }
        let continuous = job.continuous && job.source == Source::Told;
        let point =
            if continuous { format!("arn:aws:backup:{HOME}:{ACCOUNT}:recovery-point:continuous:{name}") } else { point_arn(name, number) };
        let row = json!({
            "restore_job_id": format!("{name}-{index}"), "recovery_point_arn": point, "recovery_point_creation_date": job.point_s(), "resource_type": job.resource_type,
            "source_resource_arn": (job.source == Source::Told).then(|| db_arn(name)), "status": Some(job.status_at(start_s)).filter(|status| !status.is_empty()),
            "creation_date": job.told[0].then_some(job.created_s), "completion_date": job.done_at(start_s), "restore_testing_plan_arn": job.is_test.then_some(PLAN),
            "validation_status": job.validation, "deletion_status": job.deletion, "parent_job_id": job.nested.then_some("whole"), "created_resource_arn": job.made_arn()
        });
        estate.has_at(PLACES[job.place], "restore_jobs", [row])
    }
}

/// A job that has ended, or may have, as it was seen.
#[derive(Clone, Debug)]
struct Seen {
    created_s: Option<i64>,
    done_s: Option<i64>,
    status: &'static str,
    /// Whether it completed.
    completed: Option<bool>,
    /// Whether it completed, and nobody found the data to be wrong.
    succeeded: Option<bool>,
    /// Whether it completed, and whoever was to look at the data told that it is right.
    tested: Option<bool>,
    is_test: bool,
    validation: Option<&'static str>,
    deletion: Option<&'static str>,
    made: Option<u8>,
    /// Age of the data that was restored; not told of a continuous backup.
    age_s: Option<i64>,
}

fn seen(world: &World, job: &Job) -> Option<Seen> {
    let shown = |collection: &usize| {
        let asked = job.place < world.places().len() && world.jobs_read(*collection, job.place) != ReadStatus::Denied;
        asked && job.is_listed(STARTS[*collection])
    };
    let start_s = STARTS[[1, 0].into_iter().find(shown)?];
    let (status, done_s) = (job.status_at(start_s), job.done_at(start_s));
    if job.nested || matches!(status, "RUNNING" | "PENDING") || done_s.is_some_and(|done_s| done_s >= NOW_S) {
        return None;
    }
    let completed = match status {
        "COMPLETED" => Some(true),
        "FAILED" | "ABORTED" => Some(false),
        _ => None,
    };
    let doubted = match job.validation {
        Some("FAILED") => Some(true),
        Some("DOUBTED" | "VALIDATING") => None,
        _ => Some(false),
    };
    let succeeded = if completed == Some(true) { doubted.map(|doubted| !doubted) } else { completed };
    let tested = if job.validation == Some("TIMED_OUT") { succeeded.map(|_| false) } else { succeeded };
    let created_s = job.told[0].then_some(job.created_s);
    let continuous = job.continuous && job.source == Source::Told;
    let age_s = created_s.zip(job.point_s()).filter(|_| !continuous).map(|(created_s, point_s)| created_s - point_s);
    Some(Seen {
        age_s,
        created_s,
        done_s,
        status,
        completed,
        succeeded,
        tested,
        is_test: job.is_test,
        validation: job.validation,
        deletion: job.deletion,
        made: job.made,
    })
}

/// One database, as it was seen.
struct Asked<'a> {
    world: &'a World,
    /// Since when every other restore of it would have been seen.
    since_s: Option<i64>,
    /// Its restores, oldest first.
    ever: Vec<Seen>,
    in_window: Vec<Seen>,
}

impl<'a> Asked<'a> {
    fn of(world: &'a World, number: usize) -> Self {
        let (born_s, jobs) = &world.histories[number];
        let point_seen = [0, 1].into_iter().any(|collection| world.points_read(collection) != ReadStatus::Denied);
        let has_source = |job: &&Job| job.source == Source::Told || (job.source == Source::ByPoint && point_seen);
        let own: Vec<Seen> = jobs.iter().filter(has_source).filter_map(|job| seen(world, job)).collect();
        let undated = own.iter().any(|job| job.created_s.is_none());
        // What was restored before it was created is another's; without a date that may be so.
        let of_life = |job: &&Seen| born_s.is_none_or(|born_s| job.created_s.is_some_and(|created_s| created_s >= born_s));
        let mut ever: Vec<Seen> = own.iter().filter(of_life).cloned().collect();
        ever.sort_by_key(|job| job.created_s);
        let in_window = ever.iter().filter(|job| job.created_s >= Some(world.window().start_s)).cloned().collect();
        Self { since_s: if undated { None } else { Self::since_s(world, point_seen) }, world, ever, in_window }
    }

    /// Everywhere the list was read now, and a week ago it reached back a week further; later than every job that may be of any database.
    fn since_s(world: &World, point_seen: bool) -> Option<i64> {
        let listed_s = world.all_read(1).then_some(NOW_S - if world.all_read(0) { 37 } else { 30 } * DAY_S)?;
        let lost = world.histories.iter().flat_map(|(_, jobs)| jobs).filter(|job| job.source == Source::ByPoint && !point_seen);
        let may_be = |job: &&Job| job.resource_type != Some("DynamoDB");
        let open = world.strangers.iter().chain(lost).filter(may_be).filter_map(|job| seen(world, job));
        open.map(|job| job.created_s.map_or(i64::MAX, |created_s| created_s + 1)).chain([listed_s]).max()
    }

    fn knows(&self, job: &Seen) -> bool {
        self.since_s.is_some_and(|since_s| job.created_s >= Some(since_s))
    }

    fn whole(&self) -> bool {
        self.since_s.is_some_and(|since_s| since_s <= self.world.window().start_s + DAY_S)
    }

    /// True if one is, false if none can be.
    fn any(&self, of: impl Fn(&Seen) -> Option<bool>) -> Option<bool> {
        if self.in_window.iter().any(|job| of(job) == Some(true)) {
            return Some(true);
        }
        (self.whole() && self.in_window.iter().all(|job| of(job) == Some(false))).then_some(false)
    }

    /// The newest in the window that completed; none if a newer one may have, or may not have been seen.
    fn newest_completed(&self, of: impl Fn(&Seen) -> bool) -> Option<&Seen> {
        let newest = self.in_window.iter().rev().find(|job| of(job) && job.completed != Some(false))?;
        (newest.completed == Some(true) && self.knows(newest)).then_some(newest)
    }

    /// The newest test, or if there was none, which is known only of the whole window, the newest other restore.
    fn judged(&self) -> Option<&Seen> {
        if self.in_window.iter().any(|job| job.is_test && job.completed != Some(false)) {
            return self.newest_completed(|job| job.is_test);
        }
        if self.whole() { self.newest_completed(|job| !job.is_test) } else { None }
    }

    fn newest_s(&self, of: impl Fn(&Seen) -> bool) -> Option<i64> {
        self.ever.iter().filter(|job| of(job)).filter_map(|job| job.done_s.or(job.created_s)).max()
    }

    fn none_for_s(&self) -> i64 {
        let Some(since_s) = self.since_s else { return 0 };
        // What may have succeeded ended when it says, or just now.
        let ends = self.ever.iter().filter(|job| job.tested != Some(false)).map(|job| match job.tested {
            Some(_) => job.done_s.or(job.created_s).unwrap_or(i64::MIN),
            None => job.done_s.unwrap_or(NOW_S),
        });
        (NOW_S - ends.chain([since_s]).max().unwrap()).max(0)
    }

    fn leftover(&self) -> Option<bool> {
        let undeleted: Vec<&Seen> = self.in_window.iter().filter(|job| job.deletion == Some("FAILED")).collect();
        if undeleted.iter().any(|job| job.made == Some(0)) {
            return Some(true);
        }
        (self.whole() && undeleted.iter().all(|job| matches!(job.made, Some(1 | 2)))).then_some(false)
    }

    /// Whether a restore that went well brought back data of the last 26 hours.
    fn fresh(&self) -> Option<bool> {
        if self.in_window.iter().any(|job| job.tested == Some(true) && job.age_s.is_some_and(|age_s| age_s <= 26 * HOUR_S)) {
            return Some(true);
        }
        let told = |job: &Seen| job.tested == Some(false) || (job.tested == Some(true) && job.age_s.is_some());
        (self.whole() && self.in_window.iter().all(told)).then_some(false)
    }

    fn row(&self) -> Vec<(&'static str, Value)> {
        let last = self.in_window.last().filter(|job| self.knows(job) && job.succeeded.is_some());
        let took = |job: &Seen| Some(job.done_s? - job.created_s?);
        let completed = || self.in_window.iter().filter(|job| job.completed == Some(true));
        let slowest = completed().filter_map(|job| Some((took(job)?, job.created_s))).max();
        let well = self.in_window.iter().filter(|job| job.tested == Some(true));
        let freshest = well.filter_map(|job| Some((job.age_s?, job.created_s))).min();
        let all_timed =
            self.in_window.iter().all(|job| job.completed == Some(false) || (job.completed == Some(true) && took(job).is_some()));
        let tested_s = self.newest_s(|job| job.tested == Some(true));
        let (age_s, none_for_s) = (tested_s.map(|tested_s| NOW_S - tested_s), self.none_for_s());
        let count = |test: bool| self.in_window.iter().filter(|job| job.is_test == test).count();
        vec![
            ("tests_count", json!(count(true))),
            ("manual_count", json!(count(false))),
            ("restored", json!(self.any(|_| Some(true)))),
            ("completed", json!(self.any(|job| job.completed))),
            ("last_succeeded", json!(last.and_then(|job| job.succeeded))),
            ("last_kind", json!(last.map(|job| if job.is_test { "test" } else { "manual" }))),
            ("last_status", json!(last.map(|job| job.status))),
            ("last_restore_s", json!(last.and_then(|job| job.created_s))),
            (
                "validated",
                json!(self.judged().and_then(|job| match job.validation {
                    Some("SUCCESSFUL") => Some(true),
                    None | Some("FAILED" | "TIMED_OUT") => Some(false),
                    _ => None,
                })),
            ),
            ("validated_s", json!(self.newest_s(|job| job.completed == Some(true) && job.validation == Some("SUCCESSFUL")))),
            ("completed_s", json!(self.newest_s(|job| job.completed == Some(true)))),
            ("tested_s", json!(tested_s)),
            ("tested_age_s", json!(age_s)),
            ("none_for_s", json!(none_for_s)),
            ("newer_restore", json!(age_s.filter(|age_s| *age_s <= none_for_s).map(|_| false))),
            ("restore_s", json!(self.newest_completed(|_| true).and_then(took))),
            ("worst_restore_s", json!(slowest.map(|(took_s, _)| took_s))),
            ("worst_at_s", json!(slowest.and_then(|(_, created_s)| created_s))),
            ("restores_known", json!((self.whole() && all_timed).then_some(true))),
            ("leftover", json!(self.leftover())),
            ("shown", json!(self.any(|job| job.tested))),
            ("restored_age_s", json!(freshest.map(|(age_s, _)| age_s))),
            ("restored_s", json!(freshest.and_then(|(_, created_s)| created_s))),
            ("restored_fresh", json!(self.fresh())),
        ]
    }
}

proptest! {
    // Each step of shrinking would write an estate; the message names the one history.
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn agrees_with_asking_job_by_job(world in world()) {
        let facts = world.estate().open().facts_of(&["restores"], None, json!([{ "id": "all", "rpo": "24h", "tolerance": "2h" }]), world.window()).unwrap();
        for number in 0..world.histories.len() {
            let row = facts.row("restores", &db_arn(&format!("d{number}")));
            let expected = Asked::of(&world, number).row();
            let found: Vec<(&str, Value)> = expected.iter().map(|(column, _)| (*column, row[*column].clone())).collect();
            prop_assert_eq!(found, expected, "{:?} strangers {:?} reads {:?}", world.histories[number], world.strangers, world.reads);
        }
    }
}
