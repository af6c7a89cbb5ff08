//! Which resources restore testing plans select, as far as type and ARN decide it. Conditions are on tags of recovery points, which are not read.
//!
//! Source: AWS Backup API reference, `RestoreTestingSelectionForGet`; developer guide, "Restore testing".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::dataset::rows::Json;
use crate::facts::objectives::{and, or};
use crate::facts::population::{Resource, json};
use crate::facts::{FactError, Inputs};

crate::rows! {
    /// What is needed of `restore_testing_plans`.
    struct PlanRow { restore_testing_plan_arn: Text; restore_testing_plan_name: Text; }
}

crate::rows! {
    /// What is needed of `restore_testing_selections`.
    struct SelectionRow {
        account_id: Text; region: Text; restore_testing_plan_arn: Text; restore_testing_selection_name: Text; protected_resource_type: Text;
        protected_resource_arns: Json; protected_resource_conditions: Json;
    }
}

/// A selection of a restore testing plan.
#[derive(Clone, Debug)]
pub(in crate::facts) struct Selection {
    account_id: String,
    region: String,
    plan: String,
    pub(in crate::facts) plan_arn: String,
    pub(in crate::facts) name: String,
    pub(in crate::facts) resource_type: Option<String>,
    arns: Vec<String>,
    has_conditions: bool,
}

/// All selections of restore testing plans.
#[derive(Debug)]
pub(in crate::facts) struct Selections {
    pub(in crate::facts) selections: Vec<Selection>,
    complete: bool,
}

impl Selections {
    /// Reads plans and selections.
    pub(in crate::facts) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let plans = inputs.rows::<PlanRow>("restore_testing_plans")?.into_iter();
        let names: BTreeMap<String, String> =
            plans.filter_map(|row| Some((row.restore_testing_plan_arn?, row.restore_testing_plan_name?))).collect();
        let rows = inputs.rows::<SelectionRow>("restore_testing_selections")?.into_iter();
        let complete = ["restore_testing_plans", "restore_testing_selections"].iter().all(|table| inputs.complete_everywhere(table));
        Ok(Self { selections: rows.map(|row| selection(row, &names)).collect::<Result<_, _>>()?, complete })
    }

    /// Whether any selects a resource, and the plan that does.
    pub(in crate::facts) fn of(&self, resource: &Resource) -> (Option<bool>, Option<String>) {
        let mut selected = self.complete.then_some(false);
        for one in &self.selections {
            let answer = one.selects(resource);
            if answer == Some(true) {
                return (Some(true), Some(one.plan.clone()));
            }
            selected = or(selected, answer);
        }
        (selected, None)
    }
}

impl Selection {
    /// Whether it takes points of a resource, by type and ARN; conditions are on tags of points, which are not read.
    pub(in crate::facts) fn takes(&self, resource_type: Option<&str>, resource_arn: Option<&str>) -> Option<bool> {
        let of_type = self.resource_type.as_deref().zip(resource_type).map(|(of, own)| of == own);
        let named = |wanted: &str| self.arns.iter().any(|arn| arn == wanted);
        let by_arn = match resource_arn {
            _ if named("*") || self.arns.is_empty() => (!self.has_conditions && !self.arns.is_empty()).then_some(true),
            Some(arn) => Some(named(arn)),
            None => None,
        };
        and(of_type, by_arn)
    }

    fn selects(&self, resource: &Resource) -> Option<bool> {
        let of_type = self.resource_type.as_deref().zip(resource.backup_type()).map(|(of, own)| of == own);
        let at_home = self.account_id == resource.account_id && self.region == resource.region;
        match of_type {
            Some(false) => Some(false),
            _ if self.arns.contains(&resource.arn) => of_type,
            // What it takes elsewhere are copies, and whether there is one is not looked up here.
            _ if self.has_conditions || self.arns.is_empty() => None,
            _ if self.arns.iter().any(|arn| arn == "*") => of_type.filter(|_| at_home),
            _ => Some(false),
        }
    }
}

fn selection(row: SelectionRow, names: &BTreeMap<String, String>) -> Result<Selection, FactError> {
    let plan_arn = row.restore_testing_plan_arn.unwrap_or_default();
    let name = row.restore_testing_selection_name.unwrap_or_default();
    let key = format!("{plan_arn}#selection/{name}");
    let read = |column, cell: Option<Json>| json::<Value>("restore_testing_selections", column, &key, cell);
    let arns = read("protected_resource_arns", row.protected_resource_arns)?;
    let conditions = read("protected_resource_conditions", row.protected_resource_conditions)?;
    Ok(Selection {
        account_id: row.account_id.unwrap_or_default(),
        region: row.region.unwrap_or_default(),
        plan: names.get(&plan_arn).unwrap_or(&plan_arn).clone(),
        plan_arn,
        name,
        resource_type: row.protected_resource_type,
        arns: arns.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        has_conditions: conditions.as_ref().is_some_and(any_entry),
    })
}

/// Whether there is any condition; what is no list of them by operator is taken for one.
fn any_entry(conditions: &Value) -> bool {
    match conditions {
        Value::Null => false,
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(by_operator) => by_operator.values().any(any_entry),
        _ => true,
    }
}
