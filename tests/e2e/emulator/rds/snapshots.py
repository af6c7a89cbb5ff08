"""Snapshots of instances and clusters: moto's, seeded, and AWS Backup's.

The points AWS Backup keeps of databases *are* snapshots of RDS. Those of
instances have the type `awsbackup`; those of clusters are `manual`, named
`awsbackup:…`. They are derived here from the vaults, so both always agree.
Without `SnapshotType`, automated and manual ones are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.rds.exceptions import DBClusterSnapshotNotFoundError, DBSnapshotNotFoundFault
from moto.rds.models import DBClusterSnapshot, DBSnapshot, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from emulator.backup.state import backup_backends
from emulator.rds.encryption import encryption_type
from emulator.rds.memory import Row, memory
from emulator.rds.pages import filters_of, give_row_page
from emulator.rds.resources import created

_FILTERS = {
    "db-instance-id": "DBInstanceIdentifier",
    "db-snapshot-id": "DBSnapshotIdentifier",
    "dbi-resource-id": "DbiResourceId",
    "db-cluster-id": "DBClusterIdentifier",
    "db-cluster-snapshot-id": "DBClusterSnapshotIdentifier",
    "snapshot-type": "SnapshotType",
    "engine": "Engine",
}


def _instance_row(snapshot: DBSnapshot) -> Row:
    return {
        "DBSnapshotIdentifier": snapshot.db_snapshot_identifier,
        "DBInstanceIdentifier": snapshot.db_instance_identifier,
        "SnapshotCreateTime": snapshot.created,
        "OriginalSnapshotCreateTime": snapshot.original_snapshot_create_time,
        "Engine": snapshot.engine,
        "EngineVersion": snapshot.engine_version,
        "AllocatedStorage": snapshot.allocated_storage,
        "Status": snapshot.status,
        "Port": snapshot.port,
        "InstanceCreateTime": snapshot.instance_create_time,
        "MasterUsername": snapshot.master_username,
        "SnapshotType": snapshot.snapshot_type,
        "PercentProgress": 100,
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "StorageEncryptionType": encryption_type(snapshot.database),
        "DBSnapshotArn": snapshot.arn,
        "DbiResourceId": snapshot.dbi_resource_id,
        "TagList": snapshot.tags,
    }


def _cluster_row(snapshot: DBClusterSnapshot) -> Row:
    return {
        "DBClusterSnapshotIdentifier": snapshot.db_cluster_snapshot_identifier,
        "DBClusterIdentifier": snapshot.db_cluster_identifier,
        "SnapshotCreateTime": snapshot.created,
        "Engine": snapshot.engine,
        "EngineVersion": snapshot.engine_version,
        "AllocatedStorage": snapshot.allocated_storage,
        "Status": snapshot.status,
        "Port": snapshot.port,
        "ClusterCreateTime": snapshot.cluster_create_time,
        "MasterUsername": snapshot.master_username,
        "SnapshotType": snapshot.snapshot_type,
        "PercentProgress": 100,
        "StorageEncrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "StorageEncryptionType": encryption_type(snapshot.cluster),
        "DBClusterSnapshotArn": snapshot.arn,
        "DbClusterResourceId": snapshot.cluster.db_cluster_resource_id,
        "TagList": snapshot.tags,
    }


def _points(backend: RDSBackend, kind: str) -> Iterator[tuple[Row, str]]:
    """(recovery point, snapshot name) of every point that is an RDS snapshot."""
    for vault in backup_backends[backend.account_id][backend.region_name].vaults.values():
        for arn, point in vault.points.items():
            if f":{kind}:awsbackup:" in arn:
                yield point, arn.split(f":{kind}:")[1]


def _source(point: Row, kind: str) -> Row:
    """What RDS knows of the source of a point, if it still lives, in any Region."""
    parts = point["ResourceArn"].split(":")
    backend = rds_backends[parts[4]][parts[3]]
    database = (backend.databases if kind == "db" else backend.clusters).get(parts[6])
    if database is None:
        return {}
    return {"Engine": database.engine, "EngineVersion": database.engine_version, "created": created(database)}


def _backup_row(point: Row, name: str) -> Row:
    source = _source(point, "db")
    return {
        "Engine": source.get("Engine"),
        "EngineVersion": source.get("EngineVersion"),
        "InstanceCreateTime": source.get("created"),
        "SourceRegion": _other_region(point),
        "DBSnapshotIdentifier": name,
        "DBInstanceIdentifier": point["ResourceName"],
        "SnapshotCreateTime": point["CompletionDate"],
        "OriginalSnapshotCreateTime": point["CreationDate"],
        "Status": "available",
        "SnapshotType": "awsbackup",
        "PercentProgress": 100,
        "Encrypted": point["IsEncrypted"],
        "KmsKeyId": point.get("EncryptionKeyArn"),
        "DBSnapshotArn": point["RecoveryPointArn"],
    }


def _other_region(point: Row) -> str | None:
    """The Region a copy came from; None for a point made where its source is."""
    source = point["ResourceArn"].split(":")[3]
    return source if source != point["RecoveryPointArn"].split(":")[3] else None


def _cluster_backup_row(point: Row, name: str) -> Row:
    source = _source(point, "cluster")
    return {
        "Engine": source.get("Engine"),
        "EngineVersion": source.get("EngineVersion"),
        "ClusterCreateTime": source.get("created"),
        "DBClusterSnapshotIdentifier": name,
        "DBClusterIdentifier": point["ResourceName"],
        "SnapshotCreateTime": point["CreationDate"],
        "Status": "available",
        "SnapshotType": "manual",
        "PercentProgress": 100,
        "StorageEncrypted": point["IsEncrypted"],
        "KmsKeyId": point.get("EncryptionKeyArn"),
        "DBClusterSnapshotArn": point["RecoveryPointArn"],
    }


def instance_rows(backend: RDSBackend) -> list[Row]:
    """Every snapshot of an instance in this account and Region."""
    native = [_instance_row(snapshot) for snapshot in backend.database_snapshots.values()]
    made_by_backup = [_backup_row(point, name) for point, name in _points(backend, "snapshot")]
    return [*native, *memory(backend).snapshots.values(), *made_by_backup]


def cluster_rows(backend: RDSBackend) -> list[Row]:
    """Every snapshot of a cluster in this account and Region."""
    native = [_cluster_row(snapshot) for snapshot in backend.cluster_snapshots.values()]
    made_by_backup = [_cluster_backup_row(point, name) for point, name in _points(backend, "cluster-snapshot")]
    return [*native, *memory(backend).cluster_snapshots.values(), *made_by_backup]


def select(rows: Iterable[Row], wanted: dict[str, list[str]]) -> list[Row]:
    """The rows whose members have one of the wanted values; an ARN is as good as a name."""
    checks = [
        (_FILTERS[name], {name_of(value) for value in values}) for name, values in wanted.items() if name in _FILTERS
    ]
    return [row for row in rows if all(row.get(member) in values for member, values in checks)]


def name_of(text: str) -> str:
    """The identifier in an ARN of RDS (which may hold a colon), or the text itself."""
    return text.split(":", 6)[6] if text.startswith("arn:") else text


def _describe(
    response: RDSResponse, operation: str, key: str, rows: Callable[[RDSBackend], list[Row]],
    owner: tuple[str, str], snapshot: tuple[str, str], absent: Callable[[str], Exception],
) -> str:  # fmt: skip
    params = response.params
    wanted: dict[str, Any] = dict(filters_of(response))
    kinds = params.get("SnapshotType")
    if "snapshot-type" not in wanted:
        wanted["snapshot-type"] = [kinds] if kinds else ["automated", "manual"]
    if params.get(owner[0]):
        wanted[owner[1]] = [params[owner[0]]]
    if params.get(snapshot[0]):
        wanted[snapshot[1]] = [params[snapshot[0]]]
        if not kinds:
            wanted["snapshot-type"] = ["automated", "manual", "awsbackup"]

    def found() -> list[Row]:
        chosen = select(rows(response.backend), wanted)
        if params.get(snapshot[0]) and not chosen:
            raise absent(params[snapshot[0]])
        return chosen

    return give_row_page(response, operation, key, found)


def describe_db_snapshots(response: RDSResponse) -> str:
    """Snapshots of instances."""
    return _describe(
        response, "DescribeDBSnapshots", "DBSnapshots", instance_rows,
        ("DBInstanceIdentifier", "db-instance-id"), ("DBSnapshotIdentifier", "db-snapshot-id"), DBSnapshotNotFoundFault,
    )  # fmt: skip


def describe_db_cluster_snapshots(response: RDSResponse) -> str:
    """Snapshots of clusters."""
    return _describe(
        response, "DescribeDBClusterSnapshots", "DBClusterSnapshots", cluster_rows,
        ("DBClusterIdentifier", "db-cluster-id"), ("DBClusterSnapshotIdentifier", "db-cluster-snapshot-id"),
        DBClusterSnapshotNotFoundError,
    )  # fmt: skip


RDSResponse.describe_db_snapshots = describe_db_snapshots
RDSResponse.describe_db_cluster_snapshots = describe_db_cluster_snapshots
