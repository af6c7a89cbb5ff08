//! What was not read and leaves findings unknown, with how to read it: by the sentence in a message, else by the tables that a rule rests on.

use std::collections::BTreeSet;

use crate::dataset::Gap;
use crate::dataset::schema::{GLOBAL, Reach};
use crate::engine::explain::gap_sentence;
use crate::engine::{Finding, Library, Rule};
use crate::facts::FACTS;
use crate::model::Verdict;
use crate::report::explain::Unread;

/// The gaps behind findings that are unknown: first those that a finding names, then those that it may rest on.
pub(super) fn unread(library: &Library, gaps: &[Gap], findings: &[&Finding]) -> Vec<Unread> {
    let unknown: Vec<&Finding> = findings.iter().filter(|finding| finding.verdict == Verdict::Unknown).copied().collect();
    let mut told: Vec<Unread> =
        gaps.iter().map(|gap| one(library, gap, &unknown)).filter(|one| !one.named.is_empty() || !one.may.is_empty()).collect();
    told.sort_by_key(|one| (one.named.is_empty(), usize::MAX - one.named.len(), usize::MAX - one.may.len()));
    told
}

fn one(library: &Library, gap: &Gap, unknown: &[&Finding]) -> Unread {
    let sentence = gap_sentence(gap);
    let ids = |wanted: &dyn Fn(&Finding) -> bool| {
        let wanted = unknown.iter().filter(|finding| wanted(finding)).map(|finding| finding.rule_id.to_string());
        wanted.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let named = ids(&|finding| finding.message.contains(&sentence));
    let may = ids(&|finding| {
        let rule = library.rules.get(&finding.rule_id);
        !finding.message.contains(NAMES_A_READ) && rule.is_some_and(|rule| reaches(gap, rule, finding))
    });
    Unread { gap: gap.clone(), sentence, named, may }
}

/// In a message that names what was not read.
const NAMES_A_READ: &str = "the read of ";

/// Whether a gap is within what a rule rests on for a subject.
fn reaches(gap: &Gap, rule: &Rule, finding: &Finding) -> bool {
    let fact = FACTS.iter().find(|fact| fact.relation.name == rule.over.name);
    let reads = fact.into_iter().flat_map(|fact| fact.reads()).chain(rule.over.rows_rest_on);
    let here = gap.account_id.is_empty() || gap.account_id == finding.account_id;
    let of_subject = |parent: &String| !same_kind(parent, &finding.subject_arn) || finding.subject_arn.starts_with(parent.as_str());
    gap.parent.as_ref().is_none_or(of_subject)
        && reads.filter(|rest| rest.table == gap.table).any(|rest| match rest.reach {
            Reach::Everywhere => true,
            Reach::Account => here,
            Reach::Region | Reach::Parent(_) => here && (gap.region.is_empty() || gap.region == GLOBAL || gap.region == finding.region),
        })
}

/// Whether two ARNs are of one service and kind of resource.
fn same_kind(one: &str, other: &str) -> bool {
    let kind = |arn: &str| {
        let mut parts = arn.splitn(6, ':');
        let service = parts.nth(2).map(str::to_owned);
        service.zip(parts.nth(2).and_then(|rest| rest.split([':', '/']).next().map(str::to_owned)))
    };
    kind(one).is_some_and(|one| kind(other) == Some(one))
}
