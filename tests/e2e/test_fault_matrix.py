"""Every operation, refused, broken, throttled, hanging, or answered by half: its units are gaps, and nothing else is.

Here the record of reads and the rows are looked at, operation by operation; what becomes of verdicts is the matter of
`test_faults.py`, whose operations are left out. Several operations fail in one collection, chosen so that no table has
to do with two of them; many collect side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dataset import collections, rows, tables
from estate import build
from harness import Audit, Endpoint, access_key, callers
from test_faults import OPERATIONS
from units import Operation, Unit, asked, called, concerned, incomplete, reads, told, unlisted

ELSEWHERE = {(service, operation) for operation, service, _ in OPERATIONS}
# Called hundreds of times: to wait for each of them would take minutes.
MANY = {("cloudtrail", "LookupEvents")}
TOGETHER = 6
# What the emulator tells anew each time, or what moves with the clock.
MOVING = {
    "earliest_time_s", "latest_time_s", "earliest_restorable_time_s", "latest_restorable_time_s", "size_timestamp_s",
    "latest_delivery_time_s", "earliest_restorable_date_time_s", "latest_restorable_date_time_s",
}  # fmt: skip


class Kind(NamedTuple):
    """A way to fail."""

    fault: str
    details: dict[str, int]
    status: str
    patience: tuple[Any, ...] = ()
    at_once: int = 3


KINDS = {
    "deny": Kind("deny", {}, "denied"),
    "deny after the first answer": Kind("deny", {"after": 1}, "denied"),
    "error500": Kind("error500", {}, "unavailable", ("--attempts", 2)),
    "throttle": Kind("throttle", {}, "throttled", ("--attempts", 2)),
    # Twice, so that a table of many items is not waited for item by item. Who waits takes no processor.
    "hang": Kind("hang", {"times": 2}, "unavailable", ("--attempts", 1, "--attempt-timeout", 5), at_once=6),
    "truncate": Kind("truncate", {}, "unavailable", ("--attempts", 2)),
}
# What a row holds in place of what a refused question about one item would have told, where that is not nothing.
LESS = {("described", False)}


@dataclass
class Clean:
    """What the undisturbed collection called, read and found."""

    aws: Endpoint
    audit: Audit
    calls: Counter[Operation]
    asked: dict[Operation, set[Unit]]
    read: dict[Unit, dict[str, Any]]
    rows: dict[str, Counter[Row]]
    names: Iterator[str]


Row = tuple[tuple[str, Any], ...]


@pytest.fixture(scope="module")
def clean(emulator: Endpoint, audit_in, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clean]:
    home = tmp_path_factory.mktemp("clean")
    audit = audit_in(home)
    emulator.reset()
    build(emulator, home / "estate")
    done = audit.collect(home / "data")
    assert done.returncode == 0, done.stderr
    [collection] = collections(home / "data")
    calls = called(collection / "calls.jsonl.zst")
    units = asked(calls)
    found = {table: rows_of(collection, table) for table in tables(collection)}
    count = Counter(operation for call in calls for operation in asked([call]))
    yield Clean(emulator, audit, count, units, reads(collection), found, callers())
    emulator.reset()


def rows_of(collection: Path, table: str) -> Counter[Row]:
    kept = ({name: value for name, value in row.items() if name not in MOVING} for row in rows(collection, table))
    return Counter(tuple((name, freeze(value)) for name, value in row.items()) for row in kept)


def freeze(value: Any) -> Any:
    return repr(value) if isinstance(value, list | dict) else value


def laps(clean: Clean) -> list[list[Operation]]:
    """The operations, a few at a time, no two of which have to do with one table."""
    found: list[tuple[list[Operation], set[str]]] = []
    for operation in sorted(set(clean.asked) - ELSEWHERE):
        own = concerned(unit.table for unit in clean.asked[operation])
        for lap, taken in found:
            if len(lap) < TOGETHER and not own & taken:
                lap.append(operation)
                taken |= own
                break
        else:
            found.append(([operation], own))
    return [lap for lap, _ in found]


@pytest.mark.parametrize("name", KINDS)
def test_a_failing_operation_is_a_gap_of_its_units_and_nothing_else(clean: Clean, tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    turns = [(lap, tmp_path / str(number), next(clean.names)) for number, lap in enumerate(laps(clean))]
    assert {operation for lap, *_ in turns for operation in lap} | ELSEWHERE >= set(clean.asked)
    with ThreadPoolExecutor(kind.at_once) as pool:
        found = [line for lines in pool.map(lambda turn: list(wrong(clean, kind, *turn)), turns) for line in lines]
    assert not found, "\n".join(found)


def wrong(clean: Clean, kind: Kind, lap: list[Operation], home: Path, caller: str) -> Iterator[str]:
    """Collect while the operations of a lap fail; line by line what is not as it should be."""
    details = {operation: {**kind.details, **({"times": 12} if operation in MANY else {})} for operation in lap}
    for service, operation in lap:
        where = {"service": service, "operation": operation, "key": access_key(caller=caller)}
        clean.aws.fault(kind.fault, **where, **details[service, operation])
    wanted = concerned(unit.table for operation in lap for unit in clean.asked[operation])
    told_to = ("--only", ",".join(sorted(wanted)), *kind.patience)
    done = clean.audit.collect(home, *told_to, env={"AWS_ACCESS_KEY_ID": access_key(caller=caller)})
    if done.returncode != 11:
        yield f"{lap}: exit code {done.returncode}: {done.stderr}"
        return
    [collection] = collections(home)
    read = reads(collection)
    seen = incomplete(read)
    may_be_lost: set[Unit] = set()
    for operation in lap:
        units = clean.asked[operation]
        lost = units & set(seen)
        may_be_lost |= units | unlisted(lost)
        some = {"after", "times"} & set(details[operation])
        strikes = clean.calls[operation] > details[operation].get("after", 0)
        say = partial("{}: {}".format, operation)
        if (not lost and strikes) or (lost != units and not some):
            yield from (say(f"{told(unit)} is no gap") for unit in sorted(units - lost, key=str))
        yield from (say(f"{told(unit)} is no gap") for unit in sorted(unlisted(lost) - set(seen), key=str))
        for unit in sorted(lost, key=str):
            row = read[unit]
            if row["status"] not in (kind.status, "partial") or row["operation"] != operation[1] or not row["reason"]:
                yield say(f"{told(unit)} is {row['status']}: {row['operation']}: {row['reason']}")
        if lost and operation[1] not in done.stderr:
            yield say("the summary does not name it")
    yield from (f"{lap}: {told(unit)} is {seen[unit]}" for unit in sorted(set(seen) - may_be_lost, key=str))
    yield from (f"{lap}: {told(unit)} was never there" for unit in sorted(set(read) - set(clean.read), key=str))
    for table in sorted({unit.table for unit in read}):
        yield from (f"{lap}: {line}" for line in wrong_rows(clean, collection, table, read, seen))


def wrong_rows(clean: Clean, collection: Path, table: str, read: dict, seen: dict) -> Iterator[str]:
    """What is wrong with the rows of a table: all of a table without gaps, and of others none that was not there."""
    here, there = rows_of(collection, table), clean.rows[table]
    units = {unit for unit in clean.read if unit.table == table}
    if units == {unit for unit in read if unit.table == table} and not units & set(seen):
        if here != there:
            yield f"{table} has other rows, and no gap"
        return
    for row in here - there:
        if not any(no_more(row, whole) for whole in there):
            yield f"{table} has a row that is not there: {dict(row)}"
    if len(here) > len(there):
        yield f"{table} has more rows than there are"


def no_more(row: Row, whole: Row) -> bool:
    """Whether a row says nothing that the whole one does not."""
    pairs = zip(row, whole, strict=True)
    return all(cell == full or cell[1] is None or cell in LESS for cell, full in pairs)
