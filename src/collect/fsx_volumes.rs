//! Volumes of FSx for NetApp ONTAP and FSx for OpenZFS: one row per volume.
//!
//! Calls `DescribeVolumes`. Tags are in the list; where there are none, FSx may leave them out, and `tags` is NULL.
//!
//! Key: `volume_arn`. Of ONTAP volumes are backed up one by one, of OpenZFS with their file system. A volume that replicates another (`DP`) and the
//! root of a storage virtual machine have no backups. Source: Amazon FSx API Reference, `DescribeVolumes`.

use async_trait::async_trait;
use aws_sdk_fsx::types::{RetentionPeriod, SnaplockConfiguration, Volume};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, resource_key, sent, word};
use super::fsx_file_systems::fsx_tags;
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A volume.
    pub struct FsxVolumeRow {
        /// ARN of the volume
        volume_arn: Text, Never, "ResourceARN";
        /// Id of the volume
        volume_id: Text, NotTold, "VolumeId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of ResourceARN";
        /// Name of the volume
        name: Text, NotTold, "Name";
        /// ONTAP or OPENZFS
        volume_type: Text, NotTold, "VolumeType";
        /// File system of the volume
        file_system_id: Text, NotTold, "FileSystemId";
        /// When the volume was created
        creation_time: Time, NotTold, "CreationTime";
        /// CREATING, CREATED, DELETING, FAILED, MISCONFIGURED, PENDING or AVAILABLE
        lifecycle: Text, NotTold, "Lifecycle";
        /// Size of an ONTAP volume
        size_bytes: Integer, NotTold, "OntapConfiguration.SizeInBytes";
        /// Most that an OpenZFS volume may hold, in GiB
        storage_capacity_quota_gib: Integer, NotTold, "OpenZFSConfiguration.StorageCapacityQuotaGiB";
        /// RW, DP or LS, of ONTAP
        ontap_volume_type: Text, NotTold, "OntapConfiguration.OntapVolumeType";
        /// Whether it is the root of a storage virtual machine, of ONTAP
        storage_virtual_machine_root: Boolean, NotTold, "OntapConfiguration.StorageVirtualMachineRoot";
        /// Policy of the snapshots within the volume, of ONTAP
        snapshot_policy: Text, NotTold, "OntapConfiguration.SnapshotPolicy";
        /// Whether backups get the volume's tags, of ONTAP
        copy_tags_to_backups: Boolean, NotTold, "OntapConfiguration.CopyTagsToBackups";
        /// Lock of files against changes, of ONTAP: type, privileged deletion and retention periods
        snaplock: Json, Means("files are not locked"), "OntapConfiguration.SnaplockConfiguration";
        /// Tags as an object
        tags: Json, Means("no tags"), "Tags";
    }
}

/// The volumes of a Region.
pub static TABLE: Table = Table {
    name: "fsx_volumes",
    kind: TableKind::State,
    doc: "One row for each volume of an FSx file system for ONTAP or OpenZFS.",
    columns: FsxVolumeRow::COLUMNS,
    key: &["volume_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "fsx", name: "DescribeVolumes", action: "fsx:DescribeVolumes" };

/// Reads [`TABLE`].
pub(crate) struct FsxVolumes;

#[async_trait]
impl Collector for FsxVolumes {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.fsx().describe_volumes().max_results(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for volume in pages.items(harvest, "Volumes", page.volumes)? {
                harvest.push(&TABLE, row(volume));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(volume: Volume) -> FsxVolumeRow {
    let common = FsxVolumeRow {
        resource_key: resource_key(volume.resource_arn.as_deref()),
        volume_arn: volume.resource_arn,
        volume_id: volume.volume_id,
        name: volume.name,
        volume_type: word(volume.volume_type),
        file_system_id: volume.file_system_id,
        creation_time: millis(volume.creation_time),
        lifecycle: word(volume.lifecycle),
        storage_capacity_quota_gib: volume.open_zfs_configuration.and_then(|part| part.storage_capacity_quota_gib).map(i64::from),
        tags: fsx_tags(volume.tags),
        ..FsxVolumeRow::default()
    };
    let Some(ontap) = volume.ontap_configuration else { return common };
    FsxVolumeRow {
        size_bytes: ontap.size_in_bytes,
        ontap_volume_type: word(ontap.ontap_volume_type),
        storage_virtual_machine_root: ontap.storage_virtual_machine_root,
        snapshot_policy: ontap.snapshot_policy,
        copy_tags_to_backups: ontap.copy_tags_to_backups,
        snaplock: ontap.snaplock_configuration.map(snaplock),
        ..common
    }
}

fn snaplock(lock: SnaplockConfiguration) -> Json {
    let period = |period: RetentionPeriod| sent([("Type", word(period.r#type).map(Value::from)), ("Value", period.value.map(Value::from))]);
    let periods = lock.retention_period.map(|of| {
        sent([
            ("DefaultRetention", of.default_retention.map(period)),
            ("MaximumRetention", of.maximum_retention.map(period)),
            ("MinimumRetention", of.minimum_retention.map(period)),
        ])
    });
    json(sent([
        ("AuditLogVolume", lock.audit_log_volume.map(Value::from)),
        ("PrivilegedDelete", word(lock.privileged_delete).map(Value::from)),
        ("RetentionPeriod", periods),
        ("SnaplockType", word(lock.snaplock_type).map(Value::from)),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    fn arn(id: &str) -> String {
        format!("arn:aws:fsx:eu-west-1:111122223333:volume/fs-1/{id}")
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let locked = value!({
            "SizeInBytes": 1_073_741_824_i64, "OntapVolumeType": "RW", "StorageVirtualMachineRoot": false, "SnapshotPolicy": "default", "CopyTagsToBackups": true,
            "SnaplockConfiguration": { "SnaplockType": "COMPLIANCE", "RetentionPeriod": { "MinimumRetention": { "Type": "YEARS", "Value": 1 } } }
        });
        let replies = [
            json(DESCRIBE.name, &value!({ "Volumes": [{ "ResourceARN": arn("fsvol-1"), "VolumeType": "ONTAP", "OntapConfiguration": locked }], "NextToken": "2" })),
            json(
                DESCRIBE.name,
                &value!({ "Volumes": [
                    { "ResourceARN": arn("fsvol-2"), "VolumeType": "OPENZFS", "OpenZFSConfiguration": { "StorageCapacityQuotaGiB": 10 }, "Tags": [] },
                    { "VolumeId": "fsvol-3" }
                ] }),
            )
            .containing("\"NextToken\":\"2\""),
        ];
        let (result, mut harvest) = read(&FsxVolumes, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "the volume without ARN is counted");
        let rows: Vec<FsxVolumeRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].storage_virtual_machine_root, rows[0].copy_tags_to_backups), (Some(false), Some(true)));
        let lock = r#"{"RetentionPeriod":{"MinimumRetention":{"Type":"YEARS","Value":1}},"SnaplockType":"COMPLIANCE"}"#;
        assert_eq!((rows[0].snaplock.clone(), rows[0].size_bytes), (Some(Json(lock.into())), Some(1_073_741_824)));
        assert_eq!(rows[0].tags, None);
        assert_eq!((rows[1].storage_capacity_quota_gib, rows[1].size_bytes, rows[1].snaplock.clone()), (Some(10), None, None));
        assert_eq!(rows[1].tags, Some(Json("{}".into())));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "Volumes": [{ "ResourceARN": arn("fsvol-1") }], "NextToken": "2" });
        let (result, mut harvest) = read(&FsxVolumes, &Unit::REGION, [json(DESCRIBE.name, &first), Reply::denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
