//! `audit explain ARN`: one resource, everything that is known of it.

use serde::Serialize;

use super::error::{CommandError, Exit};
use super::{judge, print};
use crate::cli::ExplainArgs;
use crate::config::Settings;
use crate::engine::Finding;
use crate::facts::Inputs;
use crate::facts::exposure::{Exposed, exposed};
use crate::model::{duration, moment};

/// What there is to say.
#[derive(Debug, Serialize)]
struct Explained {
    arn: String,
    resource_type: String,
    role: Option<&'static str>,
    covered: Option<bool>,
    selected: Option<bool>,
    opt_in_blocked: Option<bool>,
    covered_through: Option<String>,
    unknown_because: String,
    selections: Vec<Selected>,
    exposure: Vec<Exposure>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Selected {
    plan: String,
    selection: String,
    verdict: &'static str,
    assumed: bool,
    because: String,
    clauses: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Exposure {
    scenario: &'static str,
    objective: Option<String>,
    approved: Option<bool>,
    rpo_s: Option<i64>,
    tolerance_s: Option<i64>,
    lower_rpo_s: Option<i64>,
    upper_rpo_s: Option<i64>,
    worst_s: Option<i64>,
    compliant_s: i64,
    violated_s: i64,
    unknown_s: i64,
}

/// Explains a resource.
///
/// # Errors
/// Of usage if the resource is not in the population, naming the nearest; as judging.
pub(super) fn run(settings: &Settings, args: &ExplainArgs) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    judge::with_inputs(settings, |inputs| {
        let findings = judge::judge_inputs(settings, &rulebook, inputs)?.findings;
        let explained = explain(inputs, &args.arn, findings)?;
        if args.json {
            let text = serde_json::to_string_pretty(&explained).map_err(CommandError::failed)?;
            print(&format!("{text}\n"))?;
        } else {
            print(&text(&explained, inputs))?;
        }
        Ok(judge::exit(&explained.findings, settings.fail_on))
    })
}

fn explain(inputs: &Inputs<'_>, arn: &str, findings: Vec<Finding>) -> Result<Explained, CommandError> {
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let Some(index) = population.iter().position(|resource| resource.arn == arn) else {
        let ending = format!(":{arn}");
        let near = population.iter().find(|resource| resource.arn.ends_with(&ending) || resource.name == arn);
        let hint = match near {
            Some(resource) => format!("did you mean `{}`?", resource.arn),
            None => "it may be of a service or Region that was not collected; `audit evaluate --all` lists every subject".to_owned(),
        };
        return Err(CommandError::usage(anyhow::anyhow!("`{arn}` is not in the population at this moment")).hint(hint));
    };
    let (resource, coverage) = (&population[index], &coverage[index]);
    let selections = coverage.decided.iter().map(|one| Selected {
        plan: plans[one.plan].name.clone(),
        selection: one.selection_name.clone(),
        verdict: one.verdict.name(),
        assumed: one.assumed,
        because: one.because.clone(),
        clauses: one.clauses.clone(),
    });
    let exposure = exposed(inputs)?.into_iter().filter(|row| row.subject_arn == arn).map(exposure);
    Ok(Explained {
        arn: arn.to_owned(),
        resource_type: resource.resource_type.to_owned(),
        role: resource.role.map(crate::facts::population::Role::word),
        covered: coverage.covered,
        selected: coverage.selected,
        opt_in_blocked: coverage.opt_in_blocked,
        covered_through: coverage.via.clone(),
        unknown_because: coverage.unknown_because.clone(),
        selections: selections.collect(),
        exposure: exposure.collect(),
        findings: findings.into_iter().filter(|finding| finding.subject_arn == arn).collect(),
    })
}

fn exposure(row: Exposed) -> Exposure {
    Exposure {
        scenario: row.scenario.word(),
        objective: row.objective_id,
        approved: row.approved,
        rpo_s: row.rpo_s,
        tolerance_s: row.tolerance_s,
        lower_rpo_s: row.lower_rpo_s,
        upper_rpo_s: row.upper_rpo_s,
        worst_s: row.worst_s,
        compliant_s: row.compliant_s,
        violated_s: row.violated_s,
        unknown_s: row.unknown_s,
    }
}

fn text(explained: &Explained, inputs: &Inputs<'_>) -> String {
    let answer = |value: Option<bool>| value.map_or("not known", |yes| if yes { "yes" } else { "no" });
    let mut text = format!("{}\n{}, {}\n\n", explained.arn, explained.resource_type, explained.role.unwrap_or("role not known"));
    text += &format!("Coverage: covered {}, selected {}", answer(explained.covered), answer(explained.selected));
    if let Some(cluster) = &explained.covered_through {
        text += &format!(", through {cluster}");
    }
    text.push('\n');
    if !explained.unknown_because.is_empty() {
        text += &format!("  not known because: {}\n", explained.unknown_because);
    }
    if explained.selections.is_empty() {
        text += "  no selection of any plan in its account and Region asks for it\n";
    }
    for one in &explained.selections {
        let assumed = if one.assumed { " (assumed: AWS does not document it)" } else { "" };
        text += &format!("  plan {}, selection {}: {}{assumed}\n", one.plan, one.selection, one.verdict);
        for clause in &one.clauses {
            text += &format!("    - {clause}\n");
        }
    }
    text += &format!("\nExposure from {} to {} UTC\n", moment::short(inputs.window.start_s), moment::short(inputs.window.end_s));
    for row in &explained.exposure {
        let length = |length_s: Option<i64>| length_s.map_or("not known".to_owned(), duration::text);
        let worst = match (row.lower_rpo_s, row.upper_rpo_s) {
            (None, _) => "not known".to_owned(),
            (Some(lower_s), Some(upper_s)) if upper_s == lower_s => duration::text(upper_s),
            (Some(lower_s), upper_s) => {
                format!("between {} and {}", duration::text(lower_s), upper_s.map_or("without limit".to_owned(), duration::text))
            }
        };
        let at = row.worst_s.map(|at| format!(" at {}", moment::short(at))).unwrap_or_default();
        let objective = match (&row.objective, row.approved) {
            (None, _) => "the objective depends on something unread",
            (Some(id), Some(true)) => id,
            (Some(id), _) => &format!("{}; nobody approved it", id.trim_end_matches(", not approved")),
        };
        text += &format!(
            "  {}: worst {worst}{at}; owed {} and {} of tolerance ({objective})\n    within it {}, beyond it {}, not known {}\n",
            row.scenario,
            length(row.rpo_s),
            length(row.tolerance_s),
            duration::text(row.compliant_s),
            duration::text(row.violated_s),
            duration::text(row.unknown_s)
        );
    }
    text += "\nFindings\n";
    for finding in &explained.findings {
        let message = if finding.message.is_empty() { String::new() } else { format!(": {}", finding.message) };
        text += &format!("  {} {} ({}){message}\n", finding.verdict, finding.rule_id, finding.severity);
    }
    text
}
