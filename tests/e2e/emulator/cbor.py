"""CBOR in and out, for a moto that speaks JSON. CloudWatch understands both, and some SDKs send the former."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

from botocore.model import OperationModel
from botocore.parsers import JSONParser, RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer

from emulator.faults import Reply
from emulator.wire import Call, service_model

_PARSER = RpcV2CBORParser()
_SERIALIZER = RpcV2CBORSerializer()


def as_json(call: Call, environ: dict[str, Any], body: bytes) -> None:
    """Turn a request into the one that says the same in JSON."""
    model = service_model(call.service)
    assert model is not None
    told = _PARSER.parse_data_item(_PARSER.get_peekable_stream_from_bytes(body)) if body else {}
    text = json.dumps(told, default=_instant).encode()
    environ.pop("HTTP_SMITHY_PROTOCOL", None)
    environ |= {
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "HTTP_X_AMZ_TARGET": f"{model.metadata['targetPrefix']}.{call.operation}",
        "CONTENT_TYPE": f"application/x-amz-json-{model.metadata['jsonVersion']}",
        "CONTENT_LENGTH": str(len(text)),
        "wsgi.input": io.BytesIO(text),
    }


def _instant(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"no JSON of {value!r}")


def as_cbor(call: Call, reply: Reply) -> Reply:
    """The answer in JSON as one in CBOR."""
    status, headers, body = reply
    kept = {name: value for name, value in headers.items() if name.lower() not in ("content-type", "content-length")}
    kept |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    model = service_model(call.service)
    assert model is not None
    operation: OperationModel = model.operation_model(call.operation)
    encoded = bytearray()
    if status >= 300:
        told = {str(name): str(value) for name, value in json.loads(body).items()}
        encoded += bytes([0xA0 + len(told)])
        for text in (text for pair in told.items() for text in pair):
            _SERIALIZER._serialize_type_string(encoded, text, None, None)
    elif operation.output_shape is not None:
        response = {"status_code": status, "headers": {}, "body": body}
        told = JSONParser().parse(response, operation.output_shape)
        told.pop("ResponseMetadata", None)
        _SERIALIZER._serialize_data_item(encoded, told, operation.output_shape)
    return status, kept, bytes(encoded)
