//! Rules for a person: `audit rules list` by theme, in columns, with their number; `audit rules explain` as one page.

use std::collections::BTreeMap;

use crate::engine::equivalent::Equivalent;
use crate::engine::explain::{RuleLine, RulePage};
use crate::model::{Severity, Verdict};

use super::paint::{Paint, severity_color};
use super::terminal::{Style, wrapped};
use super::text::{count, plural};

/// Columns that a title needs beside its id; where there are fewer, it goes below.
const LEAST_TITLE: usize = 24;

/// All rules by theme, each with its severity, its id and what is wrong where it fails; how many there are of each severity at the end.
pub fn list(lines: &[RuleLine], style: Style) -> String {
    let paint = Paint::new(style);
    let mut themes: BTreeMap<&str, Vec<&RuleLine>> = BTreeMap::new();
    for line in lines {
        themes.entry(&line.theme).or_default().push(line);
    }
    let longest = lines.iter().map(|line| line.id.chars().count()).max().unwrap_or(0);
    let below = usize::from(style.width) < "  critical  ".len() + longest + 2 + LEAST_TITLE;
    let mut text = String::new();
    for (theme, lines) in themes {
        text += &format!("{} ({})\n", paint.bold(theme), lines.len());
        for line in lines {
            let severity = paint.colored(&format!("{:8}", line.severity.word()), severity_color(line.severity));
            text += &if below {
                format!("  {severity}  {}\n{}", line.id, paint.indented(&format!("    {}", line.title), 4))
            } else {
                paint.hanging(&format!("  {severity}  {:longest$}  ", line.id), &line.title)
            };
        }
        text.push('\n');
    }
    text + &paint.wrapped(&counted(lines)) + "\n"
}

fn counted(lines: &[RuleLine]) -> String {
    let of = |severity: Severity| lines.iter().filter(|line| line.severity == severity).count();
    let by_severity = Severity::ALL.into_iter().filter(|one| of(*one) > 0).map(|one| format!("{} {one}", of(one)));
    let rules = plural(count(lines.len()), "rule", "rules");
    format!("{rules}: {}. What one of them asks, and why: audit rules explain ID", by_severity.collect::<Vec<_>>().join(", "))
}

/// One rule: what is wrong, why it matters, what to do; then what it asks of what, what proves it, and what it says in which case.
pub fn page(page: &RulePage, style: Style) -> String {
    let mut text = format!("{} (severity {})\n{}\n\n", page.line.id, page.line.severity, page.line.title);
    text += &format!("Why it matters: {}\n\nWhat to do: {}\n\n", page.why.trim(), page.fix.trim());
    text += &asks(page);
    text += &format!("\nAs SQL, row by row, without what was not read (which makes it unknown, too)\n{}\n", page.sql);
    text += &format!("\nWhat it proves\n  evidence of the kinds {}\n", page.line.evidence.join(", "));
    text += &requirements(&page.line.controls);
    for same in page.equivalent_to.chunk_by(|one, next| one.differs == next.differs) {
        let checks: Vec<String> = same.iter().map(Equivalent::check).collect();
        let differs = same.first().and_then(|one| one.differs.as_ref()).map(|differs| format!("; differs: {differs}"));
        text += &format!("  Answers {}{}\n", checks.join(", "), differs.unwrap_or_default());
    }
    for reference in &page.references {
        text += &format!("  see {reference}\n");
    }
    text += "\nWhat it says in which case (what is not given was not told)\n";
    for case in &page.cases {
        text += &format!("  {}: {}\n      given {}\n", word(case.gives), case.name, case.given);
    }
    wrapped(&text, style)
}

/// What it looks at, of what it speaks, what has to be so, and what leaves it unknown.
fn asks(page: &RulePage) -> String {
    let mut text = format!("What it asks\n  looks at {}: {}\n", page.line.over, page.over_doc);
    if !page.applies.is_empty() {
        text += &format!("  speaks only of rows where {}\n", page.applies);
    }
    let rows = if page.quantify == "any" { "one row" } else { "every row" };
    text += &format!("  passes if {rows} of the subject satisfies: {}\n", page.pass);
    text += "  unknown, and never passed, where a column that decides is not known\n";
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (table, reach) in &page.rests_on {
        tables.entry(reach).or_default().push(table);
    }
    for (reach, tables) in tables {
        let place = if reach == "everywhere" { "anywhere".to_owned() } else { format!("in the {reach}") };
        text += &format!("  unknown, too, where one of these was not read {place}: {}\n", tables.join(", "));
    }
    for param in &page.params {
        text += &format!("  :{} is {} unless audit.yaml says otherwise: {}\n", param.name, param.default, param.doc);
    }
    for (column, doc) in &page.columns {
        text += &format!("    {column}: {doc}\n");
    }
    text
}

/// A line for each framework, with its requirements.
fn requirements(controls: &str) -> String {
    let mut frameworks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (framework, requirement) in controls.split("; ").filter_map(|control| control.split_once(':')) {
        frameworks.entry(framework).or_default().push(requirement);
    }
    let line = |(framework, requirements): (&str, Vec<&str>)| format!("    {framework}: {}\n", requirements.join(", "));
    let lines: String = frameworks.into_iter().map(line).collect();
    if lines.is_empty() { String::new() } else { format!("  requirements of\n{lines}") }
}

/// A verdict in the words of every text for people.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not asked",
        other => other.word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, theme: &str, severity: Severity) -> RuleLine {
        RuleLine {
            id: id.to_owned(),
            theme: theme.to_owned(),
            title: "Something that has to be said in a few words is wrong".to_owned(),
            severity,
            over: String::new(),
            evidence: Vec::new(),
            controls: String::new(),
        }
    }

    #[test]
    fn rules_stand_in_columns_by_theme() {
        let lines = [line("key-gone", "encryption", Severity::Critical), line("late", "jobs", Severity::Low)];
        let of = |width| list(&lines, Style { color: false, width });
        assert_eq!(
            of(60),
            "encryption (1)
  critical  key-gone  Something that has to be said in a few
                      words is wrong

jobs (1)
  low       late      Something that has to be said in a few
                      words is wrong

2 rules: 1 critical, 1 low. What one of them asks, and why:
audit rules explain ID
"
        );
        assert!(of(40).contains("  low       late\n    Something that"), "no room beside the id: below it\n{}", of(40));
        assert_eq!(
            list(&lines[..1], Style { color: false, width: 80 }).lines().last(),
            Some("1 rule: 1 critical. What one of them asks, and why: audit rules explain ID")
        );
    }
}
