"""AWS Backup Audit Manager: frameworks and report plans.

A framework is evaluated by AWS Config: it is active where moto's recorder of the
Region runs. Reports are not written: a test seeds when a plan last tried to and
last did.
"""

from __future__ import annotations

import re
import uuid

from moto.config.models import config_backends

from emulator.backup.errors import already_exists, invalid_value, missing, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record
from emulator.times import now

_NAME = re.compile(r"^[a-zA-Z][_a-zA-Z0-9]{0,255}$")
CONTROLS = (
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
    "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED", "BACKUP_RECOVERY_POINT_ENCRYPTED",
    "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION",
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT", "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK",
    "BACKUP_LAST_RECOVERY_POINT_CREATED", "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET",
    "RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT",
)  # fmt: skip
_TEMPLATES = (
    "RESOURCE_COMPLIANCE_REPORT", "CONTROL_COMPLIANCE_REPORT", "BACKUP_JOB_REPORT", "COPY_JOB_REPORT",
    "RESTORE_JOB_REPORT", "SCAN_JOB_REPORT",
)  # fmt: skip
_FORMATS = {"CSV", "JSON"}


def _judge_name(name: str) -> None:
    if not _NAME.match(name):
        raise invalid_value(f"{name} must begin with a letter and have letters, digits and underscores only")


@operation("CreateFramework")
def create_framework(backend: BackupBackend, params: Params) -> Record:
    """Deployed at once. The controls are those AWS offers."""
    name, controls = params["FrameworkName"], params["FrameworkControls"]
    _judge_name(name)
    if not controls:
        raise missing("FrameworkControls")
    for control in controls:
        if control["ControlName"] not in CONTROLS:
            raise invalid_value(f"There is no control {control['ControlName']}")
    if name in backend.frameworks:
        raise already_exists(f"Framework {name} already exists")
    made = {
        "FrameworkName": name,
        "FrameworkArn": backend.arn_of("framework", f"{name}-{uuid.uuid4()}"),
        "FrameworkDescription": params.get("FrameworkDescription"),
        "FrameworkControls": controls,
        "CreationTime": now(),
        "DeploymentStatus": "COMPLETED",
        "IdempotencyToken": params.get("IdempotencyToken"),
    }
    backend.frameworks[name] = made
    backend.tags[made["FrameworkArn"]] = dict(params.get("FrameworkTags", {}))
    return {member: made[member] for member in ("FrameworkName", "FrameworkArn")}


def _recording(backend: BackupBackend) -> str:
    recorders = config_backends[backend.account_id][backend.region_name].recorders.values()
    return "ACTIVE" if any(one.status.recording for one in recorders) else "INACTIVE"


@operation("DescribeFramework")
def describe_framework(backend: BackupBackend, params: Params) -> Record:
    """With its controls, and whether AWS Config records what they ask about."""
    name = params["FrameworkName"]
    if name not in backend.frameworks:
        raise not_found(f"Framework {name} does not exist")
    return {"FrameworkStatus": _recording(backend), **backend.frameworks[name]}


@operation("ListFrameworks")
def list_frameworks(backend: BackupBackend, params: Params) -> Record:
    """Names and the number of controls."""
    names = ("FrameworkName", "FrameworkArn", "FrameworkDescription", "CreationTime", "DeploymentStatus")

    def rows() -> list[Record]:
        return [
            {**{name: made[name] for name in names}, "NumberOfControls": len(made["FrameworkControls"])}
            for made in backend.frameworks.values()
        ]

    return give_page(backend, "ListFrameworks", "Frameworks", rows, params)


@operation("CreateReportPlan")
def create_report_plan(backend: BackupBackend, params: Params) -> Record:
    """Deployed at once; the bucket is not looked at, which is how reports come to fail."""
    name, setting, channel = params["ReportPlanName"], params["ReportSetting"], params["ReportDeliveryChannel"]
    _judge_name(name)
    if setting["ReportTemplate"] not in _TEMPLATES:
        raise invalid_value(f"There is no report template {setting['ReportTemplate']}")
    if not set(channel.get("Formats", [])) <= _FORMATS:
        raise invalid_value("Reports are written as CSV and JSON")
    if name in backend.report_plans:
        raise already_exists(f"Report plan {name} already exists")
    made = {
        "ReportPlanName": name,
        "ReportPlanArn": backend.arn_of("report-plan", f"{name}-{uuid.uuid4()}"),
        "ReportPlanDescription": params.get("ReportPlanDescription"),
        "ReportSetting": setting,
        "ReportDeliveryChannel": {"Formats": ["CSV"], **channel},
        "DeploymentStatus": "COMPLETED",
        "CreationTime": now(),
    }
    backend.report_plans[name] = made
    backend.tags[made["ReportPlanArn"]] = dict(params.get("ReportPlanTags", {}))
    return {member: made[member] for member in ("ReportPlanName", "ReportPlanArn", "CreationTime")}


@operation("DescribeReportPlan")
def describe_report_plan(backend: BackupBackend, params: Params) -> Record:
    """One plan by name."""
    if params["ReportPlanName"] not in backend.report_plans:
        raise not_found(f"Report plan {params['ReportPlanName']} does not exist")
    return {"ReportPlan": backend.report_plans[params["ReportPlanName"]]}


@operation("ListReportPlans")
def list_report_plans(backend: BackupBackend, params: Params) -> Record:
    """All that Describe tells."""
    return give_page(backend, "ListReportPlans", "ReportPlans", lambda: list(backend.report_plans.values()), params)
