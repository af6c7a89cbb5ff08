//! Findings as a table: the columns of `findings.parquet`, in the order of every tabular output.

use std::io::Cursor;

use polars::prelude::{ParquetReader, SerReader};

use super::finding::Finding;
use crate::dataset::Batch;
use crate::dataset::frame::{FrameError, from_frame, parquet};

crate::rows! {
    /// A finding as a row.
    struct FindingRow {
        /// Rule that judged
        rule_id: Text, Never, "";
        /// `pass`, `fail`, `unknown`, `not_applicable` or `waived`
        verdict: Text, Never, "";
        /// How bad a failure is
        severity: Text, Never, "";
        /// ARN of the subject
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// What was seen
        observed: Text, Never, "";
        /// What the rule asks for
        expected: Text, Never, "";
        /// One sentence
        message: Text, Never, "";
        /// Requirements it speaks to
        controls: Text, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
        /// Waiver in force
        waiver_id: Text, Never, "";
        /// Id of the finding
        finding_id: Text, Never, "";
    }
}

/// Every finding, of every verdict, as a Parquet file.
///
/// # Errors
/// `FrameError::Polars` if it cannot be written.
pub fn to_parquet(findings: &[Finding]) -> Result<Vec<u8>, FrameError> {
    let rows = findings.iter().cloned().map(|finding| FindingRow {
        rule_id: Some(finding.rule_id.into()),
        verdict: Some(finding.verdict.word().to_owned()),
        severity: Some(finding.severity.word().to_owned()),
        subject_arn: Some(finding.subject_arn.into()),
        subject_type: Some(finding.subject_type.into()),
        account_id: Some(finding.account_id.into()),
        region: Some(finding.region.into()),
        observed: Some(finding.observed),
        expected: Some(finding.expected),
        message: Some(finding.message),
        controls: Some(finding.controls.into()),
        evidence: Some(finding.evidence.into()),
        waiver_id: Some(finding.waiver_id.into()),
        finding_id: Some(finding.finding_id),
    });
    parquet("findings", &Batch::from_rows(rows))
}

/// Reads findings back from the bytes of such a file.
///
/// # Errors
/// `FrameError` naming what is no Parquet, the column that is missing, or the first word that is no verdict or severity.
pub fn from_parquet(bytes: &[u8]) -> Result<Vec<Finding>, FrameError> {
    let frame = ParquetReader::new(Cursor::new(bytes)).finish();
    let frame = frame.map_err(|source| FrameError::Polars { relation: "findings".to_owned(), source })?;
    let rows: Vec<FindingRow> = from_frame("findings", &frame)?;
    rows.into_iter().map(finding).collect()
}

fn finding(row: FindingRow) -> Result<Finding, FrameError> {
    let wrong = |column: &'static str| {
        move |found: String| FrameError::Type { relation: "findings".to_owned(), column, found, expected: "a word of this format" }
    };
    let text = Option::unwrap_or_default;
    Ok(Finding {
        rule_id: text(row.rule_id).into(),
        verdict: text(row.verdict).parse().map_err(wrong("verdict"))?,
        severity: text(row.severity).parse().map_err(wrong("severity"))?,
        subject_arn: text(row.subject_arn).into(),
        subject_type: text(row.subject_type).into(),
        account_id: text(row.account_id).into(),
        region: text(row.region).into(),
        observed: text(row.observed),
        expected: text(row.expected),
        message: text(row.message),
        controls: text(row.controls).into(),
        evidence: text(row.evidence).into(),
        waiver_id: text(row.waiver_id).into(),
        finding_id: text(row.finding_id),
    })
}
