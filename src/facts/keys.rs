//! KMS keys that backups need: their state, whether they are about to go, whether they rotate.
//!
//! Without its key a backup cannot be read by anybody, and a key that was deleted does not come back. A key is described as its account lets the
//! caller see it: of one that may not be described nothing is known, which is neither good nor bad. Which key protects which point is in
//! [`points`], what databases are encrypted with in [`storage`], what keys let AWS copy in [`copying`].
//!
//! Sources: AWS KMS developer guide, "Key states of AWS KMS keys" and "Rotate AWS KMS keys".

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::population::{RESOURCES_READ, evidence};
use super::{Fact, FactError, Inputs, everywhere, region};
use crate::dataset::frame;
use crate::dataset::schema::{Reach, RestsOn};
use crate::dataset::{Relation, Row};
use crate::model::Arn;

pub mod copying;
pub mod points;
mod protecting;
pub mod storage;

/// Who manages a key that AWS owns: it has no ARN in any account, and nobody there can disable or delete it.
pub const AWS_OWNED: &str = "AWS_OWNED";

crate::rows! {
    /// A key that backups need.
    pub struct KeyRow {
        /// ARN of the key
        subject_arn: Text, Never, "KeyMetadata.Arn";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account in which it was asked for
        account_id: Text, Never, "";
        /// Region in which it was asked for
        region: Text, Never, "";
        /// The key as others name it
        asked_key: Text, Never, "";
        /// Account that owns the key
        key_account_id: Text, NotTold, "KeyMetadata.AWSAccountId";
        /// `CUSTOMER` or `AWS`
        key_manager: Text, NotTold, "KeyMetadata.KeyManager";
        /// `Enabled`, `Disabled`, `PendingDeletion`, …
        key_state: Text, NotTold, "KeyMetadata.KeyState";
        /// Whether it decrypts
        usable: Boolean, NotTold, "";
        /// Whether it waits for its deletion
        pending_deletion: Boolean, NotTold, "";
        /// When it will be deleted
        deletion_s: Integer, Means("not to be deleted"), "KeyMetadata.DeletionDate";
        /// Whether rotation is the customer's to switch on: a symmetric customer key with material that KMS made
        rotation_applies: Boolean, NotTold, "";
        /// Whether its material rotates; AWS rotates the keys it manages
        rotates: Boolean, NotTold, "GetKeyRotationStatus";
        /// Whether other Regions can have replicas of it
        multi_region: Boolean, NotTold, "KeyMetadata.MultiRegion";
        /// Whether anything is known to be encrypted with it; false only if the keys of all points of its Region were told
        in_use: Boolean, NotTold, "";
        /// Vaults known to name it; not told if none is and not all could be asked
        vaults_count: Integer, NotTold, "";
        /// Recovery points known to need it
        points_count: Integer, Never, "";
        /// Databases known to be encrypted with it
        databases_count: Integer, Never, "";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Keys as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "keys_in_use",
        doc: "The KMS keys that vaults, recovery points, snapshots and databases name, as far as they may be described: one row a key.",
        rows_are: "keys",
        columns: KeyRow::COLUMNS,
        rows_rest_on: &[RestsOn { table: "kms_keys", reach: Reach::Parent("asked_key") }],
        order: &[],
    },
    reads: &[
        &[
            region("kms_keys"),
            everywhere("backup_vaults"),
            everywhere("recovery_points"),
            everywhere("rds_snapshots"),
            everywhere("rds_automated_backups"),
            everywhere("rds_instances"),
            everywhere("rds_clusters"),
            everywhere("neptune_clusters"),
            everywhere("documentdb_clusters"),
        ],
        RESOURCES_READ,
    ],
    by_range: false,
    derive,
};

crate::rows! {
    /// A key as it was described.
    pub(super) struct KmsKey {
        account_id: Text; region: Text; asked_key: Text; key_arn: Text; key_account_id: Text; key_state: Text; key_manager: Text; deletion_date_s: Integer;
        rotation_enabled: Boolean; rotation_applies: Boolean; multi_region: Boolean; collection: Text;
    }
}

impl KmsKey {
    /// Whether it decrypts; `None` if its state was not told or is a word of tomorrow.
    pub(super) fn usable(&self) -> Option<bool> {
        match self.key_state.as_deref()? {
            "Enabled" | "Updating" => Some(true),
            "Disabled" | "PendingDeletion" | "PendingImport" | "PendingReplicaDeletion" | "Unavailable" | "Creating" | "NotFound" => {
                Some(false)
            }
            _ => None,
        }
    }

    /// Whether it is about to go, or gone.
    pub(super) fn pending_deletion(&self) -> Option<bool> {
        match self.key_state.as_deref()? {
            "PendingDeletion" | "PendingReplicaDeletion" | "NotFound" => Some(true),
            "Enabled" | "Updating" | "Disabled" | "PendingImport" | "Unavailable" | "Creating" => Some(false),
            _ => None,
        }
    }

    pub(super) fn rotates(&self) -> Option<bool> {
        if self.key_manager.as_deref() == Some("AWS") { Some(true) } else { self.rotation_enabled }
    }
}

/// The keys that could be described, by each name they are known by.
#[derive(Debug)]
pub(super) struct KmsKeys {
    keys: Vec<KmsKey>,
    by_name: BTreeMap<String, usize>,
}

