//! What happened to single resources in the window: backup jobs that did not simply succeed, and copies.
//!
//! Only for the resources that are asked for, so that a page about one of them does not cost the jobs of all. Jobs within jobs are left out, because
//! the state of their parent counts. Restores are in [`restored`](super::restored).

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Expr, NamedFrom, Series, col, lit};

use super::{FactError, Inputs};
use crate::dataset::frame;
use crate::dataset::rows::Row;

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It did what it was asked to.
    Done,
    /// It made a point, and AWS reports an issue with it.
    WithIssues,
    /// It did not.
    Failed,
}

/// A job that has ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happened {
    /// When: the end of what succeeded, else the creation of the job.
    pub at_s: i64,
    /// `backup` or `copy`.
    pub kind: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// State in AWS's word.
    pub state: String,
    /// Account and Region it was to write to.
    pub place: (String, String),
    /// What AWS says about it.
    pub message: Option<String>,
    /// Id of the job.
    pub job_id: String,
}

crate::rows! {
    /// What is needed of `backup_jobs`.
    struct BackupRow {
        account_id: Text; region: Text; backup_job_id: Text; resource_arn: Text; state: Text; message_category: Text; status_message: Text;
        creation_date_s: Integer; completion_date_s: Integer; parent_job_id: Text;
    }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct CopyRow {
        copy_job_id: Text; resource_arn: Text; state: Text; status_message: Text; destination_account_id: Text; destination_region: Text;
        creation_date_s: Integer; completion_date_s: Integer; parent_job_id: Text;
    }
}

/// What happened to resources, by ARN, each in order of time.
///
/// # Errors
/// As reading the tables.
pub fn happened(inputs: &Inputs<'_>, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<Happened>>, FactError> {
    let mut found: BTreeMap<String, Vec<Happened>> = BTreeMap::new();
    let mut add = |arn: Option<String>, event: Option<Happened>| {
        let event = event.filter(|event| (inputs.window.start_s..inputs.window.end_s).contains(&event.at_s));
        if let Some((arn, event)) = arn.zip(event) {
            found.entry(arn).or_default().push(event);
        }
    };
    for mut job in of::<BackupRow>(inputs, "backup_jobs", wanted)? {
        add(job.resource_arn.take(), backup(job));
    }
    for mut job in of::<CopyRow>(inputs, "copy_jobs", wanted)? {
        add(job.resource_arn.take(), copy(job));
    }
    for events in found.values_mut() {
        events.sort();
    }
    Ok(found)
}

fn of<R: Row>(inputs: &Inputs<'_>, table: &str, wanted: &BTreeSet<String>) -> Result<Vec<R>, FactError> {
    let rows = inputs.snapshot.frame_where(table, one_of("resource_arn", wanted))?;
    Ok(frame::from_frame(table, &rows)?)
}

/// Rows whose cell is one of some texts.
pub(super) fn one_of(column: &str, texts: &BTreeSet<String>) -> Expr {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    col(column).is_in(lit(Series::new("wanted".into(), texts)).implode(false), false)
}

/// A backup job that did not simply succeed; its point stands for one that did.
fn backup(job: BackupRow) -> Option<Happened> {
    let state = job.state?;
    let issues = job.message_category.as_deref().is_some_and(|category| category != "SUCCESS");
    let outcome = match state.as_str() {
        "COMPLETED" if issues => Outcome::WithIssues,
        "FAILED" | "ABORTED" | "EXPIRED" | "PARTIAL" => Outcome::Failed,
        _ => return None,
    };
    job.parent_job_id.is_none().then_some(())?;
    let done_s = job.completion_date_s.filter(|_| outcome != Outcome::Failed);
    Some(Happened {
        at_s: done_s.or(job.creation_date_s)?,
        kind: "backup",
        outcome,
        state,
        place: (job.account_id.unwrap_or_default(), job.region.unwrap_or_default()),
        message: job.status_message,
        job_id: job.backup_job_id.unwrap_or_default(),
    })
}

fn copy(job: CopyRow) -> Option<Happened> {
    let state = job.state?;
    let outcome = match state.as_str() {
        "COMPLETED" => Outcome::Done,
        "FAILED" | "PARTIAL" => Outcome::Failed,
        _ => return None,
    };
    job.parent_job_id.is_none().then_some(())?;
    let done_s = job.completion_date_s.filter(|_| outcome == Outcome::Done);
    Some(Happened {
        at_s: done_s.or(job.creation_date_s)?,
        kind: "copy",
        outcome,
        state,
        place: (job.destination_account_id.unwrap_or_default(), job.destination_region.unwrap_or_default()),
        message: job.status_message,
        job_id: job.copy_job_id.unwrap_or_default(),
    })
}
