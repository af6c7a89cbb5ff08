//! Frameworks as reports take them: every requirement, those that no tool can decide included.

use crate::engine::RequirementState;
use crate::engine::frameworks::{RequirementKind, Scope};

/// One framework and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameworkRow {
    /// Its id, as in the `controls` of findings.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Which text is meant.
    pub version: String,
    /// Its requirements, in its order.
    pub requirements: Vec<RequirementRow>,
    /// Verdicts that speak to its requirements.
    pub verdicts: VerdictCounts,
}

/// One requirement and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementRow {
    /// As the framework numbers it.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What it asks for, in our own words.
    pub text: String,
    /// Required or addressable.
    pub kind: RequirementKind,
    /// How far a tool can decide it.
    pub scope: Scope,
    /// Where it is published.
    pub source: String,
    /// What to know about it; may be empty.
    pub note: String,
    /// Where it stands.
    pub state: RequirementState,
    /// Judged rules that speak to it.
    pub rules: Vec<String>,
    /// Kinds of evidence that no judged rule produces.
    pub open: Vec<EvidenceRow>,
}

/// A kind of evidence that is still to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Its id.
    pub id: String,
    /// What it is.
    pub meaning: String,
    /// Where it usually comes from.
    pub source: String,
    /// Whether only a person can give it; else AWS could be asked, and nothing was judged.
    pub by_person: bool,
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
