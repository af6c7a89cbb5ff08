//! The embedded rules: every case gives what its file says, every rule has the cases it needs, ids are file names.

use backup_audit::collect::tables;
use backup_audit::engine::derived::relations;
use backup_audit::engine::{Library, run_cases};

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
fn every_rule_speaks_to_a_requirement_of_soc2_and_hipaa_or_says_none() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    let controls = library.controls();
    for rule in library.rules.iter() {
        assert!(controls[&rule.id].contains("soc2:"), "{} speaks to no SOC 2 requirement", rule.id);
        assert!(rule.file.ends_with(&format!("/{}.yaml", rule.id)), "{} is in {}", rule.id, rule.file);
    }
}
