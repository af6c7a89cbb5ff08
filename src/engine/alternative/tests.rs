//! Alternatives as their authors meet them: what is refused, what becomes of requirements, and what becomes of them over time.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Alternative, AlternativeEntry, apply, check};
use crate::engine::RequirementState::{self, AlternativeDocumented, Manual, Met, NotJudged, NotMet, Unknown};
use crate::engine::data_scope::DataScope;
use crate::engine::fixtures::{ALL, Memory, POINTS, brief, file, point};
use crate::engine::load::{Layer, Library};
use crate::engine::{Judgement, RuleCounts, assess};
use crate::model::moment;

const DAY: i64 = 86_400;

const RIGHT: &str = "- { id: in-use, requirement: 'own:R1', reason: the engine cannot, alternative: the application does, owner: role:records, \
                     approver: role:officer, start: 2026-01-01, expires: 2026-07-01 }\n";

/// An addressable requirement, a required one, one that no tool decides, and one of which a tool shows a part.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let one = |id: &str, kind: &str, scope: &str| {
        format!("  - {{ id: {id}, title: t, requirement: r, kind: {kind}, scope: {scope}, evidence: [rp.retention], source: s }}\n")
    };
    let requirements = [
        one("R1", "addressable", "direct"),
        one("R2", "required", "direct"),
        one("R3", "addressable", "reference"),
        one("R4", "addressable", "partial"),
    ];
    let mut frameworks = crate::engine::load::embedded().frameworks;
    frameworks.push(file("own.yaml", &format!("id: own\ntitle: t\nversion: '1'\nrequirements:\n{}", requirements.concat())));
    let layer = Layer { rules: vec![file("rules/test/kept-too-short.yaml", ALL)], frameworks, ..Layer::default() };
    Library::check(&[layer], &[&POINTS]).unwrap()
});

fn read(text: &str) -> Result<Vec<Alternative>, String> {
    let source = file("audit.yaml", text);
    let entries: Vec<AlternativeEntry> = source.read().map_err(|error| error.to_string())?;
    check(&entries, &LIBRARY.frameworks, &source).map_err(|errors| errors.to_string())
}

fn for_each(ids: &[&str]) -> Vec<Alternative> {
    let entries = ids.iter().map(|id| RIGHT.replace("id: in-use", &format!("id: for-{id}")).replace("own:R1", &format!("own:{id}")));
    read(&entries.collect::<String>()).unwrap()
}

fn judged(kept: &[Option<i64>]) -> Judgement {
    let rows = kept.iter().enumerate().map(|(at, kept)| point(&format!("db{at}"), 1, Some(true), *kept)).collect();
    Memory { rows, gaps: vec![] }.judge(&[ALL])
}

fn states(kept: &[Option<i64>], alternatives: &[Alternative]) -> [RequirementState; 4] {
    let counts = RuleCounts::of(&LIBRARY.frameworks, &judged(kept).findings, &DataScope::default());
    let own = LIBRARY.frameworks.get("own").unwrap();
    let assessed = assess(&LIBRARY, own, &["kept-too-short".to_owned()], &counts, alternatives);
    [0, 1, 2, 3].map(|at| assessed[at].state)
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    // what is written in place of what, what is said
    let cases: [(&str, &str, &[&str]); 12] = [
        ("'own:R1'", "'own:R5'", &["there is no requirement `own:R5`", "did you mean `own:R"]),
        ("'own:R1'", "'hipaa:164.312(a)(2)(v)'", &["there is no requirement", "did you mean `hipaa:164.312(a)(2)(iv)`?"]),
        ("'own:R1'", "encryption", &["there is no requirement `encryption`", "write framework and requirement"]),
        ("'own:R1'", "'own:R2'", &["`own:R2` is not addressable: it has no alternative", "is a waiver"]),
        ("'own:R1'", "'hipaa:164.306(d)(3)'", &["is not addressable"]),
        ("'own:R1'", "'soc2:A1.2'", &["is not addressable"]),
        ("reason: the engine cannot", "reason: ' '", &["`reason` is empty"]),
        ("alternative: the application does", "alternative: ''", &["`alternative` is empty"]),
        ("approver: role:officer", "approver: role:records", &["the owner of an alternative cannot approve it"]),
        ("expires: 2026-07-01", "expires: 2026-01-01", &["the alternative expires before it starts"]),
        ("expires: 2026-07-01", "expires: never", &["`never` is not a moment"]),
        ("expires: 2026-07-01", "expires: 2026-07-01, document: ''", &["`document` is empty"]),
    ];
    for (was, is, said) in cases {
        let error = read(&RIGHT.replace(was, is)).unwrap_err();
        for said in said.iter().chain(&["audit.yaml:1:"]) {
            assert!(error.contains(said), "{is}: {error}");
        }
    }
    assert!(read(&RIGHT.replace(", expires: 2026-07-01", "")).unwrap_err().contains("key `expires` is missing"), "none is for ever");
    assert!(read(&format!("{RIGHT}{RIGHT}")).unwrap_err().contains("alternative `in-use` stands here twice"));
    let renewed = RIGHT.replace("in-use", "again").replace("2026-07-01", "2027-01-01");
    assert!(read(&format!("{RIGHT}{renewed}")).unwrap_err().contains("alternative `in-use` is for `own:R1` at the same time"));
    let after = renewed.replace("2026-01-01", "2026-07-01");
    assert_eq!(read(&format!("{RIGHT}{after}")).unwrap().len(), 2, "one follows the other");
}

