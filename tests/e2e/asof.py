"""A dataset as it stands at an instant, put together row by row, without any code of the tool.

Slow and plain on purpose: collection after collection, in the order in which they began,
each row overwriting the one of the same key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dataset as on_disk
from dataset import collections, manifest

# Things that are read parent by parent, and the column that names it.
PARENTS = {"recovery_points": "backup_vault_arn"}
Row = dict[str, Any]
Place = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """What must be known of a table to put it together."""

    name: str
    kind: str
    key: tuple[str, ...]


class Standing:
    """The collections of a dataset that had begun at an instant."""

    def __init__(self, dataset: Path, as_of_s: int) -> None:
        self._collections = [one for one in collections(dataset) if manifest(one)["started_s"] <= as_of_s]
        self._reads = {one: _rows(one, "reads") for one in self._collections}

    def rows(self, table: Table) -> dict[tuple[Any, ...], Row]:
        """What is true of a table, by key: history that happened, things that are there."""
        match table.kind:
            case "state":
                return self._newest(table)
            case "history":
                return self._union(table)
            case _:
                return self._existing(table)

    def _newest(self, table: Table) -> dict[tuple[Any, ...], Row]:
        """Of each account and Region, the rows of the newest collection that tried to read it."""
        tried: dict[Place, Path] = {}
        for one in self._collections:
            for read in self._of(one, table):
                if read["status"] != "not_requested":
                    tried[read["account_id"], read["region"]] = one
        return {
            _key(table, row): row
            for one in self._collections
            for row in _rows(one, table.name)
            if tried.get((row["account_id"], row["region"])) == one
        }

    def _union(self, table: Table) -> dict[tuple[Any, ...], Row]:
        return {_key(table, row): row for one in self._collections for row in _rows(one, table.name)}

    def _existing(self, table: Table) -> dict[tuple[Any, ...], Row]:
        """Rows that no later complete read should have shown and did not."""
        there: dict[tuple[Any, ...], Row] = {}
        parent_column = PARENTS.get(table.name)
        for one in self._collections:
            seen = {_key(table, row): row for row in _rows(one, table.name)}
            whole, parents = self._complete(one, table)
            for key, row in list(there.items()):
                place = (row["account_id"], row["region"])
                parent = (*place, row[parent_column]) if parent_column else None
                # A parent that was not read was not listed: it has gone, if the list of parents was whole.
                missed = parent is None or parent in parents or not self._asked(one, table, parent)
                if key not in seen and place in whole and missed:
                    del there[key]
            there.update(seen)
        return there

    def _complete(self, one: Path, table: Table) -> tuple[set[Place], set[tuple[Any, ...]]]:
        """Accounts and Regions whose own read is complete, and parents all of whose reads are."""
        whole, parents, lacking = set(), set(), set()
        for read in self._of(one, table):
            place = (read["account_id"], read["region"])
            of = (*place, read["parent"])
            (parents if read["status"] == "complete" else lacking).add(of)
            if read["parent"] is None and read["status"] == "complete":
                whole.add(place)
        return {place for place in whole if (*place, None) not in lacking}, parents - lacking

    def _asked(self, one: Path, table: Table, parent: tuple[Any, ...]) -> bool:
        return any((read["account_id"], read["region"], read["parent"]) == parent for read in self._of(one, table))

    def _of(self, one: Path, table: Table) -> Iterator[Row]:
        return (read for read in self._reads[one] if read["table"] == table.name)


@cache
def _rows(collection: Path, table: str) -> list[Row]:
    """Read once: a sealed collection does not change."""
    return on_disk.rows(collection, table) if manifest(collection)["tables"][table] else []


def _key(table: Table, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.key)


def unlike(
    one: dict[tuple[Any, ...], Row], other: dict[tuple[Any, ...], Row], but: Sequence[str] = ()
) -> dict[tuple[Any, ...], Any]:
    """What two tables do not have in common, by key: a row that only one has, or the columns that differ."""
    found: dict[tuple[Any, ...], Any] = {}
    for key in one.keys() | other.keys():
        here, there = one.get(key), other.get(key)
        if here is None or there is None:
            found[key] = "only in the second" if here is None else "only in the first"
            continue
        differing = {name: (here[name], there[name]) for name in here if name not in but and here[name] != there[name]}
        if differing:
            found[key] = differing
    return found
