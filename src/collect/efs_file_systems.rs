//! File systems of EFS: one row per file system, with its automatic backups.
//!
//! Calls `DescribeFileSystems`, and `DescribeBackupPolicy` for each. EFS answers `PolicyNotFound` where no backup policy was ever set: that is
//! `has_backup_policy` false. If the second call fails otherwise, the columns of the policy are NULL and the read is partial. Tags are in the list.
//!
//! Key: `file_system_arn`, built from the id where it is not sent. An enabled policy makes the default plan of AWS Backup take the file system; a
//! plan can take it without. Source: Amazon EFS API Reference, `DescribeFileSystems`, `DescribeBackupPolicy`.

use async_trait::async_trait;
use aws_sdk_efs::operation::describe_backup_policy::DescribeBackupPolicyError;
use aws_sdk_efs::types::FileSystemDescription;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, required, required_millis, required_word, resource_key, tags, word};
use super::members::HoldsEach;
use super::pages::{Pages, answered};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A file system.
    pub struct EfsFileSystemRow {
        /// ARN of the file system
        file_system_arn: Text, Never, "FileSystemArn, or built from FileSystemId";
        /// Id of the file system
        file_system_id: Text, NotTold, "FileSystemId";
        /// Value of the tag Name
        name: Text, NotTold, "Name";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of FileSystemArn";
        /// When the file system was created
        creation_time: Time, NotTold, "CreationTime";
        /// creating, available, updating, deleting, deleted or error
        life_cycle_state: Text, NotTold, "LifeCycleState";
        /// Bytes stored, as last metered
        size_bytes: Integer, NotTold, "SizeInBytes.Value";
        /// When the size was metered
        size_timestamp: Time, NotTold, "SizeInBytes.Timestamp";
        /// Whether the file system is encrypted with a KMS key
        encrypted: Boolean, NotTold, "Encrypted";
        /// KMS key of the file system
        kms_key_id: Text, NotTold, "KmsKeyId";
        /// generalPurpose or maxIO
        performance_mode: Text, NotTold, "PerformanceMode";
        /// bursting, provisioned or elastic
        throughput_mode: Text, NotTold, "ThroughputMode";
        /// Zone of a file system that is kept in one only
        availability_zone_name: Text, Means("kept in several zones"), "AvailabilityZoneName";
        /// ENABLED, DISABLED or REPLICATING: whether no replication may overwrite the file system
        replication_overwrite_protection: Text, NotTold, "FileSystemProtection.ReplicationOverwriteProtection";
        /// Whether a backup policy was ever set
        has_backup_policy: Boolean, NotTold, "false if DescribeBackupPolicy answers PolicyNotFound";
        /// ENABLED, ENABLING, DISABLED or DISABLING; NULL also where none was ever set
        backup_policy_status: Text, NotTold, "BackupPolicy.Status";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The file systems of a Region.
pub static TABLE: Table = Table {
    name: "efs_file_systems",
    kind: TableKind::State,
    doc: "One row for each EFS file system.",
    columns: EfsFileSystemRow::COLUMNS,
    key: &["file_system_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("file_system_arn", "AWS::EFS::FileSystem")),
};

const DESCRIBE: Operation =
    Operation { service: "elasticfilesystem", name: "DescribeFileSystems", action: "elasticfilesystem:DescribeFileSystems" };
const POLICY: Operation =
    Operation { service: "elasticfilesystem", name: "DescribeBackupPolicy", action: "elasticfilesystem:DescribeBackupPolicy" };

/// Reads [`TABLE`].
pub(crate) struct EfsFileSystems;

#[async_trait]
impl Collector for EfsFileSystems {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE, POLICY]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(POLICY, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.efs().describe_file_systems().max_items(100).set_marker(pages.token());
            let page = request.customize().interceptor(HoldsEach("FileSystems", "Tags")).send().await;
            let page = page.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for system in pages.items(harvest, "FileSystems", page.file_systems)? {
                let Some(id) = required(system.file_system_id.clone()) else {
                    harvest.refuse(format!("{}: a file system sent without FileSystemId", DESCRIBE.name));
                    continue;
                };
                let policy = policy(door, &id).await.map_err(|error| harvest.failed(error)).ok();
                harvest.push(&TABLE, row(door, id, system, policy));
            }
            pages.follow(page.next_marker)?;
        }
        Ok(())
    }
}

/// What is known of a file system's backup policy.
enum Policy {
    NeverSet,
    Status(String),
}

async fn policy(door: &RegionDoor, id: &str) -> Result<Policy, ReadError> {
    match door.efs().describe_backup_policy().file_system_id(id).send().await {
        Ok(answer) => {
            let status = answer.backup_policy.and_then(|policy| required_word(&policy.status));
            Ok(Policy::Status(answered(POLICY.name, "BackupPolicy.Status", status)?))
        }
        Err(error) if error.as_service_error().is_some_and(DescribeBackupPolicyError::is_policy_not_found) => Ok(Policy::NeverSet),
        Err(error) => Err(ReadError::from_sdk(POLICY.name, error)),
    }
}

