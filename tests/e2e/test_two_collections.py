"""Two collections of one estate, between which things were deleted.

What the second one does not show does not exist any more; what lay between the
two is not known; and the first one still says what it said.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dataset import collections, manifest, rows
from estate import build
from estate.population import AWAY, HOME, population
from estate.scans import FOUND
from estate.truth import drift
from estate.truth.points import has_points
from estate.vaults import vault_arn
from harness import ACCOUNT, Audit, Endpoint, Evaluation, differences

# What the plan held that is deleted.
SLOW = ("slow", "tardy")


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
    [by_arn] = drop_selections(home, plans["selective"]["BackupPlanId"], {"by-arn"})
    drop_selections(home, plans["slow"]["BackupPlanId"], {"by-tag"})
    home.delete_backup_plan(BackupPlanId=plans["slow"]["BackupPlanId"])
    key = away.describe_backup_vault(BackupVaultName="copies")["EncryptionKeyArn"]
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
        "selection": f"{plans['selective']['BackupPlanArn']}#selection/{by_arn}",
        "copying plan": plans["gold"]["BackupPlanArn"],
        "point": newest["RecoveryPointArn"],
        "key": key,
    }


def drop_selections(backup: Any, plan_id: str, names: set[str]) -> list[str]:
    """Take selections off a plan; their ids."""
    listed = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    dropped = [row["SelectionId"] for row in listed if row["SelectionName"] in names]
    for selection in dropped:
        backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection)
    return dropped


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
    # What can be restored to a moment could be before, and nobody switched it off and on again.
    windows = {
        ("pitr-history-broken", subject): ("not_applicable", "pass")
        for (rule, subject), verdict in twice.first.verdicts.items()
        if rule == "pitr-lagging" and verdict != "not_applicable" and subject != db("plain")
    }
    expected = without_plan(twice) | without_copies(twice) | without_lock() | stale() | reduced(twice) | plain | roots
    expected |= windows
    assert differences(_told(expected), _told(twice.changed)) == []


# What is still said of a database of which only points and jobs are left. What it owes now is not known any more; what it
# owed when it was last listed holds for the points that it left.
AFTER_PLAIN = {
    "point-retention-too-short": "unknown",
    "point-deleted-early": "pass",
    "point-kept-too-long": "pass",
    "point-never-expires": "pass",
    "point-outlived-lifecycle": "pass",
    "recovery-point-not-encrypted": "pass",
    "recovery-point-key-unusable": "pass",
    "copy-depends-on-source-key": "not_applicable",
    "backup-job-failed": "not_applicable",
    "backup-completed-with-issues": "not_applicable",
    # The event of its deletion may not be listed yet.
    "population-not-reconciled": "unknown",
    "last-point-expiring": "pass",
    "point-orphaned": "fail",
    "point-expired-not-deleted": "pass",
    # What was said of the day on which it was deleted before.
    "final-snapshot-missing": "pass",
}
Changes = dict[tuple[str, str], tuple[str | None, str | None]]


def without_plan(twice: Twice) -> Changes:
    """A plan is gone with all that is said of it, and two databases are in no selection any more."""
    of_plan = {
        key: (verdict, None)
        for key, verdict in twice.first.verdicts.items()
        if key[1] == twice.deleted["plan"]
        # What the deleted plan held is gone with it; what was reduced by that is told elsewhere.
        or (
            (key[1].startswith(f"{twice.deleted['plan']}#") or key[1] == twice.deleted["selection"])
            and key[0] != drift.RULE
        )
    }
    names = ("by-arn", *SLOW)
    unselected = {("native-backup-only", db(name)): ("pass", "fail") for name in names}
    blocked = {("opt-in-blocks-coverage", db(name)): ("pass", "not_applicable") for name in names}
    design = {"by-arn": "pass", **dict.fromkeys(SLOW, "fail")}
    owing = {("design-rpo-exceeded", db(name)): (before, "not_applicable") for name, before in design.items()}
    # Jobs of a rule that is gone are nobody's matter; by-arn was taken out of a plan that is still there.
    jobs = {
        (rule, db(name)): ("pass", "not_applicable")
        for rule in ("backup-job-failed", "backup-completed-with-issues")
        for name in SLOW
    }
    # No rule that still stands asks for a run of theirs.
    runs = {
        (rule, db(name)): ("fail" if (rule, name) == ("backup-run-late", "tardy") else "pass", None)
        for rule in ("backup-run-late", "backup-run-missed", "recovery-from-failure-slow")
        for name in names
    }
    return of_plan | unselected | blocked | owing | jobs | runs


def without_copies(twice: Twice) -> Changes:
    """The vault was emptied between the two moments; when is not known, and at the second one it had been."""
    vault = vault_arn(AWAY, "copies")
    of_vault = {key: (verdict, None) for key, verdict in twice.first.verdicts.items() if key[1] == vault}
    copied = [member.arn for member in population() if member.plan == "gold" and member.copies == "done"]
    uncopied = {
        (rule, arn): change
        for arn in copied
        for rule, change in {
            "cross-region-copy-missing": ("pass", "fail"),
            "rpo-exceeded": ("pass", "unknown"),
            # Whenever it was between the two moments, most copies were younger than 34 days.
            "point-deleted-early": ("pass", "fail"),
        }.items()
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
    # The plan names a vault that is gone; and where there is no vault, no key protects one.
    target = {("plan-target-missing", twice.deleted["copying plan"]): ("pass", "fail")}
    unused = {("vault-key-aws-managed", twice.deleted["key"]): ("pass", "not_applicable")}
    # Nothing is restored from a lock any more in that Region; what was, was restored from a vault nobody can look into now.
    root = f"arn:aws:iam::{ACCOUNT}:root"
    restores = {
        ("restore-drill-missing", root): ("unknown", "not_applicable"),
        ("restore-from-lock-missing", root): ("pass", "unknown"),
        # No copy is left in the other Region; what lies behind the other lock is tested.
        ("restore-tests-skip-copies", root): ("fail", "pass"),
    }
    return of_vault | uncopied | keys | lock | gapped | target | unused | restores


def without_lock() -> Changes:
    """The lock of `main` is lifted: it was what guarded most points, and its policy can be taken away."""
    main = vault_arn(HOME, "main")
    of_vault = {
        ("vault-lock-without-floor", main): ("pass", "not_applicable"),
        ("vault-points-deletable", main): ("pass", "fail"),
        ("vault-lock-liftable", main): ("fail", "not_applicable"),
    }
    elsewhere = {"sealed", "isle", "plain"}  # in a vault that is still locked, or gone altogether
    guarded = [member for member in population() if has_points(member) and member.region == HOME]
    points = {
        ("no-point-in-locked-vault", member.arn): ("pass", "fail") for member in guarded if member.name not in elsewhere
    }
    points |= {("no-point-in-locked-vault", bucket): ("pass", "fail") for bucket in FOUND}
    # Its copies lie in the vault of an account that nobody looks into, which may be locked.
    offsite = {("no-point-in-locked-vault", db("offsite")): ("pass", "unknown")}
    return of_vault | points | offsite


def stale() -> Changes:
    """The newest point of one database is gone; the one before it is a day older."""
    return {
        ("newest-point-stale", db("sessions")): ("pass", "fail"),
        ("last-recovery-point-too-old", db("sessions")): ("pass", "fail"),
        ("rpo-exceeded", db("sessions")): ("pass", "unknown"),
        ("point-deleted-early", db("sessions")): ("pass", "fail"),
    }


def reduced(twice: Twice) -> Changes:
    """Whatever was there before is held against it: most is as it was, and what was taken away protects less."""
    of_rule = {subject for rule, subject in twice.first.verdicts if rule == drift.RULE}
    gone = {subject for subject in of_rule if subject.startswith(f"{twice.deleted['plan']}#")}
    weaker = {
        twice.deleted["plan"], twice.deleted["selection"], vault_arn(AWAY, "copies"), vault_arn(HOME, "main"),
        db("by-arn"), *map(db, SLOW),
    }  # fmt: skip
    after = {subject: "fail" if subject in weaker else "pass" for subject in of_rule - gone} | dict.fromkeys(gone)
    return {(drift.RULE, subject): ("not_applicable", verdict) for subject, verdict in after.items()}


def _told(changes: dict[tuple[str, str], tuple[str | None, str | None]]) -> dict[tuple[str, str], str]:
    return {key: f"{before} -> {after}" for key, (before, after) in changes.items()}


# Before and after: how it moved. What is not told did not fail before, and does not fail now.
_FAILED, _NOTHING = {"fail", "waived"}, {"pass", "not_applicable", None}


def moved(before: str | None, after: str | None) -> str | None:
    """How a verdict moved, where everything was read."""
    if after == "fail":
        return "open" if before == "fail" else "new"
    if before in _FAILED:
        return {"pass": "fixed", "not_applicable": "not_asked", "unknown": "out_of_sight", None: "gone"}[after]
    if before == "unknown":
        return "resolved" if after in _NOTHING else None
    return "became_unknown" if after == "unknown" else None


def test_the_difference_is_what_was_deleted(twice: Twice) -> None:
    where = ("--dataset", twice.dataset, "--config", twice.estate.config)
    done = twice.audit("diff", "previous", "latest", "--json", *where)
    assert done.returncode == 10, done.stderr
    told = json.loads(done.stdout)
    seen = {(one["rule_id"], one["subject_arn"]): one["movement"] for one in told["findings"]}
    first, second = twice.first.verdicts, twice.second.verdicts
    known = {key: moved(first.get(key), second.get(key)) for key in first.keys() | second.keys()}
    assert differences({key: how for key, how in known.items() if how}, seen) == []
    changes = {(one["subject_arn"], one["what"], one["change"]): one["weakens"] for one in told["drift"]["changes"]}
    assert changes == {
        (twice.deleted["plan"], "plan", "removed"): True,
        (twice.deleted["selection"], "selection", "removed"): True,
        (vault_arn(AWAY, "copies"), "vault", "removed"): True,
        (vault_arn(HOME, "main"), "lock", "changed"): True,
        (vault_arn(HOME, "main"), "shortest retention", "changed"): True,
        (db("by-arn"), "coverage", "changed"): True,
        **{(db(name), "coverage", "changed"): True for name in SLOW},
        (db("plain"), "resource", "removed"): False,
    }


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
