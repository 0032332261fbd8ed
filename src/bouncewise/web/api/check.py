"""``/api/check``: does DNS bear it out?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Response, post
from litestar.openapi.spec import Example
from litestar.params import Body
from litestar.response import Stream

from bouncewise.web.api.shared import FAULTS, Asked, answer, json_lines, site_of, wants_lines
from bouncewise.web.asks import CheckIn, Turn, asked, subject_of

_TURN = Turn()
_EXAMPLE = Example(value={"domain": "example.com", "ip": "192.0.2.1", "selectors": ["s1"]})


@post(
    "/api/check",
    status_code=200,
    summary="Ask DNS about a domain, or what would prove a reply",
    tags=["check"],
    responses=FAULTS,
)
async def check(
    request: Asked, data: Annotated[CheckIn, Body(examples=[_EXAMPLE])]
) -> Response[bytes] | Stream:
    """JSON Lines where asked for by ``Accept``: each finding as it comes; else one object at the end."""
    site = site_of(request)
    subject_of(data)  # so that what is wrong is told as an error, not in the stream

    async def found() -> AsyncIterator[dict[str, Any]]:
        with _TURN:
            async for one in asked(site, data):
                yield one

    if wants_lines(request):
        return json_lines(found())
    told: dict[str, Any] = {}
    async for one in found():
        if "check" not in one:
            told |= one
    return answer(told)
