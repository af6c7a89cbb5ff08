//! Resources as reports take them: what they are and owe, how exposed they were, which selection covers them, what happened to them.

use std::cmp::Reverse;

use crate::model::Window;
use crate::report::svg::Segment;

/// How much data one resource could have lost over the window, in one scenario.
///
/// `compliant_s + violated_s + unknown_s` is the time in scope, and the denominator of its percentage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureRow {
    /// ARN of the resource.
    pub subject_arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// Which points count: `any`, `other_region`, `other_account`, `locked`.
    pub scenario: String,
    /// The objective in force; empty if none names the resource; `None` if it depends on something unread.
    pub objective_id: Option<String>,
    /// Target of the objective; `None` if it is not known.
    pub rpo_s: Option<i64>,
    /// What the objective allows on top before an instant counts as violated; `None` if it is not known.
    pub tolerance_s: Option<i64>,
    /// Whether somebody approved the objective; the default is not approved.
    pub approved: bool,
    /// The worst exposure that is proven; `None` if nothing could be measured.
    pub lower_rpo_s: Option<i64>,
    /// The worst exposure that is possible; `None` if what is unread puts no limit to it.
    pub upper_rpo_s: Option<i64>,
    /// The worst exposure, if it is known.
    pub achieved_rpo_s: Option<i64>,
    /// When it was worst, if that is known.
    pub worst_s: Option<i64>,
    /// Time within target and tolerance.
    pub compliant_s: i64,
    /// Time beyond target and tolerance.
    pub violated_s: i64,
    /// Time of which it is not known.
    pub unknown_s: i64,
    /// The course of the exposure over the window, in order of time, without overlap. A hole is time out of scope. Only for those that are drawn:
    /// the worst, and those with a page of their own.
    pub segments: Vec<Segment>,
}

impl ExposureRow {
    /// What is allowed: target and tolerance; `None` if either is not known.
    pub fn limit_s(&self) -> Option<i64> {
        Some(self.rpo_s?.saturating_add(self.tolerance_s?))
    }

    /// What rows are sorted by: most time beyond the objective first, then most unknown, then the highest excess.
    pub fn worst_first(&self) -> impl Ord + use<> {
        let excess_s = self.lower_rpo_s.unwrap_or(0).saturating_sub(self.limit_s().unwrap_or(0));
        (Reverse(self.violated_s), Reverse(self.unknown_s), Reverse(excess_s), self.subject_arn.clone(), self.scenario.clone())
    }
}

/// A resource of the population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRow {
    /// Its ARN.
    pub arn: String,
    /// AWS resource type.
    pub resource_type: String,
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// Identifier for people.
    pub name: String,
    /// What part it plays, in words; empty if it cannot be told.
    pub role: String,
    /// Objective in force; empty if none names it; `None` if it depends on something unread.
    pub objective_id: Option<String>,
    /// Digest of what it owes; empty if that is not known.
    pub objective_digest: String,
    /// Whether a plan backs it up; `None` if that is not known.
    pub covered: Option<bool>,
    /// What a page about it tells; only for those that get one.
    pub detail: Option<ResourceDetail>,
}

/// What a page about a resource tells beside its findings and its exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceDetail {
    /// Facts about it: what is said, and the value.
    pub facts: Vec<(String, String)>,
    /// Its tags; `None` if they were not read.
    pub tags: Option<Vec<(String, String)>>,
    /// Coverage, clause by clause.
    pub coverage: CoverageRow,
    /// What it could be restored from, and what happened to it.
    pub course: CourseRow,
}

/// Coverage of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageRow {
    /// Covered by any selection.
    pub covered: Option<bool>,
    /// Selected by any, opt-in and state aside.
    pub selected: Option<bool>,
    /// Selected, and only the Region's settings keep it from being covered.
    pub opt_in_blocked: Option<bool>,
    /// ARN of the cluster whose coverage counts; empty if its own does.
    pub via: String,
    /// Why it is unknown; empty otherwise.
    pub unknown_because: String,
    /// Selections that say more than "not asked for".
    pub selections: Vec<SelectionRow>,
}

/// What one selection says about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionRow {
    /// Name of the plan.
    pub plan: String,
    /// Name of the selection.
    pub selection: String,
    /// What it comes to: `covered`, `excluded`, `not_matched`, `opt_in_blocked` or `unknown`.
    pub verdict: String,
    /// Whether it rests on something AWS does not document.
    pub assumed: bool,
    /// Every clause as a sentence.
    pub clauses: Vec<String>,
}

