"""Events of CloudTrail: a later collection asks for what is new, and what an earlier one missed is asked for again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dataset import collections, rows
from estate.population import HOME
from harness import ACCOUNT, Audit, ControlError, Endpoint
from shapes import ShapeCheck

DAY_S = 86_400
NAME = "DeleteRecoveryPoint"
BACKUP = "backup.amazonaws.com"


def event(name: str, ago: timedelta, **told: Any) -> dict[str, Any]:
    """A deletion, so long ago."""
    happened = (datetime.now(UTC) - ago).isoformat()
    where = {"kind": "event", "account": ACCOUNT, "region": HOME}
    return {**where, "EventId": name, "EventName": NAME, "EventSource": BACKUP, "EventTime": happened, **told}


def spans(collection: Path) -> dict[str, tuple[str, int, int]]:
    """Status and span of each kind of event at home."""
    return {
        row["parent"]: (row["status"], row["from_s"], row["to_s"])
        for row in rows(collection, "reads")
        if row["table"] == "cloudtrail_events" and row["region"] == HOME and row["parent"]
    }


def ids(collection: Path) -> set[str]:
    """The events of a collection."""
    return {row["event_id"] for row in rows(collection, "cloudtrail_events")}


def test_a_later_collection_asks_for_what_is_new(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    aws.seed([event("old", timedelta(days=10)), event("just-now", timedelta(minutes=20))])
    aws.fault("deny", service="cloudtrail", operation="LookupEvents", region=HOME, times=1)
    assert audit.collect(tmp_path / "data").returncode == 11
    aws.seed([event("late", timedelta(minutes=50)), event("new", timedelta(minutes=1))])
    assert audit.collect(tmp_path / "data").returncode == 0
    first, second = collections(tmp_path / "data")
    [denied] = [name for name, (status, _, _) in spans(first).items() if status == "denied"]
    assert denied != NAME, "the first kind by name"
    before, after = spans(first), spans(second)
    assert set(before) == set(after) and len(before) > 100
    for name, (status, from_s, to_s) in after.items():
        begins = to_s + 15 * 60 - 90 * DAY_S if name == denied else before[name][2] - 3_600
        assert (status, from_s) == ("complete", begins), name
    assert ids(first) == {"old", "just-now"}
    assert ids(second) == {"just-now", "late", "new"}, "what came late is found, what is old is not asked for"


def test_a_denial_of_all_kinds_is_told_once(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    aws.fault("deny", service="cloudtrail", operation="LookupEvents", region=HOME)
    done = audit.collect(tmp_path / "data")
    assert done.returncode == 11
    [told] = [line for line in done.stderr.splitlines() if "reads of cloudtrail_events denied" in line]
    [collection] = collections(tmp_path / "data")
    assert told == f"warning: {len(spans(collection))} reads of cloudtrail_events denied ({ACCOUNT}, {HOME})"
    assert {status for status, _, _ in spans(collection).values()} == {"denied"}


def test_pages_are_followed_to_their_end(aws: Endpoint, audit: Audit, tmp_path: Path) -> None:
    aws.seed([event(f"event-{at}", timedelta(hours=at + 1)) for at in range(7)])
    aws.page_size(3)
    assert audit.collect(tmp_path / "data").returncode == 0
    [collection] = collections(tmp_path / "data")
    assert ids(collection) == {f"event-{at}" for at in range(7)}
    pages = [row["pages_count"] for row in rows(collection, "reads") if row["parent"] == NAME and row["region"] == HOME]
    assert pages == [3]


def test_events_are_looked_up_as_aws_does(aws: Endpoint) -> None:
    aws.seed([event("old", timedelta(days=91)), event("a", timedelta(days=2)), event("b", timedelta(days=1))])
    check = ShapeCheck()
    client = check.watch(aws.client("cloudtrail"))
    by_name = [{"AttributeKey": "EventName", "AttributeValue": NAME}]
    told = client.lookup_events(LookupAttributes=by_name)["Events"]
    assert [one["EventId"] for one in told] == ["b", "a"], "newest first, and nothing older than 90 days"
    first = client.lookup_events(LookupAttributes=by_name, MaxResults=1)
    rest = client.lookup_events(LookupAttributes=by_name, MaxResults=1, NextToken=first["NextToken"])
    assert [one["EventId"] for one in rest["Events"]] == ["a"] and "NextToken" not in rest
    now = datetime.now(UTC)
    for code, asked in {
        "InvalidLookupAttributesException": {"LookupAttributes": by_name * 2},
        "InvalidTimeRangeException": {"StartTime": now, "EndTime": now - timedelta(days=1)},
        "InvalidMaxResultsException": {"MaxResults": 51},
        "InvalidNextTokenException": {"NextToken": first["NextToken"]},
    }.items():
        with pytest.raises(ClientError) as refused:
            client.lookup_events(**asked)
        assert refused.value.response["Error"]["Code"] == code
    assert check.problems == []
    with pytest.raises(ControlError, match="EventTime"):
        aws.seed([{"kind": "event", "account": ACCOUNT, "region": HOME, "EventName": NAME, "EventSource": BACKUP}])
