//! Laws that every decision obeys, over generated selections and resources.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::selection::{Conditions, KeyValue, Selection, TagCondition};
use super::super::subject::{OptIn, ResourceFacts, restore_test_leftover};
use super::{Verdict, decide};

const HERE: (&str, &str) = ("111122223333", "eu-west-1");

fn pattern() -> impl Strategy<Value = String> {
    select(vec![
        "*",
        "arn:aws:ec2:*",
        "arn:aws:ec2:*:*:volume/*",
        "arn:aws:ec2:*:*:vol*",
        "arn:aws:ec2:us-east-1:*:volume/*",
        "arn:aws:ec2:*:*:volume/*-1",
        "arn:aws:rds:*",
        "arn:aws:rds:*:*:db:*",
        "arn:aws:rds:*:*:cluster:*",
        "arn:aws:rds:eu-west-1:111122223333:cluster:c-1",
        "arn:aws:s3:::*",
        "arn:aws:s3:*",
        "arn:aws-cn:s3:::*",
        "arn:aws:fsx:*:*:file-system/*",
    ])
    .prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = &'static str> {
    select(vec!["backup", "stage", "aws:ResourceTag/backup", "aws:ResourceTag/stage"])
}

fn entry() -> impl Strategy<Value = KeyValue> {
    (key(), select(vec!["true", "prod", "p*", "*", "?rod"]))
        .prop_map(|(key, value)| KeyValue { condition_key: key.to_owned(), condition_value: value.to_owned() })
}

prop_compose! {
    fn selection()(
        resources in vec(pattern(), 0..3),
        not_resources in vec(pattern(), 0..2),
        tags in vec((key(), select(vec!["true", "prod"])), 0..2),
        string_equals in vec(entry(), 0..2),
        string_not_equals in vec(entry(), 0..2),
        string_like in vec(entry(), 0..2),
        string_not_like in vec(entry(), 0..2),
    ) -> Selection {
        let list_of_tags = tags.into_iter().map(|(key, value)| TagCondition {
            condition_type: "STRINGEQUALS".to_owned(), condition_key: key.to_owned(), condition_value: value.to_owned(),
        }).collect();
        let conditions = Conditions { string_equals, string_not_equals, string_like, string_not_like };
        Selection { account: HERE.0.to_owned(), region: HERE.1.to_owned(), resources, not_resources, list_of_tags, conditions }
    }
}

