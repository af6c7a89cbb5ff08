//! Findings as a table: the columns of `findings.parquet`, in the order of every tabular output.

use super::finding::Finding;
use crate::dataset::Batch;
use crate::dataset::frame::{FrameError, parquet};

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
        rule_id: Some(finding.rule_id),
        verdict: Some(finding.verdict.word().to_owned()),
        severity: Some(finding.severity.word().to_owned()),
        subject_arn: Some(finding.subject_arn),
        subject_type: Some(finding.subject_type),
        account_id: Some(finding.account_id),
        region: Some(finding.region),
        observed: Some(finding.observed),
        expected: Some(finding.expected),
        message: Some(finding.message),
        controls: Some(finding.controls),
        evidence: Some(finding.evidence),
        waiver_id: Some(finding.waiver_id),
        finding_id: Some(finding.finding_id),
    });
    parquet("findings", &Batch::from_rows(rows))
}
