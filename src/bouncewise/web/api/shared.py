"""What the parts of the API share: the site of a request, bodies, streams, answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO

import msgspec
from litestar import Request, Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.response import Stream

from bouncewise.web.errors import FaultBody, WebError, bad
from bouncewise.web.site import Site

JSON_LINES = "application/x-ndjson"
MAX_HELD = 1 << 20  # octets of a body that are held in memory
_encode = msgspec.json.Encoder().encode

Asked = Request[Any, Any, Any]
FAULTS = {
    400: ResponseSpec(FaultBody, description="The question can't be understood."),
    401: ResponseSpec(FaultBody, description="A token is needed."),
    403: ResponseSpec(FaultBody, description="A page of another site sent this."),
    404: ResponseSpec(FaultBody, description="There is nothing of that name."),
    413: ResponseSpec(FaultBody, description="The body is too large."),
    429: ResponseSpec(FaultBody, description="Too many requests."),
    503: ResponseSpec(FaultBody, description="It took too long, or the store can't be used."),
}
Text = Annotated[str, QueryParameter(max_length=400)]


def site_of(request: Asked) -> Site:
    """The site that a request is about."""
    site: Site = request.app.state.site
    return site


def answer(value: Any, status: int = 200) -> Response[bytes]:
    """A value as JSON."""
    return Response(_encode(value), status_code=status, media_type="application/json")


async def body_of(request: Asked) -> bytes:
    """The whole body; the guard bounds it.

    Raises:
        WebError: it is empty.
    """
    try:
        data = await request.body()
    except Exception:  # the client is gone, or its body was too large: the guard tells
        raise bad("the body did not come whole") from None
    if not data.strip():
        raise bad("the body is empty")
    return data


async def file_of(request: Asked) -> BinaryIO:
    """The body as a file: what is large stands on the disk and not in memory; the guard bounds it.

    Raises:
        WebError: it is empty, or did not come whole.
    """
    file = SpooledTemporaryFile(MAX_HELD)  # noqa: SIM115 - closed by who reads it
    try:
        async for part in request.stream():
            file.write(part)
    except Exception:  # the client is gone, or its body was too large: the guard tells
        file.close()
        raise bad("the body did not come whole") from None
    if not file.tell():
        file.close()
        raise bad("the body is empty")
    file.seek(0)
    return file  # type: ignore[return-value]  # it does all that a file does


def json_lines(values: AsyncIterator[Any] | Iterator[Any]) -> Stream:
    """Values as JSON Lines, sent as they come."""
    if isinstance(values, AsyncIterator):

        async def lines() -> AsyncIterator[bytes]:
            try:
                async for value in values:
                    yield _encode(value) + b"\n"
            except WebError as fault:
                yield _encode({"error": fault.fault}) + b"\n"

        return Stream(lines(), media_type=JSON_LINES)
    return Stream((_encode(value) + b"\n" for value in values), media_type=JSON_LINES)


def wants_lines(request: Asked) -> bool:
    """Whether the client asks for JSON Lines."""
    return JSON_LINES in request.headers.get("accept", "")


def sent_lines(request: Asked) -> bool:
    """Whether the client sends JSON Lines."""
    kind = request.headers.get("content-type", "")
    return kind.startswith((JSON_LINES, "application/jsonl", "application/x-jsonlines"))


def in_batches(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Values in lists of that size."""
    held: list[Any] = []
    for value in values:
        held.append(value)
        if len(held) >= size:
            yield held
            held = []
    if held:
        yield held
