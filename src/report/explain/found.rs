//! What was found about a resource and what is behind it; what is unknown in the same way is told once, by its cause.

use comfy_table::Color;

use super::text::{MOST_MESSAGE, MOST_TEXT};
use super::{Explanation, Unread};
use crate::engine::Finding;
use crate::model::{Severity, Verdict};
use crate::report::paint::{Paint, severity_color};
use crate::report::text::{clip, count, name, plural};

/// A finding, with the name of its subject if that is not the resource.
type Told<'t> = (&'t Finding, Option<String>);

/// What fails, is unknown or is waived, the worst first; then by name what passed.
pub(super) fn open(told: &Explanation, paint: &Paint) -> String {
    let open = told.findings.iter().filter(|finding| is_open(finding)).map(|finding| (finding, None)).collect();
    let mut text = paint.bold("Findings") + "\n" + &listed(told, open, paint);
    if !told.findings.iter().any(is_open) {
        text += &paint.indented("  Nothing fails, and nothing is unknown.", 2);
    }
    let passed: Vec<&str> =
        told.findings.iter().filter(|finding| finding.verdict == Verdict::Pass).map(|finding| finding.rule_id.as_str()).collect();
    if !passed.is_empty() {
        text += &paint.indented(&format!("  nothing wrong by {}: {}", plural(count(passed.len()), "rule", "rules"), passed.join(", ")), 4);
    }
    text
}

/// What is open about plans, selections and vaults behind it; `None` if nothing is.
pub(super) fn behind(told: &Explanation, paint: &Paint) -> Option<String> {
    let open: Vec<Told<'_>> = told.behind.iter().map(|finding| (finding, Some(called(told, &finding.subject_arn)))).collect();
    let title = paint.bold("Findings about the plans and vaults behind it") + "\n";
    let how = paint.indented("  What to do about one of them: audit rules explain ID", 4);
    (!open.is_empty()).then(|| title + &listed(told, open, paint) + &how)
}

/// Whether a finding is to be told with its message.
pub(super) fn is_open(finding: &Finding) -> bool {
    !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// What a plan, selection, vault or key is called.
pub(super) fn called(told: &Explanation, arn: &str) -> String {
    let (whole, part) = arn.split_once("#selection/").map_or((arn, None), |(whole, part)| (whole, Some(part)));
    let Some(plan) = told.plans.iter().find(|plan| whole == plan.arn) else {
        let kinds = [(":backup-vault:", "vault "), (":backup-plan:", "plan "), (":kms:", "key ")];
        let kind = kinds.into_iter().find(|(piece, _)| arn.contains(piece)).map_or("", |(_, kind)| kind);
        return format!("{kind}{}", name(arn));
    };
    let selection = part.map(|id| plan.selections.iter().find(|one| one.id == id).map_or(id, |one| one.name.as_str()));
    selection.map_or_else(|| format!("plan {}", plan.name), |selection| format!("selection {selection} of plan {}", plan.name))
}

/// Findings, the worst first; those that are unknown for one cause stand together.
fn listed(told: &Explanation, mut open: Vec<Told<'_>>, paint: &Paint) -> String {
    let place = |finding: &Finding| Verdict::ALL.iter().position(|one| *one == finding.verdict);
    open.sort_by_key(|(finding, _)| (place(finding), std::cmp::Reverse(finding.severity), finding.order()));
    let mut groups: Vec<(String, Vec<Told<'_>>)> = Vec::new();
    for one in open {
        let cause = if one.0.verdict == Verdict::Unknown { cause(told, one.0) } else { String::new() };
        match groups.iter_mut().find(|(other, _)| !cause.is_empty() && *other == cause) {
            Some((_, group)) => group.push(one),
            None => groups.push((cause, vec![one])),
        }
    }
    groups.iter().map(|(cause, group)| if group.len() > 1 { alike(cause, group, paint) } else { singly(group, paint) }).collect()
}

/// Why a finding is unknown: the read that its message names, that the part which the resource plays is not known, or the message itself.
fn cause(told: &Explanation, finding: &Finding) -> String {
    let named = |unread: &&Unread| finding.message.contains(&unread.sentence);
    if let Some(unread) = told.unread.iter().find(named) {
        return unread.sentence.clone();
    }
    if told.resource.role.is_empty() && finding.message.contains("`role`") {
        return "what part it plays (`role`) is not known: it may be what a restore test left behind, which is not asked".to_owned();
    }
    finding.message.clone()
}

/// Findings of one cause: the cause once, then the rules by severity.
fn alike(cause: &str, group: &[Told<'_>], paint: &Paint) -> String {
    let word = paint.colored("unknown", Color::Yellow);
    let many = plural(count(group.len()), "finding", "findings");
    let alike = if group.iter().any(|(finding, _)| finding.message == cause) { "in the same words" } else { "for one cause" };
    let mut text = paint.indented(&format!("  {word}, {many} {alike}: {}", clip(cause, MOST_TEXT)), 4);
    for severity in Severity::ALL {
        let of = group.iter().filter(|(finding, _)| finding.severity == severity);
        let rules: Vec<String> = of
            .map(|(finding, subject)| match subject {
                Some(subject) => format!("{} ({})", finding.rule_id, clip(subject, 120)),
                None => finding.rule_id.to_string(),
            })
            .collect();
        if !rules.is_empty() {
            text += &paint.indented(&format!("      [{severity}] {}", rules.join(", ")), 8);
        }
    }
    text
}

fn singly(group: &[Told<'_>], paint: &Paint) -> String {
    group.iter().map(|(finding, subject)| finding_text(finding, subject.as_deref(), paint)).collect()
}

fn finding_text(finding: &Finding, subject: Option<&str>, paint: &Paint) -> String {
    let (word, color) = match finding.verdict {
        Verdict::Fail => ("fail", severity_color(finding.severity)),
        Verdict::Unknown => ("unknown", Color::Yellow),
        other => (other.word(), Color::Cyan),
    };
    let waiver = if finding.waiver_id.is_empty() { String::new() } else { format!(", waiver {}", clip(&finding.waiver_id, 60)) };
    let subject = subject.map(|name| format!(" {}", clip(name, 120))).unwrap_or_default();
    let message = clip(&finding.message, MOST_MESSAGE);
    paint.indented(&format!("  {} [{}{waiver}] {}{subject}: {message}", paint.colored(word, color), finding.severity, finding.rule_id), 4)
}
