//! The rules that judge waivers, so that the list stays short, true and narrow.

use smol_str::SmolStr;

use super::Waiver;
use crate::engine::alternative::ALTERNATIVE_EXPIRED;
use crate::engine::finding::Finding;
use crate::model::{Severity, Verdict};

/// A rule that judges what the configuration accepts, and not the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInRule {
    /// Its id.
    pub id: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// What it judges, and what a row of it is.
    pub over: (&'static str, &'static str),
}

const OVER: (&str, &str) = ("waivers", "The accepted failures of the configuration: one row a waiver.");

/// A waiver has ended.
pub const WAIVER_EXPIRED: BuiltInRule = BuiltInRule {
    id: "waiver-expired",
    title: "Waiver has expired",
    severity: Severity::Medium,
    why: "A risk was accepted for a time that is over, and nobody has decided again.",
    fix: "Repair what it waived and remove it, or have it approved again with a new expiry.",
    over: OVER,
};

/// A waiver that nothing needs.
pub const WAIVER_UNUSED: BuiltInRule = BuiltInRule {
    id: "waiver-unused",
    title: "Waiver matches no failure",
    severity: Severity::Low,
    why: "A waiver that waives nothing would hide the failure when it comes back.",
    fix: "Remove the waiver, or correct its rule or subject.",
    over: OVER,
};

/// A waiver that accepts more than anybody can have looked at.
pub const WAIVER_OVER_BROAD: BuiltInRule = BuiltInRule {
    id: "waiver-over-broad",
    title: "Waiver accepts failures of resources that nobody named",
    severity: Severity::Medium,
    why: "Whoever approved it cannot know what it will accept tomorrow: it also accepts the failure of what is not there yet, or of what somebody tags.",
    fix: "Name the resources, or at least their account: an ARN pattern with the account's twelve digits and a resource, or an account beside the tag.",
    over: OVER,
};

/// The rules that judge waivers and alternatives, sorted by id.
pub const BUILT_IN: [BuiltInRule; 4] = [ALTERNATIVE_EXPIRED, WAIVER_EXPIRED, WAIVER_OVER_BROAD, WAIVER_UNUSED];

impl Waiver {
    /// A failure of this waiver itself.
    pub(super) fn finding(&self, rule: &BuiltInRule, observed: String, expected: &str, message: String) -> Finding {
        let account_id = self.subjects.account_id().to_owned();
        let subject_arn = match account_id.as_str() {
            "" => format!("waiver/{}", self.id),
            account => format!("arn:aws:iam::{account}:root#waiver/{}", self.id),
        };
        let finding = Finding {
            rule_id: rule.id.into(),
            verdict: Verdict::Fail,
            severity: rule.severity,
            subject_arn: subject_arn.into(),
            subject_type: "waiver".into(),
            account_id: account_id.into(),
            region: SmolStr::default(),
            observed,
            expected: expected.to_owned(),
            message,
            controls: SmolStr::default(),
            evidence: format!("waiver={}", self.id).into(),
            waiver_id: self.id.clone().into(),
            finding_id: String::new(),
        };
        finding.with_id()
    }

    /// What its terms alone make wrong at a moment: that it has ended, or is too broad. Whether anything needs it is not asked.
    pub fn findings(&self, as_of_s: i64) -> Vec<Finding> {
        let mut found = Vec::new();
        if as_of_s >= self.expires_s {
            let ended = crate::model::moment::short(self.expires_s);
            let message = format!("waiver {} of rule {} expired at {ended}; its owner is {}", self.id, self.rule, self.owner);
            found.push(self.finding(&WAIVER_EXPIRED, format!("expired at {ended}"), "an expiry in the future", message));
        } else if let Some(why) = self.over_broad() {
            let message = format!("waiver {} of rule {} is for {}: {why}; its owner is {}", self.id, self.rule, self.subjects, self.owner);
            found.push(self.finding(&WAIVER_OVER_BROAD, self.subjects.to_string(), "an account, and a resource in it", message));
        }
        found
    }
}
