//! The shape of an explanation as JSON; its names are the format.

use serde::Serialize;

use crate::engine::Finding;
use crate::model::Severity;
use crate::report::{EventKind, PointKey};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub(super) format: &'static str,
    pub(super) version: u32,
    pub(super) tool_version: &'a str,
    pub(super) as_of: String,
    pub(super) window: WireWindow,
    pub(super) arn: &'a str,
    pub(super) name: &'a str,
    pub(super) resource_type: &'a str,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    pub(super) role: &'a str,
    pub(super) facts: serde_json::Map<String, serde_json::Value>,
    pub(super) tags: Option<serde_json::Map<String, serde_json::Value>>,
    pub(super) objective: Option<WireObjective<'a>>,
    pub(super) covered: Option<bool>,
    pub(super) selected: Option<bool>,
    pub(super) opt_in_blocked: Option<bool>,
    pub(super) covered_through: Option<&'a str>,
    pub(super) unknown_because: Option<&'a str>,
    pub(super) plans: Vec<WirePlan<'a>>,
    pub(super) selections: Vec<WireSelection<'a>>,
    pub(super) exposure: Vec<WireExposure<'a>>,
    pub(super) course: Option<WireCourse<'a>>,
    pub(super) findings: &'a [Finding],
    pub(super) behind: &'a [Finding],
    pub(super) unread: Vec<WireUnread<'a>>,
    pub(super) fixes: Vec<WireFix<'a>>,
}

#[derive(Serialize)]
pub(super) struct WireWindow {
    pub(super) start: String,
    pub(super) end: String,
}

#[derive(Serialize)]
pub(super) struct WireObjective<'a> {
    /// Null for the default.
    pub(super) id: Option<&'a str>,
    pub(super) approved: bool,
    pub(super) subjects: &'a str,
    pub(super) valid_from: Option<&'a str>,
    pub(super) owner: Option<&'a str>,
    pub(super) approved_by: Option<&'a str>,
    pub(super) owes: serde_json::Map<String, serde_json::Value>,
    pub(super) also_for_it: &'a [String],
}

#[derive(Serialize)]
pub(super) struct WirePlan<'a> {
    pub(super) plan: &'a str,
    pub(super) plan_arn: &'a str,
    pub(super) has_rules: Option<bool>,
    pub(super) selections_known: bool,
}

#[derive(Serialize)]
pub(super) struct WireSelection<'a> {
    pub(super) plan: &'a str,
    pub(super) plan_arn: &'a str,
    pub(super) selection: &'a str,
    pub(super) selection_id: &'a str,
    pub(super) verdict: &'a str,
    pub(super) assumed: bool,
    pub(super) because: &'a str,
    pub(super) clauses: Vec<WireClause<'a>>,
}

#[derive(Serialize)]
pub(super) struct WireClause<'a> {
    pub(super) kind: &'a str,
    pub(super) matched: Option<bool>,
    pub(super) against: Option<bool>,
    pub(super) sentence: &'a str,
}

#[derive(Serialize)]
pub(super) struct WireExposure<'a> {
    pub(super) scenario: &'a str,
    pub(super) rpo_s: Option<i64>,
    pub(super) tolerance_s: Option<i64>,
    pub(super) limit_s: Option<i64>,
    pub(super) lower_rpo_s: Option<i64>,
    pub(super) upper_rpo_s: Option<i64>,
    pub(super) worst_at: Option<String>,
    pub(super) compliant_s: i64,
    pub(super) violated_s: i64,
    pub(super) unknown_s: i64,
    pub(super) segments: Vec<WireSegment>,
}

#[derive(Serialize)]
pub(super) struct WireSegment {
    pub(super) start: String,
    pub(super) end: String,
    /// At its start; null if it is not known.
    pub(super) exposure_s: Option<i64>,
    pub(super) rises: bool,
    pub(super) limit_s: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct WireCourse<'a> {
    pub(super) points: Vec<WirePoint<'a>>,
    pub(super) points_more: u64,
    pub(super) streams: Vec<WireStream<'a>>,
    pub(super) events: Vec<WireEvent<'a>>,
    pub(super) events_more: u64,
    pub(super) observed: Vec<WireObserved<'a>>,
}

#[derive(Serialize)]
pub(super) struct WirePoint<'a> {
    pub(super) available: String,
    pub(super) data: String,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    pub(super) mechanism: &'a str,
    pub(super) counts: Option<bool>,
    pub(super) threats_found: bool,
    pub(super) key: PointKey,
}

#[derive(Serialize)]
pub(super) struct WireStream<'a> {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) region: &'a str,
    pub(super) mechanism: &'a str,
    pub(super) certain: bool,
}

#[derive(Serialize)]
pub(super) struct WireEvent<'a> {
    pub(super) at: String,
    pub(super) event: EventKind,
    pub(super) state: &'a str,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    pub(super) message: &'a str,
    pub(super) job_id: &'a str,
    pub(super) point_arn: &'a str,
}

#[derive(Serialize)]
pub(super) struct WireObserved<'a> {
    pub(super) what: &'a str,
    pub(super) windows: Vec<WireWindow>,
}

#[derive(Serialize)]
pub(super) struct WireFix<'a> {
    pub(super) fix: &'a str,
    pub(super) severity: Severity,
    pub(super) rules: &'a [String],
    pub(super) following: &'a [String],
}

#[derive(Serialize)]
pub(super) struct WireUnread<'a> {
    pub(super) table: &'a str,
    pub(super) operation: &'a str,
    pub(super) account_id: &'a str,
    pub(super) region: &'a str,
    pub(super) parent: Option<&'a str>,
    pub(super) status: &'static str,
    pub(super) reason: &'a str,
    pub(super) collection: &'a str,
    pub(super) leaves_open: &'a [String],
    pub(super) may_leave_open: &'a [String],
}
