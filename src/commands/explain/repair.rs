//! What would repair what fails: one advice for rules that ask for the same, and one for a failure with those that follow from it.

use std::collections::BTreeMap;

use crate::engine::waiver::BUILT_IN;
use crate::engine::{Finding, Library};
use crate::model::{Severity, Verdict};
use crate::report::explain::Fix;

/// A failure, and those that may follow from it; of several that fail, the first counts.
const FOLLOWING: [(&str, &[&str]); 9] = [
    (
        "opt-in-blocks-coverage",
        &["resource-not-covered", "rpo-exceeded", "newest-point-stale", "last-recovery-point-too-old", "no-point-in-locked-vault"],
    ),
    (
        "resource-not-covered",
        &[
            "design-rpo-exceeded",
            "rpo-exceeded",
            "newest-point-stale",
            "last-recovery-point-too-old",
            "no-point-in-locked-vault",
            "retention-tier-missing",
            "cross-region-copy-missing",
            "cross-account-copy-missing",
            "air-gapped-copy-missing",
        ],
    ),
    (
        "backup-job-failed",
        &["rpo-exceeded", "newest-point-stale", "last-recovery-point-too-old", "backup-run-missed", "recovery-from-failure-slow"],
    ),
    ("continuous-backup-stopped", &["rpo-exceeded", "newest-point-stale", "pitr-lagging"]),
    ("copy-needs-customer-key", &["copy-job-failed", "cross-region-copy-missing", "cross-account-copy-missing"]),
    ("copy-job-failed", &["cross-region-copy-missing", "cross-account-copy-missing", "air-gapped-copy-missing", "rpo-exceeded"]),
    ("point-deleted-early", &["rpo-exceeded", "newest-point-stale", "last-recovery-point-too-old"]),
    ("design-rpo-exceeded", &["rpo-exceeded", "newest-point-stale"]),
    ("point-expired-not-deleted", &["point-outlived-lifecycle"]),
];

/// What would repair failures: rules that ask for the same have one line, what may follow from another stands with it, the worst first.
pub(super) fn fixes(library: &Library, findings: &[Finding]) -> Vec<Fix> {
    let failing: Vec<&Finding> = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    let mut by_text: BTreeMap<String, Fix> = BTreeMap::new();
    for finding in &failing {
        let root = root(&finding.rule_id, &failing);
        let Some(text) = advice(library, root) else { continue };
        let new = || Fix { text: text.clone(), rules: Vec::new(), following: Vec::new(), severity: Severity::Info };
        let fix = by_text.entry(text.clone()).or_insert_with(new);
        let rules = if root == finding.rule_id { &mut fix.rules } else { &mut fix.following };
        rules.push(finding.rule_id.to_string());
        fix.severity = finding.severity.max(fix.severity);
    }
    let mut fixes: Vec<Fix> = by_text.into_values().collect();
    fixes.sort_by(|one, other| (other.severity, &one.rules).cmp(&(one.severity, &other.rules)));
    fixes
}

/// The failure that a rule's own may follow from, the farthest back; else itself.
fn root<'r>(rule_id: &'r str, failing: &[&'r Finding]) -> &'r str {
    let fails = |root: &str| failing.iter().find(|finding| finding.rule_id == root).map(|finding| finding.rule_id.as_str());
    let before = FOLLOWING.iter().filter(|(_, following)| following.contains(&rule_id)).find_map(|(root, _)| fails(root));
    before.map_or(rule_id, |before| root(before, failing))
}

fn advice(library: &Library, rule_id: &str) -> Option<String> {
    let built_in = BUILT_IN.iter().find(|rule| rule.id == rule_id).map(|rule| rule.fix);
    library.rules.get(rule_id).map(|rule| rule.fix.trim()).or(built_in).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::tables;
    use crate::engine::derived::relations;

    fn failing(rules: &[&str]) -> Vec<Finding> {
        let finding = |rule: &&str| Finding {
            rule_id: (*rule).into(),
            verdict: Verdict::Fail,
            severity: Severity::Medium,
            subject_arn: "".into(),
            subject_type: "".into(),
            account_id: "".into(),
            region: "".into(),
            observed: String::new(),
            expected: String::new(),
            message: String::new(),
            controls: "".into(),
            evidence: "".into(),
            waiver_id: "".into(),
            finding_id: String::new(),
        };
        rules.iter().map(finding).collect()
    }

    /// Rules of each fix, and what follows from them.
    type Told<'a> = &'a [(&'a [&'a str], &'a [&'a str])];

    #[test]
    fn one_cause_is_repaired_once() {
        let library = Library::load(&relations(&tables()), None).unwrap();
        // why, what fails, rules of each fix and what follows from them
        let cases: [(&str, &[&str], Told<'_>); 4] = [
            ("alone", &["rpo-exceeded"], &[(&["rpo-exceeded"], &[])]),
            ("a failed job and its age", &["backup-job-failed", "rpo-exceeded"], &[(&["backup-job-failed"], &["rpo-exceeded"])]),
            (
                "a cause of a cause",
                &["copy-job-failed", "copy-needs-customer-key", "rpo-exceeded"],
                &[(&["copy-needs-customer-key"], &["copy-job-failed", "rpo-exceeded"])],
            ),
            ("two causes", &["backup-job-failed", "key-rotation-off"], &[(&["backup-job-failed"], &[]), (&["key-rotation-off"], &[])]),
        ];
        for (why, rules, told) in cases {
            let fixes = fixes(&library, &failing(rules));
            let found: Vec<(Vec<&str>, Vec<&str>)> = fixes
                .iter()
                .map(|fix| (fix.rules.iter().map(String::as_str).collect(), fix.following.iter().map(String::as_str).collect()))
                .collect();
            let expected: Vec<_> = told.iter().map(|(rules, following)| (rules.to_vec(), following.to_vec())).collect();
            assert_eq!(found, expected, "{why}");
        }
        let named = FOLLOWING.iter().flat_map(|(root, following)| following.iter().chain([root]));
        for rule in named {
            assert!(library.rules.get(rule).is_some(), "there is no rule `{rule}`");
        }
        let place = |rule: &str| FOLLOWING.iter().position(|(root, _)| *root == rule);
        for (at, (root, following)) in FOLLOWING.iter().enumerate() {
            assert!(following.iter().filter_map(|rule| place(rule)).all(|place| place > at), "{root} stands before what follows from it");
        }
    }
}
