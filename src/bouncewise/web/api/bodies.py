"""What is said in the description of the API of bodies that are read by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from bouncewise.web.api.shared import JSON_LINES

_TEXT = Schema(type=OpenAPIType.STRING)
_OCTETS = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
_OBJECT = Schema(type=OpenAPIType.OBJECT, properties={"reply": _TEXT}, required=["reply"])
DELIVERY = {
    "id": "a1",
    "reply": "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown",
    "recipient": "bob@example.net",
    "sender": "ann@example.com",
    "time": "2026-11-25T10:00:00Z",
}


def _body(**kinds: OpenAPIMediaType) -> RequestBody:
    names = {"octets": "application/octet-stream", "lines": JSON_LINES, "json": "application/json"}
    return RequestBody(content={names[name]: kind for name, kind in kinds.items()}, required=True)


@dataclass
class OfOctets(Operation):
    """A mail, a log, an archive, as it is."""

    def __post_init__(self) -> None:
        self.request_body = _body(octets=OpenAPIMediaType(schema=_OCTETS))


@dataclass
class OfLines(Operation):
    """JSON Lines."""

    def __post_init__(self) -> None:
        example: dict[str, Any] = {
            "two": Example(value='{"id": 1, "reply": "550 no"}\n{"id": 2, "reply": "250 OK"}')
        }
        self.request_body = _body(lines=OpenAPIMediaType(schema=_TEXT, examples=example))


@dataclass
class OfDeliveries(Operation):
    """A delivery, a list of them, or JSON Lines."""

    def __post_init__(self) -> None:
        many = Schema(one_of=[_OBJECT, Schema(type=OpenAPIType.ARRAY, items=_OBJECT)])
        example: dict[str, Any] = {"one": Example(value=DELIVERY)}
        self.request_body = _body(
            json=OpenAPIMediaType(schema=many, examples=example), lines=OpenAPIMediaType(schema=_TEXT)
        )


@dataclass
class OfJson(Operation):
    """Whatever a service sends."""

    def __post_init__(self) -> None:
        self.request_body = _body(json=OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT)))
