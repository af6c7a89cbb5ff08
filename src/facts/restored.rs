//! What was restored, for pages about single resources: the restore jobs that were seen, beside what the relation [`restores`](super::restores) says.
//!
//! Jobs within jobs are left out, because the state of their parent counts. What was seen proves itself; that nothing else was restored is the
//! relation's to say.

use std::collections::BTreeMap;

use super::population::{Resource, Role};
use super::{FactError, Inputs};
use crate::dataset::frame;
use crate::model::window::{self, Window};

crate::rows! {
    /// What is needed of `restore_jobs`.
    struct JobRow {
        account_id: Text; region: Text; restore_job_id: Text; source_resource_arn: Text; status: Text; status_message: Text;
        creation_date_s: Integer; completion_date_s: Integer; recovery_point_creation_date_s: Integer; restore_testing_plan_arn: Text;
        validation_status: Text; validation_status_message: Text; deletion_status: Text; parent_job_id: Text;
    }
}

crate::rows! {
    /// What the relation `restores` says of a resource.
    struct SaidRow {
        subject_arn: Text; completed_s: Integer; none_for_s: Integer; every_s: Integer; rto_s: Integer; worst_restore_s: Integer;
        selected: Boolean; testing_plan: Text;
    }
}

/// A restore job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RestoreJob {
    /// When it was created.
    pub created_s: i64,
    /// When it was done.
    pub completed_s: Option<i64>,
    /// Time of the point that was restored.
    pub point_s: Option<i64>,
    /// Status in AWS's word.
    pub status: String,
    /// What AWS says about it.
    pub message: Option<String>,
    /// Whether a restore testing plan asked for it.
    pub is_test: bool,
    /// What the validation came to; `None` if nobody validated it.
    pub validation: Option<String>,
    /// What it said.
    pub validation_message: Option<String>,
    /// What became of what a test made; `None` if nothing was to be deleted.
    pub deletion: Option<String>,
    /// Account and Region it ran in.
    pub place: (String, String),
    /// Its id.
    pub job_id: String,
}

/// The restores of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// ARN of the resource.
    pub subject_arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Every job that was seen, newest first.
    pub jobs: Vec<RestoreJob>,
    /// When the newest restore that completed was done.
    pub completed_s: Option<i64>,
    /// Time before the moment of judgement in which no restore completed, as far as that is proven.
    pub none_for_s: i64,
    /// How often a restore is to be tested, if anybody says so.
    pub every_s: Option<i64>,
    /// How long a restore may take, if anybody says so.
    pub rto_s: Option<i64>,
    /// The worst technical restore time in the window, as far as it was seen.
    pub worst_restore_s: Option<i64>,
    /// Whether a restore testing plan selects it.
    pub selected: Option<bool>,
    /// The plan that does.
    pub testing_plan: Option<String>,
}

/// The restores of every resource that holds data of its own, sorted by ARN: what is in a cluster is restored with the cluster.
///
/// # Errors
/// As reading the table.
pub fn restored(inputs: &Inputs<'_>) -> Result<Vec<Restored>, FactError> {
    let mut by_source: BTreeMap<String, Vec<RestoreJob>> = BTreeMap::new();
    for row in inputs.rows::<JobRow>("restore_jobs")? {
        if let Some((source, job)) = job(row) {
            by_source.entry(source).or_default().push(job);
        }
    }
    let said: Vec<SaidRow> = frame::from_frame("restores", &inputs.fact("restores")?)?;
    let mut said: BTreeMap<String, SaidRow> = said.into_iter().filter_map(|mut row| Some((row.subject_arn.take()?, row))).collect();
    let population = inputs.population()?;
    let held = population
        .iter()
        .filter(|resource| !matches!(resource.role, Some(Role::ClusterMember | Role::Part | Role::Container | Role::RestoreTest)));
    let of = |resource: &Resource| {
        let mut jobs = by_source.remove(&resource.arn).unwrap_or_default();
        jobs.sort_by(|one, other| other.cmp(one));
        let said = said.remove(&resource.arn).unwrap_or_default();
        Restored {
            subject_arn: resource.arn.clone(),
            subject_type: resource.resource_type.to_owned(),
            account_id: resource.account_id.clone(),
            region: resource.region.clone(),
            jobs,
            completed_s: said.completed_s,
            none_for_s: said.none_for_s.unwrap_or(0),
            every_s: said.every_s,
            rto_s: said.rto_s,
            worst_restore_s: said.worst_restore_s,
            selected: said.selected,
            testing_plan: said.testing_plan,
        }
    };
    Ok(held.map(of).collect())
}

/// The times in which restore jobs were observed in all accounts and Regions of the scope: a resource can be restored in any of them.
pub fn observed(inputs: &Inputs<'_>) -> Vec<Window> {
    let windows = inputs.snapshot.scope().iter().map(|(account, region)| inputs.snapshot.observed("restore_jobs", account, region));
    windows.reduce(|one, other| window::common(&one, &other)).unwrap_or_default()
}

fn job(row: JobRow) -> Option<(String, RestoreJob)> {
    row.parent_job_id.is_none().then_some(())?;
    let job = RestoreJob {
        created_s: row.creation_date_s?,
        completed_s: row.completion_date_s,
        point_s: row.recovery_point_creation_date_s,
        status: row.status?,
        message: row.status_message,
        is_test: row.restore_testing_plan_arn.is_some(),
        validation: row.validation_status,
        validation_message: row.validation_status_message,
        deletion: row.deletion_status,
        place: (row.account_id?, row.region?),
        job_id: row.restore_job_id?,
    };
    Some((row.source_resource_arn?, job))
}
