//! `audit explain ARN`: one resource, everything that is known of it.

mod named;
mod repair;
mod unread;

use std::collections::{BTreeMap, BTreeSet};

use super::error::{CommandError, Exit};
use super::gather::{self, resources};
use super::judge::{self, Rulebook};
use super::{print, style};
use crate::cli::ExplainArgs;
use crate::config::Settings;
use crate::engine::{Finding, Library};
use crate::facts::coverage::explain::{self as clauses, PlanSays, SelectionSays};
use crate::facts::objectives::InForce;
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs, keys};
use crate::model::{Verdict, Window};
use crate::report::explain::{self, Explanation, Objective};

/// Explains a resource.
///
/// # Errors
/// Of usage if nothing, or more than one thing, of the population is called so; as judging.
pub(super) fn run(settings: &Settings, args: &ExplainArgs) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    judge::with_inputs(settings, |inputs| {
        let population = inputs.population()?;
        let found = named::index(&population, &args.arn);
        let findings = judge::judge_inputs(settings, &rulebook, inputs)?.findings;
        let index = match found {
            Ok(index) => index,
            Err(error) => {
                let last_s = last_listed(inputs, &args.arn)?;
                return Err(named::told_otherwise(&population, &findings, &args.arn, last_s).unwrap_or(error));
            }
        };
        let explanation = explanation(&rulebook, inputs, index, &findings)?;
        let written = if args.json {
            explain::json(&explanation).map_err(CommandError::failed)?
        } else {
            explain::text(&explanation, style(settings))
        };
        print(&written)?;
        Ok(judge::exit(&explanation.findings, settings.fail_on))
    })
}

fn explanation(rulebook: &Rulebook, inputs: &Inputs<'_>, index: usize, findings: &[Finding]) -> Result<Explanation, CommandError> {
    let population = inputs.population()?;
    let (resource, coverage) = (&population[index], inputs.coverage()?);
    let via = coverage[index].via.as_ref().and_then(|via| population.iter().find(|one| one.arn == *via));
    let plans = clauses::explain(inputs, via.unwrap_or(resource))?;
    let one = resources::one(inputs, index)?;
    let behind = behind(inputs, index)?;
    let of = |wanted: &dyn Fn(&Finding) -> bool| findings.iter().filter(|finding| wanted(finding)).cloned().collect::<Vec<_>>();
    let own = of(&|finding| finding.subject_arn == resource.arn);
    let behind = of(&|finding| {
        let quiet = matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        !quiet && behind.contains(finding.subject_arn.as_str())
    });
    let all: Vec<&Finding> = own.iter().chain(&behind).collect();
    Ok(Explanation {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of_s: inputs.snapshot.as_of_s(),
        window: inputs.window,
        objective: objective(inputs, resource),
        also_for: inputs.objectives.also_for(resource, inputs.snapshot.as_of_s()).into_iter().map(str::to_owned).collect(),
        plans: plans.into_iter().map(plan_says).collect(),
        resource: one.row,
        exposure: one.exposure,
        titles: titles(&rulebook.library, &own),
        unread: unread::unread(&rulebook.library, inputs.snapshot.gaps(), &all),
        fixes: repair::fixes(&rulebook.library, &own),
        findings: own,
        behind,
    })
}

/// What is wrong where each rule fails.
fn titles(library: &Library, findings: &[Finding]) -> BTreeMap<String, String> {
    let title = |finding: &Finding| Some((finding.rule_id.to_string(), library.rules.get(&finding.rule_id)?.title.clone()));
    findings.iter().filter_map(title).collect()
}

/// The moment of the newest collection that showed a resource of this name, before the one that is looked at.
fn last_listed(inputs: &Inputs<'_>, text: &str) -> Result<Option<i64>, FactError> {
    let moments: BTreeSet<i64> = inputs.snapshot.collections().iter().map(|collection| collection.manifest.started_s).collect();
    for moment_s in moments.into_iter().rev().filter(|moment_s| *moment_s < inputs.snapshot.as_of_s()) {
        let Some(earlier) = inputs.snapshot.earlier(moment_s) else { continue };
        let then = Inputs::new(&earlier, inputs.objectives, Window { end_s: moment_s, ..inputs.window });
        if named::index(&then.population()?, text).is_ok() {
            return Ok(Some(moment_s));
        }
    }
    Ok(None)
}

fn objective(inputs: &Inputs<'_>, resource: &Resource) -> Objective {
    match inputs.objectives.in_force(resource, inputs.snapshot.as_of_s()) {
        InForce::NotKnown => Objective::NotKnown,
        InForce::Default => Objective::Default(gather::default_objective()),
        InForce::Entry(entry) => Objective::Entry(gather::objective(entry)),
    }
}

/// The plans that cover a resource with their selections, the vaults that they write to, and those in which its points lie.
fn behind(inputs: &Inputs<'_>, index: usize) -> Result<BTreeSet<String>, FactError> {
    let (plans, coverage) = (inputs.plans()?, inputs.coverage()?);
    let arn = &inputs.population()?[index].arn;
    let mut behind = keys::points::vaults_of(inputs, arn)?;
    for plan in coverage[index].plans().into_iter().map(|plan| &plans[plan]) {
        let vault = |name: &String| format!("arn:aws:backup:{}:{}:backup-vault:{name}", plan.region, plan.account_id);
        behind.insert(plan.arn.clone());
        let chosen = coverage[index].decided.iter().filter(|one| plans[one.plan].arn == plan.arn);
        behind.extend(chosen.map(|one| format!("{}#selection/{}", plan.arn, one.selection_id)));
        for rule in &plan.rules {
            behind.extend(rule.vault_name.as_ref().map(vault));
            behind.extend(rule.air_gapped_vault_arn.clone());
            behind.extend(rule.copies.iter().map(|copy| copy.destination_vault_arn.clone()));
        }
    }
    Ok(behind)
}

fn plan_says(plan: PlanSays) -> explain::PlanSays {
    explain::PlanSays {
        arn: plan.arn,
        name: plan.name,
        has_rules: plan.has_rules,
        selections_known: plan.selections_known,
        selections: plan.selections.into_iter().map(selection_says).collect(),
    }
}

fn selection_says(selection: SelectionSays) -> explain::SelectionSays {
    let clause = |clause: clauses::ClauseSays| explain::ClauseSays {
        kind: clause.kind,
        matched: clause.matched,
        against: clause.against,
        sentence: clause.sentence,
    };
    explain::SelectionSays {
        id: selection.id,
        name: selection.name,
        verdict: selection.verdict.name(),
        assumed: selection.assumed,
        because: selection.because,
        clauses: selection.clauses.into_iter().map(clause).collect(),
    }
}
