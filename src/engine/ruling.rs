//! Rules, settings, waivers and frameworks as their authors meet them: what is read, what is refused, what comes of it.

use super::cases::run_cases;
use super::explain;
use super::fixtures::{ALL, ANY, Memory, POINTS, brief, file, gap, library, point};
use super::judge::judge;
use super::load::{Layer, Library};
use super::waiver::{self, Tags, WaiverEntry};
use super::{DataScope, RequirementState, RuleCounts, RuleSettings, Settings, assess};
use crate::model::{Verdict, moment};

const DAY: i64 = 86_400;

#[test]
fn the_embedded_rules_and_frameworks_load_without_relations_of_their_own() {
    let embedded = super::load::embedded();
    let frameworks_only = Layer { rules: vec![], ..embedded };
    assert_eq!(Library::check(&[frameworks_only], &[]).unwrap().frameworks.frameworks.len(), 10);
}

#[test]
fn a_wrong_rule_is_told_with_all_its_errors() {
    let wrong = ALL
        .replace("severity: high", "severity: hihg")
        .replace("retention_s >= :least", "retention_ss >= :leas")
        .replace("{{ number }}", "{{ numbr }}")
        .replace("[rp.retention]", "[rp.retnetion]")
        .replace("retention_s: 3023999", "retention_s: soon");
    let errors = library(&[&wrong]).unwrap_err();
    let told: Vec<_> = errors
        .0
        .iter()
        .map(|error| {
            format!("{}:{} {} / {}", error.line, error.column, error.message, error.hint.as_deref().unwrap_or("")).trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    6:11 `hihg` is not a severity: use one of critical, high, medium, low, info /
    9:7 there is no column `retention_ss` / did you mean `retention_s`?
    9:23 there is no parameter `leas` / did you mean `:least`?
    14:19 there is no column or parameter `numbr` / did you mean `number`?
    17:12 there is no evidence kind `rp.retnetion` / did you mean `rp.retention`?
    23:37 `soon` is neither seconds nor a duration nor a moment /
    ");
}

#[test]
fn the_caret_stands_under_the_word() {
    let errors = library(&[&ALL.replace("pass: retention_s", "pass: >-\n  owed AND\n  retention_ss")]).unwrap_err();
    insta::assert_snapshot!(errors.to_string(), @r"
    error: there is no column `retention_ss`
      --> rules/test/kept-too-short.yaml:11:3
       |
    11 |   retention_ss >= :least
       |   ^^^^^^^^^^^^
       |
       = help: did you mean `retention_s`?
    ");
}

#[test]
fn a_catalogue_that_is_not_there_is_told_with_its_place() {
    let errors =
        library(&[&ALL.replace("evidence:", "equivalent_to:\n  - check: aws-confg:rds-storage-encrypted\nevidence:")]).unwrap_err();
    insta::assert_snapshot!(errors.to_string(), @r"
    error: there is no catalogue `aws-confg`
      --> rules/test/kept-too-short.yaml:18:12
       |
    18 |   - check: aws-confg:rds-storage-encrypted
       |            ^^^^^^^^^
       |
       = help: did you mean `aws-config`?
    ");
}

#[test]
fn small_mistakes_in_rule_files_are_refused() {
    // what is written in place of what, the message
    let cases = [
        ("id: kept-too-short", "id: Kept_too_short", "`Kept_too_short` is no id"),
        ("over: points", "over: point", "there is no relation `point`"),
        ("title: Point is kept too short", "title: ''", "`title` is empty"),
        ("evidence: [rp.retention]", "evidence: []", "a rule produces at least one kind of evidence"),
        (
            "evidence: [rp.retention]",
            "evidence: [gov.plan]",
            "evidence kind `gov.plan` is for people to give, so that no rule can produce it",
        ),
        ("default: 35d", "default: true", "a default is a duration, a whole number or a text"),
        (
            "  least: { default: 35d",
            "  more: { default: 1, doc: x }\n  least: { default: 35d",
            "parameter `more` is used by neither `applies` nor `pass`",
        ),
        ("retention_s >= :least", "number > 1 AND retention_s >= :least AND created > 3", "column `created` is a timestamp for people"),
        ("observed: retention_s", "observed: retention", "there is no column or parameter `retention`"),
        ("{{ retention_s | duration }}", "{{ owed | duration }}", "invalid operation: filter `duration` takes a whole number"),
        ("gives: not_applicable", "gives: waived", "a rule by itself never gives `waived`"),
        ("{ owed: false }", "{ created: 3 }", "`points` has no column `created` that a case can fill"),
        ("{ owed: false }", "{ owed: 3 }", "expected boolean, found a whole number"),
        ("severity: high", "severity: high\nseveritie: low", "unknown key `severitie`"),
        ("over: points", "over: points\nequivalent_to: [{ check: 'prowlr:x' }]", "there is no catalogue `prowlr`"),
        ("over: points", "over: points\nequivalent_to: [{ check: prowler }]", "`prowler` names no check"),
        (
            "over: points",
            "over: points\nequivalent_to: [{ check: 'prowler:rds_cluster_multi_zone' }]",
            "catalogue `prowler` has no check `rds_cluster_multi_zone`",
        ),
        (
            "over: points",
            "over: points\nequivalent_to: [{ check: 'prowler:rds_cluster_multi_az' }, { check: 'prowler:rds_cluster_multi_az' }]",
            "check `prowler:rds_cluster_multi_az` stands here twice",
        ),
        ("over: points", "over: points\nequivalent_to: [{ check: 'prowler:rds_cluster_multi_az', differs: '' }]", "`differs` is empty"),
    ];
    for (right, wrong, message) in cases {
        assert!(ALL.contains(right), "{right}");
        let errors = library(&[&ALL.replacen(right, wrong, 1)]).unwrap_err();
        assert!(errors.0.iter().any(|error| error.message.starts_with(message)), "{wrong}: {errors}");
    }
}

#[test]
fn a_folder_overrides_by_id_and_one_source_has_an_id_once() {
    let layer =
        |files: &[(&str, &str)]| Layer { rules: files.iter().map(|(path, text)| file(path, text)).collect(), ..super::load::embedded() };
    let louder = ALL.replace("severity: high", "severity: critical");
    let base = layer(&[("rules/retention/kept-too-short.yaml", ALL), ("rules/retention/none-kept-long.yaml", ANY)]);
    let own = layer(&[("own/kept-too-short.yaml", &louder)]);
    let both = Library::check(&[base.clone(), own], &[&POINTS]).unwrap();
    let rules: Vec<_> = both.rules.iter().map(|rule| (rule.id.as_str(), rule.severity.word(), rule.theme.as_str())).collect();
    assert_eq!(rules, [("kept-too-short", "critical", "own"), ("none-kept-long", "medium", "retention")]);
    assert_eq!(both.rules.get("retention-short").map(|rule| rule.id.as_str()), Some("kept-too-short"), "found by its old id");

    let twice = layer(&[("a/kept-too-short.yaml", ALL), ("b/kept-too-short.yaml", ALL)]);
    let errors = Library::check(&[twice], &[&POINTS]).unwrap_err();
    assert_eq!(errors.0[0].message, "rule `kept-too-short` also stands in a/kept-too-short.yaml");
    assert_eq!(errors.0[0].file, "b/kept-too-short.yaml");

    let taken = ANY.replace("since: 0.1.0", "since: 0.1.0\naliases: [kept-too-short]");
    let errors = library(&[ALL, &taken]).unwrap_err();
    assert_eq!(errors.0[0].message, "alias `kept-too-short` of `none-kept-long` already stands for rule `kept-too-short`");
}

#[test]
fn cases_run_through_the_judge() {
    let report = run_cases(&library(&[ALL]).unwrap().rules).unwrap();
    let wrong: Vec<_> = report.results.iter().filter(|result| !result.agrees()).collect();
    assert!(report.is_clean(), "{wrong:?} {:?}", report.missing);
    assert_eq!(report.results.len(), 8);

    let report = run_cases(&library(&[ANY]).unwrap().rules).unwrap();
    let missing: Vec<_> = report.missing.iter().map(|(_, verdict)| verdict.word()).collect();
    assert_eq!(missing, ["pass", "fail", "unknown"], "a rule without cases is not tested");

    let lying = ALL.replace("gives: pass", "gives: fail");
    let report = run_cases(&library(&[&lying]).unwrap().rules).unwrap();
    assert_eq!(report.results.iter().filter(|result| !result.agrees()).count(), 2);
}

#[test]
fn settings_change_parameters_severity_and_who_is_judged() {
    let text = "
retention-short:
  severity: low
  params: { least: 10d }
  for:
    - { subject: 'arn:aws:rds:*:db:test-*', params: { least: 1d } }
    - { account: '444455556666', params: { least: 90d } }
none-kept-long: { enabled: false, reason: archived elsewhere }
";
    let library = library(&[ALL, ANY]).unwrap();
    let source = file("audit.yaml", text);
    let read: RuleSettings = source.read().unwrap();
    let settings = read.resolve(&library.rules, &source).unwrap();
    let mut foreign = point("orders", 1, Some(true), Some(12 * DAY));
    foreign.account_id = Some("444455556666".to_owned());
    foreign.subject_arn = Some("arn:aws:rds:eu-west-1:444455556666:db:orders".to_owned());
    let rows = vec![point("orders", 1, Some(true), Some(12 * DAY)), point("test-x", 1, Some(true), Some(2 * DAY)), foreign];
    let judgement = judge(&library.rules, &Memory { rows, gaps: vec![] }, &settings).unwrap();
    let told: Vec<_> =
        judgement.findings.iter().map(|f| (f.subject_arn.as_str(), f.verdict, f.expected.as_str(), f.severity.word())).collect();
    assert_eq!(
        told,
        [
            ("arn:aws:rds:eu-west-1:111122223333:db:orders", Verdict::Pass, "10 d", "low"),
            ("arn:aws:rds:eu-west-1:111122223333:db:test-x", Verdict::Pass, "24 h", "low"),
            ("arn:aws:rds:eu-west-1:444455556666:db:orders", Verdict::Fail, "90 d", "low"),
        ]
    );
    assert_eq!(judgement.disabled[0].reason, "archived elsewhere");
    assert_eq!(judgement.rules, ["kept-too-short"]);
}

#[test]
fn wrong_settings_are_refused_with_their_place() {
    // settings, message, hint
    let cases = [
        ("kept-too-shor: {}", "there is no rule `kept-too-shor`", "did you mean `kept-too-short`?"),
        ("kept-too-short: { enabled: false }", "rule `kept-too-short` is switched off without a `reason`", "reports print it"),
        ("kept-too-short: { params: { lest: 1d } }", "rule `kept-too-short` has no parameter `lest`", "did you mean `least`?"),
        ("kept-too-short: { params: { least: 35 } }", "expected a duration such as `26h`, found a whole number", ""),
        ("kept-too-short: { for: [{ params: { least: 1d } }] }", "an entry of `for` names a `subject`, an `account` or both", ""),
    ];
    let library = library(&[ALL]).unwrap();
    for (text, message, hint) in cases {
        let source = file("audit.yaml", text);
        let errors = source.read::<RuleSettings>().unwrap().resolve(&library.rules, &source).unwrap_err();
        assert_eq!((errors.0[0].message.as_str(), errors.0[0].hint.as_deref().unwrap_or("")), (message, hint), "{text}");
        assert_eq!(errors.0[0].line, 1);
    }
}

fn waivers(text: &str) -> Vec<waiver::Waiver> {
    let source = file("audit.yaml", text);
    let entries: Vec<WaiverEntry> = source.read().unwrap();
    waiver::check(&entries, &library(&[ALL]).unwrap().rules, &source).unwrap()
}

fn waiver_text(id: &str, subject: &str, start: &str, expires: &str) -> String {
    format!(
        "- {{ id: {id}, rule: kept-too-short, subject: '{subject}', reason: migration, owner: data team, approver: CISO, start: {start}, \
         expires: {expires}, compensating_control: weekly export }}\n"
    )
}

#[test]
fn only_failures_are_waived_and_only_in_time() {
    let as_of_s = moment::parse("2026-06-01").unwrap();
    let rows =
        vec![point("orders", 1, Some(true), Some(1)), point("stock", 1, Some(true), None), point("users", 1, Some(true), Some(40 * DAY))];
    let source = Memory { rows, gaps: vec![] };
    // waiver, what becomes of the findings
    let untouched = ["kept-too-short orders fail", "kept-too-short stock unknown", "kept-too-short users pass"];
    let cases = [
        (
            "arn:aws:rds:*:111122223333:db:orders",
            "2026-01-01",
            "2026-07-01",
            vec!["kept-too-short orders waived", untouched[1], untouched[2]],
            "in force",
        ),
        (
            "arn:aws:rds:*:111122223333:db:orders",
            "2026-01-01",
            "2026-06-01",
            vec![untouched[0], untouched[1], untouched[2], "waiver-expired root#waiver/w fail"],
            "ends as of now",
        ),
        ("arn:aws:rds:*:111122223333:db:orders", "2026-06-02", "2026-07-01", untouched.to_vec(), "has not begun"),
        (
            "arn:aws:rds:*:111122223333:db:users",
            "2026-01-01",
            "2026-07-01",
            vec![untouched[0], untouched[1], untouched[2], "waiver-unused root#waiver/w fail"],
            "a pass needs none",
        ),
        ("arn:aws:rds:*:111122223333:db:stock", "2026-01-01", "2026-07-01", untouched.to_vec(), "the unknown stays, and may yet need it"),
    ];
    for (subject, start, expires, expected, shows) in cases {
        let waivers = waivers(&waiver_text("w", subject, start, expires));
        let judgement = waiver::apply(source.judge(&[ALL]), &waivers, &Tags::default(), as_of_s);
        assert_eq!(brief(&judgement.findings), expected, "{shows}");
        assert_eq!(judgement.rows.len(), judgement.findings.len());
    }
}

#[test]
fn a_waiver_is_not_unused_while_its_subject_may_be_out_of_sight() {
    let source = Memory { rows: vec![], gaps: vec![gap("backup_vaults", "111122223333", "eu-west-1", None)] };
    let waivers = waivers(&waiver_text("w", "arn:aws:rds:*:111122223333:db:orders", "2026-01-01", "2026-07-01"));
    let judgement = waiver::apply(source.judge(&[ALL]), &waivers, &Tags::default(), moment::parse("2026-06-01").unwrap());
    assert_eq!(judgement.findings.len(), 1, "only the unread unit");
}

#[test]
fn tags_waive_only_what_is_known_to_have_them() {
    let source = Memory { rows: vec![point("orders", 1, Some(true), Some(1))], gaps: vec![] };
    let text = "- { id: w, rule: kept-too-short, account: '111122223333', tag: { stage: 'test*' }, reason: r, owner: o, approver: a, \
                start: 2026-01-01, expires: 2026-07-01, compensating_control: c }\n";
    let waivers = waivers(text);
    let arn = source.judge(&[ALL]).findings[0].subject_arn.clone();
    let tagged = |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Tags::new([(arn.to_string(), tags)])
    };
    let unused = "waiver-unused root#waiver/w fail";
    // what it shows, tags, findings
    let cases = [
        ("it has the tag", tagged(&[("stage", "testing")]), vec!["kept-too-short orders waived"]),
        ("another value", tagged(&[("stage", "prod")]), vec!["kept-too-short orders fail", unused]),
        ("no tag", tagged(&[]), vec!["kept-too-short orders fail", unused]),
        ("its tags were not read: it may have it, and is not waived", Tags::default(), vec!["kept-too-short orders fail"]),
    ];
    for (shows, tags, expected) in cases {
        let judgement = waiver::apply(source.judge(&[ALL]), &waivers, &tags, moment::parse("2026-06-01").unwrap());
        assert_eq!(brief(&judgement.findings), expected, "{shows}");
    }
}

#[test]
fn a_waiver_for_everything_waives_and_is_a_finding() {
    let source = Memory { rows: vec![point("orders", 1, Some(true), Some(1))], gaps: vec![] };
    let waivers = waivers(&waiver_text("w", "*", "2026-01-01", "2026-07-01"));
    let judgement = waiver::apply(source.judge(&[ALL]), &waivers, &Tags::default(), moment::parse("2026-06-01").unwrap());
    assert_eq!(brief(&judgement.findings), ["kept-too-short orders waived", "waiver-over-broad waiver/w fail"]);
}

#[test]
fn wrong_waivers_are_refused() {
    let right = waiver_text("w", "*", "2026-01-01", "2026-07-01");
    // what is written in place of what, the message
    let cases = [
        ("rule: kept-too-short", "rule: kept-to-short", "there is no rule `kept-to-short`"),
        ("subject: '*', ", "", "a waiver names a `subject`, an `account` or a `tag`"),
        ("approver: CISO", "approver: ''", "`approver` is empty"),
        ("expires: 2026-07-01", "expires: 2025-07-01", "the waiver expires before it starts"),
        ("expires: 2026-07-01", "expires: never", "`never` is not a moment"),
    ];
    let rules = library(&[ALL]).unwrap().rules;
    for (was, is, message) in cases {
        let source = file("audit.yaml", &right.replace(was, is));
        let errors = waiver::check(&source.read::<Vec<WaiverEntry>>().unwrap(), &rules, &source).unwrap_err();
        assert!(errors.0[0].message.starts_with(message), "{errors}");
    }
    let unlimited = file("audit.yaml", &right.replace(", expires: 2026-07-01", ""));
    assert_eq!(unlimited.read::<Vec<WaiverEntry>>().unwrap_err().message, "key `expires` is missing");
    let twice = file("audit.yaml", &format!("{right}{right}"));
    let errors = waiver::check(&twice.read::<Vec<WaiverEntry>>().unwrap(), &rules, &twice).unwrap_err();
    assert_eq!(errors.0[0].message, "waiver `w` stands here twice");
}

#[test]
fn a_requirement_is_met_only_by_all_of_its_evidence() {
    use RequirementState::{Manual, Met, NotJudged, NotMet, Unknown};
    let framework = "
id: own
title: Our policy
version: '1'
requirements:
  - { id: R1, title: t, requirement: r, kind: required, scope: direct, evidence: [rp.retention], source: s }
  - { id: R2, title: t, requirement: r, kind: required, scope: partial, evidence: [rp.retention, met.rpo], source: s }
  - { id: R3, title: t, requirement: r, kind: required, scope: partial, evidence: [rp.retention, gov.policy], source: s }
  - { id: R4, title: t, requirement: r, kind: required, scope: reference, evidence: [rp.retention], source: s }
  - { id: R5, title: t, requirement: r, kind: required, scope: direct, evidence: [met.rpo], source: s }
  - { id: R6, title: t, requirement: r, kind: required, scope: direct, evidence: [gov.policy], source: s }
  - { id: R7, title: t, requirement: r, kind: required, scope: partial, evidence: [rp.retention], source: s }
";
    let mut frameworks = super::load::embedded().frameworks;
    frameworks.push(file("own.yaml", framework));
    let layer = Layer { rules: vec![file("rules/test/kept-too-short.yaml", ALL)], frameworks, ..Layer::default() };
    let library = Library::check(&[layer], &[&POINTS]).unwrap();
    let own = library.frameworks.get("own").unwrap();
    let states = |kept: &[Option<i64>], judged: &[String]| {
        let rows = kept.iter().enumerate().map(|(at, kept)| point(&format!("db{at}"), 1, Some(true), *kept)).collect();
        let findings = Memory { rows, gaps: vec![] }.judge(&[ALL]).findings;
        let counts = RuleCounts::of(&library.frameworks, &findings, &DataScope::default());
        assess(&library, own, judged, &counts, &[]).iter().map(|assessed| assessed.state).collect::<Vec<_>>()
    };
    let judged = ["kept-too-short".to_owned()];
    assert_eq!(states(&[Some(40 * DAY)], &judged), [Met, NotJudged, Manual, Manual, NotJudged, Manual, Manual], "all pass");
    assert_eq!(
        states(&[Some(40 * DAY), None], &judged),
        [Unknown, Unknown, Unknown, Manual, NotJudged, Manual, Unknown],
        "one is not known"
    );
    assert_eq!(states(&[Some(1), None], &judged), [NotMet, NotMet, NotMet, Manual, NotJudged, Manual, NotMet], "one fails");
    assert_eq!(states(&[], &judged), [NotJudged, NotJudged, NotJudged, Manual, NotJudged, Manual, NotJudged], "nothing there to judge");
    assert_eq!(
        states(&[Some(40 * DAY)], &[]),
        [NotJudged, NotJudged, NotJudged, Manual, NotJudged, Manual, NotJudged],
        "the rule was not asked"
    );
}

#[test]
fn a_rule_can_be_explained() {
    let library = library(&[ALL]).unwrap();
    let page = explain::explain(&library, "retention-short").unwrap();
    assert!(page.line.controls.ends_with("recovery:RETENTION; soc2:C1.1"), "{}", page.line.controls);
    assert_eq!(page.params[0].default, "35 d");
    assert_eq!(page.rests_on[0], ("recovery_points".to_owned(), "same `backup_vault_arn`".to_owned()));
    insta::assert_snapshot!(page.sql, @r"
    SELECT
      subject_arn,
      CASE
        WHEN NOT (owed) THEN 'not_applicable'
        WHEN (owed) AND (retention_s >= 3024000) THEN 'pass'
        WHEN (owed) AND NOT (retention_s >= 3024000) THEN 'fail'
        ELSE 'unknown'
      END AS verdict
    FROM points
    ");
    let given: Vec<_> = page.cases.iter().map(|case| (case.given.as_str(), case.gives.word())).collect();
    assert_eq!(given[0], ("owed true, retention_s 35 d", "pass"));
    assert_eq!(given[4], ("row 1: owed true, retention_s 35 d; row 2: owed true, retention_s 24 h", "fail"));
    assert_eq!(given[5], ("owed true, retention_s 24 h; :least 24 h", "pass"));
    assert_eq!(given[7], ("no row; something they rest on was not read", "unknown"));
    assert!(explain::explain(&library, "nothing").is_none());
    assert_eq!(explain::list(&library).len(), 1);
}

#[test]
fn a_rule_over_a_relation_that_is_not_there_is_an_error() {
    struct Nothing;
    impl super::Relations for Nothing {
        fn relation(&self, _: &str) -> Option<&'static crate::dataset::Relation> {
            None
        }
        fn names(&self) -> Vec<&'static str> {
            vec![]
        }
        fn parts(
            &self,
            name: &str,
            _: &mut dyn FnMut(polars::prelude::DataFrame) -> Result<(), super::EngineError>,
        ) -> Result<(), super::EngineError> {
            Err(super::EngineError::Source { relation: name.to_owned(), source: "none".into() })
        }
        fn gaps(&self) -> &[crate::dataset::Gap] {
            &[]
        }
    }
    let error = judge(&library(&[ALL]).unwrap().rules, &Nothing, &Settings::default()).unwrap_err();
    assert_eq!(error.to_string(), "rule `kept-too-short` reads relation `points`, which is not there");
}
