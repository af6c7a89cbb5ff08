//! A small invented estate that holds every verdict, every kind of gap's effect and every state of a cell: what the reports are tested on.

use crate::dataset::reads::{Gap, ReadStatus};
use crate::engine::Finding;
use crate::model::moment::{DAY_S, HOUR_S, parse};
use crate::model::{Severity, Verdict, Window};

use super::input::{
    About, CollectionRow, ExposureRow, FrameworkRow, Judgement, ProtectionCell, ProtectionRow, Reach, RuleRead, RuleText, VerdictCounts,
};
use super::svg::Segment;

const ACCOUNT: &str = "111122223333";

/// The sample judgement.
pub(crate) fn judgement() -> Judgement {
    Judgement {
        about: about(),
        findings: findings(),
        gaps: gaps(),
        rules: rules(),
        frameworks: frameworks(),
        exposure: exposure(),
        protection: protection(),
    }
}

fn window() -> Window {
    Window::parse("2026-08-22..2026-11-20").unwrap()
}

fn about() -> About {
    let weekly = |week: i64| CollectionRow {
        id: format!("{}-k{week}", crate::model::moment::text(window().end_s - week * 7 * DAY_S).replace(['-', ':'], "")),
        started_s: window().end_s - week * 7 * DAY_S,
        complete: week > 2,
        gaps: if week > 2 { 0 } else { 2 },
    };
    About {
        title: "Acme production".into(),
        tool_version: "0.1.0".into(),
        as_of_s: window().end_s,
        window: window(),
        accounts: vec![ACCOUNT.into(), "444455556666".into()],
        regions: vec!["us-east-1".into(), "eu-west-1".into()],
        collections: (0..6).map(weekly).collect(),
        dataset_digest: "5f1c0b7e9a64d2384410c5b1a7e2f9d03c6b8854e7f1a90b2d5c7e8f90a1b2c3".into(),
        rules_digest: "c41d77a0f2be4c1f93d86510a7cb22e46f0d9b3518ac7e64d2f1b0a9988776655".chars().take(64).collect(),
        scope: "Two accounts and two Regions were asked for; the other Regions are denied by organization policy (decision of the platform team).".into(),
    }
}

fn rules() -> Vec<RuleText> {
    let read = |table: &str, reach| RuleRead { table: table.into(), reach };
    let rule = |id: &str, severity, title: &str, why: &str, fix: &str, reads| RuleText {
        id: id.into(),
        title: title.into(),
        severity,
        why: why.into(),
        fix: fix.into(),
        reads,
    };
    vec![
        rule(
            "cross-region-copy-missing",
            Severity::Critical,
            "Resource cannot be restored from another Region",
            "A regional outage, or one mistake in the home Region, takes the data and every backup of it at once.",
            "Add a copy action to the plan rule, check that the destination key is enabled, and let one copy complete.",
            vec![read("copy_jobs", Reach::Everywhere)],
        ),
        rule(
            "rpo-exceeded",
            Severity::High,
            "Resource could have lost more data than its RPO allows",
            "Between two usable recovery points lies the data that a failure would have cost.",
            "Look at the jobs around the worst instant; widen the start window or move the schedule if they expired.",
            vec![read("recovery_points", Reach::Region), read("backup_jobs", Reach::Region)],
        ),
        rule(
            "resource-not-covered",
            Severity::High,
            "No backup plan selects the resource",
            "What no plan selects is backed up only if somebody remembers.",
            "Tag it so that a selection takes it in, or record why it needs no backup; `audit explain ARN` shows the clause that leaves it out.",
            vec![read("selections", Reach::Region)],
        ),
        rule(
            "plan-retention-too-short",
            Severity::Medium,
            "Plan keeps recovery points for less time than is owed",
            "",
            "Raise the rule's retention.",
            vec![],
        ),
        rule("lifecycle-invalid", Severity::Low, "Lifecycle deletes less than 90 days after the move to cold storage", "", "", vec![]),
        rule("opt-in-blocks-coverage", Severity::High, "Region settings keep a selected resource from being backed up", "", "", vec![]),
    ]
}

