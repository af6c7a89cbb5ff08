//! One resource against every plan and selection of its account and Region, also those that do not ask for it: the whole argument, for a person.
//!
//! Decides nothing anew: each selection is decided as for coverage, and all its clauses are kept.

use super::clauses::{Clause, ClauseKind};
use super::decide::{Verdict, decide};
use super::subject::OptIn;
use super::{opt_ins, with_rules};
use crate::facts::plans::PlanSelection;
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs};

/// What a plan says about a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSays {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it has any rule; `None` if they were not read.
    pub has_rules: Option<bool>,
    /// Whether all its selections were read.
    pub selections_known: bool,
    /// What its selections say, in their order.
    pub selections: Vec<SelectionSays>,
}

/// What a selection says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionSays {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Whether that rests on something AWS does not document.
    pub assumed: bool,
    /// The clause that settles it, as a sentence; empty if none stands out.
    pub because: String,
    /// Every clause.
    pub clauses: Vec<ClauseSays>,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseSays {
    /// Its kind, as [`ClauseKind::name`] writes it.
    pub kind: &'static str,
    /// Whether it matches; `None` if what decides it was not read.
    pub matched: Option<bool>,
    /// Whether it keeps the resource from being covered; `None` if it may.
    pub against: Option<bool>,
    /// The clause with its answer, as a sentence.
    pub sentence: String,
}

/// What every plan of its account and Region says about a resource, by ARN.
///
/// # Errors
/// As reading plans and settings.
pub fn explain(inputs: &Inputs<'_>, resource: &Resource) -> Result<Vec<PlanSays>, FactError> {
    let (plans, opt_ins) = (inputs.plans()?, opt_ins(inputs)?);
    let unread = OptIn::unread();
    let opt_in = opt_ins.get(&(resource.account_id.clone(), resource.region.clone())).unwrap_or(&unread);
    let here = plans.iter().filter(|plan| plan.account_id == resource.account_id && plan.region == resource.region);
    let says = here.map(|plan| PlanSays {
        arn: plan.arn.clone(),
        name: plan.name.clone(),
        has_rules: plan.has_rules(),
        selections_known: plan.selections_known,
        selections: plan.selections.iter().map(|selection| selection_says(selection, resource, opt_in, plan.has_rules())).collect(),
    });
    Ok(says.collect())
}

fn selection_says(chosen: &PlanSelection, resource: &Resource, opt_in: &OptIn, has_rules: Option<bool>) -> SelectionSays {
    let says = SelectionSays {
        id: chosen.id.clone(),
        name: chosen.name.clone(),
        verdict: Verdict::Unknown,
        assumed: false,
        because: String::new(),
        clauses: Vec::new(),
    };
    let selection = match &chosen.selection {
        Ok(selection) => selection,
        Err(error) => return SelectionSays { because: error.to_string(), ..says },
    };
    let decision = decide(selection, &resource.facts, opt_in);
    let added = decision.clauses.iter().any(|clause| adds(clause.kind()) && clause.matched == Some(true));
    let clauses = decision.clauses.iter().map(|clause| ClauseSays {
        kind: clause.kind().name(),
        matched: clause.matched,
        against: against(clause, added),
        sentence: clause.sentence(),
    });
    SelectionSays {
        verdict: with_rules(decision.verdict, has_rules),
        assumed: decision.assumed,
        because: decision.deciding_clause().map(Clause::sentence).unwrap_or_default(),
        clauses: clauses.collect(),
        ..says
    }
}

fn adds(kind: ClauseKind) -> bool {
    matches!(kind, ClauseKind::Resource | ClauseKind::Tag | ClauseKind::Everything)
}

/// Whether a clause keeps the resource out. Of entries that add, one is enough: the others then say nothing.
fn against(clause: &Clause<'_>, added: bool) -> Option<bool> {
    match clause.kind() {
        kind if adds(kind) => clause.matched.map(|matched| !matched && !added),
        ClauseKind::NotResource | ClauseKind::State => clause.matched,
        ClauseKind::Pause => Some(false),
        _ => clause.matched.map(|matched| !matched),
    }
}
