//! Waivers: failures that somebody accepted, with a reason, for a time.
//!
//! Only `fail` can be waived; what is unknown stays unknown. A waiver that has ended, or that nothing needs, is a finding itself, so that the
//! list stays short and true.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::finding::Finding;
use super::judge::{Judgement, RowCounts};
use super::pattern::{Pattern, Subjects};
use super::rule::RuleSet;
use crate::model::{AccountId, Severity, Verdict, moment};

/// A waiver as `audit.yaml` has it. Every text must say something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverEntry {
    /// Short name, unique among waivers; findings carry it.
    pub id: Spanned<String>,
    /// Rule whose failures are accepted.
    pub rule: Spanned<String>,
    /// ARN pattern with `*`.
    pub subject: Option<Pattern>,
    /// Account. At least one of subject and account is given.
    pub account: Option<AccountId>,
    /// Why it is accepted.
    pub reason: Spanned<String>,
    /// Who answers for it.
    pub owner: Spanned<String>,
    /// Who agreed.
    pub approver: Spanned<String>,
    /// First moment it holds; a date is midnight UTC.
    pub start: Spanned<String>,
    /// First moment it no longer holds.
    pub expires: Spanned<String>,
    /// What protects the data in the meantime.
    pub compensating_control: Spanned<String>,
}

/// A checked waiver; holds in `[start_s, expires_s)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Short name.
    pub id: String,
    /// Rule, by its present id.
    pub rule: String,
    /// Whom it is about.
    pub subjects: Subjects,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who agreed.
    pub approver: String,
    /// First second it holds.
    pub start_s: i64,
    /// First second it no longer holds.
    pub expires_s: i64,
    /// What protects the data in the meantime.
    pub compensating_control: String,
}

/// A rule that judges waivers and not the estate.
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
}

/// A waiver has ended.
pub const WAIVER_EXPIRED: BuiltInRule = BuiltInRule {
    id: "waiver-expired",
    title: "Waiver has expired",
    severity: Severity::Medium,
    why: "A risk was accepted for a time that is over, and nobody has decided again.",
    fix: "Repair what it waived and remove it, or have it approved again with a new expiry.",
};

/// A waiver that nothing needs.
pub const WAIVER_UNUSED: BuiltInRule = BuiltInRule {
    id: "waiver-unused",
    title: "Waiver matches no failure",
    severity: Severity::Low,
    why: "A waiver that waives nothing would hide the failure when it comes back.",
    fix: "Remove the waiver, or correct its rule or subject.",
};

/// Checks waivers against the rules. `file` is the file they were read from.
///
/// # Errors
/// All of: an empty text, an id that stands twice, a rule that does not exist, nobody it is about, an unreadable moment, an expiry that is not after
/// the start.
pub fn check(entries: &[WaiverEntry], rules: &RuleSet, file: &SourceFile) -> Result<Vec<Waiver>, RuleErrors> {
    let mut errors = Vec::new();
    let mut waivers: Vec<Waiver> = Vec::with_capacity(entries.len());
    for entry in entries {
        let twice = waivers.iter().any(|known| known.id == entry.id.value);
        if twice {
            errors.push(file.error(file.span(entry.id.referenced), format!("waiver `{}` stands here twice", entry.id.value), None));
        }
        waivers.extend(waiver(entry, rules, file, &mut errors));
    }
    if errors.is_empty() { Ok(waivers) } else { Err(RuleErrors(errors)) }
}

fn waiver(entry: &WaiverEntry, rules: &RuleSet, file: &SourceFile, errors: &mut Vec<RuleError>) -> Option<Waiver> {
    let before = errors.len();
    let mut error = |at: &Spanned<String>, message: String, hint| errors.push(file.error(file.span(at.referenced), message, hint));
    let texts = [
        ("id", &entry.id),
        ("reason", &entry.reason),
        ("owner", &entry.owner),
        ("approver", &entry.approver),
        ("compensating_control", &entry.compensating_control),
    ];
    for (key, text) in texts.into_iter().filter(|(_, text)| text.value.trim().is_empty()) {
        error(text, format!("`{key}` is empty"), None);
    }
    let rule = rules.get(&entry.rule.value);
    if rule.is_none() {
        let hint = rules.nearest(&entry.rule.value).map(|near| format!("did you mean `{near}`?"));
        error(&entry.rule, format!("there is no rule `{}`", entry.rule.value), hint);
    }
    let subjects = Subjects { subject: entry.subject.clone(), account: entry.account.clone() };
    if subjects == Subjects::default() {
        error(&entry.id, "a waiver names a `subject`, an `account` or both".to_owned(), None);
    }
    let mut read = |text: &Spanned<String>| moment::parse(&text.value).map_err(|wrong| error(text, wrong.to_string(), None)).ok();
    let (start, expires) = (read(&entry.start), read(&entry.expires));
    if let (Some(start), Some(expires)) = (start, expires)
        && expires <= start
    {
        error(&entry.expires, "the waiver expires before it starts".to_owned(), None);
    }
    if errors.len() > before {
        return None;
    }
    Some(Waiver {
        id: entry.id.value.clone(),
        rule: rule?.id.clone(),
        subjects,
        reason: entry.reason.value.clone(),
        owner: entry.owner.value.clone(),
        approver: entry.approver.value.clone(),
        start_s: start?,
        expires_s: expires?,
        compensating_control: entry.compensating_control.value.clone(),
    })
}

