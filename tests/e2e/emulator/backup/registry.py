"""The table of operations, filled by the modules that carry them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.backup.state import BackupBackend

Params = dict[str, Any]
Operation = Callable[["BackupBackend", Params], Params | None]
OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Register a function as the operation of this API name."""

    def register(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return register
