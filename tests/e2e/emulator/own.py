"""Operations of JSON services that moto lacks, answered before moto is asked.

Modules register a function for (service, operation). It takes the backend's
place (account, Region) and the parameters by member name, and gives the answer as
a dictionary. Requests are held against the botocore model; instants in answers
are epoch seconds.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.model import OperationModel
from botocore.validate import ParamValidator

from emulator.faults import Reply
from emulator.wire import Call, service_model

Params = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a request is answered."""

    account: str
    region: str


class OwnError(Exception):
    """A refusal with a code of the API model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


Operation = Callable[[Place, Params], Params]
OPERATIONS: dict[tuple[str, str], Operation] = {}
_LOCK = threading.RLock()


def operation(service: str, name: str) -> Callable[[Operation], Operation]:
    """Register a function as the operation of this API name."""

    def register(function: Operation) -> Operation:
        OPERATIONS[service, name] = function
        return function

    return register


def answer(call: Call, account: str, body: bytes) -> Reply:
    """Carry out one request."""
    service = service_model(call.service)
    assert service is not None
    model = service.operation_model(call.operation)
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    try:
        params = _decode(model, call, body)
        with _LOCK:
            result = OPERATIONS[call.service, call.operation](Place(account, call.region), params)
    except OwnError as error:
        told = {"Code": error.code, "ErrorCode": error.code, "Message": error.message, "__type": error.code}
        return error.status, {**headers, "x-amzn-ErrorType": error.code}, json.dumps(told).encode()
    return model.http.get("responseCode", 200), headers, json.dumps(result).encode()


def _decode(model: OperationModel, call: Call, body: bytes) -> Params:
    """The parameters of a request; those in path and query are texts, or lists of texts. Raises `OwnError`."""
    shape = model.input_shape
    if shape is None:
        return {}
    sent = json.loads(body) if body else {}
    params: Params = {}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri":
            value = call.uri.get(wire_name)
        elif location == "querystring":
            values = call.query.get(wire_name)
            value = values if member.type_name == "list" or values is None else _text(member.type_name, values[0])
        else:
            value = sent.get(wire_name)
        if value is not None:
            params[name] = value
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise OwnError("ValidationException", report.generate_report())
    return params


def _text(kind: str, value: str) -> Any:
    if kind in ("integer", "long"):
        return int(value)
    return value == "true" if kind == "boolean" else value
