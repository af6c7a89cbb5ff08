//! An explanation for a person who has to act: what it owes, what covers it, how exposed it was, what happened, what was found, what to do.

use comfy_table::Color;

use super::{Explanation, Objective, course, covered, found, todo};
use crate::engine::Finding;
use crate::model::{Verdict, moment};
use crate::report::paint::{Paint, severity_color};
use crate::report::terminal::Style;
use crate::report::text::{clip, count, plural, type_words};
use crate::report::{ObjectiveRow, ResourceDetail};

/// Failures that are told at the beginning, and how many characters of each.
const AT_FIRST: usize = 3;
const MOST_AT_FIRST: usize = 160;

/// Characters of a message or sentence.
pub(super) const MOST_TEXT: usize = 400;

/// Letters of a message: its reason may stand at its end.
pub(super) const MOST_MESSAGE: usize = 900;

/// Writes an explanation; lines end in a line feed and are at most as wide as the terminal, but for single words that are wider.
pub fn text(told: &Explanation, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = vec![head(told, &paint), objective(told, &paint), covered::coverage(told, &paint)];
    if told.exposure.is_empty() {
        parts.push(paint.bold("Data at risk") + "\n" + &paint.indented(&format!("  {}", course::not_measured(told)), 2));
    }
    parts.extend(told.exposure.iter().map(|row| course::exposure(told, row, &paint, style)));
    parts.extend(told.resource.detail.as_ref().map(|detail| course::happened(told, detail, &paint)));
    parts.push(found::open(told, &paint));
    parts.extend(found::behind(told, &paint));
    parts.extend(todo::repairs(told, &paint));
    parts.extend(todo::known_by(told, &paint));
    parts.extend(todo::proof(told, &paint));
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

/// What matters most, before everything that explains it: what fails worst, and that what is unknown may fail, too.
fn worst(told: &Explanation, paint: &Paint) -> String {
    let of = |verdict: Verdict| {
        let mut of: Vec<&Finding> = told.findings.iter().filter(|finding| finding.verdict == verdict).collect();
        of.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), &finding.rule_id));
        of
    };
    let (failing, unknown) = (of(Verdict::Fail), of(Verdict::Unknown));
    let line = |finding: &&Finding| {
        let word = paint.colored(finding.severity.word(), severity_color(finding.severity));
        let title = told.titles.get(finding.rule_id.as_str()).map_or(finding.message.as_str(), String::as_str);
        paint.indented(&format!("  {word} {}: {}", finding.rule_id, clip(title, MOST_AT_FIRST)), 4)
    };
    let mut text: String = failing.iter().take(AT_FIRST).map(line).collect();
    if let Some(more) = failing.len().checked_sub(AT_FIRST).filter(|more| *more > 0) {
        text += &paint.indented(&format!("  and {}, under Findings", plural(count(more), "more that fails", "more that fail")), 4);
    }
    if let Some(first) = unknown.first() {
        let many = plural(count(unknown.len()), "is unknown and may fail", "are unknown and may fail");
        let line = format!("? {many}, the worst {} ({})", first.rule_id, first.severity);
        text += &paint.indented(&format!("  {}", paint.colored(&line, Color::Yellow)), 4);
    }
    text + &behind(told, paint)
}

/// How many findings there are about what stands behind it, and whether that is all of it.
fn behind(told: &Explanation, paint: &Paint) -> String {
    let of = |verdict: Verdict| told.behind.iter().filter(move |finding| finding.verdict == verdict);
    let fails = plural(count(of(Verdict::Fail).count()), "finding fails", "findings fail");
    let open = of(Verdict::Unknown).max_by_key(|finding| finding.severity);
    let open = open.map(|worst| {
        let many = plural(count(of(Verdict::Unknown).count()), "is unknown", "are unknown");
        format!(" and {many}, the worst {} ({})", worst.rule_id, worst.severity)
    });
    let mut text = String::new();
    if open.is_some() || of(Verdict::Fail).next().is_some() {
        text += &paint.indented(&format!("  beside these, {fails}{} about its plans and vaults", open.unwrap_or_default()), 4);
    }
    if told.resource.detail.as_ref().is_some_and(|detail| detail.coverage.covered.is_none()) {
        let line = "? which plans back it up is not known, and so not what is found about all of them and their vaults";
        text += &paint.indented(&format!("  {}", paint.colored(line, Color::Yellow)), 4);
    }
    text
}

fn tags(detail: &ResourceDetail) -> String {
    match &detail.tags {
        None => "Tags: not told by any answer that was read".to_owned(),
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
            let line = "? not known: an entry of audit.yaml that comes first depends on tags that were not read";
            return text + &paint.indented(&format!("  {}", paint.colored(line, Color::Yellow)), 4);
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
    let asks = if asks.is_empty() {
        "nothing; rules that do not ask what is owed, as whether anything backs it up, are judged all the same".to_owned()
    } else {
        asks.join("; ")
    };
    text += &paint.indented(&format!("  owes: {}", clip(&asks, MOST_TEXT)), 4);
    if !told.also_for.is_empty() {
        let names: Vec<String> = told.also_for.iter().map(|id| clip(id, 80)).collect();
        let (is, does) = if names.len() == 1 { ("is", "does") } else { ("are", "do") };
        let line = format!("  {} {is} for it, too, and {does} not count: the first entry of audit.yaml does", names.join(", "));
        text += &paint.indented(&line, 4);
    }
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
