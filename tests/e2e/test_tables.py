"""Row by row: what a collection holds of everything the estate holds beside its databases."""

from __future__ import annotations

import pytest

from dataset import collections, lines, rows
from estate.holdings import modules
from harness import ACCOUNT
from world import World


@pytest.mark.parametrize("module", modules())
def test_the_rows_are_exactly_those_of_what_was_built(world: World, module: str) -> None:
    [collection] = collections(world.dataset)
    for table, expected in world.estate.holdings[module].items():
        seen = [row for row in rows(collection, table) if row["account_id"] == ACCOUNT]
        assert lines(seen, expected) == lines(expected, expected), table
