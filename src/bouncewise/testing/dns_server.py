"""A name server on the loopback that serves a zone over UDP and TCP, for tests from end to end.

In a test::

    zone = Zone.of({"example.com": {"TXT": ["v=spf1 -all"]}})
    with DnsServer(zone) as server:
        subprocess.run(["bouncewise", "check", "example.com", "--resolver", server.address])

Behaviours let it fail as servers do; see ``Behaviour``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from bouncewise.checks.dns import Answer, Mx, Record, Status, Tlsa
from bouncewise.checks.resolver import wire
from bouncewise.testing.zone import Zone

_RCODES = {
    Status.NXDOMAIN: dns.rcode.NXDOMAIN,
    Status.SERVFAIL: dns.rcode.SERVFAIL,
    Status.REFUSED: dns.rcode.REFUSED,
}


class Behaviour(StrEnum):
    """How the server answers questions for a name."""

    SILENT = "silent"
    GARBAGE = "garbage"  # octets that are no message
    HALF = "half"  # a message cut in the middle
    WRONG_ID = "wrong-id"
    WRONG_QUESTION = "wrong-question"
    OTHER_NAME = "other-name"  # an answer with a record of another name
    TRUNCATED = "truncated"  # over UDP nothing but the word that TCP is to be asked
    LOOP = "loop"  # a CNAME that leads back to the name


class DnsServer:
    """A server in a thread of its own.

    Args:
        zone: what it serves. ``Status.TIMEOUT`` of the zone is silence, ``MALFORMED`` garbage.
        delay: seconds before each answer.
        behaviours: by name, in small letters.
        max_udp: octets over UDP at most; longer answers are truncated.
    """

    def __init__(
        self,
        zone: Zone,
        *,
        delay: float = 0.0,
        behaviours: Mapping[str, Behaviour] | None = None,
        max_udp: int = wire.PAYLOAD,
    ) -> None:
        self._zone = zone
        self._delay = delay
        self._behaviours = dict(behaviours or {})
        self._max_udp = max_udp
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    @property
    def address(self) -> str:
        """As ``--resolver`` takes it."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> DnsServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Udp(self), local_addr=("127.0.0.1", 0)
        )
        self.port = transport.get_extra_info("sockname")[1]
        server = await asyncio.start_server(self._tcp, "127.0.0.1", self.port)
        self._ready.set()
        await self._stop.wait()
        transport.close()
        server.close()

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.answer(await reader.readexactly(size), tcp=True)
                if self._delay:
                    await asyncio.sleep(self._delay)
                if answer is None:
                    await asyncio.sleep(3600)
                    return
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def answer(self, data: bytes, *, tcp: bool = False) -> bytes | None:
        """The answer to a message; None is silence."""
        try:
            query = dns.message.from_wire(data)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        name = wire.host(question.name)
        behaviour = self._behaviours.get(name)
        if behaviour is Behaviour.SILENT:
            return None
        found = self._zone.answer(name, dns.rdatatype.to_text(question.rdtype))
        if found.status is Status.TIMEOUT:
            return None
        reply = self._reply(query, found, behaviour)
        octets = _octets(
            reply, 65_535 if tcp else self._max_udp, truncate=behaviour is Behaviour.TRUNCATED and not tcp
        )
        if behaviour is Behaviour.GARBAGE or found.status is Status.MALFORMED:
            return octets[:2] + b"\x80" + b"\xff" * 40
        return octets[: len(octets) // 2] if behaviour is Behaviour.HALF else octets

    def _reply(
        self, query: dns.message.Message, found: Answer, behaviour: Behaviour | None
    ) -> dns.message.Message:
        reply = dns.message.make_response(query, recursion_available=True)
        if found.secure:
            reply.flags |= dns.flags.AD
        question = query.question[0]
        owner = question.name
        reply.set_rcode(_RCODES.get(found.status, dns.rcode.NOERROR))
        if behaviour is Behaviour.LOOP:
            reply.answer.append(_rrset(owner, "CNAME", wire.host(owner) + "."))
            return reply
        if behaviour is Behaviour.OTHER_NAME:
            owner = wire.name_of("other.invalid")
        for alias in found.aliases:
            reply.answer.append(_rrset(owner, "CNAME", alias + "."))
            owner = wire.name_of(alias)
        if found.records:
            reply.answer.append(_records(owner, found))
        if behaviour is Behaviour.WRONG_ID:
            reply.id = (reply.id + 1) % 65536
        if behaviour is Behaviour.WRONG_QUESTION:
            reply.question = [
                dns.rrset.RRset(wire.name_of("other.invalid"), dns.rdataclass.IN, question.rdtype)
            ]
        return reply


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        answer = self._server.answer(data)
        if answer is None or self._transport is None:
            return
        if self._server._delay:
            asyncio.get_running_loop().call_later(
                self._server._delay, self._transport.sendto, answer, address
            )
        else:
            self._transport.sendto(answer, address)


def _octets(reply: dns.message.Message, limit: int, *, truncate: bool) -> bytes:
    try:
        if not truncate:
            return reply.to_wire(max_size=limit)
    except dns.exception.TooBig:
        pass
    reply.answer = []
    reply.flags |= dns.flags.TC
    return reply.to_wire()


def _rrset(owner: dns.name.Name, rtype: str, text: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 300, dns.rdataclass.IN, dns.rdatatype.from_text(rtype), text)


def _records(owner: dns.name.Name, found: Answer) -> dns.rrset.RRset:
    rtype = dns.rdatatype.from_text(found.rtype)
    rrset = dns.rrset.RRset(owner, dns.rdataclass.IN, rtype)
    for record in found.records:
        rrset.add(_rdata(found.rtype, record), ttl=max(found.ttl, 0))
    return rrset


def _rdata(rtype: str, record: Record) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(rtype)
    if isinstance(record, bytes):
        cuts = [record[at : at + 255] for at in range(0, len(record), 255)] or [b""]
        octets = b"".join(bytes([len(cut)]) + cut for cut in cuts)
        return dns.rdata.from_wire(dns.rdataclass.IN, kind, octets, 0, len(octets))
    if isinstance(record, Mx):
        text = f"{record.preference} {record.host}."
    elif isinstance(record, Tlsa):
        text = f"{record.usage} {record.selector} {record.matching} {record.data}"
    elif rtype in ("PTR", "NS", "CNAME"):
        text = record + "."
    else:
        text = record
    return dns.rdata.from_text(dns.rdataclass.IN, kind, text)
