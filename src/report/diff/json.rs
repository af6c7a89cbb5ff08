//! A diff as JSON: `audit diff --json`.
//!
//! As for findings, a field that is added keeps the version; one that is renamed, removed or changes its meaning raises it. Moments are RFC 3339 in
//! UTC. `docs/explain-and-diff.md` describes each field.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ChangeRow, Diff, SideLabel};
use crate::engine::Finding;
use crate::engine::compare::{Cause, Moved, Movement};
use crate::model::moment::{self, DAY_S};
use crate::model::{Severity, Verdict};
use crate::report::json::{WireGap, gap};

/// Name of the format.
pub const FORMAT: &str = "backup-audit-diff";
/// Version of the format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    tool_version: &'a str,
    old: WireSide<'a>,
    new: WireSide<'a>,
    /// How many findings moved how.
    counts: BTreeMap<&'static str, usize>,
    findings: Vec<WireMoved<'a>>,
    unread: Option<WireUnread<'a>>,
    drift: Option<WireDrift<'a>>,
}

#[derive(Serialize)]
struct WireSide<'a> {
    named: &'a str,
    as_of: Option<String>,
    collections: &'a [String],
}

#[derive(Serialize)]
struct WireMoved<'a> {
    movement: Movement,
    rule_id: &'a str,
    title: &'a str,
    severity: Severity,
    subject_arn: &'a str,
    subject_type: &'a str,
    account_id: &'a str,
    region: &'a str,
    causes: &'a [Cause],
    old: Option<WireFinding<'a>>,
    new: Option<WireFinding<'a>>,
    failing: Option<WireFailing>,
    finding_id: &'a str,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    verdict: Verdict,
    severity: Severity,
    observed: &'a str,
    expected: &'a str,
    message: &'a str,
    waiver_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WireFailing {
    since: String,
    days: i64,
    /// Whether nothing earlier was collected, so that it may have failed before.
    or_before: bool,
}

#[derive(Serialize)]
struct WireUnread<'a> {
    lost: Vec<WireGap<'a>>,
    lacking_still: u64,
    found: u64,
}

#[derive(Serialize)]
struct WireDrift<'a> {
    compared: u64,
    read_once: u64,
    changes: Vec<WireChange<'a>>,
}

#[derive(Serialize)]
struct WireChange<'a> {
    thing: &'a str,
    name: &'a str,
    subject_arn: &'a str,
    subject_type: &'a str,
    account_id: &'a str,
    region: &'a str,
    what: &'a str,
    part: Option<&'a str>,
    change: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    weakens: Option<bool>,
}

/// Writes a diff, indented, with a line feed at its end.
///
/// # Errors
/// What serde gives, which plain structs do not.
pub fn json(diff: &Diff) -> Result<String, serde_json::Error> {
    let count = |movement: Movement| (movement.word(), diff.of(movement).count());
    let document = Document {
        format: FORMAT,
        version: VERSION,
        tool_version: &diff.tool_version,
        old: side(&diff.old),
        new: side(&diff.new),
        counts: Movement::ALL.into_iter().map(count).collect(),
        findings: diff.moved.iter().map(|one| moved(diff, one)).collect(),
        unread: diff.unread.as_ref().map(|unread| WireUnread {
            lost: unread.lost.iter().map(gap).collect(),
            lacking_still: unread.lacking_still,
            found: unread.found,
        }),
        drift: diff.drift.as_ref().map(|drift| WireDrift {
            compared: drift.compared,
            read_once: drift.read_once,
            changes: drift.changes.iter().map(change).collect(),
        }),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn side(label: &SideLabel) -> WireSide<'_> {
    WireSide { named: &label.named, as_of: label.as_of_s.map(moment::text), collections: &label.collections }
}

fn moved<'a>(diff: &'a Diff, one: &'a Moved) -> WireMoved<'a> {
    let finding = &one.finding;
    let failing = diff.failing(one).map(|failing| WireFailing {
        since: moment::text(failing.since_s),
        days: diff.new.as_of_s.map_or(0, |now_s| (now_s - failing.since_s).div_euclid(DAY_S)),
        or_before: failing.or_before,
    });
    WireMoved {
        movement: one.movement,
        rule_id: &finding.rule_id,
        title: diff.titles.get(finding.rule_id.as_str()).map_or("", String::as_str),
        severity: finding.severity,
        subject_arn: &finding.subject_arn,
        subject_type: &finding.subject_type,
        account_id: &finding.account_id,
        region: &finding.region,
        causes: &one.causes,
        old: one.before.as_ref().map(told),
        new: one.after.as_ref().map(told),
        failing,
        finding_id: &finding.finding_id,
    }
}

fn told(finding: &Finding) -> WireFinding<'_> {
    WireFinding {
        verdict: finding.verdict,
        severity: finding.severity,
        observed: &finding.observed,
        expected: &finding.expected,
        message: &finding.message,
        waiver_id: (!finding.waiver_id.is_empty()).then_some(finding.waiver_id.as_str()),
    }
}

fn change(row: &ChangeRow) -> WireChange<'_> {
    fn text(text: &str) -> Option<&str> {
        (!text.is_empty()).then_some(text)
    }
    WireChange {
        thing: row.thing,
        name: &row.name,
        subject_arn: &row.subject_arn,
        subject_type: &row.subject_type,
        account_id: &row.account_id,
        region: &row.region,
        what: row.what,
        part: text(&row.part),
        change: row.change,
        before: text(&row.before),
        after: text(&row.after),
        weakens: row.weakens,
    }
}
