//! Two sets of findings held against each other: what is new, fixed, gone, still open, and what moved in or out of sight.
//!
//! Nothing is fixed that is not seen to pass. What is not told any more is gone only if everything that could show it was read; a failure whose
//! subject was not read is neither fixed nor gone. Why a verdict changed is told as far as both sides know it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::finding::Finding;
use crate::dataset::schema::GLOBAL;
use crate::model::Verdict;

/// Subject type of findings that stand for something that was not read.
const READ: &str = "read";

/// Findings with what they were judged by.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The findings, sorted.
    pub findings: Vec<Finding>,
    /// The rules that judged, with the digest of what each asks; `None` where that is not known.
    pub rules: BTreeMap<String, Option<String>>,
    /// The objective of each resource, with the digest of what it asks; empty if they are not known.
    pub objectives: BTreeMap<String, Owes>,
    /// Rules whose relation holds nothing that an objective says: of their verdicts it is no cause.
    pub without_objective: BTreeSet<String>,
    /// Whether what passed and what is not applicable is among the findings.
    pub has_passes: bool,
}

/// What a resource owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owes {
    /// Name of the objective; empty for the default.
    pub id: String,
    /// Digest of what it asks.
    pub digest: String,
}

/// How a verdict moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// It fails and did not.
    New,
    /// It failed and is seen to pass.
    Fixed,
    /// It failed, and what it was about is not there any more.
    Gone,
    /// It failed, and nothing asks this of the subject any more.
    NotAsked,
    /// It failed and still does.
    Open,
    /// It failed or not, and its failure is accepted now.
    Waived,
    /// It failed, and what would show it now was not read: not fixed.
    OutOfSight,
    /// It was known, and is unknown.
    BecameUnknown,
    /// It was unknown, and passes or is not asked any more.
    Resolved,
    /// It failed, and its rule was not judged.
    NotJudged,
    /// It failed, and the newer findings leave out what passed: it may be fixed or gone.
    NotTold,
}

impl Movement {
    /// All of them, in the order of output.
    pub const ALL: [Self; 11] = [
        Self::New,
        Self::OutOfSight,
        Self::BecameUnknown,
        Self::Fixed,
        Self::Gone,
        Self::NotAsked,
        Self::Waived,
        Self::Resolved,
        Self::NotJudged,
        Self::NotTold,
        Self::Open,
    ];

    /// The word in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::Gone => "gone",
            Self::NotAsked => "not_asked",
            Self::Open => "open",
            Self::Waived => "waived",
            Self::OutOfSight => "out_of_sight",
            Self::BecameUnknown => "became_unknown",
            Self::Resolved => "resolved",
            Self::NotJudged => "not_judged",
            Self::NotTold => "not_told",
        }
    }
}

/// Why a verdict may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The rule asks something else, or with other parameters.
    Rule,
    /// The resource has another objective, or its objective asks something else.
    Objective,
    /// A waiver came, went, began or ended.
    Waiver,
    /// What was seen is something else.
    Data,
    /// It was not known before: something was not read.
    UnknownBefore,
    /// It is not known now: something was not read.
    UnknownNow,
    /// Rule, objective and waiver are the same: what was read changed, or time has passed.
    DataOrTime,
    /// What is needed to tell is not in these findings.
    NotTold,
}

/// A finding that moved, or stayed open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How it moved.
    pub movement: Movement,
    /// The finding as it is, or else as it was.
    pub finding: Finding,
    /// The finding before, if there was one.
    pub before: Option<Finding>,
    /// The finding after, if there is one.
    pub after: Option<Finding>,
    /// Why, as far as both sides tell; empty for what stayed open.
    pub causes: Vec<Cause>,
}

/// A side with what was not read of each rule's subjects at hand.
struct Indexed<'s> {
    side: &'s Side,
    unread: BTreeMap<&'s str, Vec<&'s Finding>>,
}

impl<'s> Indexed<'s> {
    fn new(side: &'s Side) -> Self {
        let mut unread: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in side.findings.iter().filter(|finding| finding.verdict == Verdict::Unknown && finding.subject_type == READ) {
            unread.entry(&finding.rule_id).or_default().push(finding);
        }
        Self { side, unread }
    }

    /// Whether something that was not read may hide the subject of a finding from its rule. In doubt it may.
    fn hides(&self, finding: &Finding) -> bool {
        let open = |text: &str| text.is_empty() || text == GLOBAL;
        let same = |one: &str, other: &str| open(one) || open(other) || one == other;
        let of_rule = self.unread.get(finding.rule_id.as_str()).into_iter().flatten();
        of_rule.into_iter().any(|unread| same(&unread.account_id, &finding.account_id) && same(&unread.region, &finding.region))
    }

    /// Why a finding of before has none on this side.
    fn absence(&self, was: &Finding) -> Movement {
        match () {
            () if !self.side.rules.contains_key(was.rule_id.as_str()) => Movement::NotJudged,
            () if self.hides(was) => Movement::OutOfSight,
            () if !self.side.has_passes => Movement::NotTold,
            () => Movement::Gone,
        }
    }
}

