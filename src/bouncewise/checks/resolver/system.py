"""The real DNS, by dnspython: the system's name servers or chosen ones, over UDP and TCP, TLS or HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.resolver.bounded import unaskable
from bouncewise.checks.resolver.servers import ResolverError, Server, parse_server

if TYPE_CHECKING:
    import dns.message

    from bouncewise.checks.resolver.udp import UdpServer

TIMEOUT = 2.0
TRIES = 2
AT_ONCE = 200
MAX_ALIASES = 8
QUIET = 10.0  # seconds that a network without answers is left alone
_TRIED_ELSEWHERE = (Status.SERVFAIL, Status.REFUSED, Status.MALFORMED, Status.TIMEOUT)

__all__ = ["ResolverError", "SystemResolver", "make_resolver", "offline"]


class Offline:
    """Asks nobody."""

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``."""
        return Answer(name, rtype, Status.OFFLINE, detail="DNS is not asked (--offline)")


def offline() -> Resolver:
    """A resolver that asks nobody."""
    return Offline()


def make_resolver(servers: Sequence[str] = (), *, timeout: float = TIMEOUT, tries: int = TRIES) -> Resolver:
    """The real resolver.

    Args:
        servers: as ``parse_server`` takes them; none for those of the system.
        timeout: seconds for one try.
        tries: how often each server is asked.

    Raises:
        ResolverError: a server can't be used.
    """
    chosen = tuple(parse_server(text) for text in servers)
    if any(server.how == "https" for server in chosen):
        _needs_https()
    if chosen:
        return SystemResolver(chosen, timeout=timeout, tries=tries)
    return SystemResolver(_system_servers(), timeout=timeout, tries=tries, doubted=True)


def _system_servers() -> tuple[Server, ...]:
    import dns.resolver  # noqa: PLC0415 - takes a tenth of a second

    try:
        found = dns.resolver.Resolver(configure=True)
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple(Server("udp", str(ip), found.port) for ip in found.nameservers if isinstance(ip, str))


def _needs_https() -> None:
    import dns.query  # noqa: PLC0415

    if not dns.query.have_doh:
        raise ResolverError("DNS over HTTPS needs more packages: pip install 'bouncewise[doh]'")


