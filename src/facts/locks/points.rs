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
        columns: LockedPointsRow::COLUMNS,
        rows_rest_on: RESOURCES_REST_ON,
        order: &[],
    },
    reads: &[RESOURCES_READ, &[everywhere("recovery_points"), everywhere("backup_vaults"), region("copy_jobs")]],
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

/// A point in a locked vault. The strongest lock comes last, of equal ones that with the newest point.
type Locked<'a> = (LockMode, Option<i64>, &'a PointRow);

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let vaults = Vaults::read(inputs)?;
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let mut by_resource: BTreeMap<&str, Vec<&PointRow>> = BTreeMap::new();
    for point in points.iter().filter(|point| usable(point)) {
        by_resource.entry(point.resource_arn.as_deref().unwrap_or_default()).or_default().push(point);
    }
    let left = left_the_scope(inputs)?;
    let all_read = inputs.complete_everywhere("recovery_points") && inputs.complete_everywhere("backup_vaults");
    let population = inputs.population()?;
    let rows = population.iter().map(|resource| {
        let points = by_resource.get(resource.arn.as_str()).map_or(&[][..], Vec::as_slice);
        let copies_known = inputs.complete("copy_jobs", &resource.account_id, &resource.region) && !left.contains(&resource.arn);
        row(inputs, &vaults, resource, points, all_read && copies_known && resource.through.is_empty())
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
    let copies: Vec<CopyRow> = inputs.rows("copy_jobs")?;
    let left = |copy: &CopyRow| {
        let place = copy.destination_account_id.as_deref().zip(copy.destination_region.as_deref());
        copy.state.as_deref() == Some("COMPLETED") && place.is_none_or(|(account_id, region)| !inputs.snapshot.in_scope(account_id, region))
    };
    Ok(copies.into_iter().filter(left).filter_map(|copy| copy.resource_arn).collect())
}

fn row(inputs: &Inputs<'_>, vaults: &Vaults, resource: &Resource, points: &[&PointRow], all_known: bool) -> LockedPointsRow {
    let as_of_s = inputs.snapshot.as_of_s();
    let (mut locked, mut open): (Vec<Locked<'_>>, bool) = (Vec::new(), !all_known);
    for &point in points {
        let own = resource.lived_at(point.creation_date_s);
        let mode = point.backup_vault_arn.as_deref().and_then(|arn| vaults.get(arn)).and_then(|vault| vault.lock_mode(as_of_s));
        match (own, mode) {
            (Some(false), _) | (_, Some(LockMode::None)) => {}
            (Some(true), Some(mode)) => locked.push((mode, point.creation_date_s, point)),
            (None, _) | (_, None) => open = true,
        }
    }
    let best = locked.iter().max_by_key(|(mode, created_s, point)| (*mode, *created_s, point.recovery_point_arn.as_deref()));
    let proof = |(_, _, point): &Locked<'_>| {
        evidence("recovery_points", point.recovery_point_arn.as_deref().unwrap_or_default(), point.collection.as_deref())
    };
    LockedPointsRow {
        supported: resource.is_supported(),
        subject_arn: Some(resource.arn.clone()),
        subject_type: Some(resource.resource_type.to_owned()),
        account_id: Some(resource.account_id.clone()),
        region: Some(resource.region.clone()),
        role: resource.role.map(|role| role.word().to_owned()),
        in_locked_vault: if best.is_some() { Some(true) } else { (!open).then_some(false) },
        lock_mode: best.map(|(mode, ..)| mode.word().to_owned()),
        points_count: Some(i64::try_from(locked.len()).unwrap_or(i64::MAX)),
        backup_vault_arn: best.and_then(|(_, _, point)| point.backup_vault_arn.clone()),
        newest_data_s: best.and_then(|(_, created_s, _)| *created_s),
        evidence: Some(best.map_or_else(|| resource.evidence.clone(), proof)),
    }
}
