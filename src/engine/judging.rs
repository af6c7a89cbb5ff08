//! How verdicts come about: tables for each step, and laws over random rows and gaps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixtures::{ALL, Memory, Point, brief, gap, point};
use super::judge::{Judgement, RowCounts, decide};
use super::rule::Quantify;
use crate::dataset::Gap;
use crate::model::Verdict;

const DAY: i64 = 86_400;

#[test]
fn the_verdict_on_a_subject_follows_from_its_rows_and_gaps() {
    use Verdict::{Fail, NotApplicable, Pass, Unknown};
    // fail, unknown, pass, not applicable; touched; all, any
    let cases = [
        ((0, 0, 2, 0), false, Pass, Pass, "all pass"),
        ((1, 0, 2, 0), false, Fail, Pass, "one fails: enough for `all`, `any` has a pass"),
        ((1, 1, 0, 0), false, Fail, Unknown, "`any` could still pass"),
        ((0, 1, 1, 0), false, Unknown, Pass, "`all` could still fail"),
        ((1, 0, 0, 0), false, Fail, Fail, "the only row fails"),
        ((0, 0, 0, 3), false, NotApplicable, NotApplicable, "no row applies"),
        ((0, 0, 1, 3), false, Pass, Pass, "rows that do not apply do not count"),
        ((0, 0, 2, 0), true, Unknown, Pass, "an unread row could fail"),
        ((1, 0, 0, 0), true, Fail, Unknown, "an unread row could pass"),
        ((0, 0, 0, 3), true, Unknown, Unknown, "an unread row could apply"),
    ];
    for ((fail, unknown, pass, not_applicable), touched, all, any, shows) in cases {
        let rows = RowCounts { fail, unknown, pass, not_applicable };
        assert_eq!((decide(Quantify::All, &rows, touched), decide(Quantify::Any, &rows, touched)), (all, any), "{shows}");
    }
}

#[test]
fn findings_tell_the_worst_row_in_words() {
    let rows = vec![
        point("orders", 3, Some(true), Some(DAY)),
        point("orders", 2, Some(true), Some(2 * DAY)),
        point("orders", 1, Some(true), Some(35 * DAY)),
        point("stock", 1, Some(true), None),
        point("cache", 1, Some(false), Some(1)),
        point("users", 1, Some(true), Some(36 * DAY)),
    ];
    let judgement = Memory { rows, gaps: vec![] }.judge(&[ALL]);
    insta::assert_json_snapshot!(&judgement.findings[1], @r#"
    {
      "rule_id": "kept-too-short",
      "verdict": "fail",
      "severity": "high",
      "subject_arn": "arn:aws:rds:eu-west-1:111122223333:db:orders",
      "subject_type": "AWS::RDS::DBInstance",
      "account_id": "111122223333",
      "region": "eu-west-1",
      "observed": "48 h",
      "expected": "35 d",
      "message": "point 2 is kept 48 h, less than 35 d (2 of 3 points fail)",
      "controls": "cis:3.4; internal:BB-RET; internal:INF-04; internal:PROC-RET-DAILY; internal:PROC-RET-MONTHLY; internal:PROC-RET-WEEKLY; iso-27001:A.5.33; iso-27001:A.8.13; nist-800-53:SI-12; nist-csf:PR.DS-11; recovery:RETENTION; soc2:C1.1",
      "evidence": "relation=points",
      "waiver_id": "",
      "finding_id": "749db307-467e-592c-b12e-ba6d60775103"
    }
    "#);
    let told: Vec<_> = judgement.findings.iter().map(|f| (f.verdict, f.observed.as_str(), f.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Verdict::NotApplicable, "", ""),
            (Verdict::Fail, "48 h", "point 2 is kept 48 h, less than 35 d (2 of 3 points fail)"),
            (Verdict::Unknown, "not known", "not decided, because it is not known: how long it is kept (`retention_s`)"),
            (Verdict::Pass, "36 d", ""),
        ]
    );
    assert_eq!(judgement.rows[1], RowCounts { fail: 2, unknown: 0, pass: 1, not_applicable: 0 });
}