class SystemResolver:
    """Asks name servers, one after the other until one answers.

    Args:
        servers: whom to ask.
        timeout: seconds for one try.
        tries: how often each server is asked.
        doubted: the root is asked for first: where there is no network, the server of a closed one may deny
            every name, and no name is believed not to exist then.
    """

    def __init__(
        self, servers: Sequence[Server], *, timeout: float, tries: int, doubted: bool = False
    ) -> None:
        self._servers = tuple(servers)
        self._timeout = timeout
        self._tries = tries
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._udp: dict[Server, UdpServer] = {}
        self._answered = False  # some server has answered some question
        self._quiet_until = 0.0
        self._quiet_why = ""
        self._doubted = doubted
        self._root: asyncio.Task[Answer] | None = None

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``; CNAMEs that lead out of an answer are followed."""
        if problem := unaskable(name):
            return Answer(name, rtype, Status.MALFORMED, detail=problem)
        if not self._servers:
            return Answer(name, rtype, Status.OFFLINE, detail="this system names no name server")
        if self._doubted and (why := await self._closed()):
            return Answer(name, rtype, Status.OFFLINE, detail=why)
        async with self._gate:
            answer = await self._ask(name, rtype)
            aliases = list(answer.aliases)
            while answer.status is Status.NODATA and answer.aliases and rtype != "CNAME":
                target = answer.aliases[-1]
                if len(aliases) > MAX_ALIASES or target in aliases[:-1] or unaskable(target):
                    return Answer(
                        name, rtype, Status.MALFORMED, aliases=tuple(aliases), detail="a loop of CNAMEs"
                    )
                answer = await self._ask(target, rtype)
                aliases += answer.aliases
                if not answer.aliases:
                    break
        if answer.name == name:
            return answer
        return msgspec.structs.replace(answer, name=name, aliases=tuple(aliases))

    async def _closed(self) -> str:
        """Why the servers are none of the Internet, or ""; the root is asked once."""
        if self._root is None:
            self._root = asyncio.ensure_future(self._ask("", "NS"))
        root = await asyncio.shield(self._root)
        if root.status is Status.OFFLINE:
            self._root = None  # another time there may be a network
            return root.detail
        if root.status not in (Status.NXDOMAIN, Status.NODATA):
            return ""
        shown = ", ".join(server.shown for server in self._servers)
        return f"{shown} denies every name, even the root"

    async def _ask(self, name: str, rtype: str) -> Answer:
        loop = asyncio.get_running_loop()
        if self._quiet_until > loop.time():
            return Answer(name, rtype, Status.OFFLINE, detail=self._quiet_why)
        last = Answer(name, rtype, Status.TIMEOUT, detail="no name server answered")
        unreachable = 0
        for _ in range(self._tries):
            for server in self._servers:
                answer = await self._try(server, name, rtype)
                if answer.status not in _TRIED_ELSEWHERE and answer.status is not Status.OFFLINE:
                    self._answered = True
                    return answer
                unreachable += answer.status is Status.OFFLINE
                if answer.status not in (Status.TIMEOUT, Status.OFFLINE):
                    self._answered = True
                    last = answer
                elif last.status in (Status.TIMEOUT, Status.OFFLINE):
                    last = answer
        if unreachable == self._tries * len(self._servers) or not self._answered:
            self._quiet_until = loop.time() + QUIET
            self._quiet_why = last.detail
            return Answer(name, rtype, Status.OFFLINE, detail=last.detail)
        return last

    async def _try(self, server: Server, name: str, rtype: str) -> Answer:
        import dns.exception  # noqa: PLC0415

        from bouncewise.checks.resolver import wire  # noqa: PLC0415

        try:
            query = wire.make_query(name, rtype)
            message = await self._exchange(server, query)
            if not wire.is_answer_to(message, query):
                return Answer(
                    name, rtype, Status.MALFORMED, detail=f"{server.shown} answers another question"
                )
            return wire.answer_of(name, rtype, message)
        except (TimeoutError, dns.exception.Timeout):
            return Answer(name, rtype, Status.TIMEOUT, detail=f"{server.shown} does not answer")
        except OSError as fault:
            why = f"{server.shown} can't be reached: {fault.strerror or fault}"
            return Answer(name, rtype, Status.OFFLINE, detail=why)
        except Exception as fault:  # of dnspython, or of the HTTP client below it
            why = f"{server.shown} gave no answer that can be read: {str(fault)[:100]}"
            return Answer(name, rtype, Status.MALFORMED, detail=why)

    async def _exchange(self, server: Server, query: dns.message.Message) -> dns.message.Message:
        import dns.asyncquery  # noqa: PLC0415
        import dns.flags  # noqa: PLC0415

        if server.how == "https":
            async with asyncio.timeout(self._timeout):
                return await dns.asyncquery.https(query, server.url, timeout=self._timeout)
        if server.how == "tls":
            async with asyncio.timeout(self._timeout):
                return await dns.asyncquery.tls(
                    query,
                    server.address,
                    timeout=self._timeout,
                    port=server.port,
                    server_hostname=server.name or server.address,
                )
        udp = self._udp.get(server)
        if udp is None:
            from bouncewise.checks.resolver.udp import UdpServer  # noqa: PLC0415

            udp = self._udp[server] = UdpServer(server.address, server.port)
        message = await udp.ask(query, self._timeout)
        if message.flags & dns.flags.TC:
            async with asyncio.timeout(self._timeout):
                message = await dns.asyncquery.tcp(
                    query, server.address, timeout=self._timeout, port=server.port
                )
        return message

    def close(self) -> None:
        """Close the sockets."""
        for udp in self._udp.values():
            udp.close()
        self._udp.clear()
