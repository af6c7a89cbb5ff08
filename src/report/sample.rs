//! A small invented estate that holds every verdict, every kind of gap's effect and every state of a cell: what the reports are tested on.

mod resources;

use std::collections::BTreeSet;

use crate::dataset::reads::{Gap, ReadStatus};
use crate::engine::frameworks::{RequirementKind, Scope};
use crate::engine::{Finding, RequirementState};
use crate::model::moment::DAY_S;
use crate::model::{Severity, Verdict, Window};

use super::input::{
    About, AlternativeRow, CollectionRow, EvidenceRow, FrameworkRow, Judgement, ObjectiveRow, ParamRow, Reach, ReadRow, RequirementRow,
    RuleRead, RuleText, ScopeRow, VerdictCounts, WaiverRow,
};

const ACCOUNT: &str = "111122223333";

/// The sample judgement.
pub(crate) fn judgement() -> Judgement {
    Judgement {
        about: about(),
        findings: findings(),
        gaps: gaps(),
        reads: reads(),
        rules: rules(),
        switched_off: vec![("vault-lock-without-floor".into(), "Locks follow in the next quarter.".into())],
        waivers: waivers(),
        alternatives: alternatives(),
        objectives: objectives(),
        frameworks: frameworks(),
        exposure: resources::exposure(),
        protection: resources::protection(),
        resources: resources::resources(),
        names: [(plan_arn(), "daily".to_owned())].into(),
        restores: resources::restores(),
        restores_observed: vec![Window { start_s: window().start_s + 50 * DAY_S, ..window() }],
    }
}

fn plan_arn() -> String {
    format!("arn:aws:backup:eu-west-1:{ACCOUNT}:backup-plan:0b6e4f3a")
}

fn rds(name: &str) -> String {
    format!("arn:aws:rds:eu-west-1:{ACCOUNT}:db:{name}")
}

fn table(name: &str) -> String {
    format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}")
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
        caller: format!("arn:aws:sts::{ACCOUNT}:assumed-role/audit-read/weekly"),
        tool_version: "0.1.0".into(),
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
        digest: "7d793037a0760186".to_owned(),
        title: title.into(),
        severity,
        why: why.into(),
        fix: fix.into(),
        since: "0.1.0".into(),
        over: ("exposure".into(), "How much data a failure could have cost: one row a resource and scenario.".into()),
        quantify: "every row".into(),
        applies: "rpo_owed".into(),
        pass: "achieved_rpo_s <= :most".into(),
        columns: vec![("achieved_rpo_s".into(), "Worst exposure, where it is one number".into())],
        params: vec![ParamRow {
            name: "most".into(),
            doc: "Longest exposure".into(),
            default: "26 h".into(),
            value: "26 h".into(),
            others: vec![("account 444455556666".into(), "50 h".into())],
        }],
        references: vec!["https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html".into(), "javascript:alert(1)".into()],
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
    let rule_of = |name: &str| format!("{}#rule/{name}", plan_arn());
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
        self.0.waiver_id = waiver.into();
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
        waiver_id: "".into(),
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
    use RequirementState::{AlternativeDocumented, Manual, Met, NotJudged, NotMet, Unknown};
    let requirement = |id: &str, title: &str, kind, scope, state, rules: &[&str], open: &[(&str, bool)]| RequirementRow {
        id: id.into(),
        title: title.into(),
        text: format!("In our own words: {}.", title.to_lowercase()),
        kind,
        level: String::new(),
        scope,
        source: "https://www.ecfr.gov/current/title-45/part-164/section-164.308".into(),
        note: String::new(),
        alternative: (state == AlternativeDocumented).then(|| alternatives().remove(0)),
        state,
        rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
        open: open
            .iter()
            .map(|(id, by_person)| EvidenceRow {
                id: (*id).into(),
                meaning: format!("what {id} stands for"),
                source: "the usual place".into(),
                by_person: *by_person,
            })
            .collect(),
    };
    let (required, addressable, unstated) = (RequirementKind::Required, RequirementKind::Addressable, RequirementKind::NotStated);
    let counts = VerdictCounts { pass: 4, fail: 5, unknown: 2, waived: 1 };
    vec![
        FrameworkRow {
            id: "hipaa".into(),
            title: "HIPAA Security Rule".into(),
            version: "45 CFR part 164 subpart C".into(),
            requirements: vec![
                requirement(
                    "164.308(a)(7)(ii)(A)",
                    "Data backup plan",
                    required,
                    Scope::Direct,
                    NotMet,
                    &["rpo-exceeded", "resource-not-covered"],
                    &[],
                ),
                requirement(
                    "164.308(a)(7)(ii)(D)",
                    "Testing and revision",
                    addressable,
                    Scope::Direct,
                    NotJudged,
                    &[],
                    &[("test.restore", false), ("gov.plan", true)],
                ),
                requirement(
                    "164.312(a)(2)(iv)",
                    "Encryption and decryption",
                    addressable,
                    Scope::Direct,
                    AlternativeDocumented,
                    &["resource-not-covered"],
                    &[],
                ),
                requirement("164.308(a)(8)", "Evaluation", required, Scope::Partial, Unknown, &["cross-region-copy-missing"], &[]),
                requirement(
                    "164.314(a)",
                    "Business associate contracts",
                    required,
                    Scope::Reference,
                    Manual,
                    &[],
                    &[("gov.contract", true)],
                ),
            ],
            scope: Some(ScopeRow {
                class: "ephi".into(),
                declared: true,
                resources: 5,
                hold: 2,
                may_hold: 2,
                hold_others: 1,
                out: BTreeSet::from([rds("reports")]),
            }),
            verdicts: counts,
        },
        FrameworkRow {
            id: "soc2".into(),
            title: "SOC 2, trust services criteria".into(),
            version: "TSC 2017".into(),
            requirements: vec![
                requirement("A1.2", "Backups are run and watched", unstated, Scope::Direct, NotMet, &["rpo-exceeded"], &[]),
                requirement("CC9.9", "Lifecycles are valid", unstated, Scope::Direct, Met, &["lifecycle-invalid"], &[]),
            ],
            scope: None,
            verdicts: counts,
        },
    ]
}

