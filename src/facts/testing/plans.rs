//! Restore testing plans as they are written, with their selections.

use std::collections::BTreeMap;

use super::PointRow;
use crate::dataset::rows::Json;
use crate::facts::coverage::arn_pattern::{Reach, Wildcards, matches};
use crate::facts::objectives::{and, or};
use crate::facts::population::json;
use crate::facts::restores::selected::{Selection, Selections};
use crate::facts::{FactError, Inputs};

crate::rows! {
    /// What is needed of `restore_testing_plans`.
    struct PlanRow {
        account_id: Text; region: Text; restore_testing_plan_arn: Text; restore_testing_plan_name: Text; recovery_point_types: Json;
        include_vaults: Json; exclude_vaults: Json; selection_window_days: Integer; collection: Text;
    }
}

/// A restore testing plan.
#[derive(Clone, Debug)]
pub(in crate::facts) struct TestingPlan {
    pub(in crate::facts) arn: String,
    pub(in crate::facts) name: Option<String>,
    pub(in crate::facts) account_id: String,
    pub(in crate::facts) region: String,
    pub(in crate::facts) point_types: Option<Vec<String>>,
    pub(in crate::facts) include_vaults: Option<Vec<String>>,
    exclude_vaults: Vec<String>,
    pub(in crate::facts) window_days: Option<i64>,
    pub(in crate::facts) selections: Vec<Selection>,
    pub(in crate::facts) collection: Option<String>,
}

/// All of them.
#[derive(Debug)]
pub(in crate::facts) struct TestingPlans {
    pub(in crate::facts) plans: Vec<TestingPlan>,
}

impl TestingPlans {
    /// Reads plans and selections.
    pub(in crate::facts) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut selections: BTreeMap<String, Vec<Selection>> = BTreeMap::new();
        for selection in Selections::read(inputs)?.selections {
            selections.entry(selection.plan_arn.clone()).or_default().push(selection);
        }
        let rows = inputs.rows::<PlanRow>("restore_testing_plans")?.into_iter();
        let plans = rows.map(|row| {
            let arn = row.restore_testing_plan_arn.unwrap_or_default();
            let list = |column, cell: Option<Json>| json::<Vec<String>>("restore_testing_plans", column, &arn, cell);
            Ok(TestingPlan {
                name: row.restore_testing_plan_name,
                account_id: row.account_id.unwrap_or_default(),
                region: row.region.unwrap_or_default(),
                point_types: list("recovery_point_types", row.recovery_point_types)?,
                include_vaults: list("include_vaults", row.include_vaults)?,
                exclude_vaults: list("exclude_vaults", row.exclude_vaults)?.unwrap_or_default(),
                window_days: row.selection_window_days,
                selections: selections.remove(&arn).unwrap_or_default(),
                collection: row.collection,
                arn,
            })
        });
        Ok(Self { plans: plans.collect::<Result<_, FactError>>()? })
    }
}

impl TestingPlans {
    /// Whether any of them would take a point at a moment.
    pub(in crate::facts) fn take(&self, point: &PointRow, at_s: i64) -> Option<bool> {
        self.plans.iter().map(|plan| plan.takes(point, at_s)).fold(Some(false), or)
    }

    /// Whether any of them, in an account, has a selection.
    pub(in crate::facts) fn any_in(&self, account_id: &str) -> bool {
        self.plans.iter().any(|plan| plan.account_id == account_id && !plan.selections.is_empty())
    }
}

impl TestingPlan {
    /// Whether the plan takes points out of a vault.
    pub(super) fn includes(&self, vault_arn: Option<&str>) -> Option<bool> {
        let any = |patterns: &[String], arn: &str| patterns.iter().any(|pattern| matches(pattern, arn, Wildcards::Star, Reach::Anything));
        let included = self.include_vaults.as_ref().zip(vault_arn).map(|(patterns, arn)| any(patterns, arn));
        and(included, vault_arn.map(|arn| !any(&self.exclude_vaults, arn)))
    }
}
