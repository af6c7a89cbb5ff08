//! Restore jobs that have ended, by the resource whose backup they restored, and how far back nothing else can have been restored.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::points::is_continuous;
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs};

crate::rows! {
    /// What is needed of `restore_jobs`.
    struct JobRow {
        restore_job_id: Text; recovery_point_arn: Text; source_resource_arn: Text; resource_type: Text; status: Text; status_message: Text;
        creation_date_s: Integer; completion_date_s: Integer; recovery_point_creation_date_s: Integer; created_resource_arn: Text;
        restore_testing_plan_arn: Text;
        validation_status: Text; validation_status_message: Text; deletion_status: Text; parent_job_id: Text; collection: Text;
    }
}

crate::rows! {
    /// Whose backup a recovery point is.
    struct PointRow { recovery_point_arn: Text; resource_arn: Text; }
}

/// A restore that has ended, or of which it was not told whether it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) created_s: i64,
    pub(super) id: String,
    done_s: Option<i64>,
    pub(super) is_test: bool,
    /// When the point was created; `None` also of a continuous one, which can restore any moment of its window.
    point_s: Option<i64>,
    pub(super) status: String,
    message: Option<String>,
    pub(super) validation: Option<String>,
    validation_message: Option<String>,
    /// What was made.
    pub(super) made: Option<String>,
    pub(super) deletion: Option<String>,
    pub(super) collection: Option<String>,
}

impl Run {
    /// Whether the data was brought back.
    pub(super) fn completed(&self) -> bool {
        self.status == "COMPLETED"
    }

    /// Whether the data may have been brought back: its status was not told, or is a word of tomorrow.
    pub(super) fn may_have_completed(&self) -> bool {
        !matches!(self.status.as_str(), "COMPLETED" | "FAILED" | "ABORTED")
    }

    /// Whether it did what it was asked to, as far as anybody looked; `None` if its status, or what its validation came to, is not known, or its
    /// validation is under way: it may still fail.
    pub(super) fn succeeded(&self) -> Option<bool> {
        came_to(Some(&self.status), self.validation.as_deref(), true)
    }

    /// Whether it shows that the point can be restored. A validation that ended without a result takes that back: somebody was to look, and nobody told.
    pub(super) fn tested(&self) -> Option<bool> {
        tested(Some(&self.status), self.validation.as_deref())
    }

    /// Whether the restored data was validated; `None` while that is under way.
    pub(super) fn validated(&self) -> Option<bool> {
        match self.validation.as_deref() {
            Some("SUCCESSFUL") => Some(true),
            None | Some("FAILED" | "TIMED_OUT") => Some(false),
            Some(_) => None,
        }
    }

    /// When it was done; its creation where AWS did not say, which makes it older than it is.
    pub(super) fn end_s(&self) -> Option<i64> {
        self.done_s.or(Some(self.created_s)).filter(|end_s| *end_s > i64::MIN)
    }

    /// When it was done, if that was told.
    pub(super) fn done_s(&self) -> Option<i64> {
        self.done_s
    }

    /// From the creation of the job to its completion.
    pub(super) fn technical_s(&self) -> Option<i64> {
        self.done_s.filter(|_| self.created_s > i64::MIN).map(|done_s| (done_s - self.created_s).max(0))
    }

    /// How old the restored data was when the job was created.
    pub(super) fn data_age_s(&self) -> Option<i64> {
        self.point_s.filter(|_| self.created_s > i64::MIN).map(|point_s| (self.created_s - point_s).max(0))
    }

    /// What is said about it: a validation that failed speaks louder than the job.
    pub(super) fn problem(&self) -> Option<String> {
        let validation = self.validation_message.clone().filter(|_| self.validation.as_deref() == Some("FAILED"));
        validation.or_else(|| self.message.clone())
    }
}

/// Whether a restore with a status and the result of a validation succeeded; of a validation that ended without one, the answer is given.
fn came_to(status: Option<&str>, validation: Option<&str>, without_result: bool) -> Option<bool> {
    match (status, validation) {
        (Some("COMPLETED"), None | Some("SUCCESSFUL")) => Some(true),
        (Some("COMPLETED"), Some("TIMED_OUT")) => Some(without_result),
        (Some("COMPLETED"), Some("FAILED")) | (Some("FAILED" | "ABORTED"), _) => Some(false),
        _ => None,
    }
}

/// Whether a restore shows that the point can be restored; `None` while that is open, or not told.
pub(in crate::facts) fn tested(status: Option<&str>, validation: Option<&str>) -> Option<bool> {
    came_to(status, validation, false)
}