impl Waiver {
    /// Whether it holds at a moment.
    pub fn holds(&self, as_of_s: i64) -> bool {
        self.start_s <= as_of_s && as_of_s < self.expires_s
    }

    fn matches(&self, finding: &Finding) -> bool {
        self.rule == finding.rule_id && self.subjects.matches(&finding.subject_arn, &finding.account_id)
    }

    fn finding(&self, rule: &BuiltInRule, observed: String, expected: &str, message: String) -> Finding {
        let account_id = self.subjects.account_id().to_owned();
        let subject_arn = match account_id.as_str() {
            "" => format!("waiver/{}", self.id),
            account => format!("arn:aws:iam::{account}:root#waiver/{}", self.id),
        };
        let finding = Finding {
            rule_id: rule.id.to_owned(),
            verdict: Verdict::Fail,
            severity: rule.severity,
            subject_arn,
            subject_type: "waiver".to_owned(),
            account_id,
            region: String::new(),
            observed,
            expected: expected.to_owned(),
            message,
            controls: String::new(),
            evidence: format!("waiver={}", self.id),
            waiver_id: self.id.clone(),
            finding_id: String::new(),
        };
        finding.with_id()
    }
}

/// Applies waivers to what was judged: failures they match become `waived`, the first that matches counts. Waivers of judged rules that have
/// expired, or hold and match nothing, are added as findings of [`WAIVER_EXPIRED`] and [`WAIVER_UNUSED`].
///
/// A waiver that matches no failure is not called unused while something of its rule is unknown: the failure may only be out of sight.
#[must_use]
pub fn apply(mut judgement: Judgement, waivers: &[Waiver], as_of_s: i64) -> Judgement {
    let mut used = vec![false; waivers.len()];
    for finding in &mut judgement.findings {
        for (waiver, used) in waivers.iter().zip(&mut used) {
            if !waiver.holds(as_of_s) || waiver.rule != finding.rule_id {
                continue;
            }
            let unread = finding.verdict == Verdict::Unknown && (finding.subject_type == "read" || waiver.matches(finding));
            *used |= unread;
            let accepted = matches!(finding.verdict, Verdict::Fail | Verdict::Waived) && waiver.matches(finding);
            *used |= accepted;
            if accepted && finding.verdict == Verdict::Fail {
                finding.verdict = Verdict::Waived;
                finding.waiver_id.clone_from(&waiver.id);
            }
        }
    }
    let mut found = Vec::new();
    for (waiver, used) in waivers.iter().zip(used).filter(|(waiver, _)| judgement.rules.contains(&waiver.rule)) {
        if as_of_s >= waiver.expires_s {
            let ended = moment::short(waiver.expires_s);
            let message = format!("waiver {} of rule {} expired at {ended}; its owner is {}", waiver.id, waiver.rule, waiver.owner);
            found.push(waiver.finding(&WAIVER_EXPIRED, format!("expired at {ended}"), "an expiry in the future", message));
        } else if waiver.holds(as_of_s) && !used {
            let message = format!("waiver {} matches no failure of rule {}; its owner is {}", waiver.id, waiver.rule, waiver.owner);
            found.push(waiver.finding(&WAIVER_UNUSED, "no failure".to_owned(), "at least one failure", message));
        }
    }
    let rows = std::mem::take(&mut judgement.rows);
    let mut all: Vec<_> = std::mem::take(&mut judgement.findings).into_iter().zip(rows).collect();
    all.extend(found.into_iter().map(|finding| (finding, RowCounts::default())));
    all.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
    (judgement.findings, judgement.rows) = all.into_iter().unzip();
    judgement
}
