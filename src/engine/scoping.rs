//! What counts for a framework about a class of data: a table of subjects, states of requirements, and the law that a want of knowledge makes nothing met.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::RequirementState::{self, Met, NotJudged, NotMet, Unknown};
use super::data_scope::{DataScope, Extent, Place};
use super::fixtures::{ALL, Memory, POINTS, file, point};
use super::load::{Layer, Library};
use super::{Finding, Judgement, RuleCounts, assess};
use crate::facts::held::Held;

const DAY: i64 = 86_400;

/// One requirement about ephi, the same about any data, and one about what nobody holds.
const FRAMEWORKS: [(&str, &str); 3] = [("care", "data_class: ephi\n"), ("any", ""), ("gone", "data_class: gone\n")];

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut frameworks = super::load::embedded().frameworks;
    for (id, class) in FRAMEWORKS {
        let requirement = "{ id: R1, title: t, requirement: r, kind: required, scope: direct, evidence: [rp.retention], source: s }";
        let text = format!("id: {id}\ntitle: t\nversion: '1'\n{class}requirements:\n  - {requirement}\n");
        frameworks.push(file(&format!("{id}.yaml"), &text));
    }
    let layer = Layer { rules: vec![file("rules/test/kept-too-short.yaml", ALL)], frameworks, ..Layer::default() };
    Library::check(&[layer], &[&POINTS]).unwrap()
});

fn db(name: &str) -> String {
    format!("arn:aws:rds:eu-west-1:111122223333:db:{name}")
}

fn of(words: &[&str]) -> Held {
    Held::Classes(words.iter().map(|&word| word.to_owned()).collect())
}

fn scope(held: impl IntoIterator<Item = (String, Held)>) -> DataScope {
    DataScope::new(["ephi", "pci"], held.into_iter().collect())
}

/// Databases by name and how long their points are kept; `None` if that is not known.
fn judged(kept: &[(&str, Option<i64>)]) -> Judgement {
    let rows = kept.iter().map(|(name, kept)| point(name, 1, Some(true), *kept)).collect();
    Memory { rows, gaps: vec![] }.judge(&[ALL])
}

fn states(findings: &[Finding], scope: &DataScope) -> [RequirementState; 3] {
    let counts = RuleCounts::of(&LIBRARY.frameworks, findings, scope);
    let asked = ["kept-too-short".to_owned()];
    FRAMEWORKS.map(|(id, _)| assess(&LIBRARY, LIBRARY.frameworks.get(id).unwrap(), &asked, &counts, &[])[0].state)
}

#[test]
fn whose_findings_count() {
    let scope = scope([
        (db("patients"), of(&["ephi", "pci"])),
        (db("shop"), of(&["pci"])),
        (db("any"), Held::Undeclared),
        (db("untold"), Held::NotKnown),
    ]);
    let vault = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod".to_owned();
    // what it shows, subject, type, framework, place
    let cases = [
        ("it holds ephi among others", db("patients"), "AWS::RDS::DBInstance", "care", Place::In),
        ("it holds card data only", db("shop"), "AWS::RDS::DBInstance", "care", Place::Out),
        ("a framework about any data", db("shop"), "AWS::RDS::DBInstance", "any", Place::In),
        ("one about a class that nobody declares", db("shop"), "AWS::RDS::DBInstance", "gone", Place::In),
        ("nobody declared what it holds", db("any"), "AWS::RDS::DBInstance", "care", Place::In),
        ("its objective is not known", db("untold"), "AWS::RDS::DBInstance", "care", Place::MayBeIn),
        ("a database that is not in the population", db("unread"), "AWS::RDS::DBInstance", "care", Place::MayBeIn),
        ("a bucket that is not there", "arn:aws:s3:::logs".to_owned(), "AWS::S3::Bucket", "care", Place::MayBeIn),
        ("a vault", vault.clone(), "AWS::Backup::BackupVault", "care", Place::In),
        ("what could not be read of a vault", format!("{vault}#read/recovery_points"), "read", "care", Place::In),
        ("what could not be read of a database", db("shop"), "read", "care", Place::In),
        ("an account", "arn:aws:iam::111122223333:root".to_owned(), "AWS::::Account", "care", Place::In),
    ];
    let any = judged(&[("x", Some(1))]).findings.remove(0);
    for (shows, subject_arn, subject_type, framework, expected) in cases {
        let finding = Finding { subject_arn: subject_arn.into(), subject_type: subject_type.into(), ..any.clone() };
        assert_eq!(scope.place(LIBRARY.frameworks.get(framework).unwrap(), &finding), expected, "{shows}");
    }
    let extent = |id: &str| scope.extent(LIBRARY.frameworks.get(id).unwrap());
    assert_eq!(extent("care"), Some(Extent { declared: true, resources: 4, hold: 1, may_hold: 2, hold_others: 1 }));
    assert_eq!(extent("gone").map(|extent| (extent.declared, extent.resources)), Some((false, 4)));
    assert_eq!(extent("any"), None);
}

