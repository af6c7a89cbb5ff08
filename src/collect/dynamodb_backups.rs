//! Backups of DynamoDB tables: one row per backup, those of users, of the system and of AWS Backup.
//!
//! Calls `ListBackups` for all kinds; without that it would leave out those of AWS Backup. A system backup is what remains of a table with
//! point-in-time recovery that was deleted; DynamoDB keeps it for 35 days.
//!
//! Key: `backup_arn`. The table of a backup need not exist any more. Source: Amazon DynamoDB API Reference, `ListBackups`.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{BackupSummary, BackupTypeFilter};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A backup of a table of DynamoDB.
    pub struct DynamoDbBackupRow {
        /// ARN of the backup
        backup_arn: Text, Never, "BackupArn";
        /// Name of the backup; several can have the same
        backup_name: Text, NotTold, "BackupName";
        /// ARN of the table
        table_arn: Text, NotTold, "TableArn";
        /// Name of the table
        table_name: Text, NotTold, "TableName";
        /// Id of the table, which a later table of the same name does not have
        table_id: Text, NotTold, "TableId";
        /// `USER`, `SYSTEM` or `AWS_BACKUP`
        backup_type: Text, NotTold, "BackupType";
        /// `AVAILABLE`, `CREATING` or `DELETED`
        backup_status: Text, NotTold, "BackupStatus";
        /// Size in bytes
        backup_size_bytes: Integer, NotTold, "BackupSizeBytes";
        /// When the backup was made
        backup_creation_date_time: Time, NotTold, "BackupCreationDateTime";
        /// When DynamoDB deletes a system backup
        backup_expiry_date_time: Time, NotTold, "BackupExpiryDateTime";
    }
}

/// The backups of DynamoDB in a Region.
pub static TABLE: Table = Table {
    name: "dynamodb_backups",
    kind: TableKind::Object,
    doc: "One row for each backup of a DynamoDB table: made by a user, by the system or by AWS Backup.",
    columns: DynamoDbBackupRow::COLUMNS,
    key: &["backup_arn"],
    parent: None,
    created: Some("backup_creation_date_time"),
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "dynamodb", name: "ListBackups", action: "dynamodb:ListBackups" };

/// Reads [`TABLE`].
pub(crate) struct DynamoDbBackups;

#[async_trait]
impl Collector for DynamoDbBackups {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.dynamodb().list_backups().backup_type(BackupTypeFilter::All).limit(100);
            let request = request.set_exclusive_start_backup_arn(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for backup in pages.items(harvest, "BackupSummaries", page.backup_summaries)? {
                harvest.push(&TABLE, row(backup));
            }
            harvest.leave().await?;
            pages.follow(page.last_evaluated_backup_arn)?;
        }
        Ok(())
    }
}

fn row(backup: BackupSummary) -> DynamoDbBackupRow {
    DynamoDbBackupRow {
        backup_arn: backup.backup_arn,
        backup_name: backup.backup_name,
        table_arn: backup.table_arn,
        table_name: backup.table_name,
        table_id: backup.table_id,
        backup_type: word(backup.backup_type),
        backup_status: word(backup.backup_status),
        backup_size_bytes: backup.backup_size_bytes,
        backup_creation_date_time: millis(backup.backup_creation_date_time),
        backup_expiry_date_time: millis(backup.backup_expiry_date_time),
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

    const NIGHTLY: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/backup/01763000000000-1a2b3c4d";

    #[tokio::test]
    async fn all_kinds_are_asked_for_and_pages_become_rows() {
        let first = value!({ "BackupSummaries": [{
            "BackupArn": NIGHTLY, "BackupName": "nightly", "BackupType": "AWS_BACKUP", "BackupStatus": "AVAILABLE", "BackupSizeBytes": 0,
            "BackupCreationDateTime": 1_763_000_000.25, "TableId": "12345678-aaaa"
        }], "LastEvaluatedBackupArn": NIGHTLY });
        let last = value!({ "BackupSummaries": [{ "BackupArn": format!("{NIGHTLY}-2") }, { "BackupName": "lost" }] });
        let replies = [
            json(LIST.name, &first).containing(r#""BackupType":"ALL""#),
            json(LIST.name, &last).containing(format!(r#""ExclusiveStartBackupArn":"{NIGHTLY}""#)),
        ];
        let (result, mut harvest) = read(&DynamoDbBackups, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the backup without ARN is counted");
        let rows: Vec<DynamoDbBackupRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].backup_type.as_deref(), rows[0].backup_size_bytes), (Some("AWS_BACKUP"), Some(0)));
        assert_eq!((rows[0].backup_creation_date_time, rows[0].backup_expiry_date_time), (Some(Millis(1_763_000_000_250)), None));
        assert_eq!((rows[1].backup_type.as_deref(), rows[1].backup_size_bytes), (None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "BackupSummaries": [{ "BackupArn": NIGHTLY }], "LastEvaluatedBackupArn": NIGHTLY });
        let (result, mut harvest) = read(&DynamoDbBackups, &Unit::REGION, [json(LIST.name, &first), Reply::denied(LIST.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
