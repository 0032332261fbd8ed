"""The first page: anything pasted or dropped is explained."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import QueryParameter

from bouncewise.web.api.shared import Asked, body_of, site_of
from bouncewise.web.errors import WebError, bad
from bouncewise.web.pages.common import common
from bouncewise.web.pages.marked import marked
from bouncewise.web.pages.render import page, render
from bouncewise.web.pasted import explain
from bouncewise.web.site import Site

WHOLE = 5  # records that are shown whole; more are a list
EXAMPLES = (
    "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "451 4.7.1 Greylisting in action, please come back in 300 seconds",
)


@get("/", include_in_schema=False)
async def home(request: Asked) -> Response[bytes]:
    """The form."""
    return page(
        "explain.html", **common(request, "explain"), examples=EXAMPLES, text="", found=None, fault=""
    )


@post("/", status_code=200, include_in_schema=False)
async def pasted(request: Asked) -> Response[bytes]:
    """What a form without scripts sends."""
    form = await request.form()
    text = str(form.get("text", ""))
    values = common(request, "explain") | {"examples": EXAMPLES, "text": text}
    if not text.strip():
        return page("explain.html", **values, found=None, fault="Paste a reply first.", status=400)
    site = site_of(request)
    found = await site.aside(_found, site, text.encode("utf-8", "replace"), "pasted")
    return page("explain.html", **values, found=found, fault="")


@post("/explain/result", status_code=200, include_in_schema=False)
async def result(
    request: Asked, name: Annotated[str, QueryParameter(max_length=200)] = "pasted"
) -> Response[bytes]:
    """A piece of the page, for the script: what octets mean."""
    site = site_of(request)
    try:
        data = await body_of(request)
    except WebError:
        raise bad("Paste a reply, or drop a file that is not empty.") from None
    found = await site.aside(_found, site, data, name)
    return Response(render("result.html", found=found, site=site), media_type="text/html; charset=utf-8")


def _found(site: Site, data: bytes, name: str) -> dict[str, Any]:
    told = explain(site.engine, data, name)
    whole = len(told["records"]) <= WHOLE
    return {**told, "whole": whole, "shown": [drawn(site, record) for record in told["records"]]}


def drawn(site: Site, record: dict[str, Any]) -> dict[str, Any]:
    """A record with what the page needs besides: titles, names, and the marked reply."""
    knowledge = site.engine.knowledge
    cause = knowledge.causes[record["cause"]]
    provider = knowledge.providers.get(record.get("provider", ""))
    pieces, evidence = marked(record)
    others = [
        {**other, "title": knowledge.causes[other["cause"]].title} for other in record.get("alternatives", [])
    ]
    return {
        **record,
        "title": cause.title,
        "provider_name": provider.name if provider else "",
        "pieces": pieces,
        "evidence": evidence,
        "alternatives": others,
    }
