//! File systems of FSx: one row per file system of each type.
//!
//! Calls `DescribeFileSystems`. What is native protection lies in the part of each type; the columns here are filled from the one that is there.
//! Tags are in the list; where there are none, FSx may leave them out, and `tags` is NULL.
//!
//! Key: `file_system_arn`. The days of automatic backups of ONTAP hold for its volumes, which are what is backed up there. FSx encrypts every file
//! system; `kms_key_id` is NULL where the type has no key of its own. Source: Amazon FSx API Reference, `DescribeFileSystems`.

use async_trait::async_trait;
use aws_sdk_fsx::types::{FileSystem, Tag};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key, tags, word};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A file system.
    pub struct FsxFileSystemRow {
        /// ARN of the file system
        file_system_arn: Text, Never, "ResourceARN";
        /// Id of the file system
        file_system_id: Text, NotTold, "FileSystemId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of ResourceARN";
        /// WINDOWS, LUSTRE, ONTAP or OPENZFS
        file_system_type: Text, NotTold, "FileSystemType";
        /// Version of Lustre
        file_system_type_version: Text, NotTold, "FileSystemTypeVersion";
        /// `SINGLE_AZ_1`, `MULTI_AZ_1`, `PERSISTENT_2`, `SCRATCH_2` and others; scratch file systems have no backups
        deployment_type: Text, NotTold, "DeploymentType of the type's configuration";
        /// When the file system was created
        creation_time: Time, NotTold, "CreationTime";
        /// AVAILABLE, CREATING, FAILED, DELETING, MISCONFIGURED, UPDATING or `MISCONFIGURED_UNAVAILABLE`
        lifecycle: Text, NotTold, "Lifecycle";
        /// Storage, in GiB
        storage_capacity_gib: Integer, NotTold, "StorageCapacity";
        /// SSD, HDD or `INTELLIGENT_TIERING`
        storage_type: Text, NotTold, "StorageType";
        /// KMS key of the file system
        kms_key_id: Text, NotTold, "KmsKeyId";
        /// Days that automatic backups are kept; 0 says there are none
        automatic_backup_retention_days: Integer, NotTold, "AutomaticBackupRetentionDays of the type's configuration";
        /// When automatic backups are made each day, HH:MM in UTC
        daily_automatic_backup_start_time: Text, NotTold, "DailyAutomaticBackupStartTime of the type's configuration";
        /// Whether backups get the file system's tags
        copy_tags_to_backups: Boolean, NotTold, "CopyTagsToBackups of the type's configuration";
        /// Tags as an object
        tags: Json, Means("no tags"), "Tags";
    }
}

