"""Tables whose rows take several calls: what pages and refused questions about one item do to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataset import collections, rows
from harness import ACCOUNT, Endpoint, access_key
from test_tables import lines
from world import World

MODULES = ("dynamodb", "objects_and_logs", "secrets")
CALLER = "ITEM"
# What is refused, and what the row then holds in place of what it should.
REFUSED: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("dynamodb", "DescribeContinuousBackups"): (
        "dynamodb_tables",
        {name: None for name in ("point_in_time_recovery_status", "recovery_period_days", "earliest_restorable_date_time_s")},
    ),
    ("s3", "GetBucketReplication"): ("s3_buckets", {"replication_role": None, "replication_rules": None}),
    ("secretsmanager", "DescribeSecret"): ("secrets", {"described": False, "replication_status": None}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def working_again(emulator: Endpoint) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    emulator.clear_faults()
    emulator.page_size(None)


def expected(world: World) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables of the modules."""
    return {table: found for module in MODULES for table, found in world.estate.holdings[module].items()}


def seen(collection: Path, table: str) -> list[dict[str, Any]]:
    return [row for row in rows(collection, table) if row["account_id"] == ACCOUNT]


def test_short_pages_are_the_same_rows(world: World, tmp_path: Path) -> None:
    world.aws.page_size(2)
    assert world.audit.collect(tmp_path / "data").returncode == 0
    [collection] = collections(tmp_path / "data")
    for table, wanted in expected(world).items():
        assert lines(seen(collection, table), wanted) == lines(wanted, wanted), table


def test_a_refused_question_leaves_the_row_and_a_gap(world: World, tmp_path: Path) -> None:
    for service, operation in REFUSED:
        world.aws.fault("deny", service=service, operation=operation, key=access_key(caller=CALLER))
    done = world.audit.collect(tmp_path / "data", env={"AWS_ACCESS_KEY_ID": access_key(caller=CALLER)})
    assert done.returncode == 11, done.stderr
    [collection] = collections(tmp_path / "data")
    changed = dict(REFUSED.values())
    for table, wanted in expected(world).items():
        wanted = [{**row, **changed.get(table, {})} for row in wanted]
        assert lines(seen(collection, table), wanted) == lines(wanted, wanted), table
    partial = {
        (read["table"], read["operation"]) for read in rows(collection, "reads")
        if read["table"] in expected(world) and read["status"] != "complete"
    }  # fmt: skip
    assert partial == {(table, operation) for (_, operation), (table, _) in REFUSED.items()}
    assert "AccessDenied" in json.dumps([read["reason"] for read in rows(collection, "reads")])
