"""ElastiCache as an auditor of backups needs it: serverless caches, and what moto leaves out of groups and snapshots.

Importing this module patches moto's classes. Groups tell how they are encrypted: with a
key of the account, with that of ElastiCache if encryption was asked for, and else not
at all. Snapshots have one part, made when it is first looked at.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.core.utils import utcnow
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup, Snapshot
from moto.elasticache.responses import ElastiCacheResponse

Row = dict[str, Any]


class ServerlessCacheNotFoundError(ElastiCacheException):
    """There is no such cache."""

    code = "ServerlessCacheNotFoundFault"


def encryption_type(group: ReplicationGroup) -> str:
    """What the API calls the truth."""
    if group.kms_key_id:
        return "sse-kms"
    return "sse-elasticache" if group.at_rest_encryption_enabled else "none"


def parts(snapshot: Snapshot) -> list[Row]:
    """The one part of a snapshot."""
    if not hasattr(snapshot, "made"):
        snapshot.made = utcnow()
    return [{"CacheClusterId": snapshot.cache_cluster_id, "SnapshotCreateTime": snapshot.made}]


def _rows(backend: ElastiCacheBackend, kind: str) -> dict[str, Row]:
    kept: dict[str, Row] = backend.__dict__.setdefault(f"our_{kind}", {})
    return kept


def _arn(response: ElastiCacheResponse, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{response.region}:{response.current_account}:{kind}:{name}"


def create_serverless_cache(response: ElastiCacheResponse) -> ActionResult:
    """Available at once; without a key AWS owns the key. Automatic snapshots are off unless told."""
    name, key = response._get_param("ServerlessCacheName"), response._get_param("KmsKeyId")
    row = {
        "ServerlessCacheName": name,
        "ARN": _arn(response, "serverlesscache", name),
        "Engine": response._get_param("Engine"),
        "FullEngineVersion": "8.1",
        "Status": "available",
        "CreateTime": utcnow(),
        "SnapshotRetentionLimit": response._get_int_param("SnapshotRetentionLimit") or 0,
        "DailySnapshotTime": response._get_param("DailySnapshotTime"),
        "KmsKeyId": key,
        "StorageEncryptionType": "sse-kms" if key else "sse-elasticache",
    }
    _rows(response.elasticache_backend, "caches")[name] = row
    return ActionResult({"ServerlessCache": row})


def describe_serverless_caches(response: ElastiCacheResponse) -> ActionResult:
    """All of them."""
    return ActionResult({"ServerlessCaches": list(_rows(response.elasticache_backend, "caches").values())})


def create_serverless_cache_snapshot(response: ElastiCacheResponse) -> ActionResult:
    """Of a cache that is there; kept for a week, with one kibibyte."""
    name, cache = response._get_param("ServerlessCacheSnapshotName"), response._get_param("ServerlessCacheName")
    told = _rows(response.elasticache_backend, "caches").get(cache)
    if told is None:
        raise ServerlessCacheNotFoundError(f"Serverless cache {cache} not found")
    moment = utcnow()
    row = {
        "ServerlessCacheSnapshotName": name,
        "ARN": _arn(response, "serverlesscachesnapshot", name),
        "SnapshotType": "manual",
        "Status": "available",
        "CreateTime": moment,
        "ExpiryTime": moment + timedelta(days=7),
        "BytesUsedForCache": "1024",
        "KmsKeyId": told["KmsKeyId"],
        "ServerlessCacheConfiguration": {"ServerlessCacheName": cache, "Engine": told["Engine"]},
    }
    _rows(response.elasticache_backend, "snapshots")[name] = row
    return ActionResult({"ServerlessCacheSnapshot": row})


def describe_serverless_cache_snapshots(response: ElastiCacheResponse) -> ActionResult:
    """All of them."""
    return ActionResult({"ServerlessCacheSnapshots": list(_rows(response.elasticache_backend, "snapshots").values())})


def describe_snapshots(response: ElastiCacheResponse) -> ActionResult:
    """In pages; moto hands the marker of the request back, with which a client never ends."""
    snapshots = response.elasticache_backend.describe_snapshots(
        replication_group_id=response._get_param("ReplicationGroupId"),
        cache_cluster_id=response._get_param("CacheClusterId"),
        snapshot_name=response._get_param("SnapshotName"),
        snapshot_source=response._get_param("SnapshotSource"),
    )
    return PaginatedResult({"Snapshots": snapshots})


ReplicationGroup.storage_encryption_type = property(encryption_type)
Snapshot.node_snapshots = property(parts)
for function in (
    create_serverless_cache, describe_serverless_caches, create_serverless_cache_snapshot,
    describe_serverless_cache_snapshots, describe_snapshots,
):  # fmt: skip
    setattr(ElastiCacheResponse, function.__name__, function)
