"""Automated backups: the window in which a database can be restored.

Derived for every living database with native backups on; retained and
replicated ones are rows in the memory. A replicated one without a window of its
own, which a test may seed, has that of its source.
"""

from __future__ import annotations

import hashlib

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from emulator.rds.memory import Row, memory
from emulator.rds.pages import filters_of, give_row_page
from emulator.rds.resources import created, earliest_restorable_time, latest_restorable_time


def backup_arn(database: DBInstance | DBCluster) -> str:
    """The ARN of the automated backup of a database; always the same for one life."""
    resource = database.db_cluster_resource_id if isinstance(database, DBCluster) else database.dbi_resource_id
    kind = "cluster-auto-backup" if isinstance(database, DBCluster) else "auto-backup"
    name = hashlib.sha256(resource.encode()).hexdigest()[:32]
    return f"arn:{database.partition}:rds:{database.region}:{database.account_id}:{kind}:ab-{name}"


def _common(database: DBInstance | DBCluster) -> Row:
    latest = latest_restorable_time(database)
    window = {"EarliestTime": earliest_restorable_time(database), "LatestTime": latest}
    return {
        "Region": database.region,
        "RestoreWindow": window if latest else None,
        "AllocatedStorage": database.allocated_storage,
        "Status": "active" if latest else "creating",
        "Port": database.port,
        "MasterUsername": database.master_username,
        "Engine": database.engine,
        "EngineVersion": database.engine_version,
        "BackupRetentionPeriod": database.backup_retention_period,
        "PreferredBackupWindow": database.preferred_backup_window,
        "AwsBackupRecoveryPointArn": getattr(database, "AwsBackupRecoveryPointArn", None),
        "TagList": database.tags,
    }


def _instance_row(backend: RDSBackend, database: DBInstance) -> Row:
    replicas = memory(backend).replications.get(database.arn, [])
    return {
        **_common(database),
        "DBInstanceArn": database.arn,
        "DbiResourceId": database.dbi_resource_id,
        "DBInstanceIdentifier": database.db_instance_identifier,
        "InstanceCreateTime": created(database),
        "Encrypted": database.storage_encrypted,
        "KmsKeyId": database.kms_key_id,
        "StorageEncryptionType": database.storage_encryption_type,
        "DBInstanceAutomatedBackupsArn": backup_arn(database),
        "DBInstanceAutomatedBackupsReplications": [{"DBInstanceAutomatedBackupsArn": arn} for arn in replicas],
        "BackupTarget": "region",
    }


def _cluster_row(database: DBCluster) -> Row:
    return {
        **_common(database),
        "DBClusterArn": database.arn,
        "DbClusterResourceId": database.db_cluster_resource_id,
        "DBClusterIdentifier": database.db_cluster_identifier,
        "ClusterCreateTime": created(database),
        "StorageEncrypted": database.storage_encrypted,
        "StorageEncryptionType": database.storage_encryption_type,
        "KmsKeyId": database.kms_key_id,
        "EngineMode": database.engine_mode,
        "AvailabilityZones": database.availability_zones,
        "DBClusterAutomatedBackupsArn": backup_arn(database),
    }


def instance_rows(backend: RDSBackend) -> list[Row]:
    """All automated backups of instances in this Region."""
    living = [
        _instance_row(backend, database)
        for database in backend.databases.values()
        if not isinstance(database, DBInstanceClustered) and database.backup_retention_period
    ]
    return [*living, *(windowed(row) for row in memory(backend).automated_backups.values())]


def windowed(row: Row) -> Row:
    """A row of the memory with its window: its own, or that of the instance it is replicated from."""
    if "RestoreWindow" in row or row["Status"] != "active":
        return row
    parts = row["DBInstanceArn"].split(":")
    source = rds_backends[parts[4]][parts[3]].databases.get(parts[6])
    return {**row, "RestoreWindow": _common(source)["RestoreWindow"]} if source else row


def describe_db_instance_automated_backups(response: RDSResponse) -> str:
    """Of instances; by identifier, resource id, ARN or status filter."""
    wanted = {
        "DBInstanceIdentifier": response.params.get("DBInstanceIdentifier"),
        "DbiResourceId": response.params.get("DbiResourceId"),
        "DBInstanceAutomatedBackupsArn": response.params.get("DBInstanceAutomatedBackupsArn"),
    }
    rows = _select(instance_rows(response.backend), wanted, filters_of(response))
    if not rows and any(wanted.values()):
        raise RDSClientError("DBInstanceAutomatedBackupNotFound", "DBInstanceAutomatedBackup not found")
    return give_row_page(response, "DescribeDBInstanceAutomatedBackups", "DBInstanceAutomatedBackups", lambda: rows)


def describe_db_cluster_automated_backups(response: RDSResponse) -> str:
    """Of Aurora clusters and Multi-AZ clusters; Neptune and DocumentDB have other calls."""
    backend = response.backend
    living = [_cluster_row(one) for one in backend.clusters.values() if one.engine not in ("neptune", "docdb")]
    wanted = {
        "DBClusterIdentifier": response.params.get("DBClusterIdentifier"),
        "DbClusterResourceId": response.params.get("DbClusterResourceId"),
    }
    rows = _select([*living, *memory(backend).cluster_automated_backups.values()], wanted, filters_of(response))
    if not rows and any(wanted.values()):
        raise RDSClientError("DBClusterAutomatedBackupNotFoundFault", "DBClusterAutomatedBackup not found")
    return give_row_page(response, "DescribeDBClusterAutomatedBackups", "DBClusterAutomatedBackups", lambda: rows)


def _select(rows: list[Row], wanted: dict[str, str | None], filters: dict[str, list[str]]) -> list[Row]:
    found = [row for row in rows if all(value in (None, row.get(name)) for name, value in wanted.items())]
    statuses = filters.get("status")
    return found if statuses is None else [row for row in found if row["Status"] in statuses]


RDSResponse.describe_db_instance_automated_backups = describe_db_instance_automated_backups
RDSResponse.describe_db_cluster_automated_backups = describe_db_cluster_automated_backups
