//! Findings as JSON for programs: `findings.json`.
//!
//! The names on the wire are declared here and not taken from [`Finding`], so that a change inside does not change the format. A field that is
//! added keeps the version; one that is renamed, removed or changes its meaning raises it. Moments are RFC 3339 in UTC. Texts are exactly what
//! was judged: nothing is cleaned, cut or quoted for display.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dataset::reads::Gap;
use crate::engine::Finding;
use crate::model::{Severity, Verdict, moment};

use super::view::ledger::{Counts, Ledger};
use super::{Output, ReportError, Request, ResourceRow};

/// Name of the format.
pub const FORMAT: &str = "backup-audit-findings";
/// Version of the format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    tool_version: &'a str,
    as_of: String,
    window: WireWindow,
    dataset_digest: &'a str,
    rules_digest: &'a str,
    /// Whether `findings` holds what passed or is not applicable, too.
    all: bool,
    counts: WireCounts,
    /// Counts by rule id.
    rules: BTreeMap<&'a str, WireRule<'a>>,
    gaps: Vec<WireGap<'a>>,
    findings: Vec<WireFinding<'a>>,
}

#[derive(Serialize)]
struct WireWindow {
    start: String,
    end: String,
}

#[derive(Serialize)]
struct WireCounts {
    judged: u64,
    fail: u64,
    unknown: u64,
    waived: u64,
    pass: u64,
    not_applicable: u64,
}

#[derive(Serialize)]
struct WireRule<'a> {
    title: &'a str,
    /// Digest of what it asks, with the parameters in force.
    digest: &'a str,
    severity: Severity,
    #[serde(flatten)]
    counts: WireCounts,
}

/// A read that is missing.
#[derive(Serialize)]
pub(super) struct WireGap<'a> {
    table: &'a str,
    account_id: &'a str,
    region: &'a str,
    parent: Option<&'a str>,
    status: &'static str,
    operation: &'a str,
    reason: &'a str,
    collection: &'a str,
}

#[derive(Serialize)]
struct WireObjective<'a> {
    /// Empty for the default, which nobody approved.
    id: &'a str,
    /// Digest of what it asks.
    digest: &'a str,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    rule_id: &'a str,
    verdict: Verdict,
    severity: Severity,
    subject_arn: &'a str,
    subject_type: &'a str,
    account_id: &'a str,
    region: &'a str,
    observed: &'a str,
    expected: &'a str,
    message: &'a str,
    controls: Vec<&'a str>,
    evidence: &'a str,
    waiver_id: Option<&'a str>,
    /// What the subject owes, if it is a resource and that is known.
    objective: Option<WireObjective<'a>>,
    finding_id: &'a str,
}

/// Writes the document, indented, with a line feed at its end.
///
/// # Errors
/// `ReportError::Json`, which plain structs do not give.
pub(super) fn write(request: &Request<'_>) -> Result<Vec<Output>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(&document(request)).map_err(ReportError::Json)?;
    bytes.push(b'\n');
    Ok(vec![Output { file_name: "findings.json".into(), bytes }])
}

fn document<'a>(request: &Request<'a>) -> Document<'a> {
    let about = &request.judgement.about;
    let ledger = Ledger::new(request.judgement);
    let rule = |rule: &super::view::ledger::RuleLedger<'a>| {
        let title = rule.text.map_or("", |text| text.title.as_str());
        let digest = rule.text.map_or("", |text| text.digest.as_str());
        (rule.id, WireRule { title, digest, severity: rule.severity, counts: counts(&rule.counts) })
    };
    let resources = request.judgement.resources.iter().map(|row| (row.arn.as_str(), row)).collect();
    let mut gaps: Vec<_> = request.judgement.gaps.iter().collect();
    gaps.sort();
    Document {
        format: FORMAT,
        version: VERSION,
        tool_version: &about.tool_version,
        as_of: moment::text(about.as_of_s),
        window: WireWindow { start: moment::text(about.window.start_s), end: moment::text(about.window.end_s) },
        dataset_digest: &about.dataset_digest,
        rules_digest: &about.rules_digest,
        all: request.all,
        counts: counts(&ledger.counts),
        rules: ledger.rules.iter().map(rule).collect(),
        gaps: gaps.into_iter().map(gap).collect(),
        findings: request.findings().into_iter().map(|one| finding(one, &resources)).collect(),
    }
}

fn counts(counts: &Counts) -> WireCounts {
    let Counts { fail, unknown, waived, pass, not_applicable } = *counts;
    WireCounts { judged: counts.judged(), fail, unknown, waived, pass, not_applicable }
}

/// A missing read as it is written.
pub(super) fn gap(gap: &Gap) -> WireGap<'_> {
    WireGap {
        table: &gap.table,
        account_id: &gap.account_id,
        region: &gap.region,
        parent: gap.parent.as_deref(),
        status: gap.status.word(),
        operation: &gap.operation,
        reason: &gap.reason,
        collection: &gap.collection,
    }
}

fn finding<'a>(finding: &'a Finding, resources: &BTreeMap<&str, &'a ResourceRow>) -> WireFinding<'a> {
    let of_resource = resources.get(finding.subject_arn.as_str());
    let objective = of_resource.and_then(|row| Some(WireObjective { id: row.objective_id.as_deref()?, digest: &row.objective_digest }));
    WireFinding {
        objective,
        rule_id: &finding.rule_id,
        verdict: finding.verdict,
        severity: finding.severity,
        subject_arn: &finding.subject_arn,
        subject_type: &finding.subject_type,
        account_id: &finding.account_id,
        region: &finding.region,
        observed: &finding.observed,
        expected: &finding.expected,
        message: &finding.message,
        controls: finding.controls.split("; ").filter(|id| !id.is_empty()).collect(),
        evidence: &finding.evidence,
        waiver_id: (!finding.waiver_id.is_empty()).then_some(finding.waiver_id.as_str()),
        finding_id: &finding.finding_id,
    }
}
