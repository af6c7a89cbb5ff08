//! The resources of the sample: how exposed they were, what covers them, what happened to them.

use super::{ACCOUNT, rds, table, window};
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S, parse};
use crate::report::input::{
    CourseRow, CoverageRow, EventKind, EventRow, ExposureRow, ObservedRow, PointKey, PointRow, ProtectionCell, ProtectionRow,
    ResourceDetail, ResourceRow, RestoreJobRow, RestoreRow, SelectionRow, StreamRow,
};
use crate::report::svg::Segment;

pub(super) fn resources() -> Vec<ResourceRow> {
    let row = |arn: String, kind: &str, objective: Option<&str>, covered, detail| ResourceRow {
        name: crate::report::text::name(&arn),
        region: arn.split(':').nth(3).unwrap_or_default().into(),
        arn,
        resource_type: kind.into(),
        account_id: ACCOUNT.into(),
        role: "holds data of its own".into(),
        objective_id: objective.map(str::to_owned),
        objective_digest: objective.map_or("", |_| "5d41402abc4b2a76").to_owned(),
        covered,
        detail,
    };
    let (db, ddb) = ("AWS::RDS::DBInstance", "AWS::DynamoDB::Table");
    vec![
        row(rds("prod-orders"), db, Some("production"), Some(true), Some(detail())),
        row(rds("billing-ledger"), db, Some("production"), Some(true), Some(detail())),
        row(rds("reports"), db, Some(""), Some(true), None),
        row(rds("<script>alert(1)</script>"), db, None, None, Some(ResourceDetail { tags: None, ..detail() })),
        row(table("audit-logs"), ddb, Some("production"), None, None),
        row(table("sessions"), ddb, Some(""), Some(false), None),
        row(rds("reports-replica"), db, Some(""), Some(true), None),
    ]
}

fn detail() -> ResourceDetail {
    let selection = |verdict: &str, clause: &str| SelectionRow {
        plan: "daily".into(),
        selection: "<script>tagged</script>".into(),
        verdict: verdict.into(),
        assumed: verdict == "unknown",
        clauses: vec!["AWS Backup supports the type: RDS.".into(), clause.into()],
    };
    let (start_s, end_s) = (window().start_s, window().end_s);
    let day_s = |day: i64| start_s + day * DAY_S + 5 * HOUR_S;
    let home = (ACCOUNT.to_owned(), "eu-west-1".to_owned());
    let event = |at_s, kind, state: &str, message: &str| EventRow {
        at_s,
        kind,
        state: state.into(),
        place: home.clone(),
        message: message.into(),
        job_id: format!("job-{at_s}"),
        point_arn: String::new(),
    };
    let whole = vec![Window { start_s: start_s - DAY_S, end_s }];
    let half = vec![Window { start_s: start_s + 45 * DAY_S, end_s }];
    ResourceDetail {
        facts: vec![("Engine".into(), "mysql".into()), ("Created".into(), "2025-10-16 10:18 UTC".into())],
        tags: Some(vec![("tier".into(), "production".into()), ("<script>".into(), "\u{202e}x".into())]),
        coverage: CoverageRow {
            covered: Some(true),
            selected: Some(true),
            opt_in_blocked: Some(false),
            via: String::new(),
            unknown_because: String::new(),
            selections: vec![selection("covered", "Tag `backup` is on the resource."), selection("unknown", "Its tags were not read.")],
        },
        course: CourseRow {
            points: (0..90)
                .map(|day| PointRow {
                    available_s: day_s(day) + HOUR_S / 2,
                    data_s: day_s(day),
                    place: home.clone(),
                    mechanism: "recovery point of AWS Backup".into(),
                    counts: Some(day % 30 > 0),
                    threats_found: false,
                    key: PointKey::Usable,
                })
                .collect(),
            points_more: 0,
            streams: vec![StreamRow {
                from_s: start_s,
                to_s: day_s(20),
                region: "eu-west-1".into(),
                mechanism: "point-in-time restore".into(),
                certain: true,
            }],
            events: vec![
                event(day_s(3), EventKind::Copied, "COMPLETED", ""),
                event(day_s(22), EventKind::BackupFailed, "EXPIRED", "The job did not start in time: <script>alert(1)</script>"),
                event(day_s(40), EventKind::BackupWithIssues, "COMPLETED", "VSS"),
                event(day_s(60), EventKind::CopyFailed, "FAILED", "The key is disabled."),
                event(day_s(70), EventKind::Restored, "COMPLETED", ""),
                event(day_s(80), EventKind::RestoreFailed, "FAILED", "No subnet."),
                event(day_s(85), EventKind::PointDeleted, "too early", "A point, by role/operator."),
            ],
            events_more: 3,
            observed: vec![
                ObservedRow { what: "backup jobs".into(), windows: whole.clone() },
                ObservedRow { what: "copy jobs".into(), windows: half },
                ObservedRow { what: "restore jobs".into(), windows: Vec::new() },
                ObservedRow { what: "deletions of points".into(), windows: whole },
            ],
        },
    }
}

