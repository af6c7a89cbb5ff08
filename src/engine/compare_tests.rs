//! How verdicts move, and why.

use super::*;
use crate::model::Severity;

const ARN: &str = "arn:aws:rds:eu-west-1:111122223333:db:orders";

fn finding(verdict: Verdict, subject_arn: &str, observed: &str) -> Finding {
    let finding = Finding {
        rule_id: "off".into(),
        verdict,
        severity: Severity::High,
        subject_arn: subject_arn.into(),
        subject_type: "AWS::RDS::DBInstance".into(),
        account_id: "111122223333".into(),
        region: "eu-west-1".into(),
        observed: observed.to_owned(),
        expected: String::new(),
        message: String::new(),
        controls: "".into(),
        evidence: "".into(),
        waiver_id: if verdict == Verdict::Waived { "w-1".to_owned() } else { String::new() }.into(),
        finding_id: String::new(),
    };
    finding.with_id()
}

fn unread(region: &str) -> Finding {
    let subject = format!("arn:aws:iam::111122223333:root#read/{region}/rds_instances");
    Finding { subject_type: READ.into(), region: region.into(), ..finding(Verdict::Unknown, &subject, "") }
}

fn side(findings: impl IntoIterator<Item = Finding>) -> Side {
    let rules = BTreeMap::from([("off".to_owned(), Some("digest".to_owned()))]);
    let owes = Owes { id: "gold".to_owned(), digest: "24h".to_owned() };
    Side {
        findings: findings.into_iter().collect(),
        rules,
        objectives: [(ARN.to_owned(), owes)].into(),
        without_objective: BTreeSet::new(),
        has_passes: true,
    }
}

fn of(verdict: Option<Verdict>) -> Side {
    side(verdict.map(|verdict| finding(verdict, ARN, "")))
}

fn moved(before: &Side, after: &Side) -> Option<(Movement, Vec<Cause>)> {
    compare(before, after).into_iter().find(|moved| moved.finding.subject_arn == ARN).map(|moved| (moved.movement, moved.causes))
}

#[test]
fn every_verdict_beside_every_other() {
    use Movement::{BecameUnknown, Fixed, Gone, New, NotAsked, Open, OutOfSight, Resolved, Waived};
    let verdicts =
        [None, Some(Verdict::Pass), Some(Verdict::NotApplicable), Some(Verdict::Unknown), Some(Verdict::Fail), Some(Verdict::Waived)];
    // before: absent, pass, not applicable, unknown, fail, waived; after in the same order
    let expected = [
        [None, None, None, Some(BecameUnknown), Some(New), Some(Waived)],
        [None, None, None, Some(BecameUnknown), Some(New), Some(Waived)],
        [None, None, None, Some(BecameUnknown), Some(New), Some(Waived)],
        [Some(Resolved), Some(Resolved), Some(Resolved), None, Some(New), Some(Waived)],
        [Some(Gone), Some(Fixed), Some(NotAsked), Some(OutOfSight), Some(Open), Some(Waived)],
        [Some(Gone), Some(Fixed), Some(NotAsked), Some(OutOfSight), Some(New), None],
    ];
    for (before, row) in verdicts.into_iter().zip(expected) {
        for (after, expected) in verdicts.into_iter().zip(row) {
            let found = moved(&of(before), &of(after)).map(|(movement, _)| movement);
            assert_eq!(found, expected, "{before:?} to {after:?}");
        }
    }
}

#[test]
fn what_is_not_there_any_more_is_not_fixed() {
    let failed = of(Some(Verdict::Fail));
    let not_judged = Side { rules: BTreeMap::new(), ..side([]) };
    let short = Side { has_passes: false, ..side([]) };
    // why, after, movement
    let cases = [
        ("everything was read", side([]), Movement::Gone),
        ("its list was not read", side([unread("eu-west-1")]), Movement::OutOfSight),
        ("a list of the whole account was not read", side([unread("global")]), Movement::OutOfSight),
        ("another Region was not read", side([unread("us-east-1")]), Movement::Gone),
        ("what passed is left out", short, Movement::NotTold),
        ("its rule was not asked", not_judged, Movement::NotJudged),
    ];
    for (why, after, expected) in cases {
        assert_eq!(moved(&failed, &after).map(|(movement, _)| movement), Some(expected), "{why}");
    }
}

#[test]
fn why_a_verdict_changed() {
    let seen = |verdict, observed: &str| side([finding(verdict, ARN, observed)]);
    let fail = || seen(Verdict::Fail, "7 d");
    let pass = || seen(Verdict::Pass, "7 d");
    let other_rule = |side: Side| Side { rules: [("off".to_owned(), Some("other".to_owned()))].into(), ..side };
    let no_digest = |side: Side| Side { rules: [("off".to_owned(), None)].into(), ..side };
    let owing = |side: Side, id: &str, digest: &str| {
        let owes = Owes { id: id.to_owned(), digest: digest.to_owned() };
        Side { objectives: [(ARN.to_owned(), owes)].into(), ..side }
    };
    // why, before, after, causes
    let cases = [
        ("something else was seen", fail(), seen(Verdict::Pass, "35 d"), vec![Cause::Data]),
        ("all is the same: time has passed", fail(), pass(), vec![Cause::DataOrTime]),
        ("the rule asks something else", fail(), other_rule(pass()), vec![Cause::Rule]),
        ("both, so that either may be it", fail(), other_rule(seen(Verdict::Pass, "35 d")), vec![Cause::Rule, Cause::Data]),
        ("another objective", fail(), owing(pass(), "lax", "24h"), vec![Cause::Objective]),
        ("the objective asks something else", fail(), owing(pass(), "gold", "48h"), vec![Cause::Objective]),
        ("it was accepted", fail(), seen(Verdict::Waived, "7 d"), vec![Cause::Waiver]),
        ("the waiver ended", seen(Verdict::Waived, "7 d"), fail(), vec![Cause::Waiver]),
        ("it was not read before", seen(Verdict::Unknown, ""), seen(Verdict::Fail, ""), vec![Cause::UnknownBefore]),
        ("it is not read now", seen(Verdict::Fail, ""), seen(Verdict::Unknown, ""), vec![Cause::UnknownNow]),
        ("its list was not read before", side([unread("eu-west-1")]), fail(), vec![Cause::UnknownBefore]),
        ("it is new", side([]), fail(), vec![Cause::Data]),
        ("the rule is new", Side { rules: BTreeMap::new(), ..side([]) }, fail(), vec![Cause::Rule]),
        ("nothing says what the rule was", no_digest(fail()), pass(), vec![Cause::NotTold]),
    ];
    for (why, before, after, expected) in cases {
        assert_eq!(moved(&before, &after).map(|(_, causes)| causes), Some(expected), "{why}");
    }
}
