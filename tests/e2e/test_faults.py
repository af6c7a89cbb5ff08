"""What AWS refuses, garbles or never answers: nothing of it may make anything look better, or worse, than it is.

One estate; each test lets one operation fail in several ways, one for each of
several callers that collect side by side, and holds the verdicts against those
of the undisturbed collection. Each finding stays, becomes `unknown`, or gives
way to an `unknown` of what was not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dataset import collections, manifest, rows
from harness import Endpoint, Evaluation, access_key, differences
from world import World

# Operation, service, and the table that it fills.
OPERATIONS = [
    ("ListBackupVaults", "backup", "backup_vaults"),
    ("ListRecoveryPointsByBackupVault", "backup", "recovery_points"),
    ("ListBackupPlans", "backup", "backup_plans"),
    ("GetBackupPlan", "backup", "plan_rules"),
    ("ListBackupSelections", "backup", "selections"),
    ("GetBackupSelection", "backup", "selections"),
    ("ListBackupJobs", "backup", "backup_jobs"),
    ("ListCopyJobs", "backup", "copy_jobs"),
    ("DescribeRegionSettings", "backup", "region_settings"),
    ("DescribeDBInstances", "rds", "rds_instances"),
    ("DescribeDBClusters", "rds", "rds_clusters"),
    ("DescribeDBSnapshots", "rds", "rds_snapshots"),
    ("DescribeDBInstanceAutomatedBackups", "rds", "rds_automated_backups"),
]
# Other tables that tell what there is to back up.
POPULATION = {
    "dynamodb_tables", "s3_buckets", "ebs_volumes", "ec2_instances", "dlm_policies", "efs_file_systems",
    "fsx_file_systems", "fsx_volumes", "elasticache_groups", "redshift_clusters",
}  # fmt: skip
# Caller: fault, its details, the status it must leave, and how patient the caller is.
KINDS: dict[str, tuple[str, dict[str, int], str, tuple[Any, ...]]] = {
    "DENY": ("deny", {}, "denied", ()),
    "SOME": ("deny", {"after": 1}, "denied", ()),  # the first answer is good
    "FAIL": ("error500", {}, "unavailable", ("--attempts", 2)),
    "THRO": ("throttle", {}, "throttled", ("--attempts", 2)),
    "HANG": ("hang", {}, "unavailable", ("--attempts", 1, "--attempt-timeout", 5)),
    "HALF": ("truncate", {}, "unavailable", ("--attempts", 2)),
}


def kinds_of(place: int) -> list[str]:
    """Both refusals, and by turns two of the faults that leave the same behind but for the word: every kind meets every other operation."""
    refused = [caller for caller in KINDS if KINDS[caller][0] == "deny"]
    others = [caller for caller in KINDS if caller not in refused]
    return [*refused, others[place % len(others)], others[(place + 2) % len(others)]]


@pytest.fixture(autouse=True)
def working_again(emulator: Endpoint) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    emulator.clear_faults()
    emulator.page_size(None)


def violations(clean: Evaluation, faulty: Evaluation) -> list[str]:
    """Every finding that did what no gap may do."""
    # What was not read speaks for its rows: the unit itself, or the row that a Region has for what may have been missed in it.
    speak = [row for row in faulty.findings.values() if row["subject_type"] in ("read", "region")]
    units = {(row["rule_id"], row["region"]) for row in speak if row["verdict"] == "unknown"}
    found = []
    for key in sorted({*clean.findings, *faulty.findings}):
        before, after = clean.verdicts.get(key), faulty.verdicts.get(key)
        if after in (before, "unknown"):
            continue
        if after is None and (key[0], clean.findings[key]["region"]) in units:
            continue
        found.append(f"{' '.join(key)}: {before} became {after}")
    return found


def judged(world: World, home: Path, caller: str = "TEST", *more: object) -> Evaluation:
    """Collect with gaps and judge. What no rule looks at is left out, so that many can collect side by side."""
    unjudged = sorted({table for tables in world.estate.holdings.values() for table in tables} - POPULATION)
    more = (*more, "--skip", ",".join(unjudged))
    done = world.audit.collect(home / "data", *more, env={"AWS_ACCESS_KEY_ID": access_key(caller=caller)})
    assert done.returncode == 11, f"{caller}: {done.returncode}: {done.stderr}"
    [collection] = collections(home / "data")
    assert manifest(collection)["complete"] is False
    ended = {row["status"] for row in rows(collection, "reads")}
    assert ended - {"complete", "not_requested"}, f"{caller}: the fault left no gap"
    return world.audit.evaluate(home / "data", world.estate.config, home / "out")


@pytest.mark.parametrize(("operation", "service", "table"), OPERATIONS, ids=[name for name, _, _ in OPERATIONS])
def test_a_failing_operation_changes_nothing_but_to_unknown(
    world: World, tmp_path: Path, operation: str, service: str, table: str
) -> None:
    kinds = kinds_of(OPERATIONS.index((operation, service, table)))
    for caller in kinds:
        kind, details, _, _ = KINDS[caller]
        world.aws.fault(kind, service=service, operation=operation, key=access_key(caller=caller), **details)

    def wrong(caller: str) -> list[str]:
        home, (kind, details, status, patience) = tmp_path / caller, KINDS[caller]
        seen = judged(world, home, caller, *patience)
        found = violations(world.clean, seen)
        if operation not in seen.done.stdout and table not in seen.done.stdout:
            found.append("the summary does not name the gap")
        [collection] = collections(home / "data")
        left = {row["status"] for row in rows(collection, "reads") if row["table"] == table} - {"complete"}
        # Where some answers were good, as those of the list before a Get, the read is partial.
        if not left & {status, "partial"}:
            found.append(f"the reads are {left}, not {status}")
        return [f"{kind} {details or ''}: {one}" for one in found]

    with ThreadPoolExecutor(len(kinds)) as callers:
        found = [one for found in callers.map(wrong, kinds) for one in found]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("operation", "service", "after"),
    [
        ("ListRecoveryPointsByBackupVault", "backup", 12),
        ("ListBackupJobs", "backup", 5),
        ("ListCopyJobs", "backup", 1),
        ("DescribeDBInstances", "rds", 1),
        ("DescribeDBSnapshots", "rds", 9),
        ("ListBackupSelections", "backup", 4),
    ],
)
def test_what_ends_in_the_middle_of_its_pages_is_not_whole(
    world: World, tmp_path: Path, operation: str, service: str, after: int
) -> None:
    """Rows are there, and yet not all of them; the Region may be any of the two."""
    world.aws.page_size(4 if operation == "ListBackupSelections" else 20)
    world.aws.fault("deny", service=service, operation=operation, region="us-east-1", after=after)
    seen = judged(world, tmp_path)
    assert not violations(world.clean, seen), "\n".join(violations(world.clean, seen))
    [collection] = collections(tmp_path / "data")
    broken = [row for row in rows(collection, "reads") if row["operation"] == operation and row["status"] != "complete"]
    assert broken


def test_a_region_that_is_denied_leaves_the_other_as_it_was(world: World, tmp_path: Path) -> None:
    for service in ("backup", "rds", "resourcegroupstaggingapi"):
        world.aws.fault("deny", service=service, region="eu-west-1")
    seen = judged(world, tmp_path)
    assert not violations(world.clean, seen), "\n".join(violations(world.clean, seen))
    of_home = {key: row["verdict"] for key, row in world.clean.findings.items() if row["region"] == "us-east-1"}
    # Of what is left out nothing is judged, and `violations` has seen to that.
    kept = [key for key, verdict in of_home.items() if seen.verdicts.get(key) == verdict]
    assert ("native-backup-only", "arn:aws:rds:us-east-1:111122223333:db:orders") in kept
    assert len(kept) > len(of_home) / 2


def test_throttled_twice_is_no_gap(world: World, tmp_path: Path) -> None:
    for operation, service, _ in OPERATIONS:
        world.aws.fault("throttle", service=service, operation=operation, times=2)
    done = world.audit.collect(tmp_path / "data")
    assert done.returncode == 0, done.stderr
    seen = world.audit.evaluate(tmp_path / "data", world.estate.config, tmp_path / "out")
    assert differences(world.clean.verdicts, seen.verdicts) == []


def test_credentials_that_expire_in_the_middle_leave_gaps_or_nothing(world: World, tmp_path: Path) -> None:
    world.aws.fault("expired_token", service="backup", after=20)
    world.aws.fault("expired_token", service="rds", after=5)
    done = world.audit.collect(tmp_path / "data")
    assert done.returncode in (1, 11), done.stderr
    if done.returncode == 11:
        seen = world.audit.evaluate(tmp_path / "data", world.estate.config, tmp_path / "out")
        assert not violations(world.clean, seen), "\n".join(violations(world.clean, seen))
    else:
        assert collections(tmp_path / "data") == []


def test_only_unknown_gives_exit_code_11(world: World, tmp_path: Path) -> None:
    world.aws.fault("deny", service="backup", operation="ListBackupJobs")
    assert world.audit.collect(tmp_path / "data").returncode == 11
    only = ("--rule", "rpo-exceeded", "--fail-on", "critical")
    seen = world.audit.evaluate(tmp_path / "data", world.estate.config, tmp_path / "out", *only)
    assert seen.done.returncode == 11


def test_the_first_screen_of_the_report_names_the_gap(world: World, tmp_path: Path) -> None:
    world.aws.fault("deny", service="backup", operation="ListCopyJobs")
    assert world.audit.collect(tmp_path / "data").returncode == 11
    where = ("--dataset", tmp_path / "data", "--config", world.estate.config, "--out", tmp_path / "out")
    done = world.audit("report", *where)
    assert done.returncode == 10, done.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    main = page[page.index("<main") :]
    assert 0 < main.index("ListCopyJobs") < main.index("Nothing backs the resource up"), "what is not known comes first"


def test_a_gap_is_closed_by_the_next_collection(world: World, tmp_path: Path) -> None:
    world.aws.fault("deny", service="backup", operation="ListRecoveryPointsByBackupVault")
    assert world.audit.collect(tmp_path / "data").returncode == 11
    world.aws.clear_faults()
    assert world.audit.collect(tmp_path / "data").returncode == 0
    seen = world.audit.evaluate(tmp_path / "data", world.estate.config, tmp_path / "out")
    expected = world.estate.expected(collections=2)
    # Which keys there are follows from the points, too: what they were like before could not be asked.
    expected |= {key: "unknown" for key in expected if key[0] == "protection-reduced" and ":kms:" in key[1]}
    assert differences(expected, seen.verdicts) == []
