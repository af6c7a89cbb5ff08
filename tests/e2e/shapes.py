"""Is an answer what the API model says? A check hung into boto3 clients.

Types and enums of the parsed answer, members of the raw JSON or XML that the
model does not know, and error codes that the operation does not list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

# Services list errors of their own only; what any of their operations may answer has a common code.
_COMMON = {"rds": {"InvalidParameterValue"}, "kms": {"AccessDeniedException", "ValidationException"}}


class ShapeCheck:
    """Collects problems and the operations seen, over any number of clients."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.answered: set[tuple[str, str]] = set()
        self.refused: set[tuple[str, str]] = set()

    def watch(self, client: Any) -> Any:
        """Check every answer this client gets; gives the client back."""
        service = client.meta.service_model.service_name

        def look(http_response: Any, parsed: dict[str, Any], model: OperationModel, **_: Any) -> None:
            if http_response.status_code >= 300:
                self._error(service, parsed, model)
            else:
                self.answered.add((service, model.name))
                found = _problems(model, parsed, http_response.content)
                self.problems.extend(f"{service} {model.name}: {problem}" for problem in found)

        client.meta.events.register("after-call", look)
        return client

    def _error(self, service: str, parsed: dict[str, Any], model: OperationModel) -> None:
        code = parsed["Error"]["Code"]
        self.refused.add((model.name, code))
        listed = {shape.metadata.get("error", {}).get("code", shape.name) for shape in model.error_shapes}
        if code not in listed | _COMMON.get(service, set()):
            self.problems.append(f"{service} {model.name}: error {code} is not among {sorted(listed)}")


def _problems(model: OperationModel, parsed: dict[str, Any], raw: bytes) -> Iterator[str]:
    shape = model.output_shape
    if shape is None:
        if raw.strip() not in (b"", b"{}") and model.service_model.metadata["protocol"] != "query":
            yield f"an answer where there is none: {raw[:80]!r}"
        return
    answer = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    report = ParamValidator().validate(answer, shape)
    if report.has_errors():
        yield report.generate_report()
    yield from _bad_enums(shape, answer, "")
    if model.service_model.metadata["protocol"] == "query":
        root = ElementTree.fromstring(raw)
        result = next(
            (child for child in root if _tag(child) == shape.serialization.get("resultWrapper", f"{model.name}Result")),
            None,
        )
        if result is None:
            yield "no result element"
        else:
            yield from _unknown_elements(shape, result, "")
    else:
        yield from _unknown_keys(shape, json.loads(raw), "")


def _bad_enums(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            yield from _bad_enums(shape.members[name], item, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for item in value:
            yield from _bad_enums(shape.member, item, f"{path}[]")
    elif isinstance(shape, MapShape):
        for item in value.values():
            yield from _bad_enums(shape.value, item, f"{path}{{}}")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} is not in {shape.enum}"


def _unknown_keys(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, item in value.items():
            if name in shape.members:
                yield from _unknown_keys(shape.members[name], item, f"{path}.{name}")
            else:
                yield f"{path}: unknown member {name}"
    elif isinstance(shape, ListShape):
        for item in value:
            yield from _unknown_keys(shape.member, item, f"{path}[]")
    elif isinstance(shape, MapShape):
        for item in value.values():
            yield from _unknown_keys(shape.value, item, f"{path}{{}}")


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _unknown_elements(shape: Shape, element: ElementTree.Element, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for child in element:
            if _tag(child) in known:
                yield from _unknown_elements(known[_tag(child)], child, f"{path}.{_tag(child)}")
            else:
                yield f"{path}: unknown element {_tag(child)}"
    elif isinstance(shape, ListShape):
        wanted = shape.member.serialization.get("name", "member")
        for child in element:
            if _tag(child) != wanted:
                yield f"{path}: list item {_tag(child)} instead of {wanted}"
            yield from _unknown_elements(shape.member, child, f"{path}[]")