#[test]
fn a_gap_touches_whom_it_reaches() {
    let mut elsewhere = point("orders", 1, Some(true), Some(35 * DAY));
    elsewhere.subject_arn = Some("arn:aws:rds:us-east-1:111122223333:db:far".to_owned());
    elsewhere.region = Some("us-east-1".to_owned());
    elsewhere.backup_vault_arn = Some("w".to_owned());
    let mut foreign = elsewhere.clone();
    foreign.subject_arn = Some("arn:aws:rds:us-east-1:444455556666:db:foreign".to_owned());
    foreign.account_id = Some("444455556666".to_owned());
    foreign.backup_vault_arn = None;
    let rows = vec![point("near", 1, Some(true), Some(35 * DAY)), elsewhere, foreign];
    let us = "111122223333";
    // gap, who becomes unknown
    let cases = [
        (
            gap("recovery_points", us, "eu-west-1", Some("v")),
            vec!["foreign", "near"],
            "the vault's points, and those whose vault is not known",
        ),
        (gap("recovery_points", us, "eu-west-1", None), vec!["near"], "vaults could not be listed: the whole Region"),
        (gap("backup_vaults", us, "us-east-1", None), vec!["far"], "one Region of one account"),
        (gap("accounts", us, "eu-west-1", None), vec!["far", "near"], "the whole account"),
        (gap("backup_vaults", us, "", None), vec!["far", "near"], "no Region: all of them"),
        (gap("organisation", us, "us-east-1", None), vec!["far", "foreign", "near"], "everything"),
        (gap("rds_instances", us, "eu-west-1", None), vec![], "a table the relation does not rest on"),
    ];
    for (gap, expected, shows) in cases {
        let judgement = Memory { rows: rows.clone(), gaps: vec![gap] }.judge(&[ALL]);
        let subjects = judgement.findings.iter().filter(|f| f.subject_type != "read" && f.verdict == Verdict::Unknown);
        let mut names: Vec<_> = subjects.map(|f| f.subject_arn.rsplit(':').next().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{shows}");
        let reads = judgement.findings.iter().filter(|f| f.subject_type == "read").count();
        assert_eq!(reads, usize::from(!expected.is_empty()), "{shows}");
    }
}

#[test]
fn an_unread_unit_is_a_finding_of_every_rule_over_it() {
    let gaps = vec![gap("recovery_points", "111122223333", "eu-west-1", Some("arn:aws:backup:eu-west-1:111122223333:backup-vault:prod"))];
    let judgement = Memory { rows: vec![], gaps }.judge_both();
    assert_eq!(
        brief(&judgement.findings),
        ["kept-too-short prod#read/recovery_points unknown", "none-kept-long prod#read/recovery_points unknown"]
    );
    let message = &judgement.findings[0].message;
    assert_eq!(
        message,
        "subjects may be missing, because the read of recovery_points of arn:aws:backup:eu-west-1:111122223333:backup-vault:prod by ListThings \
         (111122223333, eu-west-1) is denied: no permission"
    );
}

// ---- laws

prop_compose! {
    fn random_point()(
        name in "[abc]", number in 0_i64..9, owed in any::<Option<bool>>(),
        retention in prop::option::of(prop::sample::select(vec![0, DAY, 35 * DAY, 36 * DAY])), vault in prop::option::of("[vw]"),
        far in any::<bool>(),
    ) -> Point {
        let mut made = point(&name, number, owed, retention);
        made.backup_vault_arn = vault;
        if far {
            made.region = Some("us-east-1".to_owned());
        }
        made
    }
}

fn random_gap() -> impl Strategy<Value = Gap> {
    let table = prop::sample::select(vec!["recovery_points", "backup_vaults", "accounts", "organisation", "elsewhere"]);
    let region = prop::sample::select(vec!["eu-west-1", "us-east-1", ""]);
    let parent = prop::option::of(prop::sample::select(vec!["v", "w"]));
    (table, region, parent).prop_map(|(table, region, parent)| gap(table, "111122223333", region, parent))
}

fn verdicts(judgement: &Judgement) -> BTreeMap<(String, String), Verdict> {
    judgement.findings.iter().map(|f| ((f.rule_id.to_string(), f.subject_arn.to_string()), f.verdict)).collect()
}

/// One row, read slowly.
fn row_verdict(point: &Point, rule: &str) -> Verdict {
    let applies = if rule == "kept-too-short" { point.owed } else { Some(true) };
    match (applies, point.retention_s) {
        (Some(false), _) => Verdict::NotApplicable,
        (None, _) | (_, None) => Verdict::Unknown,
        (_, Some(kept)) if kept >= 35 * DAY => Verdict::Pass,
        _ => Verdict::Fail,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn counts_are_those_of_a_row_by_row_reading(rows in prop::collection::vec(random_point(), 0..12)) {
        let judgement = Memory { rows: rows.clone(), gaps: vec![] }.judge_both();
        for (finding, counts) in judgement.findings.iter().zip(&judgement.rows) {
            let of = |wanted| {
                let own = rows.iter().filter(|row| row.subject_arn.as_deref() == Some(&finding.subject_arn));
                u32::try_from(own.filter(|row| row_verdict(row, &finding.rule_id) == wanted).count()).unwrap()
            };
            let expected = RowCounts {
                fail: of(Verdict::Fail), unknown: of(Verdict::Unknown), pass: of(Verdict::Pass), not_applicable: of(Verdict::NotApplicable),
            };
            prop_assert_eq!(counts, &expected);
        }
        let subjects: std::collections::BTreeSet<_> = rows.iter().map(|row| row.subject_arn.clone()).collect();
        prop_assert_eq!(judgement.findings.len(), 2 * subjects.len());
    }

    #[test]
    fn a_gap_only_ever_takes_verdicts_back(
        rows in prop::collection::vec(random_point(), 0..12), before in prop::collection::vec(random_gap(), 0..3), more in random_gap(),
    ) {
        let mut gaps = before.clone();
        gaps.push(more);
        let without = verdicts(&Memory { rows: rows.clone(), gaps: before }.judge_both());
        let with = verdicts(&Memory { rows, gaps }.judge_both());
        for (key, verdict) in &without {
            let now = with[key];
            prop_assert!(now == *verdict || now == Verdict::Unknown, "{:?}: {} became {}", key, verdict, now);
        }
        for (key, verdict) in &with {
            prop_assert!(without.contains_key(key) || *verdict == Verdict::Unknown, "{:?} is new and {}", key, verdict);
        }
    }

    #[test]
    fn a_forgotten_value_only_ever_takes_verdicts_back(rows in prop::collection::vec(random_point(), 1..8), at in any::<prop::sample::Index>()) {
        let mut less = rows.clone();
        let row = at.index(rows.len());
        less[row].retention_s = None;
        let with = verdicts(&Memory { rows, gaps: vec![] }.judge_both());
        for (key, now) in verdicts(&Memory { rows: less, gaps: vec![] }.judge_both()) {
            prop_assert!(now == with[&key] || now == Verdict::Unknown);
        }
    }

    #[test]
    fn the_order_of_rows_and_gaps_does_not_matter(
        rows in prop::collection::vec(random_point(), 0..10), gaps in prop::collection::vec(random_gap(), 0..4),
    ) {
        let forth = Memory { rows: rows.clone(), gaps: gaps.clone() }.judge_both();
        let back = Memory { rows: rows.into_iter().rev().collect(), gaps: gaps.into_iter().rev().collect() }.judge_both();
        prop_assert_eq!(forth, back);
    }
}