fn reads() -> Vec<ReadRow> {
    let row = |table: &str, complete, gaps, rows| ReadRow {
        table: table.into(),
        doc: "One row for each.".into(),
        places: 4,
        complete,
        gaps,
        rows,
    };
    vec![row("copy_jobs", 3, 1, 497), row("recovery_points", 3, 1, 7_412), row("backup_jobs", 4, 0, 1_702)]
}

fn waivers() -> Vec<WaiverRow> {
    vec![WaiverRow {
        id: "W-003".into(),
        rule_id: "rpo-exceeded".into(),
        subjects: "arn:aws:rds:*:db:<script>*".into(),
        reason: "The staging copy is made anew every week.".into(),
        owner: "role:staging".into(),
        approver: "role:head-of-engineering".into(),
        start_s: window().start_s,
        expires_s: window().end_s + 30 * DAY_S,
        compensating_control: "Production can be cloned within a day.".into(),
    }]
}

fn alternatives() -> Vec<AlternativeRow> {
    vec![AlternativeRow {
        id: "A-001".into(),
        control: "hipaa:164.312(a)(2)(iv)".into(),
        reason: "The engine cannot encrypt a volume that is in use, and the move takes until spring.".into(),
        alternative: "Fields with <ephi> are encrypted by the application.".into(),
        owner: "role:records".into(),
        approver: "role:security-officer".into(),
        start_s: window().start_s,
        expires_s: window().end_s + 60 * DAY_S,
        document: "https://wiki.example.com/decisions/17".into(),
    }]
}

fn objectives() -> Vec<ObjectiveRow> {
    let row = |id: &str, asks: &[(&str, &str)], approved_by: &str| ObjectiveRow {
        id: id.into(),
        subjects: if id.is_empty() { "every resource that no entry names".into() } else { "tags tier=production".into() },
        asks: asks.iter().map(|(duty, value)| ((*duty).into(), (*value).into())).collect(),
        valid_from: String::new(),
        owner: String::new(),
        approved_by: approved_by.into(),
    };
    vec![row("production", &[("rpo", "24h"), ("tolerance", "2h")], "role:board"), row("", &[("rpo", "24 h")], "")]
}