/// The file systems of a Region.
pub static TABLE: Table = Table {
    name: "fsx_file_systems",
    kind: TableKind::State,
    doc: "One row for each FSx file system.",
    columns: FsxFileSystemRow::COLUMNS,
    key: &["file_system_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("file_system_arn", "AWS::FSx::FileSystem")),
};

const DESCRIBE: Operation = Operation { service: "fsx", name: "DescribeFileSystems", action: "fsx:DescribeFileSystems" };

/// Reads [`TABLE`].
pub(crate) struct FsxFileSystems;

#[async_trait]
impl Collector for FsxFileSystems {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.fsx().describe_file_systems().max_results(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for system in pages.items(harvest, "FileSystems", page.file_systems)? {
                harvest.push(&TABLE, row(system));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// The tags of a thing of FSx.
pub(crate) fn fsx_tags(list: Option<Vec<Tag>>) -> Option<Json> {
    tags(list.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value))))
}

/// What the types have in common of their protection.
#[derive(Default)]
struct Protection {
    deployment_type: Option<String>,
    retention_days: Option<i32>,
    start_time: Option<String>,
    copy_tags: Option<bool>,
}

/// The protection in the part of the file system's type.
fn protection(system: &FileSystem) -> Protection {
    macro_rules! of {
        ($part:ident, $copy_tags:expr) => {
            system.$part.as_ref().map(|part| Protection {
                deployment_type: word(part.deployment_type.as_ref()),
                retention_days: part.automatic_backup_retention_days,
                start_time: part.daily_automatic_backup_start_time.clone(),
                copy_tags: $copy_tags,
            })
        };
    }
    let windows = || of!(windows_configuration, system.windows_configuration.as_ref().and_then(|part| part.copy_tags_to_backups));
    let lustre = || of!(lustre_configuration, system.lustre_configuration.as_ref().and_then(|part| part.copy_tags_to_backups));
    let open_zfs = || of!(open_zfs_configuration, system.open_zfs_configuration.as_ref().and_then(|part| part.copy_tags_to_backups));
    // Of ONTAP each volume has its own.
    let ontap = || of!(ontap_configuration, None);
    windows().or_else(lustre).or_else(open_zfs).or_else(ontap).unwrap_or_default()
}

fn row(system: FileSystem) -> FsxFileSystemRow {
    let protection = protection(&system);
    FsxFileSystemRow {
        resource_key: resource_key(system.resource_arn.as_deref()),
        file_system_arn: system.resource_arn,
        file_system_id: system.file_system_id,
        file_system_type: word(system.file_system_type),
        file_system_type_version: system.file_system_type_version,
        deployment_type: protection.deployment_type,
        creation_time: millis(system.creation_time),
        lifecycle: word(system.lifecycle),
        storage_capacity_gib: system.storage_capacity.map(i64::from),
        storage_type: word(system.storage_type),
        kms_key_id: system.kms_key_id,
        automatic_backup_retention_days: protection.retention_days.map(i64::from),
        daily_automatic_backup_start_time: protection.start_time,
        copy_tags_to_backups: protection.copy_tags,
        tags: fsx_tags(system.tags),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    fn system(id: &str, more: &[(&str, Value)]) -> Value {
        let mut system = value!({ "ResourceARN": format!("arn:aws:fsx:eu-west-1:111122223333:file-system/{id}") });
        for (name, part) in more {
            system[*name] = part.clone();
        }
        system
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let windows = value!({ "DeploymentType": "MULTI_AZ_1", "AutomaticBackupRetentionDays": 7, "DailyAutomaticBackupStartTime": "03:00", "CopyTagsToBackups": false });
        let first = system(
            "fs-1",
            &[
                ("CreationTime", value!(1_767_225_600)),
                ("StorageCapacity", value!(32)),
                ("Tags", value!([])),
                ("WindowsConfiguration", windows),
            ],
        );
        let replies = [
            json(DESCRIBE.name, &value!({ "FileSystems": [first], "NextToken": "2" })),
            json(DESCRIBE.name, &value!({ "FileSystems": [system("fs-2", &[]), {}] })).containing("\"NextToken\":\"2\""),
        ];
        let (result, mut harvest) = read(&FsxFileSystems, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "the file system without ARN is counted");
        let rows: Vec<FsxFileSystemRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].automatic_backup_retention_days, rows[0].copy_tags_to_backups), (Some(7), Some(false)));
        assert_eq!(
            (rows[0].deployment_type.as_deref(), rows[0].daily_automatic_backup_start_time.as_deref()),
            (Some("MULTI_AZ_1"), Some("03:00"))
        );
        assert_eq!((rows[0].creation_time, rows[0].storage_capacity_gib), (Some(Millis(1_767_225_600_000)), Some(32)));
        assert_eq!(rows[0].tags, Some(Json("{}".into())));
        assert_eq!((rows[1].automatic_backup_retention_days, rows[1].copy_tags_to_backups, rows[1].tags.clone()), (None, None, None));
    }

    #[tokio::test]
    async fn each_type_tells_its_protection_in_a_part_of_its_own() {
        let part = |days: i32| value!({ "AutomaticBackupRetentionDays": days });
        let systems = [
            system("fs-1", &[("LustreConfiguration", part(0))]),
            system("fs-2", &[("OpenZFSConfiguration", part(1))]),
            system("fs-3", &[("OntapConfiguration", part(2))]),
        ];
        let (result, mut harvest) = read(&FsxFileSystems, &Unit::REGION, [json(DESCRIBE.name, &value!({ "FileSystems": systems }))]).await;
        result.unwrap();
        let rows: Vec<FsxFileSystemRow> = harvest.take(&TABLE).rows();
        let days: Vec<_> = rows.iter().map(|row| row.automatic_backup_retention_days).collect();
        assert_eq!(days, [Some(0), Some(1), Some(2)], "0 is told");
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "FileSystems": [system("fs-1", &[])], "NextToken": "2" });
        let (result, mut harvest) = read(&FsxFileSystems, &Unit::REGION, [json(DESCRIBE.name, &first), Reply::denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
