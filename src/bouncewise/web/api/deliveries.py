"""``/api/deliveries``, ``/api/read`` and ``/api/webhooks``: what comes in, and what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, PathParameter, QueryParameter
from litestar.response import Stream

from bouncewise.diagnosis.record import without_empty
from bouncewise.pipeline.diagnose import diagnose_delivery, record
from bouncewise.store.model import COLUMNS
from bouncewise.store.rows import delivery_of, diagnosis_of
from bouncewise.web.api.bodies import OfDeliveries, OfJson, OfOctets
from bouncewise.web.api.shared import (
    FAULTS,
    Asked,
    Text,
    answer,
    body_of,
    file_of,
    in_batches,
    json_lines,
    sent_lines,
    site_of,
    wants_lines,
)
from bouncewise.web.errors import WebError, bad, not_found
from bouncewise.web.filters import filter_of
from bouncewise.web.hooks import open_hook
from bouncewise.web.ingest import (
    DeliveryIn,
    deliveries_in,
    from_lines,
    from_octets,
    from_records,
)
from bouncewise.web.site import Taken, shown

MAX_LIMIT = 1000
_MANY = msgspec.json.Decoder(list[DeliveryIn])
_ONE = msgspec.json.Decoder(DeliveryIn)


class Deliveries(msgspec.Struct, frozen=True):
    """Some deliveries, the latest first.

    Attributes:
        deliveries: each with ``id``, ``time``, ``outcome``, ``cause``, ``reply``, ``recipient`` and more.
        cursor: for the next page; absent on the last.
        whole: false where the search took too long and was given up.
    """

    deliveries: list[dict[str, Any]]
    cursor: str = ""
    whole: bool = True


@post(
    "/api/deliveries",
    status_code=200,
    summary="Keep deliveries",
    operation_class=OfDeliveries,
    tags=["deliveries"],
    responses={200: ResponseSpec(Taken, description="What became of them."), **FAULTS},
)
async def take_in(request: Asked) -> Response[bytes]:
    """One record, a list of them, or JSON Lines (``application/x-ndjson``). The same delivery counts once."""
    site = site_of(request)
    if sent_lines(request):
        batches = from_lines(site.engine, await file_of(request), site.now)
    else:
        data = await body_of(request)
        try:
            is_list = data.lstrip()[:1] == b"["
            records = _MANY.decode(data) if is_list else [_ONE.decode(data)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise bad(f"no delivery: {str(fault)[:300]}") from None
        batches = from_records(site.engine, records, site.now)
    taken = await site.keep(batches)
    if taken.faulty and not (taken.new or taken.known or taken.passed):
        raise bad(f"line {taken.refused[0].line}: {taken.refused[0].message}")
    return answer(taken)


@get(
    "/api/deliveries",
    summary="Deliveries that are kept, the latest first",
    tags=["deliveries"],
    responses={200: ResponseSpec(Deliveries, description="A page of them."), **FAULTS},
)
async def list_them(  # noqa: PLR0913, PLR0917 - one parameter a field of the query
    request: Asked,
    since: Text = "",
    until: Text = "",
    outcome: Text = "",
    cause: Text = "",
    provider: Text = "",
    domain: Text = "",
    ip: Text = "",
    sender_domain: Text = "",
    recipient: Text = "",
    template: Text = "",
    cursor: Text = "",
    upload: Text = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = 50,
) -> Response[bytes]:
    """Times are RFC 3339, a date, or a span back from now (``24h``, ``7d``)."""
    site = site_of(request)
    store = site.store_of(upload)
    wanted = filter_of(request.query_params, site.now)
    try:
        page = await site.aside(lambda: store.page(wanted, limit=limit, cursor=cursor))
    except ValueError as fault:
        raise bad(str(fault)) from None
    rows = [{"id": number, **shown(values)} for number, values in page.rows]
    told: dict[str, Any] = {"deliveries": rows, "whole": page.whole}
    return answer(told | ({"cursor": page.cursor} if page.cursor else {}))


@get("/api/deliveries/{number:int}", summary="One delivery, explained", tags=["deliveries"], responses=FAULTS)
async def one(
    request: Asked, number: Annotated[int, PathParameter(ge=1, le=2**53)], upload: Text = ""
) -> Response[bytes]:
    """The record that ``read`` gives, worked out anew."""
    return answer(await whole_record(request, number, upload))


async def whole_record(request: Asked, number: int, upload: str) -> dict[str, Any]:
    """A kept delivery, explained.

    Raises:
        WebError: there is none of that number.
    """
    site = site_of(request)
    store = site.store_of(upload)
    values = await site.aside(store.one, number)
    if values is None:
        raise not_found(f"there is no delivery {number}")
    delivery = delivery_of(values)
    cause = values[COLUMNS.index("cause")]
    told = record(delivery, diagnosis_of(site.engine, delivery, cause))
    return without_empty({"id": number, **shown(values), **told})


@post(
    "/api/read",
    status_code=200,
    summary="Read mails, logs, archives or webhooks",
    operation_class=OfOctets,
    tags=["read"],
    responses=FAULTS,
)
async def read(
    request: Asked,
    keep: Annotated[bool, QueryParameter(description="Keep the deliveries.")] = False,
    name: Annotated[str, QueryParameter(max_length=200, description="Of the file.")] = "upload",
) -> Response[bytes] | Stream:
    """A record for each delivery: JSON Lines where asked for by ``Accept``, else the first 1,000."""
    site, file = site_of(request), await file_of(request)
    if keep:
        return answer(await site.keep(from_octets(site.engine, file, name, site.now)))
    found = (record(d, diagnose_delivery(site.engine, d)) for d in deliveries_in(site.engine, file, name))
    if not wants_lines(request):
        records: list[dict[str, Any]] = await site.aside(
            lambda: [one for one, _ in zip(found, range(MAX_LIMIT), strict=False)]
        )
        more = await site.aside(lambda: sum(1 for _ in found))
        return answer({"records": records, "total": len(records) + more})
    batches = in_batches(found, 200)

    async def lines() -> AsyncIterator[Any]:
        while batch := await site.aside(next, batches, None):
            for told in batch:
                yield told

    return json_lines(lines())


@post(
    "/api/webhooks/{service:str}",
    status_code=200,
    summary="A webhook of a mail service",
    operation_class=OfJson,
    tags=["webhooks"],
    responses={200: ResponseSpec(Taken, description="What became of its events."), **FAULTS},
)
async def webhook(request: Asked, service: FromPath[str]) -> Response[bytes]:
    """Its signature is verified where the service signs and a secret is set; else a token is needed."""
    site, data = site_of(request), await body_of(request)
    payload = open_hook(site, service, request, data)
    taken = await site.keep(from_octets(site.engine, BytesIO(payload), f"webhook {service}", site.now))
    if not (taken.new or taken.known or taken.passed):
        raise WebError(422, "no-events", f"this holds no event of {service} that tells of a delivery")
    return answer(taken)
