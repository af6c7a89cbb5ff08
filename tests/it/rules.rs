//! The embedded rules: every case gives what its file says, every rule has the cases it needs, ids are file names.

use crate::command::audit;
use backup_audit::collect::tables;
use backup_audit::engine::derived::relations;
use backup_audit::engine::frameworks::{KindOrigin, Scope};
use backup_audit::engine::{Assessed, DataScope, Finding, Library, RequirementState, RuleCounts, assess, run_cases};
use backup_audit::model::{Severity, Verdict};

#[test]
fn every_case_of_every_rule_holds() {
    let library = Library::load(&relations(&tables()), None).unwrap_or_else(|error| panic!("{error}"));
    let report = run_cases(&library.rules).unwrap();
    for result in &report.results {
        assert!(
            result.agrees(),
            "{}, case `{}`: {:?} instead of {}: {}",
            result.rule_id,
            result.case,
            result.found,
            result.expected,
            result.message
        );
    }
    assert!(report.missing.is_empty(), "cases are missing: {:?}", report.missing);
    assert!(report.results.len() >= 3 * library.rules.len());
}

#[test]
fn every_negated_predicate_makes_a_case_fail() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    let report = run_cases(&library.rules).unwrap();
    let unnoticed: Vec<_> = report.unnoticed().map(|negation| (&negation.rule_id, negation.predicate)).collect();
    assert!(unnoticed.is_empty(), "cases that prove nothing about these: {unnoticed:?}");
    let of_pass = report.negations.iter().filter(|negation| negation.predicate == "pass").count();
    assert_eq!(of_pass, library.rules.len());
}

#[test]
fn every_rule_speaks_to_a_requirement_of_soc2_and_hipaa_or_says_none() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    let controls = library.controls();
    for rule in library.rules.iter() {
        // A second zone is availability and no backup, and scans are nobody's duty: the criteria on backups neither ask for them nor fail without.
        let unasked = ["cfg.redundancy", "scan.malware"].iter().any(|kind| rule.evidence == [*kind]);
        let expected = if unasked { "" } else { "soc2:" };
        let found = controls.get(&rule.id).map_or("", String::as_str);
        assert!(!found.is_empty() && found.contains(expected), "{} speaks to no SOC 2 requirement: {found}", rule.id);
        assert!(rule.file.ends_with(&format!("/{}.yaml", rule.id)), "{} is in {}", rule.id, rule.file);
    }
}

/// What the built-in frameworks come to if every rule says the same of one database, and one rule something else of a second.
fn assessed<'l>(library: &'l Library, of_all: Verdict, odd: Option<(&str, Verdict)>) -> Vec<Assessed<'l>> {
    let all: Vec<String> = library.rules.iter().map(|rule| rule.id.clone()).collect();
    assessed_by(library, &all, of_all, odd)
}

/// The same, where only some rules were asked.
fn assessed_by<'l>(library: &'l Library, judged: &[String], of_all: Verdict, odd: Option<(&str, Verdict)>) -> Vec<Assessed<'l>> {
    let finding = |rule: &str, verdict: Verdict, name: &str| Finding {
        rule_id: rule.into(),
        verdict,
        severity: Severity::High,
        subject_arn: format!("arn:aws:rds:eu-west-1:111122223333:db:{name}").into(),
        subject_type: "AWS::RDS::DBInstance".into(),
        account_id: "111122223333".into(),
        region: "eu-west-1".into(),
        observed: String::new(),
        expected: String::new(),
        message: String::new(),
        controls: "".into(),
        evidence: "".into(),
        waiver_id: "".into(),
        finding_id: String::new(),
    };
    let mut findings: Vec<Finding> = judged.iter().map(|rule| finding(rule, of_all, "one")).collect();
    findings.extend(odd.map(|(rule, verdict)| finding(rule, verdict, "two")));
    let counts = RuleCounts::of(&library.frameworks, &findings, &DataScope::default());
    library.frameworks.frameworks.iter().flat_map(|framework| assess(library, framework, judged, &counts, &[])).collect()
}

#[test]
fn no_requirement_is_met_while_something_behind_it_is_unknown() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    for rule in library.rules.iter() {
        let behind = |one: &Assessed<'_>| one.requirement.is_shown_by(&rule.evidence);
        let unknown = assessed(&library, Verdict::Pass, Some((&rule.id, Verdict::Unknown)));
        for one in unknown.iter().filter(|one| behind(one)) {
            assert_eq!(one.state, RequirementState::Unknown, "{} with {} unknown of one of two", one.requirement.id, rule.id);
        }
        let failed = assessed(&library, Verdict::Unknown, Some((&rule.id, Verdict::Fail)));
        for one in failed.iter().filter(|one| behind(one)) {
            assert_eq!(one.state, RequirementState::NotMet, "{} with {} failed of one of two", one.requirement.id, rule.id);
        }
    }
}