fn findings() -> Vec<Finding> {
    use Severity::{Critical, High, Low, Medium};
    use Verdict::{Fail, NotApplicable, Pass, Unknown, Waived};
    let rds = |name: &str| format!("arn:aws:rds:eu-west-1:{ACCOUNT}:db:{name}");
    let table = |name: &str| format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}");
    let rule_of = |name: &str| format!("arn:aws:backup:eu-west-1:{ACCOUNT}:backup-plan:daily#rule/{name}");
    let (db, ddb, plan) = ("AWS::RDS::DBInstance", "AWS::DynamoDB::Table", "AWS::Backup::BackupPlan");
    let copy = "cross-region-copy-missing";
    vec![
        finding(
            copy,
            Fail,
            Critical,
            &rds("prod-orders"),
            db,
            "newest completed copy 2026-11-01 03:12",
            "a copy not older than 26 h",
            "The newest completed copy of prod-orders in another Region is 19 days old; its key there is disabled.",
        ),
        finding(
            copy,
            Fail,
            Critical,
            &rds("billing-ledger"),
            db,
            "no copy",
            "a copy not older than 26 h",
            "billing-ledger has no completed copy in another Region.",
        ),
        finding(
            copy,
            Unknown,
            Critical,
            &table("audit-logs"),
            ddb,
            "",
            "",
            "Copies of audit-logs could not be read in us-east-1: backup:ListCopyJobs was denied.",
        ),
        finding(copy, Pass, Critical, &rds("reports"), db, "newest completed copy 2026-11-20 02:40", "a copy not older than 26 h", ""),
        finding(
            "rpo-exceeded",
            Fail,
            High,
            &rds("prod-orders"),
            db,
            "51 h 10 min",
            "26 h",
            "prod-orders was without a fresh recovery point for 51 h 10 min on 14 September; 26 h are allowed.",
        ),
        finding(
            "rpo-exceeded",
            Unknown,
            High,
            &table("audit-logs"),
            ddb,
            "at least 24 h 40 min",
            "26 h",
            "Recovery points of audit-logs are not known since 5 November.",
        ),
        finding(
            "rpo-exceeded",
            Waived,
            High,
            &rds("<script>alert(1)</script>"),
            db,
            "=cmd()",
            "26 h",
            "The staging copy may lose a week of data.",
        )
        .waived("W-003"),
        finding("rpo-exceeded", Pass, High, &rds("reports"), db, "24 h 30 min", "26 h", ""),
        finding("rpo-exceeded", NotApplicable, High, &rds("reports-replica"), db, "", "", ""),
        finding(
            "resource-not-covered",
            Fail,
            High,
            &table("sessions"),
            ddb,
            "no selection",
            "a selection",
            "No selection of any plan takes in sessions; the nearest one asks for the tag backup=daily.",
        ),
        finding("resource-not-covered", Pass, High, &rds("prod-orders"), db, "plan daily", "a selection", ""),
        finding(
            "plan-retention-too-short",
            Fail,
            Medium,
            &rule_of("nightly"),
            plan,
            "7 d",
            "30 d",
            "Rule nightly of plan daily deletes after 7 d; 30 d are owed.",
        ),
        finding("lifecycle-invalid", Pass, Low, &rule_of("nightly"), plan, "", "", ""),
    ]
    .into_iter()
    .map(|draft| draft.0.with_id())
    .collect()
}

struct Draft(Finding);

impl Draft {
    fn waived(mut self, waiver: &str) -> Self {
        waiver.clone_into(&mut self.0.waiver_id);
        self
    }
}