/// The restores of all resources.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// By ARN of the resource, oldest first.
    by_source: BTreeMap<String, Vec<Run>>,
    /// Type, if told, and creation of the newest restore of which it cannot be told whose backup it was.
    unresolved: BTreeMap<Option<String>, i64>,
    /// What was restored at a moment that was not told: that may have been last, or before everything.
    undated: BTreeSet<String>,
    since_s: Option<i64>,
}

impl Runs {
    /// Reads the jobs; those without a source are looked up by their recovery point.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let as_of_s = inputs.snapshot.as_of_s();
        let over = |job: &JobRow| {
            let open = matches!(job.status.as_deref(), Some("PENDING" | "RUNNING"));
            !open && job.parent_job_id.is_none() && job.completion_date_s.is_none_or(|done_s| done_s < as_of_s)
        };
        let jobs: Vec<JobRow> = inputs.rows::<JobRow>("restore_jobs")?.into_iter().filter(over).collect();
        let sources = sources(inputs, &jobs)?;
        let mut runs = Self { since_s: inputs.observed_everywhere_since("restore_jobs"), ..Self::default() };
        for job in jobs {
            let found = job.recovery_point_arn.as_ref().and_then(|arn| sources.get(arn)).cloned();
            if let Some(source) = job.source_resource_arn.clone().or(found) {
                if job.creation_date_s.is_none() {
                    runs.undated.insert(source.clone());
                }
                runs.by_source.entry(source).or_default().push(run(job));
            } else {
                let newest_s = runs.unresolved.entry(job.resource_type).or_insert(i64::MIN);
                *newest_s = job.creation_date_s.unwrap_or(i64::MAX).max(*newest_s);
            }
        }
        for runs in runs.by_source.values_mut() {
            runs.sort();
        }
        Ok(runs)
    }

    /// The restores of a resource, oldest first, without those of an earlier one of its name.
    pub(super) fn of(&self, resource: &Resource) -> &[Run] {
        let all = self.by_source.get(&resource.arn).map_or(&[][..], Vec::as_slice);
        &all[all.partition_point(|run| resource.created_s.is_some_and(|created_s| run.created_s < created_s))..]
    }

    /// Since when no other restore of a resource can have run: everything was observed, and whose backup each job restored, and when, is known.
    /// Never, where a restore of another resource restores it too, or where it is not AWS Backup that restores.
    pub(super) fn observed_since_s(&self, resource: &Resource) -> Option<i64> {
        if !resource.through.is_empty() || resource.is_supported() != Some(true) || self.undated.contains(&resource.arn) {
            return None;
        }
        let may_be = |of: &Option<String>| match (of.as_deref(), resource.backup_type()) {
            (Some(of), Some(own)) => of == own,
            _ => true,
        };
        let unresolved_s = self.unresolved.iter().filter(|(of, _)| may_be(of)).map(|(_, created_s)| created_s.saturating_add(1)).max();
        self.since_s.map(|since_s| unresolved_s.map_or(since_s, |after_s| after_s.max(since_s)))
    }
}

/// Recovery point → resource, for the jobs that do not tell it themselves.
fn sources(inputs: &Inputs<'_>, jobs: &[JobRow]) -> Result<BTreeMap<String, String>, FactError> {
    let silent = jobs.iter().filter(|job| job.source_resource_arn.is_none());
    let wanted: BTreeSet<&str> = silent.filter_map(|job| job.recovery_point_arn.as_deref()).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut sources = BTreeMap::new();
    inputs.each::<PointRow>("recovery_points", |point| {
        if let (Some(arn), Some(resource_arn)) = (point.recovery_point_arn, point.resource_arn)
            && wanted.contains(arn.as_str())
        {
            sources.insert(arn, resource_arn);
        }
    })?;
    Ok(sources)
}

fn run(job: JobRow) -> Run {
    let any_moment = job.recovery_point_arn.as_deref().is_none_or(is_continuous);
    Run {
        point_s: job.recovery_point_creation_date_s.filter(|_| !any_moment),
        created_s: job.creation_date_s.unwrap_or(i64::MIN),
        id: job.restore_job_id.unwrap_or_default(),
        done_s: job.completion_date_s,
        is_test: job.restore_testing_plan_arn.is_some(),
        status: job.status.unwrap_or_default(),
        message: job.status_message,
        validation: job.validation_status,
        validation_message: job.validation_status_message,
        made: job.created_resource_arn,
        deletion: job.deletion_status,
        collection: job.collection,
    }
}
