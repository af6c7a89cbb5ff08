//! What a rule can say, and how bad a failure is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a rule says about one subject. Only `Pass` counts as passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything the rule asks for was read and holds.
    Pass,
    /// Something that was read breaks the rule.
    Fail,
    /// What was read does not decide it.
    Unknown,
    /// Nothing asks this of the subject.
    NotApplicable,
    /// Fails, and a waiver in force says why that is accepted.
    Waived,
}

/// How bad a failure is, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Fix when convenient.
    Low,
    /// Fix this quarter.
    Medium,
    /// Fix this week.
    High,
    /// Data is at risk now.
    Critical,
}

impl Verdict {
    /// All verdicts, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Fail, Self::Unknown, Self::Waived, Self::Pass, Self::NotApplicable];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not_applicable",
            Self::Waived => "waived",
        }
    }
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|level| level.word() == text).ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|level| level.word()).collect();
            format!("`{text}` is not a severity: use one of {}", words.join(", "))
        })
    }
}

impl FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == text).ok_or_else(|| format!("`{text}` is not a verdict"))
    }
}
