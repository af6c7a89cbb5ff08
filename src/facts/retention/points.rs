//! Retention of recovery points: how long each is kept by its own lifecycle, and whether it has outlived it.
//!
//! A point that is past its lifecycle and still there, or held, is kept at least as long as it says. The time a temporary point waits for its copy to
//! a logically air-gapped vault is no retention. Continuous backups are windows, not points, and have no row.
//!
//! A point has outlived its lifecycle if AWS Backup gave up deleting it, or if it was seen more than a day after it should have been deleted (AWS
//! takes up to 8 hours), unless a legal hold keeps it. Source: AWS Backup developer guide, "Deleting backups".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::holds::{Held, Holds};
use super::seconds;
use crate::dataset::{Relation, Row};
use crate::facts::objectives::and;
use crate::facts::points::is_continuous;
use crate::facts::population::{RESOURCES_READ, evidence};
use crate::facts::{Fact, FactError, Inputs, account, everywhere, schedule};
use crate::model::moment::DAY_S;

/// Time that AWS may take to delete a point after its lifecycle has ended, amply.
const DELETION_GRACE_S: i64 = DAY_S;

crate::rows! {
    /// How long a recovery point is kept.
    pub struct PointRetentionRow {
        /// ARN of the resource it restores; of the point where AWS names none
        subject_arn: Text, Never, "ResourceArn, RecoveryPointArn";
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
        /// When its lifecycle deletes it
        delete_s: Integer, Means("never, or not told"), "CalculatedLifecycle.DeleteAt";
        /// Whether it is past its lifecycle and no legal hold keeps it
        outlived: Boolean, NotTold, "Status, CalculatedLifecycle.DeleteAt";
        /// Whether a legal hold keeps it
        held: Boolean, NotTold, "ListLegalHolds";
        /// `COMPLETED`, `EXPIRED`, …
        status: Text, NotTold, "Status";
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

/// Retention of recovery points as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "point_retention",
        doc: "How long each recovery point that exists is kept: one row a point, judged per resource.",
        rows_are: "recovery points",
        columns: PointRetentionRow::COLUMNS,
        // A copy can lie in any account of the scope, so that an unread vault there may hold one that is kept for less.
        rows_rest_on: &[everywhere("recovery_points")],
        order: &["backup_vault_arn", "recovery_point_arn"],
    },
    reads: &[RESOURCES_READ, super::super::PLAN_READS, &[everywhere("recovery_points"), account("legal_holds")]],
    by_range: true,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; backup_vault_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; delete_after_days: Integer; delete_at_s: Integer; delete_after_event: Text; source_backup_vault_arn: Text;
        backup_plan_id: Text; is_parent: Boolean; exists: Boolean; last_seen_s: Integer; collection: Text;
    }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let owed = owed_by_arn(inputs)?;
    let nobody_owes = !inputs.objectives.any_retention();
    let holds = Holds::read(inputs)?;
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let rows = points.into_iter().filter(counts).map(|point| {
        let (retention_s, delete_s) = (told(&point).retention_s(), told(&point).delete_s());
        let held = held(inputs, &holds, &point);
        let outlived = and(past_lifecycle(&point, retention_s, delete_s), held.map(|held| !held));
        let point_arn = point.recovery_point_arn.unwrap_or_default();
        let arn = point.resource_arn.unwrap_or_else(|| point_arn.clone());
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
            delete_s,
            outlived,
            held,
            status: point.status,
            planned: Some(point.backup_plan_id.is_some()),
            copy: Some(point.source_backup_vault_arn.is_some()),
            retention_owed: owed.anything(),
            owed_retention_s: owed.seconds(),
            subject_arn: Some(arn),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// What is told of the lifecycle of a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// When it was created.
    pub(super) created_s: Option<i64>,
    /// `Lifecycle.DeleteAfterDays`.
    pub(super) delete_after_days: Option<i64>,
    /// `CalculatedLifecycle.DeleteAt`.
    pub(super) delete_at_s: Option<i64>,
    /// Whether an event deletes it.
    pub(super) by_event: bool,
    /// Whether it is a copy.
    pub(super) copy: bool,
}

impl Told {
    /// How long it is kept. A deletion date without days (-1 on a copy says "as long as the source") still tells; neither of them means that
    /// nothing deletes it. `None` if it is deleted, but its creation was not told, or when its source or an event is not.
    pub(super) fn retention_s(&self) -> Option<i64> {
        let as_source = self.copy && self.delete_after_days.is_some_and(|days| days < 0);
        match (self.delete_after_days.filter(|days| *days >= 0), self.delete_at_s) {
            (Some(days), _) => Some(seconds(Some(days))),
            (None, Some(delete_s)) => self.created_s.map(|created_s| delete_s.saturating_sub(created_s)),
            (None, None) if as_source || self.by_event => None,
            (None, None) => Some(i64::MAX),
        }
    }

    /// When its lifecycle deletes it; `None` if never or not told.
    pub(super) fn delete_s(&self) -> Option<i64> {
        let by_days = || Some(self.created_s?.saturating_add(self.retention_s().filter(|retention_s| *retention_s != i64::MAX)?));
        self.delete_at_s.or_else(by_days)
    }
}

fn told(point: &PointRow) -> Told {
    Told {
        created_s: point.creation_date_s,
        delete_after_days: point.delete_after_days,
        delete_at_s: point.delete_at_s,
        by_event: point.delete_after_event.is_some(),
        copy: point.source_backup_vault_arn.is_some(),
    }
}

/// Whether a point was seen past the end of its lifecycle; `None` if that end was not told.
fn past_lifecycle(point: &PointRow, retention_s: Option<i64>, delete_s: Option<i64>) -> Option<bool> {
    if point.status.as_deref() == Some("EXPIRED") {
        return Some(true);
    }
    match delete_s {
        Some(delete_s) => point.last_seen_s.map(|seen_s| seen_s > delete_s.saturating_add(DELETION_GRACE_S)),
        None => (retention_s == Some(i64::MAX)).then_some(false),
    }
}

fn held(inputs: &Inputs<'_>, holds: &Holds, point: &PointRow) -> Option<bool> {
    fn text(cell: Option<&String>) -> &str {
        cell.map_or("", String::as_str)
    }
    let of = Held {
        account_id: text(point.account_id.as_ref()),
        region: text(point.region.as_ref()),
        vault_arn: text(point.backup_vault_arn.as_ref()),
        resource_arn: text(point.resource_arn.as_ref()),
        created_s: point.creation_date_s,
    };
    holds.keep(inputs, &of)
}

/// Points that are proven to exist and keep data on their own. Those of a vault whose newest read failed have no row: the gap speaks for them. A
/// status of tomorrow does not hide one.
fn counts(point: &PointRow) -> bool {
    let there = point.exists == Some(true) && !matches!(point.status.as_deref(), Some("CREATING" | "DELETING" | "STOPPED"));
    let temporary = point.delete_after_event.as_deref() == Some("DELETE_AFTER_COPY");
    let shell = point.is_parent == Some(true);
    there && !temporary && !shell && !point.recovery_point_arn.as_deref().is_some_and(is_continuous)
}

/// What a resource owes in retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owes {
    /// It depends on something unread.
    NotKnown,
    /// Nothing.
    Nothing,
    /// This long, in seconds.
    Seconds(i64),
}

impl Owes {
    /// Whether it owes anything.
    pub(super) fn anything(self) -> Option<bool> {
        match self {
            Self::NotKnown => None,
            Self::Nothing => Some(false),
            Self::Seconds(_) => Some(true),
        }
    }

    /// How long; `None` if nothing or not known.
    pub(super) fn seconds(self) -> Option<i64> {
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
