"""LookupEvents of CloudTrail, which moto does not have, and what becomes of a trail whose bucket is gone.

Events are put in place by seeds of kind `event`, members as in the API's own
`Event`; `CloudTrailEvent` may be an object and is kept as the text that AWS
sends, with what every record has. What clients call is not logged by itself:
an estate that thousands of calls built would have as many events.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, TrailStatus
from moto.s3.models import s3_backends

from emulator import times
from emulator.backup.errors import BackupError, invalid_value
from emulator.backup.protocol import decode
from emulator.faults import Reply
from emulator.paging import TokenError, page
from emulator.wire import Call, service_model

_KEPT = timedelta(days=90)
_LARGEST_PAGE = 50
_MODEL = service_model("cloudtrail")
assert _MODEL is not None
# Key of a lookup attribute -> member of the event.
_ATTRIBUTES = {"EventId": "EventId", "EventName": "EventName", "EventSource": "EventSource", "Username": "Username"}
_LOCK = threading.Lock()
_EVENTS: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)


class _Refusal(Exception):
    """A refusal with a code from the API model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def forget() -> None:
    """No event ever happened."""
    with _LOCK:
        _EVENTS.clear()


def plant(account: str, region: str, row: dict[str, Any]) -> None:
    """Put an event in place. Raises `BackupError` if it is none."""
    record = row.pop("CloudTrailEvent", {})
    assert _MODEL is not None
    event = decode(_MODEL.shape_for("Event"), {"EventId": str(uuid.uuid4()), **row}, "Event", strict=True)
    lacking = {"EventName", "EventSource", "EventTime"} - set(event)
    if lacking:
        raise invalid_value(f"an event without {sorted(lacking)}")
    if isinstance(record, dict):
        record = json.dumps({**_record(event, account, region), **record})
    with _LOCK:
        _EVENTS[(account, region)].append({**event, "CloudTrailEvent": record})


def _record(event: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventID": event["EventId"],
        "eventName": event["EventName"],
        "eventSource": event["EventSource"],
        "eventTime": event["EventTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "managementEvent": True,
        "awsRegion": region,
        "recipientAccountId": account,
    }


def lookup_events(call: Call, account: str, body: bytes) -> Reply:
    """A page of events, newest first."""
    try:
        return _reply(200, _looked_up(call, account, body))
    except (_Refusal, BackupError) as error:
        code = error.code if isinstance(error, _Refusal) else "ValidationException"
        return _reply(400, {"__type": code, "message": error.message})


def _looked_up(call: Call, account: str, body: bytes) -> dict[str, Any]:
    assert _MODEL is not None
    asked = decode(_MODEL.shape_for("LookupEventsRequest"), json.loads(body), "LookupEventsRequest")
    attributes = asked.get("LookupAttributes", [])
    if len(attributes) > 1 or any(one["AttributeKey"] not in _ATTRIBUTES for one in attributes):
        raise _Refusal("InvalidLookupAttributesException", "one lookup attribute, and one that is known here")
    size = asked.get("MaxResults", _LARGEST_PAGE)
    if not 1 <= size <= _LARGEST_PAGE:
        raise _Refusal("InvalidMaxResultsException", f"{size} is not between 1 and {_LARGEST_PAGE}")
    now = times.now()
    start, end = asked.get("StartTime", now - _KEPT), asked.get("EndTime", now + timedelta(days=1))
    if start > end:
        raise _Refusal("InvalidTimeRangeException", "the start is after the end")
    scope = [call.operation, account, call.region, attributes, asked.get("StartTime"), asked.get("EndTime")]
    try:
        events, token = page(
            lambda: _found(account, call.region, attributes, start, end), size, asked.get("NextToken"), scope
        )
    except TokenError as error:
        raise _Refusal("InvalidNextTokenException", str(error)) from error
    told = {"Events": [{**event, "EventTime": event["EventTime"].timestamp()} for event in events]}
    return {**told, "NextToken": token} if token else told


def _found(
    account: str, region: str, attributes: list[dict[str, str]], start: datetime, end: datetime
) -> list[dict[str, Any]]:
    oldest = times.now() - _KEPT
    with _LOCK:
        found = [
            event
            for event in _EVENTS[(account, region)]
            if max(start, oldest) <= event["EventTime"] <= end
            and all(event.get(_ATTRIBUTES[one["AttributeKey"]]) == one["AttributeValue"] for one in attributes)
        ]
    return sorted(found, key=lambda event: event["EventTime"], reverse=True)


def _reply(status: int, value: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return status, headers, json.dumps(value).encode()


_get_trail_status, _description = CloudTrailBackend.get_trail_status, TrailStatus.description


def get_trail_status(backend: CloudTrailBackend, name: str) -> TrailStatus:
    """Of a trail that delivers, or cannot."""
    status = _get_trail_status(backend, name)
    trails = backend.describe_trails(include_shadow_trails=True)
    [bucket] = {one.bucket_name for one in trails if name in (one.trail_name, one.arn)}
    status.error = None if bucket in s3_backends[backend.account_id][backend.partition].buckets else "NoSuchBucket"
    return status


def description(status: TrailStatus) -> dict[str, Any]:
    """With the error of the last delivery, if there was one."""
    told, error = _description(status), getattr(status, "error", None)
    return {**told, "LatestDeliveryError": error} if status.is_logging and error else told


CloudTrailBackend.get_trail_status = get_trail_status
TrailStatus.description = description
