"""An estate that stands still, so that two collections of it can be compared row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import ACCOUNT, REGIONS, Audit, Endpoint

# What the emulator tells anew each time.
MOVING = ("latest_delivery_time", "latest_delivery_time_s", "size_timestamp", "size_timestamp_s")


@dataclass(frozen=True)
class Still:
    """An estate that stands still, and the undisturbed collection of it."""

    aws: Endpoint
    audit: Audit
    whole: Path


def stand_still(aws: Endpoint) -> None:
    """Fix what moves with the clock: until when databases can be restored."""
    for region in REGIONS:
        rds = aws.client("rds", region)
        where = {"account": ACCOUNT, "region": region}
        seeds = []
        for row in rds.describe_db_instances()["DBInstances"]:
            if "LatestRestorableTime" in row:
                told = {"LatestRestorableTime": row["LatestRestorableTime"]}
                seeds.append({"kind": "db_instance", "DBInstanceIdentifier": row["DBInstanceIdentifier"], "told": told})
        for row in rds.describe_db_clusters()["DBClusters"]:
            told = {"LatestRestorableTime": row["LatestRestorableTime"]}
            seeds.append({"kind": "db_cluster", "DBClusterIdentifier": row["DBClusterIdentifier"], "told": told})
        aws.seed([{**row, **where} for row in seeds])
