"""A whole organisation in one collection: every active account is read as if by itself, and one that cannot be entered is unknown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dataset import collections, manifest, rows, tables
from estate import build
from estate.population import HOME, KEEPER
from harness import ACCOUNT, REGIONS, Audit, Endpoint

CLOSED = "333344445555"
ROLE = "audit/BackupAuditor"
MEMBER = "222233334444"
# What an organization is asked once, and how.
ONCE = {"org_accounts", "org_policies", "delegated_admins"}
QUESTIONS = {
    "ListAccounts", "ListPolicies", "DescribePolicy", "ListTargetsForPolicy", "ListDelegatedAdministrators",
}  # fmt: skip
MOVING = {
    "earliest_time_s", "latest_time_s", "earliest_restorable_time_s", "latest_restorable_time_s", "size_timestamp_s",
    "latest_delivery_time_s",
}  # fmt: skip


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
    assert done.returncode == 0, done.stderr
    [whole] = collections(tmp_path / "whole")
    told = manifest(whole)
    assert told["scope"]["accounts"] == sorted([ACCOUNT, KEEPER])
    assert f"{CLOSED} (" in done.stderr and "left out" in done.stderr
    for account in (ACCOUNT, KEEPER):
        assert audit.collect(tmp_path / account, account=account).returncode == 0
        [alone] = collections(tmp_path / account)
        # What an organization is asked once is with its management account.
        here = tables(whole) - (set() if account == ACCOUNT else ONCE)
        for table in sorted(here):
            of_account = [row for row in rows(whole, table) if row["account_id"] == account]
            assert Counter(map(line, of_account)) == Counter(map(line, rows(alone, table))), (account, table)


def line(row: dict[str, object]) -> str:
    """A row as text, without windows that move with the moment of reading."""
    return repr({column: value for column, value in row.items() if column not in MOVING})


def test_the_role_is_assumed_with_session_and_external_id(organisation: Endpoint, audit: Audit, tmp_path: Path) -> None:
    audit.collect(tmp_path / "data", "--org-role", ROLE, "--external-id", "audit-2026", "--only", "backup_vaults")
    [asked] = organisation.assumed()
    assert asked["RoleArn"] == f"arn:aws:iam::{KEEPER}:role/{ROLE}", "once, and the caller's own account needs no role"
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


def once(collection: Path) -> dict[tuple[str, str], str]:
    """How the reads of what an organization is asked once ended, by account and table."""
    return {(read["account_id"], read["table"]): read["status"] for read in rows(collection, "reads") if read["table"] in ONCE}


def asked_by(aws: Endpoint) -> set[str]:
    """The accounts whose credentials asked about the whole organization."""
    return {row["account"] for row in aws.calls() if row["operation"] in QUESTIONS}


@pytest.mark.parametrize("caller", [ACCOUNT, KEEPER], ids=["management account", "delegated administrator"])
def test_an_organisation_is_asked_once_and_a_member_has_no_gap(
    organisation: Endpoint, audit: Audit, tmp_path: Path, caller: str
) -> None:
    join(organisation, MEMBER)
    seen = asked_by(organisation)
    done = audit.collect(tmp_path / "data", "--org-role", ROLE, account=caller)
    assert done.returncode == 0, done.stderr
    [collection] = collections(tmp_path / "data")
    assert manifest(collection)["complete"] is True
    expected = {(account, table): "elsewhere" for account in (KEEPER, MEMBER) for table in ONCE}
    assert once(collection) == expected | {(ACCOUNT, table): "complete" for table in ONCE}
    assert {row["member_account_id"] for row in rows(collection, "org_accounts")} == {ACCOUNT, KEEPER, MEMBER, CLOSED}
    assert {row["account_id"] for table in ONCE for row in rows(collection, table)} == {ACCOUNT}
    assert MEMBER not in asked_by(organisation) - seen, "a member is not asked what it would be denied"
    [told] = [row for row in rows(collection, "organization") if row["account_id"] == MEMBER]
    assert told["management_account_id"] == ACCOUNT


def test_if_the_management_account_cannot_be_entered_the_caller_tells(
    organisation: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    organisation.fault("deny", service="sts", account=ACCOUNT)
    done = audit.collect(tmp_path / "data", "--org-role", ROLE, account=KEEPER)
    assert done.returncode == 11 and f"account {ACCOUNT} cannot be entered" in done.stderr
    [collection] = collections(tmp_path / "data")
    assert once(collection) == {
        (account, table): status for account, status in ((ACCOUNT, "denied"), (KEEPER, "complete")) for table in ONCE
    }
    assert {row["account_id"] for row in rows(collection, "org_accounts")} == {KEEPER}


def test_what_nobody_can_tell_is_one_gap_that_says_what_to_do(
    organisation: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    other = "123456789012"
    join(organisation, MEMBER, other)
    named = ("--accounts", f"{MEMBER},{other}", "--role-name", ROLE)
    # Who calls, and how the reads end that stand for the organization: its own if it is a member, else those of the first account by number.
    for name, caller, first in (("within", MEMBER, "denied"), ("from outside", ACCOUNT, "skipped")):
        done = audit.collect(tmp_path / name, *named, account=caller)
        assert done.returncode == 11, done.stderr
        [collection] = collections(tmp_path / name)
        told = {MEMBER: "elsewhere", other: "elsewhere"} | ({MEMBER: first} if caller == MEMBER else {other: first})
        assert once(collection) == {(account, table): told[account] for account in told for table in ONCE}, name
        assert f"the management account {ACCOUNT}" in done.stderr and "--org-role" in done.stderr
        unread = [read for read in rows(collection, "reads") if read["status"] not in ("complete", "elsewhere")]
        assert len(unread) == len(ONCE), "and nothing else is unread"


def test_a_member_alone_is_denied_and_an_account_in_no_organisation_has_none(
    organisation: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    join(organisation, MEMBER)
    for account, code, status in ((MEMBER, 11, "denied"), ("011122223333", 0, "complete")):
        done = audit.collect(tmp_path / account, account=account)
        assert done.returncode == code, done.stderr
        [collection] = collections(tmp_path / account)
        assert once(collection) == {(account, table): status for table in ONCE}
        assert not any(rows(collection, table) for table in ONCE)


def test_without_regions_every_enabled_one_is_read(organisation: Endpoint, audit: Audit, tmp_path: Path) -> None:
    enabled = {region["RegionName"] for region in organisation.client("ec2").describe_regions()["Regions"]}
    done = audit("collect", "--dataset", tmp_path / "data", "--no-progress", "--only", "backup_vaults")
    assert done.returncode == 11, "what was not asked for is unknown"
    [collection] = collections(tmp_path / "data")
    assert set(manifest(collection)["scope"]["regions"]) == enabled
    skipped = {read["table"] for read in rows(collection, "reads") if read["status"] == "not_requested"}
    assert skipped == tables(collection) - {"backup_vaults"}


def test_no_organisation_is_an_error_and_not_a_collection_of_nothing(
    aws: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    done = audit.collect(tmp_path / "data", "--org-role", ROLE)
    assert done.returncode == 1, done.stderr
    assert "AWSOrganizationsNotInUseException" in done.stderr and "--accounts" in done.stderr
    assert collections(tmp_path / "data") == []


def test_an_account_that_does_not_tell_its_regions_is_unknown(
    organisation: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    organisation.fault("deny", service="ec2", operation="DescribeRegions", account=KEEPER)
    few = ("--org-role", ROLE, "--only", "backup_vaults")
    done = audit("collect", "--dataset", tmp_path / "data", "--no-progress", *few)
    assert done.returncode == 11, done.stderr
    [collection] = collections(tmp_path / "data")
    vaults = [read for read in rows(collection, "reads") if read["table"] == "backup_vaults"]
    told = {account: {read["status"] for read in vaults if read["account_id"] == account} for account in (ACCOUNT, KEEPER)}
    assert told == {ACCOUNT: {"complete"}, KEEPER: {"denied"}}


def test_fifty_accounts_stay_under_the_rates_and_a_throttled_one_is_the_only_one_to_suffer(
    aws: Endpoint, audit: Audit, tmp_path: Path
) -> None:
    others = [f"2222{number:08}" for number in range(49)]
    join(aws, *others)
    slow = others[7]
    aws.fault("throttle", service="backup", operation="ListBackupVaults", account=slow)
    few = ("--only", "backup_vaults,backup_plans,region_settings", "--attempts", 3, "--rate-percent", 100)
    done = audit.collect(tmp_path / "data", "--org-role", ROLE, *few)
    assert done.returncode == 11, done.stderr
    [collection] = collections(tmp_path / "data")
    assert len(manifest(collection)["scope"]["accounts"]) == 50
    reads = [read for read in rows(collection, "reads") if read["status"] != "not_requested"]
    suffered = {(read["account_id"], read["table"], read["status"]) for read in reads if read["status"] != "complete"}
    assert suffered == {(slow, "backup_vaults", "throttled")}
    # The documented rate of each: 20 a second for lists, 5 for what AWS Backup does not name. A second may begin and end with a request.
    rates = {key: rate for key, rate in aws.rates().items() if key[0] == "backup"}
    assert len({account for _, _, _, account in rates}) == 50
    too_fast = {key: rate for key, rate in rates.items() if rate > (21 if key[1].startswith("List") else 6)}
    assert too_fast == {}
