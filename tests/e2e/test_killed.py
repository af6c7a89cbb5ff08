"""kill -9 at any moment: run again, and the dataset is what it would have been."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from dataset import collections, manifest, tables, unlike
from estate import build
from harness import Audit, Endpoint, to_collect

KILLS = 10
SEED = 20261121
# What the emulator tells anew each time.
MOVING = ("latest_delivery_time", "latest_delivery_time_s", "size_timestamp", "size_timestamp_s")


def test_ten_kills_lose_nothing(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
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
        assert {path.name for path in sealed[0].iterdir() if path.is_file()} == {"calls.jsonl.zst", "manifest.json"}
        assert tables(sealed[0]) == tables(whole)
        assert unlike(sealed[0], whole, MOVING) == {}


def kill_after(audit: Audit, dataset: Path, seconds: float) -> bool:
    """Start a collection and kill it; False if it came to its end before, or had sealed what it read."""
    process = audit.start("collect", *to_collect(dataset))
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return not collections(dataset)
    assert process.returncode == 0
    return False


def stand_still(aws: Endpoint) -> None:
    """Fix what moves with the clock: until when databases can be restored."""
    for region in ("us-east-1", "eu-west-1"):
        rds = aws.client("rds", region)
        where = {"account": "111122223333", "region": region}
        seeds = []
        for row in rds.describe_db_instances()["DBInstances"]:
            if "LatestRestorableTime" in row:
                told = {"LatestRestorableTime": row["LatestRestorableTime"]}
                seeds.append({"kind": "db_instance", "DBInstanceIdentifier": row["DBInstanceIdentifier"], "told": told})
        for row in rds.describe_db_clusters()["DBClusters"]:
            told = {"LatestRestorableTime": row["LatestRestorableTime"]}
            seeds.append({"kind": "db_cluster", "DBClusterIdentifier": row["DBClusterIdentifier"], "told": told})
        aws.seed([{**row, **where} for row in seeds])