#[test]
fn what_becomes_of_requirements() {
    let (kept, short) = (Some(40 * DAY), Some(DAY));
    let all = for_each(&["R1", "R3", "R4"]);
    // what it shows, points, states without and with alternatives
    let cases: [(&str, &[Option<i64>], [RequirementState; 4], [RequirementState; 4]); 5] = [
        (
            "a failure is answered",
            &[kept, short],
            [NotMet, NotMet, Manual, NotMet],
            [AlternativeDocumented, NotMet, Manual, AlternativeDocumented],
        ),
        ("what is unknown is not", &[kept, None], [Unknown, Unknown, Manual, Unknown], [Unknown, Unknown, Manual, Unknown]),
        (
            "a failure, whatever is unknown beside it",
            &[short, None],
            [NotMet, NotMet, Manual, NotMet],
            [AlternativeDocumented, NotMet, Manual, AlternativeDocumented],
        ),
        ("what is met stays met", &[kept], [Met, Met, Manual, Manual], [Met, Met, Manual, Manual]),
        ("what was not judged stays so", &[], [NotJudged, NotJudged, Manual, NotJudged], [NotJudged, NotJudged, Manual, NotJudged]),
    ];
    for (shows, points, without, with) in cases {
        assert_eq!((states(points, &[]), states(points, &all)), (without, with), "{shows}");
    }
    let elsewhere = Alternative { framework: "hipaa".to_owned(), ..all[0].clone() };
    assert_eq!(states(&[short], &[elsewhere])[0], NotMet, "one of another framework");
    let required = Alternative { requirement: "R2".to_owned(), ..all[0].clone() };
    assert_eq!(states(&[short], &[required])[1], NotMet, "what is required has none, wherever it comes from");
}

#[test]
fn over_time_it_holds_and_then_is_a_finding() {
    let expired = "alternative-expired alternative/for-R1 fail";
    let unanswered = "kept-too-short db0 fail";
    // what it shows, moment, whether it holds, findings
    let cases: [(&str, &str, bool, &[&str]); 5] = [
        ("not yet", "2025-12-31", false, &[unanswered]),
        ("its first second", "2026-01-01", true, &[unanswered]),
        ("its last day", "2026-06-30", true, &[unanswered]),
        ("its first second no longer", "2026-07-01", false, &[expired, unanswered]),
        ("long after", "2027-07-01", false, &[expired, unanswered]),
    ];
    let alternatives = for_each(&["R1"]);
    for (shows, as_of, holds, findings) in cases {
        let judgement = apply(judged(&[Some(DAY)]), &alternatives, &LIBRARY, moment::parse(as_of).unwrap());
        assert_eq!(
            (!judgement.alternatives.is_empty(), brief(&judgement.findings)),
            (holds, findings.iter().map(|&one| one.to_owned()).collect()),
            "{shows}"
        );
        assert_eq!(judgement.rows.len(), judgement.findings.len());
    }
}

#[test]
fn one_that_nothing_was_asked_about_is_no_finding() {
    let as_of_s = moment::parse("2027-07-01").unwrap();
    let none = Judgement::default();
    for id in ["R1", "R3"] {
        let judgement = apply(none.clone(), &for_each(&[id]), &LIBRARY, as_of_s);
        assert_eq!(judgement.findings, [], "{id}: no rule was judged");
        let judgement = apply(judged(&[]), &for_each(&[id]), &LIBRARY, as_of_s);
        assert_eq!(judgement.findings.len(), 1, "{id}: every rule was");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_alternative_changes_nothing_but_what_is_not_met(
        points in prop::collection::vec(prop::sample::select(vec![None, Some(DAY), Some(40 * DAY)]), 0..4),
    ) {
        let (without, with) = (states(&points, &[]), states(&points, &for_each(&["R1", "R3", "R4"])));
        for (at, (without, with)) in without.into_iter().zip(with).enumerate() {
            let expected = if without == NotMet && at != 1 { AlternativeDocumented } else { without };
            prop_assert_eq!(with, expected);
        }
    }
}
