//! What findings say about the requirements of a framework.
//!
//! Cautious by design: a requirement is met only if a tool can show all of it, and everything it can be shown with was judged and passed. Evidence
//! in favour that is not all of the evidence is counted and shown, but does not make it met.

use std::collections::BTreeMap;

use super::alternative::Alternative;
use super::data_scope::{DataScope, Place};
use super::finding::Finding;
use super::frameworks::{Framework, Frameworks, KindOrigin, Requirement, RequirementKind, Scope};
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
    /// Something breaks it, but it is addressable, and an alternative to it is documented and in force.
    AlternativeDocumented,
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

/// How many findings of each rule say what; counted once for all frameworks that are about any data, and once for each that is about a class of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    any: ByRule,
    /// By framework.
    of_class: BTreeMap<String, ByRule>,
}

type ByRule = BTreeMap<String, RuleCount>;

/// What a rule says of the subjects that count for a framework.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCount {
    /// All of them.
    pub all: VerdictCounts,
    /// Those of which it is known that they count. Only these show anything by passing.
    pub certain: VerdictCounts,
}

/// A requirement with what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed<'f> {
    /// The requirement.
    pub requirement: &'f Requirement,
    /// Where it stands.
    pub state: RequirementState,
    /// The alternative to it that holds, whether or not it is needed.
    pub alternative: Option<&'f Alternative>,
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
            Self::AlternativeDocumented => "alternative_documented",
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

impl std::ops::AddAssign for VerdictCounts {
    fn add_assign(&mut self, other: Self) {
        self.pass += other.pass;
        self.fail += other.fail;
        self.unknown += other.unknown;
        self.waived += other.waived;
        self.not_applicable += other.not_applicable;
    }
}

impl RuleCounts {
    /// Counts findings, which may come in any order, for frameworks. `scope` says which subjects count for those about a class of data.
    pub fn of(frameworks: &Frameworks, findings: &[Finding], scope: &DataScope) -> Self {
        let about_class = frameworks.frameworks.iter().filter(|framework| framework.data_class.is_some());
        Self {
            any: counted(findings, |_| Place::In),
            of_class: about_class.map(|one| (one.id.clone(), counted(findings, |finding| scope.place(one, finding)))).collect(),
        }
    }

    /// Those of one rule for a framework; zero if it found nothing.
    pub fn rule(&self, framework: &Framework, id: &str) -> RuleCount {
        let by_rule = if framework.data_class.is_some() { self.of_class.get(&framework.id) } else { Some(&self.any) };
        by_rule.and_then(|by_rule| by_rule.get(id)).copied().unwrap_or_default()
    }
}

fn counted(findings: &[Finding], place: impl Fn(&Finding) -> Place) -> ByRule {
    let mut counts = ByRule::new();
    for same in findings.chunk_by(|one, next| one.rule_id == next.rule_id) {
        let of_rule = counts.entry(same[0].rule_id.to_string()).or_default();
        for finding in same {
            match place(finding) {
                Place::In => {
                    of_rule.all.add(finding.verdict);
                    of_rule.certain.add(finding.verdict);
                }
                Place::MayBeIn => of_rule.all.add(finding.verdict),
                Place::Out => {}
            }
        }
    }
    counts
}

/// Assesses the requirements of a framework, in its order. `judged` are the ids of the rules that were judged: a rule that was not asked, or is
/// switched off, leaves its kinds of evidence open, whatever other rules show of them; so does one whose only subjects may not count, if more were read.
/// `alternatives` are those that hold: an addressable requirement with one is never not met.
pub fn assess<'f>(
    library: &'f Library,
    framework: &'f Framework,
    judged: &[String],
    counts: &RuleCounts,
    alternatives: &'f [Alternative],
) -> Vec<Assessed<'f>> {
    let of_rule: Vec<_> =
        library.rules.iter().filter(|rule| judged.contains(&rule.id)).map(|rule| (rule, counts.rule(framework, &rule.id))).collect();
    let not_asked: Vec<&str> =
        library.rules.iter().filter(|rule| !judged.contains(&rule.id)).flat_map(|rule| &rule.evidence).map(String::as_str).collect();
    let assessed = |requirement: &'f Requirement| {
        let mut counts = VerdictCounts::default();
        let mut rules = Vec::new();
        let mut shown: Vec<&str> = Vec::new();
        let mut any_pass = false;
        for (rule, said) in of_rule.iter().filter(|(rule, _)| requirement.is_shown_by(&rule.evidence)) {
            rules.push(rule.id.as_str());
            if said.certain.judged() {
                shown.extend(rule.evidence.iter().map(String::as_str));
            }
            any_pass |= said.certain.pass > 0;
            counts += said.all;
        }
        let is_open = |kind: &&str| !shown.contains(kind) || not_asked.contains(kind);
        let open_kinds: Vec<_> = requirement.evidence.iter().map(String::as_str).filter(is_open).collect();
        let documented = |one: &&Alternative| one.framework == framework.id && one.requirement == requirement.id;
        let alternative = alternatives.iter().find(documented).filter(|_| requirement.kind == RequirementKind::Addressable);
        let state = match state(library, requirement, &counts, &open_kinds, any_pass) {
            RequirementState::NotMet if alternative.is_some() => RequirementState::AlternativeDocumented,
            state => state,
        };
        Assessed { requirement, state, alternative, counts, rules, open_kinds }
    };
    framework.requirements.iter().map(assessed).collect()
}

/// `any_pass` is whether anything passed that is known to count.
fn state(library: &Library, requirement: &Requirement, counts: &VerdictCounts, open: &[&str], any_pass: bool) -> RequirementState {
    let by_tool = |kind: &&str| library.frameworks.kind(kind).is_some_and(|kind| kind.origin == KindOrigin::Tool);
    match () {
        () if requirement.scope == Scope::Reference => RequirementState::Manual,
        () if counts.fail > 0 => RequirementState::NotMet,
        () if counts.unknown > 0 => RequirementState::Unknown,
        () if open.iter().any(by_tool) => RequirementState::NotJudged,
        () if !open.is_empty() || counts.waived > 0 => RequirementState::Manual,
        () if !any_pass => RequirementState::NotJudged,
        () if requirement.scope == Scope::Partial => RequirementState::Manual,
        () => RequirementState::Met,
    }
}
