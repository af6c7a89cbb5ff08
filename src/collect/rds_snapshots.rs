//! Snapshots of databases: one row per snapshot of an instance or cluster in the account, whoever made it.
//!
//! Calls `DescribeDBSnapshots` once for each of the types `automated`, `manual` and `awsbackup`, because AWS does not say whether a list without a
//! type holds the last, and `DescribeDBClusterSnapshots` for the first two: those that AWS Backup makes of clusters are manual ones, and its API
//! reference knows no third type. A snapshot that comes twice is one row. Those that other accounts share or make public are not listed. Engines
//! `neptune` and `docdb` are included.
//!
//! Key: `snapshot_arn`. The age of the data is `original_snapshot_create_time`, because `snapshot_create_time` of a copy is that of the copy;
//! for clusters AWS sends only the latter. Times are NULL while a snapshot is being made.

use std::collections::HashSet;

use async_trait::async_trait;
use aws_sdk_rds::types::{DbClusterSnapshot, DbSnapshot};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, rds_tags, resource_key, word};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};
use crate::model::Arn;

crate::rows! {
    /// A snapshot of a database.
    pub struct SnapshotRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "DBSnapshotArn or DBClusterSnapshotArn";
        /// Name of the snapshot
        snapshot_identifier: Text, NotTold, "DBSnapshotIdentifier or DBClusterSnapshotIdentifier";
        /// Whether it is a snapshot of a cluster
        is_cluster: Boolean, Never, "which of the two calls sent it";
        /// ARN of the instance or cluster, in the Region and account that a copy comes from
        resource_arn: Text, NotTold, "built from DBInstanceIdentifier or DBClusterIdentifier, and the source of a copy";
        /// Integer key of that ARN
        resource_key: Integer, NotTold, "key of resource_arn";
        /// automated, manual or awsbackup; snapshots that AWS Backup makes of clusters are manual ones
        snapshot_type: Text, NotTold, "SnapshotType";
        /// Engine of the database
        engine: Text, NotTold, "Engine";
        /// State, such as available or creating
        status: Text, NotTold, "Status";
        /// When the data was captured; kept by copies
        original_snapshot_create_time: Time, NotTold, "OriginalSnapshotCreateTime (instances only)";
        /// When this snapshot or copy was made
        snapshot_create_time: Time, NotTold, "SnapshotCreateTime";
        /// When the instance or cluster was created
        source_create_time: Time, NotTold, "InstanceCreateTime or ClusterCreateTime";
        /// Storage of the database, in GiB
        allocated_storage_gib: Integer, NotTold, "AllocatedStorage";
        /// Whether the snapshot is encrypted with a KMS key
        encrypted: Boolean, NotTold, "Encrypted or StorageEncrypted";
        /// none, sse-kms or sse-rds
        storage_encryption_type: Text, NotTold, "StorageEncryptionType";
        /// KMS key of the snapshot
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Region that a copy comes from
        source_region: Text, Means("not a copy from another Region"), "SourceRegion, for clusters the Region of SourceDBClusterSnapshotArn";
        /// Snapshot that this one is a copy of
        source_snapshot_identifier: Text, Means("not a copy"), "SourceDBSnapshotIdentifier or SourceDBClusterSnapshotArn";
        /// How much is done
        percent_progress: Integer, NotTold, "PercentProgress";
        /// Tags as an object
        tags: Json, NotTold, "TagList";
    }
}

/// The database snapshots of a Region.
pub static TABLE: Table = Table {
    name: "rds_snapshots",
    kind: TableKind::Object,
    doc: "One row for each snapshot of a database instance or cluster that the account owns.",
    columns: SnapshotRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: None,
    created: Some("snapshot_create_time"),
    global: false,
    subject: None,
};

const INSTANCES: Operation = Operation { service: "rds", name: "DescribeDBSnapshots", action: "rds:DescribeDBSnapshots" };
const CLUSTERS: Operation = Operation { service: "rds", name: "DescribeDBClusterSnapshots", action: "rds:DescribeDBClusterSnapshots" };

/// The types of snapshots of instances that an account owns.
const OF_INSTANCES: [&str; 3] = ["automated", "manual", "awsbackup"];
/// The types of snapshots of clusters.
const OF_CLUSTERS: [&str; 2] = ["automated", "manual"];

/// Reads [`TABLE`].
pub(crate) struct RdsSnapshots;

#[async_trait]
impl Collector for RdsSnapshots {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[INSTANCES, CLUSTERS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut seen = HashSet::new();
        for snapshot_type in OF_INSTANCES {
            of_instances(door, snapshot_type, &mut seen, harvest).await?;
        }
        for snapshot_type in OF_CLUSTERS {
            of_clusters(door, snapshot_type, &mut seen, harvest).await?;
        }
        Ok(())
    }
}

