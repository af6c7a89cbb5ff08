"""Replication of automated backups to another Region.

Called in the destination Region, about an instance of another one; what is
encrypted needs a key of the destination. Not checked: the pair of Regions, quotas.
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBInstanceNotFoundError, KMSKeyNotAccessibleFault, RDSClientError
from moto.rds.models import DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from emulator.rds.automated_backups import backup_arn, instance_rows, windowed
from emulator.rds.memory import Row, memory


def _source(arn: str) -> tuple[RDSBackend, DBInstance]:
    parts = arn.split(":")
    if len(parts) != 7:
        raise DBInstanceNotFoundError(arn)
    backend = rds_backends[parts[4]][parts[3]]
    database = backend.databases.get(parts[6])
    if database is None:
        raise DBInstanceNotFoundError(parts[6])
    return backend, database


def start(response: RDSResponse) -> ActionResult:
    """The source must have native backups on, and a key here if it is encrypted; retention 7 unless told."""
    arn = response.params["SourceDBInstanceArn"]
    backend, database = _source(arn)
    if backend is response.backend or not database.backup_retention_period:
        raise RDSClientError(
            "InvalidDBInstanceState", "The source has no automated backups that could be replicated here"
        )
    key = response.params.get("KmsKeyId")
    if database.storage_encrypted and (key is None or f":kms:{response.region}:" not in key):
        raise KMSKeyNotAccessibleFault(key or "none")
    original = next(row for row in instance_rows(backend) if row.get("DBInstanceArn") == arn)
    del original["RestoreWindow"]
    copy: Row = {
        **original,
        "Status": "active",
        "BackupRetentionPeriod": int(response.params.get("BackupRetentionPeriod") or 7),
        "KmsKeyId": key,
        "DBInstanceAutomatedBackupsArn": backup_arn(database).replace(f":{database.region}:", f":{response.region}:"),
        "DBInstanceAutomatedBackupsReplications": [],
    }
    memory(response.backend).automated_backups[copy["DBInstanceAutomatedBackupsArn"]] = copy
    memory(backend).replications[arn] = [copy["DBInstanceAutomatedBackupsArn"]]
    _note_on(database, [copy["DBInstanceAutomatedBackupsArn"]])
    return ActionResult({"DBInstanceAutomatedBackup": copy})


def stop(response: RDSResponse) -> ActionResult:
    """What was replicated stays, `retained`."""
    arn = response.params["SourceDBInstanceArn"]
    backend, database = _source(arn)
    copies = memory(response.backend).automated_backups.values()
    copy = next((row for row in copies if row["DBInstanceArn"] == arn and row["Status"] == "active"), None)
    if copy is None:
        raise RDSClientError("InvalidDBInstanceState", "The automated backups of the source are not replicated here")
    copy |= {**windowed(copy), "Status": "retained"}
    memory(backend).replications.pop(arn, None)
    _note_on(database, [])
    return ActionResult({"DBInstanceAutomatedBackup": copy})


def _note_on(database: DBInstance, arns: list[str]) -> None:
    database.DBInstanceAutomatedBackupsReplications = [{"DBInstanceAutomatedBackupsArn": arn} for arn in arns]


RDSResponse.start_db_instance_automated_backups_replication = start
RDSResponse.stop_db_instance_automated_backups_replication = stop
