//! Snapshots of Redshift clusters: one row per snapshot that the account owns in a Region, copies from other Regions included.
//!
//! Calls `DescribeClusterSnapshots`, which lists automated and manual snapshots of clusters that exist and of those that are gone.
//!
//! Key: `snapshot_arn`. `manual_snapshot_retention_period_days` is -1 for a snapshot that is kept for ever; an automated one goes when the
//! retention of its cluster says so. Sizes are kept as the texts of the numbers that AWS sends in megabytes. Source: Amazon Redshift API
//! Reference, `Snapshot`.

use async_trait::async_trait;
use aws_sdk_redshift::types::Snapshot;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{list, millis, resource_key};
use super::pages::Pages;
use super::redshift_clusters::{cluster_arn, redshift_tags};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A snapshot of a Redshift cluster.
    pub struct RedshiftSnapshotRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "SnapshotArn; built from ClusterIdentifier and SnapshotIdentifier if not sent";
        /// Name of the snapshot
        snapshot_identifier: Text, NotTold, "SnapshotIdentifier";
        /// ARN of the cluster, in the Region that a copy comes from
        resource_arn: Text, NotTold, "built from ClusterIdentifier and SourceRegion";
        /// Integer key of that ARN
        resource_key: Integer, NotTold, "key of resource_arn";
        /// automated or manual
        snapshot_type: Text, NotTold, "SnapshotType";
        /// State, such as available or creating
        status: Text, NotTold, "Status";
        /// When the data was captured
        snapshot_create_time: Time, NotTold, "SnapshotCreateTime";
        /// Days that a manual snapshot is kept; -1 says for ever
        manual_snapshot_retention_period_days: Integer, NotTold, "ManualSnapshotRetentionPeriod";
        /// Days until it is deleted
        manual_snapshot_remaining_days: Integer, NotTold, "ManualSnapshotRemainingDays";
        /// When its retention began, for automated snapshots
        snapshot_retention_start_time: Time, NotTold, "SnapshotRetentionStartTime";
        /// Region that a copy comes from
        source_region: Text, Means("not a copy from another Region"), "SourceRegion";
        /// Whether the snapshot is encrypted
        encrypted: Boolean, NotTold, "Encrypted";
        /// KMS key of the snapshot
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Account that owns the snapshot
        owner_account: Text, NotTold, "OwnerAccount";
        /// Accounts that may restore it
        accounts_with_restore_access: Json, Means("it is shared with no account"), "AccountsWithRestoreAccess.AccountId";
        /// Size of the whole backup in megabytes, as a text
        total_backup_size_megabytes: Text, NotTold, "TotalBackupSizeInMegaBytes";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The snapshots of Redshift clusters in a Region.
pub static TABLE: Table = Table {
    name: "redshift_snapshots",
    kind: TableKind::Object,
    doc: "One row for each snapshot of a Redshift cluster.",
    columns: RedshiftSnapshotRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: None,
    created: Some("snapshot_create_time"),
    global: false,
    subject: None,
};

const DESCRIBE: Operation =
    Operation { service: "redshift", name: "DescribeClusterSnapshots", action: "redshift:DescribeClusterSnapshots" };

/// Reads [`TABLE`].
pub(crate) struct RedshiftSnapshots;

#[async_trait]
impl Collector for RedshiftSnapshots {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.redshift().describe_cluster_snapshots().max_records(100).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for snapshot in pages.items(harvest, "Snapshots", page.snapshots)? {
                harvest.push(&TABLE, row(door, snapshot));
            }
            harvest.leave().await?;
            pages.follow(page.marker)?;
        }
        Ok(())
    }
}

/// The ARN in the form that Redshift documents, cluster and snapshot with a slash between.
fn built_arn(door: &RegionDoor, snapshot: &Snapshot) -> Option<String> {
    let (cluster, name) = snapshot.cluster_identifier.as_deref().zip(snapshot.snapshot_identifier.as_deref())?;
    Some(format!("arn:{}:redshift:{}:{}:snapshot:{cluster}/{name}", door.partition(), door.region(), door.account_id()))
}

