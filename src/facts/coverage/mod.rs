//! Coverage: which plan and selection covers which resource, and by which clause.
//!
//! The decision for one selection and one resource is in [`decide`]; here it is put together over all plans of the resource's account and Region.
//! `covered` is false only if every plan and selection there was read and none covers; it is true as soon as one does.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

pub mod arn_pattern;
pub mod clauses;
pub mod decide;
pub mod explain;
pub mod features;
pub mod resource_types;
pub mod selection;
pub mod state;
pub mod subject;

use self::decide::{Verdict, decide};
use self::subject::OptIn;
use super::objectives::{InForce, and, or};
use super::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, Role};
use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};

/// One selection's decision about one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Index of the plan in `Inputs::plans`.
    pub plan: usize,
    /// Id of the selection.
    pub selection_id: String,
    /// Name of the selection.
    pub selection_name: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// Whether the selection asks for the resource, opt-in and state aside.
    pub selected: Option<bool>,
    /// Whether it rests on something AWS does not document.
    pub assumed: bool,
    /// The clause that settles it, as a sentence.
    pub because: String,
    /// Every clause, as sentences.
    pub clauses: Vec<String>,
}

/// Coverage of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Decisions of all selections of its account and Region that say more than "not asked for", in order of plan and selection.
    pub decided: Vec<Decided>,
    /// Covered by any.
    pub covered: Option<bool>,
    /// Selected by any, opt-in and state aside.
    pub selected: Option<bool>,
    /// Selected, and only the Region's settings keep it from being covered.
    pub opt_in_blocked: Option<bool>,
    /// Whether [`Coverage::plans`] are all that cover it: no plan or selection is undecided.
    pub plans_known: bool,
    /// The cluster whose coverage counts, for a cluster member.
    pub via: Option<String>,
    /// Why it is unknown; empty otherwise.
    pub unknown_because: String,
}

impl Coverage {
    /// The plans that cover it, by index, each once.
    pub fn plans(&self) -> Vec<usize> {
        let mut plans: Vec<_> = self.decided.iter().filter(|one| one.verdict == Verdict::Covered).map(|one| one.plan).collect();
        plans.dedup();
        plans
    }
}

