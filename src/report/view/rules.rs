//! Verdicts by rule as the templates see them: totals with their denominators, what to do first, and the findings themselves.
//!
//! Counted and arranged in `ledger.rs`.

use serde::Serialize;

use crate::model::{Severity, Verdict};
use crate::report::ratio::BarPart;

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
    /// The rule; also the anchor of its findings.
    pub rule_id: String,
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

/// Findings by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulesView {
    /// Rules with something to look at, in the order of what to do first.
    pub open: Vec<RuleView>,
    /// Rules without, by id: everything passed, nothing was asked, or nothing was there to judge.
    pub quiet: Vec<RuleView>,
    /// Findings that are shown.
    pub shown: u64,
    /// Findings that could be shown.
    pub count: u64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// The defect it looks for.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// Why it matters; may be empty.
    pub why: String,
    /// What to do; may be empty.
    pub fix: String,
    /// Verdicts in all.
    pub judged: u64,
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
    /// Not asked for.
    pub not_applicable: u64,
    /// Requirements its findings speak to.
    pub controls: Vec<String>,
    /// Failures, then unknown, then waived; each by subject.
    pub findings: Vec<FindingView>,
    /// Findings that are not shown.
    pub more: u64,
}

/// One finding, cut to what a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// What the rule said.
    pub verdict: Verdict,
    /// ARN of the subject.
    pub subject_arn: String,
    /// Name of the subject.
    pub name: String,
    /// Type of the subject in words.
    pub type_words: String,
    /// Its account.
    pub account_id: String,
    /// Its Region.
    pub region: String,
    /// What was seen; may be empty.
    pub observed: String,
    /// What is asked for; may be empty.
    pub expected: String,
    /// The finding as a sentence.
    pub message: String,
    /// The waiver in force; empty if none.
    pub waiver_id: String,
}
