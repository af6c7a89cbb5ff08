"""`Marker` / `MaxRecords`, 20 to 100 rows a page, for the Describe operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterValue
from moto.rds.responses import RDSResponse

from emulator.paging import TokenError, page
from emulator.rds import xml
from emulator.rds.memory import Row

# Parameters, beside the filters, that say which rows are wanted.
_NAMES = (
    "DBInstanceIdentifier", "DBClusterIdentifier", "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier",
    "SnapshotType", "DbiResourceId", "DbClusterResourceId", "DBInstanceAutomatedBackupsArn",
)  # fmt: skip


def filters_of(response: RDSResponse) -> dict[str, list[str]]:
    """The `Filters` of the request, by name."""
    return {one["Name"]: one["Values"] for one in response.params.get("Filters", [])}


def give_page(response: RDSResponse, operation: str, key: str, rows: Callable[[], Sequence[Any]]) -> ActionResult:
    """One page of moto's objects. Refuses what `_page` refuses."""
    found, marker = _page(response, operation, rows)
    return ActionResult({key: found, "Marker": marker})


def give_row_page(response: RDSResponse, operation: str, key: str, rows: Callable[[], Sequence[Row]]) -> str:
    """One page of plain rows. Refuses what `_page` refuses."""
    found, marker = _page(response, operation, rows)
    response.response_headers["Content-Type"] = "text/xml"
    return xml.answer(operation, {key: found, "Marker": marker})


def _page(response: RDSResponse, operation: str, rows: Callable[[], Sequence[Any]]) -> tuple[list[Any], str | None]:
    """A page and the next marker; refuses a marker of another request and a size out of range."""
    asked = int(response.params.get("MaxRecords") or 100)
    if not 20 <= asked <= 100:
        raise InvalidParameterValue(f"Invalid value {asked} for MaxRecords. Must be between 20 and 100")
    told = {name: response.params.get(name) for name in _NAMES}
    scope = [response.current_account, response.region, operation, told, filters_of(response)]
    try:
        return page(rows, asked, response.params.get("Marker"), scope)
    except TokenError as error:
        raise InvalidParameterValue(f"Invalid Marker: {error}") from error
