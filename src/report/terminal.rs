//! The summary on a terminal: what is unknown and why, what fails by severity, and what to do first.
//!
//! Every percentage stands beside its denominator and what is unknown of it. Status is a word; colour only repeats it.

use comfy_table::{Cell, CellAlignment, Color};

use super::View;
use super::paint::{Paint, number, severity_color};
use super::text::{grouped, plural};
use super::view::{GapGroup, Totals};

/// How the summary is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to write ANSI colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: u16,
}

/// Writes the summary; lines end in a line feed and are at most as wide as the terminal, but for single words that are wider.
pub fn summary(view: &View, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = vec![paint.head(view), paint.gaps(view), paint.totals(&view.totals)];
    if !view.todo.items.is_empty() {
        parts.push(paint.todo(view));
    }
    let text = parts.join("\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

impl Paint {
    fn head(&self, view: &View) -> String {
        let subjects = plural(view.totals.subjects, "subject", "subjects");
        let rules = plural(view.totals.rules, "rule", "rules");
        let accounts = plural(view.accounts.count, "account", "accounts");
        let regions = plural(view.regions.count, "Region", "Regions");
        let title = self.bold(&format!("{} · {}", view.title, view.window.title));
        self.wrapped(&format!("{title}\n{subjects} in {accounts} and {regions}, judged by {rules}")) + "\n"
    }

    fn gaps(&self, view: &View) -> String {
        let (gaps, owed) = (&view.gaps, view.totals.owed);
        if gaps.reads == 0 && gaps.unknown == 0 {
            return self.wrapped("Nothing is unknown: every read that was asked for is complete.") + "\n";
        }
        let reads = plural(gaps.reads, "read is not complete", "reads are not complete");
        let unknown = format!("{} of {}", grouped(gaps.unknown), plural(owed, "verdict is unknown", "verdicts are unknown"));
        let mut text = self.wrapped(&self.colored(&format!("? {unknown}; {reads}"), Color::Yellow)) + "\n";
        for group in &gaps.groups {
            let effect = plural(group.unknown, "verdict rests on it", "verdicts rest on it");
            text += &self.indented(&format!("  {} {} ({effect})", operation(group), told(group)), 6);
            if !group.reason.is_empty() {
                text += &self.indented(&format!("      {}", group.reason), 6);
            }
        }
        if gaps.more > 0 {
            text += &self.indented(&format!("  and {} more, see the report", grouped(gaps.more)), 6);
        }
        text
    }

    fn totals(&self, totals: &Totals) -> String {
        let mut table = self.table(&["Severity", "Fail", "Unknown", "Waived", "Pass", "Of", "Passed"]);
        for line in &totals.severities {
            let fail = if line.fail > 0 { self.cell(number(line.fail), severity_color(line.severity)) } else { number(0) };
            let unknown = if line.unknown > 0 { self.cell(number(line.unknown), Color::Yellow) } else { number(0) };
            let passed = Cell::new(&line.passed).set_alignment(CellAlignment::Right);
            table.add_row([Cell::new(line.severity), fail, unknown, number(line.waived), number(line.pass), number(line.owed), passed]);
        }
        let passed = Cell::new(&totals.passed).set_alignment(CellAlignment::Right);
        let sums = [totals.fail, totals.unknown, totals.waived, totals.pass, totals.owed].map(number);
        table.add_row([Cell::new("all")].into_iter().chain(sums).chain([passed]));
        let apart = format!("Left out of every number: {} not applicable.", plural(totals.not_applicable, "verdict", "verdicts"));
        format!("{table}\n{}\n", self.wrapped(&apart))
    }

    fn todo(&self, view: &View) -> String {
        let mut text = self.bold("Do these first") + "\n";
        for (place, item) in (1..).zip(&view.todo.items) {
            let severity = self.colored(item.severity.word(), severity_color(item.severity));
            let counts = format!("{} of {} fail{}", grouped(item.fail), grouped(item.owed), unknown_too(item.unknown));
            let lines = format!("{place}. [{severity}] {} ({counts})", item.title);
            text += &self.indented(&lines, 3);
            let names: Vec<_> = item.named.iter().map(|one| one.name.as_str()).collect();
            let more = if item.more_named > 0 { format!(" and {} more", grouped(item.more_named)) } else { String::new() };
            text += &self.indented(&format!("   {}{more}", names.join(", ")), 3);
            for line in [&item.example, &item.fix].into_iter().filter(|line| !line.is_empty()) {
                text += &self.indented(&format!("   {line}"), 3);
            }
        }
        if view.todo.more > 0 {
            let rules = plural(view.todo.more, "more rule fails", "more rules fail");
            text += &self.indented(&format!("   and {rules}, see the report"), 3);
        }
        text
    }
}

/// Breaks long lines between words; what follows begins four columns further in than its line. Statements of SQL, which begin with `SELECT`, stay as
/// they are until an empty line.
pub fn wrapped(text: &str, style: Style) -> String {
    let paint = Paint::new(style);
    let mut is_sql = false;
    let mut whole = String::new();
    for line in text.lines() {
        is_sql = line.starts_with("SELECT") || (is_sql && !line.is_empty());
        let start = line.len() - line.trim_start().len();
        whole += &if is_sql || line.trim().is_empty() { format!("{line}\n") } else { paint.indented(line, start + 4) };
    }
    whole
}

/// What was asked, and what came of it: `ListCopyJobs was throttled`.
fn operation(group: &GapGroup) -> String {
    let operation = if group.operation.is_empty() { &group.table } else { &group.operation };
    format!("{operation} {}", group.outcome)
}

/// Where, and for which vaults or plans.
fn told(group: &GapGroup) -> String {
    let more = if group.more_parents > 0 { format!(" and {} more", grouped(group.more_parents)) } else { String::new() };
    let names = if group.parents.is_empty() { String::new() } else { format!(", for {}{more}", group.parents.join(", ")) };
    format!("in {}, account {}{names}", group.region, group.account_id)
}

fn unknown_too(unknown: u64) -> String {
    if unknown > 0 { format!(", {} unknown", grouped(unknown)) } else { String::new() }
}
