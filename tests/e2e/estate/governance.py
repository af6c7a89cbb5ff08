"""What stands around the backups: the organisation, restore testing, Audit Manager, a legal hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from estate.foundation import ROLE
from estate.population import AWAY, HOME, KEEPER, Member
from harness import ACCOUNT, Endpoint

_CONTROLS = ["BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "BACKUP_RECOVERY_POINT_ENCRYPTED"]
RESTORE_TESTING, HOLLOW_TESTING = "weekly_restores", "hollow"


def make_organisation(aws: Endpoint) -> None:
    """This account manages it, the other one is a member, and copies may go between them."""
    aws.seed([{"kind": "organization", "account": ACCOUNT, "region": HOME, "Members": [KEEPER]}])
    aws.client("backup", HOME).update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})


def make_governance(aws: Endpoint, members: list[Member], base: datetime) -> dict[str, str]:
    """Make the rest; ARNs by name."""
    _hold(aws, members)
    return {**_restore_testing(aws, base), **_frameworks(aws), **_report_plans(aws, base)}


def _restore_testing(aws: Endpoint, base: datetime) -> dict[str, str]:
    """One plan that takes all databases of RDS, and one that nobody gave a selection."""
    backup = aws.client("backup", HOME)
    plan = {
        "ScheduleExpression": "cron(0 9 ? * SUN *)",
        "RecoveryPointSelection": {
            "Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"],
        },
    }  # fmt: skip
    selection = {
        "RestoreTestingSelectionName": "databases",
        "IamRoleArn": ROLE,
        "ProtectedResourceType": "RDS",
        "ProtectedResourceArns": ["*"],
    }
    arns = {}
    for name in (RESTORE_TESTING, HOLLOW_TESTING):
        told = backup.create_restore_testing_plan(RestoreTestingPlan={**plan, "RestoreTestingPlanName": name})
        arns[name] = told["RestoreTestingPlanArn"]
    backup.create_restore_testing_selection(RestoreTestingPlanName=RESTORE_TESTING, RestoreTestingSelection=selection)
    ran = (base - timedelta(days=3)).isoformat()
    row = {"kind": "restore_testing_plan", "RestoreTestingPlanName": RESTORE_TESTING, "LastExecutionTime": ran}
    aws.seed([{**row, "account": ACCOUNT, "region": HOME}])
    return arns


def _frameworks(aws: Endpoint) -> dict[str, str]:
    """AWS Config records at home only; one framework was never deployed."""
    config = aws.client("config", HOME)
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
    )
    bucket = f"estate-config-{ACCOUNT}"
    aws.client("s3", HOME).create_bucket(Bucket=bucket)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    controls = [{"ControlName": name} for name in _CONTROLS]
    made = {}
    for region, name in ((HOME, "working"), (HOME, "undeployed"), (AWAY, "unrecorded")):
        told = aws.client("backup", region).create_framework(FrameworkName=name, FrameworkControls=controls)
        made[name] = told["FrameworkArn"]
    failed = {"kind": "framework", "FrameworkName": "undeployed", "DeploymentStatus": "FAILED"}
    aws.seed([{**failed, "account": ACCOUNT, "region": HOME}])
    return made


def _report_plans(aws: Endpoint, base: datetime) -> dict[str, str]:
    """One that is delivered every day, one whose bucket has gone."""
    last, long_ago = (base - timedelta(hours=6)).isoformat(), (base - timedelta(days=12)).isoformat()
    made, rows = {}, []
    for name, succeeded in (("delivered", last), ("undelivered", long_ago)):
        told: dict[str, Any] = aws.client("backup", HOME).create_report_plan(
            ReportPlanName=name,
            ReportDeliveryChannel={"S3BucketName": f"estate-{name}", "Formats": ["CSV", "JSON"]},
            ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
        )
        made[name] = told["ReportPlanArn"]
        times = {"LastAttemptedExecutionTime": last, "LastSuccessfulExecutionTime": succeeded}
        rows.append({"kind": "report_plan", "account": ACCOUNT, "region": HOME, "ReportPlanName": name, **times})
    aws.seed(rows)
    return made


def _hold(aws: Endpoint, members: list[Member]) -> None:
    held = [member.arn for member in members if member.odd_point == "held"]
    aws.client("backup", HOME).create_legal_hold(
        Title="case 7", Description="of the court", RecoveryPointSelection={"ResourceIdentifiers": held}
    )
