//! What `audit explain` shows of one resource: what it owes, what covers it and why, how exposed it was, what happened, what was found, what would
//! repair it. As text for a person, as JSON for programs.

mod course;
mod covered;
mod found;
mod graph;
mod json;
mod lanes;
mod text;
mod todo;
mod wire;

use std::collections::BTreeMap;

use crate::dataset::Gap;
use crate::engine::Finding;
use crate::model::{Severity, Window};

use super::{ExposureRow, ObjectiveRow, ResourceRow};

pub use json::{FORMAT, VERSION, json};
pub use text::text;

/// Everything there is to say about a resource.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Version of this tool.
    pub tool_version: String,
    /// The moment judged.
    pub as_of_s: i64,
    /// The span of time looked at.
    pub window: Window,
    /// The resource, with its details.
    pub resource: ResourceRow,
    /// What it owes.
    pub objective: Objective,
    /// Other objectives that are for it, too, and do not count.
    pub also_for: Vec<String>,
    /// What every plan of its account and Region says of it, or of the resource through which it is covered.
    pub plans: Vec<PlanSays>,
    /// Its exposure by scenario, with its course.
    pub exposure: Vec<ExposureRow>,
    /// Its findings, sorted by rule.
    pub findings: Vec<Finding>,
    /// Findings that are open about plans, selections and vaults behind it, sorted by rule and subject.
    pub behind: Vec<Finding>,
    /// Titles of the rules of its findings, by id.
    pub titles: BTreeMap<String, String>,
    /// What was not read and leaves findings unknown; what a finding names first.
    pub unread: Vec<Unread>,
    /// What would repair what fails, the worst first.
    pub fixes: Vec<Fix>,
}

/// A read that is not complete, and what is unknown by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The read.
    pub gap: Gap,
    /// The read in the words of findings.
    pub sentence: String,
    /// Rules whose finding names it.
    pub named: Vec<String>,
    /// Rules whose finding names no read, and which rest on this one, too.
    pub may: Vec<String>,
}

/// What a resource owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objective {
    /// That depends on something unread.
    NotKnown,
    /// Nobody said anything about it: the default is in force, not approved.
    Default(ObjectiveRow),
    /// An entry says it.
    Entry(ObjectiveRow),
}

/// What a plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSays {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it has any rule; `None` if they were not read.
    pub has_rules: Option<bool>,
    /// Whether all its selections were read.
    pub selections_known: bool,
    /// What its selections say.
    pub selections: Vec<SelectionSays>,
}

/// What a selection says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionSays {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `covered`, `excluded`, `not_matched`, `opt_in_blocked` or `unknown`.
    pub verdict: &'static str,
    /// Whether that rests on something AWS does not document.
    pub assumed: bool,
    /// The clause that settles it; empty if none stands out.
    pub because: String,
    /// Every clause.
    pub clauses: Vec<ClauseSays>,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseSays {
    /// Its kind: `resource`, `tag`, `condition` and the like.
    pub kind: &'static str,
    /// Whether it matches; `None` if what decides it was not read.
    pub matched: Option<bool>,
    /// Whether it keeps the resource out; `None` if it may.
    pub against: Option<bool>,
    /// The clause with its answer, as a sentence.
    pub sentence: String,
}

/// What would repair something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What to do.
    pub text: String,
    /// The rules whose failure it repairs.
    pub rules: Vec<String>,
    /// Rules whose failure may follow from theirs.
    pub following: Vec<String>,
    /// The worst of their severities.
    pub severity: Severity,
}
