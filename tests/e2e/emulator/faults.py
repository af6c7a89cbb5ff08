"""Faults on demand: what AWS, a policy or the network may answer instead.

A fault is set for a service, an operation, a Region, an account and an access
key (`*`: any), so that several callers can each have their own; it starts after so many good calls, and strikes so many times (or for ever).
"""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from emulator.wire import Call, service_model

# kind -> (status, code in JSON protocols, code in the Query protocol, message)
_ERRORS = {
    "deny": (403, "AccessDeniedException", "AccessDenied", "User: {caller} is not authorized to perform: {action}"),
    "error500": (500, "InternalFailure", "InternalFailure", "An internal error has occurred"),
    "throttle": (429, "ThrottlingException", "Throttling", "Rate exceeded"),
    "expired_token": (
        403,
        "ExpiredTokenException",
        "ExpiredToken",
        "The security token included in the request is expired",
    ),
    # Keys that are gone, and those of a session that a Region does not take.
    "invalid_token": (
        403,
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    ),
}
_STATUS_JSON = {"deny": 400, "throttle": 400, "expired_token": 400, "invalid_token": 400}
_STATUS_QUERY = {"throttle": 400}
# S3 has statuses and codes of its own.
_S3 = {
    "deny": (403, "AccessDenied"),
    "error500": (500, "InternalError"),
    "throttle": (503, "SlowDown"),
    "expired_token": (400, "ExpiredToken"),
    "invalid_token": (403, "InvalidAccessKeyId"),
}
# EC2 has codes of its own for some of them.
_CODES_EC2 = {
    "AccessDenied": "UnauthorizedOperation", "Throttling": "RequestLimitExceeded", "ExpiredToken": "RequestExpired",
    "InternalFailure": "InternalError", "InvalidClientTokenId": "AuthFailure",
}  # fmt: skip
KINDS = (*_ERRORS, "hang", "truncate")
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Fault:
    """One fault as a test has set it. `times` None: for ever."""

    kind: str
    service: str = "*"
    operation: str = "*"
    region: str = "*"
    account: str = "*"
    key: str = "*"
    after: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")

    def concerns(self, call: Call) -> bool:
        """Whether the fault was set for such a call."""
        wanted = (self.service, self.operation, self.region, self.account, self.key)
        given = (call.service, call.operation, call.region, call.account, call.key)
        return all(want in ("*", have) for want, have in zip(wanted, given, strict=True))


class Faults:
    """All faults now set. The first one that concerns a call strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.released = threading.Event()

    def add(self, fault: Fault) -> None:
        """Set one more fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults and let hanging requests go."""
        with self._lock:
            self._faults.clear()
            released, self.released = self.released, threading.Event()
        released.set()

    def strike(self, call: Call) -> str | None:
        """The kind of fault that hits this call, if any; counts it."""
        with self._lock:
            for fault in self._faults:
                if not fault.concerns(call):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                elif fault.times is None:
                    return fault.kind
                elif fault.times > 0:
                    fault.times -= 1
                    return fault.kind
        return None


def error_reply(kind: str, call: Call) -> Reply:
    """The answer of a struck call, in the wire shape of its protocol."""
    status, code, query_code, text = _ERRORS[kind]
    account = call.account or "123456789012"
    message = text.format(caller=f"arn:aws:iam::{account}:user/auditor", action=f"{call.service}:{call.operation}")
    request_id = str(uuid.uuid4())
    if call.protocol == "rest-xml":
        return _s3_error(*_S3[kind], message, request_id)
    if call.protocol == "query":
        return _query_error(_STATUS_QUERY.get(kind, status), query_code, message, call, request_id)
    body: dict[str, Any] = {"message": message}
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": code, "Content-Type": "application/json"}
    if call.protocol in ("json", "cbor"):
        body["__type"] = code
        status = _STATUS_JSON.get(kind, status)
        headers["Content-Type"] = "application/x-amz-json-1.1"
    return status, headers, json.dumps(body).encode()


def _query_error(status: int, code: str, message: str, call: Call, request_id: str) -> Reply:
    if call.service == "ec2":
        error = f"<Error><Code>{_CODES_EC2.get(code, code)}</Code><Message>{message}</Message></Error>"
        body = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
        return status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode()
    model = service_model(call.service)
    namespace = model.metadata.get("xmlNamespace", "") if model else ""
    side = "Receiver" if status >= 500 else "Sender"
    body = (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{side}</Type><Code>{code}</Code>'
        f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode()


def _s3_error(status: int, code: str, message: str, request_id: str) -> Reply:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
        f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
    )
    return status, {"Content-Type": "application/xml", "x-amz-request-id": request_id}, body.encode()
