"""The control door of the tests: `/_emulator/…`, JSON in and out.

POST seed        [{"kind": …, …}]            put the past in place (`emulator.seed`)
POST faults      {"kind": …} or a list       set faults; an empty list clears them
POST allow       {"caller": …, "actions": […]}   allow an access key or account these IAM actions only; null: all
POST page_size   {"size": N or null}         pages of at most N items
POST clock       {"ago_s": N}                it is so many seconds ago
POST reset                                   as new: no state, faults, permissions, counts, page size, present time
GET  calls                                   requests by service, operation, Region, account
GET  fastest                                 the most of them within a second
GET  assumed                                 what roles were assumed with, in order
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.organizations.models import organizations_backends

from emulator import seed, trail
from emulator.faults import Fault, Reply
from emulator.paging import PageSize, forget
from emulator.times import Clock, now

if TYPE_CHECKING:
    from emulator.application import Application


def answer(application: Application, method: str, path: str, body: bytes) -> Reply:
    """Do what is asked; 400 with the reason when it makes no sense."""
    name = path.removeprefix("/_emulator/")
    try:
        told = json.loads(body) if body else None
        result = _do(application, f"{method} {name}", told)
    except (ValueError, KeyError, TypeError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})
    if result is None:
        return _json(404, {"error": f"no {method} {path}"})
    return _json(200, result)


def _do(application: Application, what: str, told: Any) -> Any:
    if what == "GET calls":
        return application.calls.rows()
    if what == "GET fastest":
        return application.calls.fastest()
    if what == "GET assumed":
        return application.calls.assumed
    if what == "POST seed":
        return {"seeded": seed.plant(told)}
    if what == "POST faults":
        faults = [Fault(**one) for one in ([told] if isinstance(told, dict) else told)]
        if not faults:
            application.faults.clear()
        for fault in faults:
            application.faults.add(fault)
        return {"set": len(faults)}
    if what == "POST allow":
        application.permissions.allow(told["caller"], told["actions"])
        return {"allowed": told["caller"]}
    if what == "POST page_size":
        PageSize.forced = told["size"]
        return {"size": PageSize.forced}
    if what == "POST clock":
        Clock.ago = timedelta(seconds=told["ago_s"])
        return {"now": now().isoformat()}
    if what == "POST reset":
        Clock.ago = timedelta(0)
        application.faults.clear()
        application.permissions.clear()
        application.calls.clear()
        PageSize.forced = None
        forget()
        trail.forget()
        BackendDict.reset()
        organizations_backends.master_accounts.clear()
        reset_model_data()
        return {}
    return None


def _json(status: int, value: Any) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
