"""Which call is this? Service, operation, Region and account of a request.

Read from the request alone, before anybody handles it, for the four protocols
in use: Query (an `Action` field), JSON (`X-Amz-Target`), RPC with CBOR
(`/service/…/operation/…`) and REST (method, path and the query keys that tell
operations on one path apart, matched against the botocore model of the service).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.model import ServiceModel

# Names in signatures that differ from the model's name.
SERVICES = {"tagging": "resourcegroupstaggingapi", "elasticfilesystem": "efs", "monitoring": "cloudwatch"}
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_KEY_WITH_ACCOUNT = re.compile(r"^AKIA(\d{12})[A-Z0-9]{4}$")
_CBOR = re.compile(r"^/service/[^/]+/operation/([A-Za-z0-9]+)$")


@dataclass(frozen=True)
class Call:
    """One request, understood. `operation` is "" when it cannot be told."""

    service: str
    operation: str
    region: str
    account: str | None
    key: str
    protocol: str
    uri: dict[str, str] = field(default_factory=dict)
    query: dict[str, list[str]] = field(default_factory=dict)


@cache
def service_model(service: str) -> ServiceModel | None:
    """The botocore model of a service, or None if there is none."""
    session = botocore.session.get_session()
    return session.get_service_model(service) if service in session.get_available_services() else None


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], dict[str, str], str]]:
    """(method, path pattern, query, operation); longer literal paths first, then those with more query keys."""
    model = service_model(service)
    if model is None or not model.metadata["protocol"].startswith("rest"):
        return []
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        if model.operation_model(name).deprecated:
            continue
        path, _, query = http["requestUri"].partition("?")
        path, keys = path.rstrip("/"), dict(parse_qsl(query, keep_blank_values=True))
        literal = len(re.sub(r"\{[^}]+\}", "", path))
        pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path))
        routes.append((literal, http["method"], re.compile(f"^{pattern}/?$"), keys, name))
    routes.sort(key=lambda route: (-route[0], -len(route[3])))
    return [route[1:] for route in routes]


def _match(service: str, method: str, path: str, query: dict[str, list[str]]) -> tuple[str, dict[str, str]]:
    for verb, pattern, keys, name in _routes(service):
        found = pattern.match(path) if verb == method else None
        if found and all(key in query and value in ("", *query[key]) for key, value in keys.items()):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return "", {}


def understand(environ: dict[str, Any], body: bytes) -> Call:
    """Read a WSGI request. Never raises: what is unclear is left empty."""
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, name = signed.groups() if signed else ("", "", "")
    service = SERVICES.get(name, name)
    owner = _KEY_WITH_ACCOUNT.match(key)
    # The raw path: a vault may be called "aws/efs/…", encoded as one segment.
    path, _, text = environ.get("RAW_URI", environ.get("PATH_INFO", "/")).partition("?")
    query: dict[str, list[str]] = {}
    for field_name, value in parse_qsl(text, keep_blank_values=True):
        query.setdefault(field_name, []).append(value)

    uri: dict[str, str] = {}
    target = environ.get("HTTP_X_AMZ_TARGET")
    action = query.get("Action", [""])[0]
    if not action and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = dict(parse_qsl(body.decode("utf-8", "replace"))).get("Action", "")
    if target:
        protocol, operation = "json", target.rpartition(".")[2]
    elif action:
        protocol, operation = "query", action
    elif cbor := _CBOR.match(path):
        protocol, operation = "cbor", cbor[1]
    else:
        model = service_model(service)
        protocol = model.metadata["protocol"] if model else "rest-json"
        operation, uri = _match(service, environ.get("REQUEST_METHOD", "GET"), path, query)
    return Call(service, operation, region, owner[1] if owner else None, key, protocol, uri, query)
