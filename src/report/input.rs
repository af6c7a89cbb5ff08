//! What a report is made from: the judgement and what stands around it, as plain structs.
//!
//! Filled by whoever has judged; nothing in `report` computes a verdict anew. Counts are whole numbers, instants epoch seconds in UTC,
//! lengths of time seconds.

mod frameworks;
mod resources;

pub use frameworks::{AlternativeRow, EvidenceRow, FrameworkRow, RequirementRow, ScopeRow, VerdictCounts};
pub use resources::{
    CourseRow, CoverageRow, EventKind, EventRow, ExposureRow, ObservedRow, PointKey, PointRow, ResourceDetail, ResourceRow, RestoreJobRow,
    RestoreRow, SelectionRow, StreamRow,
};

use std::collections::BTreeMap;

use crate::dataset::reads::Gap;
use crate::engine::Finding;
use crate::model::{Severity, Window};

/// Everything a report says, before it is arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What was looked at, when, and with which tool.
    pub about: About,
    /// Every finding, of every verdict, in any order.
    pub findings: Vec<Finding>,
    /// Every read that is not complete, in any order.
    pub gaps: Vec<Gap>,
    /// How far each table was read.
    pub reads: Vec<ReadRow>,
    /// The rules that judged; a finding of a rule that is not here still shows, under its id.
    pub rules: Vec<RuleText>,
    /// Rules that were switched off: id and reason.
    pub switched_off: Vec<(String, String)>,
    /// Failures that somebody accepted.
    pub waivers: Vec<WaiverRow>,
    /// Addressable requirements that are answered otherwise.
    pub alternatives: Vec<AlternativeRow>,
    /// Who owes what, in the order that decides.
    pub objectives: Vec<ObjectiveRow>,
    /// The frameworks that were asked for.
    pub frameworks: Vec<FrameworkRow>,
    /// Exposure of resources; one row for each resource and scenario.
    pub exposure: Vec<ExposureRow>,
    /// Protection of resources; one row for each resource type.
    pub protection: Vec<ProtectionRow>,
    /// The population: everything that can hold data.
    pub resources: Vec<ResourceRow>,
    /// What people call things whose ARN does not say it, by ARN.
    pub names: BTreeMap<String, String>,
    /// Restores of resources, one row for each that holds data of its own.
    pub restores: Vec<RestoreRow>,
    /// The times in which restore jobs were observed in the whole scope.
    pub restores_observed: Vec<Window>,
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
    /// ARN of whoever read it.
    pub caller: String,
    /// Version of the tool that wrote it.
    pub tool_version: String,
}

/// A rule as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Its id.
    pub id: String,
    /// Digest of what it asks, with the parameters in force.
    pub digest: String,
    /// The defect it looks for, as a sentence without full stop.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do about a failure.
    pub fix: String,
    /// First version that had it.
    pub since: String,
    /// The relation it judges, and what a row of it is.
    pub over: (String, String),
    /// How many rows of a subject must hold: `every row` or `one row`.
    pub quantify: String,
    /// Which rows it speaks about, in the rule language; empty for all.
    pub applies: String,
    /// What it asks of them, in the rule language.
    pub pass: String,
    /// The columns both read, with their meaning.
    pub columns: Vec<(String, String)>,
    /// Its parameters as they are in force.
    pub params: Vec<ParamRow>,
    /// Where to read on.
    pub references: Vec<String>,
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

/// A parameter of a rule as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamRow {
    /// Its name.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// Value where nobody says otherwise.
    pub default: String,
    /// Value for all subjects.
    pub value: String,
    /// Who has another value, and which.
    pub others: Vec<(String, String)>,
}

/// How far a table was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRow {
    /// Name of the table.
    pub table: String,
    /// What a row is.
    pub doc: String,
    /// Accounts and Regions in which it was asked for.
    pub places: u64,
    /// How many of them were read completely.
    pub complete: u64,
    /// Reads that are not complete; a vault or plan is one read.
    pub gaps: u64,
    /// Rows in the newest collection.
    pub rows: u64,
}

/// A failure that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverRow {
    /// Its name, as in the `waiver_id` of findings.
    pub id: String,
    /// Rule whose failures are accepted.
    pub rule_id: String,
    /// Whom it is about.
    pub subjects: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// What protects the data in the meantime.
    pub compensating_control: String,
}

/// An objective as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveRow {
    /// Its name; empty for the default, which is in force where no entry is.
    pub id: String,
    /// Which resources it is for, in words.
    pub subjects: String,
    /// What it asks for: name of the duty and its value.
    pub asks: Vec<(String, String)>,
    /// Since when it is in force; empty if always.
    pub valid_from: String,
    /// Who owns it; empty if nobody is named.
    pub owner: String,
    /// Who approved it; empty if nobody did.
    pub approved_by: String,
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
