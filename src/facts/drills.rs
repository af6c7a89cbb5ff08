//! Drills: restores that showed that what lies elsewhere, or behind a lock, can be brought back.
//!
//! One row an account and scenario. A restore counts for `other_region` if it was done in another Region than that of what was backed up, for
//! `other_account` if in another account, for `locked` if it came from a vault that is locked now. A failed validation shows the opposite. What kind of
//! drill it was, and who took part, only people can say.
//!
//! Restore tests are drills that nobody has to remember. They reach what lies elsewhere only if a plan of that account and Region includes its vault.
//!
//! AWS lists restore jobs of 30 days: that there was none in a year is proven only by collections that reach back that far.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::population::evidence;
use super::testing::PointRow;
use super::testing::plans::TestingPlans;
use super::{Fact, FactError, Inputs, everywhere};
use crate::dataset::{Relation, Row};
use crate::model::Arn;
use crate::model::moment::DAY_S;

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
        /// Whether there is anything of the kind to restore: points of the account's resources that lie there
        has_points: Boolean, NotTold, "ListRecoveryPointsByBackupVault";
        /// When the newest restore of the kind that completed was done
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
        everywhere("restore_testing_plans"),
        everywhere("restore_testing_selections"),
    ]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `restore_jobs`.
    struct JobRow {
        account_id: Text; region: Text; restore_job_id: Text; recovery_point_arn: Text; source_resource_arn: Text; backup_vault_arn: Text; status: Text;
        validation_status: Text; creation_date_s: Integer; completion_date_s: Integer; restore_testing_plan_arn: Text; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow { backup_vault_arn: Text; locked: Boolean; }
}

/// Whether each vault is locked, by ARN; `None` if that was not told.
type Locked = BTreeMap<String, Option<bool>>;

/// What was last done of a kind.
#[derive(Clone, Debug)]
struct Done {
    at_s: i64,
    restored_arn: String,
    evidence: String,
}

