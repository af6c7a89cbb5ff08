//! What databases are encrypted with.
//!
//! `StorageEncrypted` only tells of keys that KMS shows to the account: an Aurora cluster under a key that AWS owns has it false and is encrypted all
//! the same. `StorageEncryptionType` tells the truth; where it was not sent, a false `StorageEncrypted` of Aurora tells nothing.
//!
//! Source: Amazon RDS API reference, `DBCluster` and `DBInstance`; Aurora user guide, "Encrypting Amazon Aurora resources".

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::{AWS_OWNED, KmsKeys};
use crate::dataset::{Relation, Row};
use crate::facts::population::DATABASES_REST_ON;
use crate::facts::{Fact, FactError, Inputs, region};

crate::rows! {
    /// Encryption of a database.
    pub struct StorageRow {
        /// ARN of the database
        subject_arn: Text, Never, "";
        /// AWS resource type
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// `primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`
        role: Text, NotTold, "";
        /// Whether what is stored is encrypted, with whichever key
        encrypted_at_rest: Boolean, NotTold, "StorageEncryptionType, StorageEncrypted";
        /// `none`, `kms` or `aws_owned`
        encryption: Text, NotTold, "StorageEncryptionType, StorageEncrypted";
        /// Key of its storage
        key_arn: Text, Means("no key that KMS shows to the account, or not told"), "KmsKeyId";
        /// `CUSTOMER`, `AWS` or `AWS_OWNED`
        key_manager: Text, NotTold, "KeyMetadata.KeyManager";
        /// Whether that key decrypts
        key_usable: Boolean, NotTold, "KeyMetadata.KeyState";
        /// Where the proof lies
        evidence: Text, Never, "";
    }
}

/// Encryption of databases as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "storage_encryption",
        doc: "What the storage of databases is encrypted with: one row a database.",
        rows_are: "databases",
        columns: StorageRow::COLUMNS,
        rows_rest_on: DATABASES_REST_ON,
        order: &[],
    },
    reads: &[DATABASES_REST_ON, &[region("kms_keys")]],
    by_range: false,
    derive,
};

/// How storage is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not at all.
    None,
    /// With a key of KMS that has an ARN.
    Kms,
    /// With a key that AWS owns.
    AwsOwned,
}

impl Encryption {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Kms => "kms",
            Self::AwsOwned => "aws_owned",
        }
    }

    /// What the two fields of a database or snapshot say together; `None` if they leave it open.
    pub(super) fn told(kind: Option<&str>, kms: Option<bool>, aurora: bool) -> Option<Self> {
        match (kind, kms) {
            (Some("none"), _) => Some(Self::None),
            (Some("sse-kms"), _) | (_, Some(true)) => Some(Self::Kms),
            (Some("sse-rds"), _) => Some(Self::AwsOwned),
            (None, Some(false)) if !aurora => Some(Self::None),
            _ => None,
        }
    }
}

/// Whether a type, as AWS Backup names it, may be Aurora's.
pub(super) fn may_be_aurora(resource_type: Option<&str>) -> bool {
    !matches!(resource_type, Some("RDS" | "Neptune" | "DocumentDB"))
}

/// Storage of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    /// How it is encrypted; `None` if not told.
    pub(super) encryption: Option<Encryption>,
    /// With which key of KMS.
    pub(super) key_arn: Option<String>,
    /// Since when the database of this ARN exists.
    pub(super) created_s: Option<i64>,
}

crate::rows! {
    /// What is needed of `rds_instances`.
    struct InstanceRow { db_instance_arn: Text; storage_encrypted: Boolean; storage_encryption_type: Text; kms_key_id: Text; }
}

crate::rows! {
    /// What is needed of the three tables of clusters.
    struct ClusterRow { db_cluster_arn: Text; storage_encrypted: Boolean; storage_encryption_type: Text; kms_key_id: Text; }
}

/// What the fields of a database say.
struct Told {
    kind: Option<String>,
    kms: Option<bool>,
    key_arn: Option<String>,
}

/// Storage of every database of the population, by ARN.
pub(super) fn by_arn(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Storage>, FactError> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for row in inputs.rows::<InstanceRow>("rds_instances")? {
        let said = Told { kind: row.storage_encryption_type, kms: row.storage_encrypted, key_arn: row.kms_key_id };
        told.insert(row.db_instance_arn.unwrap_or_default(), said);
    }
    for table in ["rds_clusters", "neptune_clusters", "documentdb_clusters"] {
        for row in inputs.rows::<ClusterRow>(table)? {
            let said = Told { kind: row.storage_encryption_type, kms: row.storage_encrypted, key_arn: row.kms_key_id };
            told.insert(row.db_cluster_arn.unwrap_or_default(), said);
        }
    }
    let mut found = BTreeMap::new();
    for resource in inputs.databases()?.iter() {
        let Some(Told { kind, kms, key_arn }) = told.remove(&resource.arn) else { continue };
        let aurora = may_be_aurora(resource.backup_type());
        let encryption = Encryption::told(kind.as_deref(), kms, aurora);
        found.insert(resource.arn.clone(), Storage { encryption, key_arn, created_s: resource.created_s });
    }
    Ok(found)
}

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let (keys, storage, databases) = (KmsKeys::read(inputs)?, by_arn(inputs)?, inputs.databases()?);
    let rows = databases.iter().map(|resource| {
        let storage = storage.get(&resource.arn);
        let encryption = storage.and_then(|storage| storage.encryption);
        let key_arn = storage.and_then(|storage| storage.key_arn.clone());
        let key = key_arn.as_deref().and_then(|arn| keys.get(arn));
        StorageRow {
            subject_arn: Some(resource.arn.clone()),
            subject_type: Some(resource.resource_type.to_owned()),
            account_id: Some(resource.account_id.clone()),
            region: Some(resource.region.clone()),
            role: resource.role.map(|role| role.word().to_owned()),
            encrypted_at_rest: encryption.map(|encryption| encryption != Encryption::None),
            encryption: encryption.map(|encryption| encryption.word().to_owned()),
            key_manager: match encryption {
                Some(Encryption::AwsOwned) => Some(AWS_OWNED.to_owned()),
                _ => key.and_then(|key| key.key_manager.clone()),
            },
            key_usable: match encryption {
                Some(Encryption::AwsOwned | Encryption::None) => Some(true),
                _ => key.and_then(super::KmsKey::usable),
            },
            key_arn,
            evidence: Some(resource.evidence.clone()),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_two_fields_say_together() {
        use Encryption::{AwsOwned, Kms, None as Unencrypted};
        // why, StorageEncryptionType, StorageEncrypted, Aurora, encryption
        let cases = [
            ("a key of KMS", Some("sse-kms"), Some(true), false, Some(Kms)),
            ("Aurora under a key that AWS owns: the flag alone would say unencrypted", Some("sse-rds"), Some(false), true, Some(AwsOwned)),
            ("none at all", Some("none"), Some(false), true, Some(Unencrypted)),
            ("only the flag, true", None, Some(true), true, Some(Kms)),
            ("only the flag, false: of Aurora it tells nothing", None, Some(false), true, None),
            ("only the flag, false: other engines know no key that AWS owns", None, Some(false), false, Some(Unencrypted)),
            ("a kind of tomorrow", Some("sse-moon"), Some(false), false, None),
            ("neither", None, None, false, None),
        ];
        for (why, kind, kms, aurora, expected) in cases {
            assert_eq!(Encryption::told(kind, kms, aurora), expected, "{why}");
        }
    }
}
