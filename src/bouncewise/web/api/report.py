"""``/api/report``: what bounces, why, since when, at whom, and what to mend first."""

from __future__ import annotations

import io
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from bouncewise.report.html import page as report_page
from bouncewise.report.rows import write_csv
from bouncewise.report.summary import summarise
from bouncewise.store.counts import Risen, aligned, risen, rollup_of
from bouncewise.store.model import Filter
from bouncewise.store.rows import time_of
from bouncewise.store.store import Store
from bouncewise.web.api.shared import FAULTS, Asked, Text, answer, site_of
from bouncewise.web.errors import WebError
from bouncewise.web.filters import filter_of
from bouncewise.web.site import Site

ROWS = 50
Form = Literal["json", "csv", "html", "parquet"]


class Shown(msgspec.Struct, frozen=True):
    """A report of the store.

    Attributes:
        summary: as ``bouncewise report --json`` gives it.
        risen: replies that are new or rose since the period before.
        wanted: which deliveries it is about.
    """

    summary: dict[str, Any]
    risen: list[Risen]
    wanted: Filter


def shown_of(site: Site, store: Store, wanted: Filter) -> Shown:
    """Work a report out."""
    wanted = aligned(wanted)
    summary = summarise(rollup_of(store, site.engine, wanted), site.engine, ROWS)
    return Shown(summary, risen(store, wanted) if wanted.since and wanted.until else [], wanted)


@get("/api/report", summary="A report of what is kept", tags=["report"], responses=FAULTS)
async def report(  # noqa: PLR0913, PLR0917 - one parameter a field of the query
    request: Asked,
    since: Text = "",
    until: Text = "",
    outcome: Text = "",
    cause: Text = "",
    provider: Text = "",
    domain: Text = "",
    ip: Text = "",
    sender_domain: Text = "",
    template: Text = "",
    upload: Text = "",
    form: Annotated[
        Form, QueryParameter(name="format", description="html is a page that needs no other file.")
    ] = "json",
) -> Response[bytes]:
    """Counts of the store, by default of the last week; by whole hours, or by days beyond three."""
    site = site_of(request)
    store = site.store_of(upload)
    wanted = filter_of(request.query_params, site.now, await site.aside(site.span, store))
    shown = await site.aside(shown_of, site, store, wanted)
    if form == "json":
        told_of = shown.wanted
        period = {"since": time_of(told_of.since), "until": time_of(told_of.until)} if told_of.since else {}
        told = {
            **shown.summary,
            "risen": [msgspec.structs.asdict(one) for one in shown.risen],
            "period": period,
        }
        return answer(told)
    return await site.aside(_file, shown.summary, form)


def _file(summary: dict[str, Any], form: str) -> Response[bytes]:
    """A report to keep."""
    if form == "html":
        data, kind = report_page(summary).encode(), "text/html; charset=utf-8"
    elif form == "csv":
        text = io.StringIO(newline="")
        write_csv(summary, text)
        data, kind = text.getvalue().encode("utf-8", "replace"), "text/csv; charset=utf-8"
    else:
        data, kind = _parquet(summary), "application/vnd.apache.parquet"
    name = f"bouncewise-report.{form}"
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _parquet(summary: dict[str, Any]) -> bytes:
    try:
        from bouncewise.report.parquet import write_parquet  # noqa: PLC0415 - an extra
    except ImportError:
        raise WebError(
            501, "needs-pyarrow", "Parquet needs pyarrow: pip install 'bouncewise[arrow]'"
        ) from None
    out = io.BytesIO()
    write_parquet(summary, out)
    return out.getvalue()
