"""The page of checks; what is found comes in piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from litestar import Response, get, post
from litestar.params import JSONBody
from litestar.response import Stream

from bouncewise.web.api.shared import Asked, json_lines, site_of
from bouncewise.web.asks import CheckIn, Turn, asked, subject_of
from bouncewise.web.errors import WebError
from bouncewise.web.pages.common import common
from bouncewise.web.pages.render import page, render
from bouncewise.web.site import Site

FIELDS = ("domain", "ip", "selectors", "mail_from", "helo", "reply")
_TURN = Turn()


@get("/check", include_in_schema=False)
async def form(request: Asked) -> Response[bytes]:
    """The form."""
    told = {name: request.query_params.get(name, "")[:1000] for name in FIELDS}
    return page("check.html", **common(request, "check"), told=told, found=[], fault="")


@post("/check", status_code=200, include_in_schema=False)
async def checked(request: Asked) -> Response[bytes]:
    """What a form without scripts sends: the whole answer at once."""
    sent = await request.form()
    told = {name: str(sent.get(name, ""))[:4000] for name in FIELDS}
    given = CheckIn(
        domain=told["domain"],
        ip=told["ip"],
        selectors=told["selectors"].replace(",", " ").split(),
        mail_from=told["mail_from"].strip() or None,
        helo=told["helo"],
        reply=told["reply"],
    )
    values = common(request, "check") | {"told": told}
    try:
        pieces = [one async for one in _pieces(site_of(request), given)]
    except WebError as fault:
        return page("check.html", **values, found=[], fault=fault.fault.message, status=fault.fault.status)
    pieces.sort(key=lambda one: not one.get("first"))
    return page("check.html", **values, found=[one["html"] for one in pieces], fault="")


@post("/check/stream", status_code=200, include_in_schema=False)
async def stream(request: Asked, data: JSONBody[CheckIn]) -> Stream:
    """Pieces of the page, for the script: a line for each finding as it comes."""
    subject_of(data)
    return json_lines(_pieces(site_of(request), data))


async def _pieces(site: Site, given: CheckIn) -> AsyncIterator[dict[str, Any]]:
    with _TURN:
        async for one in asked(site, given):
            first = "verdict" in one or ("done" not in one and "check" not in one)
            yield {"html": render("finding.html", one=one).decode(), "first": first}
