"""Copy jobs, which are done at once, or fail at once for a reason that is documented."""

from __future__ import annotations

import json
import uuid

from emulator.backup import points, validation
from emulator.backup.errors import BackupError, not_found
from emulator.backup.registry import Params, operation
from emulator.backup.settings import crosses_accounts
from emulator.backup.sources import DATABASES, encrypted_by
from emulator.backup.state import AIR_GAPPED, BackupBackend, Record, Vault, backup_backends
from emulator.kms import is_managed
from emulator.times import now

_INTO = "backup:CopyIntoBackupVault"
# Of the databases, those that may be copied into an air-gapped vault.
_AIR_GAPPED_TYPES = ("Aurora", "Neptune", "DocumentDB")


@operation("StartCopyJob")
def start(backend: BackupBackend, params: Params) -> Record:
    """The job is there in any case; the copy only if nothing stands against it."""
    source = backend.vault(params["SourceBackupVaultName"])
    point = source.points.get(params["RecoveryPointArn"])
    if point is None:
        raise not_found(f"Recovery point {params['RecoveryPointArn']} does not exist in vault {source.name}")
    validation.lifecycle(params.get("Lifecycle"))
    parts = params["DestinationBackupVaultArn"].split(":")
    target = backup_backends[parts[4]][parts[3]]
    destination: Vault | None = target.vaults.get(parts[6])
    lifecycle = params.get("Lifecycle") or point.get("Lifecycle")
    problem = _problem(backend, point, target, destination, lifecycle)
    moment = now()
    job = {
        "AccountId": backend.account_id,
        "CopyJobId": str(uuid.uuid4()),
        "SourceBackupVaultArn": source.arn,
        "SourceRecoveryPointArn": point["RecoveryPointArn"],
        "DestinationBackupVaultArn": params["DestinationBackupVaultArn"],
        "ResourceArn": point["ResourceArn"],
        "ResourceType": point["ResourceType"],
        "CreationDate": moment,
        "CompletionDate": moment,
        "IamRoleArn": params["IamRoleArn"],
        "IsParent": False,
        "State": "FAILED" if problem else "COMPLETED",
        "StatusMessage": problem,
        "MessageCategory": "FAILURE" if problem else "SUCCESS",
    }
    if not problem and destination is not None:
        job["DestinationRecoveryPointArn"] = _copy(target, destination, point, lifecycle)["RecoveryPointArn"]
    backend.copy_jobs[job["CopyJobId"]] = job
    return {name: job[name] for name in ("CopyJobId", "CreationDate", "IsParent")}


def _problem(
    backend: BackupBackend, point: Record, target: BackupBackend, vault: Vault | None, lifecycle: Record | None
) -> str | None:
    """Why the copy cannot be made; None if it can."""
    if vault is None:
        return "The destination backup vault does not exist"
    if target.account_id != backend.account_id:
        if not crosses_accounts(backend.account_id, target.account_id):
            return "Cross-account backup is not enabled in the organization of both accounts"
        if not _lets_in(vault, backend.account_id):
            return f"The access policy of the destination backup vault does not allow {_INTO}"
    if point["ResourceType"] in DATABASES:
        if vault.vault_type == AIR_GAPPED and point["ResourceType"] not in _AIR_GAPPED_TYPES:
            return f"{point['ResourceType']} cannot be copied into a logically air-gapped vault"
        # So says the developer guide; an article of AWS's knowledge center says otherwise for copies to another Region.
        if vault.vault_type != AIR_GAPPED and _stays_encrypted(point) and is_managed(vault.key_arn):
            return "The destination backup vault is not encrypted by a customer managed key"
    try:
        validation.within_lock(target, vault.name, lifecycle)
    except BackupError as error:
        return error.message
    return None


def _stays_encrypted(point: Record) -> bool:
    # A copy of an instance is encrypted even if the instance is not.
    return point["IsEncrypted"] or point["ResourceType"] == "RDS"


def _lets_in(vault: Vault, account: str) -> bool:
    for statement in json.loads(vault.policy or "{}").get("Statement", []):
        principal = statement.get("Principal", {})
        if (
            statement.get("Effect") == "Allow"
            and _INTO in json.dumps(statement.get("Action"))
            and (principal == "*" or account in json.dumps(principal))
        ):
            return True
    return False


def _copy(target: BackupBackend, destination: Vault, point: Record, lifecycle: Record | None) -> Record:
    """The copy in the destination: same creation date, own ARN, knows its source vault."""
    kept = (
        "ResourceArn",
        "ResourceType",
        "ResourceName",
        "CreationDate",
        "CompletionDate",
        "IamRoleArn",
        "CreatedBy",
    )
    air_gapped = destination.vault_type == AIR_GAPPED
    arn = points.new_arn(target, "any" if air_gapped else point["ResourceType"], "copyjob")
    encrypted = air_gapped or _stays_encrypted(point) or point["ResourceType"] not in DATABASES
    return points.add(
        target,
        destination,
        {
            **{name: point[name] for name in kept if name in point},
            **(encrypted_by(destination.key_arn, owned=True) if encrypted else {"IsEncrypted": False}),
            "RecoveryPointArn": arn,
            "SourceBackupVaultArn": point["BackupVaultArn"],
            "Lifecycle": lifecycle,
        },
    )
