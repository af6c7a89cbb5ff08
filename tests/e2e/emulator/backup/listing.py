"""Filters and pages of the list operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator.backup.errors import invalid_value
from emulator.backup.registry import Params
from emulator.backup.state import BackupBackend, Record
from emulator.paging import TokenError, page

MOST = 1000


def give_page(
    backend: BackupBackend, operation: str, key: str, rows: Callable[[], Sequence[Any]], params: Params
) -> Record:
    """One page of `rows()` as the answer of a list operation.

    Refuses a `MaxResults` outside 1..1000 and a token of another request.
    """
    asked = params.get("MaxResults", MOST)
    if not 1 <= asked <= MOST:
        raise invalid_value(f"MaxResults must be between 1 and {MOST}")
    filters = {name: value for name, value in params.items() if name not in ("NextToken", "MaxResults")}
    try:
        found, token = page(rows, asked, params.get("NextToken"), backend.scope(operation, filters))
    except TokenError as error:
        raise invalid_value(f"NextToken: {error}") from error
    return {key: found, "NextToken": token}


def matching(
    rows: Iterable[Record], params: Params, equal: Mapping[str, str], instants: Mapping[str, str]
) -> list[Record]:
    """The rows that satisfy every filter given.

    `equal` maps filter to member; `instants` maps the stem of a Before/After
    pair to a member. Before and After are exclusive; a row without the instant
    does not match.
    """
    wanted = [(member, params[name]) for name, member in equal.items() if name in params]
    before = [(member, params[f"{stem}Before"]) for stem, member in instants.items() if f"{stem}Before" in params]
    after = [(member, params[f"{stem}After"]) for stem, member in instants.items() if f"{stem}After" in params]
    return [
        row
        for row in rows
        if all(row.get(member) == value for member, value in wanted)
        and all(_lies(row.get(member), None, limit) for member, limit in before)
        and all(_lies(row.get(member), limit, None) for member, limit in after)
    ]


def _lies(value: Any, above: datetime | None, below: datetime | None) -> bool:
    if not isinstance(value, datetime):
        return False
    return (above is None or value > above) and (below is None or value < below)
