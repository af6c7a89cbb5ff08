//! Restore testing plans: whether what they select has a recovery point that they would take now.
//!
//! A plan takes points of its own account and Region, out of the vaults it includes, of the kinds it names, made within its selection window; a
//! selection of it takes those of one type, by ARN, or by tags of the points, which are not read. What has no such point is not tested, and
//! AWS tells nobody. A temporary point on its way into an air-gapped vault is never taken.
//!
//! Sources: AWS Backup developer guide, "Restore testing"; API reference, `RestoreTestingRecoveryPointSelection`, `RestoreTestingSelectionForGet`.

use polars::prelude::DataFrame;

use self::plans::{TestingPlan, TestingPlans};
use super::objectives::{and, or};
use super::points::is_continuous;
use super::population::evidence;
use super::restores::selected::Selection;
use super::{Fact, FactError, Inputs, region};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::moment::DAY_S;

pub(super) mod plans;

crate::rows! {
    /// A selection of a restore testing plan, or a plan without any.
    pub struct TestingRow {
        /// ARN of the plan
        subject_arn: Text, Never, "RestoreTestingPlanArn";
        /// Always `AWS::Backup::RestoreTestingPlan`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the plan
        plan_name: Text, NotTold, "RestoreTestingPlanName";
        /// Name of the selection
        selection_name: Text, Means("it has none that is known"), "RestoreTestingSelectionName";
        /// The type of what it tests
        resource_type: Text, NotTold, "ProtectedResourceType";
        /// Whether the plan has a selection
        has_selection: Boolean, NotTold, "ListRestoreTestingSelections";
        /// Whether a point is there that the selection would take now
        covers_something: Boolean, NotTold, "";
        /// Points that it is known to take
        points_count: Integer, Never, "";
        /// Vaults that the plan takes points from: ARNs or patterns
        include_vaults: Text, NotTold, "RecoveryPointSelection.IncludeVaults";
        /// Kinds of points that it takes
        point_types: Text, NotTold, "RecoveryPointSelection.RecoveryPointTypes";
        /// Days before a test from which it takes points
        selection_window_days: Integer, NotTold, "RecoveryPointSelection.SelectionWindowDays";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Restore testing plans as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "restore_testing",
        doc: "Whether restore testing plans have anything to test: one row a plan and selection, one row if it has none.",
        rows_are: "selections",
        columns: TestingRow::COLUMNS,
        rows_rest_on: &[
            region("restore_testing_plans"),
            RestsOn { table: "restore_testing_selections", reach: Reach::Parent("subject_arn") },
        ],
        order: &["selection_name"],
    },
    reads: &[&[region("restore_testing_plans"), region("restore_testing_selections"), region("recovery_points")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What decides whether a point is taken.
    pub(super) struct PointRow {
        account_id: Text; region: Text; backup_vault_arn: Text; recovery_point_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; delete_after_event: Text; source_backup_vault_arn: Text; is_parent: Boolean; exists: Boolean;
    }
}

/// What a selection takes.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    count: i64,
    open: bool,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let testing = TestingPlans::read(inputs)?;
    let as_of_s = inputs.snapshot.as_of_s();
    let mut taken: Vec<Vec<Taken>> = testing.plans.iter().map(|plan| vec![Taken::default(); plan.selections.len()]).collect();
    inputs.each::<PointRow>("recovery_points", |point| {
        for (plan, taken) in testing.plans.iter().zip(&mut taken) {
            let offered = plan.offers(&point, as_of_s);
            for (selection, taken) in plan.selections.iter().zip(taken) {
                match and(offered, selection.takes(point.resource_type.as_deref(), point.resource_arn.as_deref())) {
                    Some(true) => taken.count += 1,
                    Some(false) => {}
                    None => taken.open = true,
                }
            }
        }
    })?;
    let mut rows = Vec::new();
    for (plan, taken) in testing.plans.iter().zip(taken) {
        let base = base(inputs, plan);
        let points_read = inputs.complete("recovery_points", &plan.account_id, &plan.region);
        let of = |(selection, taken): (&Selection, Taken)| TestingRow {
            selection_name: Some(selection.name.clone()),
            resource_type: selection.resource_type.clone(),
            has_selection: Some(true),
            covers_something: if taken.count > 0 { Some(true) } else { (points_read && !taken.open).then_some(false) },
            points_count: Some(taken.count),
            ..base.clone()
        };
        rows.extend(plan.selections.iter().zip(taken).map(of));
        if plan.selections.is_empty() {
            rows.push(base);
        }
    }
    Inputs::frame_of(FACT.relation, rows)
}

/// What is said of a plan without a selection; of one whose selections were not read, nothing.
fn base(inputs: &Inputs<'_>, plan: &TestingPlan) -> TestingRow {
    let read = inputs.snapshot.complete("restore_testing_selections", &plan.account_id, &plan.region, Some(&plan.arn));
    TestingRow {
        subject_arn: Some(plan.arn.clone()),
        subject_type: Some("AWS::Backup::RestoreTestingPlan".to_owned()),
        account_id: Some(plan.account_id.clone()),
        region: Some(plan.region.clone()),
        plan_name: plan.name.clone(),
        has_selection: read.then_some(false),
        covers_something: read.then_some(false),
        points_count: Some(0),
        include_vaults: plan.include_vaults.as_ref().map(|vaults| vaults.join(", ")),
        point_types: plan.point_types.as_ref().map(|types| types.join(", ")),
        selection_window_days: plan.window_days,
        evidence: Some(evidence("restore_testing_plans", &plan.arn, plan.collection.as_deref())),
        ..TestingRow::default()
    }
}

impl TestingPlan {
    /// Whether the plan would take a point at a moment, whatever its selections ask for.
    pub(super) fn offers(&self, point: &PointRow, at_s: i64) -> Option<bool> {
        let here = (point.account_id.as_deref(), point.region.as_deref()) == (Some(&self.account_id), Some(&self.region));
        let temporary = point.delete_after_event.is_some();
        if !here || temporary || point.is_parent == Some(true) || point.exists == Some(false) {
            return Some(false);
        }
        let usable = match point.status.as_deref() {
            Some("COMPLETED" | "AVAILABLE") => Some(true),
            Some("CREATING" | "DELETING" | "EXPIRED" | "PARTIAL") => Some(false),
            _ => None,
        };
        let continuous = point.recovery_point_arn.as_deref().map(is_continuous);
        let in_window = self.window_days.zip(point.creation_date_s).map(|(days, created_s)| created_s >= at_s - days.saturating_mul(DAY_S));
        // A continuous backup made long ago reaches into the window; whether AWS takes it then is not documented.
        let in_window = if continuous == Some(false) { in_window } else { in_window.filter(|within| *within) };
        let kind = self.point_types.as_ref().zip(continuous).map(|(types, continuous)| {
            let wanted = if continuous { "CONTINUOUS" } else { "SNAPSHOT" };
            types.iter().any(|of| of == wanted)
        });
        let clauses = [usable, point.exists, kind, in_window, self.includes(point.backup_vault_arn.as_deref())];
        clauses.into_iter().fold(Some(true), and)
    }

    /// Whether a selection of the plan takes a point that the plan offers.
    pub(super) fn takes(&self, point: &PointRow, at_s: i64) -> Option<bool> {
        let offered = self.offers(point, at_s);
        let by = |selection: &Selection| and(offered, selection.takes(point.resource_type.as_deref(), point.resource_arn.as_deref()));
        self.selections.iter().map(by).fold(Some(false), or)
    }
}