fn row(door: &RegionDoor, id: String, system: FileSystemDescription, policy: Option<Policy>) -> EfsFileSystemRow {
    let built = || format!("arn:{}:elasticfilesystem:{}:{}:file-system/{id}", door.partition(), door.region(), door.account_id());
    let file_system_arn = system.file_system_arn.unwrap_or_else(built);
    let (size, metered) = system.size_in_bytes.map(|size| (size.value, size.timestamp)).unzip();
    let (has_backup_policy, backup_policy_status) = match policy {
        Some(Policy::Status(status)) => (Some(true), Some(status)),
        Some(Policy::NeverSet) => (Some(false), None),
        None => (None, None),
    };
    EfsFileSystemRow {
        resource_key: resource_key(Some(&file_system_arn)),
        file_system_arn: Some(file_system_arn),
        file_system_id: Some(id),
        name: system.name,
        creation_time: required_millis(system.creation_time),
        life_cycle_state: required_word(&system.life_cycle_state),
        // Even an empty file system is metered with some KiB, so that 0 is what the SDK fills in.
        size_bytes: size.filter(|bytes| *bytes != 0),
        size_timestamp: millis(metered.flatten()),
        encrypted: system.encrypted,
        kms_key_id: system.kms_key_id,
        performance_mode: required_word(&system.performance_mode),
        throughput_mode: word(system.throughput_mode),
        availability_zone_name: system.availability_zone_name,
        replication_overwrite_protection: word(system.file_system_protection.and_then(|of| of.replication_overwrite_protection)),
        has_backup_policy,
        backup_policy_status,
        tags: tags(Some(system.tags.into_iter().map(|tag| (required(tag.key), Some(tag.value))))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as value};

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    const DATA: &str = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1";

    fn systems(systems: &Value, more: Option<&str>) -> Reply {
        json(DESCRIBE.name, &value!({ "FileSystems": systems, "NextMarker": more }))
    }

    fn policy(id: &str, status: &str) -> Reply {
        json(POLICY.name, &value!({ "BackupPolicy": { "Status": status } })).containing(format!("/file-systems/{id}/backup-policy"))
    }

    fn never_set() -> Reply {
        Reply::error(POLICY.name, 404, r#"{"ErrorCode":"PolicyNotFound","__type":"PolicyNotFound","Message":"none"}"#)
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let data = value!({
            "FileSystemId": "fs-1", "FileSystemArn": DATA, "Name": "data", "CreationTime": 1_767_225_600, "LifeCycleState": "available",
            "SizeInBytes": { "Value": 6144, "Timestamp": 1_767_225_600 }, "Encrypted": false, "PerformanceMode": "generalPurpose",
            "FileSystemProtection": { "ReplicationOverwriteProtection": "ENABLED" }, "Tags": [{ "Key": "Name", "Value": "data" }]
        });
        let replies = [
            systems(&value!([data]), Some("2")).containing("MaxItems=100"),
            policy("fs-1", "ENABLED"),
            systems(&value!([{ "FileSystemId": "fs-2", "Tags": [] }, { "Tags": [] }]), None).containing("Marker=2"),
            policy("fs-2", "DISABLED"),
        ];
        let (result, mut harvest) = read(&EfsFileSystems, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the file system without id is counted");
        let rows: Vec<EfsFileSystemRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].encrypted, rows[0].size_bytes), (Some(false), Some(6_144)));
        assert_eq!(
            (rows[0].creation_time, rows[0].tags.clone()),
            (Some(Millis(1_767_225_600_000)), Some(Json(r#"{"Name":"data"}"#.into())))
        );
        assert_eq!((rows[0].has_backup_policy, rows[0].backup_policy_status.as_deref()), (Some(true), Some("ENABLED")));
        assert_eq!(rows[1].file_system_arn.as_deref(), Some("arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-2"));
        assert_eq!((rows[1].life_cycle_state.clone(), rows[1].performance_mode.clone()), (None, None), "words that the SDK fills in");
        assert_eq!((rows[1].creation_time, rows[1].size_bytes, rows[1].encrypted), (None, None, None));
        assert_eq!((rows[1].has_backup_policy, rows[1].backup_policy_status.as_deref()), (Some(true), Some("DISABLED")));
    }

    #[tokio::test]
    async fn a_policy_that_was_never_set_is_told_apart_from_one_that_is_not_known() {
        let one = || systems(&value!([{ "FileSystemId": "fs-1", "Tags": [] }]), None);
        for (reply, has_policy, refused) in [
            (never_set(), Some(false), 0),
            (Reply::denied(POLICY.name), None, 1),
            (json(POLICY.name, &value!({})), None, 1),
            (json(POLICY.name, &value!({ "BackupPolicy": {} })), None, 1),
        ] {
            let (result, mut harvest) = read(&EfsFileSystems, &Unit::REGION, [one(), reply]).await;
            result.unwrap();
            let row: EfsFileSystemRow = harvest.take(&TABLE).rows().remove(0);
            assert_eq!((row.has_backup_policy, row.backup_policy_status), (has_policy, None));
            assert_eq!((harvest.refused().len(), harvest.failure().is_some()), (refused, refused == 1));
        }
    }

    #[tokio::test]
    async fn a_file_system_without_its_tags_is_no_answer() {
        let (result, _) = read(&EfsFileSystems, &Unit::REGION, [systems(&value!([{ "FileSystemId": "fs-1" }]), None)]).await;
        let error = result.unwrap_err();
        assert_eq!(error.status, ReadStatus::Unavailable);
        assert!(error.reason.contains("holds no Tags"), "{}", error.reason);
    }
}
