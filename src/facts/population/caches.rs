//! Caches of `ElastiCache` that can be backed up: Redis OSS and Valkey, as replication groups, clusters of one node, and serverless; serverless
//! Memcached too. AWS Backup protects none of them.

use super::tagged::{self, Tagged};
use super::{Resource, Source, Told};
use crate::facts::{FactError, Inputs};

const TABLE: &str = "elasticache_groups";

/// The caches; their lists have no tags.
pub(super) const SOURCE: Source = Source {
    tables: &[TABLE],
    beside: &[tagged::TABLE],
    arns: &[("elasticache", "replicationgroup:"), ("elasticache", "cluster:"), ("elasticache", "serverlesscache:")],
    read,
};

crate::rows! {
    /// What the population needs of `elasticache_groups`.
    struct CacheRow {
        account_id: Text; region: Text; cache_arn: Text; cache_name: Text; kind: Text; engine: Text; status: Text; create_time_s: Integer;
        snapshot_retention_limit_days: Integer; collection: Text;
    }
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let tagged = Tagged::read(inputs)?;
    let rows = inputs.rows::<CacheRow>(TABLE)?.into_iter();
    Ok(rows.filter(|row| !keeps_nothing(row)).map(|row| of_cache(inputs, row, &tagged)).collect())
}

/// Nodes of Memcached keep nothing that could be backed up. Source: `ElastiCache` user guide, "Snapshot and restore".
fn keeps_nothing(row: &CacheRow) -> bool {
    row.kind.as_deref() == Some("cache_cluster") && row.engine.as_deref() == Some("memcached")
}

fn of_cache(inputs: &Inputs<'_>, row: CacheRow, tagged: &Tagged) -> Resource {
    let resource_type = match row.kind.as_deref() {
        Some("replication_group") => "AWS::ElastiCache::ReplicationGroup",
        Some("serverless_cache") => "AWS::ElastiCache::ServerlessCache",
        _ => "AWS::ElastiCache::CacheCluster",
    };
    let told = Told {
        table: TABLE,
        resource_type,
        tags: tagged.of(row.cache_arn.as_deref(), row.account_id.as_deref(), row.region.as_deref()),
        arn: row.cache_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.cache_name,
        engine: row.engine,
        status: row.status,
        created_s: row.create_time_s,
        collection: row.collection,
    };
    let days = row.snapshot_retention_limit_days;
    Resource { natively: days.map(|days| days > 0), native_retention_days: days, ..told.resource(inputs) }
}
