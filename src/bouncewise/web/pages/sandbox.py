"""The inbox and the transcripts of a sandbox that runs in the same process."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, PathParameter

from bouncewise.reply.parse import decode
from bouncewise.sandbox.listing import choices
from bouncewise.sandbox.run import Sandbox
from bouncewise.store.rows import time_of
from bouncewise.web.api.shared import Asked, site_of
from bouncewise.web.errors import not_found
from bouncewise.web.pages.common import common
from bouncewise.web.pages.render import page

SHOWN = 100
MAX_SOURCE = 200_000


def _sandbox(request: Asked) -> Sandbox:
    sandbox = site_of(request).sandbox
    if sandbox is None:
        raise not_found("no sandbox runs here; start one with bouncewise serve --sandbox")
    return sandbox


@get("/sandbox", include_in_schema=False)
async def inbox(request: Asked) -> Response[bytes]:
    """Messages, sessions, and the addresses to try."""
    sandbox = _sandbox(request)
    messages = [(one, time_of(int(one.time)), _subject(one.octets)) for one in sandbox.messages[::-1][:SHOWN]]
    sessions = [(one, time_of(int(one.began))) for one in sandbox.transcripts[::-1][:SHOWN]]
    listed = list(choices(sandbox.words))
    return page(
        "sandbox.html",
        **common(request, "sandbox"),
        sandbox=sandbox,
        messages=messages,
        sessions=sessions,
        choices=listed,
    )


@get("/sandbox/messages/{number:int}", include_in_schema=False)
async def message(request: Asked, number: Annotated[int, PathParameter(ge=1, le=2**53)]) -> Response[bytes]:
    """One message as it came."""
    found = next((one for one in _sandbox(request).messages if one.id == number), None)
    if found is None:
        raise not_found(f"there is no message {number}")
    values = common(request, "sandbox") | {"one": found, "time": time_of(int(found.time))}
    return page(
        "message.html", **values, source=decode(found.octets[:MAX_SOURCE]), subject=_subject(found.octets)
    )


@get("/sandbox/sessions/{name:str}", include_in_schema=False)
async def session(request: Asked, name: FromPath[str]) -> Response[bytes]:
    """One session, line by line."""
    found = next((one for one in _sandbox(request).transcripts if one.session == name), None)
    if found is None:
        raise not_found("there is no session of that name")
    return page("session.html", **common(request, "sandbox"), one=found, time=time_of(int(found.began)))


def _subject(octets: bytes) -> str:
    from bouncewise.reading.mail.message import Mail  # noqa: PLC0415 - for this page only

    return Mail(octets[:65_536]).headers.get("subject") or "(no subject)"
