"""DynamoDB beyond moto's: replicas, ids and remains of tables, restorable moments, backups by type and page by page.

Importing this module patches moto's DynamoDB classes; nothing has to be called.
"""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Backup, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from emulator.paging import PageSize
from emulator.times import now

_GLOBAL_TABLE_VERSION = "2019.11.21"
# How long a system backup is kept.
_KEPT = timedelta(days=35)
# How far the latest restorable moment lies behind.
_BEHIND_S = 5 * 60
_TYPES = ("USER", "SYSTEM", "AWS_BACKUP")

_describe, _update_table = Table.describe, DynamoHandler.update_table
_summary, _delete_table, _list_tables = Backup.summary, DynamoDBBackend.delete_table, DynamoDBBackend.list_tables
_describe_continuous_backups = DynamoDBBackend.describe_continuous_backups


def table_id(table: Table) -> str:
    """The id that a table keeps and no other ever has."""
    return vars(table).setdefault("table_id", str(uuid4()))


def describe(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
    """With its id, and with the replicas in all other Regions."""
    told = _describe(table, base_key)
    told[base_key]["TableId"] = table_id(table)
    # moto forgets it of tables that it restores.
    told[base_key]["BillingModeSummary"] = {"BillingMode": table.billing_mode or "PROVISIONED"}
    regions = [region for region in vars(table).get("replicated_to", []) if region != table.region_name]
    if regions:
        replicas = [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in regions]
        told[base_key] |= {"GlobalTableVersion": _GLOBAL_TABLE_VERSION, "Replicas": replicas}
    return told


def update_table(handler: DynamoHandler) -> ActionResult:
    """A replica is a table of its own Region, with the same name and items, and recovery settings of its own."""
    answer = _update_table(handler)
    table = handler.dynamodb_backend.get_table(handler.body["TableName"])
    for update in handler.body.get("ReplicaUpdates", []):
        _replicate(table, update["Create"]["RegionName"])
        answer = DynamoResult(table.describe())
    return answer


def _replicate(table: Table, region: str) -> None:
    regions = vars(table).setdefault("replicated_to", [table.region_name])
    if region in regions:
        raise MockValidationException(f"Failed to create a the new replica of table {table.name}: it is in {region}")
    replica = copy.copy(table)
    replica.region_name, replica.table_id = region, str(uuid4())
    replica.table_arn = replica._generate_arn(table.name)
    replica.continuous_backups = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    regions.append(region)
    dynamodb_backends[table.account_id][region].tables[table.name] = replica


def list_tables(backend: DynamoDBBackend, limit: int, exclusive_start_table_name: str) -> Any:
    """In pages not longer than a test allows."""
    return _list_tables(backend, PageSize.of(limit), exclusive_start_table_name)


def list_backups(handler: DynamoHandler) -> ActionResult:
    """Those of users only, unless others are asked for."""
    told = handler.body
    kind, limit = told.get("BackupType", "USER"), told.get("Limit", 100)
    if kind not in (*_TYPES, "ALL") or not 1 <= limit <= 100:
        raise MockValidationException(f"BackupType {kind}, Limit {limit}")
    found = handler.dynamodb_backend.list_backups(told.get("TableName"))
    chosen = sorted((backup for backup in found if kind in ("ALL", backup.type)), key=lambda backup: backup.arn)
    rest = [backup for backup in chosen if backup.arn > told.get("ExclusiveStartBackupArn", "")]
    page = rest[: PageSize.of(limit)]
    following = {"LastEvaluatedBackupArn": page[-1].arn} if len(page) < len(rest) else {}
    return DynamoResult({"BackupSummaries": [backup.summary for backup in page], **following})


def summary(backup: Backup) -> dict[str, Any]:
    """With the id of the table; a system backup says when it ends."""
    told = {**_summary.fget(backup), "TableId": table_id(backup.table)}
    if backup.type == "SYSTEM":
        told["BackupExpiryDateTime"] = backup.creation_date_time + _KEPT
    return told


def describe_continuous_backups(backend: DynamoDBBackend, table_name: str) -> dict[str, Any]:
    """The latest restorable moment follows the clock, where moto leaves it at the moment of switching on."""
    told = copy.deepcopy(_describe_continuous_backups(backend, table_name))
    recovery = told["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        recovery["LatestRestorableDateTime"] = max(recovery["EarliestRestorableDateTime"], now().timestamp() - _BEHIND_S)
    return told


def delete_table(backend: DynamoDBBackend, name: str) -> Table:
    """A table with point-in-time recovery leaves a system backup."""
    table = _delete_table(backend, name)
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        table_id(table)
        left = Backup(backend.account_id, backend.region_name, f"{table.name}$DeletedTableBackup", table, type_="SYSTEM")
        backend.backups[left.arn] = left
    return table


Table.describe = describe
DynamoHandler.update_table = update_table
DynamoHandler.list_backups = list_backups
DynamoDBBackend.list_tables = list_tables
DynamoDBBackend.delete_table = delete_table
DynamoDBBackend.describe_continuous_backups = describe_continuous_backups
Backup.summary = property(summary)
