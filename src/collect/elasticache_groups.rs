//! Caches of ElastiCache: one row per replication group, serverless cache, and cache cluster that belongs to no group.
//!
//! Calls `DescribeReplicationGroups`, `DescribeServerlessCaches` and `DescribeCacheClusters`, the last only for clusters without a group: a member
//! says of snapshots what its group says. AWS Backup does not know these caches; snapshots are ElastiCache's own. Node-based Memcached has none,
//! so it tells of no retention. Tags would take one call each and are not read.
//!
//! Key: `cache_arn`. `at_rest_encryption_enabled` is not the truth, because it does not speak of the key that AWS owns;
//! `storage_encryption_type` is. Source: Amazon ElastiCache API Reference, `ReplicationGroup`, `ServerlessCache`, `CacheCluster`.

use async_trait::async_trait;
use aws_sdk_elasticache::types::{CacheCluster, ReplicationGroup, ServerlessCache};

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{list, millis, resource_key, word};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A cache.
    pub struct CacheRow {
        /// ARN of the group, serverless cache or cluster
        cache_arn: Text, Never, "ARN";
        /// Its name
        cache_name: Text, NotTold, "ReplicationGroupId, ServerlessCacheName or CacheClusterId";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of ARN";
        /// `replication_group`, `serverless_cache` or `cache_cluster`
        kind: Text, Never, "which of the three calls sent it";
        /// valkey, redis or memcached
        engine: Text, NotTold, "Engine";
        /// Version of the engine; groups do not tell it
        engine_version: Text, NotTold, "FullEngineVersion or EngineVersion";
        /// State, such as available or creating
        status: Text, NotTold, "Status or CacheClusterStatus";
        /// When it was created
        create_time: Time, NotTold, "ReplicationGroupCreateTime, CreateTime or CacheClusterCreateTime";
        /// Days that automatic snapshots are kept; 0 says there are none
        snapshot_retention_limit_days: Integer, NotTold, "SnapshotRetentionLimit";
        /// When the daily snapshot is made, in UTC: hh24:mi-hh24:mi, or hh24:mi of a serverless cache
        snapshot_window: Text, NotTold, "SnapshotWindow or DailySnapshotTime";
        /// Member that the daily snapshot is taken of
        snapshotting_cluster_id: Text, NotTold, "SnapshottingClusterId";
        /// none, sse-elasticache or sse-kms
        storage_encryption_type: Text, NotTold, "StorageEncryptionType";
        /// Whether it is encrypted with a key of the account
        at_rest_encryption_enabled: Boolean, NotTold, "AtRestEncryptionEnabled";
        /// KMS key of the storage
        kms_key_id: Text, Means("no KMS key of the account encrypts it"), "KmsKeyId";
        /// enabled or disabled; only groups tell it
        multi_az: Text, NotTold, "MultiAZ";
        /// Whether a replica takes over: enabled, disabled, enabling or disabling; only groups tell it
        automatic_failover: Text, NotTold, "AutomaticFailover";
        /// Names of the clusters of a group, in AWS's order
        member_clusters: Json, Means("not a replication group"), "MemberClusters";
    }
}

/// The caches of a Region.
pub static TABLE: Table = Table {
    name: "elasticache_groups",
    kind: TableKind::State,
    doc: "One row for each replication group and serverless cache of ElastiCache, and each cache cluster without a group.",
    columns: CacheRow::COLUMNS,
    key: &["cache_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("cache_arn", "AWS::ElastiCache::CacheCluster")),
};

const GROUPS: Operation =
    Operation { service: "elasticache", name: "DescribeReplicationGroups", action: "elasticache:DescribeReplicationGroups" };
const SERVERLESS: Operation =
    Operation { service: "elasticache", name: "DescribeServerlessCaches", action: "elasticache:DescribeServerlessCaches" };
const CLUSTERS: Operation =
    Operation { service: "elasticache", name: "DescribeCacheClusters", action: "elasticache:DescribeCacheClusters" };

/// Reads [`TABLE`].
pub(crate) struct ElasticacheGroups;

#[async_trait]
impl Collector for ElasticacheGroups {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GROUPS, SERVERLESS, CLUSTERS]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        groups(door, harvest).await?;
        serverless(door, harvest).await?;
        clusters(door, harvest).await
    }
}

