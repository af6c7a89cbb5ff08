"""Backup plans and their versions (only the newest document is kept)."""

from __future__ import annotations

import uuid

from emulator.backup import validation
from emulator.backup.errors import already_exists, invalid_request, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Plan, Record
from emulator.times import now


def completed(document: Record) -> Record:
    """The document as AWS gives it back: rule ids and defaults filled in."""
    rules = [
        {
            "ScheduleExpression": "cron(0 5 ? * * *)",
            "StartWindowMinutes": 480,
            "CompletionWindowMinutes": 10_080,
            "ScheduleExpressionTimezone": "Etc/UTC",
            "EnableContinuousBackup": False,
            "RecoveryPointTags": {},
            "CopyActions": [],
            "RuleId": str(uuid.uuid4()),
            **rule,
        }
        for rule in document["Rules"]
    ]
    return {**document, "Rules": rules}


def _summary(plan: Plan) -> Record:
    return {
        "BackupPlanArn": plan.arn,
        "BackupPlanId": plan.id,
        "CreationDate": plan.created,
        "DeletionDate": plan.deleted,
        "VersionId": plan.version,
        "CreatorRequestId": plan.creator_request_id,
        "AdvancedBackupSettings": plan.document.get("AdvancedBackupSettings"),
    }


def add(backend: BackupBackend, document: Record, plan_id: str | None = None) -> Plan:
    """Put a plan in place without judging it."""
    plan_id = plan_id or str(uuid.uuid4())
    plan = Plan(plan_id, backend.arn_of("backup-plan", plan_id), completed(document), _new_version(), now())
    backend.plans[plan_id] = plan
    return plan


def _new_version() -> str:
    return uuid.uuid4().hex


@operation("CreateBackupPlan")
def create(backend: BackupBackend, params: Params) -> Record:
    """Refuses invalid rules and a name that a living plan has."""
    document = params["BackupPlan"]
    validation.plan(backend, document)
    for plan in backend.plans.values():
        if plan.deleted is None and plan.document["BackupPlanName"] == document["BackupPlanName"]:
            raise already_exists(f"A backup plan with this name already exists: {plan.id}")
    plan = add(backend, document)
    plan.creator_request_id = params.get("CreatorRequestId")
    plan.tags.update(params.get("BackupPlanTags", {}))
    summary = _summary(plan)
    names = ("BackupPlanId", "BackupPlanArn", "CreationDate", "VersionId", "AdvancedBackupSettings")
    return {name: summary[name] for name in names}


@operation("UpdateBackupPlan")
def update(backend: BackupBackend, params: Params) -> Record:
    """Replace the whole document; a new version."""
    plan = backend.plan(params["BackupPlanId"])
    validation.plan(backend, params["BackupPlan"])
    known = {rule["RuleName"]: rule["RuleId"] for rule in plan.document["Rules"]}
    for rule in params["BackupPlan"]["Rules"]:
        if rule["RuleName"] in known:
            rule["RuleId"] = known[rule["RuleName"]]
    plan.document = completed(params["BackupPlan"])
    plan.version = _new_version()
    names = ("BackupPlanId", "BackupPlanArn", "CreationDate", "VersionId", "AdvancedBackupSettings")
    return {name: _summary(plan)[name] for name in names}


@operation("GetBackupPlan")
def get(backend: BackupBackend, params: Params) -> Record:
    """A deleted plan can still be read; old versions cannot."""
    plan = backend.plans.get(params["BackupPlanId"])
    if plan is None or params.get("VersionId", plan.version) != plan.version:
        raise not_found(f"Cannot find Backup plan with ID {params['BackupPlanId']}")
    return {**_summary(plan), "BackupPlan": plan.document}


@operation("ListBackupPlans")
def list_all(backend: BackupBackend, params: Params) -> Record:
    """Living plans; deleted ones too when asked."""

    def rows() -> list[Record]:
        return [
            {**_summary(plan), "BackupPlanName": plan.document["BackupPlanName"]}
            for plan in backend.plans.values()
            if plan.deleted is None or params.get("IncludeDeleted")
        ]

    return give_page(backend, "ListBackupPlans", "BackupPlansList", rows, params)


@operation("DeleteBackupPlan")
def delete(backend: BackupBackend, params: Params) -> Record:
    """Selections have to go first."""
    plan = backend.plan(params["BackupPlanId"])
    if plan.selections:
        raise invalid_request("Related backup plan selections must be deleted prior to backup plan deletion")
    plan.deleted = now()
    summary = _summary(plan)
    return {name: summary[name] for name in ("BackupPlanId", "BackupPlanArn", "DeletionDate", "VersionId")}
