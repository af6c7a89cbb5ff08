//! What an account has set for EBS in a Region: one row.
//!
//! Calls `GetSnapshotBlockPublicAccessState`, `GetEbsEncryptionByDefault` and `GetEbsDefaultKmsKeyId`. If one of the last two fails, its column is
//! NULL and the read is partial.
//!
//! The table has no key: there is one row for each account and Region. Blocking new sharing leaves public what is public. Encryption by default
//! concerns what is made from then on. Source: Amazon EC2 API Reference, the three operations.

use async_trait::async_trait;
use serde::Deserialize;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::pages::answered;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The settings of EBS in a Region.
    pub struct EbsSettingsRow {
        /// block-all-sharing, block-new-sharing or unblocked
        snapshot_block_public_access: Text, NotTold, "State of GetSnapshotBlockPublicAccessState";
        /// account or declarative-policy; the account cannot change what a declarative policy sets
        snapshot_block_managed_by: Text, NotTold, "ManagedBy of GetSnapshotBlockPublicAccessState";
        /// Whether new volumes and copies of snapshots are encrypted without being told to
        encryption_by_default: Boolean, NotTold, "EbsEncryptionByDefault";
        /// KMS key that they are encrypted with: an ARN, or the alias of the key that AWS manages
        default_kms_key_id: Text, NotTold, "KmsKeyId of GetEbsDefaultKmsKeyId";
    }
}

/// The settings of a Region.
pub static TABLE: Table = Table {
    name: "ebs_settings",
    kind: TableKind::State,
    doc: "One row for each account and Region: whether snapshots can be public, and whether new volumes are encrypted by default.",
    columns: EbsSettingsRow::COLUMNS,
    key: &[],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const BLOCK: Operation =
    Operation { service: "ec2", name: "GetSnapshotBlockPublicAccessState", action: "ec2:GetSnapshotBlockPublicAccessState" };
const ENCRYPTION: Operation = Operation { service: "ec2", name: "GetEbsEncryptionByDefault", action: "ec2:GetEbsEncryptionByDefault" };
const KEY: Operation = Operation { service: "ec2", name: "GetEbsDefaultKmsKeyId", action: "ec2:GetEbsDefaultKmsKeyId" };

/// Reads [`TABLE`].
pub(crate) struct EbsSettings;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    state: Option<String>,
    managed_by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Encryption {
    ebs_encryption_by_default: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultKey {
    kms_key_id: Option<String>,
}

#[async_trait]
impl Collector for EbsSettings {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[BLOCK, ENCRYPTION, KEY]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let block: Block = door.ec2().call(BLOCK.name, &[]).await?;
        let state = answered(BLOCK.name, "state", block.state)?;
        harvest.page(1);
        let encryption_by_default = encryption(door).await.map_err(|error| harvest.failed(error)).ok();
        let default_kms_key_id = default_key(door).await.map_err(|error| harvest.failed(error)).ok();
        let row = EbsSettingsRow {
            snapshot_block_public_access: Some(state),
            snapshot_block_managed_by: block.managed_by,
            encryption_by_default,
            default_kms_key_id,
        };
        harvest.push(&TABLE, row);
        Ok(())
    }
}

async fn encryption(door: &RegionDoor) -> Result<bool, ReadError> {
    let answer: Encryption = door.ec2().call(ENCRYPTION.name, &[]).await?;
    answered(ENCRYPTION.name, "ebsEncryptionByDefault", answer.ebs_encryption_by_default)
}

async fn default_key(door: &RegionDoor) -> Result<String, ReadError> {
    let answer: DefaultKey = door.ec2().call(KEY.name, &[]).await?;
    answered(KEY.name, "kmsKeyId", answer.kms_key_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{ec2, ec2_error, read};
    use crate::collect::testing::Reply;

    fn block() -> Reply {
        ec2(BLOCK.name, "<state>block-new-sharing</state><managedBy>account</managedBy>")
    }

    fn encryption(by_default: bool) -> Reply {
        ec2(ENCRYPTION.name, &format!("<ebsEncryptionByDefault>{by_default}</ebsEncryptionByDefault>"))
    }

    #[tokio::test]
    async fn three_answers_become_one_row() {
        let key = ec2(KEY.name, "<kmsKeyId>alias/aws/ebs</kmsKeyId>");
        let (result, mut harvest) = read(&EbsSettings, &Unit::REGION, [block(), encryption(false), key]).await;
        result.unwrap();
        let row: EbsSettingsRow = harvest.take(&TABLE).rows().remove(0);
        assert_eq!(row.snapshot_block_public_access.as_deref(), Some("block-new-sharing"));
        assert_eq!(row.snapshot_block_managed_by.as_deref(), Some("account"));
        assert_eq!((row.encryption_by_default, row.default_kms_key_id.as_deref()), (Some(false), Some("alias/aws/ebs")), "off is told");
    }

    #[tokio::test]
    async fn what_is_denied_or_not_sent_stays_null_and_makes_the_read_partial() {
        let denied = ec2_error(ENCRYPTION.name, 403, "UnauthorizedOperation");
        let (result, mut harvest) = read(&EbsSettings, &Unit::REGION, [block(), denied, ec2(KEY.name, "")]).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(ENCRYPTION.name), "the first one is named");
        assert_eq!(harvest.refused().len(), 2);
        let row: EbsSettingsRow = harvest.take(&TABLE).rows().remove(0);
        assert!(row.snapshot_block_public_access.is_some());
        assert_eq!((row.encryption_by_default, row.default_kms_key_id), (None, None));
    }
}