fn row(door: &RegionDoor, snapshot: Snapshot) -> RedshiftSnapshotRow {
    let region = snapshot.source_region.as_deref().unwrap_or(door.region());
    let resource_arn = snapshot.cluster_identifier.as_deref().map(|name| cluster_arn(door, region, name));
    let built = built_arn(door, &snapshot);
    RedshiftSnapshotRow {
        snapshot_arn: snapshot.snapshot_arn.or(built),
        snapshot_identifier: snapshot.snapshot_identifier,
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        snapshot_type: snapshot.snapshot_type,
        status: snapshot.status,
        snapshot_create_time: millis(snapshot.snapshot_create_time),
        manual_snapshot_retention_period_days: snapshot.manual_snapshot_retention_period.map(i64::from),
        manual_snapshot_remaining_days: snapshot.manual_snapshot_remaining_days.map(i64::from),
        snapshot_retention_start_time: millis(snapshot.snapshot_retention_start_time),
        source_region: snapshot.source_region,
        encrypted: snapshot.encrypted,
        kms_key_id: snapshot.kms_key_id,
        owner_account: snapshot.owner_account,
        accounts_with_restore_access: list(
            snapshot.accounts_with_restore_access.map(|accounts| accounts.into_iter().filter_map(|account| account.account_id).collect()),
        ),
        total_backup_size_megabytes: snapshot.total_backup_size_in_mega_bytes.map(|size| size.to_string()),
        tags: redshift_tags(snapshot.tags),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds as query, rds_denied as denied, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    #[tokio::test]
    async fn copies_belong_to_the_cluster_of_their_source_region() {
        let snapshots = "<Snapshots><Snapshot><SnapshotArn>arn:aws:redshift:eu-west-1:111122223333:snapshot:sales/copy:1</SnapshotArn>\
            <ClusterIdentifier>sales</ClusterIdentifier><SourceRegion>us-east-1</SourceRegion><SnapshotType>automated</SnapshotType>\
            <SnapshotCreateTime>2026-01-01T00:00:00Z</SnapshotCreateTime><TotalBackupSizeInMegaBytes>12.5</TotalBackupSizeInMegaBytes>\
            <AccountsWithRestoreAccess><AccountWithRestoreAccess><AccountId>444455556666</AccountId></AccountWithRestoreAccess>\
            </AccountsWithRestoreAccess></Snapshot><Snapshot><ClusterIdentifier>sales</ClusterIdentifier>\
            <SnapshotIdentifier>by-hand</SnapshotIdentifier><ManualSnapshotRetentionPeriod>-1</ManualSnapshotRetentionPeriod></Snapshot></Snapshots>";
        let (result, mut harvest) = read(&RedshiftSnapshots, &Unit::REGION, [query(DESCRIBE.name, snapshots)]).await;
        result.unwrap();
        let rows: Vec<RedshiftSnapshotRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].resource_arn.as_deref(), Some("arn:aws:redshift:us-east-1:111122223333:cluster:sales"));
        assert_eq!(rows[0].snapshot_create_time, Some(Millis(1_767_225_600_000)));
        assert_eq!(rows[0].accounts_with_restore_access, Some(Json(r#"["444455556666"]"#.into())));
        assert_eq!((rows[0].total_backup_size_megabytes.as_deref(), rows[0].manual_snapshot_retention_period_days), (Some("12.5"), None));
        assert_eq!(rows[1].snapshot_arn.as_deref(), Some("arn:aws:redshift:eu-west-1:111122223333:snapshot:sales/by-hand"));
        assert_eq!((rows[1].manual_snapshot_retention_period_days, rows[1].source_region.as_deref()), (Some(-1), None));
        assert_eq!((rows[1].snapshot_create_time, rows[1].encrypted), (None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = "<Snapshots><Snapshot><SnapshotArn>arn:aws:redshift:eu-west-1:111122223333:snapshot:a/b</SnapshotArn></Snapshot></Snapshots>\
            <Marker>2</Marker>";
        let (result, mut harvest) = read(&RedshiftSnapshots, &Unit::REGION, [query(DESCRIBE.name, first), denied(DESCRIBE.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
