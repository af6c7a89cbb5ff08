//! Selections: whether what they name is there, whether they match anything, and whether their role can do the work.
//!
//! - An ARN is missing only if the service that would list it was read and does not; of types that are not collected nothing is said.
//! - A selection matches nothing only if everything it could match is of a type that is listed here; one by tags alone, or `*`, can reach types that
//!   are not collected, so that it is not known.
//! - `*` in a condition stands for no blank: a tag value with one is passed over by a pattern that looks right.
//!
//! Sources: AWS Backup developer guide, "Assigning resources with JSON"; API reference, `BackupSelection`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::roles::{Roles, RolesOf};
use crate::dataset::{Relation, Row};
use crate::facts::coverage::Coverage;
use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::coverage::clauses::TAG_PREFIX;
use crate::facts::coverage::selection::{Operator, Selection};
use crate::facts::objectives::{and, or};
use crate::facts::plans::Plan;
use crate::facts::population::{self, RESOURCES_READ, Resource, evidence};
use crate::facts::{Fact, FactError, Inputs, PLAN_READS, account, region};
use crate::model::Arn;

crate::rows! {
    /// A selection of a plan.
    pub struct SelectionRow {
        /// ARN of the plan and id of the selection
        subject_arn: Text, Never, "BackupPlanArn, SelectionId";
        /// Always `AWS::Backup::BackupSelection`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the plan
        plan_name: Text, Never, "BackupPlanName";
        /// Name of the selection
        selection_name: Text, Never, "SelectionName";
        /// Resources that it names one by one
        named_count: Integer, NotTold, "Resources";
        /// Whether all of them are there
        named_exist: Boolean, NotTold, "Resources";
        /// One that is not
        missing_arn: Text, Means("none that is known to be missing"), "Resources";
        /// Whether it asks for anything that is there, opt-in and state aside
        matches_something: Boolean, NotTold, "";
        /// Resources that it is known to ask for
        matches_count: Integer, Never, "";
        /// Whether a blank in the value of a tag keeps one of its patterns from matching
        blank_in_the_way: Boolean, NotTold, "Conditions";
        /// The pattern, the resource and the value
        blank_example: Text, Means("none that is known"), "";
        /// Role that AWS Backup takes on
        role_arn: Text, NotTold, "IamRoleArn";
        /// Whether the role is there
        role_exists: Boolean, NotTold, "";
        /// Whether AWS Backup may take it on
        role_trusts_backup: Boolean, NotTold, "AssumeRolePolicyDocument";
        /// Whether nobody else may
        role_trusts_only_backup: Boolean, NotTold, "AssumeRolePolicyDocument";
        /// Whether it holds AWS's policy for backups; not told if it has others, which may do as well, or a boundary that does not allow everything
        role_may_back_up: Boolean, NotTold, "AttachedManagedPolicies, PermissionsBoundary";
        /// What is wrong with the role, in words
        role_problem: Text, Means("nothing that is known"), "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Selections as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "selection_hygiene",
        doc: "What a selection names that is not there, whether it matches anything, and whether its role can work: one row a selection.",
        rows_are: "selections",
        columns: SelectionRow::COLUMNS,
        rows_rest_on: &[region("backup_plans"), region("selections")],
        order: &[],
    },
    reads: &[RESOURCES_READ, PLAN_READS, &[account("iam_principals"), account("iam_policies")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `selections` beside what plans hold.
    struct RoleRow { backup_plan_arn: Text; selection_id: Text; iam_role_arn: Text; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let roles = Roles::read(inputs)?;
    let role_of: BTreeMap<(String, String), Option<String>> = inputs
        .rows::<RoleRow>("selections")?
        .into_iter()
        .map(|row| ((row.backup_plan_arn.unwrap_or_default(), row.selection_id.unwrap_or_default()), row.iam_role_arn))
        .collect();
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let known: BTreeSet<&str> = population.iter().map(|resource| resource.arn.as_str()).collect();
    let mut asked = Asked::new(&coverage);
    let mut rows = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        for one in &plan.selections {
            let role_arn = role_of.get(&(plan.arn.clone(), one.id.clone())).cloned().flatten();
            let role = roles.of(&plan.account_id, role_arn.as_deref());
            let matched = asked.take(index, &one.id);
            let row = with_role(base(plan, &one.id, &one.name), role_arn, role);
            // What cannot be understood may name what is gone, or ask for nothing.
            let Ok(selection) = &one.selection else {
                rows.push(SelectionRow { matches_count: Some(matched.count), ..row });
                continue;
            };
            let row = with_names(row, inputs, selection, &known);
            let row = with_blanks(row, selection, plan, &population);
            let matches_something = if matched.count > 0 { Some(true) } else { nothing(inputs, plan, selection, &matched) };
            rows.push(SelectionRow { matches_something, matches_count: Some(matched.count), ..row });
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

fn base(plan: &Plan, id: &str, name: &str) -> SelectionRow {
    let subject = format!("{}#selection/{id}", plan.arn);
    SelectionRow {
        evidence: Some(evidence("selections", &subject, Some(&plan.collection))),
        subject_arn: Some(subject),
        subject_type: Some("AWS::Backup::BackupSelection".to_owned()),
        account_id: Some(plan.account_id.clone()),
        region: Some(plan.region.clone()),
        plan_name: Some(plan.name.clone()),
        selection_name: Some(name.to_owned()),
        ..SelectionRow::default()
    }
}

fn with_role(row: SelectionRow, role_arn: Option<String>, role: RolesOf) -> SelectionRow {
    SelectionRow {
        role_problem: role.problem(role_arn.as_deref()),
        role_arn,
        role_exists: role.exists,
        role_trusts_backup: role.trusts_backup,
        role_trusts_only_backup: role.trusts_only_backup,
        role_may_back_up: role.may_back_up,
        ..row
    }
}

/// Whether what it names one by one is there.
fn with_names(row: SelectionRow, inputs: &Inputs<'_>, selection: &Selection, known: &BTreeSet<&str>) -> SelectionRow {
    let named: Vec<&str> = selection.resources.iter().map(String::as_str).filter(|entry| !entry.contains(['*', '?'])).collect();
    let there = |arn: &str| if known.contains(arn) { Some(true) } else { listed(inputs, arn).filter(|listed| *listed).map(|_| false) };
    SelectionRow {
        named_count: i64::try_from(named.len()).ok(),
        named_exist: named.iter().map(|arn| there(arn)).fold(Some(true), and),
        missing_arn: named.iter().find(|arn| there(arn) == Some(false)).map(|&arn| arn.to_owned()),
        ..row
    }
}

/// Whether everything that would list a resource was read; buckets, whose ARN tells no place, are listed by the account.
fn listed(inputs: &Inputs<'_>, arn: &str) -> Option<bool> {
    let parsed = Arn::parse(arn)?;
    if parsed.service == "s3" {
        return Some(inputs.complete_everywhere("s3_buckets"));
    }
    inputs.snapshot.in_scope(parsed.account, parsed.region).then(|| population::listed(inputs, &parsed))?
}

/// How often each selection is asked for, by plan and id.
struct Asked {
    by_selection: BTreeMap<(usize, String), Matched>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Matched {
    count: i64,
    open: bool,
}

impl Asked {
    fn new(coverage: &[Coverage]) -> Self {
        let mut by_selection: BTreeMap<(usize, String), Matched> = BTreeMap::new();
        // What has the coverage of another resource has its decisions, too.
        for decided in coverage.iter().filter(|one| one.via.is_none()).flat_map(|one| &one.decided) {
            let matched = by_selection.entry((decided.plan, decided.selection_id.clone())).or_default();
            match decided.selected {
                Some(true) => matched.count += 1,
                Some(false) => {}
                None => matched.open = true,
            }
        }
        Self { by_selection }
    }

    fn take(&mut self, plan: usize, id: &str) -> Matched {
        self.by_selection.remove(&(plan, id.to_owned())).unwrap_or_default()
    }
}

/// Whether a selection that asks for nothing known asks for nothing at all: `Some(false)`, or not known.
fn nothing(inputs: &Inputs<'_>, plan: &Plan, selection: &Selection, matched: &Matched) -> Option<bool> {
    let by_arn_only = !selection.resources.is_empty() && selection.list_of_tags.is_empty();
    let read = |entry: &String| {
        let tables = tables_of(entry)?;
        let complete = tables.iter().all(|table| inputs.complete(table, &plan.account_id, &plan.region));
        complete.then_some(())
    };
    (by_arn_only && !matched.open && selection.resources.iter().all(|entry| read(entry).is_some())).then_some(false)
}

/// The tables that list whatever an entry can match; `None` if it can match what is not collected.
fn tables_of(entry: &str) -> Option<Vec<&'static str>> {
    let mut parts = entry.splitn(6, ':');
    let service = parts.nth(2)?;
    let resource = parts.nth(2).unwrap_or("*");
    if service == "s3" {
        return Some(vec!["s3_buckets"]);
    }
    population::tables_of(service, resource)
}

/// Whether a blank in a tag value keeps a pattern of its conditions from matching. Tags that were not read leave it open.
fn with_blanks(row: SelectionRow, selection: &Selection, plan: &Plan, population: &[Resource]) -> SelectionRow {
    let patterns: Vec<(&str, &str)> = selection
        .conditions
        .iter()
        .filter(|(operator, entry)| {
            matches!(operator, Operator::StringLike | Operator::StringNotLike) && entry.condition_value.contains('*')
        })
        .filter_map(|(_, entry)| Some((entry.condition_key.strip_prefix(TAG_PREFIX)?, entry.condition_value.as_str())))
        .collect();
    let (mut found, mut example) = (Some(false), None);
    let here = |resource: &&Resource| resource.account_id == plan.account_id && resource.region == plan.region;
    for resource in population.iter().filter(here).filter(|_| !patterns.is_empty()) {
        let Some(tags) = &resource.facts.tags else {
            found = or(found, None);
            continue;
        };
        let stopped = patterns
            .iter()
            .find_map(|(key, pattern)| Some((*pattern, tags.get(*key)?)).filter(|(pattern, value)| blank_stops(pattern, value)));
        if let Some((pattern, value)) = stopped {
            found = Some(true);
            example.get_or_insert_with(|| format!("{pattern} does not match \"{value}\" of {}", resource.arn));
        }
    }
    SelectionRow { blank_in_the_way: found, blank_example: example, ..row }
}

fn blank_stops(pattern: &str, value: &str) -> bool {
    let with = |reach| matches(pattern, value, Wildcards::StarAndQuestion, reach);
    with(Reach::Anything) && !with(Reach::NonWhitespace)
}
