"""The field guide's pages."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from bouncewise.diagnosis.lookup import find
from bouncewise.diagnosis.words import WHO
from bouncewise.store.counts import seen, seen_causes
from bouncewise.store.model import Dim
from bouncewise.web.api.shared import Asked, site_of
from bouncewise.web.errors import not_found
from bouncewise.web.guide import KINDS
from bouncewise.web.pages.common import common
from bouncewise.web.pages.render import page, render
from bouncewise.web.site import Site

_DIMS = {"code": Dim.CODE, "enhanced": Dim.ENHANCED, "provider": Dim.PROVIDER, "blocklist": Dim.BLOCKLIST}
_LONG = (
    "marks",
    "examples",
    "steps",
    "references",
    "sources",
    "causes",
    "elsewhere",
    "codes",
    "bits",
    "good",
    "errors",
)
_HEAD = ("kind", "title", "name", "summary", "explanation", "meaning", "cause", "code", "provider", "id")
Query = Annotated[str, QueryParameter(max_length=200)]


@get("/guide", include_in_schema=False)
async def index(request: Asked, q: Query = "") -> Response[bytes]:
    """The contents, or what a search finds."""
    site = site_of(request)
    found = site.guide.search(q)
    kinds = [
        (kind, title, [one for one in site.guide.entries if one.kind == kind])
        for kind, title in KINDS.items()
    ]
    return page("guide.html", **common(request, "guide"), q=q, found=found, kinds=kinds, names=KINDS)


@get("/guide/results", include_in_schema=False)
async def results(request: Asked, q: Query = "") -> Response[bytes]:
    """A piece of the page, for the script: what a search finds."""
    found = site_of(request).guide.search(q)
    body = render("found.html", q=q, found=found, names=KINDS)
    return Response(body, media_type="text/html; charset=utf-8")


@get("/guide/{kind:str}/{name:str}", include_in_schema=False)
async def entry(request: Asked, kind: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """One page of the guide."""
    site = site_of(request)
    told = find(site.engine.knowledge, name) if kind in KINDS and len(name) <= 120 else None
    if told is None or not _is(told, kind):
        raise not_found(f"the field guide has no page on {name[:80]!r}")
    count = await site.aside(_seen, site, kind, name)
    facts = [
        (key, WHO.get(value, value) if key == "who" else value)
        for key, value in told.items()
        if key not in (*_HEAD, *_LONG)
    ]
    heading = told.get("title") or told.get("name") or told.get("summary") or name
    return page(
        "entry.html",
        **common(request, "guide"),
        told=told,
        kind=kind,
        word=name,
        heading=heading,
        facts=facts,
        seen=count,
        names=KINDS,
        sources=site.engine.knowledge.sources,
        titles={slug: cause.title for slug, cause in site.engine.knowledge.causes.items()},
    )


def _is(told: dict[str, Any], kind: str) -> bool:
    names = {"reply code": "code", "enhanced status code": "enhanced"}
    return bool(names.get(told["kind"], told["kind"]) == kind)


def _seen(site: Site, kind: str, name: str) -> int:
    if kind == "cause":
        return seen_causes(site.store).get(name, 0)
    return seen(site.store, _DIMS[kind], name).get(name, 0)
