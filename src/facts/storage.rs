//! How much the recovery points of each vault hold, as AWS reports sizes, and what that is estimated to cost a month by list prices.
//!
//! What a size means differs by type: of what AWS Backup manages itself, and of EBS, it is the whole of the data, though points share what did not change;
//! so the sum is no bill. It is a figure that can be held against what was expected, and against that of the last collection. A vault with a point whose
//! size was not told, or that was not read to the end, has no sum. What the estimate of the cost is worth, `costs` says.
//!
//! Source: AWS Backup API reference, `RecoveryPointByBackupVault`: `BackupSizeInBytes`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::costs::tally::{StoredRow, Tally};
use super::population::evidence;
use super::{Fact, FactError, Inputs, region};
use crate::dataset::{Relation, Row};

const POINTS: &str = "recovery_points";
const GIB: i64 = 1 << 30;

crate::rows! {
    /// What a vault holds.
    pub struct StorageRow {
        /// ARN of the vault
        subject_arn: Text, Never, "BackupVaultArn";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Name of the vault
        vault_name: Text, NotTold, "BackupVaultName";
        /// Recovery points that it holds, as far as they were read
        points_count: Integer, Never, "";
        /// Their size together
        size_bytes: Integer, NotTold, "BackupSizeInBytes";
        /// The same in GiB, rounded up
        size_gib: Integer, NotTold, "BackupSizeInBytes";
        /// Points whose size, class of storage or price is not known, or that may be gone
        unpriced_points_count: Integer, Never, "";
        /// What those of known cost are estimated at for a month by list prices, in US cents, rounded up; of types with the size of the whole at most
        known_cents: Integer, Never, "BackupSizeInBytes, price list";
        /// The same for all of them; not told where the vault was not read, or the cost of one is not known
        monthly_cents: Integer, NotTold, "BackupSizeInBytes, price list";
        /// True where nothing can come on top of `known_cents`: the vault was read, every cost is known, and every size is that of the whole; else not told
        all_counted: Boolean, NotTold, "";
        /// Date of the oldest price list that was used
        priced_on: Text, Means("no price was used"), "price list";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// What vaults hold, as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "vault_storage",
        doc: "How much the recovery points of a vault hold, and what that is estimated to cost a month: one row a vault.",
        rows_are: "vaults",
        columns: StorageRow::COLUMNS,
        rows_rest_on: &[region("backup_vaults")],
        order: &[],
    },
    reads: &[&[region("backup_vaults"), region(POINTS)]],
    by_range: false,
    derive,
};

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow { account_id: Text; region: Text; backup_vault_arn: Text; backup_vault_name: Text; collection: Text; }
}

/// The points of a vault together.
#[derive(Debug, Default)]
struct Held {
    /// Those whose size was not told, or that may be gone.
    untold_count: i64,
    /// The size of the others.
    size_bytes: i64,
    cost: Tally,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let mut held = held(inputs)?;
    let rows = inputs.rows::<VaultRow>("backup_vaults")?.into_iter().map(|vault| {
        let arn = vault.backup_vault_arn.unwrap_or_default();
        let place = (vault.account_id.as_deref().unwrap_or_default(), vault.region.as_deref().unwrap_or_default());
        let read = inputs.snapshot.complete(POINTS, place.0, place.1, Some(&arn));
        let held = held.remove(&arn).unwrap_or_default();
        let size_bytes = (read && held.untold_count == 0).then_some(held.size_bytes);
        let cost = held.cost.cells(read);
        StorageRow {
            evidence: Some(evidence("backup_vaults", &arn, vault.collection.as_deref())),
            subject_arn: Some(arn),
            subject_type: Some("AWS::Backup::BackupVault".to_owned()),
            account_id: vault.account_id,
            region: vault.region,
            vault_name: vault.backup_vault_name,
            points_count: Some(held.cost.points_count),
            size_bytes,
            size_gib: size_bytes.map(|bytes| bytes / GIB + i64::from(bytes % GIB > 0)),
            unpriced_points_count: Some(held.cost.unpriced_points_count),
            known_cents: Some(cost.known_cents),
            monthly_cents: cost.monthly_cents,
            all_counted: cost.all_counted,
            priced_on: cost.priced_on,
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Points that are there, or may be, by vault. A composite point holds what its parts hold, which are counted.
fn held(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Held>, FactError> {
    let mut vaults: BTreeMap<String, Held> = BTreeMap::new();
    let as_of_s = inputs.snapshot.as_of_s();
    inputs.each::<StoredRow>(POINTS, |point| {
        if point.exists == Some(false) || point.is_parent == Some(true) {
            return;
        }
        let Some(arn) = point.backup_vault_arn.as_deref() else { return };
        if !vaults.contains_key(arn) {
            vaults.insert(arn.to_owned(), Held::default());
        }
        let Some(held) = vaults.get_mut(arn) else { return };
        held.cost.add(&point, inputs.prices, as_of_s);
        held.size_bytes = held.size_bytes.saturating_add(point.backup_size_bytes.unwrap_or(0));
        held.untold_count += i64::from(point.backup_size_bytes.is_none() || point.exists.is_none());
    })?;
    Ok(vaults)
}
