"""kill -9 at any moment: run again, and the dataset is what it would have been."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from dataset import collections, manifest, tables, unlike
from estate import build
from harness import Audit, Endpoint, to_collect
from standing import MOVING, stand_still
from units import incomplete, reads

KILLS = 20
SEED = 20261121
KILLS_IN_ORGANISATION = 4
IN_ORGANISATION = ("--org-role", "audit/BackupAuditor", "--external-id", "audit-2026")


def test_twenty_kills_lose_nothing(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    build(aws, tmp_path / "estate")
    stand_still(aws)
    aws.page_size(60)  # pages enough for some seconds
    began = time.monotonic()
    assert audit.collect(tmp_path / "whole").returncode == 0
    took_s = time.monotonic() - began
    [whole] = collections(tmp_path / "whole")

    moments = random.Random(SEED)
    kills = runs = 0
    while kills < KILLS:
        runs += 1
        dataset = tmp_path / f"killed-{runs}"
        killed = True
        while killed and kills < KILLS:
            # Short enough that a run seldom gets to its end, long enough that each adds something.
            killed = kill_after(audit, dataset, moments.uniform(0.02, 0.6) * took_s)
            kills += killed
        done = audit.collect(dataset) if killed else None
        assert done is None or done.returncode == 0, done.stderr
        sealed = collections(dataset)
        assert len(sealed) == 1 and list(dataset.iterdir()) == sealed, "one collection, and nothing beside it"
        assert manifest(sealed[0])["complete"] is True
        if (sealed[0] / "open.json").exists():  # killed after it was sealed: the next one tidies up
            assert audit.collect(dataset, "--only", "regions").returncode == 11
        assert {path.name for path in sealed[0].iterdir() if path.is_file()} == {"calls.jsonl.zst", "manifest.json"}
        assert tables(sealed[0]) == tables(whole)
        assert unlike(sealed[0], whole, MOVING) == {}


def test_kills_in_an_organisation_lose_nothing(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    """Two accounts side by side; the role of the other one is assumed anew by each run."""
    build(aws, tmp_path / "estate")
    stand_still(aws)
    began = time.monotonic()
    assert audit.collect(tmp_path / "whole", *IN_ORGANISATION).returncode == 0
    took_s = time.monotonic() - began
    [whole] = collections(tmp_path / "whole")
    moments = random.Random(SEED)
    kills = 0
    while kills < KILLS_IN_ORGANISATION:
        assert kill_after(audit, tmp_path / "data", moments.uniform(0.1, 0.3) * took_s, *IN_ORGANISATION)
        kills += 1
    done = audit.collect(tmp_path / "data", *IN_ORGANISATION)
    assert done.returncode == 0 and "resuming" in done.stderr, done.stderr
    [sealed] = collections(tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == [sealed]
    assert manifest(sealed)["scope"] == manifest(whole)["scope"] and len(manifest(sealed)["scope"]["accounts"]) == 2
    assert set(reads(sealed)) == set(reads(whole)) and incomplete(reads(sealed)) == incomplete(reads(whole))
    assert unlike(sealed, whole, MOVING) == {}


def kill_after(audit: Audit, dataset: Path, seconds: float, *more: object) -> bool:
    """Start a collection and kill it; False if it came to its end before, or had sealed what it read."""
    process = audit.start("collect", *to_collect(dataset), *more)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return not collections(dataset)
    assert process.returncode == 0
    return False
