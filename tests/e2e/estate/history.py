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
from estate.population import AWAY, HOME, KEEPER, Member
from harness import ACCOUNT, Endpoint

NIGHTS = 35
_JOB_NIGHTS = 29
_MISSED_NIGHT, LATE_NIGHT = 5, 3
_STALE_NIGHTS = 4
_WEEK = 7
_RUN_UP, _LONG_RUN_UP, _DURATION, _COPYING = timedelta(minutes=15), timedelta(hours=2), timedelta(minutes=10), timedelta(hours=1)
_DAYS = {"DeleteAfterDays": 35}
# Where a plan puts points if not in `main`, and where it copies them to: account, Region, vault.
_TARGETS = {"short": "strict", "sealed": "strict"}
_DESTINATIONS = {
    "gold": (ACCOUNT, AWAY, "copies"),
    "unkeyed": (ACCOUNT, AWAY, "unkeyed"),
    "offsite": (KEEPER, HOME, "safe"),
    "island": (ACCOUNT, HOME, "island"),
}
_PROBLEMS = {
    "gold": "Access denied to the KMS key of the destination",
    "unkeyed": "The destination backup vault is not encrypted by a customer managed key",
    "offsite": "A snapshot under an AWS managed key cannot be shared with the destination account",
}
Row = dict[str, Any]


def seed_history(aws: Endpoint, members: list[Member], made: Foundation) -> None:
    """Put the points, backup jobs and copy jobs of all members in place."""
    rows: list[Row] = []
    for member in members:
        if member.plan is None:
            continue
        plan = made.plans[(member.region, member.plan)]
        for night in range(0, NIGHTS, _WEEK if member.points == "weekly" else 1):
            rows += _night(member, plan, made, night)
        rows += _odd(member, plan, made)
    aws.seed(rows)


