"""A whole organisation in one collection: every active account is read as if by itself, and one that cannot be entered is unknown."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from dataset import collections, manifest, rows, tables
from estate import build
from estate.population import HOME, KEEPER
from harness import ACCOUNT, REGIONS, Audit, Endpoint

CLOSED = "777788889999"
ROLE = "audit/BackupAuditor"
MOVING = {"earliest_time_s", "latest_time_s", "earliest_restorable_time_s", "latest_restorable_time_s"}


@pytest.fixture
def organisation(aws: Endpoint, tmp_path: Path) -> Endpoint:
    """The estate, its keeper, and an account that was closed."""
    build(aws, tmp_path / "estate")
    organizations = aws.client("organizations")
    join(aws, CLOSED)
    organizations.close_account(AccountId=CLOSED)
    return aws


def join(aws: Endpoint, *accounts: str) -> None:
    """Make accounts members of the organisation."""
    aws.seed([{"kind": "organization", "account": ACCOUNT, "region": HOME, "Members": list(accounts)}])


def test_every_active_account_is_read_as_if_by_itself(organisation: Endpoint, audit: Audit, tmp_path: Path) -> None:
    done = audit.collect(tmp_path / "whole", "--org-role", ROLE, "--external-id", "audit-2026")
    assert done.returncode in (0, 11), done.stderr
    [whole] = collections(tmp_path / "whole")
    told = manifest(whole)
    assert told["scope"]["accounts"] == sorted([ACCOUNT, KEEPER])
    assert f"{CLOSED} (" in done.stderr and "left out" in done.stderr
    for account in (ACCOUNT, KEEPER):
        assert audit.collect(tmp_path / account, account=account).returncode in (0, 11)
        [alone] = collections(tmp_path / account)
        for table in sorted(tables(whole)):
            of_account = [row for row in rows(whole, table) if row["account_id"] == account]
            assert Counter(map(line, of_account)) == Counter(map(line, rows(alone, table))), (account, table)


def line(row: dict[str, object]) -> str:
    """A row as text, without windows that move with the moment of reading."""
    return repr({column: value for column, value in row.items() if column not in MOVING})


def test_the_role_is_assumed_with_session_and_external_id(organisation: Endpoint, audit: Audit, tmp_path: Path) -> None:
    audit.collect(tmp_path / "data", "--org-role", ROLE, "--external-id", "audit-2026", "--only", "backup_vaults")
    [asked] = organisation.assumed()
    assert asked["RoleArn"] == f"arn:aws:iam::{KEEPER}:role/{ROLE}", "the caller's own account needs no role"
    assert (asked["RoleSessionName"], asked["ExternalId"]) == ("backup-audit", "audit-2026")


def test_an_account_that_cannot_be_entered_is_unknown_and_the_rest_goes_on(
    organisation: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    organisation.fault("deny", service="sts", account=KEEPER)
    done = audit.collect(tmp_path / "data", "--org-role", ROLE)
    assert done.returncode == 11, done.stderr
    assert f"account {KEEPER} cannot be entered" in done.stderr
    [collection] = collections(tmp_path / "data")
    reads = rows(collection, "reads")
    lost = [read for read in reads if read["account_id"] == KEEPER]
    assert {read["status"] for read in lost} == {"denied"}
    assert {read["table"] for read in lost} == tables(collection), "every table of it is unread, none is empty"
    assert {read["region"] for read in lost} == {*REGIONS, "global"}
    assert any(read["status"] == "complete" for read in reads if read["account_id"] == ACCOUNT)

    organisation.clear_faults()
    assert len(collections(tmp_path / "data")) == 1


def test_without_regions_every_enabled_one_is_read(organisation: Endpoint, audit: Audit, tmp_path: Path) -> None:
    enabled = {region["RegionName"] for region in organisation.client("ec2").describe_regions()["Regions"]}
    done = audit("collect", "--dataset", tmp_path / "data", "--no-progress", "--only", "backup_vaults")
    assert done.returncode == 11, "what was not asked for is unknown"
    [collection] = collections(tmp_path / "data")
    assert set(manifest(collection)["scope"]["regions"]) == enabled
    skipped = {read["table"] for read in rows(collection, "reads") if read["status"] == "not_requested"}
    assert skipped == tables(collection) - {"backup_vaults"}


def test_fifty_accounts_stay_under_the_rates_and_a_throttled_one_slows_only_itself(
    aws: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    others = [f"2222{number:08}" for number in range(49)]
    join(aws, *others)
    slow = others[7]
    aws.fault("throttle", service="backup", account=slow, times=12)
    began = time.monotonic()
    done = audit.collect(
        tmp_path / "data", "--org-role", ROLE, "--only", "backup_vaults,backup_plans,region_settings", "--attempts", 20
    )
    took_s = time.monotonic() - began
    assert done.returncode == 11, done.stderr
    [collection] = collections(tmp_path / "data")
    reads = [read for read in rows(collection, "reads") if read["status"] != "not_requested"]
    assert len(manifest(collection)["scope"]["accounts"]) == 50
    assert {read["status"] for read in reads} == {"complete"}
    ended = {account: max(read["ended_s"] for read in reads if read["account_id"] == account) for account in [ACCOUNT, *others]}
    first = min(read["started_s"] for read in reads)
    others_s = max(ended[account] for account in ended if account != slow) - first
    assert ended[slow] - first >= others_s, "the throttled account is the last"
    rates = aws.rates()
    too_fast = {key: rate for key, rate in rates.items() if rate > 21}
    assert too_fast == {}, f"requests a second of an operation, account and Region (the run took {took_s:.0f} s)"
