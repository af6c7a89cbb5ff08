"""Two collections of one estate, between which things were deleted.

What the second one does not show does not exist any more; what lay between the
two is not known; and the first one still says what it said.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dataset import collections, manifest, rows
from estate import build
from estate.population import AWAY, HOME, population
from estate.truth.points import has_points
from estate.vaults import vault_arn
from harness import ACCOUNT, Audit, Endpoint, Evaluation, differences


def db(name: str) -> str:
    """The ARN of an instance at home."""
    return f"arn:aws:rds:{HOME}:{ACCOUNT}:db:{name}"


class Twice:
    """The estate before and after, collected and judged both times."""

    def __init__(self, aws: Endpoint, audit: Audit, home: Path) -> None:
        self.audit, self.home, self.dataset = audit, home, home / "data"
        # The newest points are nearly four hours old: without the newest one, a resource is beyond its 27 hours.
        self.estate = build(aws, home / "estate", base=datetime.now(UTC) - timedelta(hours=2))
        assert audit.collect(self.dataset).returncode == 0
        self.first = self.judge("first")
        self.deleted = delete(aws)
        time.sleep(2)  # a collection speaks for the whole second in which it began
        assert audit.collect(self.dataset).returncode == 0
        self.second = self.judge("second")
        self.changed = {
            key: (self.first.verdicts.get(key), self.second.verdicts.get(key))
            for key in {*self.first.verdicts, *self.second.verdicts}
            if self.first.verdicts.get(key) != self.second.verdicts.get(key)
        }

    def judge(self, name: str, *more: object) -> Evaluation:
        """Judge the dataset."""
        return self.audit.evaluate(self.dataset, self.estate.config, self.home / name, *more)


def delete(aws: Endpoint) -> dict[str, str]:
    """Delete a selection, a plan, a vault with its points, a lock, a point and a database; ARNs of what matters later."""
    home, away = aws.client("backup", HOME), aws.client("backup", AWAY)
    plans = {row["BackupPlanName"]: row for row in home.list_backup_plans()["BackupPlansList"]}
    drop_selections(home, plans["selective"]["BackupPlanId"], {"by-arn"})
    drop_selections(home, plans["slow"]["BackupPlanId"], {"by-tag"})
    home.delete_backup_plan(BackupPlanId=plans["slow"]["BackupPlanId"])
    for point in points(away, "copies"):
        away.delete_recovery_point(BackupVaultName="copies", RecoveryPointArn=point["RecoveryPointArn"])
    away.delete_backup_vault(BackupVaultName="copies")
    home.delete_backup_vault_lock_configuration(BackupVaultName="main")
    newest = max(points(home, "main", ByResourceArn=db("sessions")), key=lambda point: point["CreationDate"])
    home.delete_recovery_point(BackupVaultName="main", RecoveryPointArn=newest["RecoveryPointArn"])
    rds = aws.client("rds", HOME)
    rds.modify_db_instance(DBInstanceIdentifier="plain", DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier="plain", SkipFinalSnapshot=True)
    return {
        "plan": plans["slow"]["BackupPlanArn"],
        "copying plan": plans["gold"]["BackupPlanArn"],
        "point": newest["RecoveryPointArn"],
    }


def drop_selections(backup: Any, plan_id: str, names: set[str]) -> None:
    """Take selections off a plan."""
    for row in backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]:
        if row["SelectionName"] in names:
            backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=row["SelectionId"])


def points(backup: Any, vault: str, **told: Any) -> list[dict[str, Any]]:
    """The points of a vault."""
    pages = backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=vault, **told)
    return [point for page in pages for point in page["RecoveryPoints"]]


@pytest.fixture(scope="module")
def twice(emulator: Endpoint, audit_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Twice:
    home = tmp_path_factory.mktemp("twice")
    emulator.reset()
    return Twice(emulator, audit_in(home), home)


def test_the_first_verdicts_are_the_known_ones(twice: Twice) -> None:
    assert differences(twice.estate.expected(), twice.first.verdicts) == []


def test_what_is_gone_is_gone(twice: Twice) -> None:
    """And nothing else: every change has its cause in what was deleted."""
    plain = {
        key: (verdict, AFTER_PLAIN.get(key[0]))
        for key, verdict in twice.first.verdicts.items()
        if key[1] == db("plain") and verdict != AFTER_PLAIN.get(key[0])
    }
    roots = {
        key: ("not_applicable", "pass") for key in twice.first.verdicts if key[0] == "collection-interval-too-long"
    }
    expected = without_plan(twice) | without_copies(twice) | without_lock() | stale() | plain | roots
    assert differences(_told(expected), _told(twice.changed)) == []


# What is still said of a database of which only points and jobs are left. What it owed is not known any more.
AFTER_PLAIN = {
    "point-retention-too-short": "unknown",
    "point-never-expires": "pass",
    "point-outlived-lifecycle": "pass",
    "recovery-point-not-encrypted": "pass",
    "recovery-point-key-unusable": "pass",
    "backup-job-failed": "not_applicable",
    "backup-completed-with-issues": "not_applicable",
    # The event of its deletion may not be listed yet.
    "population-not-reconciled": "unknown",
}
Changes = dict[tuple[str, str], tuple[str | None, str | None]]


def without_plan(twice: Twice) -> Changes:
    """A plan is gone with all that is said of it, and two databases are in no selection any more."""
    of_plan = {key: (verdict, None) for key, verdict in twice.first.verdicts.items() if key[1] == twice.deleted["plan"]}
    unselected = {("native-backup-only", db(name)): ("pass", "fail") for name in ("by-arn", "slow")}
    blocked = {("opt-in-blocks-coverage", db(name)): ("pass", "not_applicable") for name in ("by-arn", "slow")}
    design = {"by-arn": "pass", "slow": "fail"}
    owing = {("design-rpo-exceeded", db(name)): (before, "not_applicable") for name, before in design.items()}
    # Jobs of a rule that is gone are nobody's matter; by-arn was taken out of a plan that is still there.
    jobs = {
        (rule, db("slow")): ("pass", "not_applicable") for rule in ("backup-job-failed", "backup-completed-with-issues")
    }
    return of_plan | unselected | blocked | owing | jobs


def without_copies(twice: Twice) -> Changes:
    """The vault was emptied between the two moments; when is not known, and at the second one it had been."""
    vault = vault_arn(AWAY, "copies")
    of_vault = {key: (verdict, None) for key, verdict in twice.first.verdicts.items() if key[1] == vault}
    copied = [member.arn for member in population() if member.plan == "gold" and member.copies == "done"]
    uncopied = {
        (rule, arn): change
        for arn in copied
        for rule, change in {"cross-region-copy-missing": ("pass", "fail"), "rpo-exceeded": ("pass", "unknown")}.items()
    }
    # Where the plan copies to there is nothing; a vault made there again may have any key and any lock, and be air-gapped.
    copying = [member for member in population() if member.plan == "gold" and member.region == HOME]
    keys = {
        ("copy-needs-customer-key", member.arn): ("pass", "unknown") for member in copying if member.name != "plain"
    }
    lock = {("vault-lock-conflict", twice.deleted["copying plan"]): ("pass", "unknown")}
    # Instances cannot be kept in an air-gapped vault at all.
    gapped = {
        ("air-gapped-copy-missing", member.arn): ("not_applicable", "unknown") for member in copying if member.cluster
    }
    return of_vault | uncopied | keys | lock | gapped


def without_lock() -> Changes:
    """The lock of `main` is lifted: it was what guarded most points, and its policy can be taken away."""
    main = vault_arn(HOME, "main")
    of_vault = {
        ("vault-lock-without-floor", main): ("pass", "not_applicable"),
        ("vault-points-deletable", main): ("pass", "fail"),
    }
    elsewhere = {"sealed", "isle", "plain"}  # in a vault that is still locked, or gone altogether
    guarded = [member for member in population() if has_points(member) and member.region == HOME]
    points = {
        ("no-point-in-locked-vault", member.arn): ("pass", "fail") for member in guarded if member.name not in elsewhere
    }
    # Its copies lie in the vault of an account that nobody looks into, which may be locked.
    offsite = {("no-point-in-locked-vault", db("offsite")): ("pass", "unknown")}
    return of_vault | points | offsite


def stale() -> Changes:
    """The newest point of one database is gone; the one before it is a day older."""
    return {
        ("newest-point-stale", db("sessions")): ("pass", "fail"),
        ("last-recovery-point-too-old", db("sessions")): ("pass", "fail"),
        ("rpo-exceeded", db("sessions")): ("pass", "unknown"),
    }


def _told(changes: dict[tuple[str, str], tuple[str | None, str | None]]) -> dict[tuple[str, str], str]:
    return {key: f"{before} -> {after}" for key, (before, after) in changes.items()}


def test_a_deleted_point_is_in_the_first_collection_only(twice: Twice) -> None:
    held = [{row["recovery_point_arn"] for row in rows(one, "recovery_points")} for one in collections(twice.dataset)]
    assert len(held) == 2
    assert [twice.deleted["point"] in arns for arns in held] == [True, False]
    assert held[1] < held[0]


def test_the_first_collection_still_says_what_it_said(twice: Twice) -> None:
    started = manifest(collections(twice.dataset)[0])["started_at"]
    again = twice.judge("again", "--as-of", started)
    for name in ("findings.csv", "findings.json", "findings.parquet"):
        assert (again.out / name).read_bytes() == (twice.first.out / name).read_bytes(), name


def test_a_point_that_is_gone_bounds_nothing_before_it_went(twice: Twice) -> None:
    """The first moment is not judged anew in the light of the second: its exposure was what it was."""
    row = twice.second.findings[("rpo-exceeded", db("skipped"))]
    assert row["verdict"] == "fail"
    assert row["observed"] == twice.first.findings[("rpo-exceeded", db("skipped"))]["observed"]