async fn of_instances(door: &RegionDoor, snapshot_type: &str, seen: &mut HashSet<String>, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(INSTANCES.name);
    while pages.more() {
        let request = door.rds().describe_db_snapshots().snapshot_type(snapshot_type).max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(INSTANCES.name, error))?;
        for snapshot in pages.items(harvest, "DBSnapshots", page.db_snapshots)? {
            if is_new(seen, snapshot.db_snapshot_arn.as_deref()) {
                harvest.push(&TABLE, instance_row(door, snapshot));
            }
        }
        harvest.leave().await?;
        pages.follow(page.marker)?;
    }
    Ok(())
}

async fn of_clusters(door: &RegionDoor, snapshot_type: &str, seen: &mut HashSet<String>, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(CLUSTERS.name);
    while pages.more() {
        let request = door.rds().describe_db_cluster_snapshots().snapshot_type(snapshot_type).max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(CLUSTERS.name, error))?;
        for snapshot in pages.items(harvest, "DBClusterSnapshots", page.db_cluster_snapshots)? {
            if is_new(seen, snapshot.db_cluster_snapshot_arn.as_deref()) {
                harvest.push(&TABLE, cluster_row(door, snapshot));
            }
        }
        harvest.leave().await?;
        pages.follow(page.marker)?;
    }
    Ok(())
}

/// Whether a snapshot comes for the first time; one without an ARN does, and is refused when it is pushed.
fn is_new(seen: &mut HashSet<String>, arn: Option<&str>) -> bool {
    arn.is_none_or(|arn| seen.insert(arn.to_owned()))
}

/// The ARN of the database a snapshot was taken of. A copy keeps the database's name but not its place, and another database of that name may
/// live here: the place is that of the source, as far as AWS tells it.
fn database_arn(door: &RegionDoor, kind: &str, name: Option<&str>, source_region: Option<&str>, source: Option<&str>) -> Option<String> {
    let source = source.and_then(Arn::parse);
    let region = source_region.or(source.map(|arn| arn.region)).unwrap_or(door.region());
    let account = source.map_or(door.account_id(), |arn| arn.account);
    name.map(|name| format!("arn:{}:rds:{region}:{account}:{kind}:{name}", door.partition()))
}

fn instance_row(door: &RegionDoor, snapshot: DbSnapshot) -> SnapshotRow {
    let source = snapshot.source_db_snapshot_identifier;
    let resource_arn =
        database_arn(door, "db", snapshot.db_instance_identifier.as_deref(), snapshot.source_region.as_deref(), source.as_deref());
    SnapshotRow {
        snapshot_arn: snapshot.db_snapshot_arn,
        snapshot_identifier: snapshot.db_snapshot_identifier,
        is_cluster: Some(false),
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        snapshot_type: snapshot.snapshot_type,
        engine: snapshot.engine,
        status: snapshot.status,
        original_snapshot_create_time: millis(snapshot.original_snapshot_create_time),
        snapshot_create_time: millis(snapshot.snapshot_create_time),
        source_create_time: millis(snapshot.instance_create_time),
        allocated_storage_gib: snapshot.allocated_storage.map(i64::from),
        encrypted: snapshot.encrypted,
        storage_encryption_type: word(snapshot.storage_encryption_type),
        kms_key_id: snapshot.kms_key_id,
        source_region: snapshot.source_region,
        source_snapshot_identifier: source,
        percent_progress: snapshot.percent_progress.map(i64::from),
        tags: rds_tags(snapshot.tag_list),
    }
}

