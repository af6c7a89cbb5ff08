"""Recovery points: what is kept in vaults."""

from __future__ import annotations

import uuid
from datetime import timedelta

from emulator.backup import validation
from emulator.backup.errors import invalid_request, not_found
from emulator.backup.legal_holds import holds
from emulator.backup.listing import give_page, matching
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record, Vault

# Types whose points are snapshots of the owning service, by the kind in the ARN.
_SNAPSHOTS = {
    "RDS": "snapshot",
    "Aurora": "cluster-snapshot",
    "Neptune": "cluster-snapshot",
    "DocumentDB": "cluster-snapshot",
}
_EQUAL = {
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    "ByParentRecoveryPointArn": "ParentRecoveryPointArn",
}


def new_arn(backend: BackupBackend, resource_type: str, made_by: str) -> str:
    """The ARN a new point gets: `made_by` is "job" or "copyjob"."""
    if resource_type in _SNAPSHOTS:
        prefix = f"arn:{backend.partition}:rds:{backend.region_name}:{backend.account_id}"
        return f"{prefix}:{_SNAPSHOTS[resource_type]}:awsbackup:{made_by}-{uuid.uuid4()}"
    return backend.arn_of("recovery-point", str(uuid.uuid4()))


def add(backend: BackupBackend, vault: Vault, told: Record) -> Record:
    """Put a point in a vault: what is told, the rest as AWS would fill it in."""
    lifecycle = told.get("Lifecycle") or {}
    created = told["CreationDate"]
    record = {
        "RecoveryPointArn": new_arn(backend, told["ResourceType"], "job"),
        "Status": "COMPLETED",
        "InitiationDate": created,
        "CompletionDate": created + timedelta(minutes=10),
        "BackupSizeInBytes": 0,
        "IsEncrypted": False,
        "IsParent": False,
        "VaultType": vault.vault_type,
        "ResourceName": told["ResourceArn"].rpartition(":")[2],
        "CalculatedLifecycle": _calculated(created, lifecycle),
        **told,
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
    }
    vault.points[record["RecoveryPointArn"]] = record
    return record


def _calculated(created, lifecycle: Record) -> Record | None:
    found = {}
    for days, instant in (("MoveToColdStorageAfterDays", "MoveToColdStorageAt"), ("DeleteAfterDays", "DeleteAt")):
        if lifecycle.get(days, -1) > 0:
            found[instant] = created + timedelta(days=lifecycle[days])
    return found or None


@operation("ListRecoveryPointsByBackupVault")
def list_of_vault(backend: BackupBackend, params: Params) -> Record:
    """The points of one vault; the tool's main source."""
    vault = backend.vault(params["BackupVaultName"])
    plan = params.get("ByBackupPlanId")

    def rows() -> list[Record]:
        found = matching(vault.points.values(), params, _EQUAL, {"ByCreated": "CreationDate"})
        return [row for row in found if plan in (None, row.get("CreatedBy", {}).get("BackupPlanId"))]

    return give_page(backend, "ListRecoveryPointsByBackupVault", "RecoveryPoints", rows, params)


@operation("UpdateRecoveryPointLifecycle")
def update_lifecycle(backend: BackupBackend, params: Params) -> Record:
    """Counts from when the point was made, not from now; within what a lock of the vault allows."""
    vault = backend.vault(params["BackupVaultName"])
    point = _point(vault, params["RecoveryPointArn"])
    lifecycle = params.get("Lifecycle", {})
    validation.lifecycle(lifecycle)
    validation.within_lock(backend, vault.name, lifecycle)
    point["Lifecycle"], point["CalculatedLifecycle"] = lifecycle, _calculated(point["CreationDate"], lifecycle)
    told = ("RecoveryPointArn", "Lifecycle", "CalculatedLifecycle")
    return {"BackupVaultArn": vault.arn, **{name: point[name] for name in told if point[name] is not None}}


@operation("DeleteRecoveryPoint")
def delete(backend: BackupBackend, params: Params) -> None:
    """Refused in a locked vault and under a legal hold."""
    vault = backend.vault(params["BackupVaultName"])
    point = _point(vault, params["RecoveryPointArn"])
    if vault.locked:
        raise invalid_request(f"Backup vault {vault.name} is locked: recovery points cannot be deleted")
    if holds(backend, point):
        raise invalid_request(f"Recovery point {params['RecoveryPointArn']} is under a legal hold")
    del vault.points[params["RecoveryPointArn"]]


def _point(vault: Vault, arn: str) -> Record:
    if arn not in vault.points:
        raise not_found(f"Recovery point {arn} does not exist in vault {vault.name}")
    return vault.points[arn]
