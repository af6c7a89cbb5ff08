//! Drills: restores that showed that what lies elsewhere, or behind a lock, can be brought back.
//!
//! One row an account and scenario. A restore counts for `other_region` if it was done in another Region than that of what was backed up, for
//! `other_account` if in another account, for `locked` if it came from a vault that is locked now. A failed validation shows the opposite, and one that
//! ended without a result shows nothing. Where it is not told whose data was restored, or whether the vault is locked, the restore may have been a
//! drill of anybody: it proves none, and no more does it let anybody say that there was none. What kind of drill it was, and who took part, only people
//! can say.
//!
//! Restore tests are drills that nobody has to remember. They reach what lies elsewhere only if a plan of that account and Region includes its vault.
//!
//! AWS lists restore jobs of 30 days: that there was none in a year is proven only by collections that reach back that far.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use self::homes::{Homes, Shows};
use super::population::evidence;
use super::restores::tested;
use super::testing::PointRow;
use super::testing::plans::TestingPlans;
use super::{Fact, FactError, Inputs, everywhere};
use crate::dataset::{Relation, Row};
use crate::model::moment::DAY_S;

mod homes;

/// What a restore can show.
const SCENARIOS: [&str; 3] = ["locked", "other_account", "other_region"];
/// Time for which AWS lists restore jobs.
const LISTED_S: i64 = 30 * DAY_S;