/// Compares two sides. What did not fail before and does not now, and is not unknown, is left out. Sorted by rule and subject.
pub fn compare(before: &Side, after: &Side) -> Vec<Moved> {
    let key = |finding: &Finding| (finding.rule_id.clone(), finding.subject_arn.clone());
    let was: BTreeMap<_, &Finding> = before.findings.iter().map(|finding| (key(finding), finding)).collect();
    let is: BTreeMap<_, &Finding> = after.findings.iter().map(|finding| (key(finding), finding)).collect();
    let (before, after) = (Indexed::new(before), Indexed::new(after));
    let keys: BTreeSet<_> = was.keys().chain(is.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let (was, is) = (was.get(key).copied(), is.get(key).copied());
            let absent = || was.map(|was| after.absence(was));
            let movement = movement(was.map(|one| one.verdict), is.map(|one| one.verdict), absent)?;
            let causes = if movement == Movement::Open { Vec::new() } else { causes(&before, &after, was, is) };
            Some(Moved { movement, finding: is.or(was)?.clone(), before: was.cloned(), after: is.cloned(), causes })
        })
        .collect()
}

/// How a verdict moved; `None` if there is nothing to tell. `absent` says why there is no finding any more.
fn movement(before: Option<Verdict>, after: Option<Verdict>, absent: impl Fn() -> Option<Movement>) -> Option<Movement> {
    use Verdict::{Fail, NotApplicable, Pass, Unknown, Waived};
    match (before, after) {
        (Some(Fail), Some(Fail)) => Some(Movement::Open),
        (_, Some(Fail)) => Some(Movement::New),
        (Some(Waived), Some(Waived))
        | (Some(Unknown), Some(Unknown))
        | (Some(Pass | NotApplicable) | None, Some(Pass | NotApplicable) | None) => None,
        (_, Some(Waived)) => Some(Movement::Waived),
        (Some(Fail | Waived), Some(Pass)) => Some(Movement::Fixed),
        (Some(Fail | Waived), Some(NotApplicable)) => Some(Movement::NotAsked),
        (Some(Fail | Waived), Some(Unknown)) => Some(Movement::OutOfSight),
        (_, Some(Unknown)) => Some(Movement::BecameUnknown),
        (Some(Unknown), Some(Pass | NotApplicable)) => Some(Movement::Resolved),
        (Some(Fail | Waived), None) => absent(),
        (Some(Unknown), None) => absent().filter(|why| *why == Movement::Gone).map(|_| Movement::Resolved),
    }
}

fn causes(before: &Indexed<'_>, after: &Indexed<'_>, was: Option<&Finding>, is: Option<&Finding>) -> Vec<Cause> {
    let Some(one) = is.or(was) else { return Vec::new() };
    let mut causes = BTreeSet::new();
    let rules = (before.side.rules.get(one.rule_id.as_str()), after.side.rules.get(one.rule_id.as_str()));
    let rule_known = match rules {
        (Some(Some(before)), Some(Some(after))) => {
            if before != after {
                causes.insert(Cause::Rule);
            }
            true
        }
        // A rule that judges for the first time, or not any more, is the reason that there is a verdict.
        (None, Some(_)) | (Some(_), None) => causes.insert(Cause::Rule),
        _ => false,
    };
    let waiver = |finding: Option<&Finding>| finding.map(|finding| (finding.verdict == Verdict::Waived, finding.waiver_id.clone()));
    if was.is_some() && is.is_some() && waiver(was) != waiver(is) {
        causes.insert(Cause::Waiver);
    }
    let owed = (before.side.objectives.get(one.subject_arn.as_str()), after.side.objectives.get(one.subject_arn.as_str()));
    let objectives_known = !before.side.objectives.is_empty() && !after.side.objectives.is_empty();
    let may_matter = !after.side.without_objective.contains(one.rule_id.as_str());
    if may_matter && objectives_known && owed.0.is_some() && owed.1.is_some() && owed.0 != owed.1 {
        causes.insert(Cause::Objective);
    }
    let is_unknown = |finding: Option<&Finding>| finding.is_some_and(|finding| finding.verdict == Verdict::Unknown);
    if is_unknown(was) || (was.is_none() && before.hides(one)) {
        causes.insert(Cause::UnknownBefore);
    }
    if is_unknown(is) || (is.is_none() && after.hides(one)) {
        causes.insert(Cause::UnknownNow);
    }
    let seen = |finding: Option<&Finding>| finding.map(|finding| finding.observed.clone());
    match (was, is) {
        // What is not known is seen otherwise, too; that is no change of the thing.
        (Some(_), Some(_)) if seen(was) != seen(is) && !is_unknown(was) && !is_unknown(is) => drop(causes.insert(Cause::Data)),
        (Some(_), None) | (None, Some(_)) if causes.is_empty() => drop(causes.insert(Cause::Data)),
        _ => {}
    }
    if causes.is_empty() {
        causes.insert(if rule_known && objectives_known { Cause::DataOrTime } else { Cause::NotTold });
    }
    causes.into_iter().collect()
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
