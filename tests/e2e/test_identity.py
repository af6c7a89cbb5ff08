"""Who asks, what it needs to be allowed, and where AWS is: what a first run stumbles over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataset import collections, manifest
from emulator.permissions import action
from estate import build
from harness import ACCOUNT, REGIONS, Audit, Endpoint

NO_CREDENTIALS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


def test_the_read_policy_is_exactly_what_is_called(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    build(aws, tmp_path / "estate")
    before = {(row["service"], row["operation"]): row["count"] for row in summed(aws)}
    assert audit.collect(tmp_path / "data").returncode == 0
    called = {
        action(row["service"], row["operation"])
        for row in summed(aws)
        if row["count"] > before.get((row["service"], row["operation"]), 0)
    }
    done = audit("policy", "read", env={**NO_CREDENTIALS, "AWS_ENDPOINT_URL": None})
    assert done.returncode == 0, done.stderr
    [statement] = json.loads(done.stdout)["Statement"]
    assert statement["Effect"] == "Allow"
    assert set(statement["Action"]) == called
    assert statement["Action"] == sorted(statement["Action"])


def summed(aws: Endpoint) -> list[dict]:
    """The calls, over all Regions."""
    total: dict[tuple[str, str], int] = {}
    for row in aws.calls():
        key = (row["service"], row["operation"])
        total[key] = total.get(key, 0) + row["count"]
    return [{"service": service, "operation": name, "count": count} for (service, name), count in total.items()]


def test_nothing_is_called_but_reads(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    assert audit.collect(tmp_path / "data").returncode == 0
    assert {name for name in aws.totals() if not name.startswith(("Get", "List", "Describe", "Lookup"))} == set()


def test_expired_credentials_say_what_to_do(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    aws.fault("expired_token", service="sts")
    done = audit.collect(tmp_path / "data")
    assert done.returncode == 1
    assert "expired" in done.stderr and "log in again" in done.stderr
    assert "panicked" not in done.stderr
    assert collections(tmp_path / "data") == []


@pytest.mark.parametrize("arguments", [("collect",), ()], ids=["collect", "the whole job"])
def test_without_credentials_it_says_what_to_do(audit: Audit, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = audit(*arguments, "--dataset", tmp_path / "data", "--region", REGIONS[0], env=NO_CREDENTIALS)
    assert done.returncode == 1
    assert "no AWS credentials were found" in done.stderr
    for way_out in ("AWS_PROFILE", "--profile", "audit --offline --dataset examples/acme"):
        assert way_out in done.stderr


def test_refused_by_sts_is_said_in_one_screen(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    aws.fault("deny", service="sts")
    done = audit.collect(tmp_path / "data")
    assert done.returncode == 1
    assert "cannot ask AWS who the caller is" in done.stderr and "AccessDenied" in done.stderr
    assert len(done.stderr.splitlines()) < 12


@pytest.mark.parametrize(
    "arguments", [("evaluate",), ("report",), ("explain", "arn:aws:rds:us-east-1:111122223333:db:x"), ("--offline",)]
)
def test_without_a_dataset_it_says_how_to_make_one(audit: Audit, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = audit(*arguments, "--dataset", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "nowhere" in done.stderr and "audit collect" in done.stderr
    assert not (tmp_path / "nowhere").exists(), "looking for it does not make it"


def test_the_caller_is_written_down(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    other = "444455556666"
    assert audit.collect(tmp_path / "data", account=other).returncode == 0
    [collection] = collections(tmp_path / "data")
    told = manifest(collection)
    assert told["caller"]["account_id"] == other != ACCOUNT
    assert told["scope"] == {"accounts": [other], "regions": sorted(REGIONS)}


def test_the_endpoint_comes_from_the_variable_or_the_option(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    by_variable = audit.collect(tmp_path / "one", env={"AWS_ENDPOINT_URL": aws.url})
    by_option = audit.collect(tmp_path / "two", "--endpoint-url", aws.url, env={"AWS_ENDPOINT_URL": None})
    option_wins = audit.collect(tmp_path / "three", "--endpoint-url", aws.url, env={"AWS_ENDPOINT_URL": nowhere})
    assert [by_variable.returncode, by_option.returncode, option_wins.returncode] == [0, 0, 0], option_wins.stderr
    unreachable = audit.collect(
        tmp_path / "four", "--endpoint-url", nowhere, "--attempts", 1, env={"AWS_ENDPOINT_URL": None}
    )
    assert unreachable.returncode == 1
    assert "--endpoint-url" in unreachable.stderr


def test_no_secret_is_written_anywhere(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    token = {"AWS_SECRET_ACCESS_KEY": "s3cr3tw0rd", "AWS_SESSION_TOKEN": "t0kent0kent0ken"}
    done = audit.collect(tmp_path / "data", "-v", "-v", env=token)
    assert done.returncode == 0, done.stderr
    [collection] = collections(tmp_path / "data")
    written = [path.read_bytes() for path in collection.rglob("*") if path.is_file()]
    for secret in token.values():
        assert secret not in done.stdout + done.stderr
        assert not any(secret.encode() in content for content in written)
