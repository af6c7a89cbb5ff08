"""Two accounts, three Regions, one collection: each place holds what was built there, and every table has rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dataset import collections, lines, manifest, rows
from estate import build
from estate.elsewhere import LEFT_OUT, make_elsewhere
from estate.holdings import Rows, modules
from estate.population import AWAY, HOME, KEEPER
from harness import ACCOUNT, Audit, Endpoint

FAR = "ap-southeast-2"
# Tables without a row anywhere in the estate, and why.
WITHOUT_ROWS: dict[str, str] = {}
# What an account has in each Region of the run, whatever was built there: settings, and trails that reach everywhere.
EVERYWHERE = ("ebs_settings", "trails")
# What was set where something was built, and is otherwise elsewhere.
UNTOUCHED = {"ebs_settings": {"snapshot_block_public_access": "unblocked"}}


@dataclass(frozen=True)
class Organisation:
    """One collection of everything, and the rows it must have, by account, module and table."""

    collection: Path
    audit: Audit
    expected: dict[str, dict[str, Rows]]


@pytest.fixture(scope="module")
def organisation(emulator: Endpoint, audit_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    home = tmp_path_factory.mktemp("organisation")
    audit = audit_in(home)
    emulator.reset()
    estate = build(emulator, home / "estate")
    there = make_elsewhere(emulator, estate.base, KEEPER, (HOME, FAR))
    regions = (word for region in (HOME, AWAY, FAR) for word in ("--region", region))
    accounts = ("--accounts", f"{ACCOUNT},{KEEPER}", "--role-name", "audit/BackupAuditor")
    done = audit("collect", "--dataset", home / "data", "--no-progress", *accounts, *regions)
    assert done.returncode == 0, done.stderr
    [collection] = collections(home / "data")
    expected = {
        ACCOUNT: {module: _everywhere(tables, AWAY, FAR) for module, tables in estate.holdings.items()},
        KEEPER: {module: _everywhere(tables, FAR, AWAY) for module, tables in there.items()},
    }
    return Organisation(collection, audit, expected)


def _everywhere(tables: Rows, away: str, other: str) -> Rows:
    """The rows, and those of a Region in which nothing was built: as away, but for what is at home there."""
    more = {
        table: [
            {**row, "region": other, **UNTOUCHED.get(table, {})}
            for row in found
            if row["region"] == away and not row.get("is_home")
        ]
        for table, found in tables.items()
        if table in EVERYWHERE
    }
    return {table: [*found, *more.get(table, [])] for table, found in tables.items()}


@pytest.mark.parametrize("module", modules())
@pytest.mark.parametrize("account", [ACCOUNT, KEEPER])
def test_each_place_holds_what_was_built_there(organisation: Organisation, account: str, module: str) -> None:
    if account == KEEPER and module in LEFT_OUT:
        pytest.skip("the first account has it for both")
    for table, expected in organisation.expected[account][module].items():
        seen = [row for row in rows(organisation.collection, table) if row["account_id"] == account]
        assert lines(seen, expected) == lines(expected, expected), table


def test_no_place_but_one_is_left_empty_by_the_tables_compared(organisation: Organisation) -> None:
    """Otherwise the comparison would say nothing of it."""
    built = {
        (account, row["region"])
        for account, holdings in organisation.expected.items()
        for tables in holdings.values()
        for table, found in tables.items()
        for row in found
        if table not in EVERYWHERE
    }
    regional = {(ACCOUNT, HOME), (ACCOUNT, AWAY), (KEEPER, HOME), (KEEPER, FAR)}
    assert built == regional | {(ACCOUNT, "global"), (KEEPER, "global")}
    there = [item for tables in organisation.expected[KEEPER].values() for item in tables.items()]
    far = {table for table, found in there if any(row["region"] == FAR for row in found)}
    assert len(far - {*EVERYWHERE}) >= 12, far


def test_every_table_has_rows(organisation: Organisation) -> None:
    told = organisation.audit("schema")
    assert told.returncode == 0, told.stderr
    kinds = (" (state)", " (history)", " (object)")
    tables = {line.split()[0] for line in told.stdout.splitlines() if line.endswith(kinds)}
    counted = manifest(organisation.collection)["tables"]
    assert tables >= set(counted) - {"reads"} and len(tables) > 50
    assert {table for table in tables if not counted.get(table)} == set(WITHOUT_ROWS)
