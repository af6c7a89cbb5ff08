//! `audit rules`: what the rules are, and whether they do what they say.

use super::error::{CommandError, Exit};
use super::{judge, print};
use crate::cli::RulesCommand;
use crate::config::Settings;
use crate::engine::explain::{self, RuleLine, RulePage};
use crate::engine::run_cases;

/// Lists, explains, checks or tests the rules.
///
/// # Errors
/// Of usage if rules or configuration cannot be used, or a rule is not there.
pub(super) fn run(settings: &Settings, command: &RulesCommand) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    let library = &rulebook.library;
    match command {
        RulesCommand::List { json, markdown } => {
            let lines: Vec<RuleLine> = explain::list(library).into_iter().filter(|line| rulebook.rules.get(&line.id).is_some()).collect();
            let text = match () {
                () if *json => format!("{}\n", serde_json::to_string_pretty(&lines).map_err(CommandError::failed)?),
                () if *markdown => markdown_of(&lines.iter().filter_map(|line| explain::explain(library, &line.id)).collect::<Vec<_>>()),
                () => lines.iter().map(|line| format!("{:8} {:30} {}\n", line.severity.word(), line.id, line.title)).collect(),
            };
            print(&text)?;
        }
        RulesCommand::Explain { id, json } => {
            let page = explain::explain(library, id).ok_or_else(|| {
                let hint = library.rules.nearest(id).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                CommandError::usage(anyhow::anyhow!("there is no rule `{id}`")).hint(hint)
            })?;
            let json_text = || serde_json::to_string_pretty(&page).map_err(CommandError::failed);
            print(&if *json { format!("{}\n", json_text()?) } else { page_text(&page) })?;
        }
        RulesCommand::Check => {
            judge::check_settings(settings, library)?;
            let frameworks = library.frameworks.frameworks.len();
            print(&format!("{} rules and {frameworks} frameworks can be used\n", library.rules.len()))?;
        }
        RulesCommand::Test => return test(&rulebook),
    }
    Ok(Exit::Clean)
}

fn test(rulebook: &judge::Rulebook) -> Result<Exit, CommandError> {
    let report = run_cases(&rulebook.rules).map_err(CommandError::failed)?;
    let mut text = String::new();
    for result in report.results.iter().filter(|result| !result.agrees()) {
        let found = result.found.map_or("no finding", crate::model::Verdict::word);
        text += &format!("{}: case `{}` gives {found}, not {}: {}\n", result.rule_id, result.case, result.expected, result.message);
    }
    for (rule, verdict) in &report.missing {
        text += &format!("{rule}: no case gives {verdict}\n");
    }
    for negation in report.unnoticed() {
        text += &format!("{}: no case notices when `{}` is negated\n", negation.rule_id, negation.predicate);
    }
    text += &format!("{} cases of {} rules", report.results.len(), rulebook.rules.len());
    text += &format!("; {} predicates negated, {} noticed\n", report.negations.len(), report.negations.len() - report.unnoticed().count());
    print(&text)?;
    Ok(if report.is_clean() { Exit::Clean } else { Exit::Findings })
}

fn page_text(page: &RulePage) -> String {
    let mut text = format!("{} ({})\n{}\n\n", page.line.id, page.line.severity, page.line.title);
    text += &format!("Why: {}\n\nFix: {}\n\n", page.why.trim(), page.fix.trim());
    text += &format!("Over {}: {}\n", page.line.over, page.over_doc);
    if !page.applies.is_empty() {
        text += &format!("  applies where {}\n", page.applies);
    }
    let quantify = if page.quantify == "any" { "one row of the subject must satisfy" } else { "every row of the subject must satisfy" };
    text += &format!("  {quantify} {}\n", page.pass);
    for param in &page.params {
        text += &format!("  :{} is {} by default ({})\n", param.name, param.default, param.doc);
    }
    for (column, doc) in &page.columns {
        text += &format!("    {column}: {doc}\n");
    }
    let tables: Vec<String> = page.rests_on.iter().map(|(table, reach)| format!("{table} ({reach})")).collect();
    if !tables.is_empty() {
        text += &format!("  unknown if one of these could not be read: {}\n", tables.join(", "));
    }
    text += &format!("\nAs SQL:\n{}\n", page.sql);
    text += &format!("\nEvidence: {}\nRequirements: {}\n", page.line.evidence.join(", "), page.line.controls);
    for reference in &page.references {
        text += &format!("See: {reference}\n");
    }
    text
}

/// All rules as Markdown: `docs/rules.md`, kept true by a test.
fn markdown_of(pages: &[RulePage]) -> String {
    let mut text = "# Rules\n\nMade by `audit rules list --markdown`; do not edit.\n".to_owned();
    for page in pages {
        let applies = if page.applies.is_empty() { "every row".to_owned() } else { format!("`{}`", page.applies) };
        text += &format!(
            "\n## {}\n\n**{}** ({}), over `{}`, since {}.\n\n",
            page.line.id, page.line.title, page.line.severity, page.line.over, page.since
        );
        text += &format!("{}\n\n*Fix.* {}\n\n", page.why.trim(), page.fix.trim());
        text += &format!("- applies to: {applies}\n- asks ({} rows of a subject): `{}`\n", page.quantify, page.pass);
        for param in &page.params {
            text += &format!("- `:{}`: {} by default. {}\n", param.name, param.default, param.doc);
        }
        text += &format!("- evidence: {}\n- requirements: {}\n", page.line.evidence.join(", "), page.line.controls);
    }
    text
}
