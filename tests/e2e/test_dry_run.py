"""A dry run says how many requests a collection makes: within ten percent of what the endpoint then counts, and without writing anything."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dataset import collections
from estate import build
from estate.population import HOME, KEEPER
from harness import ACCOUNT, Audit, Endpoint

ROLE = "audit/BackupAuditor"
ORGANISATION = ("--org-role", ROLE)
# How far the estimate may be off.
TOLERANCE = 0.10
SMALL = 7


@pytest.fixture
def full(aws: Endpoint, tmp_path: Path) -> Endpoint:
    """The estate and its keeper, an organisation."""
    build(aws, tmp_path / "estate")
    return aws


def estimated(audit: Audit, dataset: Path, *more: object) -> dict[str, Any]:
    """What a dry run says."""
    done = audit.collect(dataset, "--dry-run", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def called(aws: Endpoint, before: Counter[str]) -> Counter[str]:
    """What was called since."""
    return aws.totals() - before


def close(estimate: int, truth: int) -> bool:
    """Whether an estimate is as good as it has to be."""
    return abs(estimate - truth) <= TOLERANCE * truth


def by_operation(told: dict[str, Any]) -> Counter[str]:
    """Requests of each operation, whatever the figure comes from."""
    requests: Counter[str] = Counter()
    for row in told["operations"]:
        requests[row["operation"]] += row["requests"]
    return requests


def held_against_a_collection(aws: Endpoint, audit: Audit, dataset: Path, *more: object) -> tuple[dict[str, Any], Counter[str]]:
    """A dry run, and the collection that it is about; the estimate must hold, and what the dry run made must be as it says."""
    before, there = aws.totals(), collections(dataset)
    told = estimated(audit, dataset, *more)
    made = called(aws, before)
    assert sum(made.values()) == told["made_by_dry_run"], "it knows what it called itself"
    assert collections(dataset) == there and (there or not dataset.exists()), "nothing was written"
    before = aws.totals()
    assert audit.collect(dataset, *more).returncode in (0, 11)
    truth = called(aws, before)
    off = by_operation(told) - truth, truth - by_operation(told)
    assert close(told["requests"], sum(truth.values())), off
    assert told["requests"] == sum(by_operation(told).values())
    return told, made


@pytest.mark.parametrize("size", [None, SMALL], ids=["pages of AWS", "small pages"])
@pytest.mark.parametrize("more", [(), ORGANISATION], ids=["one account", "organisation"])
def test_the_estimate_holds_without_and_with_an_earlier_collection(
    full: Endpoint, audit: Audit, tmp_path: Path, size: int | None, more: tuple[object, ...]
) -> None:
    full.page_size(size)
    first, made = held_against_a_collection(full, audit, tmp_path / "data", *more)
    assert {row["source"] for row in first["operations"]} == {"counted", "at_least_one_page"}
    vaults = by_operation(first)["GetBackupVaultAccessPolicy"]
    assert made["ListRecoveryPointsByBackupVault"] == vaults, "one page of each tells how long the pages are"
    dear = {"LookupEvents", "GetMetricData", "GetBackupSelection", "GetBackupVaultAccessPolicy", "DescribeTable"}
    assert not dear & set(made), "what can be told otherwise is not called"
    assert sum(made.values()) < first["requests"] * 0.6, "it is cheaper than what it is about"

    again, made = held_against_a_collection(full, audit, tmp_path / "data", *more)
    assert {row["source"] for row in again["operations"]} == {"counted", "last_collection"}
    whom = {"GetCallerIdentity", "ListAccounts", "AssumeRole"}
    assert set(made) <= whom, "what the last collection tells is not asked again"


def test_tables_that_no_collection_has_read_are_counted_with_what_they_follow_from(
    full: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    dataset = tmp_path / "data"
    assert audit.collect(dataset, "--only", "backup_jobs,backup_plans").returncode == 11
    told, made = held_against_a_collection(full, audit, dataset, "--only", "backup_jobs,selections")
    sources = {row["operation"]: row["source"] for row in told["operations"]}
    assert sources["ListBackupJobs"] == "last_collection"
    assert sources["ListBackupPlans"] == sources["GetBackupSelection"] == "counted", "plans are what selections follow from"
    assert "ListBackupJobs" not in made and "GetBackupSelection" not in made


def test_more_rights_or_less_time_are_said(full: Endpoint, audit: Audit, tmp_path: Path) -> None:
    full.fault("deny", service="backup", operation="ListBackupVaults")
    full.fault("deny", service="sts", account=KEEPER)
    done = audit.collect(tmp_path / "data", "--dry-run", "--rate-percent", 50, *ORGANISATION)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert f"account {KEEPER} cannot be entered" in said
    assert f"backup_vaults cannot be listed ({ACCOUNT}, {HOME})" in said and "audit policy read" in said
    assert "LookupEvents" in said and "at least one page" in said and "50 % of the documented rates" in said
    assert "nothing was written" in said and not (tmp_path / "data").exists()


def test_rates_decide_how_long_it_takes(full: Endpoint, audit: Audit, tmp_path: Path) -> None:
    all_of_it = estimated(audit, tmp_path / "data")
    [events] = [row for row in all_of_it["operations"] if row["operation"] == "LookupEvents"]
    # Two a second in each of two Regions.
    assert events["at_rate_ms"] == all_of_it["at_least_ms"] == events["requests"] / 2 * 500
    assert all_of_it["slowest"]["service"] == "cloudtrail"
    half = estimated(audit, tmp_path / "data", "--rate-percent", 50, "--only", "cloudtrail_events")
    assert half["at_least_ms"] == 2 * all_of_it["at_least_ms"]


def test_without_a_way_to_aws_there_is_no_estimate(full: Endpoint, audit: Audit, tmp_path: Path) -> None:
    full.fault("deny", service="sts")
    done = audit.collect(tmp_path / "data", "--dry-run")
    assert done.returncode == 1 and "nothing was estimated" in done.stderr and done.stdout == ""
    assert audit("collect", "--json").returncode == 2, "--json is for dry runs"
