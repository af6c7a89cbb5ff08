//! Snapshots of ElastiCache: one row per snapshot of a replication group, cluster or serverless cache.
//!
//! Calls `DescribeSnapshots` and `DescribeServerlessCacheSnapshots`. A snapshot of a group is made node by node: its age is that of its oldest
//! part, and NULL as long as a part has none. Snapshots exported to S3 are objects there and not listed.
//!
//! Key: `snapshot_arn`. Source: Amazon ElastiCache API Reference, `Snapshot` and `ServerlessCacheSnapshot`.

use async_trait::async_trait;
use aws_sdk_elasticache::types::{NodeSnapshot, ServerlessCacheSnapshot, Snapshot};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key};
use super::pages::Pages;
use crate::dataset::rows::{Millis, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A snapshot of a cache.
    pub struct CacheSnapshotRow {
        /// ARN of the snapshot
        snapshot_arn: Text, Never, "ARN";
        /// Name of the snapshot
        snapshot_name: Text, NotTold, "SnapshotName or ServerlessCacheSnapshotName";
        /// Whether it is a snapshot of a serverless cache
        is_serverless: Boolean, Never, "which of the two calls sent it";
        /// ARN of the group, cluster or serverless cache
        resource_arn: Text, NotTold, "built from ReplicationGroupId, CacheClusterId or ServerlessCacheConfiguration.ServerlessCacheName";
        /// Integer key of that ARN
        resource_key: Integer, NotTold, "key of resource_arn";
        /// automated or manual
        snapshot_source: Text, NotTold, "SnapshotSource or SnapshotType";
        /// State, such as available or creating
        status: Text, NotTold, "SnapshotStatus or Status";
        /// Engine of the cache
        engine: Text, NotTold, "Engine or ServerlessCacheConfiguration.Engine";
        /// When the data was captured; of several nodes the earliest moment
        snapshot_create_time: Time, NotTold, "NodeSnapshots.SnapshotCreateTime or CreateTime";
        /// When ElastiCache deletes it
        expiry_time: Time, Means("kept until deleted, or as the limit of the cache says"), "ExpiryTime (serverless caches only)";
        /// Days that the cache kept automatic snapshots when this one was made
        snapshot_retention_limit_days: Integer, NotTold, "SnapshotRetentionLimit";
        /// KMS key of the snapshot
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// Size of the data; only of serverless caches
        size_bytes: Integer, NotTold, "BytesUsedForCache";
    }
}

/// The snapshots of caches of a Region.
pub static TABLE: Table = Table {
    name: "elasticache_snapshots",
    kind: TableKind::Object,
    doc: "One row for each snapshot of a cache.",
    columns: CacheSnapshotRow::COLUMNS,
    key: &["snapshot_arn"],
    parent: None,
    created: Some("snapshot_create_time"),
    global: false,
    subject: None,
};

const NODES: Operation = Operation { service: "elasticache", name: "DescribeSnapshots", action: "elasticache:DescribeSnapshots" };
const SERVERLESS: Operation =
    Operation { service: "elasticache", name: "DescribeServerlessCacheSnapshots", action: "elasticache:DescribeServerlessCacheSnapshots" };

/// Reads [`TABLE`].
pub(crate) struct ElasticacheSnapshots;

