"""AWS Backup: vaults, plans, selections, recovery points, jobs, restore testing, audits, legal holds, settings.

moto has 17 operations of it and neither points nor jobs, so the whole service
is ours. `answer` takes an understood request and gives the HTTP reply; each
operation is a function of (backend, parameters) registered by its API name.
"""

from __future__ import annotations

import threading

from emulator.backup import (
    audits,
    copies,
    jobs,
    legal_holds,
    plans,
    points,
    protected,
    restore_testing,
    selections,
    settings,
    tags,
    vaults,
)
from emulator.backup.errors import BackupError
from emulator.backup.protocol import decode_request, encode_response, error_response
from emulator.backup.registry import OPERATIONS
from emulator.backup.state import backup_backends
from emulator.faults import Reply
from emulator.wire import Call

__all__ = [
    "OPERATIONS", "answer", "audits", "copies", "jobs", "legal_holds", "plans", "points", "protected",
    "restore_testing", "selections", "settings", "tags", "vaults",
]  # fmt: skip

# One request at a time changes or reads the state: it is plain dictionaries.
_LOCK = threading.RLock()


def answer(call: Call, account: str, body: bytes) -> Reply:
    """Carry out one AWS Backup request."""
    try:
        params = decode_request(call, body)
        with _LOCK:
            result = OPERATIONS[call.operation](backup_backends[account][call.region], params)
            return encode_response(call.operation, result or {})
    except BackupError as error:
        return error_response(error)
