//! Frameworks as reports take them: every requirement, those that no tool can decide included.

use std::collections::BTreeSet;

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
    /// How its scope was taken; `None` if it is about any data.
    pub scope: Option<ScopeRow>,
    /// Verdicts that speak to its requirements.
    pub verdicts: VerdictCounts,
}

/// How the scope of a framework that is about a class of data was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// The class, as objectives declare it.
    pub class: String,
    /// Whether any objective declares it; if none does, everything is in scope.
    pub declared: bool,
    /// Resources in all.
    pub resources: u64,
    /// Those that are declared to hold it.
    pub hold: u64,
    /// Those that may, because nobody declared what they hold, or which objective applies is not known.
    pub may_hold: u64,
    /// Those that are declared to hold other data only.
    pub hold_others: u64,
    /// Subjects of findings that do not count for it.
    pub out: BTreeSet<String>,
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
    /// Which baselines or groups have it; may be empty.
    pub level: String,
    /// How far a tool can decide it.
    pub scope: Scope,
    /// Where it is published.
    pub source: String,
    /// What to know about it; may be empty.
    pub note: String,
    /// Where it stands.
    pub state: RequirementState,
    /// The alternative to it that holds; it has an effect where the state is [`RequirementState::AlternativeDocumented`] only.
    pub alternative: Option<AlternativeRow>,
    /// Judged rules that speak to it.
    pub rules: Vec<String>,
    /// Kinds of evidence that no judged rule produces.
    pub open: Vec<EvidenceRow>,
}

/// An addressable requirement that is not implemented, why, and what is done instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlternativeRow {
    /// Its name.
    pub id: String,
    /// The requirement, as the `controls` of findings name it.
    pub control: String,
    /// Why the specification is not reasonable and appropriate.
    pub reason: String,
    /// What is done instead.
    pub alternative: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// Where the decision is filed; empty if it does not say.
    pub document: String,
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