#[async_trait]
impl Collector for ElasticacheSnapshots {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[NODES, SERVERLESS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(NODES.name);
        while pages.more() {
            let request = door.elasticache().describe_snapshots().max_records(50).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(NODES.name, error))?;
            for snapshot in pages.items(harvest, "Snapshots", page.snapshots)? {
                harvest.push(&TABLE, node_row(door, snapshot));
            }
            harvest.leave().await?;
            pages.follow(page.marker)?;
        }
        let mut pages = Pages::of(SERVERLESS.name);
        while pages.more() {
            let request = door.elasticache().describe_serverless_cache_snapshots().set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(SERVERLESS.name, error))?;
            for snapshot in pages.items(harvest, "ServerlessCacheSnapshots", page.serverless_cache_snapshots)? {
                harvest.push(&TABLE, serverless_row(door, snapshot));
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// The ARN of a cache in this account and Region, where its snapshots stay.
fn cache_arn(door: &RegionDoor, kind: &str, name: &str) -> String {
    format!("arn:{}:elasticache:{}:{}:{kind}:{name}", door.partition(), door.region(), door.account_id())
}

/// The earliest moment of a snapshot's parts; one part without a moment leaves the whole without.
fn captured(nodes: Option<Vec<NodeSnapshot>>) -> Option<Millis> {
    let moments: Option<Vec<i64>> = nodes?.into_iter().map(|node| millis(node.snapshot_create_time).map(|moment| moment.0)).collect();
    moments?.into_iter().min().map(Millis)
}

fn node_row(door: &RegionDoor, snapshot: Snapshot) -> CacheSnapshotRow {
    let of_group = snapshot.replication_group_id.as_deref().map(|name| cache_arn(door, "replicationgroup", name));
    let resource_arn = of_group.or_else(|| snapshot.cache_cluster_id.as_deref().map(|name| cache_arn(door, "cluster", name)));
    CacheSnapshotRow {
        snapshot_arn: snapshot.arn,
        snapshot_name: snapshot.snapshot_name,
        is_serverless: Some(false),
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        snapshot_source: snapshot.snapshot_source,
        status: snapshot.snapshot_status,
        engine: snapshot.engine,
        snapshot_create_time: captured(snapshot.node_snapshots),
        expiry_time: None,
        snapshot_retention_limit_days: snapshot.snapshot_retention_limit.map(i64::from),
        kms_key_id: snapshot.kms_key_id,
        size_bytes: None,
    }
}

fn serverless_row(door: &RegionDoor, snapshot: ServerlessCacheSnapshot) -> CacheSnapshotRow {
    let (cache, engine) =
        snapshot.serverless_cache_configuration.map(|cache| (cache.serverless_cache_name, cache.engine)).unwrap_or_default();
    let resource_arn = cache.map(|name| cache_arn(door, "serverlesscache", &name));
    CacheSnapshotRow {
        snapshot_arn: snapshot.arn,
        snapshot_name: snapshot.serverless_cache_snapshot_name,
        is_serverless: Some(true),
        resource_key: resource_key(resource_arn.as_deref()),
        resource_arn,
        snapshot_source: snapshot.snapshot_type,
        status: snapshot.status,
        engine,
        snapshot_create_time: millis(snapshot.create_time),
        expiry_time: millis(snapshot.expiry_time),
        snapshot_retention_limit_days: None,
        kms_key_id: snapshot.kms_key_id,
        size_bytes: snapshot.bytes_used_for_cache.and_then(|bytes| bytes.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds as query, read};

    fn node(moment: &str) -> String {
        format!("<NodeSnapshot><SnapshotCreateTime>{moment}</SnapshotCreateTime></NodeSnapshot>")
    }

    fn snapshot(name: &str, inner: &str) -> String {
        format!("<Snapshot><ARN>arn:aws:elasticache:eu-west-1:111122223333:snapshot:{name}</ARN>{inner}</Snapshot>")
    }

    #[tokio::test]
    async fn the_age_of_a_snapshot_is_that_of_its_oldest_part() {
        let parts = format!(
            "<ReplicationGroupId>sessions</ReplicationGroupId><SnapshotSource>automated</SnapshotSource><NodeSnapshots>{}{}</NodeSnapshots>",
            node("2026-01-01T00:00:05Z"),
            node("2026-01-01T00:00:00Z")
        );
        let unfinished =
            format!("<CacheClusterId>alone</CacheClusterId><NodeSnapshots>{}<NodeSnapshot/></NodeSnapshots>", node("2026-01-01T00:00:00Z"));
        let serverless = "<ServerlessCacheSnapshots><ServerlessCacheSnapshot>\
            <ARN>arn:aws:elasticache:eu-west-1:111122223333:serverlesssnapshot:s</ARN><CreateTime>2026-01-02T00:00:00Z</CreateTime>\
            <BytesUsedForCache>1024</BytesUsedForCache><ServerlessCacheConfiguration><ServerlessCacheName>cart</ServerlessCacheName>\
            </ServerlessCacheConfiguration></ServerlessCacheSnapshot></ServerlessCacheSnapshots>";
        let replies = [
            query(NODES.name, &format!("<Snapshots>{}</Snapshots><Marker>2</Marker>", snapshot("a", &parts))),
            query(NODES.name, &format!("<Snapshots>{}</Snapshots>", snapshot("b", &unfinished))).containing("Marker=2"),
            query(SERVERLESS.name, serverless),
        ];
        let (result, mut harvest) = read(&ElasticacheSnapshots, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<CacheSnapshotRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].snapshot_create_time, Some(Millis(1_767_225_600_000)));
        assert_eq!(rows[0].resource_arn.as_deref(), Some("arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions"));
        assert_eq!((rows[1].snapshot_create_time, rows[1].snapshot_source.as_deref()), (None, None), "a part is still being made");
        assert_eq!(rows[1].resource_arn.as_deref(), Some("arn:aws:elasticache:eu-west-1:111122223333:cluster:alone"));
        assert_eq!((rows[2].size_bytes, rows[2].is_serverless, rows[2].expiry_time), (Some(1_024), Some(true), None));
        assert_eq!(rows[2].resource_arn.as_deref(), Some("arn:aws:elasticache:eu-west-1:111122223333:serverlesscache:cart"));
    }
}
