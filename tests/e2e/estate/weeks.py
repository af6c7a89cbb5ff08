"""An estate that goes on for five weeks: nightly points that age out, and what people did in between.

Each week is a method. What a week did that must show afterwards is in its text.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from harness import ACCOUNT, Endpoint

REGION = "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
KEPT = timedelta(days=35)
RUN_UP = timedelta(minutes=15)
WEEK = timedelta(days=7)
_SECRET = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
_INSTANCE = {"DBInstanceClass": "db.t3.medium", "Engine": "postgres", "AllocatedStorage": 20}
Row = dict[str, Any]

CONFIG = """title: Weeks
objectives:
  - id: standard
    match: { types: [RDS] }
    rpo: 24h
    tolerance: 3h
    retention: 35d
    mechanisms: [backup_point]
    owner: data team
    approved_by: the tests
"""


def db(name: str) -> str:
    """The ARN of a database."""
    return f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}"


def vault_arn(name: str) -> str:
    """The ARN of a vault."""
    return f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{name}"


def point_arn(name: str, night: datetime) -> str:
    """The ARN of the point of a night."""
    return f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:awsbackup:job-{name}-{night:%Y%m%d}"


class Weeks:
    """The estate on an endpoint whose clock says `start` in the first week."""

    def __init__(self, aws: Endpoint, start: datetime) -> None:
        self.aws, self.start = aws, start.replace(microsecond=0)
        self.backup, self.rds, self.ec2 = (aws.client(service, REGION) for service in ("backup", "rds", "ec2"))
        self.told: dict[str, Any] = {}

    def night(self, nights_ago: int, week: int = 0) -> datetime:
        """When the backups of a night began, counted from a week: two hours before it, or so many nights earlier."""
        return self.start + week * WEEK - timedelta(hours=2) - timedelta(days=nights_ago)

    def week_0(self) -> None:
        """Everything is made; a job of last night still runs, and one event is as old as CloudTrail remembers."""
        for vault in ("main", "side"):
            self.backup.create_backup_vault(BackupVaultName=vault)
        days = {"DeleteAfterDays": KEPT.days}
        rule = {"RuleName": "nightly", "TargetBackupVaultName": "main", "Lifecycle": days,
                "ScheduleExpression": f"cron({self.night(0).minute} {self.night(0).hour} * * ? *)",
                "ScheduleExpressionTimezone": "Etc/UTC"}  # fmt: skip
        self.told["document"] = {"BackupPlanName": "daily", "Rules": [rule]}
        plan = self.backup.create_backup_plan(BackupPlan=self.told["document"])
        self.told["plan"] = plan["BackupPlanId"]
        for name in ("orders", "invoices", "scratch"):
            self.rds.create_db_instance(DBInstanceIdentifier=name, BackupRetentionPeriod=7, **_INSTANCE, **_SECRET)
            chosen = {"SelectionName": name, "IamRoleArn": ROLE, "Resources": [db(name)]}
            made = self.backup.create_backup_selection(BackupPlanId=plan["BackupPlanId"], BackupSelection=chosen)
            self.told[name] = made["SelectionId"]
        born = (self.start - timedelta(days=200)).isoformat()
        self.aws.seed([
            {"kind": "db_instance", "account": ACCOUNT, "region": REGION, "DBInstanceIdentifier": name,
             "told": {"InstanceCreateTime": born}} for name in ("orders", "invoices", "scratch")
        ])  # fmt: skip
        for night in range(1, KEPT.days):
            self._backed_up("orders", self.night(night), "main")
            self._backed_up("invoices", self.night(night), "main")
        for night in range(1, 10):
            self._backed_up("scratch", self.night(night), "side")
        self.aws.seed([self._job("orders", self.night(0), "main", State="RUNNING", PercentDone="40.0")])
        self.rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="by-hand")
        volume = self.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
        self.told["snapshots"] = [self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(2)]
        self._events(oldest=timedelta(days=89, hours=12), recent=timedelta(hours=3))

    def week_1(self) -> None:
        """The job is done; a young point was deleted; an event of before the first collection is delivered now."""
        self._a_week(1)
        done = self._job("orders", self.night(0), "main", State="COMPLETED", PercentDone="100.0")
        self.aws.seed([{**done, "CompletionDate": (self.night(0) + timedelta(minutes=30)).isoformat()}])
        self.told["deleted"] = point_arn("invoices", self.night(3))
        self.backup.delete_recovery_point(BackupVaultName="main", RecoveryPointArn=self.told["deleted"])
        self._events(**{"delivered-late": WEEK + timedelta(minutes=50), "of-week-1": timedelta(days=2)})

    def week_2(self) -> None:
        """An old point is kept longer from now on; the plan and the policy of a vault are others; a snapshot was deleted."""
        self._a_week(2)
        self.told["kept longer"] = point_arn("orders", self.night(12))
        self.backup.update_recovery_point_lifecycle(
            BackupVaultName="main", RecoveryPointArn=self.told["kept longer"], Lifecycle={"DeleteAfterDays": 400}
        )
        document = self.told["document"]
        [rule] = document["Rules"]
        changed = {**document, "Rules": [{**rule, "StartWindowMinutes": 120, "CompletionWindowMinutes": 600}]}
        self.backup.update_backup_plan(BackupPlanId=self.told["plan"], BackupPlan=changed)
        self.rds.delete_db_snapshot(DBSnapshotIdentifier="by-hand")
        self._events(**{"of-week-2": timedelta(hours=30)})

    def week_3(self) -> None:
        """A vault went with all its points, and the database with its selection; so did a snapshot of the volume."""
        self._a_week(3)
        for point in self.backup.list_recovery_points_by_backup_vault(BackupVaultName="side")["RecoveryPoints"]:
            self.backup.delete_recovery_point(BackupVaultName="side", RecoveryPointArn=point["RecoveryPointArn"])
        self.backup.delete_backup_vault(BackupVaultName="side")
        self.backup.delete_backup_selection(BackupPlanId=self.told["plan"], SelectionId=self.told["scratch"])
        self.rds.delete_db_instance(DBInstanceIdentifier="scratch", SkipFinalSnapshot=True)
        self.ec2.delete_snapshot(SnapshotId=self.told["snapshots"][0])
        self._events(**{"of-week-3": timedelta(minutes=20)})

    def week_4(self) -> None:
        """A quiet week, but for a restore."""
        self._a_week(4)
        created = self.night(1, 4)
        self.aws.seed([{
            "kind": "restore_job", "account": ACCOUNT, "region": REGION, "RestoreJobId": "restore-1", "Status": "COMPLETED",
            "RecoveryPointArn": point_arn("orders", self.night(2, 4)), "ResourceType": "RDS", "IamRoleArn": ROLE,
            "CreationDate": created.isoformat(), "CompletionDate": (created + timedelta(hours=1)).isoformat(),
        }])  # fmt: skip

    def _a_week(self, week: int) -> None:
        """Seven nights, and what has reached its age is gone, as AWS does it by itself."""
        for night in range(7):
            for name in ("orders", "invoices"):
                self._backed_up(name, self.night(night, week), "main")
        oldest = self.start + week * WEEK - KEPT
        for page in self.backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName="main"):
            for point in page["RecoveryPoints"]:
                if point["CreationDate"] < oldest and point["Lifecycle"]["DeleteAfterDays"] == KEPT.days:
                    self.backup.delete_recovery_point(
                        BackupVaultName="main", RecoveryPointArn=point["RecoveryPointArn"]
                    )

    def _backed_up(self, name: str, night: datetime, vault: str) -> None:
        created = night + RUN_UP
        done = (created + timedelta(minutes=10)).isoformat()
        lifecycle = {"DeleteAfterDays": KEPT.days}
        point = {
            "kind": "recovery_point", "account": ACCOUNT, "region": REGION, "BackupVaultName": vault,
            "RecoveryPointArn": point_arn(name, night), "ResourceArn": db(name), "ResourceType": "RDS",
            "IamRoleArn": ROLE, "CreationDate": created.isoformat(), "CompletionDate": done, "Lifecycle": lifecycle,
            "IsEncrypted": False,
        }  # fmt: skip
        job = self._job(name, night, vault, State="COMPLETED", PercentDone="100.0", CompletionDate=done)
        self.aws.seed([point, {**job, "RecoveryPointArn": point["RecoveryPointArn"]}])

    def _job(self, name: str, night: datetime, vault: str, **told: Any) -> Row:
        return {
            "kind": "backup_job", "account": ACCOUNT, "region": REGION, "BackupJobId": f"job-{name}-{night:%Y%m%d}",
            "BackupVaultName": vault, "BackupVaultArn": vault_arn(vault), "ResourceArn": db(name),
            "ResourceType": "RDS", "IamRoleArn": ROLE, "CreationDate": night.isoformat(), **told,
        }  # fmt: skip

    def _events(self, **ago: timedelta) -> None:
        """Deletions that happened so long before the week that is told."""
        moment = self.start + (len(self.told.setdefault("weeks", []))) * WEEK
        self.told["weeks"].append(moment)
        self.aws.seed([
            {"kind": "event", "account": ACCOUNT, "region": REGION, "EventId": name, "EventName": "DeleteRecoveryPoint",
             "EventSource": "backup.amazonaws.com", "EventTime": (moment - since).isoformat()}
            for name, since in ago.items()
        ])  # fmt: skip
