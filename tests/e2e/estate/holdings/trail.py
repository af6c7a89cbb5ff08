"""What CloudTrail logged: deletions, attempts, an event of a service, secrets, names that several services share."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from estate.departed import DELETED
from estate.holdings import Rows
from estate.population import AWAY, HOME
from harness import ACCOUNT, Endpoint

_BACKUP, _RDS = "backup.amazonaws.com", "rds.amazonaws.com"
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/operators"
_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/operators/ana"
_ANA = {"type": "AssumedRole", "arn": _SESSION, "sessionContext": {"sessionIssuer": {"type": "Role", "arn": _ROLE}}}
_SERVICE = {"type": "AWSService", "invokedBy": _BACKUP}
_VAULT = [{"ResourceType": "AWS::Backup::BackupVault", "ResourceName": "main"}]
_PITR_OFF = {"tableName": "sessions", "pointInTimeRecoverySpecification": {"pointInTimeRecoveryEnabled": False}}
_WEAKENING = (
    ("11", "StopBackupJob", _BACKUP, {"backupJobId": "night-1"}),
    ("12", "UpdateRecoveryPointLifecycle", _BACKUP, {"backupVaultName": "main"}),
    ("13", "DeleteBackupVaultLockConfiguration", _BACKUP, {"backupVaultName": "floorless"}),
    ("14", "DeleteBackupSelection", _BACKUP, {"selectionId": "by-hand"}),
    ("15", "RemoveTagsFromResource", _RDS, {"resourceName": "arn:z", "tagKeys": ["backup"]}),
    ("19", "UpdateContinuousBackups", "dynamodb.amazonaws.com", _PITR_OFF),
    # Kept for a week, which is no end of backups.
    ("20", "ModifyDBInstance", _RDS, {"dBInstanceIdentifier": "plain", "backupRetentionPeriod": 7}),
    # Two databases that were made again under the same names, and one that was not.
    ("16", "DeleteDBInstance", _RDS, {"dBInstanceIdentifier": "plain", "finalDBSnapshotIdentifier": "plain-last"}),
    ("17", "DeleteDBInstance", _RDS, {"dBInstanceIdentifier": "naked", "skipFinalSnapshot": True}),
    ("18", "DeleteDBInstance", _RDS, {"dBInstanceIdentifier": DELETED.name, "finalDBSnapshotIdentifier": "gone-last"}),
)
_EXPECTED = {
    "event_type": "AwsApiCall", "error_code": None, "error_message": None, "actor_arn": _SESSION,
    "actor_type": "AssumedRole", "invoked_by": None, "session_issuer_arn": _ROLE, "resources": None,
    "request_parameters": None, "service_event_details": None, "management_event": True, "read_only": False,
    "recipient_account_id": ACCOUNT, "shared_event_id": None, "source_ip_address": "192.0.2.7",
}  # fmt: skip


def make(aws: Endpoint, base: datetime) -> Rows:
    """Seed the events; those that count become rows."""
    log = _Log(base)
    asked = {"recoveryPointArn": "arn:x", "backupVaultName": "main"}
    log.event(
        "1", HOME, "DeleteRecoveryPoint", _BACKUP, days=3,
        told={"Resources": _VAULT}, record={"requestParameters": asked},
        row={"resources": _json(_VAULT), "request_parameters": _json(asked)},
    )  # fmt: skip
    log.event(
        "2", HOME, "DeleteBackupVault", _BACKUP, days=40,
        record={"errorCode": "AccessDeniedException", "errorMessage": "not authorized"},
        row={"error_code": "AccessDeniedException", "error_message": "not authorized"},
    )  # fmt: skip
    deleted = {"recoveryPointArn": "arn:y", "backupVaultName": "main"}
    log.event(
        "3", HOME, "BackupDeleted", _BACKUP, days=5,
        record={"eventType": "AwsServiceEvent", "userIdentity": _SERVICE, "serviceEventDetails": deleted},
        row={
            "event_type": "AwsServiceEvent", "actor_arn": None, "actor_type": "AWSService", "invoked_by": _BACKUP,
            "session_issuer_arn": None, "service_event_details": _json(deleted),
        },
    )  # fmt: skip
    changed = {"backupRetentionPeriod": 1, "masterUserPassword": "hunter2"}
    log.event(
        "4", HOME, "ModifyDBInstance", _RDS, days=89,
        record={"requestParameters": changed, "sharedEventID": "s-1"},
        row={"request_parameters": '{"backupRetentionPeriod":1,"masterUserPassword":"***"}', "shared_event_id": "s-1"},
    )  # fmt: skip
    log.event("5", HOME, "DeleteSnapshot", "ec2.amazonaws.com", days=1, row={})
    log.event("6", HOME, "DeleteSnapshot", "elasticache.amazonaws.com", days=2, row={})
    log.event("7", AWAY, "StopLogging", "cloudtrail.amazonaws.com", days=1, row={})
    # A rule that is no rule of the recycle bin: only the source says so.
    log.event("8", HOME, "DeleteRule", "events.amazonaws.com", days=1, row={})
    # What weakens backups, a kind each; of the last one it depends on what selections go by.
    for name, kind, source, asked in _WEAKENING:
        log.event(
            name, HOME, kind, source, days=2,
            record={"requestParameters": asked}, row={"request_parameters": _json(asked)},
        )  # fmt: skip
    # No rows: a kind nobody asks for, and what CloudTrail has forgotten.
    log.event("9", HOME, "ListBackupVaults", _BACKUP, days=1)
    log.event("10", HOME, "DeleteBackupPlan", _BACKUP, days=91)
    aws.seed(log.seeds)
    return {"cloudtrail_events": log.rows}


class _Log:
    """Events to seed, and the rows that a collection makes of them."""

    def __init__(self, base: datetime) -> None:
        self.base = base
        self.seeds: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []

    def event(
        self, name: str, region: str, kind: str, source: str, *, days: float,
        told: dict[str, Any] | None = None, record: dict[str, Any] | None = None, row: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """An event of so many days ago; with `row`, what differs in its row from what most have."""
        happened = self.base - timedelta(days=days)
        named = {"EventId": f"event-{name}", "EventName": kind, "EventSource": source}
        common = {**named, "EventTime": happened.isoformat()}
        logged = {"userIdentity": _ANA, "readOnly": False, "sourceIPAddress": "192.0.2.7", **(record or {})}
        where = {"kind": "event", "account": ACCOUNT, "region": region}
        self.seeds.append({**where, **common, **(told or {}), "CloudTrailEvent": logged})
        if row is not None:
            names = {"event_id": f"event-{name}", "event_name": kind, "event_source": source}
            times = {"event_time_s": int(happened.timestamp())}
            self.rows.append({**_EXPECTED, "region": region, "aws_region": region, **names, **times, **row})


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
