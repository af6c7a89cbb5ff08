"""One collection from the endpoint that makes points up, with everything that must be true of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dataset import collections, manifest, rows
from harness import clean_environment
from scale.endpoint import PAGE, REGION, Estate, Server
from scale.measure import Usage, measured

LIST = "ListRecoveryPointsByBackupVault"


@dataclass(frozen=True)
class Run:
    """What a collection used and gave; `faults` is empty if it is right."""

    dataset: Path
    usage: Usage
    requests: int
    pages: int
    rows: int
    parts: int
    faults: list[str]


def collect(audit: Path, vaults: int, points: int, home: Path) -> Run:
    """Collect so many points of so many vaults."""
    server = Server(Estate(vaults, points))
    dataset = home / "data"
    command = (
        audit, "collect", "--dataset", dataset, "--region", REGION, "--no-progress", "-q",
        "--only", "backup_vaults,recovery_points",
    )  # fmt: skip
    try:
        usage = measured(command, clean_environment(server.url, home), home)
    finally:
        server.shutdown()
        server.server_close()
    [collection] = collections(dataset)
    files = f"{collection}/recovery_points/*.parquet"
    parts = len(list((collection / "recovery_points").glob("*.parquet")))
    [(count, distinct, unsorted)] = duckdb.sql(f"""
        WITH points AS (
            FROM read_parquet('{files}', filename = true, file_row_number = true)
            SELECT *, (account_id, region, backup_vault_arn, creation_date_s, recovery_point_arn) AS place
        )
        FROM (SELECT *, lag(place) OVER (ORDER BY filename, file_row_number) AS before FROM points)
        SELECT count(*), count(DISTINCT (backup_vault_arn, recovery_point_arn)), count(*) FILTER (before >= place)
    """).fetchall()
    read = [row for row in rows(collection, "reads") if row["table"] == "recovery_points"]
    pages, sealed = sum(row["pages_count"] for row in read), manifest(collection)["tables"]["recovery_points"]
    asked, fewest = server.calls[LIST], vaults * -(-points // PAGE)
    told = {
        f"exit code {usage.code}": usage.code == 11,  # the other tables were not asked for
        f"calls that the endpoint does not know: {server.calls['unknown']}": server.calls["unknown"] == 0,
        f"{count} rows, {distinct} distinct, {sealed} by the manifest": count == distinct == sealed == vaults * points,
        f"{unsorted} rows out of order": unsorted == 0,
        f"reads that are {sorted({row['status'] for row in read})}": {row["status"] for row in read} == {"complete"},
        f"{asked} requests for {pages} pages": asked == pages,
        # A range of a large vault has a last page of its own, which may be short.
        f"{asked} requests, {fewest} would do": fewest <= asked <= fewest + len(read),
    }
    return Run(dataset, usage, asked, pages, count, parts, [fault for fault, right in told.items() if not right])