fn finding(
    rule: &str,
    verdict: Verdict,
    severity: Severity,
    arn: &str,
    kind: &str,
    observed: &str,
    expected: &str,
    message: &str,
) -> Draft {
    let region = arn.split(':').nth(3).unwrap_or_default();
    Draft(Finding {
        rule_id: rule.into(),
        verdict,
        severity,
        subject_arn: arn.into(),
        subject_type: kind.into(),
        account_id: ACCOUNT.into(),
        region: region.into(),
        observed: observed.into(),
        expected: expected.into(),
        message: message.into(),
        controls: "hipaa:164.308(a)(7)(ii)(A); soc2:A1.2".into(),
        evidence: "exposure, 20261120T000000Z-k0".into(),
        waiver_id: String::new(),
        finding_id: String::new(),
    })
}

fn gaps() -> Vec<Gap> {
    let gap = |table: &str, region: &str, parent: Option<&str>, status, operation: &str, reason: &str| Gap {
        table: table.into(),
        account_id: ACCOUNT.into(),
        region: region.into(),
        parent: parent.map(Into::into),
        status,
        operation: operation.into(),
        reason: reason.into(),
        collection: "20261120T000000Z-k0".into(),
    };
    let vault = format!("arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:prod-daily");
    vec![
        gap(
            "copy_jobs",
            "us-east-1",
            None,
            ReadStatus::Denied,
            "backup:ListCopyJobs",
            "AccessDeniedException: no identity-based policy allows the action",
        ),
        gap(
            "recovery_points",
            "us-east-1",
            Some(&vault),
            ReadStatus::Throttled,
            "backup:ListRecoveryPointsByBackupVault",
            "ThrottlingException after 9 attempts",
        ),
    ]
}

fn frameworks() -> Vec<FrameworkRow> {
    let row = |id: &str, title: &str, states: [u64; 4], verdicts: [u64; 4]| FrameworkRow {
        id: id.into(),
        title: title.into(),
        met: states[0],
        not_met: states[1],
        unknown: states[2],
        manual: states[3],
        verdicts: VerdictCounts { pass: verdicts[0], fail: verdicts[1], unknown: verdicts[2], waived: verdicts[3] },
    };
    vec![
        row("soc2", "SOC 2 (TSC 2017, 2022)", [11, 3, 1, 9], [4, 5, 2, 1]),
        row("hipaa", "HIPAA Security Rule", [17, 3, 1, 14], [4, 5, 2, 1]),
        row("nist-800-53", "NIST SP 800-53 r5", [9, 2, 1, 4], [3, 4, 2, 1]),
        row("internal", "Internal duties", [19, 1, 0, 5], [4, 1, 0, 0]),
    ]
}

type Facts<'a> = (Option<i64>, &'a str, i64, i64, Vec<Segment>);

