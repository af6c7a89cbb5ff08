"""Credentials that end half way, and a service that is throttled for a minute: what was read is kept, and the next run reads the rest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dataset import collections, manifest, rows, tables, unlike
from harness import REGIONS, Endpoint, access_key
from standing import MOVING, Still
from units import Unit, called, incomplete, reads, unit_of

LOG = "calls.jsonl"


@pytest.fixture(autouse=True)
def working_again(emulator: Endpoint) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    emulator.clear_faults()


def kept(dataset: Path) -> tuple[set[Unit], int]:
    """The units that the journal of the only collection, an open one, has as complete, and the calls so far."""
    [folder] = dataset.iterdir()
    assert not (folder / "manifest.json").exists(), "nothing is sealed"
    journal = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    done = {}  # the last line of a unit counts
    for line in journal:
        unit = line["unit"]
        done[Unit(unit["collector"], unit["account_id"], unit["region"], unit["parent"])] = line["complete"]
    return {unit for unit, complete in done.items() if complete}, len(called(folder / LOG))


def finished(still: Still, dataset: Path, units: set[Unit], calls: int) -> None:
    """Run again with nothing wrong: what was there is not asked for again, and the end is as if nothing had happened."""
    done = still.audit.collect(dataset)
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stderr
    [sealed] = collections(dataset)
    assert list(dataset.iterdir()) == [sealed] and manifest(sealed)["complete"] is True
    later = called(sealed / f"{LOG}.zst")[calls:]
    again = {unit_of(call) for call in later if call["table"]} & units
    assert again == set(), "what was complete is not asked for again"
    assert later, "the rest is"
    assert tables(sealed) == tables(still.whole) and unlike(sealed, still.whole, MOVING) == {}
    assert set(reads(sealed)) == set(reads(still.whole)) and incomplete(reads(sealed)) == {}


@pytest.mark.parametrize("after", [30, 200, 500])
@pytest.mark.parametrize("kind", ["expired_token", "invalid_token"])
def test_credentials_that_end_half_way_lose_nothing(still: Still, tmp_path: Path, kind: str, after: int) -> None:
    still.aws.fault(kind, after=after)
    done = still.audit.collect(tmp_path / "data")
    assert done.returncode == 1, done.stderr
    assert "the credentials expired on the way" in done.stderr and "resumes" in done.stderr
    units, calls = kept(tmp_path / "data")
    assert units and calls >= after
    still.aws.clear_faults()
    finished(still, tmp_path / "data", units, calls)


@pytest.mark.parametrize("service", ["rds", "ec2", "s3", "cloudwatch", "iam"])
def test_whichever_service_says_so_first(still: Still, tmp_path: Path, service: str) -> None:
    """Each protocol has a code of its own for it. The others still answer, as AWS may for some minutes."""
    still.aws.fault("expired_token", service=service)
    done = still.audit.collect(tmp_path / "data")
    assert done.returncode == 1, done.stderr
    units, calls = kept(tmp_path / "data")
    still.aws.clear_faults()
    finished(still, tmp_path / "data", units, calls)


def test_a_region_that_does_not_take_the_credentials_is_a_gap_and_no_reason_to_wait(
    still: Still, tmp_path: Path
) -> None:
    """So it is where a Region is not enabled, or takes no tokens of the global endpoint: new credentials would not help."""
    still.aws.fault("invalid_token", region="eu-west-1")
    done = still.audit.collect(tmp_path / "data")
    assert done.returncode == 11, done.stderr
    [sealed] = collections(tmp_path / "data")
    ended: dict[str, set[str]] = {}
    for unit, read in reads(sealed).items():
        ended.setdefault(unit.region, set()).add(read["status"])
    assert ended == {"us-east-1": {"complete"}, "global": {"complete"}, "eu-west-1": {"denied", "skipped", "complete"}}
    with_rows = {table for table in tables(sealed) if any(row["region"] == "eu-west-1" for row in rows(sealed, table))}
    assert with_rows == set(), "what is complete there are records that took no call"


MINUTE_S = 60
SLOW = {"service": "backup", "operation": "ListCopyJobs"}


def test_a_minute_of_throttling_is_waited_for_or_a_gap_that_the_next_run_closes(still: Still, tmp_path: Path) -> None:
    """A real minute, for two callers: one is told to be patient, one is not."""
    patient, hasty = ({"AWS_ACCESS_KEY_ID": access_key(caller=caller)} for caller in ("SLOW", "FAST"))
    still.aws.fault("throttle", **SLOW)
    before = still.aws.count(*SLOW.values())
    end = threading.Timer(MINUTE_S, still.aws.clear_faults)
    end.start()
    began = time.monotonic()
    with ThreadPoolExecutor(2) as callers:
        waiting = callers.submit(still.audit.collect, tmp_path / "patient", "--attempts", 20, env=patient)
        given_up = callers.submit(still.audit.collect, tmp_path / "hasty", "--attempts", 4, env=hasty).result()
        gave_up_s = time.monotonic() - began
        waited = waiting.result()
    waited_s = time.monotonic() - began
    end.join()

    assert waited.returncode == 0, waited.stderr
    assert waited_s >= MINUTE_S
    [whole] = collections(tmp_path / "patient")
    assert unlike(whole, still.whole, MOVING) == {}
    asked = slow_calls(whole)
    for region in REGIONS:
        refused = [call for call in asked if call["region"] == region and call["error"]]
        assert 3 <= len(refused) < 20, "it asks again, and less and less often"

    assert given_up.returncode == 11, given_up.stderr
    assert gave_up_s < MINUTE_S
    [first] = collections(tmp_path / "hasty")
    gaps = incomplete(reads(first))
    assert {(unit.table, unit.region): status for unit, status in gaps.items()} == {
        ("copy_jobs", region): "throttled" for region in REGIONS
    }
    assert len(slow_calls(first)) == 4 * len(REGIONS)
    assert still.aws.count(*SLOW.values()) - before == len(slow_calls(first)) + len(asked), "each attempt has its line"
    assert still.audit.collect(tmp_path / "hasty", env=hasty).returncode == 0
    _, second = collections(tmp_path / "hasty")
    assert incomplete(reads(second)) == {}
    # Of events, a second collection asks only for what the first does not have.
    assert set(unlike(second, still.whole, MOVING)) <= {"cloudtrail_events"}


def slow_calls(collection: Path) -> list[dict]:
    return [call for call in called(collection / f"{LOG}.zst") if call["operation"] == SLOW["operation"]]
