//! Findings as CSV (RFC 4180, UTF-8): `findings.csv` with a finding a row, `rules.csv` with the counts that give it its denominators.
//!
//! The columns are the fields of [`Finding`] in their order. A cell that a spreadsheet would take for a formula gets a leading apostrophe,
//! so for such cells the file differs from what AWS said; `findings.json` is the unchanged record.

use std::borrow::Cow;

use ::csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

use crate::engine::Finding;
use crate::model::{Severity, Verdict};

use super::view::ledger::Ledger;
use super::{Output, ReportError, Request};

/// A row of `findings.csv`: what a finding holds, in its order.
#[derive(Serialize)]
struct FindingLine<'a> {
    rule_id: Cow<'a, str>,
    verdict: Verdict,
    severity: Severity,
    subject_arn: Cow<'a, str>,
    subject_type: Cow<'a, str>,
    account_id: Cow<'a, str>,
    region: Cow<'a, str>,
    observed: Cow<'a, str>,
    expected: Cow<'a, str>,
    message: Cow<'a, str>,
    controls: Cow<'a, str>,
    evidence: Cow<'a, str>,
    waiver_id: Cow<'a, str>,
    finding_id: Cow<'a, str>,
}

/// A row of `rules.csv`: all verdicts of a rule counted.
#[derive(Serialize)]
struct RuleLine<'a> {
    rule_id: Cow<'a, str>,
    severity: Severity,
    title: Cow<'a, str>,
    judged: u64,
    fail: u64,
    unknown: u64,
    waived: u64,
    pass: u64,
    not_applicable: u64,
}

/// Writes both files; without findings `findings.csv` holds its header only.
///
/// # Errors
/// `ReportError::Csv`, which writing to memory does not give.
pub(super) fn write(request: &Request<'_>) -> Result<Vec<Output>, ReportError> {
    let findings = findings(request).map_err(ReportError::Csv)?;
    let rules = rules(request).map_err(ReportError::Csv)?;
    Ok(vec![Output { file_name: "findings.csv".into(), bytes: findings }, Output { file_name: "rules.csv".into(), bytes: rules }])
}

fn findings(request: &Request<'_>) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = writer();
    writer.write_record([
        "rule_id",
        "verdict",
        "severity",
        "subject_arn",
        "subject_type",
        "account_id",
        "region",
        "observed",
        "expected",
        "message",
        "controls",
        "evidence",
        "waiver_id",
        "finding_id",
    ])?;
    for finding in request.findings() {
        writer.serialize(line(finding))?;
    }
    bytes(writer)
}

fn rules(request: &Request<'_>) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = writer();
    writer.write_record(["rule_id", "severity", "title", "judged", "fail", "unknown", "waived", "pass", "not_applicable"])?;
    let ledger = Ledger::new(request.judgement);
    let mut rules: Vec<_> = ledger.rules.iter().collect();
    rules.sort_by_key(|rule| rule.id);
    for rule in rules {
        writer.serialize(RuleLine {
            rule_id: defused(rule.id),
            severity: rule.severity,
            title: defused(rule.text.map_or("", |text| &text.title)),
            judged: rule.counts.judged(),
            fail: rule.counts.fail,
            unknown: rule.counts.unknown,
            waived: rule.counts.waived,
            pass: rule.counts.pass,
            not_applicable: rule.counts.not_applicable,
        })?;
    }
    bytes(writer)
}

fn line(finding: &Finding) -> FindingLine<'_> {
    FindingLine {
        rule_id: defused(&finding.rule_id),
        verdict: finding.verdict,
        severity: finding.severity,
        subject_arn: defused(&finding.subject_arn),
        subject_type: defused(&finding.subject_type),
        account_id: defused(&finding.account_id),
        region: defused(&finding.region),
        observed: defused(&finding.observed),
        expected: defused(&finding.expected),
        message: defused(&finding.message),
        controls: defused(&finding.controls),
        evidence: defused(&finding.evidence),
        waiver_id: defused(&finding.waiver_id),
        finding_id: defused(&finding.finding_id),
    }
}

/// The text, with a leading apostrophe if a spreadsheet would take it for a formula (`=`, `+`, `-`, `@`, also in full width, tab, CR, LF).
fn defused(text: &str) -> Cow<'_, str> {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if dangerous { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().has_headers(false).terminator(Terminator::CRLF).from_writer(Vec::new())
}

fn bytes(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, ::csv::Error> {
    writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_nothing_else_is_touched() {
        let cases = [
            ("=cmd()", "'=cmd()"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("'quoted", "'quoted"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(defused(text), expected, "{text:?}");
        }
    }
}
