//! Verdicts in sum as the templates see them: totals with their denominators, and what to do first. Counted in `ledger.rs`.

use serde::Serialize;

use crate::model::Severity;
use crate::report::ratio::BarPart;

use super::index::Named;

/// Verdicts counted, each of `owed`, but for those that nothing asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Verdicts in all.
    pub judged: u64,
    /// Verdicts that something asks for: all but `not_applicable`. The denominator.
    pub owed: u64,
    /// Passed.
    pub pass: u64,
    /// Failed.
    pub fail: u64,
    /// Not decided by what was read.
    pub unknown: u64,
    /// Failed and accepted by a waiver.
    pub waived: u64,
    /// Not asked for.
    pub not_applicable: u64,
    /// Passed of owed in per cent; a range if something is unknown.
    pub passed: String,
    /// Things that were judged, reads left out.
    pub subjects: u64,
    /// Rules that judged.
    pub rules: u64,
    /// The owed verdicts as a bar.
    pub bar: Vec<BarPart>,
    /// The same by severity, worst first; severities without verdicts are left out.
    pub severities: Vec<SeverityCounts>,
}

/// Verdicts of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeverityCounts {
    /// How bad a failure is.
    pub severity: Severity,
    /// Verdicts that something asks for. The denominator.
    pub owed: u64,
    /// Passed.
    pub pass: u64,
    /// Failed.
    pub fail: u64,
    /// Unknown.
    pub unknown: u64,
    /// Waived.
    pub waived: u64,
    /// Passed of owed in per cent; a range if something is unknown.
    pub passed: String,
}

/// What to do first: rules with failures, worst severity first, then most failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TodoView {
    /// The first of them.
    pub items: Vec<TodoItem>,
    /// Rules with failures that are not shown.
    pub more: u64,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TodoItem {
    /// The rule.
    pub rule_id: String,
    /// File of the rule's page, beside the other pages.
    pub page: String,
    /// The first subjects that fail.
    pub named: Vec<Named>,
    /// Subjects that fail and are not named.
    pub more_named: u64,
    /// How bad it is.
    pub severity: Severity,
    /// The defect.
    pub title: String,
    /// Failures.
    pub fail: u64,
    /// Verdicts of the rule that something asks for.
    pub owed: u64,
    /// Unknown verdicts of the rule.
    pub unknown: u64,
    /// The first failure in its own words.
    pub example: String,
    /// What to do.
    pub fix: String,
}
