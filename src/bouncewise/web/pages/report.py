"""The report's page, the lists of deliveries behind its numbers, and uploads."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, BinaryIO

from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Redirect

from bouncewise.store.model import Filter
from bouncewise.web.api.deliveries import whole_record
from bouncewise.web.api.report import Shown, shown_of
from bouncewise.web.api.shared import Asked, Text, file_of, site_of
from bouncewise.web.errors import WebError, bad
from bouncewise.web.filters import NAMES, fields_of, filter_of, link
from bouncewise.web.ingest import from_octets
from bouncewise.web.pages.chart import chart_of, shown_outcomes
from bouncewise.web.pages.common import common
from bouncewise.web.pages.explain import drawn
from bouncewise.web.pages.render import page
from bouncewise.web.site import Site, shown

PAGE = 50
TABLES = (
    ("providers", "Providers", "provider"),
    ("domains", "Recipient domains", "domain"),
    ("sending_ips", "Sending addresses", "ip"),
    ("sender_domains", "Sender domains", "sender_domain"),
)
SPANS = (("24h", "a day"), ("7d", "a week"), ("30d", "30 days"), ("365d", "a year"))
MAX_FILES = 20


class Links:
    """URLs of pages that are about the same deliveries, with something changed.

    Args:
        wanted: the filter of this page.
        upload: whose upload it is about, or "".
    """

    def __init__(self, wanted: Filter, upload: str) -> None:
        self._wanted = wanted
        self._further = {"upload": upload} if upload else {}

    def report(self, **changed: str) -> str:
        """The report."""
        return link("/report", self._wanted, self._further, **changed)

    def rows(self, **changed: str) -> str:
        """The deliveries."""
        return link("/deliveries", self._wanted, self._further, **changed)

    def file(self, form: str) -> str:
        """The report to keep."""
        return link("/api/report", self._wanted, self._further | {"format": form})

    def next(self, cursor: str) -> str:
        """The next page of deliveries."""
        return link("/deliveries", self._wanted, self._further | {"cursor": cursor})

    def one(self, number: int) -> str:
        """One delivery."""
        return link(f"/deliveries/{number}", Filter(), self._further)

    def without(self, name: str) -> str:
        """The report without a limit."""
        return self.report(**{name: ""})


@get("/report", include_in_schema=False)
async def report(request: Asked, upload: Text = "") -> Response[bytes]:
    """What bounces, why, since when, at whom, and what to mend first."""
    site = site_of(request)
    store = site.store_of(upload)
    span = await site.aside(site.span, store)
    wanted = filter_of(request.query_params, site.now, span)
    shown_: Shown = await site.aside(shown_of, site, store, wanted)
    summary, wanted = shown_.summary, shown_.wanted
    return page(
        "report.html",
        **common(request, "report"),
        s=summary,
        risen=shown_.risen,
        wanted=wanted,
        fields=fields_of(wanted),
        limits=[(name, getattr(wanted, name)) for name in NAMES if getattr(wanted, name)],
        links=Links(wanted, upload),
        chart=chart_of(summary["time"]),
        failures=chart_of(summary["time"], failures=True),
        shown_outcomes=shown_outcomes(summary["totals"]),
        tables=[(key, title, field, _named(site, key, summary[key])) for key, title, field in TABLES],
        spans=SPANS,
        upload=upload,
        empty=span == (0, 0),
        lost=summary["totals"]["bounced"] + summary["totals"]["expired"],
    )


def _named(site: Site, key: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the value that a link is limited by, "" where there is none."""
    slugs = {provider.name: slug for slug, provider in site.engine.knowledge.providers.items()}
    return [
        {
            **row,
            "value": ""
            if row.get("rest")
            else slugs.get(row["name"], "")
            if key == "providers"
            else row["name"],
        }
        for row in rows
    ]


@get("/deliveries", include_in_schema=False)
async def deliveries(request: Asked, cursor: Text = "", upload: Text = "") -> Response[bytes]:
    """The deliveries behind a number, the latest first."""
    site = site_of(request)
    store = site.store_of(upload)
    wanted = filter_of(request.query_params, site.now)
    try:
        found = await site.aside(lambda: store.page(wanted, limit=PAGE, cursor=cursor))
    except ValueError as fault:
        raise bad(str(fault)) from None
    causes = site.engine.knowledge.causes
    rows = [{"id": number, **shown(values)} for number, values in found.rows]
    return page(
        "deliveries.html",
        **common(request, "report"),
        rows=[
            {**row, "title": causes[row["cause"]].title if row["cause"] in causes else row["cause"]}
            for row in rows
        ],
        found=found,
        fields=fields_of(wanted),
        limits=[(name, getattr(wanted, name)) for name in NAMES if getattr(wanted, name)],
        links=Links(wanted, upload),
        upload=upload,
        wanted=wanted,
    )


@get("/deliveries/{number:int}", include_in_schema=False)
async def delivery(
    request: Asked, number: Annotated[int, PathParameter(ge=1, le=2**53)], upload: Text = ""
) -> Response[bytes]:
    """One delivery, explained."""
    told = await whole_record(request, number, upload)
    return page(
        "delivery.html",
        **common(request, "report"),
        one=drawn(site_of(request), told),
        told=told,
        links=Links(Filter(recipient=told.get("recipient", "")), upload),
        number=number,
    )


@post("/report/upload", status_code=200, include_in_schema=False)
async def uploaded(
    request: Asked, name: Annotated[str, QueryParameter(max_length=200)] = ""
) -> Response[bytes] | Redirect:
    """Files that were dropped or chosen: their report, which the main store knows nothing of."""
    site = site_of(request)
    files = await _files(request, name)
    number = secrets.token_urlsafe(9)
    store = site.uploads.make(number)
    kept = 0
    for file, data in files:
        kept += (await site.keep(from_octets(site.engine, data, file, site.now), store)).new
    if not kept:
        raise WebError(
            422, "no-deliveries", "no delivery stands in this: no bounce, no line of a known log, no webhook"
        )
    first, last = await site.aside(store.span)
    where = link("/report", Filter(since=first, until=last), {"upload": number})
    return Redirect(where, status_code=303)


async def _files(request: Asked, name: str) -> list[tuple[str, BinaryIO]]:
    """The files of a form, or of a body that is one file."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return [(name or "upload", await file_of(request))]
    form: Mapping[str, Any] = await request.form()
    values = form.getall("files", []) if hasattr(form, "getall") else []
    told = [(file.filename[:200], file.file) for file in values[:MAX_FILES] if hasattr(file, "filename")]
    files = [(file, data) for file, data in told if data.seek(0, 2) and not data.seek(0)]
    if not files:
        raise bad("choose a file that is not empty")
    return files