#[test]
fn what_becomes_of_requirements() {
    let (kept, short) = (Some(40 * DAY), Some(DAY));
    let (patients, shop, untold) = (of(&["ephi"]), of(&["pci"]), Held::NotKnown);
    // what it shows, databases with what they hold, state for ephi, for any data, for what nobody declares
    let cases: [(&str, &[(&str, Option<i64>, &Held)], [RequirementState; 3]); 8] = [
        ("the failure is elsewhere", &[("p", kept, &patients), ("s", short, &shop)], [Met, NotMet, NotMet]),
        ("what is unknown is elsewhere", &[("p", kept, &patients), ("s", None, &shop)], [Met, Unknown, Unknown]),
        ("the pass is elsewhere, and shows nothing", &[("s", kept, &shop)], [NotJudged, Met, Met]),
        ("it fails where ephi is", &[("p", short, &patients), ("s", kept, &shop)], [NotMet, NotMet, NotMet]),
        ("undeclared counts", &[("u", short, &Held::Undeclared)], [NotMet, NotMet, NotMet]),
        ("and shows", &[("u", kept, &Held::Undeclared)], [Met, Met, Met]),
        ("what may only count fails", &[("u", short, &untold), ("p", kept, &patients)], [NotMet, NotMet, NotMet]),
        ("but does not show by passing", &[("u", kept, &untold)], [NotJudged, Met, Met]),
    ];
    for (shows, databases, expected) in cases {
        let kept: Vec<_> = databases.iter().map(|(name, kept, _)| (*name, *kept)).collect();
        let held = databases.iter().map(|(name, _, held)| (db(name), (*held).clone()));
        assert_eq!(states(&judged(&kept).findings, &scope(held)), expected, "{shows}");
    }
}

#[test]
fn controls_name_only_what_the_subject_counts_for() {
    let mut findings = judged(&[("p", Some(DAY)), ("s", Some(DAY))]).findings;
    for finding in &mut findings {
        finding.controls = "any:R1; care:R1; careful:R1".into();
    }
    let scope = scope([(db("p"), of(&["ephi"])), (db("s"), of(&["pci"]))]);
    scope.narrow(&mut findings, &LIBRARY.frameworks);
    let told: Vec<_> = findings.iter().map(|finding| finding.controls.as_str()).collect();
    assert_eq!(told, ["any:R1; care:R1; careful:R1", "any:R1; careful:R1"]);
}

fn random_held() -> impl Strategy<Value = Held> {
    let classes = prop::collection::btree_set(prop::sample::select(vec!["ephi".to_owned(), "pci".to_owned()]), 1..3);
    prop_oneof![classes.prop_map(Held::Classes), Just(Held::Undeclared), Just(Held::NotKnown)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Tags that are not read, a value that is not read, a list that is not read: each may come alone.
    #[test]
    fn a_want_of_knowledge_makes_nothing_met(
        databases in prop::collection::btree_map("[a-d]", (prop::sample::select(vec![None, Some(DAY), Some(40 * DAY)]), random_held()), 1..5),
        less in any::<prop::sample::Index>(), how in 0..3,
    ) {
        let kept = |of: &BTreeMap<String, (Option<i64>, Held)>| {
            judged(&of.iter().map(|(name, (kept, _))| (name.as_str(), *kept)).collect::<Vec<_>>()).findings
        };
        let held = |of: &BTreeMap<String, (Option<i64>, Held)>| {
            of.iter().map(|(name, (_, held))| (db(name), held.clone())).collect::<BTreeMap<_, _>>()
        };
        let before = states(&kept(&databases), &scope(held(&databases)));
        let name = databases.keys().nth(less.index(databases.len())).cloned().unwrap();
        let (mut then, mut known) = (databases.clone(), held(&databases));
        match how {
            0 => known.extend([(db(&name), Held::NotKnown)]),
            1 => then.get_mut(&name).unwrap().0 = None,
            _ => drop(known.remove(&db(&name))),
        }
        for (was, is) in before.into_iter().zip(states(&kept(&then), &scope(known))) {
            prop_assert!(is != Met || was == Met, "{was:?} became {is:?}");
        }
    }

    /// What is out of scope could as well not be there.
    #[test]
    fn what_does_not_count_changes_nothing(
        databases in prop::collection::btree_map("[a-d]", (prop::sample::select(vec![None, Some(DAY), Some(40 * DAY)]), random_held()), 0..5),
    ) {
        let counts: BTreeSet<&String> = databases.iter().filter(|(_, (_, held))| !matches!(held, Held::Classes(of) if !of.contains("ephi"))).map(|(name, _)| name).collect();
        let all = scope(databases.iter().map(|(name, (_, held))| (db(name), held.clone())));
        let kept = |wanted: &dyn Fn(&String) -> bool| {
            let kept = databases.iter().filter(|(name, _)| wanted(name)).map(|(name, (kept, _))| (name.as_str(), *kept));
            judged(&kept.collect::<Vec<_>>()).findings
        };
        prop_assert_eq!(states(&kept(&|_| true), &all)[0], states(&kept(&|name| counts.contains(name)), &all)[0]);
    }
}
