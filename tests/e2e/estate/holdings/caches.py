"""Caches of ElastiCache, which AWS Backup does not know: each way to be encrypted, and snapshots or none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ENGINES = {"replication_group": "replicationgroup", "serverless_cache": "serverlesscache", "cache_cluster": "cluster"}


def make(aws: Endpoint, base: datetime) -> Rows:  # noqa: ARG001
    """Groups, serverless caches and clusters without a group, and a snapshot of each kind."""
    home, away = aws.client("elasticache", HOME), aws.client("elasticache", AWAY)
    home.create_replication_group(
        ReplicationGroupId="sessions", ReplicationGroupDescription="of the shop", Engine="valkey",
        ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True, MultiAZEnabled=True, SnapshotRetentionLimit=7,
        SnapshotWindow="03:00-04:00",
        AtRestEncryptionEnabled=True, KmsKeyId=KEY,
    )  # fmt: skip
    home.create_replication_group(ReplicationGroupId="scratch", ReplicationGroupDescription="may be lost")
    away.create_replication_group(
        ReplicationGroupId="held", ReplicationGroupDescription="under a key of AWS", SnapshotRetentionLimit=21,
        SnapshotWindow="01:00-02:00", AtRestEncryptionEnabled=True,
    )  # fmt: skip
    home.create_serverless_cache(
        ServerlessCacheName="cart", Engine="valkey", SnapshotRetentionLimit=3, DailySnapshotTime="04:00"
    )
    node = {"CacheNodeType": "cache.t4g.micro"}
    home.create_cache_cluster(CacheClusterId="pages", Engine="memcached", NumCacheNodes=1, **node)
    home.create_cache_cluster(
        CacheClusterId="alone", Engine="redis", SnapshotRetentionLimit=5, SnapshotWindow="02:00-03:00", **node
    )
    home.create_snapshot(SnapshotName="sessions-1", ReplicationGroupId="sessions", KmsKeyId=KEY)
    home.create_snapshot(SnapshotName="alone-1", CacheClusterId="alone")
    home.create_serverless_cache_snapshot(ServerlessCacheSnapshotName="cart-1", ServerlessCacheName="cart")
    return {"elasticache_groups": _caches(), "elasticache_snapshots": _snapshots()}


def _caches() -> list[dict[str, Any]]:
    return [
        _cache("replication_group", "sessions", "valkey", 7, "03:00-04:00", storage_encryption_type="sse-kms",
               at_rest_encryption_enabled=True, kms_key_id=KEY, multi_az="enabled", automatic_failover="enabled",
               member_clusters='["sessions-001","sessions-002"]', snapshotting_cluster_id="sessions-002"),
        _cache("replication_group", "scratch", "redis", 0, "05:00-6:00", storage_encryption_type="none",
               at_rest_encryption_enabled=False, multi_az="disabled", automatic_failover="disabled",
               member_clusters='["scratch-001"]'),
        _cache("replication_group", "held", "redis", 21, "01:00-02:00", region=AWAY, multi_az="disabled",
               storage_encryption_type="sse-elasticache", at_rest_encryption_enabled=True,
               automatic_failover="disabled",
               member_clusters='["held-001"]', snapshotting_cluster_id="held-001"),
        _cache("serverless_cache", "cart", "valkey", 3, "04:00", storage_encryption_type="sse-elasticache"),
        # moto tells a retention also of node-based Memcached, which has no snapshots.
        _cache("cache_cluster", "pages", "memcached", 0, None),
        _cache("cache_cluster", "alone", "redis", 5, "02:00-03:00"),
    ]  # fmt: skip


def _cache(
    kind: str, name: str, engine: str, kept_days: int, window: str | None, region: str = HOME, **told: Any
) -> dict[str, Any]:
    return {
        "region": region,
        "cache_arn": f"arn:aws:elasticache:{region}:{ACCOUNT}:{ENGINES[kind]}:{name}",
        "cache_name": name,
        "kind": kind,
        "engine": engine,
        "status": "available",
        "snapshot_retention_limit_days": kept_days,
        "snapshot_window": window,
        "storage_encryption_type": None,
        "at_rest_encryption_enabled": None,
        "kms_key_id": None,
        "multi_az": None,
        "automatic_failover": None,
        "member_clusters": None,
        "snapshotting_cluster_id": None,
        **told,
    }


def _snapshots() -> list[dict[str, Any]]:
    place = f"arn:aws:elasticache:{HOME}:{ACCOUNT}"
    kept = {"region": HOME, "status": "available", "snapshot_source": "manual"}
    node = {**kept, "is_serverless": False, "size_bytes": None}
    return [
        {
            **node, "snapshot_arn": f"{place}:snapshot:sessions-1", "snapshot_name": "sessions-1", "engine": "valkey",
            "resource_arn": f"{place}:replicationgroup:sessions", "kms_key_id": KEY, "snapshot_retention_limit_days": 7,
        },
        {
            **node, "snapshot_arn": f"{place}:snapshot:alone-1", "snapshot_name": "alone-1", "engine": "redis",
            "resource_arn": f"{place}:cluster:alone", "kms_key_id": None, "snapshot_retention_limit_days": 5,
        },
        {
            **kept, "snapshot_arn": f"{place}:serverlesscachesnapshot:cart-1", "snapshot_name": "cart-1",
            "engine": "valkey", "resource_arn": f"{place}:serverlesscache:cart", "kms_key_id": None,
            "snapshot_retention_limit_days": None, "is_serverless": True, "size_bytes": 1024,
        },
    ]  # fmt: skip
