"""Backup, copy, restore and scan jobs; how copies are started is in `copies`.

Lists go 30 days back, as AWS's do. A job started here is done at once: the
point is there when the answer arrives.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from emulator.backup import points, validation
from emulator.backup.errors import not_found
from emulator.backup.listing import give_page, matching
from emulator.backup.registry import Params, operation
from emulator.backup.sources import encryption, resource_type
from emulator.backup.state import BackupBackend, Record
from emulator.times import now

_HISTORY = timedelta(days=30)
_COMMON = {
    "ByResourceArn": "ResourceArn",
    "ByState": "State",
    "ByResourceType": "ResourceType",
    "ByParentJobId": "ParentJobId",
    "ByMessageCategory": "MessageCategory",
}
_COPY = {
    **_COMMON,
    "ByDestinationVaultArn": "DestinationBackupVaultArn",
    "BySourceRecoveryPointArn": "SourceRecoveryPointArn",
}
_BACKUP = {**_COMMON, "ByBackupVaultName": "BackupVaultName"}
_RESTORE = {"ByResourceType": "ResourceType", "ByStatus": "Status", "ByParentJobId": "ParentJobId"}
_SCAN = {
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    "ByRecoveryPointArn": "RecoveryPointArn",
    "ByBackupVaultName": "BackupVaultName",
    "ByState": "State",
}
_INSTANTS = {"ByCreated": "CreationDate", "ByComplete": "CompletionDate"}


def _recent(
    backend: BackupBackend, operation_name: str, key: str, jobs: dict[str, Record], equal: dict, params: Params
) -> Record:
    since = now() - _HISTORY
    account = params.get("ByAccountId", backend.account_id)

    def rows() -> list[Record]:
        recent = [row for row in jobs.values() if row["CreationDate"] >= since and account in ("*", row["AccountId"])]
        return matching(recent, params, equal, _INSTANTS)

    return give_page(backend, operation_name, key, rows, params)


@operation("ListBackupJobs")
def list_backup_jobs(backend: BackupBackend, params: Params) -> Record:
    """Backup jobs created in the last 30 days."""
    return _recent(backend, "ListBackupJobs", "BackupJobs", backend.backup_jobs, _BACKUP, params)


@operation("ListCopyJobs")
def list_copy_jobs(backend: BackupBackend, params: Params) -> Record:
    """Copy jobs of the last 30 days, listed in the source Region."""
    return _recent(backend, "ListCopyJobs", "CopyJobs", backend.copy_jobs, _COPY, params)


@operation("ListRestoreJobs")
def list_restore_jobs(backend: BackupBackend, params: Params) -> Record:
    """Restore jobs of the last 30 days."""
    plan = params.get("ByRestoreTestingPlanArn")
    jobs = {
        key: row
        for key, row in backend.restore_jobs.items()
        if plan is None or row.get("CreatedBy", {}).get("RestoreTestingPlanArn") == plan
    }
    return _recent(backend, "ListRestoreJobs", "RestoreJobs", jobs, _RESTORE, params)


@operation("ListScanJobs")
def list_scan_jobs(backend: BackupBackend, params: Params) -> Record:
    """Searches for malware of the last 30 days; none is ever started here."""
    return _recent(backend, "ListScanJobs", "ScanJobs", backend.scan_jobs, _SCAN, params)


@operation("DescribeBackupJob")
def describe_backup_job(backend: BackupBackend, params: Params) -> Record:
    """One job by id."""
    if params["BackupJobId"] not in backend.backup_jobs:
        raise not_found(f"Backup job {params['BackupJobId']} does not exist")
    return backend.backup_jobs[params["BackupJobId"]]


@operation("DescribeCopyJob")
def describe_copy_job(backend: BackupBackend, params: Params) -> Record:
    """One job by id."""
    if params["CopyJobId"] not in backend.copy_jobs:
        raise not_found(f"Copy job {params['CopyJobId']} does not exist")
    return {"CopyJob": backend.copy_jobs[params["CopyJobId"]]}


@operation("StartBackupJob")
def start_backup_job(backend: BackupBackend, params: Params) -> Record:
    """Makes the point at once. Without a lifecycle it is kept for ever."""
    vault = backend.vault(params["BackupVaultName"])
    validation.lifecycle(params.get("Lifecycle"))
    validation.within_lock(backend, vault.name, params.get("Lifecycle"))
    kind, moment = resource_type(backend, params["ResourceArn"]), now()
    told = {
        **encryption(backend, vault, params["ResourceArn"]),
        "ResourceArn": params["ResourceArn"],
        "ResourceType": kind,
        "IamRoleArn": params["IamRoleArn"],
        "CreationDate": moment,
        "CompletionDate": moment,
        "Lifecycle": params.get("Lifecycle"),
    }
    point = points.add(backend, vault, told)
    job = {
        **{
            name: told[name] for name in ("ResourceArn", "ResourceType", "IamRoleArn", "CreationDate", "CompletionDate")
        },
        "AccountId": backend.account_id,
        "BackupJobId": str(uuid.uuid4()),
        "BackupVaultName": vault.name,
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point["RecoveryPointArn"],
        "InitiationDate": moment,
        "StartBy": moment + timedelta(minutes=params.get("StartWindowMinutes", 480)),
        "State": "COMPLETED",
        "PercentDone": "100.0",
        "BackupSizeInBytes": 0,
        **{name: told[name] for name in ("IsEncrypted", "EncryptionKeyArn") if name in told},
        "IsParent": False,
        "MessageCategory": "SUCCESS",
    }
    backend.backup_jobs[job["BackupJobId"]] = job
    names = ("BackupJobId", "RecoveryPointArn", "CreationDate", "IsParent")
    return {name: job[name] for name in names}
