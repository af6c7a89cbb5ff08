//! What findings say about the requirements of a framework.
//!
//! Cautious by design: a requirement is met only if a tool can show all of it, and everything it can be shown with was judged and passed. Evidence
//! in favour that is not all of the evidence is counted and shown, but does not make it met.

use super::finding::Finding;
use super::frameworks::{Framework, KindOrigin, Requirement, Scope};
use super::load::Library;
use crate::model::Verdict;

/// Where a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequirementState {
    /// Something that was read breaks it.
    NotMet,
    /// Nothing that was read breaks it, but not everything could be read or decided.
    Unknown,
    /// What was judged does not break it, but for a kind of evidence that a tool could give nothing was judged.
    NotJudged,
    /// The rest is for a person: the tool has no say or speaks to a part of it only, an operator has the evidence, or a failure was waived.
    Manual,
    /// A tool can show all of it, every kind of evidence was judged, and all of it passed.
    Met,
}

/// How many findings say what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VerdictCounts {
    /// Passed.
    pub pass: usize,
    /// Failed.
    pub fail: usize,
    /// Not decided.
    pub unknown: usize,
    /// Failed and accepted.
    pub waived: usize,
    /// Not asked of the subject.
    pub not_applicable: usize,
}

/// A requirement with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed<'f> {
    /// The requirement.
    pub requirement: &'f Requirement,
    /// Where it stands.
    pub state: RequirementState,
    /// Findings that speak to it.
    pub counts: VerdictCounts,
    /// Judged rules that speak to it, sorted.
    pub rules: Vec<&'f str>,
    /// Evidence kinds for which no rule judged anything, or a rule was not asked, as the requirement orders them. A rule that applied to nothing
    /// showed nothing.
    pub open_kinds: Vec<&'f str>,
}

impl RequirementState {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotMet => "not_met",
            Self::Unknown => "unknown",
            Self::NotJudged => "not_judged",
            Self::Manual => "manual",
            Self::Met => "met",
        }
    }
}

impl VerdictCounts {
    /// Counts one finding.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Fail => &mut self.fail,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Waived => &mut self.waived,
            Verdict::NotApplicable => &mut self.not_applicable,
        } += 1;
    }

    /// Whether anything was asked of a subject at all.
    pub fn judged(&self) -> bool {
        self.pass + self.fail + self.unknown + self.waived > 0
    }
}

/// Assesses the requirements of a framework, in its order. `judged` are the ids of the rules that were judged: a rule that was not asked, or is
/// switched off, leaves its kinds of evidence open, whatever other rules show of them.
pub fn assess<'f>(library: &'f Library, framework: &'f Framework, judged: &[String], findings: &[Finding]) -> Vec<Assessed<'f>> {
    let of_rule: Vec<_> = library
        .rules
        .iter()
        .filter(|rule| judged.contains(&rule.id))
        .map(|rule| {
            let mut counts = VerdictCounts::default();
            findings.iter().filter(|finding| finding.rule_id == rule.id).for_each(|finding| counts.add(finding.verdict));
            (rule, counts)
        })
        .collect();
    let assessed = |requirement: &'f Requirement| {
        let mut counts = VerdictCounts::default();
        let mut rules = Vec::new();
        let mut shown: Vec<&str> = Vec::new();
        let not_asked: Vec<&str> =
            library.rules.iter().filter(|rule| !judged.contains(&rule.id)).flat_map(|rule| &rule.evidence).map(String::as_str).collect();
        for (rule, said) in of_rule.iter().filter(|(rule, _)| requirement.is_shown_by(&rule.evidence)) {
            rules.push(rule.id.as_str());
            if said.judged() {
                shown.extend(rule.evidence.iter().map(String::as_str));
            }
            counts.pass += said.pass;
            counts.fail += said.fail;
            counts.unknown += said.unknown;
            counts.waived += said.waived;
            counts.not_applicable += said.not_applicable;
        }
        let is_open = |kind: &&str| !shown.contains(kind) || not_asked.contains(kind);
        let open_kinds: Vec<_> = requirement.evidence.iter().map(String::as_str).filter(is_open).collect();
        let state = state(library, requirement, &counts, &open_kinds);
        Assessed { requirement, state, counts, rules, open_kinds }
    };
    framework.requirements.iter().map(assessed).collect()
}

fn state(library: &Library, requirement: &Requirement, counts: &VerdictCounts, open: &[&str]) -> RequirementState {
    let by_tool = |kind: &&str| library.frameworks.kind(kind).is_some_and(|kind| kind.origin == KindOrigin::Tool);
    match () {
        () if requirement.scope == Scope::Reference => RequirementState::Manual,
        () if counts.fail > 0 => RequirementState::NotMet,
        () if counts.unknown > 0 => RequirementState::Unknown,
        () if open.iter().any(by_tool) => RequirementState::NotJudged,
        () if !open.is_empty() || counts.waived > 0 => RequirementState::Manual,
        () if counts.pass == 0 => RequirementState::NotJudged,
        () if requirement.scope == Scope::Partial => RequirementState::Manual,
        () => RequirementState::Met,
    }
}
