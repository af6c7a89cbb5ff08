//! What a report is made from: the judgement and what stands around it, as plain structs.
//!
//! Filled by whoever has judged; nothing in `report` computes a verdict anew. Counts are whole numbers, instants epoch seconds in UTC,
//! lengths of time seconds.

use crate::dataset::reads::Gap;
use crate::engine::Finding;
use crate::model::{Severity, Window};

use super::svg::Segment;

/// Everything a report says, before it is arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What was looked at, when, and with which tool.
    pub about: About,
    /// Every finding, of every verdict, in any order.
    pub findings: Vec<Finding>,
    /// Every read that is not complete, in any order.
    pub gaps: Vec<Gap>,
    /// The rules that judged; a finding of a rule that is not here still shows, under its id.
    pub rules: Vec<RuleText>,
    /// The frameworks that were asked for.
    pub frameworks: Vec<FrameworkRow>,
    /// Exposure of resources; one row for each resource and scenario.
    pub exposure: Vec<ExposureRow>,
    /// Protection of resources; one row for each resource type.
    pub protection: Vec<ProtectionRow>,
}

/// What was looked at, when, and with which tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Name of the report, such as `Acme production`.
    pub title: String,
    /// Version of this tool.
    pub tool_version: String,
    /// The moment judged.
    pub as_of_s: i64,
    /// The span of time judged.
    pub window: Window,
    /// Accounts in scope.
    pub accounts: Vec<String>,
    /// Regions in scope.
    pub regions: Vec<String>,
    /// The collections that were read.
    pub collections: Vec<CollectionRow>,
    /// SHA-256 over the collections, hexadecimal.
    pub dataset_digest: String,
    /// SHA-256 over the rules, hexadecimal.
    pub rules_digest: String,
    /// One sentence: what was asked for and what was left out by decision, and whose.
    pub scope: String,
}

/// One collection of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionRow {
    /// Its folder's name.
    pub id: String,
    /// When it was begun.
    pub started_s: i64,
    /// Whether every read in it is complete.
    pub complete: bool,
    /// Reads in it that are not complete.
    pub gaps: u64,
}

/// A rule as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Its id.
    pub id: String,
    /// The defect it looks for, as a sentence without full stop.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do about a failure.
    pub fix: String,
    /// The tables that its verdicts rest on and how far; only used to say which gap makes how much unknown. Empty: nothing is attributed.
    pub reads: Vec<RuleRead>,
}

/// A table that verdicts of a rule rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRead {
    /// Name of the table.
    pub table: String,
    /// Which reads of it.
    pub reach: Reach,
}

/// How far from its subject a rule looks in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Account and Region of the subject.
    Region,
    /// All Regions of the subject's account.
    Account,
    /// Every account and Region in scope.
    Everywhere,
}

/// One framework and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameworkRow {
    /// Its id, as in the `controls` of findings.
    pub id: String,
    /// Its name and version.
    pub title: String,
    /// Requirements whose evidence supports them.
    pub met: u64,
    /// Requirements with at least one failure.
    pub not_met: u64,
    /// Requirements without failure that rest on something unread.
    pub unknown: u64,
    /// Requirements that no tool can decide.
    pub manual: u64,
    /// Verdicts that speak to its requirements.
    pub verdicts: VerdictCounts,
}

/// Verdicts counted; what was not owed is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// Passed.
    pub pass: u64,
    /// Failed.
    pub fail: u64,
    /// Not decided by what was read.
    pub unknown: u64,
    /// Failed and accepted by a waiver.
    pub waived: u64,
}

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
    /// The objective in force; empty if none names the resource.
    pub objective_id: String,
    /// Target of the objective.
    pub rpo_s: i64,
    /// What the objective allows on top before an instant counts as violated.
    pub tolerance_s: i64,
    /// Whether somebody approved the objective; the default is not approved.
    pub approved: bool,
    /// The worst exposure that is proven.
    pub lower_rpo_s: i64,
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
    /// The course of the exposure over the window, in order of time, without overlap. A hole is time out of scope.
    pub segments: Vec<Segment>,
}

/// What the columns of the protection table ask, in the order of [`ProtectionRow::cells`].
pub const PROTECTION_COLUMNS: [&str; 5] = ["selected", "backed up", "within RPO", "kept long enough", "copy elsewhere"];

/// How the resources of one type are protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectionRow {
    /// AWS resource type.
    pub resource_type: String,
    /// Answers, in the order of [`PROTECTION_COLUMNS`]; the four counts of each add up to the resources of the type.
    pub cells: [ProtectionCell; 5],
}

/// For how many resources something holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtectionCell {
    /// It holds.
    pub yes: u64,
    /// It does not.
    pub no: u64,
    /// What was read does not say.
    pub unknown: u64,
    /// Nobody asks for it.
    pub not_owed: u64,
}
