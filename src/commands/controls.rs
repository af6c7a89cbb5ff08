//! `audit rules controls`: checks of other tools and duties of documents, beside the rules that answer them.

use super::error::CommandError;
use super::print;
use crate::config::Settings;
use crate::engine::Library;
use crate::engine::answers::{Answers, CatalogueAnswers, CheckAnswer, DocumentAnswers, DutyAnswer, RuleAnswer, Tally, answers};
use crate::engine::duties::{Duties, DutyClass};

/// What begins the page, before any table.
const INTRO: &str = "\
# Checks of other tools, and duties of documents

Made by `audit rules controls --markdown`; do not edit.

The first part goes through what AWS and other tools check, and says for each check which rule here answers it, how our answer can differ, and where it
is known what is wrong with theirs. The second goes through documents about backups, statement by statement, and says which rules fail if a promise is
broken, which records only people can give (`bia` is the analysis of criticality and objectives), and why no rule decides the rest.

What is common to all answers: what could not be read is unknown here, never right and never wrong. Databases that AWS restored for a test and members
of clusters are not asked; replicas are asked only where they hold data to be encrypted or owe an objective of their own. Parameters have AWS's defaults
where AWS has the same check, and `audit.yaml` changes them.
";

/// Prints them.
///
/// # Errors
/// Of usage if the duties cannot be used.
pub(super) fn run(settings: &Settings, library: &Library, json: bool, markdown: bool) -> Result<(), CommandError> {
    let duties = Duties::load(library, settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
    let answers = answers(library, &duties);
    print(&match () {
        () if json => format!("{}\n", serde_json::to_string_pretty(&answers).map_err(CommandError::failed)?),
        () if markdown => markdown_of(&answers),
        () => lines_of(&answers),
    })
}

/// One line a check and a duty, and the sums.
fn lines_of(answers: &Answers) -> String {
    let mut text = String::new();
    let ids = |rules: &[RuleAnswer]| rules.iter().map(|answer| answer.rule.clone()).collect::<Vec<_>>();
    for catalogue in &answers.catalogues {
        for check in &catalogue.checks {
            let by = by(&ids(&check.rules), &ids(&check.planned), &[], check.check.none.as_deref());
            text += &format!("{}:{}  {by}\n", catalogue.id, check.check.id);
        }
    }
    for document in &answers.documents {
        for duty in &document.duties {
            let records: Vec<_> = duty.records.iter().map(|kind| kind.word()).collect();
            text +=
                &format!("{}:{}  {}\n", document.document.id, duty.id, by(&duty.rules, &duty.planned, &records, duty.reason.as_deref()));
        }
    }
    let tallies = answers.catalogues.iter().map(|one| (&one.title, one.tally()));
    let tallies = tallies.chain(answers.documents.iter().map(|one| (&one.document.title, one.tally())));
    tallies.fold(text + "\n", |text, (title, tally)| format!("{text}{title}: {}\n", sum(tally)))
}

fn by(rules: &[String], planned: &[String], records: &[&str], reason: Option<&str>) -> String {
    let mut parts = vec![rules.join(", ")];
    if !planned.is_empty() {
        parts.push(format!("not answered yet: {}", planned.join(", ")));
    }
    if !records.is_empty() {
        parts.push(format!("records: {}", records.join(", ")));
    }
    parts.extend(reason.map(|reason| format!("none: {reason}")));
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

fn sum(tally: Tally) -> String {
    let parts = [
        (tally.answered, "answered by rules"),
        (tally.awaited, "not answered yet"),
        (tally.by_people, "for people alone"),
        (tally.without, "answered by nothing, for a reason"),
    ];
    let told: Vec<_> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
    told.join(", ")
}

fn markdown_of(answers: &Answers) -> String {
    let mut text = INTRO.to_owned();
    text += "\n| | | |\n|---|---|---|\n";
    for one in &answers.catalogues {
        text += &format!("| [{}](#{}) | {} checks | {} |\n", one.title, one.id, one.checks.len(), sum(one.tally()));
    }
    for one in &answers.documents {
        text += &format!("| [{}](#{}) | {} duties | {} |\n", one.document.title, one.document.id, one.duties.len(), sum(one.tally()));
    }
    answers.catalogues.iter().for_each(|one| text += &catalogue(one));
    answers.documents.iter().for_each(|one| text += &document(one));
    text
}

/// A heading with an anchor that does not hang on its words.
fn heading(id: &str, title: &str) -> String {
    format!("\n<a id=\"{id}\"></a>\n\n## {title}\n\n")
}

fn catalogue(one: &CatalogueAnswers) -> String {
    let mut text = heading(&one.id, &one.title);
    text += &format!("{} Version: {}. Source: <{}>.\n\n", one.note, one.version, one.source);
    text += "| check | asks | rules | differs, or why none |\n|---|---|---|---|\n";
    for answer in &one.checks {
        text += &check(answer);
    }
    text
}

fn check(answer: &CheckAnswer) -> String {
    let check = &answer.check;
    let mut asks = check.asks.clone();
    asks += &check.defaults.as_ref().map(|defaults| format!(" (default: {defaults})")).unwrap_or_default();
    asks += &check.defect.as_ref().map(|defect| format!(". *Defect:* {defect}")).unwrap_or_default();
    let mut differs: Vec<String> = Vec::new();
    for one in answer.rules.iter().chain(&answer.planned) {
        let Some(text) = &one.differs else { continue };
        let alone = answer.rules.len() + answer.planned.len() == 1;
        differs.push(if alone { text.clone() } else { format!("`{}`: {text}", one.rule) });
    }
    differs.extend(check.none.clone());
    let ids = |rules: &[RuleAnswer]| rules.iter().map(|one| one.rule.clone()).collect::<Vec<_>>();
    let rules = rules_cell(&ids(&answer.rules), &ids(&answer.planned));
    row(&[&format!("[`{}`]({})", check.id, check.source), &asks, &rules, &differs.join("; ")])
}

fn document(one: &DocumentAnswers) -> String {
    let mut text = heading(&one.document.id, &one.document.title);
    text += "| duty | says | by | rules | records, or why none |\n|---|---|---|---|---|\n";
    for answer in &one.duties {
        text += &duty(answer);
    }
    text
}

fn duty(answer: &DutyAnswer) -> String {
    let by = match answer.class {
        DutyClass::A => "AWS",
        DutyClass::AO => "AWS and people",
        DutyClass::O => "people",
        DutyClass::X => "nobody",
    };
    let mut says = format!("{}: {}", answer.heading, answer.statement);
    says += &answer.note.as_ref().map(|note| format!(" *Note:* {note}")).unwrap_or_default();
    let mut rest: Vec<String> = answer.records.iter().map(|kind| kind.word().to_owned()).collect();
    rest.extend(answer.reason.clone());
    row(&[&answer.id, &says, by, &rules_cell(&answer.rules, &answer.planned), &rest.join("; ")])
}

fn rules_cell(rules: &[String], planned: &[String]) -> String {
    let mut cell: Vec<String> = rules.iter().map(|id| format!("[`{id}`](rules.md#{id})")).collect();
    if !planned.is_empty() {
        let planned: Vec<String> = planned.iter().map(|id| format!("`{id}`")).collect();
        cell.push(format!("*not answered yet:* {}", planned.join(", ")));
    }
    cell.join(", ")
}

/// A row of a table; a bar in a cell would end it.
fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    format!("| {} |\n", cells.join(" | "))
}
