//! Backup vaults: one row per vault of the Region, of every type, with its lock.
//!
//! Calls `ListBackupVaults`, which has every field the facts need but one: only `DescribeBackupVault` tells from which vault a restore-access
//! vault reads, so these few are asked one by one. Access policy and notifications are `vault_policies` and `vault_notifications`; tags are
//! in `resource_tags`. Vaults that other accounts share with this one are not listed.
//!
//! Key: `backup_vault_arn`. The count of recovery points is approximate, AWS says; a vault with a count not sent has 0, because the SDK does
//! not tell the two apart.

use async_trait::async_trait;
use aws_sdk_backup::types::{BackupVaultListMember, VaultType};

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A backup vault.
    pub struct BackupVaultRow {
        /// ARN of the vault
        backup_vault_arn: Text, Never, "BackupVaultArn";
        /// Name, unique in its account and Region, case sensitive; may hold slashes
        backup_vault_name: Text, NotTold, "BackupVaultName";
        /// `BACKUP_VAULT`, `LOGICALLY_AIR_GAPPED_BACKUP_VAULT` or `RESTORE_ACCESS_BACKUP_VAULT`
        vault_type: Text, NotTold, "VaultType";
        /// `CREATING`, `AVAILABLE` or `FAILED`
        vault_state: Text, NotTold, "VaultState";
        /// KMS key of what AWS Backup itself encrypts in the vault
        encryption_key_arn: Text, NotTold, "EncryptionKeyArn";
        /// `AWS_OWNED_KMS_KEY` or `CUSTOMER_MANAGED_KMS_KEY`; no word of its own for the AWS managed key
        encryption_key_type: Text, NotTold, "EncryptionKeyType";
        /// Recovery points in the vault; approximate
        number_of_recovery_points_count: Integer, NotTold, "NumberOfRecoveryPoints";
        /// Whether Vault Lock is on, in whichever mode
        locked: Boolean, NotTold, "Locked";
        /// Shortest retention that the lock accepts
        min_retention_days: Integer, Means("the lock sets no minimum"), "MinRetentionDays";
        /// Longest retention that the lock accepts
        max_retention_days: Integer, Means("the lock sets no maximum"), "MaxRetentionDays";
        /// From when on nobody can remove the lock
        lock_date: Time, Means("no lock, or one in governance mode"), "LockDate";
        /// When the vault was created
        creation_date: Time, NotTold, "CreationDate";
        /// Vault that a restore-access vault reads from
        source_backup_vault_arn: Text, Means("not a restore-access vault"), "DescribeBackupVault: SourceBackupVaultArn";
    }
}

