"""The past: nightly points of 35 days, and the jobs of the last 30.

A night's job starts when the rule fires, its point is dated 15 minutes later
and done another ten minutes later; a copy takes an hour more. A job that made a
point names it and its lifecycle for as long as AWS shows jobs, even if the
point has gone since.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estate.foundation import ROLE, Foundation, Plan, vault_arn
from estate.population import AWAY, HOME, Member
from harness import ACCOUNT, Endpoint

NIGHTS = 35
_JOB_NIGHTS = 29
_MISSED_NIGHT = 5
_STALE_NIGHTS = 4
_RUN_UP, _DURATION, _COPYING = timedelta(minutes=15), timedelta(minutes=10), timedelta(hours=1)
Row = dict[str, Any]


def seed_history(aws: Endpoint, members: list[Member], foundation: Foundation) -> None:
    """Put the points, backup jobs and copy jobs of all members in place."""
    rows: list[Row] = []
    for member in members:
        if member.plan is None:
            continue
        plan = foundation.plans[(member.region, member.plan)]
        for night in range(NIGHTS):
            rows += _night(member, plan, foundation.fires - timedelta(days=night), night)
    aws.seed(rows)


def happened(member: Member, night: int) -> bool:
    """Whether there is a point of that night (0: the last one)."""
    lost = {
        "daily": False,
        "missed": night == _MISSED_NIGHT,
        "stale": night < _STALE_NIGHTS,
        "none": True,
    }
    return not lost[member.points] and night < member.kept_days


def created_by(plan: Plan) -> Row:
    """How points and jobs name the plan they come from."""
    return {
        "BackupPlanId": plan.id,
        "BackupPlanArn": plan.arn,
        "BackupPlanName": plan.name,
        "BackupPlanVersion": plan.version,
        "BackupRuleId": plan.rule_id,
        "BackupRuleName": plan.rule_name,
    }


def point_row(resource_arn: str, backup_type: str, plan: Plan, fires: datetime, kept_days: int, number: str) -> Row:
    """A finished point of one night. `number` makes its ARN unique."""
    region, created = plan.region, fires + _RUN_UP
    kind = "snapshot" if backup_type == "RDS" else "cluster-snapshot"
    return {
        "kind": "recovery_point",
        "account": ACCOUNT,
        "region": region,
        "BackupVaultName": "main",
        "RecoveryPointArn": f"arn:aws:rds:{region}:{ACCOUNT}:{kind}:awsbackup:job-{number}",
        "ResourceArn": resource_arn,
        "ResourceType": backup_type,
        "IamRoleArn": ROLE,
        "CreatedBy": created_by(plan),
        "CreationDate": created.isoformat(),
        "InitiationDate": created.isoformat(),
        "CompletionDate": (created + _DURATION).isoformat(),
        "Lifecycle": {"DeleteAfterDays": kept_days},
    }


def _night(member: Member, plan: Plan, fires: datetime, night: int) -> list[Row]:
    rows: list[Row] = []
    number = f"{member.name}-{fires:%Y%m%d}"
    point = point_row(member.arn, member.backup_type, plan, fires, member.kept_days, number)
    if happened(member, night):
        rows.append(point)
    if night <= _JOB_NIGHTS:
        rows.append(_backup_job(member, plan, fires, point, night, number))
    if member.copies != "never" and member.region == HOME:
        rows += _copy(member, plan, point, night, number)
    return rows


def _job(kind: str, member: Member, plan: Plan, created: datetime, done: datetime, worked: bool) -> Row:
    return {
        "kind": kind,
        "account": ACCOUNT,
        "region": member.region,
        "ResourceArn": member.arn,
        "ResourceType": member.backup_type,
        "ResourceName": member.name,
        "CreationDate": created.isoformat(),
        "CompletionDate": done.isoformat(),
        "IamRoleArn": ROLE,
        "CreatedBy": created_by(plan),
        "MessageCategory": "SUCCESS" if worked else "FAILURE",
    }


def _backup_job(member: Member, plan: Plan, fires: datetime, point: Row, night: int, number: str) -> Row:
    """Completed when it made a point, one that has aged out since too; else expired at the end of its start window."""
    made = happened(member, night) or member.points == "daily"
    done = fires + _RUN_UP + _DURATION if made else fires + timedelta(minutes=60)
    job = {
        **_job("backup_job", member, plan, fires, done, made),
        "BackupJobId": f"job-{number}",
        "BackupVaultName": "main",
        "BackupVaultArn": vault_arn(member.region, "main"),
        "StartBy": (fires + timedelta(minutes=60)).isoformat(),
        "State": "COMPLETED" if made else "EXPIRED",
        "PercentDone": "100.0" if made else "0.0",
    }
    if made:
        job["InitiationDate"] = (fires + _RUN_UP).isoformat()
        job["RecoveryPointArn"] = point["RecoveryPointArn"]
        job["RecoveryPointLifecycle"] = point["Lifecycle"]
    return job


def _copy(member: Member, plan: Plan, point: Row, night: int, number: str) -> list[Row]:
    worked = member.copies == "done"
    created = datetime.fromisoformat(point["CompletionDate"])
    copy_arn = (
        point["RecoveryPointArn"].replace(f":{HOME}:", f":{AWAY}:").replace("awsbackup:job-", "awsbackup:copyjob-")
    )
    job = {
        **_job("copy_job", member, plan, created, created + _COPYING, worked),
        "CopyJobId": f"copy-{number}",
        "CreatedByBackupJobId": f"job-{number}",
        "SourceBackupVaultArn": vault_arn(HOME, "main"),
        "SourceRecoveryPointArn": point["RecoveryPointArn"],
        "DestinationBackupVaultArn": vault_arn(AWAY, "copies"),
        "DestinationRecoveryPointLifecycle": {"DeleteAfterDays": 35},
        "State": "COMPLETED" if worked else "FAILED",
    }
    rows = [job] if night <= _JOB_NIGHTS else []
    if worked:
        job["DestinationRecoveryPointArn"] = copy_arn
        copied = {
            "region": AWAY,
            "BackupVaultName": "copies",
            "RecoveryPointArn": copy_arn,
            "SourceBackupVaultArn": vault_arn(HOME, "main"),
            "CompletionDate": (created + _COPYING).isoformat(),
            "Lifecycle": {"DeleteAfterDays": 35},
        }
        rows.append({**point, **copied})
    else:
        job["StatusMessage"] = "Access denied to the KMS key of the destination"
    return rows
