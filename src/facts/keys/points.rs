//! Keys of recovery points: for each resource and vault, with which keys its points are encrypted, and whether these still decrypt.
//!
//! Points are counted, not listed: a row has their number and the newest as example. Which key is a point's is decided in `protecting`. Points in
//! vaults whose newest read failed have no row: the gap speaks for them.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::protecting::{PointOf, Protection, SnapshotOf};
use super::storage::{self, Encryption, Storage};
use super::{AWS_OWNED, KmsKeys};
use crate::dataset::{Relation, Row, frame};
use crate::facts::locks::{Vault, Vaults};
use crate::facts::population::{RESOURCES_READ, Resource, evidence};
use crate::facts::{Fact, FactError, Inputs, account, everywhere};
use crate::model::Arn;

crate::rows! {
    /// Points of a resource in a vault that one key protects.
    pub struct PointKeyRow {
        /// ARN of the resource they restore; of the point where AWS names none
        subject_arn: Text, Never, "ResourceArn, RecoveryPointArn";
        /// AWS resource type as AWS Backup names it
        subject_type: Text, Never, "ResourceType";
        /// Account of the vault
        account_id: Text, Never, "";
        /// Region of the vault
        region: Text, Never, "";
        /// Vault they lie in
        backup_vault_arn: Text, Never, "BackupVaultArn";
        /// Whether they are encrypted
        encrypted: Boolean, NotTold, "IsEncrypted, of the snapshot Encrypted or StorageEncrypted, of the source StorageEncryptionType";
        /// Key that protects them
        key_arn: Text, Means("not encrypted, a key that AWS owns, or not told"), "EncryptionKeyArn, KmsKeyId";
        /// Where the key was named: `point`, `snapshot` or `source`
        key_source: Text, Means("no key was named"), "";
        /// Whether the vault lies in another account than the resource; that of a bucket is known while it is listed
        in_other_account: Boolean, NotTold, "ResourceArn, BackupVaultArn";
        /// Whether the key that protects them belongs to the account of the resource; false also where no key of any account does
        key_of_source: Boolean, NotTold, "EncryptionKeyArn, KmsKeyId";
        /// `Enabled`, `Disabled`, `PendingDeletion`, …
        key_state: Text, NotTold, "KeyMetadata.KeyState";
        /// `CUSTOMER`, `AWS` or `AWS_OWNED`
        key_manager: Text, NotTold, "KeyMetadata.KeyManager";
        /// Whether they can be decrypted, as far as the state of the key tells; true also where nothing is encrypted
        usable: Boolean, NotTold, "";
        /// When the key will be deleted
        deletion_s: Integer, Means("not to be deleted"), "KeyMetadata.DeletionDate";
        /// Number of these points
        points_count: Integer, Never, "";
        /// Creation of the newest
        newest_data_s: Integer, NotTold, "CreationDate";
        /// The newest of them
        recovery_point_arn: Text, Never, "RecoveryPointArn";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Keys of points as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "point_keys",
        doc: "The keys that protect recovery points: one row a resource, vault and key.",
        rows_are: "vaults and keys",
        columns: PointKeyRow::COLUMNS,
        // A copy can lie in any account of the scope, so that an unread vault there may hold one under another key.
        rows_rest_on: &[everywhere("recovery_points")],
        order: &["backup_vault_arn", "recovery_point_arn"],
    },
    reads: &[
        &[
            everywhere("recovery_points"),
            account("backup_vaults"),
            account("rds_snapshots"),
            everywhere("rds_instances"),
            everywhere("rds_clusters"),
            everywhere("neptune_clusters"),
            everywhere("documentdb_clusters"),
            account("kms_keys"),
        ],
        RESOURCES_READ,
    ],
    by_range: true,
    derive,
};

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow {
        account_id: Text; region: Text; recovery_point_arn: Text; backup_vault_arn: Text; resource_arn: Text; resource_type: Text; status: Text;
        creation_date_s: Integer; delete_after_event: Text; encryption_key_arn: Text; encryption_key_type: Text; is_encrypted: Boolean;
        source_backup_vault_arn: Text; is_parent: Boolean; exists: Boolean; collection: Text;
    }
}