async fn groups(door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(GROUPS.name);
    while pages.more() {
        let request = door.elasticache().describe_replication_groups().max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(GROUPS.name, error))?;
        for group in pages.items(harvest, "ReplicationGroups", page.replication_groups)? {
            harvest.push(&TABLE, group_row(group));
        }
        pages.follow(page.marker)?;
    }
    Ok(())
}

async fn serverless(door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(SERVERLESS.name);
    while pages.more() {
        let request = door.elasticache().describe_serverless_caches().set_next_token(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(SERVERLESS.name, error))?;
        for cache in pages.items(harvest, "ServerlessCaches", page.serverless_caches)? {
            harvest.push(&TABLE, serverless_row(cache));
        }
        pages.follow(page.next_token)?;
    }
    Ok(())
}

async fn clusters(door: &RegionDoor, harvest: &mut Harvest) -> Result<(), ReadError> {
    let mut pages = Pages::of(CLUSTERS.name);
    while pages.more() {
        let request = door.elasticache().describe_cache_clusters().show_cache_clusters_not_in_replication_groups(true);
        let request = request.max_records(100).set_marker(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(CLUSTERS.name, error))?;
        let clusters = pages.items(harvest, "CacheClusters", page.cache_clusters)?;
        for cluster in clusters.into_iter().filter(|cluster| cluster.replication_group_id.is_none()) {
            harvest.push(&TABLE, cluster_row(cluster));
        }
        pages.follow(page.marker)?;
    }
    Ok(())
}

fn group_row(group: ReplicationGroup) -> CacheRow {
    CacheRow {
        resource_key: resource_key(group.arn.as_deref()),
        cache_arn: group.arn,
        cache_name: group.replication_group_id,
        kind: Some("replication_group".to_owned()),
        engine: group.engine,
        engine_version: None,
        status: group.status,
        create_time: millis(group.replication_group_create_time),
        snapshot_retention_limit_days: group.snapshot_retention_limit.map(i64::from),
        snapshot_window: group.snapshot_window,
        snapshotting_cluster_id: group.snapshotting_cluster_id,
        storage_encryption_type: word(group.storage_encryption_type),
        at_rest_encryption_enabled: group.at_rest_encryption_enabled,
        kms_key_id: group.kms_key_id,
        multi_az: word(group.multi_az),
        automatic_failover: word(group.automatic_failover),
        member_clusters: list(group.member_clusters),
    }
}

fn serverless_row(cache: ServerlessCache) -> CacheRow {
    CacheRow {
        resource_key: resource_key(cache.arn.as_deref()),
        cache_arn: cache.arn,
        cache_name: cache.serverless_cache_name,
        kind: Some("serverless_cache".to_owned()),
        engine: cache.engine,
        engine_version: cache.full_engine_version,
        status: cache.status,
        create_time: millis(cache.create_time),
        snapshot_retention_limit_days: cache.snapshot_retention_limit.map(i64::from),
        snapshot_window: cache.daily_snapshot_time,
        storage_encryption_type: word(cache.storage_encryption_type),
        kms_key_id: cache.kms_key_id,
        ..CacheRow::default()
    }
}

