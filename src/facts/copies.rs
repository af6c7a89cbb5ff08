//! Copies to another Region: does each resource that owes one, or whose plan promises one, have a last one that succeeded?
//!
//! Copies are joined by the source resource, across Regions. A job that completed proves that the copy was made; whether it still exists is told by
//! the points of the destination, if that is in scope. Copy jobs are visible for 30 days, so that an older copy shows only as a point.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::coverage::Coverage;
use super::population::{RESOURCES_REST_ON, Resource};
use super::{Fact, FactError, Inputs, schedule};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// The newest copies of a resource in another Region.
    pub struct CopiesRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member` or `restore_test`
        role: Text, NotTold, "";
        /// Whether its objective asks for a copy in another Region
        owed: Boolean, NotTold, "audit.yaml";
        /// Whether a plan that covers it has a copy action to another Region
        planned: Boolean, NotTold, "CopyActions";
        /// Whether either is so
        expected: Boolean, NotTold, "";
        /// State of the newest copy job that has ended
        last_state: Text, Means("no copy job to another Region has ended"), "CopyJob.State";
        /// When that job was created
        last_job_s: Integer, Means("no copy job to another Region has ended"), "CopyJob.CreationDate";
        /// Whether the newest copy to another Region succeeded and was not deleted
        last_succeeded: Boolean, NotTold, "";
        /// When the newest copy that succeeded was done
        copied_s: Integer, NotTold, "CopyJob.CompletionDate";
        /// Age of that copy at the moment of judgement
        copy_age_s: Integer, NotTold, "";
        /// Region of that copy
        copied_to: Text, NotTold, "DestinationBackupVaultArn";
        /// Why a copy failed
        problem: Text, Means("nothing"), "StatusMessage";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Copies as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "cross_region_copies",
        doc: "Whether the newest copy to another Region succeeded: one row a resource.",
        columns: CopiesRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: super::POINT_READS,
    derive,
};

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct JobRow {
        account_id: Text; region: Text; copy_job_id: Text; resource_arn: Text; state: Text; status_message: Text; destination_account_id: Text;
        destination_region: Text; destination_backup_vault_arn: Text; destination_recovery_point_arn: Text; creation_date_s: Integer;
        completion_date_s: Integer; parent_job_id: Text; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        region: Text; resource_arn: Text; backup_vault_arn: Text; recovery_point_arn: Text; status: Text; creation_date_s: Integer;
        completion_date_s: Integer; exists: Boolean; is_parent: Boolean; collection: Text;
    }
}

/// A copy attempt that has ended, or a point that proves one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    created_s: i64,
    succeeded: bool,
    done_s: Option<i64>,
    region: String,
    state: String,
    problem: Option<String>,
    /// Account, vault and ARN of the point made.
    made: Option<(String, String, String)>,
    evidence: String,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (population, coverage) = (inputs.population()?, inputs.coverage()?);
    let mut jobs: BTreeMap<(String, String, String), Vec<Ended>> = BTreeMap::new();
    for job in inputs.rows::<JobRow>("copy_jobs")? {
        let place = job.account_id.clone().zip(job.region.clone());
        if let (Some(arn), Some((account_id, region)), Some(ended)) = (job.resource_arn.clone(), place, ended(job)) {
            jobs.entry((arn, account_id, region)).or_default().push(ended);
        }
    }
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let mut by_resource: BTreeMap<&str, Vec<&PointRow>> = BTreeMap::new();
    for point in &points {
        by_resource.entry(point.resource_arn.as_deref().unwrap_or_default()).or_default().push(point);
    }
    let mut rows = Vec::with_capacity(population.len());
    for (index, resource) in population.iter().enumerate() {
        // Only jobs that start where the resource lives: those of copies of copies are listed elsewhere, where they may be unread.
        let jobs = jobs.get(&(resource.arn.clone(), resource.account_id.clone(), resource.region.clone())).map_or(&[][..], Vec::as_slice);
        let points = by_resource.get(resource.arn.as_str()).map_or(&[][..], Vec::as_slice);
        rows.push(row(inputs, index, resource, &coverage[index], jobs, points)?);
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn ended(job: JobRow) -> Option<Ended> {
    let state = job.state.unwrap_or_default();
    let over = matches!(state.as_str(), "COMPLETED" | "FAILED" | "PARTIAL");
    // A nested job is part of its parent, whose state counts.
    (over && job.parent_job_id.is_none()).then(|| Ended {
        created_s: job.creation_date_s.unwrap_or(i64::MIN),
        succeeded: state == "COMPLETED",
        done_s: job.completion_date_s,
        region: job.destination_region.unwrap_or_default(),
        state,
        problem: job.status_message,
        made: match (job.destination_account_id, job.destination_backup_vault_arn, job.destination_recovery_point_arn) {
            (Some(account_id), Some(vault), Some(point)) => Some((account_id, vault, point)),
            _ => None,
        },
        evidence: super::population::evidence("copy_jobs", &job.copy_job_id.unwrap_or_default(), job.collection.as_deref()),
    })
}

fn row(
    inputs: &Inputs<'_>,
    index: usize,
    resource: &Resource,
    coverage: &Coverage,
    jobs: &[Ended],
    points: &[&PointRow],
) -> Result<CopiesRow, FactError> {
    let as_of_s = inputs.snapshot.as_of_s();
    let objective = inputs.objectives.owed(resource, as_of_s, schedule::start_window_s(inputs, index)?);
    let owed = objective.map(|objective| objective.copy_to_other_region);
    let planned = planned(inputs, resource, coverage)?;
    let elsewhere = |region: &str| !region.is_empty() && region != resource.region;
    let jobs: Vec<&Ended> = jobs.iter().filter(|job| elsewhere(&job.region) && job.done_s.is_none_or(|done_s| done_s < as_of_s)).collect();
    let last = jobs.iter().copied().max();
    let kept: Vec<Ended> = points.iter().filter_map(|point| of_point(point, resource, as_of_s)).collect();
    let newest_point = kept.iter().max();
    let last_succeeded = succeeded(inputs, resource, last, newest_point, points);
    let proof = [last.filter(|job| job.succeeded), newest_point].into_iter().flatten().max_by_key(|ended| (ended.done_s, ended.created_s));
    Ok(CopiesRow {
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        owed,
        planned,
        expected: super::objectives::or(owed, planned),
        last_state: last.map(|job| job.state.clone()),
        last_job_s: last.map(|job| job.created_s),
        last_succeeded,
        copied_s: proof.and_then(|ended| ended.done_s),
        copy_age_s: proof.and_then(|ended| ended.done_s).map(|done_s| (as_of_s - done_s).max(0)),
        copied_to: proof.map(|ended| ended.region.clone()),
        problem: last.filter(|job| !job.succeeded).and_then(|job| job.problem.clone()),
        evidence: Some(last.or(newest_point).map_or_else(|| resource.evidence.clone(), |ended| ended.evidence.clone())),
    })
}

/// A point of the resource that is proven to exist in another Region.
fn of_point(point: &PointRow, resource: &Resource, as_of_s: i64) -> Option<Ended> {
    let region = point.region.clone().filter(|region| *region != resource.region)?;
    let done = point.completion_date_s.is_none_or(|done_s| done_s < as_of_s);
    (done && usable(point) && point.exists == Some(true) && point.is_parent != Some(true)).then(|| Ended {
        created_s: point.creation_date_s.or(point.completion_date_s).unwrap_or(i64::MIN),
        succeeded: true,
        done_s: point.completion_date_s,
        region,
        state: "COMPLETED".to_owned(),
        problem: None,
        made: None,
        evidence: super::population::evidence(
            "recovery_points",
            point.recovery_point_arn.as_deref().unwrap_or_default(),
            point.collection.as_deref(),
        ),
    })
}

fn usable(point: &PointRow) -> bool {
    matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE"))
}

/// Whether the newest copy succeeded and still exists. No copy at all is a failure only if jobs, and the points of every account, were completely
/// read: a copy may lie in any of them.
fn succeeded(inputs: &Inputs<'_>, resource: &Resource, last: Option<&Ended>, kept: Option<&Ended>, points: &[&PointRow]) -> Option<bool> {
    if !inputs.complete("copy_jobs", &resource.account_id, &resource.region) {
        return None;
    }
    let none_left = || inputs.complete_everywhere("recovery_points").then_some(false);
    match (last, kept) {
        (Some(job), _) if !job.succeeded => Some(false),
        (Some(job), kept) => match (destination(inputs, job, points), kept) {
            (Existence::There, _) | (Existence::Gone, Some(_)) => Some(true),
            (Existence::Gone, None) => none_left(),
            (Existence::NotKnown, _) => None,
        },
        (None, Some(_)) => Some(true),
        (None, None) => none_left(),
    }
}

enum Existence {
    There,
    Gone,
    NotKnown,
}

/// What became of the point that a completed job made; outside the scope, and in a vault that was not read, that is not known.
fn destination(inputs: &Inputs<'_>, job: &Ended, points: &[&PointRow]) -> Existence {
    let Some((account_id, vault, arn)) = &job.made else { return Existence::NotKnown };
    let is_it = |point: &&&PointRow| point.recovery_point_arn.as_ref() == Some(arn) && point.backup_vault_arn.as_ref() == Some(vault);
    match points.iter().find(is_it).map(|point| (point.exists, usable(point))) {
        Some((Some(true), true)) => Existence::There,
        Some((Some(_), _)) => Existence::Gone,
        Some((None, _)) => Existence::NotKnown,
        None => {
            let read = inputs.snapshot.complete("recovery_points", account_id, &job.region, Some(vault));
            let looked_s = inputs.snapshot.newest_try("recovery_points", account_id, &job.region);
            let after = job.done_s.zip(looked_s).is_some_and(|(done_s, looked_s)| done_s <= looked_s);
            if read && after { Existence::Gone } else { Existence::NotKnown }
        }
    }
}

/// Whether a plan that covers the resource copies to another Region.
fn planned(inputs: &Inputs<'_>, resource: &Resource, coverage: &Coverage) -> Result<Option<bool>, FactError> {
    let plans = inputs.plans()?;
    let mut open = !coverage.plans_known;
    for plan in coverage.plans().into_iter().map(|plan| &plans[plan]) {
        open |= !plan.rules_known;
        let mut copies = plan.rules.iter().flat_map(|rule| &rule.copies);
        if copies.any(|copy| !copy.destination_region.is_empty() && copy.destination_region != resource.region) {
            return Ok(Some(true));
        }
        open |= plan.rules.iter().flat_map(|rule| &rule.copies).any(|copy| copy.destination_region.is_empty());
    }
    Ok((!open).then_some(false))
}
