"""Gets a page by HTTPS, as MTA-STS asks for it.

Sources: RFC 8461 section 3.3 (the certificate is checked, redirects are not followed, so much time, no more).
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from bouncewise.checks.dns import Resolver

TIMEOUT = 5.0
MAX_OCTETS = 65_536


class Fetched(msgspec.Struct, frozen=True):
    """What came.

    Attributes:
        status: of HTTP; 0 where none came.
        kind: the content type, in small letters, without parameters.
        body: at most so many octets as were asked for.
        problem: why nothing came, or "".
        longer: there was more.
    """

    status: int
    kind: str = ""
    body: bytes = b""
    problem: str = ""
    longer: bool = False


class Fetcher(Protocol):
    """Whoever gets a page."""

    async def fetch(self, url: str, *, limit: int = MAX_OCTETS) -> Fetched:
        """Get a page; never raises."""
        ...


class HttpsFetcher:
    """Gets pages of hosts that the resolver names.

    Args:
        resolver: is asked for addresses.
        timeout: seconds for each step.
        context: for TLS; None for the system's certificates.
        port: of the servers.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        timeout: float = TIMEOUT,
        context: ssl.SSLContext | None = None,
        port: int = 443,
    ) -> None:
        self._resolver = resolver
        self._timeout = timeout
        self._context = context
        self._port = port

    async def fetch(self, url: str, *, limit: int = MAX_OCTETS) -> Fetched:
        """See ``Fetcher``."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or not host:
            return Fetched(0, problem="only https is fetched")
        answers = await asyncio.gather(self._resolver.ask(host, "A"), self._resolver.ask(host, "AAAA"))
        addresses = [ip for answer in answers for ip in answer.hosts][:4]
        if not addresses:
            failed = next((a for a in answers if a.failed), None)
            why = failed.detail or str(failed.status) if failed else "it has no address"
            return Fetched(0, problem=f"{host}: {why}")
        told = Fetched(0, problem="no address was tried")
        for ip in addresses:
            try:
                async with asyncio.timeout(self._timeout * 2):
                    told = await asyncio.to_thread(self._get, host, ip, parts.path or "/", limit)
            except TimeoutError:
                told = Fetched(0, problem=f"{host} ({ip}) does not answer in time")
            if not told.problem:
                break
        return told

    def _get(self, host: str, ip: str, path: str, limit: int) -> Fetched:
        context = self._context or ssl.create_default_context()
        connection = _Connection(host, ip, self._port, self._timeout, context)
        try:
            connection.request("GET", path, headers={"User-Agent": "bouncewise"})
            answer = connection.getresponse()
            body = answer.read(limit + 1)
            kind = (answer.getheader("content-type") or "").partition(";")[0].strip().lower()
            return Fetched(answer.status, kind, body[:limit], longer=len(body) > limit)
        except ssl.SSLCertVerificationError as fault:
            return Fetched(0, problem=f"the certificate of {host} does not fit: {fault.verify_message}")
        except (OSError, http.client.HTTPException) as fault:
            return Fetched(0, problem=f"{host} ({ip}): {str(fault)[:120] or type(fault).__name__}")
        finally:
            connection.close()


class _Connection(http.client.HTTPSConnection):
    """A connection to a chosen address, with the certificate checked for the host's name."""

    def __init__(self, host: str, ip: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._ip = ip
        self._tls = context

    def connect(self) -> None:
        import socket  # noqa: PLC0415

        plain = socket.create_connection((self._ip, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
