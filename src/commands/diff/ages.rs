//! Since when what fails has failed: the collections before are judged again, newest first, until nothing that is asked for fails any more.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::error::CommandError;
use crate::commands::judge::{self, Rulebook};
use crate::config::Settings;
use crate::dataset::Dataset;
use crate::engine::Finding;
use crate::model::Verdict;
use crate::report::diff::Failing;

/// A rule and a subject.
type Key = (String, String);

/// Where the walk back stands with one failure.
#[derive(Clone, Copy, Debug)]
struct Walk {
    since_s: i64,
    ended: bool,
    /// Whether nobody could tell right before that.
    open: bool,
}

/// Since when each of some findings has failed. What was unknown in between was not seen to be fixed; what was not there at all, was not.
///
/// # Errors
/// As judging.
pub(super) fn failing(
    settings: &Settings,
    rulebook: &Rulebook,
    dataset: &Dataset,
    findings: &[&Finding],
    failed_s: i64,
) -> Result<BTreeMap<Key, Failing>, CommandError> {
    let start = |finding: &&Finding| {
        ((finding.rule_id.to_string(), finding.subject_arn.to_string()), Walk { since_s: failed_s, ended: false, open: false })
    };
    let mut walks: BTreeMap<Key, Walk> = findings.iter().map(start).collect();
    let quiet = Settings { verbosity: -1, ..settings.clone() };
    let starts: BTreeSet<i64> = dataset.collections().iter().map(|one| one.manifest.started_s).filter(|at_s| *at_s < failed_s).collect();
    for at_s in starts.iter().rev().copied() {
        let rules: BTreeSet<&str> = walks.iter().filter(|(_, walk)| !walk.ended).map(|((rule, _), _)| rule.as_str()).collect();
        if rules.is_empty() {
            break;
        }
        let asked = Rulebook {
            library: rulebook.library.clone(),
            rules: rulebook.rules.filter(|rule| rules.contains(rule.id.as_str())),
            relations: rulebook.relations.clone(),
        };
        let judged = judge::with_inputs_at(&quiet, dataset, Some(at_s), |inputs| judge::judge_inputs(&quiet, &asked, inputs))?;
        step(&mut walks, &judged.findings, at_s);
    }
    let first_s = starts.first().copied().unwrap_or(failed_s);
    let failing = |walk: Walk| Failing { since_s: walk.since_s, or_before: walk.open || (!walk.ended && walk.since_s == first_s) };
    Ok(walks.into_iter().map(|(key, walk)| (key, failing(walk))).collect())
}

/// One collection further back.
fn step(walks: &mut BTreeMap<Key, Walk>, findings: &[Finding], at_s: i64) {
    let verdicts: BTreeMap<(&str, &str), &Finding> =
        findings.iter().map(|finding| ((finding.rule_id.as_str(), finding.subject_arn.as_str()), finding)).collect();
    let unread: BTreeSet<&str> =
        findings.iter().filter(|finding| finding.subject_type == "read").map(|finding| finding.rule_id.as_str()).collect();
    for ((rule, subject), walk) in walks.iter_mut().filter(|(_, walk)| !walk.ended) {
        match verdicts.get(&(rule.as_str(), subject.as_str())).map(|finding| finding.verdict) {
            Some(Verdict::Fail | Verdict::Waived) => (walk.since_s, walk.open) = (at_s, false),
            Some(Verdict::Unknown) => walk.open = true,
            None if unread.contains(rule.as_str()) => walk.open = true,
            Some(Verdict::Pass | Verdict::NotApplicable) | None => walk.ended = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    fn finding(verdict: Verdict, subject_arn: &str, subject_type: &str) -> Finding {
        Finding {
            rule_id: "off".into(),
            verdict,
            severity: Severity::High,
            subject_arn: subject_arn.into(),
            subject_type: subject_type.into(),
            account_id: "".into(),
            region: "".into(),
            observed: String::new(),
            expected: String::new(),
            message: String::new(),
            controls: "".into(),
            evidence: "".into(),
            waiver_id: "".into(),
            finding_id: String::new(),
        }
    }

    #[test]
    fn the_walk_back_ends_where_it_did_not_fail() {
        let of = |verdict| vec![finding(verdict, "x", "")];
        let unread = vec![finding(Verdict::Unknown, "#read/x", "read")];
        // why, findings of the collections before, newest first, at 9, 8, 7 …; since, whether the walk ended, whether nobody could tell right before
        let cases = [
            ("it failed before", vec![of(Verdict::Fail), of(Verdict::Pass)], 9, true, false),
            ("accepted is failed", vec![of(Verdict::Waived), of(Verdict::NotApplicable)], 9, true, false),
            (
                "unknown in between is not seen to be fixed",
                vec![of(Verdict::Unknown), of(Verdict::Fail), of(Verdict::Pass)],
                8,
                true,
                false,
            ),
            ("unknown before it ever failed", vec![of(Verdict::Unknown), of(Verdict::Pass)], 10, true, true),
            ("it was not there", vec![Vec::new(), of(Verdict::Fail)], 10, true, false),
            ("its list was not read", vec![unread.clone(), of(Verdict::Fail)], 8, false, false),
            ("its list was not read, and nobody looked before", vec![of(Verdict::Fail), unread], 9, false, true),
            ("as long as anybody looked", vec![of(Verdict::Fail), of(Verdict::Fail)], 8, false, false),
        ];
        for (why, collections, since_s, ended, open) in cases {
            let mut walks = BTreeMap::from([(("off".to_owned(), "x".to_owned()), Walk { since_s: 10, ended: false, open: false })]);
            for (at_s, findings) in (0..10).rev().zip(&collections) {
                step(&mut walks, findings, at_s);
            }
            let walk = walks.into_values().next().unwrap();
            assert_eq!((walk.since_s, walk.ended, walk.open), (since_s, ended, open), "{why}");
        }
    }
}
