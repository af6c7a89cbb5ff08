//! Caches of ElastiCache. AWS Backup protects none of them: what they keep, they keep themselves.

use backup_audit::collect::elasticache_groups::CacheRow;
use backup_audit::collect::resource_tags::ResourceTagsRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;

use super::{arn, is_here, made_s, tags_row};
use crate::keys::Key;
use crate::plans::{ACCOUNT, US};
use crate::rows::text;
use crate::world::{Place, World};

struct Item {
    name: &'static str,
    kind: &'static str,
    engine: &'static str,
    /// Days that automatic backups are kept; `None` where the kind has none, or it is not told.
    kept_days: Option<i64>,
    /// `StorageEncryptionType`; `None` if it is not told.
    encryption: Option<&'static str>,
    /// `AutomaticFailover`, of groups.
    failover: Option<&'static str>,
    made_ago: i64,
}

const fn group(name: &'static str) -> Item {
    Item {
        name,
        kind: "replication_group",
        engine: "valkey",
        kept_days: Some(1),
        encryption: Some("sse-kms"),
        failover: Some("enabled"),
        made_ago: 300,
    }
}

const CACHES: [Item; 5] = [
    group("web-sessions"),
    // Counts who asks too often, and starts from nothing after each outage.
    Item { kept_days: Some(0), encryption: Some("none"), failover: Some("disabled"), ..group("rate-limits") },
    Item { kind: "serverless_cache", kept_days: Some(20), encryption: Some("sse-elasticache"), failover: None, ..group("mail-queue") },
    Item { kind: "cache_cluster", engine: "memcached", kept_days: None, encryption: Some("none"), failover: None, ..group("pages") },
    // Made seconds ago: ElastiCache tells little of it yet.
    Item { kept_days: None, encryption: None, failover: None, made_ago: 0, ..group("suggestions") },
];

impl Item {
    fn arn(&self) -> String {
        let kind = match self.kind {
            "replication_group" => "replicationgroup",
            "serverless_cache" => "serverlesscache",
            _ => "cluster",
        };
        arn("elasticache", US, &format!("{kind}:{}", self.name))
    }
}

/// The caches of a Region.
pub(super) fn caches(world: &World, place: Place) -> Vec<CacheRow> {
    CACHES.iter().filter(|cache| is_here(world, place, US, cache.made_ago)).map(|cache| row(world, cache)).collect()
}

fn row(world: &World, cache: &Item) -> CacheRow {
    CacheRow {
        cache_arn: Some(cache.arn()),
        cache_name: text(cache.name),
        resource_key: Some(resource_key(&cache.arn())),
        kind: text(cache.kind),
        engine: text(cache.engine),
        status: text(if cache.made_ago == 0 { "creating" } else { "available" }),
        create_time: Some(millis(made_s(world, cache.made_ago))),
        snapshot_retention_limit_days: cache.kept_days,
        storage_encryption_type: cache.encryption.map(str::to_owned),
        kms_key_id: Key::Estate.arn(ACCOUNT, US).filter(|_| cache.encryption == Some("sse-kms")),
        automatic_failover: cache.failover.map(str::to_owned),
        ..CacheRow::default()
    }
}

/// Their tags, which only the tagging API tells.
pub(super) fn tags(world: &World, place: Place) -> Vec<ResourceTagsRow> {
    let here = CACHES.iter().filter(|cache| is_here(world, place, US, cache.made_ago));
    here.map(|cache| tags_row(cache.arn(), &[("team", "web")])).collect()
}
