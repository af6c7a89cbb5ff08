//! Retention: how long plan rules keep points, and how long each recovery point is kept by its own lifecycle.
//!
//! A point that is past its lifecycle and still there, or held, is kept at least as long as it says. The time a temporary point waits for its copy to
//! a logically air-gapped vault is no retention. Continuous backups are windows, not points, and have no row in `point_retention`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::lifecycles::PLANS_REST_ON;
use super::points::is_continuous;
use super::population::evidence;
use super::{Fact, FactError, Inputs, schedule};
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::moment::DAY_S;

crate::rows! {
    /// How long a plan rule keeps what it makes.
    pub struct PlanRetentionRow {
        /// ARN of the plan
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the plan
        plan_name: Text, Never, "";
        /// Name of the plan rule
        plan_rule: Text, Never, "";
        /// Whether it makes continuous backups, which AWS keeps 35 days at most
        continuous: Boolean, Never, "EnableContinuousBackup";
        /// Whether nothing ever deletes the points
        kept_forever: Boolean, Never, "";
        /// How long points are kept; for ever is the largest number there is
        retention_s: Integer, Never, "Lifecycle.DeleteAfterDays";
        /// The same for people
        retention_days: Integer, Means("for ever"), "Lifecycle.DeleteAfterDays";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

crate::rows! {
    /// How long a recovery point is kept.
    pub struct PointRetentionRow {
        /// ARN of the resource it restores
        subject_arn: Text, Never, "ResourceArn";
        /// AWS resource type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account of the vault
        account_id: Text, Never, "";
        /// Region of the vault
        region: Text, Never, "";
        /// ARN of the point
        recovery_point_arn: Text, Never, "RecoveryPointArn";
        /// Vault it lies in
        backup_vault_arn: Text, Never, "BackupVaultArn";
        /// When it was created
        created_s: Integer, NotTold, "CreationDate";
        /// Whether nothing ever deletes it
        kept_forever: Boolean, NotTold, "Lifecycle.DeleteAfterDays";
        /// How long its lifecycle keeps it; for ever is the largest number there is
        retention_s: Integer, NotTold, "Lifecycle.DeleteAfterDays";
        /// Whether a plan made it
        planned: Boolean, Never, "CreatedBy.BackupPlanId";
        /// Whether it is a copy
        copy: Boolean, Never, "SourceBackupVaultArn";
        /// Whether the objective of the resource asks for a retention
        retention_owed: Boolean, NotTold, "audit.yaml";
        /// The retention it asks for
        owed_retention_s: Integer, NotTold, "audit.yaml";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Retention of plan rules as a relation.
pub static PLAN_RETENTION: Fact = Fact {
    relation: &Relation {
        name: "plan_retention",
        doc: "How long each plan rule keeps what it makes: one row a plan rule.",
        columns: PlanRetentionRow::COLUMNS,
        rows_rest_on: PLANS_REST_ON,
        order: &["plan_rule"],
    },
    reads: super::POINT_READS,
    derive: derive_plans,
};

/// Retention of recovery points as a relation.
pub static POINT_RETENTION: Fact = Fact {
    relation: &Relation {
        name: "point_retention",
        doc: "How long each recovery point that exists is kept: one row a point, judged per resource.",
        columns: PointRetentionRow::COLUMNS,
        rows_rest_on: &[RestsOn { table: "recovery_points", reach: Reach::Account }],
        order: &["backup_vault_arn", "recovery_point_arn"],
    },
    reads: super::POINT_READS,
    derive: derive_points,
};

fn derive_plans(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let plans = inputs.plans()?;
    let rows = plans.iter().flat_map(|plan| {
        plan.rules.iter().map(move |rule| PlanRetentionRow {
            subject_arn: Some(plan.arn.clone()),
            subject_type: Some("AWS::Backup::BackupPlan".to_owned()),
            account_id: Some(plan.account_id.clone()),
            region: Some(plan.region.clone()),
            plan_name: Some(plan.name.clone()),
            plan_rule: Some(rule.name.clone()),
            continuous: Some(rule.continuous),
            kept_forever: Some(rule.lifecycle.kept_forever()),
            retention_s: Some(seconds(rule.lifecycle.delete_after_days)),
            retention_days: rule.lifecycle.delete_after_days.filter(|days| *days >= 0),
            evidence: Some(evidence("plan_rules", &format!("{}#rule/{}", plan.arn, rule.id), Some(&plan.collection))),
        })
    });
    Inputs::frame_of(PLAN_RETENTION.relation, rows.collect::<Vec<_>>())
}

/// Days as seconds; nothing and a negative number keep for ever.
fn seconds(days: Option<i64>) -> i64 {
    days.filter(|days| *days >= 0).map_or(i64::MAX, |days| days.saturating_mul(DAY_S))
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; backup_vault_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; delete_after_days: Integer; delete_at_s: Integer; delete_after_event: Text; source_backup_vault_arn: Text;
        backup_plan_id: Text; is_parent: Boolean; exists: Boolean; collection: Text;
    }
}

fn derive_points(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let owed = owed_by_arn(inputs)?;
    let nobody_owes = !inputs.objectives.any_retention();
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let rows = points.into_iter().filter(counts).map(|point| {
        let retention_s = retention_s(&point);
        let arn = point.resource_arn.unwrap_or_default();
        let point_arn = point.recovery_point_arn.unwrap_or_default();
        let owed = if nobody_owes { Owes::Nothing } else { owed.get(&arn).copied().unwrap_or(Owes::NotKnown) };
        PointRetentionRow {
            subject_type: Some(point.resource_type.unwrap_or_default()),
            account_id: point.account_id,
            region: point.region,
            evidence: Some(evidence("recovery_points", &point_arn, point.collection.as_deref())),
            recovery_point_arn: Some(point_arn),
            backup_vault_arn: point.backup_vault_arn,
            created_s: point.creation_date_s,
            kept_forever: retention_s.map(|retention_s| retention_s == i64::MAX),
            retention_s,
            planned: Some(point.backup_plan_id.is_some()),
            copy: Some(point.source_backup_vault_arn.is_some()),
            retention_owed: owed.anything(),
            owed_retention_s: owed.seconds(),
            subject_arn: Some(arn),
        }
    });
    Inputs::frame_of(POINT_RETENTION.relation, rows.collect::<Vec<_>>())
}

/// How long a point is kept. A deletion date without days (-1 on a copy says "as long as the source") still tells; neither of them means that
/// nothing deletes it. `None` if it is deleted, but its creation was not told.
fn retention_s(point: &PointRow) -> Option<i64> {
    match (point.delete_after_days.filter(|days| *days >= 0), point.delete_at_s) {
        (Some(days), _) => Some(seconds(Some(days))),
        (None, Some(delete_s)) => point.creation_date_s.map(|created_s| delete_s.saturating_sub(created_s)),
        (None, None) => Some(i64::MAX),
    }
}

/// Points that are proven to exist and keep data on their own. Those of a vault whose newest read failed have no row: the gap speaks for them.
fn counts(point: &PointRow) -> bool {
    let there = point.exists == Some(true) && matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE" | "PARTIAL" | "EXPIRED"));
    let temporary = point.delete_after_event.as_deref() == Some("DELETE_AFTER_COPY");
    let shell = point.is_parent == Some(true);
    there && !temporary && !shell && point.resource_arn.is_some() && !point.recovery_point_arn.as_deref().is_some_and(is_continuous)
}

/// What a resource owes in retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owes {
    /// It depends on something unread.
    NotKnown,
    /// Nothing.
    Nothing,
    /// This long, in seconds.
    Seconds(i64),
}

impl Owes {
    fn anything(self) -> Option<bool> {
        match self {
            Self::NotKnown => None,
            Self::Nothing => Some(false),
            Self::Seconds(_) => Some(true),
        }
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::NotKnown | Self::Nothing => None,
        }
    }
}

/// What each resource of the population owes in retention. One that is not in the population (deleted, or of a type that is not collected) has no
/// entry: its points outlive it, and what they owe cannot be told.
fn owed_by_arn(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Owes>, FactError> {
    let population = inputs.population()?;
    let mut owed = BTreeMap::new();
    for (index, resource) in population.iter().enumerate() {
        let objective = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        let retention = match objective.map(|objective| objective.retention_days) {
            None => Owes::NotKnown,
            Some(None) => Owes::Nothing,
            Some(Some(days)) => Owes::Seconds(seconds(Some(days))),
        };
        owed.insert(resource.arn.clone(), retention);
    }
    Ok(owed)
}