pub(super) fn restores() -> Vec<RestoreRow> {
    let end_s = window().end_s;
    let job = |days: i64, status: &str, is_test: bool, validation: &str| RestoreJobRow {
        created_s: end_s - days * DAY_S,
        completed_s: Some(end_s - days * DAY_S + HOUR_S),
        point_s: Some(end_s - days * DAY_S - 9 * HOUR_S),
        status: status.into(),
        message: if status == "FAILED" { "No subnet.".into() } else { String::new() },
        is_test,
        validation: validation.into(),
        validation_message: String::new(),
        deletion: String::new(),
        place: (ACCOUNT.into(), "eu-west-1".into()),
        job_id: format!("restore-{days}"),
    };
    let row = |arn: String, kind: &str, jobs: Vec<RestoreJobRow>, completed: Option<i64>, none_for_s: i64| RestoreRow {
        region: arn.split(':').nth(3).unwrap_or_default().into(),
        subject_arn: arn,
        subject_type: kind.into(),
        account_id: ACCOUNT.into(),
        completed_s: completed.map(|days| end_s - days * DAY_S + HOUR_S),
        none_for_s,
        every_s: (!jobs.is_empty()).then_some(30 * DAY_S),
        rto_s: (!jobs.is_empty()).then_some(HOUR_S / 2),
        worst_restore_s: completed.map(|_| HOUR_S),
        selected: Some(!jobs.is_empty()),
        testing_plan: if jobs.is_empty() { String::new() } else { "weekly".into() },
        jobs,
        jobs_more: 0,
    };
    let (db, ddb) = ("AWS::RDS::DBInstance", "AWS::DynamoDB::Table");
    vec![
        row(rds("prod-orders"), db, vec![job(9, "COMPLETED", true, "SUCCESSFUL"), job(40, "FAILED", true, "")], Some(9), 9 * DAY_S),
        row(rds("billing-ledger"), db, vec![job(5, "FAILED", true, "")], None, 90 * DAY_S),
        row(rds("reports"), db, Vec::new(), None, 90 * DAY_S),
        row(rds("<script>alert(1)</script>"), db, Vec::new(), None, 40 * DAY_S),
        row(table("audit-logs"), ddb, Vec::new(), None, 0),
    ]
}

type Facts<'a> = (Option<i64>, &'a str, i64, i64, Vec<Segment>);

pub(super) fn exposure() -> Vec<ExposureRow> {
    let start_s = window().start_s;
    let at = |text: &str| parse(text).unwrap();
    let row = |arn: String, kind: &str, region: &str| ExposureRow {
        subject_arn: arn,
        subject_type: kind.into(),
        account_id: ACCOUNT.into(),
        region: region.into(),
        scenario: "any".into(),
        objective_id: Some("production".into()),
        rpo_s: Some(24 * HOUR_S),
        tolerance_s: Some(2 * HOUR_S),
        approved: true,
        lower_rpo_s: Some(0),
        upper_rpo_s: None,
        achieved_rpo_s: None,
        worst_s: None,
        compliant_s: 0,
        violated_s: 0,
        unknown_s: 0,
        segments: Vec::new(),
    };
    let limit_s = Some(26 * HOUR_S);
    let daily = |missed: &[i64], step_h: i64| {
        let days = (-1..90 * 24 / step_h).filter(|day| !missed.contains(day));
        let data: Vec<_> = days.map(|day| start_s + day * step_h * HOUR_S + 5 * HOUR_S).collect();
        data.windows(2)
            .map(|pair| Segment {
                start_s: pair[0] + HOUR_S / 2,
                end_s: pair[1] + HOUR_S / 2,
                exposure_s: Some(HOUR_S / 2),
                rises: true,
                limit_s,
            })
            .collect::<Vec<_>>()
    };
    let mut partly: Vec<_> = daily(&[], 24).into_iter().filter(|segment| segment.end_s < at("2026-11-05")).collect();
    let seen_until_s = partly.last().map_or(start_s, |segment| segment.end_s);
    partly.push(Segment { start_s: seen_until_s, end_s: window().end_s, exposure_s: None, rises: true, limit_s });
    let mut rows = vec![
        row(rds("prod-orders"), "AWS::RDS::DBInstance", "eu-west-1"),
        row(rds("billing-ledger"), "AWS::RDS::DBInstance", "eu-west-1"),
        row(table("audit-logs"), "AWS::DynamoDB::Table", "us-east-1"),
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
        (row.achieved_rpo_s, row.upper_rpo_s, row.lower_rpo_s) = (achieved_s, achieved_s, achieved_s.or(Some(88_800)));
        (row.violated_s, row.unknown_s) = (violated_s, unknown_s);
        row.compliant_s = window().seconds() - violated_s - unknown_s;
        row.worst_s = parse(worst).ok();
        row.segments = segments;
    }
    let last_s = rows[3].segments.last().map_or(start_s, |segment| segment.end_s);
    rows[3].segments.push(Segment { start_s: last_s, end_s: window().end_s, exposure_s: Some(HOUR_S / 2), rises: true, limit_s });
    rows[3].scenario = "other_region".into();
    (rows[4].objective_id, rows[4].approved) = (Some(String::new()), false);
    // Tags unread: what it owes is not known, and so is all of the time.
    rows.push(ExposureRow {
        objective_id: None,
        rpo_s: None,
        tolerance_s: None,
        approved: false,
        lower_rpo_s: None,
        unknown_s: window().seconds(),
        segments: vec![Segment { start_s, end_s: window().end_s, exposure_s: None, rises: false, limit_s: None }],
        ..row(rds("<script>alert(1)</script>"), "AWS::RDS::DBInstance", "eu-west-1")
    });
    rows
}

pub(super) fn protection() -> Vec<ProtectionRow> {
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
