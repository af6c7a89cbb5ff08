"""Rows that put the past in place, around all validation.

A seed is a list of objects. Every one has `kind`, `account` and `region`; the
rest are members in the API's own names, instants as ISO 8601 or epoch seconds,
checked against the API model (an unknown member is an error).

    vault               BackupVaultName (any name), CreationDate, EncryptionKeyArn, VaultType, LockDate of a lock
    plan                BackupPlan, BackupPlanId
    selection           BackupPlanId, BackupSelection
    recovery_point      BackupVaultName + ResourceArn, ResourceType, CreationDate, …
    backup_job, copy_job, restore_job, scan_job
    db_instance         a CreateDBInstance (made unless it is there) + `told`: members to fix
    db_cluster          DBClusterIdentifier + `told`
    db_snapshot, db_cluster_snapshot, db_instance_automated_backup, db_cluster_automated_backup
    restore_testing_plan, framework, report_plan, legal_hold
                        the name or id of one that was made + members to fix
    config_evaluation   a result of a rule of AWS Config that is there
    config_rule         ConfigRuleName of a rule that is there + CreatedBy
    dlm_policy          PolicyId of a policy that is there + State, StatusMessage
    event               EventName, EventSource, EventTime and what else CloudTrail tells; CloudTrailEvent may be an object
    organization        Members: account ids that join the organisation of `account`
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from botocore import xform_name
from moto.organizations.models import FakeAccount, organizations_backends
from moto.rds.models import RDSBackend, rds_backends

from emulator import dlm, trail
from emulator.awsconfig import seed_evaluation, seed_rule
from emulator.backup import points
from emulator.backup.errors import BackupError
from emulator.backup.plans import add as add_plan
from emulator.backup.protocol import MODEL, decode
from emulator.backup.selections import add as add_selection
from emulator.backup.state import BackupBackend, backup_backends
from emulator.rds.memory import memory
from emulator.rds.resources import tell
from emulator.wire import service_model

Row = dict[str, Any]


def _shape(service: str, name: str, row: Row) -> Row:
    model = service_model(service)
    assert model is not None
    return decode(model.shape_for(name), row, name, strict=True)


def _vault(backend: BackupBackend, row: Row) -> None:
    told = _shape("backup", "BackupVaultListMember", row)
    if told["BackupVaultName"] in backend.vaults and "LockDate" in told:
        backend.vaults[told["BackupVaultName"]].lock_date = told["LockDate"]
        return
    backend.add_vault(
        told["BackupVaultName"],
        created=told.get("CreationDate"),
        key_arn=told.get("EncryptionKeyArn"),
        vault_type=told.get("VaultType", "BACKUP_VAULT"),
    )


def _plan(backend: BackupBackend, row: Row) -> None:
    add_plan(backend, _shape("backup", "BackupPlan", row["BackupPlan"]), row["BackupPlanId"])


def _selection(backend: BackupBackend, row: Row) -> None:
    add_selection(backend, row["BackupPlanId"], _shape("backup", "BackupSelection", row["BackupSelection"]))


def _point(backend: BackupBackend, row: Row) -> None:
    told = _shape("backup", "RecoveryPointByBackupVault", row)
    points.add(backend, backend.vault(told.pop("BackupVaultName")), told)


def _job(shape: str, place: str, id_member: str) -> Callable[[BackupBackend, Row], None]:
    def put(backend: BackupBackend, row: Row) -> None:
        told = {
            "AccountId": backend.account_id,
            id_member: str(uuid.uuid4()),
            "IsParent": False,
            **_shape("backup", shape, row),
        }
        getattr(backend, place)[told[id_member]] = told

    return put


def _fix(shape: str, place: str, name: str) -> Callable[[BackupBackend, Row], None]:
    """Members of something that was made through the API, whatever it would let be said of it."""

    def put(backend: BackupBackend, row: Row) -> None:
        members = MODEL.shape_for(shape).members
        getattr(backend, place)[row[name]].update(
            {key: decode(members[key], value, f"{shape}.{key}", strict=True) for key, value in row.items()}
        )

    return put


def _organization(backend: BackupBackend, row: Row) -> None:
    organizations = organizations_backends[backend.account_id][backend.partition]
    if organizations.org is None:
        organizations.create_organization(backend.region_name)
    for member in row["Members"]:
        organizations_backends.master_accounts[member] = (backend.account_id, backend.partition)
        account = FakeAccount(organizations.org, AccountName=f"account-{member}", Email=f"{member}@example.com")
        account.id = member
        organizations.accounts.append(account)


def _db_instance(backend: RDSBackend, row: Row) -> None:
    told = _shape("rds", "DBInstance", row.pop("told", {}))
    name = row["DBInstanceIdentifier"]
    if name not in backend.databases:
        _shape("rds", "CreateDBInstanceMessage", row)
        backend.create_db_instance({xform_name(key): value for key, value in row.items()})
    tell(backend.databases[name], told)


def _db_cluster(backend: RDSBackend, row: Row) -> None:
    tell(backend.clusters[row["DBClusterIdentifier"]], _shape("rds", "DBCluster", row["told"]))


def _remembered(shape: str, place: str, arn: str) -> Callable[[RDSBackend, Row], None]:
    def put(backend: RDSBackend, row: Row) -> None:
        told = _shape("rds", shape, row)
        getattr(memory(backend), place)[told[arn]] = told

    return put


def _scan_job(backend: BackupBackend, row: Row) -> None:
    told = _shape("backup", "ScanJob", {"AccountId": backend.account_id, "ScanJobId": str(uuid.uuid4()), **row})
    backend.scan_jobs[told["ScanJobId"]] = told


_BACKUP: dict[str, Callable[[BackupBackend, Row], None]] = {
    "vault": _vault,
    "plan": _plan,
    "selection": _selection,
    "recovery_point": _point,
    "backup_job": _job("BackupJob", "backup_jobs", "BackupJobId"),
    "copy_job": _job("CopyJob", "copy_jobs", "CopyJobId"),
    "restore_job": _job("RestoreJobsListMember", "restore_jobs", "RestoreJobId"),
    "scan_job": _scan_job,
    "restore_testing_plan": _fix("RestoreTestingPlanForGet", "restore_testing_plans", "RestoreTestingPlanName"),
    "framework": _fix("DescribeFrameworkOutput", "frameworks", "FrameworkName"),
    "report_plan": _fix("ReportPlan", "report_plans", "ReportPlanName"),
    "legal_hold": _fix("GetLegalHoldOutput", "legal_holds", "LegalHoldId"),
    "organization": _organization,
}
_PLANTED: dict[str, Callable[[str, str, Row], None]] = {
    "config_evaluation": seed_evaluation,
    "config_rule": seed_rule,
    "event": trail.plant,
    "dlm_policy": dlm.plant,
}
_RDS: dict[str, Callable[[RDSBackend, Row], None]] = {
    "db_instance": _db_instance,
    "db_cluster": _db_cluster,
    "db_snapshot": _remembered("DBSnapshot", "snapshots", "DBSnapshotArn"),
    "db_cluster_snapshot": _remembered("DBClusterSnapshot", "cluster_snapshots", "DBClusterSnapshotArn"),
    "db_instance_automated_backup": _remembered(
        "DBInstanceAutomatedBackup", "automated_backups", "DBInstanceAutomatedBackupsArn"
    ),
    "db_cluster_automated_backup": _remembered(
        "DBClusterAutomatedBackup", "cluster_automated_backups", "DBClusterAutomatedBackupsArn"
    ),
}


def plant(rows: list[Row]) -> int:
    """Put all rows in place; how many. Raises `ValueError` naming the bad row."""
    for at, row in enumerate(rows):
        told = dict(row)
        kind, account, region = told.pop("kind"), told.pop("account"), told.pop("region")
        try:
            if kind in _BACKUP:
                _BACKUP[kind](backup_backends[account][region], told)
            elif kind in _RDS:
                _RDS[kind](rds_backends[account][region], told)
            elif kind in _PLANTED:
                _PLANTED[kind](account, region, told)
            else:
                raise ValueError(f"unknown kind; known: {', '.join([*_BACKUP, *_RDS, *_PLANTED])}")
        except (BackupError, KeyError, ValueError) as error:
            raise ValueError(f"seed row {at} ({kind}): {type(error).__name__} {error}") from error
    return len(rows)
