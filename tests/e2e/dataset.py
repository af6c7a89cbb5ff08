"""A dataset as DuckDB sees it: sealed collections and their tables, read without any code of the tool."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb


def collections(dataset: Path) -> list[Path]:
    """The sealed collections, oldest first."""
    return sorted(manifest.parent for manifest in dataset.glob("*/manifest.json"))


def manifest(collection: Path) -> dict[str, Any]:
    """What a collection says of itself."""
    return json.loads((collection / "manifest.json").read_text())


def tables(collection: Path) -> set[str]:
    """The tables of a collection but `reads`, which tells of this run and not of AWS."""
    return {folder.name for folder in collection.iterdir() if folder.is_dir()} - {"reads"}


def rows(collection: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table. Without the timestamps for people, which stand beside epoch seconds."""
    # A connection of its own: several threads may look at several datasets.
    scan = duckdb.connect().sql(f"FROM {_scan(collection, table)}")
    named = zip(scan.columns, scan.types, strict=True)
    found = scan.select(*(f'"{name}"' for name, kind in named if "TIME" not in str(kind)))
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def lines(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    """Rows as sorted texts, with the columns that the expected rows name."""
    named = sorted({column for row in expected for column in row})
    return sorted("  ".join(f"{column}={row[column]!r}" for column in named) for row in found)


def unlike(one: Path, other: Path, but: Collection[str] = ()) -> dict[str, int]:
    """How many rows, by table, two collections do not have in common; some columns are not looked at."""
    found = {}
    for table in tables(one) | tables(other):
        here, there = (_scan(path, table) for path in (one, other))
        left_out = [column for column in duckdb.connect().sql(f"FROM {here}").columns if column in but]
        if left_out:
            here, there = (f"(SELECT * EXCLUDE ({', '.join(left_out)}) FROM {scan})" for scan in (here, there))
        both = f"(FROM {here} EXCEPT ALL FROM {there}) UNION ALL (FROM {there} EXCEPT ALL FROM {here})"
        [(count,)] = duckdb.connect().sql(f"SELECT count(*) FROM ({both})").fetchall()
        if count:
            found[table] = count
    return found


def _scan(collection: Path, table: str) -> str:
    return f"read_parquet('{collection}/{table}/*.parquet')"
