"""Vaults: life, access policy, notifications, lock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from emulator.backup import validation
from emulator.backup.errors import already_exists, invalid_request, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.sources import encrypted_by
from emulator.backup.state import AIR_GAPPED, BackupBackend, Record, Vault
from emulator.times import now


def _row(vault: Vault) -> Record:
    return {
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "VaultType": vault.vault_type,
        "VaultState": "AVAILABLE",
        "CreationDate": vault.created,
        "EncryptionKeyArn": vault.key_arn,
        "EncryptionKeyType": encrypted_by(vault.key_arn, owned=True).get("EncryptionKeyType"),
        "CreatorRequestId": vault.creator_request_id,
        "NumberOfRecoveryPoints": len(vault.points),
        "Locked": vault.locked,
        "MinRetentionDays": vault.min_days,
        "MaxRetentionDays": vault.max_days,
        "LockDate": vault.lock_date,
    }


def _refuse_when_immutable(vault: Vault) -> None:
    if vault.locked and vault.lock_date is not None and vault.lock_date <= now():
        raise invalid_request(f"The lock of vault {vault.name} can no longer be changed")


def _make(backend: BackupBackend, params: Params, **told: Any) -> Vault:
    """The vault of a request; the one it made before, if it comes again."""
    name, request_id = params["BackupVaultName"], params.get("CreatorRequestId")
    validation.vault_name(name)
    vault = backend.vaults.get(name)
    if vault is None:
        tags = dict(params.get("BackupVaultTags", {}))
        key_arn = params.get("EncryptionKeyArn")
        return backend.add_vault(name, key_arn=key_arn, creator_request_id=request_id, tags=tags, **told)
    if request_id is None or request_id != vault.creator_request_id:
        raise already_exists(f"Backup vault with the same name already exists: {name}")
    return vault


@operation("CreateBackupVault")
def create(backend: BackupBackend, params: Params) -> Record:
    """Refuses a taken name; a repeat with the same request id is answered again."""
    vault = _make(backend, params)
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "CreationDate": vault.created}


@operation("CreateLogicallyAirGappedBackupVault")
def create_air_gapped(backend: BackupBackend, params: Params) -> Record:
    """Locked from the beginning, for ever."""
    validation.air_gapped(params)
    vault = _make(backend, params, vault_type=AIR_GAPPED, locked=True, lock_date=now(),
                  min_days=params["MinRetentionDays"], max_days=params["MaxRetentionDays"])  # fmt: skip
    told = {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "CreationDate": vault.created}
    return {**told, "VaultState": "AVAILABLE"}


@operation("DescribeBackupVault")
def describe(backend: BackupBackend, params: Params) -> Record:
    """One vault."""
    return _row(backend.vault(params["BackupVaultName"]))


@operation("ListBackupVaults")
def list_all(backend: BackupBackend, params: Params) -> Record:
    """All vaults; nothing here is shared, so `ByShared` gives an empty list."""

    def rows() -> list[Record]:
        return [
            _row(vault)
            for vault in backend.vaults.values()
            if params.get("ByVaultType") in (None, vault.vault_type) and not params.get("ByShared")
        ]

    return give_page(backend, "ListBackupVaults", "BackupVaultList", rows, params)


@operation("DeleteBackupVault")
def delete(backend: BackupBackend, params: Params) -> None:
    """Only an empty vault may go."""
    vault = backend.vault(params["BackupVaultName"])
    if vault.points:
        raise invalid_request(f"Backup vault {vault.name} contains {len(vault.points)} recovery points")
    del backend.vaults[vault.name]


@operation("PutBackupVaultAccessPolicy")
def put_policy(backend: BackupBackend, params: Params) -> None:
    """Replace the policy."""
    vault = backend.vault(params["BackupVaultName"])
    validation.access_policy(params.get("Policy", ""))
    vault.policy = params["Policy"]


@operation("GetBackupVaultAccessPolicy")
def get_policy(backend: BackupBackend, params: Params) -> Record:
    """`ResourceNotFoundException` when there is none."""
    vault = backend.vault(params["BackupVaultName"])
    if vault.policy is None:
        raise not_found(f"Backup vault {vault.name} has no associated policy")
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, "Policy": vault.policy}


@operation("DeleteBackupVaultAccessPolicy")
def delete_policy(backend: BackupBackend, params: Params) -> None:
    """Without a policy there is nothing to do."""
    backend.vault(params["BackupVaultName"]).policy = None


@operation("PutBackupVaultNotifications")
def put_notifications(backend: BackupBackend, params: Params) -> None:
    """Replace topic and events."""
    vault = backend.vault(params["BackupVaultName"])
    vault.notifications = {name: params[name] for name in ("SNSTopicArn", "BackupVaultEvents")}


@operation("GetBackupVaultNotifications")
def get_notifications(backend: BackupBackend, params: Params) -> Record:
    """`ResourceNotFoundException` when there are none."""
    vault = backend.vault(params["BackupVaultName"])
    if vault.notifications is None:
        raise not_found(f"Backup vault {vault.name} has no associated notification configuration")
    return {"BackupVaultName": vault.name, "BackupVaultArn": vault.arn, **vault.notifications}


@operation("DeleteBackupVaultNotifications")
def delete_notifications(backend: BackupBackend, params: Params) -> None:
    """Without notifications there is nothing to do."""
    backend.vault(params["BackupVaultName"]).notifications = None


@operation("PutBackupVaultLockConfiguration")
def put_lock(backend: BackupBackend, params: Params) -> None:
    """`ChangeableForDays` makes it a compliance lock, dated from now."""
    vault = backend.vault(params["BackupVaultName"])
    _refuse_when_immutable(vault)
    validation.lock(params)
    vault.locked = True
    vault.min_days, vault.max_days = params.get("MinRetentionDays"), params.get("MaxRetentionDays")
    grace = params.get("ChangeableForDays")
    vault.lock_date = None if grace is None else now() + timedelta(days=grace)


@operation("DeleteBackupVaultLockConfiguration")
def delete_lock(backend: BackupBackend, params: Params) -> None:
    """Possible for a governance lock and until the lock date."""
    vault = backend.vault(params["BackupVaultName"])
    _refuse_when_immutable(vault)
    vault.locked, vault.lock_date, vault.min_days, vault.max_days = False, None, None, None
