//! One verdict of one rule on one subject.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::model::{Severity, Verdict, key};

/// A finding, with its fields in the order of every tabular output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Rule that judged.
    pub rule_id: SmolStr,
    /// What it said.
    pub verdict: Verdict,
    /// How bad a failure of this rule is.
    pub severity: Severity,
    /// ARN of the subject, or `<parent ARN>#<kind>/<id>` for one without.
    pub subject_arn: SmolStr,
    /// AWS resource type (`AWS::RDS::DBInstance`), or `read` for something that could not be read.
    pub subject_type: SmolStr,
    /// Account of the subject.
    pub account_id: SmolStr,
    /// Region of the subject.
    pub region: SmolStr,
    /// What was seen, for people; empty if nothing was.
    pub observed: String,
    /// What the rule asks for; empty if it is not a value.
    pub expected: String,
    /// One sentence; rendered for everything but `pass` and `not_applicable`.
    pub message: String,
    /// Requirements it speaks to, `framework:id`, sorted, separated by `; `.
    pub controls: SmolStr,
    /// Where the proof lies: table, key and collection.
    pub evidence: SmolStr,
    /// Waiver in force; empty if none.
    pub waiver_id: SmolStr,
    /// `UUIDv5` of rule and subject.
    pub finding_id: String,
}

impl Finding {
    /// What findings are sorted by everywhere: rule, then subject.
    pub fn order(&self) -> (&str, &str) {
        (&self.rule_id, &self.subject_arn)
    }

    /// Fills in the id from rule and subject.
    #[must_use]
    pub fn with_id(mut self) -> Self {
        self.finding_id = key::finding_id(&self.rule_id, &self.subject_arn).to_string();
        self
    }
}
