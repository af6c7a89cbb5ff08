"""Query-protocol XML of rows that are plain dictionaries.

moto's serializer looks every member up in several ways, which its objects
need; for the tens of thousands of snapshots of an estate that is too slow.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, Shape, StructureShape

from emulator.wire import service_model


def answer(operation: str, result: dict[str, Any]) -> str:
    """The whole document of a successful RDS answer."""
    model = service_model("rds")
    assert model is not None
    shape = model.operation_model(operation).output_shape
    return (
        f'<{operation}Response xmlns="{model.metadata["xmlNamespace"]}">{_element(shape, f"{operation}Result", result)}'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
    )


def _element(shape: Shape, name: str, value: Any) -> str:
    if isinstance(shape, StructureShape):
        members = shape.members
        inner = "".join(_element(members[key], key, item) for key, item in value.items() if item is not None)
    elif isinstance(shape, ListShape):
        item_name = shape.member.serialization.get("name", "member")
        inner = "".join(_element(shape.member, item_name, item) for item in value)
    elif isinstance(value, datetime):
        inner = f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"