crate::rows! {
    /// Restores of one kind in an account.
    pub struct DrillRow {
        /// The account's root
        subject_arn: Text, Never, "";
        /// Always `account`
        subject_type: Text, Never, "";
        /// Account whose resources were restored
        account_id: Text, Never, "";
        /// Always `global`
        region: Text, Never, "";
        /// `other_region`, `other_account` or `locked`
        scenario: Text, Never, "";
        /// Whether there is anything of the kind to restore: points of the account's resources that lie there; not told either where there are points
        /// of which nobody tells whose they are
        has_points: Boolean, NotTold, "ListRecoveryPointsByBackupVault, ListBuckets";
        /// When the newest restore of the kind was done that completed, and whose validation, if there is one, was successful
        drilled_s: Integer, NotTold, "RestoreJob.CompletionDate";
        /// Age of that one at the moment of judgement
        drilled_age_s: Integer, NotTold, "";
        /// Whether there is a newer one: false, or not told where it could not be looked for
        newer_drill: Boolean, NotTold, "";
        /// Time before the moment of judgement in which there was none, as far as that is proven
        none_for_s: Integer, Never, "";
        /// Whether a restore testing plan of the account tests anything
        has_tests: Boolean, NotTold, "RestoreTestingSelection";
        /// Whether a restore test of the last 30 days took a point of the kind, or a plan would take one now
        tests_reach: Boolean, NotTold, "RestoreTestingPlan, RestoreTestingSelection, CreatedBy.RestoreTestingPlanArn";
        /// What was restored
        restored_arn: Text, Means("nothing that is known"), "SourceResourceArn";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Drills as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "drills",
        doc: "When something was last restored in another Region, in another account, or from a locked vault: one row an account and scenario.",
        rows_are: "scenarios",
        columns: DrillRow::COLUMNS,
        rows_rest_on: &[],
        order: &["scenario"],
    },
    reads: &[&[
        everywhere("restore_jobs"),
        everywhere("recovery_points"),
        everywhere("backup_vaults"),
        everywhere("s3_buckets"),
        everywhere("restore_testing_plans"),
        everywhere("restore_testing_selections"),
    ]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `restore_jobs`.
    struct JobRow {
        account_id: Text; region: Text; restore_job_id: Text; recovery_point_arn: Text; recovery_point_creation_date_s: Integer;
        source_resource_arn: Text; backup_vault_arn: Text; status: Text; validation_status: Text; creation_date_s: Integer;
        completion_date_s: Integer; restore_testing_plan_arn: Text; collection: Text;
    }
}

/// What was last done of a kind.
#[derive(Clone, Debug)]
struct Done {
    at_s: i64,
    restored_arn: Option<String>,
    evidence: String,
}

/// An account and what a restore can show.
type Key = (String, &'static str);

/// A point that a restore names: the vaults in which it lies, and where what it is of lives.
#[derive(Clone, Debug, Default)]
struct Named {
    vaults: BTreeSet<String>,
    home: Option<(String, String)>,
    resource_arn: Option<String>,
}

/// Account, Region, whether its vault may be locked, whether plans may take it, whether it may exist.
type Stranger = (String, String, bool, bool, bool);

/// What points lie where they can show something.
#[derive(Debug, Default)]
struct Points {
    /// Some are there.
    held: BTreeSet<Key>,
    /// Whether some are there hangs on what was not told.
    open: BTreeSet<Key>,
    /// Restore testing plans would take some now.
    taken: BTreeSet<Key>,
    /// Or they may.
    maybe_taken: BTreeSet<Key>,
    /// The points that restores name without telling where they lie, or what they are of.
    named: BTreeMap<String, Named>,
    /// Whether all points were read, so that one lies in no other vault than those that show it.
    whole: bool,
    /// Place and lock, plans and existence, of points of which nobody tells whose they are: one of a kind says as much as many.
    strangers: BTreeSet<Stranger>,
}

impl Points {
    fn read(inputs: &Inputs<'_>, homes: &Homes, testing: &TestingPlans, jobs: &[JobRow]) -> Result<Self, FactError> {
        let as_of_s = inputs.snapshot.as_of_s();
        let silent = |job: &&JobRow| job.backup_vault_arn.is_none() || home_of(homes, job).is_none();
        let named = jobs.iter().filter(silent).filter_map(|job| job.recovery_point_arn.clone());
        let whole = inputs.complete_everywhere("recovery_points");
        let mut points = Self { named: named.map(|point| (point, Named::default())).collect(), whole, ..Self::default() };
        inputs.each::<PointRow>("recovery_points", |point| points.add(point, homes, testing, as_of_s))?;
        Ok(points)
    }

    fn add(&mut self, point: PointRow, homes: &Homes, testing: &TestingPlans, as_of_s: i64) {
        let home = homes.of_point(&point);
        let place = (point.account_id.as_deref().unwrap_or_default(), point.region.as_deref().unwrap_or_default());
        let locked = homes.locked(point.backup_vault_arn.as_deref());
        let (taken, exists) = (testing.take(&point, as_of_s), point.exists);
        let of_kind = || (place.0.to_owned(), place.1.to_owned(), locked != Some(false), taken != Some(false), exists != Some(false));
        if home.is_some() || self.strangers.insert(of_kind()) {
            self.count(&homes.shows(home, place, locked), taken, exists);
        }
        let home = home.map(|(account_id, region)| (account_id.to_owned(), region.to_owned()));
        if let Some(named) = point.recovery_point_arn.and_then(|point| self.named.get_mut(&point)) {
            named.vaults.extend(point.backup_vault_arn);
            named.home = home.or(named.home.take());
            named.resource_arn = point.resource_arn.or(named.resource_arn.take());
        }
    }

    fn count(&mut self, shows: &Shows, taken: Option<bool>, exists: Option<bool>) {
        if taken == Some(true) {
            self.taken.extend(shows.certain.iter().cloned());
        }
        if taken != Some(false) {
            self.maybe_taken.extend(shows.possible.iter().cloned());
        }
        if exists == Some(true) {
            self.held.extend(shows.certain.iter().cloned());
        }
        if exists != Some(false) {
            self.open.extend(shows.possible.iter().cloned());
        }
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let homes = Homes::read(inputs)?;
    let testing = TestingPlans::read(inputs)?;
    let jobs = inputs.rows::<JobRow>("restore_jobs")?;
    let points = Points::read(inputs, &homes, &testing, &jobs)?;
    let restores = Restores::of(jobs, inputs.snapshot.as_of_s(), &homes, &points);
    let points_read = ["recovery_points", "backup_vaults"].iter().all(|table| inputs.complete_everywhere(table));
    let plans_read = ["restore_testing_plans", "restore_testing_selections"].iter().all(|table| inputs.complete_everywhere(table));
    let tests_known = plans_read && points_read && inputs.complete_everywhere("restore_jobs");
    let since_s = inputs.observed_everywhere_since("restore_jobs");
    let as_of_s = inputs.snapshot.as_of_s();
    let rows = homes.accounts().iter().flat_map(|account_id| SCENARIOS.map(|scenario| (account_id.clone(), scenario))).map(|key| {
        let (account_id, newest) = (&key.0, restores.done.get(&key));
        let ended_s = newest.map(|done| done.at_s).max(restores.maybe_done.get(&key).copied());
        let none_for_s = since_s.map_or(0, |since_s| as_of_s - ended_s.map_or(since_s, |ended_s| ended_s.max(since_s))).max(0);
        let age_s = newest.map(|done| (as_of_s - done.at_s).max(0));
        let reached = points.taken.contains(&key) || restores.tested.contains(&key);
        let maybe_reached = points.maybe_taken.contains(&key) || restores.maybe_tested.contains(&key);
        DrillRow {
            subject_arn: Some(format!("arn:aws:iam::{account_id}:root")),
            subject_type: Some("account".to_owned()),
            account_id: Some(account_id.clone()),
            region: Some("global".to_owned()),
            scenario: Some(key.1.to_owned()),
            has_points: if points.held.contains(&key) { Some(true) } else { (points_read && !points.open.contains(&key)).then_some(false) },
            drilled_s: newest.map(|done| done.at_s),
            drilled_age_s: age_s,
            newer_drill: age_s.filter(|age_s| *age_s <= none_for_s).map(|_| false),
            none_for_s: Some(none_for_s),
            has_tests: if testing.any_in(account_id) { Some(true) } else { plans_read.then_some(false) },
            tests_reach: if reached { Some(true) } else { (tests_known && !maybe_reached).then_some(false) },
            restored_arn: newest.and_then(|done| done.restored_arn.clone()),
            evidence: Some(newest.map_or_else(|| format!("restore_jobs of {account_id}"), |done| done.evidence.clone())),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The restores that completed and were not found to be wrong, and those that may have.
#[derive(Debug, Default)]
struct Restores {
    /// The newest of each account and scenario.
    done: BTreeMap<Key, Done>,
    /// When the newest was done that may have been one.
    maybe_done: BTreeMap<Key, i64>,
    /// Those of which there was a restore test in the time for which AWS lists them.
    tested: BTreeSet<Key>,
    /// Those of which there may have been one.
    maybe_tested: BTreeSet<Key>,
}

impl Restores {
    fn of(jobs: Vec<JobRow>, as_of_s: i64, homes: &Homes, points: &Points) -> Self {
        let mut restores = Self::default();
        for job in jobs {
            let running = matches!(job.status.as_deref(), Some("PENDING" | "RUNNING"));
            if !running {
                restores.add(&job, as_of_s, homes, points);
            }
        }
        restores
    }

    fn add(&mut self, job: &JobRow, as_of_s: i64, homes: &Homes, points: &Points) {
        let succeeded = tested(job.status.as_deref(), job.validation_status.as_deref());
        if succeeded == Some(false) {
            return;
        }
        // Older ones are seen only by who collected then: that there was none says nothing.
        let listed_s = as_of_s.saturating_sub(LISTED_S);
        let is_test = job.restore_testing_plan_arn.is_some() && job.creation_date_s.is_none_or(|created_s| created_s >= listed_s);
        let named = job.recovery_point_arn.as_ref().and_then(|point| points.named.get(point));
        let only_vault = named.filter(|named| points.whole && named.vaults.len() == 1).and_then(|named| named.vaults.first());
        let home = home_of(homes, job).or_else(|| named?.home.as_ref().map(|(account_id, region)| (account_id.as_str(), region.as_str())));
        let place = (job.account_id.as_deref().unwrap_or_default(), job.region.as_deref().unwrap_or_default());
        let shows = homes.shows(home, place, homes.locked(job.backup_vault_arn.as_ref().or(only_vault).map(String::as_str)));
        let at_s = job.completion_date_s.or(job.creation_date_s);
        for key in shows.possible {
            let Some(at_s) = at_s.filter(|_| succeeded == Some(true) && shows.certain.contains(&key)) else {
                if is_test {
                    self.maybe_tested.insert(key.clone());
                }
                let maybe_s = self.maybe_done.entry(key).or_insert(i64::MIN);
                *maybe_s = job.completion_date_s.unwrap_or(as_of_s).max(*maybe_s);
                continue;
            };
            if is_test {
                self.tested.insert(key.clone());
            }
            if self.done.get(&key).is_none_or(|known| known.at_s < at_s) {
                let id = job.restore_job_id.as_deref().unwrap_or_default();
                let restored_arn = job.source_resource_arn.clone().or_else(|| named?.resource_arn.clone());
                self.done.insert(key, Done { at_s, restored_arn, evidence: evidence("restore_jobs", id, job.collection.as_deref()) });
            }
        }
    }
}

/// Where what a job restored lives, as far as the job tells it.
fn home_of<'a>(homes: &'a Homes, job: &'a JobRow) -> Option<(&'a str, &'a str)> {
    homes.of(job.source_resource_arn.as_deref(), job.recovery_point_creation_date_s)
}
