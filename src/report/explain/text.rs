//! An explanation for a person who has to act: what it owes, what covers it, how exposed it was, what happened, what was found, what to do.

use comfy_table::Color;

use super::{Explanation, Objective, course, covered};
use crate::engine::Finding;
use crate::model::{Verdict, moment};
use crate::report::paint::{Paint, severity_color};
use crate::report::terminal::Style;
use crate::report::text::{clip, count, name, plural, type_words};
use crate::report::{ObjectiveRow, ResourceDetail};

/// Failures that are told at the beginning, and how many characters of each.
const AT_FIRST: usize = 3;
const MOST_AT_FIRST: usize = 160;

/// Characters of a message or sentence.
pub(super) const MOST_TEXT: usize = 400;

/// Writes an explanation; lines end in a line feed and are at most as wide as the terminal, but for single words that are wider.
pub fn text(told: &Explanation, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = vec![head(told, &paint), objective(told, &paint), covered::coverage(told, &paint)];
    if told.exposure.is_empty() {
        parts.push(paint.bold("Data at risk") + "\n" + &paint.indented(&format!("  {}", course::not_measured(told)), 2));
    }
    parts.extend(told.exposure.iter().map(|row| course::exposure(told, row, &paint, style)));
    parts.extend(told.resource.detail.as_ref().map(|detail| course::happened(told, detail, &paint)));
    parts.push(open(told, &paint));
    parts.extend(behind(told, &paint));
    parts.extend(fixes(told, &paint));
    let text = parts.join("\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn head(told: &Explanation, paint: &Paint) -> String {
    let resource = &told.resource;
    let role = if resource.role.is_empty() { "role not known" } else { resource.role.as_str() };
    let kind = type_words(&resource.resource_type).0;
    let mut text = paint.bold(&clip(&resource.arn, 300)) + "\n";
    text +=
        &paint.indented(&format!("{kind} {} in {}, account {}; {role}", clip(&resource.name, 80), resource.region, resource.account_id), 2);
    if let Some(detail) = &resource.detail {
        let facts: Vec<String> = detail.facts.iter().map(|(what, value)| format!("{what}: {}", clip(value, 80))).collect();
        text += &paint.indented(&format!("  {}", facts.join("; ")), 2);
        text += &paint.indented(&format!("  {}", tags(detail)), 2);
    }
    let of = |verdict: Verdict| told.findings.iter().filter(|finding| finding.verdict == verdict).count();
    let counted = [
        format!("{} fail", of(Verdict::Fail)),
        format!("{} unknown", of(Verdict::Unknown)),
        format!("{} waived", of(Verdict::Waived)),
        format!("{} pass", of(Verdict::Pass)),
        format!("{} not asked", of(Verdict::NotApplicable)),
    ];
    text += &paint.indented(&format!("  As of {} UTC: {}", moment::short(told.as_of_s), counted.join(", ")), 2);
    text + &worst(told, paint)
}

/// What matters most, before everything that explains it.
fn worst(told: &Explanation, paint: &Paint) -> String {
    let mut failing: Vec<&Finding> = told.findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    failing.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), &finding.rule_id));
    let line = |finding: &&Finding| {
        let word = paint.colored(finding.severity.word(), severity_color(finding.severity));
        paint.indented(&format!("  {word} {}: {}", finding.rule_id, clip(&finding.message, MOST_AT_FIRST)), 4)
    };
    failing.iter().take(AT_FIRST).map(line).collect()
}

fn tags(detail: &ResourceDetail) -> String {
    match &detail.tags {
        None => "Tags: not read".to_owned(),
        Some(tags) if tags.is_empty() => "Tags: none".to_owned(),
        Some(tags) => {
            let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{}={}", clip(key, 60), clip(value, 60))).collect();
            format!("Tags: {}", tags.join(", "))
        }
    }
}

