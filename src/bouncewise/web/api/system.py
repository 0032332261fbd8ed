"""Health, metrics, and what comes in as it comes."""

from __future__ import annotations

from litestar import Response, get
from litestar.response import Stream

from bouncewise.web.api.shared import FAULTS, Asked, answer, site_of
from bouncewise.web.errors import WebError


@get("/api/live", summary="Deliveries as they come, as server-sent events", tags=["live"], responses=FAULTS)
async def live(request: Asked) -> Stream:
    """Each event is a delivery in short. What came before is left to ``/api/deliveries``."""
    hub = site_of(request).hub
    if hub.full:
        raise WebError(503, "too-many-listeners", "too many pages follow already; close one")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(hub.follow(), media_type="text/event-stream", headers=headers)


@get("/health", summary="Whether the server works", tags=["system"])
async def health(request: Asked) -> Response[bytes]:
    """Says what is being read, and 503 where the store can't be asked."""
    site = site_of(request)
    newest = await site.aside(site.store.newest)
    return answer({"status": "ok", "newest": newest, **({"reading": site.reading} if site.reading else {})})


@get("/metrics", summary="Counters for Prometheus", tags=["system"], media_type="text/plain")
async def metrics(request: Asked) -> Response[bytes]:
    """Deliveries by outcome, cause and provider; seconds until an answer by route."""
    site = site_of(request)
    site.metrics.live.set(site.hub.count)
    return Response(site.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
