//! Waivers and findings together: what is accepted, and what is wrong with the waivers themselves.

use std::collections::BTreeMap;

use super::Waiver;
use super::built_in::WAIVER_UNUSED;
use crate::engine::finding::Finding;
use crate::engine::judge::{Judgement, RowCounts};
use crate::model::Verdict;

/// The tags of subjects, by ARN; of a subject that is not there, or whose tags were not read, they are not known.
#[derive(Clone, Debug, Default)]
pub struct Tags(BTreeMap<String, BTreeMap<String, String>>);

impl Tags {
    /// Takes what was read.
    pub fn new(read: impl IntoIterator<Item = (String, BTreeMap<String, String>)>) -> Self {
        Self(read.into_iter().collect())
    }

    /// The tags of a subject; `None` if they are not known.
    pub fn of(&self, subject_arn: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get(subject_arn)
    }
}

impl Waiver {
    /// Whether it is about a finding, its time aside; `None` if that depends on tags that are not known.
    pub fn matches(&self, finding: &Finding, tags: &Tags) -> Option<bool> {
        if self.rule != finding.rule_id || !self.subjects.matches(&finding.subject_arn, &finding.account_id) {
            return Some(false);
        }
        if self.subjects.tags.is_empty() {
            return Some(true);
        }
        tags.of(&finding.subject_arn).map(|tags| self.subjects.tagged(tags))
    }
}

/// Applies waivers to what was judged: failures they match become `waived`, the first that matches counts. Waivers of judged rules that have
/// expired, are too broad, or hold and match nothing, are added as findings of the rules in [`BUILT_IN`](super::BUILT_IN).
///
/// A waiver that matches no failure is not called unused while something of its rule is unknown: the failure may only be out of sight.
#[must_use]
pub fn apply(mut judgement: Judgement, waivers: &[Waiver], tags: &Tags, as_of_s: i64) -> Judgement {
    let mut used = vec![false; waivers.len()];
    for finding in &mut judgement.findings {
        for (waiver, used) in waivers.iter().zip(&mut used) {
            if !waiver.holds(as_of_s) || waiver.rule != finding.rule_id {
                continue;
            }
            let matches = waiver.matches(finding, tags);
            let open = finding.verdict == Verdict::Unknown && (finding.subject_type == "read" || matches != Some(false));
            let failed = matches!(finding.verdict, Verdict::Fail | Verdict::Waived);
            // What its tags would say is not known: it is not waived, and the waiver is not called unused.
            *used |= open || (failed && matches != Some(false));
            let accepted = failed && matches == Some(true);
            if accepted && finding.verdict == Verdict::Fail {
                finding.verdict = Verdict::Waived;
                finding.waiver_id = waiver.id.as_str().into();
            }
        }
    }
    let mut found = Vec::new();
    for (waiver, used) in waivers.iter().zip(used).filter(|(waiver, _)| judgement.rules.contains(&waiver.rule)) {
        found.extend(waiver.findings(as_of_s));
        if waiver.holds(as_of_s) && !used {
            let message = format!("waiver {} matches no failure of rule {}; its owner is {}", waiver.id, waiver.rule, waiver.owner);
            found.push(waiver.finding(&WAIVER_UNUSED, "no failure".to_owned(), "at least one failure", message));
        }
    }
    let rows = std::mem::take(&mut judgement.rows);
    let mut all: Vec<_> = std::mem::take(&mut judgement.findings).into_iter().zip(rows).collect();
    all.extend(found.into_iter().map(|finding| (finding, RowCounts::default())));
    all.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    (judgement.findings, judgement.rows) = all.into_iter().unzip();
    judgement
}
