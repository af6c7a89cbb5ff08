//! Points in locked vaults: does each resource have a usable one that nobody can delete by hand?
//!
//! AWS's control `BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK` asks the same and does not tell the modes of a lock apart; the mode of the best lock
//! stands beside the answer. A point of an earlier database of the same ARN does not count. That there is none is known only if points and vaults of
//! the whole scope were read and no copy is known to have left it.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::{LockMode, Vaults};
use crate::dataset::{Relation, Row};
use crate::facts::population::{RESOURCES_READ, RESOURCES_REST_ON, Resource, evidence};
use crate::facts::{Fact, FactError, Inputs, everywhere, region};

crate::rows! {
    /// A resource's points in locked vaults.
    pub struct LockedPointsRow {
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
        /// Whether a usable point of it lies in a locked vault
        in_locked_vault: Boolean, NotTold, "";
        /// The strongest of these locks: `governance`, `grace` or `immutable`
        lock_mode: Text, Means("no point in a locked vault is known"), "";
        /// Number of points in locked vaults that are known
        points_count: Integer, Never, "";
        /// Vault with the strongest lock
        backup_vault_arn: Text, Means("no point in a locked vault is known"), "";
        /// Creation of the newest point there
        newest_data_s: Integer, Means("no point in a locked vault is known"), "CreationDate";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Points in locked vaults as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "locked_points",
        doc: "Whether a usable recovery point lies in a locked vault: one row a resource.",
        rows_are: "resources",
        columns: LockedPointsRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, &[everywhere("recovery_points"), everywhere("backup_vaults"), region("copy_jobs")]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        recovery_point_arn: Text; backup_vault_arn: Text; resource_arn: Text; status: Text; creation_date_s: Integer; delete_after_event: Text;
        is_parent: Boolean; exists: Boolean; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `copy_jobs`.
    struct CopyRow { resource_arn: Text; state: Text; destination_account_id: Text; destination_region: Text; }
}

/// What is known of the points of a resource in locked vaults.
#[derive(Debug, Default)]
struct Locked {
    /// How many there are for certain.
    count: i64,
    /// Whether another may be one.
    open: bool,
    /// That under the strongest lock, of equal ones the newest.
    best: Option<(LockMode, PointRow)>,
}

impl Locked {
    fn add(&mut self, own: Option<bool>, mode: Option<LockMode>, point: PointRow) {
        match (own, mode) {
            (Some(false), _) | (_, Some(LockMode::None)) => {}
            (Some(true), Some(mode)) => {
                self.count += 1;
                if self.best.as_ref().is_none_or(|(best, of)| order(*best, of) <= order(mode, &point)) {
                    self.best = Some((mode, point));
                }
            }
            (None, _) | (_, None) => self.open = true,
        }
    }
}

fn order(mode: LockMode, point: &PointRow) -> (LockMode, Option<i64>, Option<&str>, Option<&str>) {
    (mode, point.creation_date_s, point.recovery_point_arn.as_deref(), point.backup_vault_arn.as_deref())
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let vaults = Vaults::read(inputs)?;
    let population = inputs.population()?;
    let mut locked: BTreeMap<usize, Locked> = BTreeMap::new();
    let as_of_s = inputs.snapshot.as_of_s();
    inputs.each::<PointRow>("recovery_points", |point| {
        let index =
            point.resource_arn.as_deref().and_then(|arn| population.binary_search_by(|resource| resource.arn.as_str().cmp(arn)).ok());
        let Some(index) = index.filter(|_| usable(&point)) else { return };
        let mode = point.backup_vault_arn.as_deref().and_then(|arn| vaults.get(arn)).and_then(|vault| vault.lock_mode(as_of_s));
        locked.entry(index).or_default().add(population[index].lived_at(point.creation_date_s), mode, point);
    })?;
    let left = left_the_scope(inputs)?;
    let all_read = inputs.complete_everywhere("recovery_points") && inputs.complete_everywhere("backup_vaults");
    let rows = population.iter().enumerate().map(|(index, resource)| {
        let copies_known = inputs.complete("copy_jobs", &resource.account_id, &resource.region) && !left.contains(&resource.arn);
        row(resource, &locked.remove(&index).unwrap_or_default(), all_read && copies_known && resource.through.is_empty())
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

fn usable(point: &PointRow) -> bool {
    let status = matches!(point.status.as_deref(), Some("COMPLETED" | "AVAILABLE"));
    let temporary = point.delete_after_event.as_deref() == Some("DELETE_AFTER_COPY");
    point.exists == Some(true) && status && !temporary && point.is_parent != Some(true)
}

/// Resources of which a copy went where nobody looks: the vault there may be locked.
fn left_the_scope(inputs: &Inputs<'_>) -> Result<BTreeSet<String>, FactError> {
    let mut left = BTreeSet::new();
    inputs.each::<CopyRow>("copy_jobs", |copy| {
        let place = copy.destination_account_id.as_deref().zip(copy.destination_region.as_deref());
        let outside = place.is_none_or(|(account_id, region)| !inputs.snapshot.in_scope(account_id, region));
        if copy.state.as_deref() == Some("COMPLETED") && outside {
            left.extend(copy.resource_arn);
        }
    })?;
    Ok(left)
}

fn row(resource: &Resource, locked: &Locked, all_known: bool) -> LockedPointsRow {
    let best = locked.best.as_ref();
    let proof = |(_, point): &(LockMode, PointRow)| {
        evidence("recovery_points", point.recovery_point_arn.as_deref().unwrap_or_default(), point.collection.as_deref())
    };
    LockedPointsRow {
        supported: resource.is_supported(),
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        in_locked_vault: if best.is_some() { Some(true) } else { (all_known && !locked.open).then_some(false) },
        lock_mode: best.map(|(mode, _)| mode.word().to_owned()),
        points_count: Some(locked.count),
        backup_vault_arn: best.and_then(|(_, point)| point.backup_vault_arn.clone()),
        newest_data_s: best.and_then(|(_, point)| point.creation_date_s),
        evidence: Some(best.map_or_else(|| resource.evidence.clone(), proof)),
    }
}
