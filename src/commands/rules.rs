//! `audit rules`: what the rules are, and whether they do what they say.

use super::error::{CommandError, Exit};
use super::{controls, judge, presets, print};
use crate::cli::RulesCommand;
use crate::config::Settings;
use crate::config::presets::Presets;
use crate::engine::duties::Duties;
use crate::engine::explain::{self, RuleLine, RulePage};
use crate::engine::run_cases;
use crate::engine::waiver::{BUILT_IN, BuiltInRule};
use crate::report::text::{count, plural};
use crate::report::{self, terminal};

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
                () => report::rules::list(&with_built_in(settings, lines), super::style(settings)),
            };
            print(&text)?;
        }
        RulesCommand::Explain { id, json } if BUILT_IN.iter().any(|rule| rule.id == id) => print(&built_in(id, *json, settings)?)?,
        RulesCommand::Explain { id, json } => {
            let page = explain::explain(library, id).ok_or_else(|| {
                let hint = library.rules.nearest(id).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                CommandError::usage(anyhow::anyhow!("there is no rule `{id}`")).hint(hint)
            })?;
            let json_text = || serde_json::to_string_pretty(&page).map_err(CommandError::failed);
            print(&if *json { format!("{}\n", json_text()?) } else { report::rules::page(&page, super::style(settings)) })?;
        }
        RulesCommand::Controls { json, markdown } => controls::run(settings, library, *json, *markdown)?,
        RulesCommand::Presets { json } => print(&presets::text(settings, *json)?)?,
        RulesCommand::Check => {
            judge::check_settings(settings, library)?;
            Duties::load(library, settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
            Presets::load(settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
            let frameworks = library.frameworks.frameworks.len();
            let rules = plural(count(library.rules.len()), "rule", "rules");
            print(&format!("{rules} and {} can be used\n", plural(count(frameworks), "framework", "frameworks")))?;
        }
        RulesCommand::Test => return test(&rulebook),
    }
    Ok(Exit::Clean)
}

/// The rules with those that judge what the configuration accepts, which have no file; where rules are chosen, only those that were.
fn with_built_in(settings: &Settings, mut lines: Vec<RuleLine>) -> Vec<RuleLine> {
    let chosen = !settings.rule_ids.is_empty() || !settings.frameworks.is_empty();
    let line = |rule: &BuiltInRule| RuleLine {
        id: rule.id.to_owned(),
        theme: rule.over.0.to_owned(),
        title: rule.title.to_owned(),
        severity: rule.severity,
        over: rule.over.0.to_owned(),
        evidence: Vec::new(),
        controls: String::new(),
    };
    lines.extend(BUILT_IN.iter().filter(|_| !chosen).map(line));
    lines
}

/// A rule that judges what the configuration accepts has no relation and no cases.
fn built_in(id: &str, json: bool, settings: &Settings) -> Result<String, CommandError> {
    let rule = BUILT_IN.into_iter().find(|rule| rule.id == id).unwrap_or(BUILT_IN[0]);
    if json {
        let page = serde_json::json!({ "id": rule.id, "title": rule.title, "severity": rule.severity, "why": rule.why, "fix": rule.fix });
        return Ok(serde_json::to_string_pretty(&page).map_err(CommandError::failed)? + "\n");
    }
    let text =
        format!("{} (severity {})\n{}\n\nWhy it matters: {}\n\nWhat to do: {}\n", rule.id, rule.severity, rule.title, rule.why, rule.fix);
    Ok(terminal::wrapped(&format!("{text}\nOver the {} of audit.yaml: docs/waivers.md\n", rule.over.0), super::style(settings)))
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
        for same in page.equivalent_to.chunk_by(|one, next| one.differs == next.differs) {
            let checks: Vec<String> = same.iter().map(|one| format!("`{}`", one.check())).collect();
            let differs = same[0].differs.as_ref().map(|differs| format!("; differs: {differs}")).unwrap_or_default();
            text += &format!("- answers {}{differs}\n", checks.join(", "));
        }
        text += &format!("- evidence: {}\n- requirements: {}\n", page.line.evidence.join(", "), page.line.controls);
    }
    text
}
