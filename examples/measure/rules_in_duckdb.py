"""How long DuckDB takes for the rules that `measure --rules DIR` left as SQL, medians of five, with two threads.

    python examples/measure/rules_in_duckdb.py DIR/point_retention.sql      # needs the package duckdb

Each query runs on the Parquet files and on a table in memory. The verdicts of rows, as `audit rules explain` prints them as SQL, are made from the files, too.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from pathlib import Path

import duckdb


def median_ms(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Median of five runs."""
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        connection.execute(query).fetchall()
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


connection = duckdb.connect()
connection.execute("SET threads = 2")
queries = [line for line in Path(sys.argv[1]).read_text().splitlines() if line]
[files] = {match for query in queries for match in re.findall(r"read_parquet\('[^']*'\)", query)}
connection.execute(f"CREATE TABLE held AS SELECT * FROM {files}")
for query in queries:
    verdicts = connection.execute(query).fetchall()
    parquet_ms, memory_ms = (median_ms(connection, text) for text in (query, query.replace(files, "held")))
    [row_by_row] = re.findall(r"FROM \((SELECT subject_arn, CASE WHEN NOT .*?)\) AS rows", query)
    rows_ms = median_ms(connection, f"CREATE OR REPLACE TEMP TABLE judged AS {row_by_row}")
    print(f"Parquet {parquet_ms:5.0f} ms  memory {memory_ms:5.0f} ms  verdicts of rows {rows_ms:5.0f} ms  {verdicts}")
