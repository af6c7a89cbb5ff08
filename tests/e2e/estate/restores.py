"""Restore tests of the estate: one for each member that was tested, of one of its own points.

What one of them made is a member of the population, because nobody has deleted it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estate.foundation import ROLE, vault_arn
from estate.history import point_arn
from estate.population import LEFTOVER, Member
from harness import ACCOUNT, Endpoint

# How it went: days ago, minutes it took, and what the job says of its end.
_WELL = {"Status": "COMPLETED", "ValidationStatus": "SUCCESSFUL", "DeletionStatus": "SUCCESSFUL"}
_UNVALIDATED = {"Status": "COMPLETED", "DeletionStatus": "SUCCESSFUL"}
_HOW: dict[str, tuple[float, int, dict[str, str]]] = {
    "of old data": (3, 30, _WELL),
    "well": (3, 30, _WELL),
    "failed": (3, 30, {"Status": "FAILED", "StatusMessage": "The subnet group does not cover enough zones"}),
    "unvalidated": (3, 30, _UNVALIDATED),
    "invalid": (3, 30, {**_WELL, "ValidationStatus": "FAILED", "ValidationStatusMessage": "orders are missing"}),
    "slowly": (3, 360, _WELL),
    "littering": (3, 30, {**_WELL, "DeletionStatus": "FAILED", "DeletionStatusMessage": "deletion protection is on"}),
    "long ago": (10, 30, _WELL),
}


def seed_restores(aws: Endpoint, members: list[Member], testing_plan: str, fires: datetime) -> None:
    """Put the jobs in place."""
    tested = [member for member in members if member.restored]
    aws.seed([_job(member, testing_plan, fires) for member in tested])


def _job(member: Member, testing_plan: str, fires: datetime) -> dict[str, Any]:
    days, minutes, end = _HOW[member.restored or "well"]
    # Of the point of the night before, or of two weeks before; it was ready half an hour after the rule fired.
    created = fires - timedelta(days=days) + timedelta(hours=1)
    night = fires - timedelta(days=days + (14 if member.restored == "of old data" else 0))
    job = {
        "kind": "restore_job",
        "account": ACCOUNT,
        "region": member.region,
        "RestoreJobId": f"restore-{member.name}",
        "RecoveryPointArn": point_arn(member, night),
        "RecoveryPointCreationDate": (night + timedelta(minutes=15)).isoformat(),
        "SourceResourceArn": member.arn,
        "BackupVaultArn": vault_arn(member.region, "main"),
        "ResourceType": member.backup_type,
        "IamRoleArn": ROLE,
        "CreationDate": created.isoformat(),
        "CompletionDate": (created + timedelta(minutes=minutes)).isoformat(),
        "CreatedBy": {"RestoreTestingPlanArn": testing_plan},
        "PercentDone": "100.0",
        **end,
    }
    made = f"arn:aws:rds:{member.region}:{ACCOUNT}:db:{LEFTOVER}{member.name}"
    return job if end["Status"] == "FAILED" else {**job, "CreatedResourceArn": made}
