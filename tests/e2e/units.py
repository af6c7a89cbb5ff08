"""What is read as one (a table in an account and Region, of one parent where it has them), and what is lost of it when a call fails.

Which calls a unit takes is what the log of an undisturbed collection says; which tables are filled together, and which
follow from which, is written down here, so that nothing of it rests on what the tool declares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from dataset import rows
from emulator.wire import SERVICES

# Tables that the answers to the same calls fill, by the one that stands in the log.
FILLED_TOGETHER = {
    "plan_rules": ("plan_rules", "plan_copies"),
    "rds_clusters": ("rds_clusters", "neptune_clusters", "documentdb_clusters"),
    "iam_principals": ("iam_principals", "iam_policies"),
}
# Tables whose units are named by the rows of others.
FOLLOWS_FROM = {
    "vault_policies": {"backup_vaults"},
    "vault_notifications": {"backup_vaults"},
    "recovery_points": {"backup_vaults"},
    "plan_rules": {"backup_plans"},
    "plan_copies": {"backup_plans"},
    "selections": {"backup_plans"},
    "restore_testing_selections": {"restore_testing_plans"},
    "snapshot_attributes": {"rds_snapshots"},
    "config_evaluations": {"config_rules"},
    "topics": {"vault_notifications"},
    "kms_keys": {
        "backup_vaults", "recovery_points", "backup_jobs", "rds_instances", "rds_clusters", "neptune_clusters",
        "documentdb_clusters", "rds_snapshots", "rds_automated_backups",
    },
}  # fmt: skip
# Tables of what an account has once, and their Region.
GLOBAL = "global"
OF_THE_ACCOUNT = {
    "regions", "iam_principals", "organization", "org_accounts", "org_policies", "org_effective_policies",
    "delegated_admins",
}  # fmt: skip


class Unit(NamedTuple):
    """One read."""

    table: str
    account: str
    region: str
    parent: str | None


Operation = tuple[str, str]  # service by the name of its API model, operation


def called(log: Path) -> list[dict[str, Any]]:
    """The lines of a log of calls, that of a sealed collection or of an open one: what was called, and what for."""
    columns = ("service", "operation", "account_id", "region", "table", "parent", "error")
    kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    packed = "zstd" if log.suffix == ".zst" else "none"
    scan = f"read_json('{log}', format='newline_delimited', compression='{packed}', columns={{{kinds}}})"
    return [dict(zip(columns, line, strict=True)) for line in duckdb.connect().sql(f"FROM {scan}").fetchall()]


def unit_of(call: Mapping[str, Any]) -> Unit:
    """What a call was made for."""
    region = GLOBAL if call["table"] in OF_THE_ACCOUNT else call["region"]
    return Unit(call["table"], call["account_id"], region, call.get("parent"))


def asked(calls: Iterable[Mapping[str, Any]]) -> dict[Operation, set[Unit]]:
    """The units that each operation was called for."""
    found: dict[Operation, set[Unit]] = defaultdict(set)
    for call in calls:
        if call.get("table"):
            operation = (SERVICES.get(call["service"], call["service"]), call["operation"])
            unit = unit_of(call)
            found[operation] |= {unit._replace(table=table) for table in FILLED_TOGETHER.get(unit.table, (unit.table,))}
    return dict(found)


def concerned(tables: Iterable[str]) -> set[str]:
    """Tables, and all that follow from them."""
    found = set(tables)
    while more := {table for table, above in FOLLOWS_FROM.items() if above & found} - found:
        found |= more
    return found


def unlisted(lost: Iterable[Unit]) -> set[Unit]:
    """The records that say of a Region that units may be missing which nobody knows of, where these units are lost."""
    found: set[Unit] = set()
    for unit in lost:
        found |= {unit._replace(table=table, parent=None) for table in concerned([unit.table]) - {unit.table}}
    return found


def reads(collection: Path) -> dict[Unit, dict[str, Any]]:
    """The record of each unit that was asked for. A unit may have several, of ranges; all of them are as the one is here."""
    found: dict[Unit, dict[str, Any]] = {}
    for row in rows(collection, "reads"):
        unit = Unit(row["table"], row["account_id"], row["region"], row["parent"])
        if row["status"] != "not_requested" and found.get(unit, row)["status"] in ("complete", row["status"]):
            found[unit] = row
    return found


def incomplete(read: Mapping[Unit, Mapping[str, Any]]) -> dict[Unit, str]:
    """The units that were not read completely, and how they ended."""
    return {unit: row["status"] for unit, row in read.items() if row["status"] != "complete"}


def told(unit: Unit) -> str:
    """A unit in a line of a failed test."""
    return f"{unit.table} ({unit.account} {unit.region}{f', of {unit.parent}' if unit.parent else ''})"
