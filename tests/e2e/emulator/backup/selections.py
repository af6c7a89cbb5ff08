"""Selections of a plan."""

from __future__ import annotations

import uuid

from emulator.backup import validation
from emulator.backup.errors import already_exists, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record
from emulator.times import now

_EMPTY_LISTS = ("Resources", "ListOfTags", "NotResources")
_OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")


def add(backend: BackupBackend, plan_id: str, selection: Record, request_id: str | None = None) -> Record:
    """Put a selection in place without judging it; gives its record."""
    told = {
        **{name: [] for name in _EMPTY_LISTS},
        **selection,
        "Conditions": {**{name: [] for name in _OPERATORS}, **selection.get("Conditions", {})},
    }
    record = {
        "BackupSelection": told,
        "SelectionId": str(uuid.uuid4()),
        "BackupPlanId": plan_id,
        "CreationDate": now(),
        "CreatorRequestId": request_id,
    }
    backend.plan(plan_id).selections[record["SelectionId"]] = record
    return record


def _find(backend: BackupBackend, params: Params) -> Record:
    record = backend.plan(params["BackupPlanId"]).selections.get(params["SelectionId"])
    if record is None:
        raise not_found(f"Cannot find backup selection {params['SelectionId']}")
    return record


@operation("CreateBackupSelection")
def create(backend: BackupBackend, params: Params) -> Record:
    """Refuses an unknown plan and a name the plan already has."""
    selection = params["BackupSelection"]
    validation.selection(selection)
    plan = backend.plans.get(params["BackupPlanId"])
    if plan is None or plan.deleted is not None:
        # The model lists no ResourceNotFoundException for this operation.
        raise validation.invalid_value(f"Cannot find Backup plan with ID {params['BackupPlanId']}")
    names = [record["BackupSelection"]["SelectionName"] for record in plan.selections.values()]
    if selection["SelectionName"] in names:
        raise already_exists(f"Backup selection {selection['SelectionName']} already exists")
    record = add(backend, plan.id, selection, params.get("CreatorRequestId"))
    return {name: record[name] for name in ("SelectionId", "BackupPlanId", "CreationDate")}


@operation("GetBackupSelection")
def get(backend: BackupBackend, params: Params) -> Record:
    """The selection with its conditions."""
    return _find(backend, params)


@operation("ListBackupSelections")
def list_of_plan(backend: BackupBackend, params: Params) -> Record:
    """Names and roles only: the conditions need a Get each."""
    selections = backend.plan(params["BackupPlanId"]).selections
    return give_page(
        backend,
        "ListBackupSelections",
        "BackupSelectionsList",
        lambda: [_row(one) for one in selections.values()],
        params,
    )


def _row(record: Record) -> Record:
    return {
        "SelectionId": record["SelectionId"],
        "SelectionName": record["BackupSelection"]["SelectionName"],
        "BackupPlanId": record["BackupPlanId"],
        "CreationDate": record["CreationDate"],
        "CreatorRequestId": record["CreatorRequestId"],
        "IamRoleArn": record["BackupSelection"]["IamRoleArn"],
    }


@operation("DeleteBackupSelection")
def delete(backend: BackupBackend, params: Params) -> None:
    """Take it off its plan."""
    record = _find(backend, params)
    del backend.plan(params["BackupPlanId"]).selections[record["SelectionId"]]