/// The vaults of a Region.
pub static TABLE: Table = Table {
    name: "backup_vaults",
    kind: TableKind::State,
    doc: "One row for each backup vault, with its lock.",
    columns: BackupVaultRow::COLUMNS,
    key: &["backup_vault_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("backup_vault_arn", "AWS::Backup::BackupVault")),
};

const LIST: Operation = Operation { service: "backup", name: "ListBackupVaults", action: "backup:ListBackupVaults" };
const DESCRIBE: Operation = Operation { service: "backup", name: "DescribeBackupVault", action: "backup:DescribeBackupVault" };

/// Reads [`TABLE`].
pub(crate) struct BackupVaults;

#[async_trait]
impl Collector for BackupVaults {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, DESCRIBE]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(DESCRIBE, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_backup_vaults().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for vault in pages.items(harvest, "BackupVaultList", page.backup_vault_list)? {
                let source = if vault.vault_type == Some(VaultType::RestoreAccessBackupVault) {
                    source_vault(door, vault.backup_vault_name.as_deref(), harvest).await
                } else {
                    None
                };
                harvest.push(&TABLE, row(vault, source));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// The vault behind a restore-access vault. A failure leaves the other vaults readable and makes the read partial.
async fn source_vault(door: &RegionDoor, name: Option<&str>, harvest: &mut Harvest) -> Option<String> {
    let answer = door.backup().describe_backup_vault().backup_vault_name(name?).send().await;
    match answer {
        Ok(vault) => vault.source_backup_vault_arn,
        Err(error) => {
            harvest.failed(ReadError::from_sdk(DESCRIBE.name, error));
            None
        }
    }
}

fn row(vault: BackupVaultListMember, source_backup_vault_arn: Option<String>) -> BackupVaultRow {
    BackupVaultRow {
        backup_vault_arn: vault.backup_vault_arn,
        backup_vault_name: vault.backup_vault_name,
        vault_type: word(vault.vault_type),
        vault_state: word(vault.vault_state),
        encryption_key_arn: vault.encryption_key_arn,
        encryption_key_type: word(vault.encryption_key_type),
        number_of_recovery_points_count: Some(vault.number_of_recovery_points),
        locked: vault.locked,
        min_retention_days: vault.min_retention_days,
        max_retention_days: vault.max_retention_days,
        lock_date: millis(vault.lock_date),
        creation_date: millis(vault.creation_date),
        source_backup_vault_arn,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const PROD: &str = "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let first = value!({ "BackupVaultList": [{
            "BackupVaultArn": PROD, "BackupVaultName": "prod", "VaultType": "BACKUP_VAULT", "Locked": true,
            "MinRetentionDays": 7, "NumberOfRecoveryPoints": 12, "CreationDate": 1_763_000_000.25
        }], "NextToken": "2" });
        let empty = value!({ "BackupVaultList": [], "NextToken": "3" });
        let last = value!({ "BackupVaultList": [
            { "BackupVaultArn": "arn:aws:backup:eu-west-1:111122223333:backup-vault:aws/efs/automatic-backup-vault" },
            { "BackupVaultName": "nameless" }
        ] });
        let pages = [first, empty, last].map(|page| json("ListBackupVaults", &page));
        let (result, mut harvest) = read(&BackupVaults, &Unit::REGION, pages).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items()), (3, 3), "an empty page with a token is followed");
        assert_eq!(harvest.refused().len(), 1, "the vault without ARN is counted");
        let rows: Vec<BackupVaultRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].locked, rows[0].min_retention_days, rows[0].lock_date), (Some(true), Some(7), None));
        assert_eq!(rows[0].creation_date, Some(Millis(1_763_000_000_250)));
        assert_eq!((rows[1].locked, rows[1].vault_type.as_deref()), (None, None), "not sent is not false");
    }

    #[tokio::test]
    async fn a_vault_type_of_tomorrow_keeps_its_word_and_restore_access_vaults_are_described() {
        let list = value!({ "BackupVaultList": [
            { "BackupVaultArn": PROD, "BackupVaultName": "prod", "VaultType": "FLOATING_BACKUP_VAULT" },
            { "BackupVaultArn": format!("{PROD}-access"), "BackupVaultName": "prod-access", "VaultType": "RESTORE_ACCESS_BACKUP_VAULT" }
        ] });
        let describe = value!({ "SourceBackupVaultArn": "arn:aws:backup:eu-west-1:444455556666:backup-vault:far" });
        let replies = [json("ListBackupVaults", &list), json("DescribeBackupVault", &describe)];
        let (result, mut harvest) = read(&BackupVaults, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<BackupVaultRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].vault_type.as_deref(), Some("FLOATING_BACKUP_VAULT"));
        assert_eq!(rows[1].source_backup_vault_arn.as_deref(), Some("arn:aws:backup:eu-west-1:444455556666:backup-vault:far"));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "BackupVaultList": [{ "BackupVaultArn": PROD }], "NextToken": "2" });
        let replies = [json("ListBackupVaults", &first), Reply::denied("ListBackupVaults")];
        let (result, mut harvest) = read(&BackupVaults, &Unit::REGION, replies).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }
}
