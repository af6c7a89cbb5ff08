"""Row by row: what a collection holds of everything the estate holds beside its databases."""

from __future__ import annotations

from typing import Any

import pytest

from dataset import collections, rows
from estate.holdings import modules
from harness import ACCOUNT
from world import World


@pytest.mark.parametrize("module", modules())
def test_the_rows_are_exactly_those_of_what_was_built(world: World, module: str) -> None:
    [collection] = collections(world.dataset)
    for table, expected in world.estate.holdings[module].items():
        seen = [row for row in rows(collection, table) if row["account_id"] == ACCOUNT]
        assert lines(seen, expected) == lines(expected, expected), table


def lines(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """Rows as sorted texts, with the columns that the expected rows name."""
    named = sorted({column for row in expected for column in row})
    return sorted("  ".join(f"{column}={row[column]!r}" for column in named) for row in found)
