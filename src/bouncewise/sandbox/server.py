"""The connections: a protocol of asyncio on a session without I/O.

Commands are answered as they come, in one go where nobody has to wait; a delay, a tarpit or a question of DNS
holds this connection only. Nothing is read while replies are not taken, so that memory is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sqlite3
import ssl
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import cast

from bouncewise.reply.model import EnhancedCode, Reply
from bouncewise.reply.render import render
from bouncewise.sandbox.answer import Answer
from bouncewise.sandbox.choose import Chooser
from bouncewise.sandbox.peer import Asked, Peer
from bouncewise.sandbox.personas import PLAIN, Persona
from bouncewise.sandbox.store import MAX_LINES, Kept, Line, Store, Transcript
from bouncewise.smtp import sasl
from bouncewise.smtp.events import Content
from bouncewise.smtp.limits import Limits
from bouncewise.smtp.offer import Offer
from bouncewise.smtp.server import ServerSession

IDLE = 300.0  # RFC 5321 section 4.5.3.2.7: five minutes at least
BUSY = Reply(421, EnhancedCode(4, 3, 2), ("too many connections",))
UNKEPT = Reply(451, EnhancedCode(4, 3, 0), ("the message can't be kept",))
SLOW = Reply(421, EnhancedCode(4, 4, 2), ("timeout exceeded",))


@dataclass
class Service:
    """What all connections share.

    Attributes:
        chooser: chooses answers.
        store: keeps what comes.
        offer: what sessions offer, before the persona.
        persona: as whom the server speaks.
        limits: of sessions.
        tls: context for STARTTLS, or None.
        idle: seconds without a command after which a session ends.
        most: connections at the same time.
        room: octets of all messages that are coming in; who sends more is told to try again (452 4.3.1).
        passwords: of accounts, for mechanisms that need them.
        told: is told a line when a session ends.
    """

    chooser: Chooser
    store: Store
    offer: Offer = field(default_factory=Offer)
    persona: Persona = PLAIN
    limits: Limits = field(default_factory=Limits)
    tls: ssl.SSLContext | None = None
    idle: float = IDLE
    most: int = 2000
    room: int = 128 * 1024 * 1024
    passwords: dict[str, str] = field(default_factory=dict)
    told: Callable[[Transcript], None] | None = None
    open: set[Connection] = field(default_factory=set)
    held: int = 0


class Connection(asyncio.Protocol):
    """One connection.

    Args:
        service: what it shares with others.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._full = self._securing = False
        self._held = 0  # octets of a message that is coming in, as ``service.held`` counts them
        self.id = secrets.token_hex(6)
        self._began = time.time()
        self._lines: list[Line] = []

    # -- what asyncio calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._securing:  # TLS stands now; the session goes on
            return
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        service = self._service
        name = transport.get_extra_info("peername") or ("", 0)
        self._ip = str(name[0])
        values = {
            "ip": self._ip,
            "id": self.id,
            "date": formatdate(),
            "helo": "",
            "host": service.persona.host,
        }
        offer = service.persona.offers(service.offer, values)
        self._session = ServerSession(offer, service.limits, exchanges=self._exchange, heard=self._hear)
        self._peer = Peer(self._ip, self._session)
        service.open.add(self)
        service.chooser.policies.opened(self._ip)
        if len(service.open) > service.most:
            self._transport.write(render(BUSY))
            self._transport.close()
            return
        self._alive()
        self._pump()

    def data_received(self, data: bytes) -> None:
        self._alive()
        self._session.feed(data)
        if self._task is not None:  # an answer is being waited for; nothing more is read until then
            self._pause()
            return
        self._pump()
        if self._held or self._session.held:
            self._make_room()

    def _make_room(self) -> None:
        """Count what is held of messages that are coming in, and drop this one where all are too much."""
        service, held = self._service, self._session.held
        service.held += held - self._held
        self._held = held
        if service.held > service.room:
            self._session.drop_content()
            service.held += self._session.held - held
            self._held = self._session.held

    def pause_writing(self) -> None:
        self._full = True
        self._pause()

    def resume_writing(self) -> None:
        self._full = False
        if self._task is None:
            self._resume()
            self._pump()

    def connection_lost(self, error: Exception | None) -> None:
        service = self._service
        if self not in service.open:
            return
        service.open.discard(self)
        service.held -= self._held
        service.chooser.policies.closed(self._ip)
        if self._timer:
            self._timer.cancel()
        if self._task:
            self._task.cancel()
        transcript = self._transcript()
        service.store.note(transcript)
        if service.told:
            service.told(transcript)

    # -- answers ------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Answer what can be answered at once."""
        session = self._session
        while not self._full and (event := session.next()) is not None:
            self._peer.note(event)
            asked = Asked(event, self._peer)
            answer = self._service.chooser.choose(asked)
            if not isinstance(answer, Answer) or answer.delay or answer.tarpit:
                self._flush()
                self._task = asyncio.ensure_future(self._later(asked, answer))
                return
            if not self._give(asked, answer):
                return
        self._flush()
        if session.handshake:
            self._task = asyncio.ensure_future(self._secure())
        elif session.ended and self._transport:
            self._transport.close()

    async def _later(self, asked: Asked, answer: Answer | Awaitable[Answer]) -> None:
        """Give an answer that takes its time."""
        chosen = answer if isinstance(answer, Answer) else await answer
        if chosen.delay:
            self._note("*", f"waits {chosen.delay:g} s")
            await asyncio.sleep(chosen.delay)
        going_on = self._give(asked, chosen)
        if chosen.tarpit and self._transport and going_on:
            for octet in self._session.take():
                self._transport.write(bytes([octet]))
                await asyncio.sleep(chosen.tarpit)
        self._task = None
        if not going_on:
            return
        self._resume()
        self._pump()

    def _give(self, asked: Asked, answer: Answer) -> bool:
        """Give an answer; False where the connection is gone by it."""
        if answer.by not in ("", "accepted"):
            self._note("*", answer.by)
        if answer.ends or answer.garbage:
            return self._end_badly(answer)
        event = asked.event
        taken = answer.reply is None or (answer.reply.code or 0) < 400
        reply = answer.reply
        if isinstance(event, Content) and taken:
            try:
                self._keep(event)
            except (sqlite3.Error, OSError) as fault:  # the disk is full, or the folder is gone
                self._note("*", f"can't be kept: {fault}")
                reply = UNKEPT
        self._session.answer(reply)
        return True

    def _end_badly(self, answer: Answer) -> bool:
        """Drop, reset, half a reply or garbage."""
        assert self._transport is not None
        self._flush()
        if answer.garbage:
            self._transport.write(answer.garbage)
            self._note("*", f"sends {len(answer.garbage)} octets of garbage")
        if answer.half and answer.reply is not None:
            octets = render(answer.reply)
            self._transport.write(octets[: max(len(octets) // 2, 1)])
        if answer.reset:
            self._reset()
        else:
            self._transport.close()
        self._note("*", "closes the connection")
        return False

    def _reset(self) -> None:
        assert self._transport is not None
        plain = self._transport.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError):
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def _secure(self) -> None:
        """The handshake behind STARTTLS."""
        assert self._transport is not None
        assert self._service.tls is not None
        self._securing = True
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._transport, self, self._service.tls, server_side=True)
        except (OSError, ssl.SSLError) as fault:
            self._note("*", f"TLS failed: {str(fault)[:100]}")
            self._transport.close()
            return
        self._transport = cast(asyncio.Transport, transport)
        self._session.secured()
        self._note("*", "TLS")
        self._task = None
        self._securing = False
        self._pump()

    def _keep(self, event: Content) -> None:
        session = self._session
        kept = self._service.store.keep(
            Kept(
                session=self.id,
                time=time.time(),
                ip=self._ip,
                helo=self._peer.helo,
                sender=self._peer.sender,
                recipients=tuple(self._peer.recipients),
                tls=session.tls,
                user=session.user,
                octets=event.octets,
            )
        )
        self._service.chooser.policies.kept(list(kept.recipients), len(event.octets))

    def _exchange(self, mechanism: str) -> sasl.Exchange:
        if mechanism == "PLAIN":
            return sasl.plain()
        if mechanism == "LOGIN":
            return sasl.login()
        if mechanism == "CRAM-MD5":
            return sasl.cram_md5(f"<{secrets.token_hex(8)}@{self._session.offer.host.split()[0]}>".encode())
        if mechanism == "SCRAM-SHA-256":
            salt = sasl.Scram(secrets.token_bytes(16))
            return sasl.scram_sha_256(secrets.token_urlsafe(18), salt, self._service.passwords.get)
        return sasl.bearer()

    # -- the connection -----------------------------------------------------------------------------------

    def _flush(self) -> None:
        octets = self._session.take()
        if octets and self._transport and not self._transport.is_closing():
            self._transport.write(octets)

    def _pause(self) -> None:
        if self._transport and not self._transport.is_closing():
            with contextlib.suppress(RuntimeError):
                self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport and not self._transport.is_closing():
            with contextlib.suppress(RuntimeError):
                self._transport.resume_reading()

    def _alive(self) -> None:
        """Something came. The timer is set once, and again when it finds that something came since."""
        self._heard_at = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._service.idle, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        left = self._heard_at + self._service.idle - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look_at_the_clock)
        else:
            self._too_slow()

    def _too_slow(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._note("S", render(SLOW).decode().strip())
            self._transport.write(render(SLOW))
            self._transport.close()
            asyncio.get_running_loop().call_later(5, self._transport.abort)  # also where nobody reads it

    def _hear(self, who: str, text: str) -> None:
        self._note(who, text)

    def _note(self, who: str, text: str) -> None:
        if len(self._lines) < MAX_LINES:
            self._lines.append(Line(who, text[:4096], time.time()))

    def _transcript(self) -> Transcript:
        return Transcript(session=self.id, ip=self._ip, began=self._began, lines=tuple(self._lines))

    def close(self) -> None:
        """End the connection at once."""
        if self._transport:
            self._transport.abort()
