//! Backups of FSx: one row per backup, automatic ones, those that people made and those of AWS Backup.
//!
//! Calls `DescribeBackups`. What was backed up, a file system or a volume of ONTAP, is described within the backup and can be gone since. Tags are in
//! the list; where there are none, FSx may leave them out, and `tags` is NULL.
//!
//! Key: `backup_arn`. Automatic backups go when their file system goes. Source: Amazon FSx API Reference, `DescribeBackups`.

use async_trait::async_trait;
use aws_sdk_fsx::types::Backup;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, word};
use super::fsx_file_systems::fsx_tags;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A backup.
    pub struct FsxBackupRow {
        /// ARN of the backup
        backup_arn: Text, Never, "ResourceARN";
        /// Id of the backup
        backup_id: Text, NotTold, "BackupId";
        /// ARN of the file system, or of the volume of ONTAP, that was backed up
        resource_arn: Text, NotTold, "Volume.ResourceARN or FileSystem.ResourceARN";
        /// Integer key of that ARN
        resource_key: Integer, NotTold, "key of resource_arn";
        /// `FILE_SYSTEM` or VOLUME
        resource_type: Text, NotTold, "ResourceType";
        /// File system of what was backed up
        file_system_id: Text, NotTold, "FileSystem.FileSystemId or Volume.FileSystemId";
        /// Volume that was backed up
        volume_id: Text, Means("not a backup of a volume"), "Volume.VolumeId";
        /// AUTOMATIC, `USER_INITIATED` or `AWS_BACKUP`
        backup_type: Text, NotTold, "Type";
        /// AVAILABLE, PENDING, CREATING, TRANSFERRING, FAILED, DELETED or COPYING
        lifecycle: Text, NotTold, "Lifecycle";
        /// Why it failed
        failure_message: Text, Means("it did not fail"), "FailureDetails.Message";
        /// How much is done
        progress_percent: Integer, NotTold, "ProgressPercent";
        /// When the backup was begun
        creation_time: Time, NotTold, "CreationTime";
        /// Size of an ONTAP volume's data
        size_bytes: Integer, NotTold, "SizeInBytes";
        /// KMS key of the backup
        kms_key_id: Text, NotTold, "KmsKeyId";
        /// Backup that this one is a copy of
        source_backup_id: Text, Means("not a copy"), "SourceBackupId";
        /// Region that a copy comes from
        source_backup_region: Text, Means("not a copy"), "SourceBackupRegion";
        /// Account of the backup
        owner_id: Text, NotTold, "OwnerId";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The backups of a Region.
pub static TABLE: Table = Table {
    name: "fsx_backups",
    kind: TableKind::Object,
    doc: "One row for each backup of an FSx file system or volume.",
    columns: FsxBackupRow::COLUMNS,
    key: &["backup_arn"],
    parent: None,
    created: Some("creation_time"),
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "fsx", name: "DescribeBackups", action: "fsx:DescribeBackups" };

/// Reads [`TABLE`].
pub(crate) struct FsxBackups;

#[async_trait]
impl Collector for FsxBackups {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.fsx().describe_backups().max_results(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for backup in pages.items(harvest, "Backups", page.backups)? {
                harvest.push(&TABLE, row(backup));
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(backup: Backup) -> FsxBackupRow {
    let (system_arn, system_id) = backup.file_system.map(|system| (system.resource_arn, system.file_system_id)).unwrap_or_default();
    let volume = backup.volume.map(|volume| (volume.resource_arn, volume.volume_id, volume.file_system_id));
    let (volume_arn, volume_id, volume_system_id) = volume.unwrap_or_default();
    let resource_arn = volume_arn.or(system_arn);
    FsxBackupRow {
        backup_arn: backup.resource_arn,
        backup_id: backup.backup_id,
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        resource_type: word(backup.resource_type),
        file_system_id: system_id.or(volume_system_id),
        volume_id,
        backup_type: word(backup.r#type),
        lifecycle: word(backup.lifecycle),
        failure_message: backup.failure_details.and_then(|details| details.message),
        progress_percent: backup.progress_percent.map(i64::from),
        creation_time: millis(backup.creation_time),
        size_bytes: backup.size_in_bytes,
        kms_key_id: backup.kms_key_id,
        source_backup_id: backup.source_backup_id,
        source_backup_region: backup.source_backup_region,
        owner_id: backup.owner_id,
        tags: fsx_tags(backup.tags),
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

    const HOME: &str = "arn:aws:fsx:eu-west-1:111122223333";

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let of_system = value!({
            "ResourceARN": format!("{HOME}:backup/backup-1"), "Type": "AUTOMATIC", "Lifecycle": "AVAILABLE", "CreationTime": 1_767_225_600,
            "FileSystem": { "FileSystemId": "fs-1", "ResourceARN": format!("{HOME}:file-system/fs-1") }
        });
        let of_volume = value!({
            "ResourceARN": format!("{HOME}:backup/backup-2"), "Type": "AWS_BACKUP", "ResourceType": "VOLUME",
            "FileSystem": { "ResourceARN": format!("{HOME}:file-system/fs-2") },
            "Volume": { "VolumeId": "fsvol-1", "FileSystemId": "fs-2", "ResourceARN": format!("{HOME}:volume/fs-2/fsvol-1") }
        });
        let replies = [
            json(DESCRIBE.name, &value!({ "Backups": [of_system], "NextToken": "2" })),
            json(DESCRIBE.name, &value!({ "Backups": [of_volume, { "BackupId": "backup-3" }] })).containing("\"NextToken\":\"2\""),
        ];
        let (result, mut harvest) = read(&FsxBackups, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "the backup without ARN is counted");
        let rows: Vec<FsxBackupRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].resource_arn.as_deref(), Some("arn:aws:fsx:eu-west-1:111122223333:file-system/fs-1"));
        assert_eq!((rows[0].creation_time, rows[0].volume_id.clone()), (Some(Millis(1_767_225_600_000)), None));
        assert_eq!(rows[1].resource_arn.as_deref(), Some("arn:aws:fsx:eu-west-1:111122223333:volume/fs-2/fsvol-1"), "the narrower one");
        assert_eq!((rows[1].file_system_id.as_deref(), rows[1].volume_id.as_deref()), (Some("fs-2"), Some("fsvol-1")));
        assert_eq!((rows[1].lifecycle.clone(), rows[1].progress_percent, rows[1].tags.clone()), (None, None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "Backups": [{ "ResourceARN": format!("{HOME}:backup/backup-1") }], "NextToken": "2" });
        let (result, mut harvest) = read(&FsxBackups, &Unit::REGION, [json(DESCRIBE.name, &first), Reply::denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