fn cluster_row(cluster: CacheCluster) -> CacheRow {
    CacheRow {
        resource_key: resource_key(cluster.arn.as_deref()),
        cache_arn: cluster.arn,
        cache_name: cluster.cache_cluster_id,
        kind: Some("cache_cluster".to_owned()),
        engine: cluster.engine,
        engine_version: cluster.engine_version,
        status: cluster.cache_cluster_status,
        create_time: millis(cluster.cache_cluster_create_time),
        snapshot_retention_limit_days: cluster.snapshot_retention_limit.map(i64::from),
        snapshot_window: cluster.snapshot_window,
        at_rest_encryption_enabled: cluster.at_rest_encryption_enabled,
        ..CacheRow::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds as query, rds_denied as denied, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::{Json, Millis};

    const SESSIONS: &str = "<ReplicationGroup><ARN>arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions</ARN>\
        <ReplicationGroupId>sessions</ReplicationGroupId><Status>available</Status><SnapshotRetentionLimit>0</SnapshotRetentionLimit>\
        <AtRestEncryptionEnabled>false</AtRestEncryptionEnabled><StorageEncryptionType>sse-elasticache</StorageEncryptionType>\
        <MultiAZ>enabled</MultiAZ><MemberClusters><ClusterId>sessions-001</ClusterId><ClusterId>sessions-002</ClusterId></MemberClusters>\
        <ReplicationGroupCreateTime>2026-01-01T00:00:00Z</ReplicationGroupCreateTime></ReplicationGroup>";
    const BARE: &str = "<ReplicationGroup><ARN>arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:bare</ARN></ReplicationGroup>";
    const CART: &str = "<ServerlessCaches><member><ARN>arn:aws:elasticache:eu-west-1:111122223333:serverlesscache:cart</ARN>\
        <Engine>memcached</Engine><SnapshotRetentionLimit>7</SnapshotRetentionLimit><DailySnapshotTime>03:00</DailySnapshotTime>\
        </member></ServerlessCaches>";
    const CLUSTERS_XML: &str = "<CacheClusters><CacheCluster><ARN>arn:aws:elasticache:eu-west-1:111122223333:cluster:pages</ARN>\
        <Engine>memcached</Engine></CacheCluster><CacheCluster><ARN>arn:aws:elasticache:eu-west-1:111122223333:cluster:sessions-001</ARN>\
        <ReplicationGroupId>sessions</ReplicationGroupId></CacheCluster></CacheClusters>";

    #[tokio::test]
    async fn three_kinds_become_rows_and_what_is_not_sent_stays_null() {
        let replies = [
            query(GROUPS.name, &format!("<ReplicationGroups>{SESSIONS}</ReplicationGroups><Marker>2</Marker>"))
                .containing("MaxRecords=100"),
            query(GROUPS.name, &format!("<ReplicationGroups>{BARE}</ReplicationGroups>")).containing("Marker=2"),
            query(SERVERLESS.name, CART),
            query(CLUSTERS.name, CLUSTERS_XML).containing("ShowCacheClustersNotInReplicationGroups=true"),
        ];
        let (result, mut harvest) = read(&ElasticacheGroups, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<CacheRow> = harvest.take(&TABLE).rows();
        let kinds: Vec<_> = rows.iter().filter_map(|row| row.kind.as_deref()).collect();
        assert_eq!(kinds, ["replication_group", "replication_group", "serverless_cache", "cache_cluster"], "a member of a group is no row");
        assert_eq!((rows[0].snapshot_retention_limit_days, rows[1].snapshot_retention_limit_days), (Some(0), None), "0 is told");
        assert_eq!(
            (rows[0].storage_encryption_type.as_deref(), rows[0].at_rest_encryption_enabled),
            (Some("sse-elasticache"), Some(false))
        );
        assert_eq!(rows[0].member_clusters, Some(Json(r#"["sessions-001","sessions-002"]"#.into())));
        assert_eq!((rows[0].create_time, rows[0].multi_az.as_deref()), (Some(Millis(1_767_225_600_000)), Some("enabled")));
        assert_eq!((rows[1].multi_az.as_deref(), rows[1].storage_encryption_type.as_deref()), (None, None));
        assert_eq!((rows[2].snapshot_retention_limit_days, rows[2].snapshot_window.as_deref()), (Some(7), Some("03:00")));
        assert_eq!((rows[3].engine.as_deref(), rows[3].snapshot_retention_limit_days), (Some("memcached"), None));
    }

    #[tokio::test]
    async fn a_denial_of_one_kind_keeps_the_others_and_is_told() {
        let groups = query(GROUPS.name, &format!("<ReplicationGroups>{BARE}</ReplicationGroups>"));
        let (result, mut harvest) = read(&ElasticacheGroups, &Unit::REGION, [groups, denied(SERVERLESS.name)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.status, error.operation.as_str()), (ReadStatus::Denied, SERVERLESS.name));
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }
}