fn objective(told: &Explanation, paint: &Paint) -> String {
    let mut text = paint.bold("Objective") + "\n";
    let row = match &told.objective {
        Objective::NotKnown => {
            let line = "  ? not known: an entry of audit.yaml that comes first depends on tags that were not read";
            return text + &paint.indented(&paint.colored(line, Color::Yellow), 4);
        }
        Objective::Default(row) => {
            text += &paint.indented("  default, not approved: no entry of audit.yaml is for it", 4);
            row
        }
        Objective::Entry(row) => {
            text += &paint.indented(&format!("  {}: for {}", clip(&row.id, 80), clip(&row.subjects, MOST_TEXT)), 4);
            text += &paint.indented(&format!("  {}", approval(row)), 4);
            row
        }
    };
    let asks: Vec<String> = row.asks.iter().map(|(what, value)| format!("{what} {value}")).collect();
    let asks =
        if asks.is_empty() { "nothing; rules that ask whatever is owed are judged all the same".to_owned() } else { asks.join("; ") };
    text += &paint.indented(&format!("  owes: {}", clip(&asks, MOST_TEXT)), 4);
    if told.resource.role.contains("replica") && !row.asks.iter().any(|(what, _)| what == "include replicas") {
        text += &paint.indented("  It is a replica: its source owes this, and it would once it is promoted.", 4);
    }
    text
}

fn approval(row: &ObjectiveRow) -> String {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { clip(text, 80) };
    let since = if row.valid_from.is_empty() { String::new() } else { format!("; in force since {}", clip(&row.valid_from, 40)) };
    let approved = or(&row.approved_by, "nobody: it is in force, and reported as not approved");
    format!("owner {}; approved by {approved}{since}", or(&row.owner, "nobody named"))
}

/// What fails, is unknown or is waived, the worst first; then by name what passed.
fn open(told: &Explanation, paint: &Paint) -> String {
    let mut open: Vec<&Finding> =
        told.findings.iter().filter(|finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable)).collect();
    open.sort_by_key(|finding| (place(finding.verdict), std::cmp::Reverse(finding.severity), &finding.rule_id));
    let mut text = paint.bold("Findings") + "\n";
    if open.is_empty() {
        text += &paint.indented("  Nothing fails, and nothing is unknown.", 2);
    }
    text += &open.into_iter().map(|finding| finding_text(finding, None, paint)).collect::<String>();
    let passed: Vec<&str> =
        told.findings.iter().filter(|finding| finding.verdict == Verdict::Pass).map(|finding| finding.rule_id.as_str()).collect();
    if !passed.is_empty() {
        text += &paint.indented(&format!("  nothing wrong by {}: {}", plural(count(passed.len()), "rule", "rules"), passed.join(", ")), 4);
    }
    text
}

fn behind(told: &Explanation, paint: &Paint) -> Option<String> {
    let called = |arn: &str| {
        let plan = told.plans.iter().find(|plan| arn == plan.arn);
        plan.map_or_else(|| name(arn), |plan| format!("plan {}", plan.name))
    };
    let lines: String = told.behind.iter().map(|finding| finding_text(finding, Some(called(&finding.subject_arn)), paint)).collect();
    (!lines.is_empty()).then(|| paint.bold("Findings about the plans and vaults behind it") + "\n" + &lines)
}

fn finding_text(finding: &Finding, subject: Option<String>, paint: &Paint) -> String {
    let (word, color) = match finding.verdict {
        Verdict::Fail => ("fail", severity_color(finding.severity)),
        Verdict::Unknown => ("unknown", Color::Yellow),
        other => (other.word(), Color::Cyan),
    };
    let waiver = if finding.waiver_id.is_empty() { String::new() } else { format!(", waiver {}", clip(&finding.waiver_id, 60)) };
    let subject = subject.map(|name| format!(" {}", clip(&name, 120))).unwrap_or_default();
    let message = clip(&finding.message, MOST_TEXT);
    paint.indented(&format!("  {} [{}{waiver}] {}{subject}: {message}", paint.colored(word, color), finding.severity, finding.rule_id), 4)
}

fn place(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|one| *one == verdict).unwrap_or(Verdict::ALL.len())
}

fn fixes(told: &Explanation, paint: &Paint) -> Option<String> {
    let of = |(place, fix): (usize, &super::Fix)| {
        let line = format!("  {place}. {} ({})", clip(&fix.text, 600), fix.rules.join(", "));
        paint.indented(&line, 5)
    };
    let lines: String = (1..).zip(&told.fixes).map(of).collect();
    (!lines.is_empty()).then(|| paint.bold("What would repair it") + "\n" + &lines)
}