crate::rows! {
    /// Coverage of a resource.
    pub struct CoverageRow {
        /// ARN of the resource
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether AWS Backup can protect what is of its kind
        supported: Boolean, NotTold, "";
        /// Whether a selection asks for it, opt-in and state aside
        selected: Boolean, NotTold, "";
        /// Whether a plan backs it up
        covered: Boolean, NotTold, "";
        /// Whether it is selected and only the Region's opt-in keeps it from being backed up
        opt_in_blocked: Boolean, NotTold, "";
        /// Whether the service's own backups are on
        protected_natively: Boolean, NotTold, "";
        /// Whether an approved objective says that it owes no backup
        let_go: Boolean, NotTold, "audit.yaml";
        /// Whether the answer rests on behaviour that AWS does not document
        assumed: Boolean, Never, "";
        /// Plans that cover it
        plans: Text, Never, "";
        /// The cluster through which it is covered
        via: Text, Means("by itself"), "";
        /// What settles it
        because: Text, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Coverage as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "coverage",
        doc: "Which plans cover a resource, and by which clause: one row a resource.",
        rows_are: "resources",
        columns: CoverageRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, super::PLAN_READS],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let rows = population.iter().zip(coverage.iter()).map(|(resource, coverage)| {
        let names: Vec<_> = coverage.plans().into_iter().map(|plan| plans[plan].name.as_str()).collect();
        let deciding = coverage.decided.iter().find(|one| one.verdict == Verdict::Covered).or(coverage.decided.first());
        let because = match deciding {
            _ if coverage.covered.is_none() => coverage.unknown_because.clone(),
            Some(decided) => format!("selection {}: {}", decided.selection_name, decided.because),
            None => "no selection of any plan in its account and Region asks for it".to_owned(),
        };
        CoverageRow {
            subject_arn: Some(resource.arn.clone()),
            subject_type: Some(resource.resource_type.to_owned()),
            account_id: Some(resource.account_id.clone()),
            region: Some(resource.region.clone()),
            role: resource.role.map(|role| role.word().to_owned()),
            supported: resource.is_supported(),
            selected: coverage.selected,
            covered: coverage.covered,
            opt_in_blocked: coverage.opt_in_blocked,
            protected_natively: super::native::protected(resource),
            let_go: match inputs.objectives.in_force(resource, inputs.snapshot.as_of_s()) {
                InForce::NotKnown => None,
                InForce::Default => Some(false),
                InForce::Entry(objective) => Some(objective.lets_go()),
            },
            assumed: Some(deciding.is_some_and(|decided| decided.assumed)),
            plans: Some(names.join(", ")),
            via: coverage.via.clone(),
            because: Some(because),
            evidence: Some(resource.evidence.clone()),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

crate::rows! {
    /// What is needed of `region_settings`.
    struct SettingRow { account_id: Text; region: Text; resource_type: Text; opt_in: Boolean; }
}

/// Decides every resource against every selection of its account and Region, in the order of the population.
pub(super) fn coverage(inputs: &Inputs<'_>) -> Result<Vec<Coverage>, FactError> {
    let population = inputs.population()?;
    let opt_ins = opt_ins(inputs)?;
    let own = population.iter().map(|resource| of_resource(inputs, resource, &opt_ins)).collect::<Result<Vec<_>, _>>()?;
    let clusters: BTreeMap<(&str, &str, &str), usize> = population
        .iter()
        .enumerate()
        .filter(|(_, resource)| resource.arn.contains(":cluster:"))
        .map(|(index, resource)| ((resource.account_id.as_str(), resource.region.as_str(), resource.name.as_str()), index))
        .collect();
    let through_cluster =
        population.iter().zip(&own).map(|(resource, coverage)| through_cluster(resource, coverage, &clusters, &population, &own));
    Ok(population.iter().zip(through_cluster).map(|(resource, coverage)| through_others(resource, coverage, &population, &own)).collect())
}

/// A volume is covered by itself or in the backup of an instance it is attached to; if that was not read or is undecided, it is unknown.
fn through_others(resource: &Resource, coverage: Coverage, population: &[Resource], own: &[Coverage]) -> Coverage {
    if coverage.covered == Some(true) || resource.through.is_empty() {
        return coverage;
    }
    let others = resource.through.iter().map(|arn| population.binary_search_by(|other| other.arn.cmp(arn)).ok());
    let answers: Vec<(Option<usize>, Option<bool>)> = others.map(|index| (index, index.and_then(|index| own[index].covered))).collect();
    if let Some(index) = answers.iter().find_map(|(index, covered)| index.filter(|_| *covered == Some(true))) {
        return Coverage { via: Some(population[index].arn.clone()), ..own[index].clone() };
    }
    if answers.iter().all(|(_, covered)| *covered == Some(false)) {
        return coverage;
    }
    let unknown_because = match answers.iter().find(|(_, covered)| covered.is_none()) {
        Some((Some(index), _)) => own[*index].unknown_because.clone(),
        _ => "an instance it is attached to was not read".to_owned(),
    };
    Coverage { covered: None, selected: None, opt_in_blocked: None, plans_known: false, unknown_because, ..coverage }
}

/// A member of a cluster has the coverage of the cluster; if the cluster was not read, it is unknown.
fn through_cluster(
    resource: &Resource,
    coverage: &Coverage,
    clusters: &BTreeMap<(&str, &str, &str), usize>,
    population: &[Resource],
    own: &[Coverage],
) -> Coverage {
    let (Some(Role::ClusterMember), Some(cluster)) = (resource.role, resource.cluster.as_deref()) else { return coverage.clone() };
    match clusters.get(&(resource.account_id.as_str(), resource.region.as_str(), cluster)) {
        Some(&index) => Coverage { via: Some(population[index].arn.clone()), ..own[index].clone() },
        None => Coverage {
            covered: None,
            selected: None,
            opt_in_blocked: None,
            plans_known: false,
            unknown_because: format!("its cluster {cluster} was not read"),
            ..coverage.clone()
        },
    }
}

fn opt_ins(inputs: &Inputs<'_>) -> Result<BTreeMap<(String, String), OptIn>, FactError> {
    let mut settings: BTreeMap<(String, String), BTreeMap<String, bool>> = BTreeMap::new();
    for row in inputs.rows::<SettingRow>("region_settings")? {
        let place = (row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        if let (Some(name), Some(on)) = (row.resource_type, row.opt_in) {
            settings.entry(place).or_default().insert(name, on);
        }
    }
    Ok(settings
        .into_iter()
        .filter(|((account, region), _)| inputs.complete("region_settings", account, region))
        .map(|(place, by_type)| (place, OptIn { by_type: Some(by_type) }))
        .collect())
}

fn of_resource(inputs: &Inputs<'_>, resource: &Resource, opt_ins: &BTreeMap<(String, String), OptIn>) -> Result<Coverage, FactError> {
    let unread = OptIn::unread();
    let opt_in = opt_ins.get(&(resource.account_id.clone(), resource.region.clone())).unwrap_or(&unread);
    let plans = inputs.plans()?;
    let here = |account: &str, region: &str| account == resource.account_id && region == resource.region;
    let plans_listed = inputs.complete("backup_plans", &resource.account_id, &resource.region);
    let mut coverage = Coverage {
        decided: Vec::new(),
        covered: if plans_listed { Some(false) } else { None },
        selected: if plans_listed { Some(false) } else { None },
        opt_in_blocked: None,
        plans_known: plans_listed,
        via: None,
        unknown_because: if plans_listed { String::new() } else { "the plans of its Region were not all listed".to_owned() },
    };
    for (index, plan) in plans.iter().enumerate().filter(|(_, plan)| here(&plan.account_id, &plan.region)) {
        if !plan.selections_known {
            add(&mut coverage, None, None, || format!("the selections of plan {} were not all read", plan.name));
        }
        for chosen in &plan.selections {
            let selection = match &chosen.selection {
                Ok(selection) => selection,
                Err(error) => {
                    let because = error.to_string();
                    add(&mut coverage, None, None, || format!("selection {} of plan {}: {because}", chosen.name, plan.name));
                    coverage.decided.push(Decided {
                        plan: index,
                        selection_id: chosen.id.clone(),
                        selection_name: chosen.name.clone(),
                        verdict: Verdict::Unknown,
                        selected: None,
                        assumed: false,
                        because,
                        clauses: Vec::new(),
                    });
                    continue;
                }
            };
            let decision = decide(selection, &resource.facts, opt_in);
            let because = decision.deciding_clause().map(clauses::Clause::sentence).unwrap_or_default();
            let covered = and(decision.covered(), plan.has_rules());
            add(&mut coverage, covered, decision.selected, || match plan.has_rules() {
                None => format!("the rules of plan {} were not read", plan.name),
                _ => format!("selection {} of plan {}: {because}", chosen.name, plan.name),
            });
            if decision.verdict != Verdict::NotMatched {
                coverage.decided.push(Decided {
                    plan: index,
                    selection_id: chosen.id.clone(),
                    selection_name: chosen.name.clone(),
                    verdict: with_rules(decision.verdict, plan.has_rules()),
                    selected: decision.selected,
                    assumed: decision.assumed,
                    because,
                    clauses: decision.clauses.iter().map(clauses::Clause::sentence).collect(),
                });
            }
        }
    }
    coverage.opt_in_blocked = opt_in_blocked(&coverage);
    if coverage.covered.is_some() {
        coverage.unknown_because.clear();
    }
    Ok(coverage)
}

fn add(coverage: &mut Coverage, covered: Option<bool>, selected: Option<bool>, why: impl FnOnce() -> String) {
    if covered.is_none() && coverage.unknown_because.is_empty() {
        coverage.unknown_because = why();
    }
    coverage.plans_known &= covered.is_some();
    coverage.covered = or(coverage.covered, covered);
    coverage.selected = or(coverage.selected, selected);
}

/// A plan without rules selects and backs nothing up; whether it has any may be unread.
fn with_rules(verdict: Verdict, has_rules: Option<bool>) -> Verdict {
    match (verdict, has_rules) {
        (Verdict::Covered, None) => Verdict::Unknown,
        (Verdict::Covered, Some(false)) => Verdict::NotMatched,
        _ => verdict,
    }
}

/// Blocked only if nothing covers it: a second selection that names the type overrides the settings.
fn opt_in_blocked(coverage: &Coverage) -> Option<bool> {
    let blocked = coverage.decided.iter().any(|one| one.verdict == Verdict::OptInBlocked);
    match coverage.covered {
        Some(true) => Some(false),
        Some(false) => Some(blocked),
        None => None,
    }
}