#[test]
fn no_requirement_is_met_while_a_rule_behind_it_was_not_asked() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    for left_out in library.rules.iter() {
        let asked: Vec<String> = library.rules.iter().map(|rule| rule.id.clone()).filter(|id| *id != left_out.id).collect();
        for one in assessed_by(&library, &asked, Verdict::Pass, None).iter().filter(|one| one.requirement.is_shown_by(&left_out.evidence)) {
            assert_ne!(one.state, RequirementState::Met, "{} without {}", one.requirement.id, left_out.id);
        }
    }
}

#[test]
fn what_a_tool_shows_in_part_is_never_met() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    for one in assessed(&library, Verdict::Pass, None).iter().filter(|one| one.requirement.scope == Scope::Partial) {
        assert_ne!(one.state, RequirementState::Met, "{}", one.requirement.id);
    }
}

#[test]
fn what_says_nothing_about_restores_or_other_accounts_shows_neither() {
    // Only this rule applied to something: of what it passes no requirement about restores, or about another account, is met.
    let library = Library::load(&relations(&tables()), None).unwrap();
    for (alone, never) in
        [("restore-test-leftover", ["TEST-CADENCE", "TEST-COVERAGE"]), ("copy-needs-customer-key", ["RPO-ACCOUNT", "RPO-ACCOUNT"])]
    {
        let only: Vec<Assessed<'_>> = assessed(&library, Verdict::NotApplicable, Some((alone, Verdict::Pass)));
        for one in only.iter().filter(|one| never.contains(&one.requirement.id.as_str())) {
            assert_eq!(one.state, RequirementState::NotJudged, "{} by {alone}", one.requirement.id);
            assert_eq!(one.counts.pass, 0, "{} by {alone}", one.requirement.id);
        }
    }
}

#[test]
fn what_only_a_person_can_say_is_manual_whatever_rules_say() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    for verdict in [Verdict::Pass, Verdict::Fail, Verdict::Unknown, Verdict::NotApplicable] {
        for one in assessed(&library, verdict, None) {
            if one.requirement.scope == Scope::Reference {
                assert_eq!(one.state, RequirementState::Manual, "{}: {verdict}", one.requirement.id);
            }
            let by_operator = |kind: &String| library.frameworks.kind(kind).is_some_and(|kind| kind.origin == KindOrigin::Operator);
            if one.requirement.evidence.iter().any(by_operator) {
                assert_ne!(one.state, RequirementState::Met, "{}: {verdict}", one.requirement.id);
            }
        }
    }
}

#[test]
fn what_is_not_collected_is_not_met_by_what_is() {
    // Passes of databases say nothing about buckets, policies of roles, or the success of every slot.
    let library = Library::load(&relations(&tables()), None).unwrap();
    let passed = assessed(&library, Verdict::Pass, None);
    let state = |id: &str| passed.iter().find(|one| one.requirement.id == id).unwrap().state;
    for id in ["PROC-S3", "PROC-MFA", "INF-04", "OPS-04", "PROC-REP-WEEKLY", "CC6.3"] {
        assert_ne!(state(id), RequirementState::Met, "{id}");
    }
    for id in ["PROC-RPO-DB", "PROC-RTO", "PROC-RET-DAILY", "PROC-SEP", "BB-RPO", "TM-RPO", "A1.3"] {
        assert_eq!(state(id), RequirementState::Manual, "{id}: that objectives carry its figure a person confirms");
    }
    for id in ["RPO-ACHIEVED", "RPO-DESIGN", "RTO-TECHNICAL", "TEST-CADENCE"] {
        assert_eq!(state(id), RequirementState::Met, "{id}");
    }
}

#[test]
fn a_rule_is_explained_with_its_cases() {
    let explained = |id: &str| {
        let output = audit(&["rules", "explain", id], &[("COLUMNS", "80")]);
        assert!(output.status.success(), "{id}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("rule", explained("protection-reduced"));
    assert!(explained("waiver-over-broad").contains("docs/waivers.md"), "the rules that judge waivers have a page, too");
    let library = Library::load(&relations(&tables()), None).unwrap();
    for rule in library.rules.iter() {
        let page = backup_audit::engine::explain::explain(&library, &rule.id).unwrap();
        assert_eq!(page.cases.len(), rule.cases.len(), "{}", rule.id);
        assert!(page.cases.iter().all(|case| !case.given.is_empty()), "{}", rule.id);
    }
}
