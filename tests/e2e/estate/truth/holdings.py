"""What else holds data: tables, buckets, volumes, file systems, caches, warehouses.

All of them are seconds old when they are collected, and no plan selects any: so
nothing is late yet, and nothing was ever restored or copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from estate.population import HOME
from estate.scans import FOUND
from estate.truth import around, scans
from estate.truth.coverage import OF_PRIMARIES
from estate.truth.verdicts import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Truth, Truths, kept

# Rules that look at databases alone.
_OF_DATABASES = (
    "rds-backups-off", "rds-deletion-protection-off", "rds-copy-tags-off", "rds-retention-too-short",
    "pitr-lagging", "pitr-history-broken", "automated-backup-replication-broken", "backup-window-overlaps-maintenance",
    "protection-dies-with-source", "database-logs-not-exported", "master-password-unmanaged",
)  # fmt: skip
_COPIES = ("cross-region-copy-missing", "cross-account-copy-missing", "air-gapped-copy-missing")


@dataclass(frozen=True)
class Thing:
    """One that holds data. `natively`: how its service backs it up, if it does; `alone`: nothing else restores it.

    `point`: AWS Backup has one of it, which somebody made by hand in a locked vault.
    """

    arn: str
    role: str = "primary"
    natively: str | None = None
    supported: bool = True
    alone: bool = True
    point: bool = False


def of_holdings(holdings: dict[str, dict[str, list[dict[str, Any]]]]) -> Truths:
    """Every verdict about them, from the rows that a collection must hold."""
    tables = {name: rows for module in holdings.values() for name, rows in module.items()}
    for of in (_tables, _buckets, _blocks, _files, _caches, _warehouses):
        for thing in of(tables):
            yield from _verdicts(thing)
    for row in tables["dynamodb_tables"]:
        on = row["point_in_time_recovery_status"] == "ENABLED"
        yield Truth("pitr-lagging", row["table_arn"], PASS if on else NOT_APPLICABLE, "made a moment ago")
        yield Truth("pitr-history-broken", row["table_arn"], NOT_APPLICABLE, "it was collected once")


def _tables(tables: dict[str, Any]) -> Iterator[Thing]:
    for row in tables["dynamodb_tables"]:
        on = row["point_in_time_recovery_status"] == "ENABLED"
        yield Thing(row["table_arn"], natively="to any moment" if on else None)


def _buckets(tables: dict[str, Any]) -> Iterator[Thing]:
    for row in tables["s3_buckets"]:
        yield Thing(row["bucket_arn"], point=row["bucket_arn"] in FOUND)


def _blocks(tables: dict[str, Any]) -> Iterator[Thing]:
    """The only policy of snapshots that is switched on takes what has the tag team=ledger, at home."""
    for row in tables["ebs_volumes"]:
        taken = row["region"] == HOME and json.loads(row["tags"] or "{}").get("team") == "ledger"
        alone = row["attachments"] == "[]"
        yield Thing(row["volume_arn"], natively="by a policy" if taken else None, alone=alone)
    for row in tables["ec2_instances"]:
        yield Thing(row["instance_arn"], role="its data lies on its volumes")


def _files(tables: dict[str, Any]) -> Iterator[Thing]:
    for row in tables["efs_file_systems"]:
        copied = row["replication_overwrite_protection"] == "REPLICATING"
        yield Thing(row["file_system_arn"], role="it repeats another" if copied else "primary")
    days = {row["file_system_id"]: row["automatic_backup_retention_days"] for row in tables["fsx_file_systems"]}
    daily = {name: "every day" if kept else None for name, kept in days.items()}
    for row in tables["fsx_file_systems"]:
        role = "its data lies in its volumes" if row["file_system_type"] == "ONTAP" else "primary"
        yield Thing(row["file_system_arn"], role, daily[row["file_system_id"]])
    for row in tables["fsx_volumes"]:
        role = "its data is its file system's" if row["volume_type"] == "OPENZFS" else "primary"
        yield Thing(row["volume_arn"], role, daily[row["file_system_id"]])


def _caches(tables: dict[str, Any]) -> Iterator[Thing]:
    """Nodes of Memcached keep nothing that could be backed up; of those nothing is said."""
    for row in tables["elasticache_groups"]:
        if (row["kind"], row["engine"]) != ("cache_cluster", "memcached"):
            natively = "every day" if row["snapshot_retention_limit_days"] else None
            yield Thing(row["cache_arn"], natively=natively, supported=False)


def _warehouses(tables: dict[str, Any]) -> Iterator[Thing]:
    for row in tables["redshift_clusters"]:
        on = row["automated_snapshot_retention_period_days"] > 0
        yield Thing(row["cluster_arn"], natively="every eight hours" if on else None)


def _verdicts(thing: Thing) -> Truths:
    scanned = thing.arn.startswith(("arn:aws:ec2:", "arn:aws:s3:")) and not thing.point
    told = {"supported": thing.supported, "scanned": scanned, "alone": thing.alone}
    yield from around.of_thing(thing.arn, thing.role, **told)
    known = NOT_APPLICABLE if thing.point else PASS
    yield Truth("population-not-reconciled", thing.arn, known, "its service lists it; what has no point was never backed up")
    if thing.point:
        yield from scans.of_bucket(thing.arn)
    if not thing.role.startswith("its data"):
        yield Truth("protection-reduced", thing.arn, NOT_APPLICABLE, "it was collected once")
    if thing.role != "primary":
        for rule in OF_PRIMARIES:
            if rule not in _OF_DATABASES:
                yield Truth(rule, thing.arn, NOT_APPLICABLE, thing.role)
        return
    for rule, (verdict, reason) in {**_coverage(thing), **_restores(thing)}.items():
        yield Truth(rule, thing.arn, verdict, reason)


def _coverage(thing: Thing) -> dict[str, tuple[str, str]]:
    native = thing.natively is not None
    design = {None: NOT_APPLICABLE, "to any moment": PASS}.get(thing.natively, UNKNOWN)
    locked = (FAIL if thing.alone else UNKNOWN) if thing.supported else NOT_APPLICABLE
    newest = (PASS if thing.point else NOT_APPLICABLE if thing.alone else UNKNOWN) if thing.supported else NOT_APPLICABLE
    unasked = FAIL if thing.point else NOT_APPLICABLE if thing.alone else UNKNOWN
    return {
        "resource-not-covered": (kept(native), f"no plan; its service backs it up: {thing.natively}"),
        "native-backup-only": (FAIL if native and thing.supported else NOT_APPLICABLE, f"{thing.natively}"),
        "opt-in-blocks-coverage": (NOT_APPLICABLE, "no selection asks for it"),
        "design-rpo-exceeded": (design, f"how often its service backs it up is not read: {thing.natively}"),
        "rpo-exceeded": (PASS, "it is younger than its RPO"),
        "newest-point-stale": (PASS, "it is younger than its RPO"),
        "last-recovery-point-too-old": (newest, "it is younger than a day, so that none is due; an instance's points are not looked at"),
        "points-nobody-asks-for": (unasked, "the default objective is nobody's; an instance's points are not looked at"),
        "resource-cost-over-budget": (NOT_APPLICABLE, "nobody named a budget"),
        "continuous-backup-stopped": (NOT_APPLICABLE if thing.alone else UNKNOWN, "an instance's points are not looked at"),
        "no-point-in-locked-vault": (PASS if thing.point else locked, "an instance's point may restore its volumes"),
        **dict.fromkeys(_COPIES, (NOT_APPLICABLE, "nobody asks for copies")),
        "retention-tier-missing": (NOT_APPLICABLE, "nobody asks for tiers"),
    }


def _restores(thing: Thing) -> dict[str, tuple[str, str]]:
    seen = thing.supported and thing.alone
    none = (NOT_APPLICABLE, "nothing was restored") if seen else (UNKNOWN, "what may restore it is not seen")
    left = seen or not thing.supported
    return {
        "restore-test-missing": (NOT_APPLICABLE, "it is younger than the time between tests"),
        "restore-test-failed": none,
        "restore-not-validated": none,
        "restore-of-stale-data": none,
        "restore-slower-than-rto": (UNKNOWN, "no restore shows how long it takes"),
        "restore-test-leftover": (PASS if left else UNKNOWN, "AWS Backup tests no restores of caches"),
    }
