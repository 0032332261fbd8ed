"""What comes in as it comes, and signing in."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from bouncewise.store.model import Filter
from bouncewise.web.api.shared import Asked, site_of
from bouncewise.web.guard import COOKIE
from bouncewise.web.hooks import services
from bouncewise.web.pages.common import common
from bouncewise.web.pages.render import page
from bouncewise.web.site import shown

SHOWN = 50
MONTH = 30 * 86_400


@get("/live", include_in_schema=False)
async def live(request: Asked) -> Response[bytes]:
    """The latest deliveries; the script adds those that come."""
    site = site_of(request)
    found = await site.aside(lambda: site.store.page(Filter(), limit=SHOWN))
    rows = [{"id": number, **shown(values)} for number, values in found.rows]
    return page("live.html", **common(request, "live"), rows=rows, services=services())


@get("/api", include_in_schema=False)
async def api(request: Asked) -> Response[bytes]:
    """What the API has, for a person."""
    paths = request.app.openapi_schema.to_schema()["paths"]
    routes = [
        (path, method.upper(), told.get("summary", ""))
        for path, methods in sorted(paths.items())
        for method, told in methods.items()
    ]
    return page("api.html", **common(request, "api"), routes=routes, services=services())


@get("/login", include_in_schema=False)
async def login(request: Asked) -> Response[bytes]:
    """Where a token is given."""
    return page("login.html", **common(request, "login"), fault="")


@post("/login", status_code=200, include_in_schema=False)
async def sign_in(request: Asked) -> Response[bytes] | Redirect:
    """Keeps a token that is known in a cookie that scripts don't see."""
    form = await request.form()
    token = str(form.get("token", "")).strip()
    if not site_of(request).tokens.knows(token):
        return page("login.html", **common(request, "login"), fault="This token is not known.", status=401)
    secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    cookie = Cookie(key=COOKIE, value=token, httponly=True, samesite="strict", secure=secure, max_age=MONTH)
    return Redirect("/", status_code=303, cookies=[cookie])