/// An account and what a restore can show.
type Key = (String, &'static str);

/// What points lie where they can show something.
#[derive(Debug, Default)]
struct Points {
    /// Some are there.
    held: BTreeSet<Key>,
    /// Whether some are there hangs on a lock that was not told.
    open: BTreeSet<Key>,
    /// Restore testing plans would take some now.
    taken: BTreeSet<Key>,
    /// Or they may.
    maybe_taken: BTreeSet<Key>,
    /// Point → vault, of the points that restores name without a vault.
    vault_of: BTreeMap<String, Option<String>>,
}

impl Points {
    fn read(inputs: &Inputs<'_>, locked: &Locked, testing: &TestingPlans, jobs: &[JobRow]) -> Result<Self, FactError> {
        let as_of_s = inputs.snapshot.as_of_s();
        let named = jobs.iter().filter(|job| job.backup_vault_arn.is_none()).filter_map(|job| job.recovery_point_arn.clone());
        let mut points = Self { vault_of: named.map(|point| (point, None)).collect(), ..Self::default() };
        inputs.each::<PointRow>("recovery_points", |point| points.add(point, locked, testing, as_of_s))?;
        Ok(points)
    }

    fn add(&mut self, point: PointRow, locked: &Locked, testing: &TestingPlans, as_of_s: i64) {
        let Some(arn) = &point.resource_arn else { return };
        let place = (point.account_id.as_deref().unwrap_or_default(), point.region.as_deref().unwrap_or_default());
        let locked = point.backup_vault_arn.as_ref().and_then(|vault| locked.get(vault)).copied().flatten();
        let (certain, possible) = (scenarios(arn, place, locked), scenarios(arn, place, locked.or(Some(true))));
        match testing.take(&point, as_of_s) {
            Some(true) => {
                self.taken.extend(certain.iter().cloned());
                self.maybe_taken.extend(possible.iter().cloned());
            }
            Some(false) => {}
            None => self.maybe_taken.extend(possible.iter().cloned()),
        }
        if point.exists == Some(true) {
            self.held.extend(certain);
            self.open.extend(possible);
        }
        if let Some(vault) = point.recovery_point_arn.and_then(|point| self.vault_of.get_mut(&point)) {
            *vault = point.backup_vault_arn.or(vault.take());
        }
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let vaults = inputs.rows::<VaultRow>("backup_vaults")?.into_iter();
    let locked: Locked = vaults.filter_map(|vault| Some((vault.backup_vault_arn?, vault.locked))).collect();
    let testing = TestingPlans::read(inputs)?;
    let jobs = inputs.rows::<JobRow>("restore_jobs")?;
    let points = Points::read(inputs, &locked, &testing, &jobs)?;
    let restores = Restores::of(jobs, inputs.snapshot.as_of_s(), &locked, &points);
    let points_read = ["recovery_points", "backup_vaults"].iter().all(|table| inputs.complete_everywhere(table));
    let plans_read = ["restore_testing_plans", "restore_testing_selections"].iter().all(|table| inputs.complete_everywhere(table));
    let tests_known = plans_read && points_read && !restores.unplaced && inputs.complete_everywhere("restore_jobs");
    let since_s = inputs.observed_everywhere_since("restore_jobs");
    let as_of_s = inputs.snapshot.as_of_s();
    let accounts: BTreeSet<&String> = inputs.snapshot.scope().iter().map(|(account_id, _)| account_id).collect();
    let rows = accounts.into_iter().flat_map(|account_id| SCENARIOS.map(|scenario| (account_id.clone(), scenario))).map(|key| {
        let (account_id, newest) = (&key.0, restores.done.get(&key));
        let none_for_s = since_s.map_or(0, |since_s| as_of_s - newest.map_or(since_s, |done| done.at_s.max(since_s))).max(0);
        let age_s = newest.map(|done| (as_of_s - done.at_s).max(0));
        let reached = points.taken.contains(&key) || restores.tested.contains(&key);
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
            tests_reach: if reached { Some(true) } else { (tests_known && !points.maybe_taken.contains(&key)).then_some(false) },
            restored_arn: newest.map(|done| done.restored_arn.clone()),
            evidence: Some(newest.map_or_else(|| format!("restore_jobs of {account_id}"), |done| done.evidence.clone())),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The restores that completed and were not found to be wrong.
#[derive(Debug, Default)]
struct Restores {
    /// The newest of each account and scenario.
    done: BTreeMap<Key, Done>,
    /// Those of which there was a restore test in the time for which AWS lists them.
    tested: BTreeSet<Key>,
    /// Whether there was a restore test of which the source or the vault was not told.
    unplaced: bool,
}

impl Restores {
    fn of(jobs: Vec<JobRow>, as_of_s: i64, locked: &Locked, points: &Points) -> Self {
        let listed_s = as_of_s.saturating_sub(LISTED_S);
        let mut restores = Self::default();
        for job in jobs {
            if job.status.as_deref() == Some("COMPLETED") && job.validation_status.as_deref() != Some("FAILED") {
                restores.add(job, listed_s, locked, points);
            }
        }
        restores
    }

    fn add(&mut self, job: JobRow, listed_s: i64, locked: &Locked, points: &Points) {
        // Older ones are seen only by who collected then: that there was none says nothing.
        let is_test = job.restore_testing_plan_arn.is_some() && job.creation_date_s.is_none_or(|created_s| created_s >= listed_s);
        let vault = job.backup_vault_arn.as_ref().or_else(|| points.vault_of.get(job.recovery_point_arn.as_deref()?)?.as_ref());
        self.unplaced |= is_test && (job.source_resource_arn.is_none() || vault.is_none());
        let (Some(arn), Some(at_s)) = (job.source_resource_arn, job.completion_date_s.or(job.creation_date_s)) else { return };
        let place = (job.account_id.as_deref().unwrap_or_default(), job.region.as_deref().unwrap_or_default());
        for key in scenarios(&arn, place, vault.and_then(|vault| locked.get(vault)).copied().flatten()) {
            if is_test {
                self.tested.insert(key.clone());
            }
            if self.done.get(&key).is_none_or(|known| known.at_s < at_s) {
                let id = job.restore_job_id.as_deref().unwrap_or_default();
                let evidence = evidence("restore_jobs", id, job.collection.as_deref());
                self.done.insert(key, Done { at_s, restored_arn: arn.clone(), evidence });
            }
        }
    }
}

/// What something of a resource that lies, or was done, in a place speaks for, with the account of the resource. Buckets do not tell where they are.
fn scenarios(arn: &str, (account_id, region): (&str, &str), locked: Option<bool>) -> Vec<Key> {
    let Some(parsed) = Arn::parse(arn) else { return Vec::new() };
    let owner = if parsed.account.is_empty() { account_id } else { parsed.account };
    let mut found = Vec::new();
    if locked == Some(true) {
        found.push((owner.to_owned(), "locked"));
    }
    if owner != account_id {
        found.push((owner.to_owned(), "other_account"));
    }
    if !parsed.region.is_empty() && parsed.region != region {
        found.push((owner.to_owned(), "other_region"));
    }
    found
}
