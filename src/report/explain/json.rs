//! An explanation as JSON: `audit explain ARN --json`.
//!
//! As for findings, a field that is added keeps the version; one that is renamed, removed or changes its meaning raises it. Moments are RFC 3339 in
//! UTC, lengths are seconds. `docs/explain-and-diff.md` describes each field.

use super::wire::{
    Document, WireClause, WireCourse, WireEvent, WireExposure, WireFix, WireObjective, WireObserved, WirePlan, WirePoint, WireSegment,
    WireSelection, WireStream, WireUnread, WireWindow,
};
use super::{Explanation, Fix, Objective, Unread};
use crate::model::{Window, moment};
use crate::report::{ExposureRow, ObjectiveRow, ResourceDetail};

/// Name of the format.
pub const FORMAT: &str = "backup-audit-explanation";
/// Version of the format.
pub const VERSION: u32 = 1;

/// Writes an explanation, indented, with a line feed at its end.
///
/// # Errors
/// What serde gives, which plain structs do not.
pub fn json(told: &Explanation) -> Result<String, serde_json::Error> {
    let resource = &told.resource;
    let detail = resource.detail.as_ref();
    let coverage = detail.map(|detail| &detail.coverage);
    let document = Document {
        format: FORMAT,
        version: VERSION,
        tool_version: &told.tool_version,
        as_of: moment::text(told.as_of_s),
        window: window(told.window),
        arn: &resource.arn,
        name: &resource.name,
        resource_type: &resource.resource_type,
        account_id: &resource.account_id,
        region: &resource.region,
        role: &resource.role,
        facts: detail.map(|detail| object(&detail.facts)).unwrap_or_default(),
        tags: detail.and_then(|detail| detail.tags.as_deref()).map(object),
        objective: objective(told),
        covered: resource.covered,
        selected: coverage.and_then(|row| row.selected),
        opt_in_blocked: coverage.and_then(|row| row.opt_in_blocked),
        covered_through: coverage.and_then(|row| said(&row.via)),
        unknown_because: coverage.and_then(|row| said(&row.unknown_because)),
        plans: told.plans.iter().map(plan).collect(),
        selections: told.plans.iter().flat_map(selections).collect(),
        exposure: told.exposure.iter().map(exposure).collect(),
        course: detail.map(course),
        findings: &told.findings,
        behind: &told.behind,
        unread: told.unread.iter().map(unread).collect(),
        fixes: told.fixes.iter().map(fix).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn fix(fix: &Fix) -> WireFix<'_> {
    WireFix { fix: &fix.text, severity: fix.severity, rules: &fix.rules, following: &fix.following }
}

fn unread(unread: &Unread) -> WireUnread<'_> {
    let gap = &unread.gap;
    WireUnread {
        table: &gap.table,
        operation: &gap.operation,
        account_id: &gap.account_id,
        region: &gap.region,
        parent: gap.parent.as_deref(),
        status: gap.status.word(),
        reason: &gap.reason,
        collection: &gap.collection,
        leaves_open: &unread.named,
        may_leave_open: &unread.may,
    }
}

fn window(window: Window) -> WireWindow {
    WireWindow { start: moment::text(window.start_s), end: moment::text(window.end_s) }
}

fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn object(pairs: &[(String, String)]) -> serde_json::Map<String, serde_json::Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

fn objective(told: &Explanation) -> Option<WireObjective<'_>> {
    let row: &ObjectiveRow = match &told.objective {
        Objective::NotKnown => return None,
        Objective::Default(row) | Objective::Entry(row) => row,
    };
    Some(WireObjective {
        id: said(&row.id),
        approved: !row.approved_by.is_empty(),
        subjects: &row.subjects,
        valid_from: said(&row.valid_from),
        owner: said(&row.owner),
        approved_by: said(&row.approved_by),
        owes: object(&row.asks),
        also_for_it: &told.also_for,
    })
}

fn plan(plan: &super::PlanSays) -> WirePlan<'_> {
    WirePlan { plan: &plan.name, plan_arn: &plan.arn, has_rules: plan.has_rules, selections_known: plan.selections_known }
}

fn selections(plan: &super::PlanSays) -> impl Iterator<Item = WireSelection<'_>> {
    plan.selections.iter().map(move |selection| WireSelection {
        plan: &plan.name,
        plan_arn: &plan.arn,
        selection: &selection.name,
        selection_id: &selection.id,
        verdict: selection.verdict,
        assumed: selection.assumed,
        because: &selection.because,
        clauses: selection
            .clauses
            .iter()
            .map(|one| WireClause { kind: one.kind, matched: one.matched, against: one.against, sentence: &one.sentence })
            .collect(),
    })
}

fn exposure(row: &ExposureRow) -> WireExposure<'_> {
    WireExposure {
        scenario: &row.scenario,
        rpo_s: row.rpo_s,
        tolerance_s: row.tolerance_s,
        limit_s: row.limit_s(),
        lower_rpo_s: row.lower_rpo_s,
        upper_rpo_s: row.upper_rpo_s,
        worst_at: row.worst_s.map(moment::text),
        compliant_s: row.compliant_s,
        violated_s: row.violated_s,
        unknown_s: row.unknown_s,
        segments: row
            .segments
            .iter()
            .map(|one| WireSegment {
                start: moment::text(one.start_s),
                end: moment::text(one.end_s),
                exposure_s: one.exposure_s,
                rises: one.rises,
                limit_s: one.limit_s,
            })
            .collect(),
    }
}

fn course(detail: &ResourceDetail) -> WireCourse<'_> {
    let course = &detail.course;
    WireCourse {
        points: course
            .points
            .iter()
            .map(|point| WirePoint {
                available: moment::text(point.available_s),
                data: moment::text(point.data_s),
                account_id: &point.place.0,
                region: &point.place.1,
                mechanism: &point.mechanism,
                counts: point.counts,
                threats_found: point.threats_found,
                key: point.key,
            })
            .collect(),
        points_more: course.points_more,
        streams: course
            .streams
            .iter()
            .map(|stream| WireStream {
                start: moment::text(stream.from_s),
                end: moment::text(stream.to_s),
                region: &stream.region,
                mechanism: &stream.mechanism,
                certain: stream.certain,
            })
            .collect(),
        events: course
            .events
            .iter()
            .map(|event| WireEvent {
                at: moment::text(event.at_s),
                event: event.kind,
                state: &event.state,
                account_id: &event.place.0,
                region: &event.place.1,
                message: &event.message,
                job_id: &event.job_id,
                point_arn: &event.point_arn,
            })
            .collect(),
        events_more: course.events_more,
        observed: course
            .observed
            .iter()
            .map(|one| WireObserved { what: &one.what, windows: one.windows.iter().map(|one| window(*one)).collect() })
            .collect(),
    }
}