crate::rows! {
    /// What is needed of `rds_snapshots`.
    struct SnapshotRow { snapshot_arn: Text; encrypted: Boolean; storage_encryption_type: Text; kms_key_id: Text; }
}

/// Everything that tells of the encryption of points.
struct Told {
    vaults: Vaults,
    snapshots: BTreeMap<String, SnapshotRow>,
    sources: BTreeMap<String, Storage>,
    keys: KmsKeys,
}

impl Told {
    fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let snapshots: Vec<SnapshotRow> = inputs.rows("rds_snapshots")?;
        let entry = |row: SnapshotRow| Some((row.snapshot_arn.clone()?, row));
        Ok(Self {
            vaults: Vaults::read(inputs)?,
            snapshots: snapshots.into_iter().filter_map(entry).collect(),
            sources: storage::by_arn(inputs)?,
            keys: KmsKeys::read(inputs)?,
        })
    }

    fn protection<'a>(&'a self, inputs: &Inputs<'_>, point: &'a PointRow) -> Protection<'a> {
        let arn = point.recovery_point_arn.as_deref().unwrap_or_default();
        Protection::of(&PointOf {
            arn,
            resource_type: point.resource_type.as_deref(),
            created_s: point.creation_date_s,
            is_copy: point.source_backup_vault_arn.is_some(),
            is_encrypted: point.is_encrypted,
            key_arn: point.encryption_key_arn.as_deref(),
            aws_owned: point.encryption_key_type.as_deref() == Some("AWS_OWNED_KMS_KEY"),
            vault: point.backup_vault_arn.as_deref().and_then(|vault| self.vaults.get(vault)),
            snapshot: self.snapshot_of(inputs, point, arn),
            source: point.resource_arn.as_deref().and_then(|source| self.sources.get(source)),
        })
    }

    fn snapshot_of<'a>(&'a self, inputs: &Inputs<'_>, point: &PointRow, arn: &str) -> SnapshotOf<'a> {
        let is_snapshot = arn.contains(":rds:") && (arn.contains(":snapshot:") || arn.contains(":cluster-snapshot:"));
        let read = |point: &PointRow| {
            inputs.complete("rds_snapshots", point.account_id.as_deref().unwrap_or_default(), point.region.as_deref().unwrap_or_default())
        };
        match self.snapshots.get(arn) {
            Some(row) => {
                let aurora = storage::may_be_aurora(point.resource_type.as_deref());
                let encryption = Encryption::told(row.storage_encryption_type.as_deref(), row.encrypted, aurora);
                SnapshotOf::Seen(encryption, row.kms_key_id.as_deref())
            }
            // Of several ranges only one is looked at, and the snapshot may name another resource than the point.
            None if !is_snapshot || (read(point) && inputs.ranges().iter().all(|range| range.of == 1)) => SnapshotOf::Absent,
            None => SnapshotOf::NotKnown,
        }
    }
}

/// Points that are there, hold data of their own, and wait for no copy. A status of tomorrow does not hide one.
fn counts(point: &PointRow) -> bool {
    let status = !matches!(point.status.as_deref(), Some("CREATING" | "DELETING"));
    let temporary = point.delete_after_event.as_deref() == Some("DELETE_AFTER_COPY");
    point.exists == Some(true) && status && !temporary && point.is_parent != Some(true)
}

/// What a point is a backup of. One that names no resource speaks for itself, so that it is judged, too.
fn subject(point: &PointRow) -> Option<&str> {
    point.resource_arn.as_deref().or(point.recovery_point_arn.as_deref())
}

/// Points of a resource and vault under one key.
struct Alike<'a> {
    protection: Protection<'a>,
    count: i64,
    newest: &'a PointRow,
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (told, population) = (Told::read(inputs)?, inputs.population()?);
    let points: Vec<PointRow> = inputs.rows("recovery_points")?;
    let mut alike: BTreeMap<_, Alike<'_>> = BTreeMap::new();
    for point in points.iter().filter(|point| counts(point)) {
        let protection = told.protection(inputs, point);
        let owned = protection == Protection::AwsOwned;
        let name = (subject(point), point.backup_vault_arn.as_deref(), protection.encrypted(), protection.key(), owned);
        let alike = alike.entry(name).or_insert(Alike { protection, count: 0, newest: point });
        alike.count += 1;
        if age(point) > age(alike.newest) {
            (alike.newest, alike.protection) = (point, protection);
        }
    }
    Inputs::frame_of(FACT.relation, alike.into_values().map(|alike| row(&told, &population, &alike)).collect::<Vec<_>>())
}

