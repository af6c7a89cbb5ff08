"""REST-JSON of AWS Backup, driven by the botocore model.

Requests become dictionaries keyed by member name, instants as datetimes; what
is required and absent, or of the wrong type, or not in an enum, is refused.
Members the model does not know are ignored, as AWS does.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator import times
from emulator.backup.errors import BackupError, invalid_value, missing
from emulator.faults import Reply
from emulator.wire import Call, service_model

_MODEL = service_model("backup")
assert _MODEL is not None
MODEL = _MODEL


def decode_request(call: Call, body: bytes) -> dict[str, Any]:
    """The parameters of a request. Raises `BackupError`."""
    shape = MODEL.operation_model(call.operation).input_shape
    if shape is None:
        return {}
    try:
        sent = json.loads(body) if body else {}
    except ValueError as error:
        raise invalid_value("the body is not JSON") from error
    params: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri":
            value = call.uri.get(wire_name)
        elif location == "querystring":
            value = call.query.get(wire_name, [None])[0]
        else:
            value = sent.get(wire_name)
        if value is not None:
            params[name] = decode(member, value, name)
        elif name in shape.required_members:
            raise missing(name)
    return params


def decode(shape: Shape, value: Any, path: str, strict: bool = False) -> Any:
    """A JSON (or query string) value as a member of `shape`.

    `strict` refuses members the model does not know, for the seeds of tests.
    """
    if isinstance(shape, StructureShape):
        return _decode_structure(shape, value, path, strict)
    if isinstance(shape, ListShape):
        _expect(isinstance(value, list), path, "a list")
        return [decode(shape.member, item, f"{path}[{at}]", strict) for at, item in enumerate(value)]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, dict), path, "a map")
        return {key: decode(shape.value, item, f"{path}.{key}", strict) for key, item in value.items()}
    return _decode_scalar(shape, value, path)


def _decode_structure(shape: StructureShape, value: Any, path: str, strict: bool) -> dict[str, Any]:
    _expect(isinstance(value, dict), path, "a structure")
    unknown = set(value) - set(shape.members)
    if strict and unknown:
        raise invalid_value(f"{path}: unknown members {sorted(unknown)}")
    for name in shape.required_members:
        if value.get(name) is None:
            raise missing(f"{path}.{name}")
    return {
        name: decode(member, value[name], f"{path}.{name}", strict)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _decode_scalar(shape: Shape, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "timestamp":
        try:
            return times.parse(value)
        except ValueError as error:
            raise invalid_value(f"{path}: {error}") from error
    if kind in ("integer", "long"):
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise invalid_value(f"{path}: {value!r} is not a whole number") from error
    if kind == "boolean":
        _expect(value in (True, False, "true", "false"), path, "a boolean")
        return value in (True, "true")
    _expect(isinstance(value, str), path, "a string")
    allowed = getattr(shape, "enum", None)
    _expect(not allowed or value in allowed, path, f"one of {allowed}")
    return value


def _expect(holds: bool, path: str, what: str) -> None:
    if not holds:
        raise invalid_value(f"{path} must be {what}")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def encode_response(operation: str, result: dict[str, Any]) -> Reply:
    """A result as HTTP: instants as epoch seconds, absent values left out."""
    model = MODEL.operation_model(operation)
    body = b"" if model.output_shape is None else json.dumps(_plain(result)).encode()
    return model.http.get("responseCode", 200), _headers(), body


def error_response(error: BackupError) -> Reply:
    """A refusal as HTTP; the code is in the header, as REST-JSON has it."""
    headers = {**_headers(), "x-amzn-ErrorType": error.code}
    body = {"Code": error.code, "Message": error.message, "Type": "Client"}
    return error.status, headers, json.dumps(body).encode()


def _headers() -> dict[str, str]:
    return {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
