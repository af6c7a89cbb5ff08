"""The whole way from AWS to findings: every verdict of an estate of which every verdict is known."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb

from estate import build
from harness import ACCOUNT, REGIONS, Audit, Endpoint, differences
from world import World


def test_every_verdict_is_the_known_one(world: World) -> None:
    assert differences(world.estate.expected(), world.clean.verdicts) == []


def test_findings_at_or_above_the_threshold_give_exit_code_10(world: World, tmp_path: Path) -> None:
    assert world.clean.done.returncode == 10
    only = ("--rule", "newest-point-stale")
    below = world.audit.evaluate(world.dataset, world.estate.config, tmp_path, *only, "--fail-on", "critical")
    assert below.done.returncode == 0, "what fails is of severity high, and nothing is unknown"


def test_all_formats_hold_the_same_findings(world: World) -> None:
    out = world.clean.out
    told = json.loads((out / "findings.json").read_text())
    in_json = {(row["rule_id"], row["subject_arn"]): row["verdict"] for row in told["findings"]}
    query = f"SELECT rule_id, subject_arn, verdict FROM '{out / 'findings.parquet'}'"
    in_parquet = {(rule, subject): verdict for rule, subject, verdict in duckdb.sql(query).fetchall()}
    assert differences(world.clean.verdicts, in_json) == []
    assert differences(world.clean.verdicts, in_parquet) == []


def test_the_order_is_rule_then_subject(world: World) -> None:
    keys = list(world.clean.findings)
    assert keys == sorted(keys)


def test_without_all_what_passed_is_only_counted(world: World, tmp_path: Path) -> None:
    done = world.audit("evaluate", "--dataset", world.dataset, "--config", world.estate.config, "--out", tmp_path)
    assert done.returncode == 10
    shown = Counter(row["verdict"] for row in json.loads((tmp_path / "findings.json").read_text())["findings"])
    verdicts = Counter(world.clean.verdicts.values())
    assert shown == {"fail": verdicts["fail"], "unknown": verdicts["unknown"]}


def test_judging_again_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    again = world.audit.evaluate(world.dataset, world.estate.config, tmp_path)
    for name in ("findings.csv", "findings.json", "findings.parquet"):
        assert (again.out / name).read_bytes() == (world.clean.out / name).read_bytes(), name


def test_offline_needs_neither_network_nor_credentials(world: World, tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    where = ("--dataset", world.dataset, "--config", world.estate.config, "--out", tmp_path)
    done = world.audit("--offline", *where, env=nowhere)
    assert done.returncode == 10, done.stderr
    assert (tmp_path / "report.html").stat().st_size < 1_000_000


def test_explain_tells_clause_by_clause(world: World) -> None:
    def explained(name: str) -> dict:
        arn = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:{name}"
        done = world.audit("explain", arn, "--json", "--dataset", world.dataset, "--config", world.estate.config)
        assert done.returncode in (0, 10, 11), done.stderr
        told = json.loads(done.stdout)
        seen = {(row["rule_id"], arn): row["verdict"] for row in told["findings"]}
        expected = {key: verdict for key, verdict in world.estate.expected().items() if key[1] == arn}
        assert differences(expected, seen) == []
        return told

    assert explained("team-a")["covered"] is True
    assert explained("team-b")["covered"] is False, "the ARN matches, the condition does not"
    scratch = explained("some-scratch")
    assert scratch["covered"] is False and "some-scratch" in json.dumps(scratch["selections"]), "excluded by name"


def test_short_pages_change_no_verdict(world: World, tmp_path: Path) -> None:
    world.aws.page_size(4)
    try:
        done = world.audit.collect(tmp_path / "data")
    finally:
        world.aws.page_size(None)
    assert done.returncode == 0, done.stderr
    seen = world.audit.evaluate(tmp_path / "data", world.estate.config, tmp_path / "out")
    assert differences(world.clean.verdicts, seen.verdicts) == []


def test_a_thousand_instances_take_no_call_each(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    estate = build(aws, tmp_path / "estate", resources=1000)
    points = [count for region in REGIONS for count in _points(aws, region)]
    assert sum(points) > 35_000
    before = aws.totals()
    done = audit.collect(tmp_path / "data", timeout=240)
    assert done.returncode == 0, done.stderr
    made = aws.totals() - before
    assert made["ListRecoveryPointsByBackupVault"] == sum(max(1, -(-one // 1000)) for one in points), "one call a page"
    assert made["DescribeDBInstances"] <= 11 + len(REGIONS), "a hundred instances a page"
    assert made["DescribeKey"] == made["GetKeyRotationStatus"] + 3, "once a key; the keys of AWS need no second call"
    assert made["DescribeDBSnapshotAttributes"] == 3, "of snapshots that somebody took, not of those of AWS Backup"
    assert made["DescribeDBClusterSnapshotAttributes"] == 1, "the same"
    assert not {"DescribeRecoveryPoint", "ListTags", "ListTagsForResource"} & set(made)
    seen = audit.evaluate(tmp_path / "data", estate.config, tmp_path / "out")
    assert differences(estate.expected(), seen.verdicts) == []


def _points(aws: Endpoint, region: str) -> list[int]:
    """How many points lie in each vault of a Region."""
    vaults = aws.client("backup", region).list_backup_vaults()["BackupVaultList"]
    return [vault["NumberOfRecoveryPoints"] for vault in vaults]
