"""What stands before every page and the API: who may ask, how often, how much, and what a browser may do.

Plain ASGI, since it is passed by every request. Sources: OWASP on CSRF (Sec-Fetch-Site and Origin), Fetch
Metadata (W3C), Content Security Policy Level 3.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from bouncewise.web.errors import Fault, encoded
from bouncewise.web.settings import Settings, is_loopback
from bouncewise.web.tokens import Tokens

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "bouncewise-token"
DRAINED = 64 * 1024 * 1024  # octets of a body that is too large that are read and forgotten
DRAINING = 5.0  # seconds for that
MAX_CLIENTS = 10_000  # whose rates are followed
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
_SAFE = {"GET", "HEAD", "OPTIONS"}
_OPEN = ("/static/", "/login", "/health")  # what shows nothing of anybody
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip")
_UPLOADS = ("/api/read", "/api/deliveries", "/api/webhooks/", "/report/upload", "/api/explain", "/explain/")


class Guard:
    """Wraps an application.

    Args:
        app: the application.
        settings: of the server.
        tokens: of the API.
        clock: seconds, for rates.
    """

    def __init__(
        self, app: App, settings: Settings, tokens: Tokens, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._settings = settings
        self._tokens = tokens
        self._rates = Rates(settings.limits.rate, settings.limits.burst, clock)
        self._hosts = {
            "localhost",
            "127.0.0.1",
            "::1",
            settings.host.lower(),
            *map(str.lower, settings.names),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        fault = self._refuses(scope, headers)
        if fault is None:
            limit = self._limit(scope["path"])
            body = Body(receive, limit, self._settings.limits.seconds)
            fault = body.refuses(headers)
            if fault is None:
                await self._app(scope, body.receive, Sender(send, body).send)
                return
            await body.drain()
        await _tell(fault, scope, headers, send)

    def _limit(self, path: str) -> int:
        limits = self._settings.limits
        return limits.upload if path.startswith(_UPLOADS) else limits.text

    def _refuses(self, scope: Scope, headers: dict[bytes, bytes]) -> Fault | None:
        """Why a request is not let in, or None."""
        client = (scope.get("client") or ("", 0))[0]
        near = is_loopback(client) and not any(name in headers for name in _FORWARDED)
        host = _host(headers)
        if near and host not in self._hosts:  # a name that was pointed here, as in DNS rebinding
            return Fault(
                421,
                "unknown-host",
                f"this server is not called {host[:80]!r}; start it with --name to allow it",
            )
        if not near and (wait := self._rates.wait(client)):
            return Fault(429, "too-many-requests", f"too many requests; try again in {wait:.1f} seconds")
        path: str = scope["path"]
        if not near and not path.startswith(_OPEN) and not self._may_enter(path, headers):
            return Fault(
                401, "token-needed", "a token is needed: Authorization: Bearer ..., or sign in at /login"
            )
        if scope["method"] not in _SAFE and not _same_site(headers, host):
            return Fault(403, "other-site", "a page of another site sent this; it is not done")
        return None

    def _may_enter(self, path: str, headers: dict[bytes, bytes]) -> bool:
        if path.startswith("/api/webhooks/") and path.count("/") == 3:
            service = path.rpartition("/")[2]
            if service in self._settings.webhook_secrets:
                return True  # its signature tells
        return any(self._tokens.knows(token) for token in _tokens(headers))


class Rates:
    """A bucket of requests for each address.

    Args:
        rate: requests a second that are let in.
        burst: requests that may come at once.
        clock: seconds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, client: str) -> float:
        """0 where a request is let in, else the seconds until one will be."""
        now = self._clock()
        left, last = self._buckets.pop(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - last) * self._rate)
        if len(self._buckets) >= MAX_CLIENTS:
            self._buckets.pop(next(iter(self._buckets)))  # the one that was heard of longest ago
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / self._rate


class Body:
    """A body in bounded size and time.

    Args:
        receive: gives it.
        limit: octets.
        seconds: for each part of it to come.
    """

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._limit, self._seconds = receive, limit, seconds
        self._got = 0
        self._ended = False
        self.fault: Fault | None = None

    def refuses(self, headers: dict[bytes, bytes]) -> Fault | None:
        """Why it is not even begun, or None."""
        told = headers.get(b"content-length", b"0")
        if not (told.isdigit() and len(told) < 20):
            return Fault(400, "bad-request", "Content-Length is no number")
        return self._too_large() if int(told) > self._limit else None

    async def receive(self) -> Message:
        """The next part."""
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError:
            self.fault = Fault(408, "too-slow", "the body did not come in time")
            return {"type": "http.disconnect"}
        self._got += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._got > self._limit:
            self.fault = self._too_large()
            return {"type": "http.disconnect"}
        return message

    async def drain(self) -> None:
        """Read on and forget: a client that still sends would not see the answer, but a reset."""
        drained = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(DRAINING, self._seconds)):
                while not self._ended and drained < DRAINED:
                    message = await self._receive()
                    drained += len(message.get("body", b""))
                    self._ended = not message.get("more_body", False)

    def _too_large(self) -> Fault:
        return Fault(413, "too-large", f"more than {self._limit:,} octets; send it in parts")


class Sender:
    """Puts our headers on every answer, and says what was wrong with a body.

    Args:
        send: to the client.
        body: of the request.
    """

    def __init__(self, send: Send, body: Body) -> None:
        self._send, self._body = send, body
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            fault = self._body.fault
            if fault is not None and message["status"] >= 400:
                self._replaced = True
                await self._body.drain()
                await _answer(fault, self._send)
                return
            own = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(h for h in _HEADERS if h[0] not in own)]
        if not self._replaced:
            await self._send(message)


async def _tell(fault: Fault, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
    """Say why a request is refused; a person without a token is led to where to sign in."""
    wants_page = b"text/html" in headers.get(b"accept", b"") and not scope["path"].startswith("/api/")
    if fault.status == 401 and wants_page:
        location = [(b"location", b"/login"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": [*location, *_HEADERS]})
        await send({"type": "http.response.body", "body": b""})
        return
    await _answer(fault, send)


async def _answer(fault: Fault, send: Send) -> None:
    body = encoded(fault)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *_HEADERS,
    ]
    if fault.status in (408, 413):
        headers.append((b"connection", b"close"))
    if fault.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if fault.status == 429:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _host(headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _same_site(headers: dict[bytes, bytes], host: str) -> bool:
    """Whether this is no form or script of another site; programs that are no browser say nothing of it."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin.decode("latin-1")).hostname == host
    except ValueError:
        return False


def _tokens(headers: dict[bytes, bytes]) -> Iterable[str]:
    """What may be a token: of the Authorization field, or of the cookie that signing in gave."""
    kind, _, told = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        yield told.strip()
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie.load(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return
    if COOKIE in cookie:
        yield cookie[COOKIE].value
