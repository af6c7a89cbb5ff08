//! Alternatives and findings together: one that has ended is a finding itself.

use smol_str::SmolStr;

use super::Alternative;
use crate::engine::finding::Finding;
use crate::engine::judge::{Judgement, RowCounts};
use crate::engine::load::Library;
use crate::engine::waiver::BuiltInRule;
use crate::model::{Severity, Verdict, moment};

/// An alternative has ended.
pub const ALTERNATIVE_EXPIRED: BuiltInRule = BuiltInRule {
    id: "alternative-expired",
    title: "Documented alternative has expired",
    severity: Severity::Medium,
    why: "An addressable specification is implemented, or answered by a decision that somebody reviews. This one is over, and nobody has decided again.",
    fix: "Implement the specification and remove the alternative, or have it approved again with a new expiry.",
    over: ("alternatives", "The addressable specifications that are answered otherwise, in the configuration: one row an alternative."),
};

/// Takes the alternatives that hold into a judgement, and adds a finding for each that has expired, where a rule was judged that speaks to its requirement, or none can.
#[must_use]
pub fn apply(mut judgement: Judgement, alternatives: &[Alternative], library: &Library, as_of_s: i64) -> Judgement {
    let expired = alternatives.iter().filter(|one| as_of_s >= one.expires_s && is_asked(one, &judgement, library));
    let found: Vec<Finding> = expired.flat_map(|one| one.findings(as_of_s)).collect();
    let rows = std::mem::take(&mut judgement.rows);
    let mut all: Vec<_> = std::mem::take(&mut judgement.findings).into_iter().zip(rows).collect();
    all.extend(found.into_iter().map(|finding| (finding, RowCounts::default())));
    all.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    (judgement.findings, judgement.rows) = all.into_iter().unzip();
    judgement.alternatives = alternatives.iter().filter(|one| one.holds(as_of_s)).cloned().collect();
    judgement
}

/// Whether anything was judged that speaks to its requirement. Where no rule can, everything must have been judged.
fn is_asked(one: &Alternative, judgement: &Judgement, library: &Library) -> bool {
    let framework = library.frameworks.get(&one.framework);
    let requirement = framework.and_then(|framework| framework.requirements.iter().find(|requirement| requirement.id == one.requirement));
    let judged = |id: &String| judgement.rules.contains(id) || judgement.disabled.iter().any(|rule| rule.rule_id == *id);
    let mut speaking = library.rules.iter().filter(|rule| requirement.is_some_and(|one| one.is_shown_by(&rule.evidence))).peekable();
    match speaking.peek() {
        Some(_) => speaking.any(|rule| judged(&rule.id)),
        None => library.rules.iter().all(|rule| judged(&rule.id)),
    }
}

impl Alternative {
    /// What its terms make wrong at a moment: that it has ended.
    pub fn findings(&self, as_of_s: i64) -> Vec<Finding> {
        if as_of_s < self.expires_s {
            return Vec::new();
        }
        let ended = moment::short(self.expires_s);
        let message = format!("alternative {} to {} expired at {ended}; its owner is {}", self.id, self.control(), self.owner);
        let finding = Finding {
            rule_id: ALTERNATIVE_EXPIRED.id.into(),
            verdict: Verdict::Fail,
            severity: ALTERNATIVE_EXPIRED.severity,
            subject_arn: format!("alternative/{}", self.id).into(),
            subject_type: "alternative".into(),
            account_id: SmolStr::default(),
            region: SmolStr::default(),
            observed: format!("expired at {ended}"),
            expected: "an expiry in the future".to_owned(),
            message,
            controls: self.control().into(),
            evidence: format!("alternative={}", self.id).into(),
            waiver_id: SmolStr::default(),
            finding_id: String::new(),
        };
        vec![finding.with_id()]
    }
}