def happened(member: Member, night: int) -> bool:
    """Whether there is a point of that night (0: the last one)."""
    lost = {
        "daily": False,
        "weekly": night % _WEEK > 0,
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


def point_arn(member: Member, fires: datetime) -> str:
    """The ARN of the point of one night: that of the snapshot it is."""
    kind = "cluster-snapshot" if member.cluster else "snapshot"
    return f"arn:aws:rds:{member.region}:{ACCOUNT}:{kind}:awsbackup:job-{member.name}-{fires:%Y%m%d}"


def encryption(key_arn: str | None, *, owned: bool = False, managed: bool = False) -> Row:
    """How a point tells of its key: one of ours, one AWS manages, one AWS owns, or none."""
    if key_arn is None:
        return {"IsEncrypted": True, "EncryptionKeyType": "AWS_OWNED_KMS_KEY"} if owned else {"IsEncrypted": False}
    kind = {} if managed else {"EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY"}
    return {"IsEncrypted": True, "EncryptionKeyArn": key_arn, **kind}


def point_row(member: Member, plan: Plan, made: Foundation, fires: datetime, run_up: timedelta = _RUN_UP) -> Row:
    """A finished point of one night."""
    created = fires + run_up
    return {
        "kind": "recovery_point",
        "account": ACCOUNT,
        "region": member.region,
        "BackupVaultName": _TARGETS.get(plan.name, "main"),
        "RecoveryPointArn": point_arn(member, fires),
        "ResourceArn": member.arn,
        "ResourceType": member.backup_type,
        "IamRoleArn": ROLE,
        "CreatedBy": created_by(plan),
        "CreationDate": created.isoformat(),
        "InitiationDate": created.isoformat(),
        "CompletionDate": (created + _DURATION).isoformat(),
        "Lifecycle": {"DeleteAfterDays": member.kept_days},
        **({"BackupSizeInBytes": member.gib * 2**30} if member.gib else {}),
        **encryption(made.key_of(member.region, member.key), managed=member.key == "aws"),
    }


def _odd(member: Member, plan: Plan, made: Foundation) -> list[Row]:
    """The point that does not go when its time has come."""
    if member.odd_point is None:
        return []
    if member.odd_point == "endless":
        point = point_row(member, plan, made, made.fires - timedelta(days=3))
        del point["Lifecycle"], point["CreatedBy"]
        return [{**point, "RecoveryPointArn": f"{point['RecoveryPointArn']}-endless"}]
    point = point_row(member, plan, made, made.fires - timedelta(days=NIGHTS + 10))
    return [{**point, "Status": "EXPIRED"} if member.odd_point == "overdue" else point]


def _night(member: Member, plan: Plan, made: Foundation, night: int) -> list[Row]:
    rows: list[Row] = []
    fires = made.fires - timedelta(days=night)
    run_up = _LONG_RUN_UP if member.last_job == "late" and night == LATE_NIGHT else _RUN_UP
    point = point_row(member, plan, made, fires, run_up)
    if happened(member, night):
        rows.append(point)
    if night <= _JOB_NIGHTS:
        rows.append(_backup_job(member, plan, fires, point, night, run_up))
    if member.copies != "never" and member.region == HOME:
        rows += _copy(member, plan, made, point, night)
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


def _backup_job(member: Member, plan: Plan, fires: datetime, point: Row, night: int, run_up: timedelta) -> Row:
    """Completed when it made a point, one that has aged out since too; refused by a lock; else never started in time."""
    made = happened(member, night) or member.points == "daily"
    done = fires + run_up + _DURATION if made else fires + timedelta(minutes=60)
    job = {
        **_job("backup_job", member, plan, fires, done, made),
        "BackupJobId": f"job-{member.name}-{fires:%Y%m%d}",
        "BackupVaultName": point["BackupVaultName"],
        "BackupVaultArn": vault_arn(member.region, point["BackupVaultName"]),
        "StartBy": (fires + (timedelta(hours=8) if plan.name == "slow" else timedelta(hours=1))).isoformat(),
        "State": "COMPLETED" if made else "EXPIRED",
        "PercentDone": "100.0" if made else "0.0",
    }
    if made:
        job["InitiationDate"] = (fires + run_up).isoformat()
        job["RecoveryPointArn"] = point["RecoveryPointArn"]
        job["RecoveryPointLifecycle"] = point["Lifecycle"]
    elif member.plan == "short":
        job |= {"State": "FAILED", "StatusMessage": "Retention is below the minimum of vault strict"}
    if night == 0 and member.last_job == "issues":
        job |= {"MessageCategory": "AccessDenied", "StatusMessage": "Completed with issues: tags were not copied"}
    return job


def _copy(member: Member, plan: Plan, made: Foundation, point: Row, night: int) -> list[Row]:
    worked = member.copies == "done"
    created = datetime.fromisoformat(point["CompletionDate"])
    account, region, vault = _DESTINATIONS[plan.name]
    job = {
        **_job("copy_job", member, plan, created, created + _COPYING, worked),
        "CopyJobId": point["RecoveryPointArn"].rpartition(":")[2].replace("job-", "copy-"),
        "CreatedByBackupJobId": point["RecoveryPointArn"].rpartition(":")[2],
        "SourceBackupVaultArn": vault_arn(HOME, point["BackupVaultName"]),
        "SourceRecoveryPointArn": point["RecoveryPointArn"],
        "DestinationBackupVaultArn": vault_arn(region, vault, account),
        "DestinationRecoveryPointLifecycle": _DAYS,
        "State": "COMPLETED" if worked else "FAILED",
    }
    rows = [job] if night <= _JOB_NIGHTS else []
    if worked:
        copied = _copied(point, made, account, region, vault)
        job["DestinationRecoveryPointArn"] = copied["RecoveryPointArn"]
        rows.append({**copied, "CompletionDate": (created + _COPYING).isoformat()})
    else:
        job["StatusMessage"] = _PROBLEMS[plan.name]
    return rows


def _copied(point: Row, made: Foundation, account: str, region: str, vault: str) -> Row:
    """The point as it lies in another vault: under the key there, and in an air-gapped one a point of AWS Backup's own."""
    name = point["RecoveryPointArn"].rpartition(":")[2].replace("job-", "copyjob-")
    kind = point["RecoveryPointArn"].split(":")[5]
    prefix = "backup" if vault == "island" else "rds"
    what = f"recovery-point:{name}" if vault == "island" else f"{kind}:awsbackup:{name}"
    copy = {name: value for name, value in point.items() if not name.startswith("EncryptionKey")}
    key = None if vault == "island" else made.keys[(account, region, "estate")]
    return {
        **copy,
        "account": account,
        "region": region,
        "BackupVaultName": vault,
        "RecoveryPointArn": f"arn:aws:{prefix}:{region}:{account}:{what}",
        "SourceBackupVaultArn": vault_arn(HOME, point["BackupVaultName"]),
        "Lifecycle": _DAYS,
        **encryption(key, owned=True),
    }
