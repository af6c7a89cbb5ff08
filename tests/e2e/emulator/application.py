"""The WSGI application: control door, fault injection, our services, then moto."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

import emulator.awsconfig
import emulator.cloudwatch
import emulator.dlm
import emulator.dynamodb
import emulator.ec2
import emulator.efs
import emulator.elasticache
import emulator.fsx
import emulator.iam
import emulator.kms
import emulator.logs
import emulator.organizations
import emulator.rds
import emulator.s3
import emulator.secretsmanager
import emulator.tagging  # noqa: F401  (they patch moto, or register what is ours)
from emulator import backup, cbor, control, own, trail
from emulator.faults import Faults, Reply, error_reply
from emulator.permissions import Permissions
from emulator.times import now
from emulator.wire import Call, understand


class Calls:
    """How often each (service, operation, Region, account) was called, how fast at most, and which roles were assumed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._last_second: dict[tuple[str, str, str, str], deque[float]] = {}
        self._fastest: Counter[tuple[str, str, str, str]] = Counter()
        self.assumed: list[dict[str, str]] = []

    def count(self, call: Call, account: str, body: bytes) -> None:
        """Note one request, whatever is answered."""
        key = (call.service, call.operation, call.region, account)
        now = time.monotonic()
        with self._lock:
            self._counts[key] += 1
            recent = self._last_second.setdefault(key, deque())
            recent.append(now)
            while recent[0] <= now - 1:
                recent.popleft()
            self._fastest[key] = max(self._fastest[key], len(recent))
            if call.operation == "AssumeRole":
                self.assumed.append(dict(parse_qsl(body.decode())))

    def fastest(self) -> list[dict[str, Any]]:
        """The most requests within a second, as objects, sorted by name."""
        with self._lock:
            return [_named(key, n) for key, n in sorted(self._fastest.items())]

    def rows(self) -> list[dict[str, Any]]:
        """The counts as objects, sorted by name."""
        with self._lock:
            return [_named(key, n) for key, n in sorted(self._counts.items())]

    def clear(self) -> None:
        """Begin again from nothing."""
        with self._lock:
            self._counts.clear()
            self._last_second.clear()
            self._fastest.clear()
            self.assumed.clear()


def _named(key: tuple[str, str, str, str], count: int) -> dict[str, Any]:
    return dict(zip(("service", "operation", "region", "account"), key, strict=True), count=count)


class Application:
    """One callable for the server; keeps the faults, the permissions and the counts."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.permissions = Permissions()
        self.calls = Calls()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, by whoever is in charge of it."""
        body = _read_body(environ)
        if environ["PATH_INFO"].startswith("/_emulator/"):
            return _send(control.answer(self, environ["REQUEST_METHOD"], environ["PATH_INFO"], body), start_response)
        call = understand(environ, body)
        account = call.account or _account_of(environ)
        call = replace(call, account=account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        self.calls.count(call, account, body)
        struck = "deny" if self.permissions.refuse(call) else self.faults.strike(call)
        if struck == "hang":
            self.faults.released.wait()
            struck = "error500"
        if struck in (None, "truncate"):
            reply = self._handle(call, account, environ, body)
            if struck == "truncate":
                # Half of an error may still name it, and would be whole enough.
                left = len(reply[2]) // 2 if reply[0] < 400 else min(len(reply[2]), 40)
                reply = (reply[0], _without_length(reply[1]), reply[2][:left])
        else:
            reply = error_reply(struck, call)
            if call.protocol == "cbor":
                reply = cbor.as_cbor(call, reply)
        return _send(reply, start_response)

    def _handle(self, call: Call, account: str, environ: dict[str, Any], body: bytes) -> Reply:
        if call.service == "backup" and call.operation in backup.OPERATIONS:
            return backup.answer(call, account, body)
        if (call.service, call.operation) in own.OPERATIONS:
            return own.answer(call, account, body)
        if (call.service, call.operation) == ("cloudtrail", "LookupEvents"):
            return trail.lookup_events(call, account, body)
        if call.protocol == "cbor":
            cbor.as_json(call, environ, body)
            return cbor.as_cbor(call, self._ask_moto(environ))
        return self._ask_moto(environ)

    def _ask_moto(self, environ: dict[str, Any]) -> Reply:
        told: dict[str, Any] = {}

        def remember(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            told["status"], told["headers"] = int(status.split()[0]), dict(headers)

        chunks = self._moto(environ, remember)
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return told["status"], told["headers"], content


def _account_of(environ: dict[str, Any]) -> str:
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    return get_account_id_from(credential.partition("/")[0])


def _read_body(environ: dict[str, Any]) -> bytes:
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _without_length(headers: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() != "content-length"}


def _send(reply: Reply, start_response: Any) -> list[bytes]:
    status, headers, body = reply
    headers = {"Date": format_datetime(now(), usegmt=True), **headers}
    if len(_without_length(headers)) == len(headers):
        headers = {**headers, "Content-Length": str(len(body))}
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [body]
