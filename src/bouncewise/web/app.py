"""The application: routes, errors, the guard round it all, and what runs while it is served."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.app import AppConfig
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath

from bouncewise.web.api import check as api_check
from bouncewise.web.api import deliveries as api_deliveries
from bouncewise.web.api import explain as api_explain
from bouncewise.web.api import report as api_report
from bouncewise.web.api import system as api_system
from bouncewise.web.errors import Fault, WebError, encoded, fault_of
from bouncewise.web.follow import reader
from bouncewise.web.guard import App, Guard, Receive, Scope, Send
from bouncewise.web.pages import check, explain, guide, live, report, sandbox
from bouncewise.web.pages.common import common
from bouncewise.web.pages.render import page
from bouncewise.web.site import Site

_log = logging.getLogger("bouncewise.web")
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_ROUTES = [
    api_explain.explain_one, api_explain.explain_many, api_explain.explain_pasted, api_explain.lookup,
    api_deliveries.take_in, api_deliveries.list_them, api_deliveries.one, api_deliveries.read,
    api_deliveries.webhook, api_report.report, api_check.check, api_system.live, api_system.health,
    api_system.metrics, explain.home, explain.pasted, explain.result, guide.index, guide.results, guide.entry,
    report.report, report.deliveries, report.delivery, report.uploaded, live.live, live.api, live.login,
    live.sign_in, check.form, check.checked, check.stream, sandbox.inbox, sandbox.message, sandbox.session,
]  # fmt: skip


@get("/static/{name:str}", include_in_schema=False)
async def static(name: FromPath[str]) -> Response[bytes]:
    """Styles, scripts and the icon; all are ours."""
    folder = files("bouncewise.web") / "static"
    if name not in {entry.name for entry in folder.iterdir()}:
        raise WebError(404, "not-found", "there is no such file")
    kind = _TYPES[name.rpartition(".")[2]]
    return Response((folder / name).read_bytes(), media_type=kind, headers={"cache-control": "max-age=300"})


def make_app(site: Site) -> App:
    """The whole application.

    Args:
        site: what it is about.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        work = asyncio.ensure_future(reader(site))
        try:
            yield
        finally:
            site.hub.closed.set()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.get_running_loop().run_in_executor(None, site.close)

    app = Litestar(
        [*_ROUTES, static],
        exception_handlers={WebError: _told, HTTPException: _told, Exception: _told},
        openapi_config=_openapi(),
        lifespan=[lifespan],
        request_max_body_size=None,  # the guard bounds it
        logging_config=None,
        on_app_init=[_plain],
    )
    app.state.site = site
    return Guard(_timed(app, site), site.settings, site.tokens)


def _plain(config: AppConfig) -> AppConfig:
    config.debug = False
    return config


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Bouncewise",
        version="1",
        description="Understands SMTP replies: what happened, why, who mends it and how.",
        path="/api/schema",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        create_examples=False,
    )


def _told(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Every error in one shape: JSON for programs, a page for a person."""
    fault = _fault(request, error)
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
    if wants_page:
        return page("fault.html", **common(request, ""), fault=fault, status=fault.status)
    return Response(encoded(fault), status_code=fault.status, media_type=MediaType.JSON)


def _fault(request: Request[Any, Any, Any], error: Exception) -> Fault:
    if isinstance(error, WebError):
        return error.fault
    if isinstance(error, HTTPException) and error.status_code < 500:
        return fault_of(error.status_code, _words(error))
    _log.error("%s %s broke off", request.method, request.url.path, exc_info=error)
    return Fault(500, "broken", "this broke off; the server's log says more")


def _words(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    told = "; ".join(
        f"{one.get('key', '')}: {one.get('message', '')}" for one in extra if isinstance(one, dict)
    )
    return (told or error.detail)[:500]


def _timed(app: Litestar, site: Site) -> App:
    """Counts how long each route takes, and writes a line for each request that fails."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)  # type: ignore[arg-type]
            return
        start = time.perf_counter()
        status = 500

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, watched)  # type: ignore[arg-type]
        finally:
            handler = scope.get("route_handler")
            route = next(iter(sorted(handler.paths)), "") if handler else "none"
            seconds = time.perf_counter() - start
            site.metrics.answered(route, status, seconds)
            if status >= 400:
                _log.info("%s %s %d %.1f ms", scope["method"], route, status, seconds * 1000)

    return timed
