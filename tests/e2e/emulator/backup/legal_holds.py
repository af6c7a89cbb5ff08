"""Legal holds: what must not be deleted until somebody cancels them."""

from __future__ import annotations

import uuid
from datetime import timedelta

from emulator.backup.errors import BackupError, invalid_value, not_found
from emulator.backup.listing import give_page
from emulator.backup.registry import Params, operation
from emulator.backup.state import BackupBackend, Record
from emulator.times import now

_MOST = 50
_LISTED = ("Title", "Status", "Description", "LegalHoldId", "LegalHoldArn", "CreationDate", "CancellationDate")


@operation("CreateLegalHold")
def create(backend: BackupBackend, params: Params) -> Record:
    """Active at once. The days it speaks of lie in the past."""
    chosen = params.get("RecoveryPointSelection", {})
    days = chosen.get("DateRange")
    if days and not days["FromDate"] <= days["ToDate"] <= now():
        raise invalid_value("DateRange: FromDate lies before ToDate, and both in the past")
    if sum(1 for hold in backend.legal_holds.values() if hold["Status"] == "ACTIVE") >= _MOST:
        raise BackupError("LimitExceededException", f"There are {_MOST} legal holds already")
    name = str(uuid.uuid4())
    hold = {
        "Title": params["Title"],
        "Status": "ACTIVE",
        "Description": params["Description"],
        "LegalHoldId": name,
        "LegalHoldArn": backend.arn_of("legal-hold", name),
        "CreationDate": now(),
        "RecoveryPointSelection": chosen,
    }
    backend.legal_holds[name] = hold
    backend.tags[hold["LegalHoldArn"]] = dict(params.get("Tags", {}))
    return hold


def _hold(backend: BackupBackend, params: Params) -> Record:
    if params["LegalHoldId"] not in backend.legal_holds:
        raise not_found(f"Legal hold {params['LegalHoldId']} does not exist")
    return backend.legal_holds[params["LegalHoldId"]]


@operation("GetLegalHold")
def get(backend: BackupBackend, params: Params) -> Record:
    """With what it holds."""
    return _hold(backend, params)


@operation("ListLegalHolds")
def list_all(backend: BackupBackend, params: Params) -> Record:
    """Active and cancelled ones, without what they hold."""

    def rows() -> list[Record]:
        return [{name: hold.get(name) for name in _LISTED} for hold in backend.legal_holds.values()]

    return give_page(backend, "ListLegalHolds", "LegalHolds", rows, params)


@operation("CancelLegalHold")
def cancel(backend: BackupBackend, params: Params) -> Record:
    """Cancelled at once; the record stays."""
    hold = _hold(backend, params)
    if hold["Status"] != "ACTIVE":
        raise BackupError("InvalidResourceStateException", f"Legal hold {hold['LegalHoldId']} is {hold['Status']}")
    hold |= {"Status": "CANCELED", "CancelDescription": params["CancelDescription"], "CancellationDate": now()}
    if "RetainRecordInDays" in params:
        hold["RetainRecordUntil"] = now() + timedelta(days=params["RetainRecordInDays"])
    return {}


def holds(backend: BackupBackend, point: Record) -> bool:
    """Whether an active hold is on a point: of a vault, a resource or type, and a day that it names."""
    return any(hold["Status"] == "ACTIVE" and _covers(hold, point) for hold in backend.legal_holds.values())


def _covers(hold: Record, point: Record) -> bool:
    chosen = hold["RecoveryPointSelection"]
    vaults, things, days = (chosen.get(name) for name in ("VaultNames", "ResourceIdentifiers", "DateRange"))
    return (
        (not vaults or point["BackupVaultName"] in vaults)
        and (not things or point["ResourceArn"] in things or point["ResourceType"] in things)
        and (not days or days["FromDate"] <= point["CreationDate"] <= days["ToDate"])
    )
