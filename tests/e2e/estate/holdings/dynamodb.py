"""Tables of DynamoDB with every kind of key and recovery, and what was made of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

_SCHEMA = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
_ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
_PROVISIONED = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
# What is true of a table to which nothing was done.
_PLAIN: dict[str, Any] = {
    "table_status": "ACTIVE", "item_count": 0, "table_size_bytes": 0, "deletion_protection_enabled": False,
    "encryption": "AWS_OWNED_KEY", "sse_status": None, "kms_master_key_arn": None, "stream_view_type": None,
    "replicas": None, "global_table_version": None, "restore_source_backup_arn": None,
    "restore_source_table_arn": None, "restore_in_progress": None, "point_in_time_recovery_status": "DISABLED",
    "recovery_period_days": None, "earliest_restorable_date_time_s": None,
}  # fmt: skip


def make(aws: Endpoint, base: datetime) -> Rows:
    """Build them; `base` plays no part, because nothing here can be made older than it is."""
    dynamodb = aws.client("dynamodb", HOME)
    key = aws.client("kms", HOME).create_key(Description="tables")["KeyMetadata"]["Arn"]
    orders = _table(
        dynamodb, "orders", **_ON_DEMAND, DeletionProtectionEnabled=True,
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip
    rows = [
        {**orders, "billing_mode": "PAY_PER_REQUEST", "deletion_protection_enabled": True, "encryption": "KMS",
         "sse_status": "ENABLED", "kms_master_key_arn": key, "stream_view_type": "NEW_AND_OLD_IMAGES",
         "replicas": _replicas(AWAY), "global_table_version": "2019.11.21", **_recover(dynamodb, "orders", 14)},
        {**_table(dynamodb, "sessions", **_PROVISIONED), "billing_mode": "PROVISIONED"},
        {**_table(dynamodb, "invoices", **_ON_DEMAND), "billing_mode": "PAY_PER_REQUEST",
         **_recover(dynamodb, "invoices", None)},
        {**_table(dynamodb, "carts", **_ON_DEMAND), "billing_mode": "PAY_PER_REQUEST"},
    ]  # fmt: skip
    _recover(dynamodb, "carts", None)
    _specify(dynamodb, "carts", PointInTimeRecoveryEnabled=False)
    rows.append({**orders, **_replicate(aws, dynamodb), "billing_mode": "PAY_PER_REQUEST",
                 "deletion_protection_enabled": True, "encryption": "KMS", "sse_status": "ENABLED",
                 "kms_master_key_arn": key, "stream_view_type": "NEW_AND_OLD_IMAGES"})  # fmt: skip
    made, by_user = _backup(dynamodb, "sessions")
    restored = dynamodb.restore_table_from_backup(TargetTableName="sessions-restored", BackupArn=made)
    rows.append({
        **_PLAIN, **_named(restored["TableDescription"]), "billing_mode": "PROVISIONED",
        "restore_source_backup_arn": made, "restore_source_table_arn": _arn(HOME, "sessions"),
        "restore_in_progress": False,
    })  # fmt: skip
    return {
        "dynamodb_tables": rows, "dynamodb_backups": [by_user, _left_behind(dynamodb)],
        "data_resource_tags": _tags(dynamodb),
    }  # fmt: skip


def _tags(dynamodb: Any) -> list[dict[str, Any]]:
    """Tag a table, which no list of tables shows; nothing else of the kinds that are asked for has tags."""
    dynamodb.tag_resource(ResourceArn=_arn(HOME, "invoices"), Tags=[{"Key": "stage", "Value": "live"}])
    return [{"region": HOME, "resource_arn": _arn(HOME, "invoices"), "tags": '{"stage":"live"}'}]


def _arn(region: str, name: str) -> str:
    return f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"


def _table(dynamodb: Any, name: str, **told: Any) -> dict[str, Any]:
    """Make a table; its row as long as nothing else is done to it."""
    made = dynamodb.create_table(TableName=name, **_SCHEMA, **told)["TableDescription"]
    return {**_PLAIN, **_named(made), "table_arn": _arn(HOME, name), "table_name": name}


def _named(table: dict[str, Any]) -> dict[str, Any]:
    """What only the answer to the making of a table tells."""
    return {
        "region": HOME, "table_arn": table["TableArn"], "table_name": table["TableName"], "table_id": table["TableId"],
        "creation_date_time_s": int(table["CreationDateTime"].timestamp()),
    }  # fmt: skip


def _specify(dynamodb: Any, name: str, **specification: Any) -> dict[str, Any]:
    told = dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)
    return told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def _recover(dynamodb: Any, name: str, days: int | None) -> dict[str, Any]:
    """Switch point-in-time recovery on, for so many days or the usual 35; what the row then has."""
    told = _specify(dynamodb, name, PointInTimeRecoveryEnabled=True, **({"RecoveryPeriodInDays": days} if days else {}))
    return {
        "point_in_time_recovery_status": "ENABLED",
        "recovery_period_days": days or 35,
        "earliest_restorable_date_time_s": int(told["EarliestRestorableDateTime"].timestamp()),
    }


def _replicate(aws: Endpoint, dynamodb: Any) -> dict[str, Any]:
    """Replicate the orders; what is different in the other Region. Point-in-time recovery is not replicated."""
    dynamodb.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": AWAY}}])
    told = aws.client("dynamodb", AWAY).describe_table(TableName="orders")["Table"]
    return {
        "region": AWAY, "table_arn": _arn(AWAY, "orders"), "table_id": told["TableId"],
        "replicas": _replicas(HOME), "global_table_version": "2019.11.21",
    }  # fmt: skip


def _replicas(region: str) -> str:
    return json.dumps([{"RegionName": region, "ReplicaStatus": "ACTIVE"}], separators=(",", ":"))


def _backup(dynamodb: Any, table: str) -> tuple[str, dict[str, Any]]:
    """Back a table up by hand."""
    made = dynamodb.create_backup(TableName=table, BackupName="by-hand")["BackupDetails"]
    created = int(made["BackupCreationDateTime"].timestamp())
    return made["BackupArn"], {
        "region": HOME, "backup_arn": made["BackupArn"], "backup_name": "by-hand", "table_arn": _arn(HOME, table),
        "table_name": table, "backup_type": "USER", "backup_status": "AVAILABLE",
        "backup_creation_date_time_s": created, "backup_expiry_date_time_s": None,
    }  # fmt: skip


def _left_behind(dynamodb: Any) -> dict[str, Any]:
    """Delete a table with point-in-time recovery; the backup that the system makes of it."""
    _table(dynamodb, "closed", **_ON_DEMAND)
    _recover(dynamodb, "closed", None)
    dynamodb.delete_table(TableName="closed")
    [left] = dynamodb.list_backups(TableName="closed", BackupType="SYSTEM")["BackupSummaries"]
    created = left["BackupCreationDateTime"]
    return {
        "region": HOME, "backup_arn": left["BackupArn"], "backup_name": "closed$DeletedTableBackup",
        "table_arn": _arn(HOME, "closed"), "table_name": "closed", "backup_type": "SYSTEM",
        "backup_status": "AVAILABLE", "backup_creation_date_time_s": int(created.timestamp()),
        "backup_expiry_date_time_s": int((created + timedelta(days=35)).timestamp()),
    }  # fmt: skip
