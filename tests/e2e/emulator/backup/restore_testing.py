"""Restore testing plans and their selections.

The tests themselves are not run: a test seeds restore jobs and when the plan
last ran.
"""

from __future__ import annotations

import re
import uuid

from emulator.backup import validation
from emulator.backup.errors import already_exists, invalid_value, missing, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record
from emulator.times import now

_NAME = re.compile(r"^[A-Za-z0-9_]{1,50}$")
_TYPES = ("Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "S3")
_MOST_ARNS = 30
# What the list gives of a plan and of a selection; the rest takes a Get each.
_LISTED = (
    "CreationTime", "LastExecutionTime", "LastUpdateTime", "RestoreTestingPlanArn", "RestoreTestingPlanName",
    "ScheduleExpression", "ScheduleExpressionTimezone", "StartWindowHours",
)  # fmt: skip
_LISTED_SELECTION = (
    "CreationTime", "IamRoleArn", "ProtectedResourceType", "RestoreTestingPlanName", "RestoreTestingSelectionName",
    "ValidationWindowHours",
)  # fmt: skip


def _judge_plan(told: Record) -> None:
    if not _NAME.match(told["RestoreTestingPlanName"]):
        raise invalid_value("RestoreTestingPlanName may have 50 letters, digits and underscores")
    validation.schedule(told["ScheduleExpression"])
    chosen = told["RecoveryPointSelection"]
    for name in ("Algorithm", "IncludeVaults", "RecoveryPointTypes"):
        if not chosen.get(name):
            raise missing(f"RestoreTestingPlan.RecoveryPointSelection.{name}")
    validation.within("SelectionWindowDays", chosen.get("SelectionWindowDays", 30), 1, 365)
    validation.within("StartWindowHours", told.get("StartWindowHours", 24), 1, 168)


@operation("CreateRestoreTestingPlan")
def create(backend: BackupBackend, params: Params) -> Record:
    """Fills in what AWS fills in: the windows and the time zone."""
    told = params["RestoreTestingPlan"]
    _judge_plan(told)
    name = told["RestoreTestingPlanName"]
    if name in backend.restore_testing_plans:
        raise already_exists(f"Restore testing plan {name} already exists")
    plan = {
        "StartWindowHours": 24,
        "ScheduleExpressionTimezone": "Etc/UTC",
        **told,
        "RecoveryPointSelection": {"SelectionWindowDays": 30, "ExcludeVaults": [], **told["RecoveryPointSelection"]},
        "RestoreTestingPlanArn": backend.arn_of("restore-testing-plan", f"{name}-{uuid.uuid4()}"),
        "CreationTime": now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
    }
    backend.restore_testing_plans[name] = plan
    backend.tags[plan["RestoreTestingPlanArn"]] = dict(params.get("Tags", {}))
    return {key: plan[key] for key in ("CreationTime", "RestoreTestingPlanArn", "RestoreTestingPlanName")}


def _plan(backend: BackupBackend, params: Params) -> Record:
    name = params["RestoreTestingPlanName"]
    if name not in backend.restore_testing_plans:
        raise not_found(f"Restore testing plan {name} does not exist")
    return backend.restore_testing_plans[name]


@operation("GetRestoreTestingPlan")
def get(backend: BackupBackend, params: Params) -> Record:
    """With what it selects."""
    return {"RestoreTestingPlan": _plan(backend, params)}


@operation("ListRestoreTestingPlans")
def list_all(backend: BackupBackend, params: Params) -> Record:
    """Names and schedules."""

    def rows() -> list[Record]:
        return [{name: plan.get(name) for name in _LISTED} for plan in backend.restore_testing_plans.values()]

    return give_page(backend, "ListRestoreTestingPlans", "RestoreTestingPlans", rows, params)


def _judge_selection(told: Record) -> None:
    if not _NAME.match(told["RestoreTestingSelectionName"]):
        raise invalid_value("RestoreTestingSelectionName may have 50 letters, digits and underscores")
    validation.role(told["IamRoleArn"])
    if told["ProtectedResourceType"] not in _TYPES:
        raise invalid_value(f"Restores of {told['ProtectedResourceType']} cannot be tested")
    validation.within("ValidationWindowHours", told.get("ValidationWindowHours", 0), 0, 168)
    arns, conditions = told.get("ProtectedResourceArns", []), told.get("ProtectedResourceConditions")
    if not arns and not conditions:
        raise missing("RestoreTestingSelection.ProtectedResourceArns")
    if conditions and arns not in ([], ["*"]):
        raise invalid_value("Conditions go with the wildcard only")
    if len(arns) > _MOST_ARNS or "*" in arns and len(arns) > 1:
        raise invalid_value(f"ProtectedResourceArns is the wildcard or up to {_MOST_ARNS} ARNs")


@operation("CreateRestoreTestingSelection")
def create_selection(backend: BackupBackend, params: Params) -> Record:
    """Refuses what is not in the documentation of selections."""
    plan, told = _plan(backend, params), params["RestoreTestingSelection"]
    _judge_selection(told)
    key = (plan["RestoreTestingPlanName"], told["RestoreTestingSelectionName"])
    if key in backend.restore_testing_selections:
        raise already_exists(f"Restore testing selection {key[1]} already exists")
    made = {
        **told,
        "RestoreTestingPlanName": key[0],
        "CreationTime": now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
    }
    backend.restore_testing_selections[key] = made
    names = ("CreationTime", "RestoreTestingPlanName", "RestoreTestingSelectionName")
    return {**{name: made[name] for name in names}, "RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]}


@operation("GetRestoreTestingSelection")
def get_selection(backend: BackupBackend, params: Params) -> Record:
    """With ARNs and conditions."""
    key = (params["RestoreTestingPlanName"], params["RestoreTestingSelectionName"])
    if key not in backend.restore_testing_selections:
        raise not_found(f"Restore testing selection {key[1]} does not exist")
    return {"RestoreTestingSelection": backend.restore_testing_selections[key]}


@operation("ListRestoreTestingSelections")
def list_of_plan(backend: BackupBackend, params: Params) -> Record:
    """Of one plan: types and roles."""
    name = _plan(backend, params)["RestoreTestingPlanName"]

    def rows() -> list[Record]:
        chosen = [made for key, made in backend.restore_testing_selections.items() if key[0] == name]
        return [{member: made.get(member) for member in _LISTED_SELECTION} for made in chosen]

    return give_page(backend, "ListRestoreTestingSelections", "RestoreTestingSelections", rows, params)