fn exposure() -> Vec<ExposureRow> {
    let start_s = window().start_s;
    let at = |text: &str| parse(text).unwrap();
    let row = |arn: String, kind: &str, region: &str| ExposureRow {
        subject_arn: arn,
        subject_type: kind.into(),
        account_id: ACCOUNT.into(),
        region: region.into(),
        scenario: "any".into(),
        objective_id: "production".into(),
        rpo_s: 24 * HOUR_S,
        tolerance_s: 2 * HOUR_S,
        approved: true,
        lower_rpo_s: 0,
        upper_rpo_s: None,
        achieved_rpo_s: None,
        worst_s: None,
        compliant_s: 0,
        violated_s: 0,
        unknown_s: 0,
        segments: Vec::new(),
    };
    let rds = |name: &str| format!("arn:aws:rds:eu-west-1:{ACCOUNT}:db:{name}");
    let daily = |missed: &[i64], step_h: i64| {
        let days = (-1..90 * 24 / step_h).filter(|day| !missed.contains(day));
        let data: Vec<_> = days.map(|day| start_s + day * step_h * HOUR_S + 5 * HOUR_S).collect();
        data.windows(2)
            .map(|pair| Segment { start_s: pair[0] + HOUR_S / 2, end_s: pair[1] + HOUR_S / 2, exposure_s: Some(HOUR_S / 2), rises: true })
            .collect::<Vec<_>>()
    };
    let mut partly: Vec<_> = daily(&[], 24).into_iter().filter(|segment| segment.end_s < at("2026-11-05")).collect();
    let seen_until_s = partly.last().map_or(start_s, |segment| segment.end_s);
    partly.push(Segment { start_s: seen_until_s, end_s: window().end_s, exposure_s: None, rises: true });
    let mut rows = vec![
        row(rds("prod-orders"), "AWS::RDS::DBInstance", "eu-west-1"),
        row(rds("billing-ledger"), "AWS::RDS::DBInstance", "eu-west-1"),
        row(format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/audit-logs"), "AWS::DynamoDB::Table", "us-east-1"),
        row(rds("prod-orders"), "AWS::RDS::DBInstance", "eu-west-1"),
        row(rds("reports"), "AWS::RDS::DBInstance", "eu-west-1"),
    ];
    // achieved, worst instant, violated and unknown seconds, course
    let facts: [Facts<'_>; 5] = [
        (Some(3_070 * 60), "2026-09-14T06:10:00Z", 3 * DAY_S, 0, daily(&[22, 55, 56], 24)),
        (Some(29 * HOUR_S + 120), "2026-11-02T05:02:00Z", 3 * HOUR_S, 0, daily(&[143], 12)),
        (None, "", 0, window().end_s - seen_until_s, partly),
        (Some(19 * DAY_S), "2026-11-20T00:00:00Z", 18 * DAY_S - 2 * HOUR_S, 0, daily(&(72..90).collect::<Vec<_>>(), 24)),
        (Some(88_200), "2026-10-25T05:30:00Z", 0, 0, daily(&[], 24)),
    ];
    for (row, (achieved_s, worst, violated_s, unknown_s, segments)) in rows.iter_mut().zip(facts) {
        (row.achieved_rpo_s, row.upper_rpo_s, row.lower_rpo_s) = (achieved_s, achieved_s, achieved_s.unwrap_or(88_800));
        (row.violated_s, row.unknown_s) = (violated_s, unknown_s);
        row.compliant_s = window().seconds() - violated_s - unknown_s;
        row.worst_s = parse(worst).ok();
        row.segments = segments;
    }
    let last_s = rows[3].segments.last().map_or(start_s, |segment| segment.end_s);
    rows[3].segments.push(Segment { start_s: last_s, end_s: window().end_s, exposure_s: Some(HOUR_S / 2), rises: true });
    rows[3].scenario = "other_region".into();
    (rows[4].objective_id, rows[4].approved) = (String::new(), false);
    rows
}

fn protection() -> Vec<ProtectionRow> {
    let cell = |[yes, no, unknown, not_owed]: [u64; 4]| ProtectionCell { yes, no, unknown, not_owed };
    let row = |kind: &str, cells: [[u64; 4]; 5]| ProtectionRow { resource_type: kind.into(), cells: cells.map(cell) };
    vec![
        row("AWS::RDS::DBInstance", [[22, 0, 0, 0], [21, 1, 0, 0], [18, 2, 0, 2], [20, 2, 0, 0], [15, 7, 0, 0]]),
        row("AWS::RDS::DBCluster", [[4, 0, 0, 0], [4, 0, 0, 0], [4, 0, 0, 0], [4, 0, 0, 0], [4, 0, 0, 0]]),
        row("AWS::DynamoDB::Table", [[9, 2, 0, 0], [9, 2, 0, 0], [7, 0, 4, 0], [7, 0, 4, 0], [3, 4, 4, 0]]),
        row("AWS::S3::Bucket", [[8, 5, 0, 0], [8, 5, 0, 0], [8, 5, 0, 0], [7, 6, 0, 0], [0, 9, 0, 4]]),
        row("AWS::EFS::FileSystem", [[3, 0, 0, 0], [3, 0, 0, 0], [3, 0, 0, 0], [3, 0, 0, 0], [0, 0, 0, 3]]),
    ]
}