impl KmsKeys {
    /// Reads them. Of a key that was asked for in several places, the newest description counts, for the places may have been read weeks apart; of
    /// equally new ones, one with its state, that of its own account first.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let mut keys: Vec<KmsKey> = inputs.rows("kms_keys")?;
        let foreign = |key: &KmsKey| key.key_account_id.is_none() || key.key_account_id != key.account_id;
        let begun: BTreeMap<&str, i64> = inputs
            .snapshot
            .collections()
            .iter()
            .map(|collection| (collection.manifest.id.as_str(), collection.manifest.started_s))
            .collect();
        let told_s = |key: &KmsKey| key.collection.as_deref().and_then(|id| begun.get(id)).copied();
        keys.sort_by_cached_key(|key| {
            (Reverse(told_s(key)), key.key_state.is_none(), foreign(key), key.account_id.clone(), key.region.clone())
        });
        let mut by_name = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            for name in [&key.key_arn, &key.asked_key].into_iter().flatten() {
                by_name.entry(name.clone()).or_insert(index);
            }
        }
        Ok(Self { keys, by_name })
    }

    /// The key of that name, if it could be described.
    pub(super) fn get(&self, name: &str) -> Option<&KmsKey> {
        self.by_name.get(name).map(|&index| &self.keys[index])
    }

    /// The ARN of the key of that name.
    fn arn_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.key_arn.as_deref()
    }

    /// Each key once, with the description that counts.
    fn each(&self) -> Vec<&KmsKey> {
        let arns: BTreeSet<&str> = self.keys.iter().filter_map(|key| key.key_arn.as_deref()).collect();
        arns.into_iter().filter_map(|arn| self.get(arn)).collect()
    }
}

/// Who names a key.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    vaults: i64,
    points: i64,
    databases: i64,
    others: i64,
}

crate::rows! {
    /// What is needed of `backup_vaults`.
    struct VaultRow { encryption_key_arn: Text; }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow { kms_key_id: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `rds_automated_backups`.
    struct AutomatedRow { kms_key_id: Text; }
}

crate::rows! {
    /// What is needed of `point_keys`.
    struct PointKeyRow { region: Text; encrypted: Boolean; key_arn: Text; key_manager: Text; points_count: Integer; }
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let keys = KmsKeys::read(inputs)?;
    let point_keys: Vec<PointKeyRow> = frame::from_frame("point_keys", &inputs.fact("point_keys")?)?;
    let uses = uses(inputs, &keys, &point_keys)?;
    let open = open_regions(&point_keys);
    let all_read = FACT.reads().all(|read| read.table == "kms_keys" || inputs.complete_everywhere(read.table));
    let vaults_read = inputs.complete_everywhere("backup_vaults");
    let rows = keys.each().into_iter().map(|key| {
        let arn = key.key_arn.clone().unwrap_or_default();
        let uses = uses.get(&arn).copied().unwrap_or_default();
        let named = uses.vaults + uses.points + uses.databases + uses.others > 0;
        let asked = key.asked_key.clone().unwrap_or_default();
        let none_else = all_read && Arn::parse(&arn).is_some_and(|arn| !open.contains(arn.region));
        KeyRow {
            subject_type: Some("AWS::KMS::Key".to_owned()),
            account_id: key.account_id.clone(),
            region: key.region.clone(),
            key_account_id: key.key_account_id.clone(),
            key_manager: key.key_manager.clone(),
            key_state: key.key_state.clone(),
            usable: key.usable(),
            pending_deletion: key.pending_deletion(),
            deletion_s: key.deletion_date_s,
            rotation_applies: key.rotation_applies,
            rotates: key.rotates(),
            multi_region: key.multi_region,
            in_use: if named { Some(true) } else { none_else.then_some(false) },
            vaults_count: (uses.vaults > 0 || vaults_read).then_some(uses.vaults),
            points_count: Some(uses.points),
            databases_count: Some(uses.databases),
            evidence: Some(evidence("kms_keys", &asked, key.collection.as_deref())),
            asked_key: Some(asked),
            subject_arn: Some(arn),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// Regions with points of which it is not told which key they need: it may be any key there, since a key protects only what lies in its Region.
fn open_regions(points: &[PointKeyRow]) -> BTreeSet<&str> {
    let not_told =
        |row: &&PointKeyRow| row.encrypted != Some(false) && row.key_arn.is_none() && row.key_manager.as_deref() != Some(AWS_OWNED);
    points.iter().filter(not_told).filter_map(|row| row.region.as_deref()).collect()
}

/// Who names each key, by its ARN.
fn uses(inputs: &Inputs<'_>, keys: &KmsKeys, points: &[PointKeyRow]) -> Result<BTreeMap<String, Uses>, FactError> {
    let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
    let mut named = |name: Option<&str>, count: &dyn Fn(&mut Uses)| {
        if let Some(arn) = name.and_then(|name| keys.arn_of(name)) {
            count(uses.entry(arn.to_owned()).or_default());
        }
    };
    for vault in inputs.rows::<VaultRow>("backup_vaults")? {
        named(vault.encryption_key_arn.as_deref(), &|uses| uses.vaults += 1);
    }
    for row in points {
        named(row.key_arn.as_deref(), &|uses| uses.points += row.points_count.unwrap_or(0));
    }
    for storage in storage::by_arn(inputs)?.into_values() {
        named(storage.key_arn.as_deref(), &|uses| uses.databases += 1);
    }
    inputs.each::<SnapshotRow>("rds_snapshots", |snapshot| {
        if snapshot.exists == Some(true) {
            named(snapshot.kms_key_id.as_deref(), &|uses| uses.others += 1);
        }
    })?;
    for backup in inputs.rows::<AutomatedRow>("rds_automated_backups")? {
        named(backup.kms_key_id.as_deref(), &|uses| uses.others += 1);
    }
    Ok(uses)
}