fn tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    let tag = (select(vec!["backup", "stage", "awsbackup-restore-test"]), select(vec!["true", "prod", "p d", ""]));
    vec(tag, 0..3).prop_map(|tags| tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

prop_compose! {
    fn resource()(
        (arn, engine) in select(vec![
            ("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", None),
            ("arn:aws:ec2:eu-west-1:111122223333:instance/i-1", None),
            ("arn:aws:rds:eu-west-1:111122223333:db:d-1", Some("mysql")),
            ("arn:aws:rds:eu-west-1:111122223333:db:awsbackup-restore-test-1", Some("mysql")),
            ("arn:aws:rds:eu-west-1:111122223333:cluster:c-1", Some("aurora-mysql")),
            ("arn:aws:rds:eu-west-1:111122223333:cluster:c-1", Some("postgres")),
            ("arn:aws:rds:eu-west-1:111122223333:cluster:c-1", None),
            ("arn:aws:s3:::web", None),
            ("arn:aws:fsx:eu-west-1:111122223333:file-system/fs-1", Some("OPENZFS")),
            ("arn:aws:fsx:eu-west-1:111122223333:file-system/fs-1", Some("ONTAP")),
            ("arn:aws:elasticache:eu-west-1:111122223333:cluster:c", None),
            ("arn:aws:newstore:eu-west-1:111122223333:c", None),
        ]),
        tags in tags(),
        region in select(vec!["eu-west-1", "eu-west-1", "eu-west-1", "us-east-1"]),
        status in option::of(select(vec!["available", "available", "stopped", "terminated", "odd"])),
        versioning_enabled in option::of(proptest::bool::ANY),
        is_cluster_member in prop::bool::weighted(0.1),
    ) -> ResourceFacts {
        let facts = ResourceFacts::unread(arn, HERE.0, Some(region), engine).with_tags(tags);
        ResourceFacts { status: status.map(str::to_owned), versioning_enabled, is_cluster_member, ..facts }
    }
}

fn settings() -> impl Strategy<Value = OptIn> {
    let types = ["Aurora", "EBS", "EC2", "FSx", "RDS", "S3"];
    option::weighted(0.8, vec(option::weighted(0.9, proptest::bool::ANY), types.len())).prop_map(move |values| OptIn {
        by_type: values.map(|on| types.iter().zip(on).filter_map(|(name, on)| Some(((*name).to_owned(), on?))).collect()),
    })
}

/// Knowing less may open an answer, never turn it.
fn same_or_open(known: Option<bool>, less: Option<bool>) -> bool {
    less.is_none() || less == known
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_further_exclusion_never_covers(s in selection(), r in resource(), o in settings(), extra in pattern()) {
        let before = decide(&s, &r, &o).covered();
        let mut narrower = s.clone();
        narrower.not_resources.push(extra);
        let after = decide(&narrower, &r, &o).covered();
        prop_assert!(after == before || after == Some(false), "{before:?} → {after:?}");
    }

    /// An empty selection asks for everything: to it a first entry is a narrowing.
    #[test]
    fn a_further_resource_entry_never_uncovers(s in selection(), r in resource(), o in settings(), extra in pattern()) {
        prop_assume!(!s.resources.is_empty() || !s.list_of_tags.is_empty());
        let before = decide(&s, &r, &o).covered();
        let mut wider = s.clone();
        wider.resources.push(extra);
        let after = decide(&wider, &r, &o).covered();
        prop_assert!(after == before || after == Some(true) || (before == Some(false) && after.is_none()), "{before:?} → {after:?}");
    }

    #[test]
    fn a_further_condition_never_covers(s in selection(), r in resource(), o in settings(), extra in entry(), like: bool) {
        let before = decide(&s, &r, &o).covered();
        let mut narrower = s.clone();
        if like { narrower.conditions.string_like.push(extra) } else { narrower.conditions.string_not_equals.push(extra) }
        let after = decide(&narrower, &r, &o).covered();
        prop_assert!(after != Some(true) || before == Some(true), "{before:?} → {after:?}");
    }

    #[test]
    fn unread_facts_open_answers_and_never_turn_them(s in selection(), r in resource(), o in settings(), what in 0..5) {
        let known = decide(&s, &r, &o);
        let mut less = r.clone();
        let mut less_settings = o.clone();
        match what {
            0 => {
                less.tags = None;
                less.restore_test_leftover = restore_test_leftover(&less.arn, None);
            }
            1 => less.status = None,
            2 => less.versioning_enabled = None,
            3 => less.region = None,
            _ => less_settings = OptIn::unread(),
        }
        let open = decide(&s, &less, &less_settings);
        prop_assert!(same_or_open(known.covered(), open.covered()), "{:?} → {:?}", known.verdict, open.verdict);
        prop_assert!(same_or_open(known.selected, open.selected), "{:?} → {:?}", known.selected, open.selected);
    }

    #[test]
    fn an_unread_engine_opens_answers_and_never_turns_them(s in selection(), r in resource(), o in settings()) {
        let known = decide(&s, &r, &o);
        let less = ResourceFacts { engine: None, resource_type: super::super::resource_types::type_of_arn(&r.arn, None), ..r.clone() };
        let open = decide(&s, &less, &o);
        prop_assert!(same_or_open(known.covered(), open.covered()), "{:?} → {:?}", known.verdict, open.verdict);
    }

    #[test]
    fn covered_means_selected_and_every_verdict_can_be_explained(s in selection(), r in resource(), o in settings()) {
        let decision = decide(&s, &r, &o);
        prop_assert!(decision.verdict != Verdict::Covered || decision.selected == Some(true));
        prop_assert!(decision.verdict != Verdict::NotMatched || decision.selected == Some(false));
        let explained = decision.deciding_clause().is_some();
        prop_assert!(explained || decision.verdict == Verdict::NotMatched, "{:?}", decision.verdict);
        prop_assert!(decision.clauses.iter().all(|clause| clause.assumed <= clause.note.is_some()), "an assumption says what is assumed");
        prop_assert!(decision.clauses.iter().all(|clause| !clause.sentence().is_empty()));
    }

    /// The order of entries carries no meaning.
    #[test]
    fn order_does_not_matter(s in selection(), r in resource(), o in settings()) {
        let mut turned = s.clone();
        turned.resources.reverse();
        turned.not_resources.reverse();
        turned.conditions.string_equals.reverse();
        turned.conditions.string_not_like.reverse();
        let (a, b) = (decide(&s, &r, &o), decide(&turned, &r, &o));
        prop_assert_eq!((a.verdict, a.selected, a.assumed), (b.verdict, b.selected, b.assumed));
    }
}