/// What a resource could be restored from in the window, and what happened to it. Long lists hold the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourseRow {
    /// Points that became usable.
    pub points: Vec<PointRow>,
    /// Points that are not in the list.
    pub points_more: u64,
    /// Times in which a continuous source ran.
    pub streams: Vec<StreamRow>,
    /// Jobs that did not simply succeed, copies and restores.
    pub events: Vec<EventRow>,
    /// Events that are not in the list.
    pub events_more: u64,
    /// For which times the jobs are known.
    pub observed: Vec<ObservedRow>,
}

/// A point that became usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointRow {
    /// When.
    pub available_s: i64,
    /// Time of its data.
    pub data_s: i64,
    /// Account and Region it lies in.
    pub place: (String, String),
    /// Kind of point, in words.
    pub mechanism: String,
    /// Whether the objective accepts its kind; `None` if the objective is not known.
    pub counts: Option<bool>,
    /// Whether a scan found threats in it. If not, it need not be clean: it may not have been scanned.
    pub threats_found: bool,
    /// Whether its key decrypts it at the moment judged.
    pub key: PointKey,
}

/// Whether the key of a point decrypts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKey {
    /// It does, or nothing is encrypted.
    Usable,
    /// It does not, as it stands.
    Unusable,
    /// Which key that is, or its state, was not told.
    NotKnown,
    /// AWS Backup does not list the point: it is gone, or a snapshot of the service itself.
    NotListed,
}

/// A time in which a continuous source ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    /// First second.
    pub from_s: i64,
    /// First second after.
    pub to_s: i64,
    /// Region it lies in.
    pub region: String,
    /// Kind of source, in words.
    pub mechanism: String,
    /// Whether it is proven to have run, or only inferred.
    pub certain: bool,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A backup job did not succeed.
    BackupFailed,
    /// A backup job made a point, with an issue.
    BackupWithIssues,
    /// A copy was made.
    Copied,
    /// A copy job did not succeed.
    CopyFailed,
    /// Something was restored.
    Restored,
    /// A restore did not succeed, or what it made did not pass its validation.
    RestoreFailed,
    /// Somebody deleted a recovery point.
    PointDeleted,
}

/// Something that happened to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When.
    pub at_s: i64,
    /// What.
    pub kind: EventKind,
    /// State in AWS's word; of a deletion, whether it came too early.
    pub state: String,
    /// Account and Region it concerns.
    pub place: (String, String),
    /// What AWS says about it, or who deleted what; may be empty.
    pub message: String,
    /// Id of the job; empty if it was none.
    pub job_id: String,
    /// ARN of the point that was deleted; empty of everything else.
    pub point_arn: String,
}

/// For which times a kind of job is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRow {
    /// `backup jobs`, `copy jobs`, `restore jobs` or `deletions of points`.
    pub what: String,
    /// The times; anything may have happened outside of them.
    pub windows: Vec<Window>,
}

/// The restores of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreRow {
    /// ARN of the resource.
    pub subject_arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// The jobs that were seen, newest first; the newest of many.
    pub jobs: Vec<RestoreJobRow>,
    /// Jobs that are not in the list.
    pub jobs_more: u64,
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
    /// Whether a restore testing plan selects it; `None` if that is not known.
    pub selected: Option<bool>,
    /// The plan that does; empty if none that is known.
    pub testing_plan: String,
}

/// A restore job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreJobRow {
    /// When it was created.
    pub created_s: i64,
    /// When it was done.
    pub completed_s: Option<i64>,
    /// Time of the point that was restored.
    pub point_s: Option<i64>,
    /// Status in AWS's word.
    pub status: String,
    /// What AWS says about it; may be empty.
    pub message: String,
    /// Whether a restore testing plan asked for it.
    pub is_test: bool,
    /// What the validation came to, in AWS's word; empty if nobody validated it.
    pub validation: String,
    /// What it said; may be empty.
    pub validation_message: String,
    /// What became of what a test made; empty if nothing was to be deleted.
    pub deletion: String,
    /// Account and Region it ran in.
    pub place: (String, String),
    /// Its id.
    pub job_id: String,
}
