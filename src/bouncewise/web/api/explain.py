"""``/api/explain`` and ``/api/lookup``: what a reply means, and what is known about a code or name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Body, QueryParameter
from litestar.response import Stream

from bouncewise.diagnosis.lookup import find
from bouncewise.pipeline.asked import answer as answer_line
from bouncewise.pipeline.asked import context_of
from bouncewise.web.api.bodies import OfLines, OfOctets
from bouncewise.web.api.shared import FAULTS, Asked, answer, body_of, json_lines, site_of
from bouncewise.web.errors import bad, not_found
from bouncewise.web.pasted import explain

MAX_WORD = 120


class ExplainIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reply to explain.

    Attributes:
        reply: in any form: from the wire, a log line, an exception's text.
        id: comes back with the answer.
        phase: the command that it answers.
        host: the server that said it.
        remote_ip: its address.
        local_ip: the address that the client spoke from.
        helo: the name that the client gave.
        sender: the reverse-path.
        recipient: the forward-path.
    """

    reply: str
    id: str | int | None = None
    phase: str = ""
    host: str = ""
    remote_ip: str = ""
    local_ip: str = ""
    helo: str = ""
    sender: str | None = None
    recipient: str = ""


class Explained(msgspec.Struct, frozen=True):
    """What a reply means; docs/json.md says what each field holds. Fields without a value are absent."""

    reply: dict[str, Any]
    cause: str
    confidence: float
    action: str
    id: str | int | None = None
    phase: str = ""
    provider: str = ""
    alternatives: list[dict[str, Any]] = []
    retry_after: int = 0
    give_up_after: int = 0
    suppress: bool = False
    throttle: str = ""
    who: str = ""
    explanation: str = ""
    steps: list[str] = []
    checks: list[str] = []
    evidence: list[dict[str, Any]] = []
    entities: dict[str, Any] = {}
    disagreement: str = ""


_EXAMPLE = Example(
    summary="A refusal by Gmail",
    value={"reply": "550 5.7.26 Unauthenticated email from example.com is not accepted."},
)


@post(
    "/api/explain",
    status_code=200,
    responses={200: ResponseSpec(Explained, description="What it means."), **FAULTS},
    summary="Explain one reply",
    tags=["explain"],
)
async def explain_one(
    request: Asked, data: Annotated[ExplainIn, Body(examples=[_EXAMPLE])]
) -> Response[bytes]:
    """What happened, why, who mends it and how, with the evidence."""
    if not data.reply.strip():
        raise bad("reply is empty")
    told = msgspec.structs.asdict(data)
    record = site_of(request).engine.diagnose(data.reply, context_of(told)).as_dict()
    return answer({"id": data.id} | record if data.id is not None else record)


@post(
    "/api/explain/batch",
    status_code=200,
    summary="Explain many replies: JSON Lines in, JSON Lines out, in order",
    operation_class=OfLines,
    tags=["explain"],
    responses=FAULTS,
)
async def explain_many(request: Asked) -> Stream:
    """Each line is what ``/api/explain`` takes; a line that can't be read gets an answer with ``error``."""
    engine, data = site_of(request).engine, await body_of(request)

    async def answers() -> AsyncIterator[Any]:
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.strip():
                yield answer_line(engine, line, number)[0]

    return json_lines(answers())


@post(
    "/api/explain/pasted",
    status_code=200,
    summary="Explain whatever was pasted or dropped",
    operation_class=OfOctets,
    tags=["explain"],
    responses=FAULTS,
)
async def explain_pasted(
    request: Asked,
    name: Annotated[str, QueryParameter(max_length=200, description="Of the file.")] = "pasted",
) -> Response[bytes]:
    """A reply, several, log lines, a mail, a mailbox, an archive or a webhook, as octets."""
    site, data = site_of(request), await body_of(request)
    return answer(await site.aside(explain, site.engine, data, name))


@get("/api/lookup", summary="What is known about a code or name", tags=["lookup"], responses=FAULTS)
async def lookup(
    request: Asked,
    q: Annotated[
        str, QueryParameter(max_length=MAX_WORD, description="421, 5.7.26, a cause, provider or blocklist.")
    ],
) -> Response[bytes]:
    """What the registries and the knowledge base hold."""
    found = find(site_of(request).engine.knowledge, q.strip())
    if found is None:
        raise not_found(f"nothing is known about {q.strip()[:80]!r}")
    return answer(found)