crate::rows! {
    /// Where points of a resource lie.
    struct LiesRow { subject_arn: Text; backup_vault_arn: Text; }
}

/// The vaults in which recovery points of a resource lie, as far as they were read.
///
/// # Errors
/// As deriving the keys of points.
pub fn vaults_of(inputs: &Inputs<'_>, resource_arn: &str) -> Result<BTreeSet<String>, FactError> {
    let lies: Vec<LiesRow> = frame::from_frame(FACT.relation.name, &inputs.fact(FACT.relation.name)?)?;
    Ok(lies.into_iter().filter(|row| row.subject_arn.as_deref() == Some(resource_arn)).filter_map(|row| row.backup_vault_arn).collect())
}

/// The account that lists what has no account in its ARN, and had it at a moment: another account may take the name of a bucket that is gone.
fn lister<'a>(population: &'a [Resource], arn: &str, at_s: Option<i64>) -> Option<&'a str> {
    let found = population.binary_search_by(|resource| resource.arn.as_str().cmp(arn)).ok()?;
    let resource = &population[found];
    (resource.lived_at(at_s) == Some(true)).then_some(resource.account_id.as_str())
}

/// The account in an ARN; `None` of a bucket, and of a key that is named by its id alone.
fn account_of(arn: &str) -> Option<&str> {
    Arn::parse(arn).map(|arn| arn.account).filter(|account| !account.is_empty())
}

fn age(point: &PointRow) -> (Option<i64>, Option<&str>) {
    (point.creation_date_s, point.recovery_point_arn.as_deref())
}

fn row(told: &Told, population: &[Resource], &Alike { protection, count, newest }: &Alike<'_>) -> PointKeyRow {
    let named = if let Protection::Key(arn, by) = protection { Some((arn, by)) } else { None };
    let key = named.and_then(|(arn, _)| told.keys.get(arn));
    let point_arn = newest.recovery_point_arn.clone().unwrap_or_default();
    // A view of another account's vault holds no copies.
    let vault = newest.backup_vault_arn.as_deref().and_then(|vault| told.vaults.get(vault));
    let is_view = vault.is_some_and(Vault::is_view);
    let source_account =
        newest.resource_arn.as_deref().and_then(|arn| account_of(arn).or_else(|| lister(population, arn, newest.creation_date_s)));
    PointKeyRow {
        subject_arn: subject(newest).map(str::to_owned),
        subject_type: Some(newest.resource_type.clone().unwrap_or_default()),
        account_id: newest.account_id.clone(),
        region: newest.region.clone(),
        backup_vault_arn: newest.backup_vault_arn.clone(),
        encrypted: protection.encrypted(),
        key_arn: named.map(|(arn, _)| arn.to_owned()),
        key_source: named.map(|(_, by)| by.word().to_owned()),
        in_other_account: source_account.zip(newest.account_id.as_deref()).map(|(source, own)| source != own && !is_view),
        key_of_source: match protection {
            Protection::Nothing | Protection::AwsOwned => Some(false),
            Protection::Key(arn, _) => source_account.zip(account_of(arn)).map(|(source, own)| source == own),
            Protection::SomeKey | Protection::NotKnown => None,
        },
        key_state: key.and_then(|key| key.key_state.clone()),
        key_manager: match protection {
            Protection::AwsOwned => Some(AWS_OWNED.to_owned()),
            _ => key.and_then(|key| key.key_manager.clone()),
        },
        usable: match protection {
            Protection::Nothing | Protection::AwsOwned => Some(true),
            Protection::Key(..) => key.and_then(super::KmsKey::usable),
            Protection::SomeKey | Protection::NotKnown => None,
        },
        deletion_s: key.and_then(|key| key.deletion_date_s),
        points_count: Some(count),
        newest_data_s: newest.creation_date_s,
        evidence: Some(evidence("recovery_points", &point_arn, newest.collection.as_deref())),
        recovery_point_arn: Some(point_arn),
    }
}
