//! Reading `findings.json` back: what [`json`](super::json) writes, and what an older version of it wrote.
//!
//! A field that an older file does not have is not known; a file of a newer version is refused, because its fields may mean something else.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::json::{FORMAT, VERSION};
use crate::dataset::{Gap, ReadStatus};
use crate::engine::Finding;
use crate::engine::compare::{Owes, Side};
use crate::model::{Severity, Verdict, moment};

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or not of this shape.
    #[error("it is no findings.json")]
    Json(#[from] serde_json::Error),
    /// It is another format.
    #[error("its format is `{0}`, not `{FORMAT}`")]
    Format(String),
    /// It is newer than this tool.
    #[error("it is of version {0}, and this tool reads up to version {VERSION}")]
    Newer(u32),
    /// Its moment cannot be read.
    #[error("its `as_of` cannot be read")]
    Moment(#[from] moment::MomentError),
}

#[derive(Deserialize)]
struct Document {
    format: String,
    version: u32,
    as_of: String,
    all: bool,
    rules: BTreeMap<String, Rule>,
    gaps: Vec<WireGap>,
    findings: Vec<Wire>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    digest: Option<String>,
    judged: u64,
}

#[derive(Deserialize)]
struct WireGap {
    table: String,
    account_id: String,
    region: String,
    parent: Option<String>,
    status: String,
    operation: String,
    reason: String,
    collection: String,
}

#[derive(Deserialize)]
struct Wire {
    rule_id: String,
    verdict: Verdict,
    severity: Severity,
    subject_arn: String,
    subject_type: String,
    account_id: String,
    region: String,
    observed: String,
    expected: String,
    message: String,
    controls: Vec<String>,
    evidence: String,
    waiver_id: Option<String>,
    #[serde(default)]
    objective: Option<Objective>,
    finding_id: String,
}

#[derive(Deserialize)]
struct Objective {
    id: String,
    digest: String,
}

/// A `findings.json`.
#[derive(Clone, Debug)]
pub struct Read {
    /// The moment it judges.
    pub as_of_s: i64,
    /// Its findings with what they were judged by.
    pub side: Side,
    /// What was not read.
    pub gaps: Vec<Gap>,
}

/// Reads the bytes of a `findings.json`.
///
/// # Errors
/// What is wrong with it.
pub fn findings_json(bytes: &[u8]) -> Result<Read, ReadError> {
    let document: Document = serde_json::from_slice(bytes)?;
    if document.format != FORMAT {
        return Err(ReadError::Format(document.format));
    }
    if document.version > VERSION {
        return Err(ReadError::Newer(document.version));
    }
    let as_of_s = moment::parse(&document.as_of)?;
    // A rule that judged nothing may have been switched off: that says nothing about what it failed before.
    let judged = document.rules.into_iter().filter(|(_, rule)| rule.judged > 0);
    let mut side = Side {
        rules: judged.map(|(id, rule)| (id, rule.digest.filter(|digest| !digest.is_empty()))).collect(),
        has_passes: document.all,
        ..Side::default()
    };
    for mut wire in document.findings {
        if let Some(Objective { id, digest }) = wire.objective.take() {
            side.objectives.insert(wire.subject_arn.clone(), Owes { id, digest });
        }
        side.findings.push(finding(wire));
    }
    Ok(Read { as_of_s, side, gaps: document.gaps.into_iter().map(gap).collect() })
}

/// A gap; a status that this tool does not know is one of those it knows least about.
fn gap(wire: WireGap) -> Gap {
    Gap {
        table: wire.table,
        account_id: wire.account_id,
        region: wire.region,
        parent: wire.parent,
        status: wire.status.parse().unwrap_or(ReadStatus::Unavailable),
        operation: wire.operation,
        reason: wire.reason,
        collection: wire.collection,
    }
}

fn finding(wire: Wire) -> Finding {
    Finding {
        rule_id: wire.rule_id.into(),
        verdict: wire.verdict,
        severity: wire.severity,
        subject_arn: wire.subject_arn.into(),
        subject_type: wire.subject_type.into(),
        account_id: wire.account_id.into(),
        region: wire.region.into(),
        observed: wire.observed,
        expected: wire.expected,
        message: wire.message,
        controls: wire.controls.join("; ").into(),
        evidence: wire.evidence.into(),
        waiver_id: wire.waiver_id.unwrap_or_default().into(),
        finding_id: wire.finding_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{ "format": "backup-audit-findings", "version": 1, "as_of": "2026-11-20T04:00:00Z", "all": false,
        "rules": { "off": { "judged": 2 }, "disabled": { "judged": 0 } }, "gaps": [], "findings": [] }"#;

    #[test]
    fn an_older_file_is_read_and_what_it_does_not_have_is_not_known() {
        let Read { as_of_s, side, .. } = findings_json(DOCUMENT.as_bytes()).unwrap();
        assert_eq!(as_of_s, moment::parse("2026-11-20T04:00:00Z").unwrap());
        assert_eq!(side.rules, BTreeMap::from([("off".to_owned(), None)]), "one judged, of unknown digest; one may be switched off");
        assert!(!side.has_passes && side.objectives.is_empty());
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let text = DOCUMENT;
        // what is wrong, file, words
        let cases = [
            ("not JSON", "{".to_owned(), "no findings.json"),
            ("another format", text.replace("backup-audit-findings", "other"), "`other`"),
            ("newer", text.replace("\"version\": 1", "\"version\": 9"), "version 9"),
            ("no moment", text.replace("2026-11-20T04:00:00Z", "now"), "as_of"),
            ("a verdict of tomorrow", text.replace("\"findings\": []", "\"findings\": [{ \"verdict\": \"maybe\" }]"), "no findings.json"),
        ];
        for (what, text, words) in cases {
            let error = findings_json(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{what}: {error}");
        }
    }
}