fn cluster_row(door: &RegionDoor, snapshot: DbClusterSnapshot) -> SnapshotRow {
    let source = snapshot.source_db_cluster_snapshot_arn;
    let resource_arn = database_arn(door, "cluster", snapshot.db_cluster_identifier.as_deref(), None, source.as_deref());
    let source_region = source.as_deref().and_then(Arn::parse).map(|arn| arn.region).filter(|region| *region != door.region());
    SnapshotRow {
        snapshot_arn: snapshot.db_cluster_snapshot_arn,
        snapshot_identifier: snapshot.db_cluster_snapshot_identifier,
        is_cluster: Some(true),
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        snapshot_type: snapshot.snapshot_type,
        engine: snapshot.engine,
        status: snapshot.status,
        original_snapshot_create_time: None,
        snapshot_create_time: millis(snapshot.snapshot_create_time),
        source_create_time: millis(snapshot.cluster_create_time),
        allocated_storage_gib: snapshot.allocated_storage.map(i64::from),
        encrypted: snapshot.storage_encrypted,
        storage_encryption_type: word(snapshot.storage_encryption_type),
        kms_key_id: snapshot.kms_key_id,
        source_region: source_region.map(str::to_owned),
        source_snapshot_identifier: source,
        percent_progress: snapshot.percent_progress.map(i64::from),
        tags: rds_tags(snapshot.tag_list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds, rds_denied, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    const HOME: &str = "arn:aws:rds:eu-west-1:111122223333";

    fn instances(snapshot_type: &str, snapshots: &str) -> Reply {
        rds(INSTANCES.name, &format!("<DBSnapshots>{snapshots}</DBSnapshots>")).containing(format!("SnapshotType={snapshot_type}"))
    }

    fn clusters(snapshot_type: &str, snapshots: &str) -> Reply {
        rds(CLUSTERS.name, &format!("<DBClusterSnapshots>{snapshots}</DBClusterSnapshots>"))
            .containing(format!("SnapshotType={snapshot_type}"))
    }

    fn snapshot(name: &str, inner: &str) -> String {
        format!(
            "<DBSnapshot><DBSnapshotArn>{HOME}:snapshot:{name}</DBSnapshotArn><DBInstanceIdentifier>orders</DBInstanceIdentifier>{inner}</DBSnapshot>"
        )
    }

    #[tokio::test]
    async fn every_type_is_asked_for_and_every_snapshot_is_one_row() {
        let (automated, backup) = (snapshot("rds:orders-1", ""), snapshot("awsbackup:job-1", ""));
        let cluster = format!(
            "<DBClusterSnapshot><DBClusterSnapshotArn>{HOME}:cluster-snapshot:c1</DBClusterSnapshotArn>\
             <DBClusterIdentifier>shop</DBClusterIdentifier><StorageEncrypted>true</StorageEncrypted>\
             <StorageEncryptionType>sse-kms</StorageEncryptionType><TagList/></DBClusterSnapshot>"
        );
        let replies = [
            instances("automated", &automated),
            rds(INSTANCES.name, "<DBSnapshots/><Marker>2</Marker>").containing("SnapshotType=manual"),
            instances("manual", &format!("{backup}<DBSnapshot/>")).containing("Marker=2"),
            instances("awsbackup", &backup),
            clusters("automated", ""),
            clusters("manual", &cluster.repeat(2)),
        ];
        let (result, mut harvest) = read(&RdsSnapshots, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.refused().len()), (6, 1), "the snapshot without ARN is counted");
        let rows: Vec<SnapshotRow> = harvest.take(&TABLE).rows();
        let told: Vec<_> = rows.iter().map(|row| (row.resource_arn.clone(), row.is_cluster, row.encrypted)).collect();
        let orders = (Some(format!("{HOME}:db:orders")), Some(false), None);
        assert_eq!(told, [orders.clone(), orders, (Some(format!("{HOME}:cluster:shop")), Some(true), Some(true))]);
        assert_eq!((rows[0].snapshot_create_time, rows[0].original_snapshot_create_time), (None, None), "still being made");
        assert_eq!((rows[0].storage_encryption_type.as_deref(), rows[2].storage_encryption_type.as_deref()), (None, Some("sse-kms")));
    }

    #[tokio::test]
    async fn a_copy_belongs_to_the_database_at_its_source() {
        let source = "arn:aws:rds:us-east-1:444455556666:snapshot:nightly";
        let copies = [
            snapshot("from-region", "<SourceRegion>us-east-1</SourceRegion>"),
            snapshot("from-account", &format!("<SourceDBSnapshotIdentifier>{source}</SourceDBSnapshotIdentifier>")),
            snapshot("from-here", &format!("<SourceDBSnapshotIdentifier>{HOME}:snapshot:nightly</SourceDBSnapshotIdentifier>")),
        ];
        let cluster_copy = format!(
            "<DBClusterSnapshot><DBClusterSnapshotArn>{HOME}:cluster-snapshot:c1</DBClusterSnapshotArn><DBClusterIdentifier>shop</DBClusterIdentifier>\
             <SourceDBClusterSnapshotArn>arn:aws:rds:us-east-1:111122223333:cluster-snapshot:x</SourceDBClusterSnapshotArn></DBClusterSnapshot>"
        );
        let replies = [
            instances("automated", ""),
            instances("manual", &copies.concat()),
            instances("awsbackup", ""),
            clusters("automated", ""),
            clusters("manual", &cluster_copy),
        ];
        let (result, mut harvest) = read(&RdsSnapshots, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<SnapshotRow> = harvest.take(&TABLE).rows();
        let databases: Vec<_> = rows.iter().filter_map(|row| row.resource_arn.as_deref()).collect();
        let expected = [
            "arn:aws:rds:us-east-1:111122223333:db:orders",
            "arn:aws:rds:us-east-1:444455556666:db:orders",
            "arn:aws:rds:eu-west-1:111122223333:db:orders",
            "arn:aws:rds:us-east-1:111122223333:cluster:shop",
        ];
        assert_eq!(databases, expected, "a database of the same name that lives here must not be taken for it");
        assert_eq!(rows[3].source_region.as_deref(), Some("us-east-1"));
    }

    #[tokio::test]
    async fn a_denial_of_the_cluster_call_keeps_the_instances() {
        let all =
            [instances("automated", &snapshot("a", "")), instances("manual", ""), instances("awsbackup", ""), rds_denied(CLUSTERS.name)];
        let (result, mut harvest) = read(&RdsSnapshots, &Unit::REGION, all).await;
        let error = result.unwrap_err();
        assert_eq!((error.status, error.operation.as_str()), (ReadStatus::Denied, CLUSTERS.name));
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }
}
