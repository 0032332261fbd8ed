"""What a server session tells whoever runs it; each event is answered before the next comes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bouncewise.reply.model import Phase
from bouncewise.smtp.path import Path
from bouncewise.smtp.sasl import Claim


class Event(msgspec.Struct, frozen=True):
    """Something that has to be answered."""

    @property
    def phase(self) -> Phase:
        """The command that the answer answers."""
        return Phase.CONNECT


class Connected(Event, frozen=True):
    """A client is there; the answer is the greeting."""


class Hello(Event, frozen=True):
    """EHLO, or HELO where ``extended`` is False."""

    name: str
    extended: bool

    @property
    def phase(self) -> Phase:
        return Phase.EHLO


class TlsWanted(Event, frozen=True):
    """STARTTLS; where the answer is 220, the handshake comes next."""

    @property
    def phase(self) -> Phase:
        return Phase.STARTTLS


class Proven(Event, frozen=True):
    """An authentication exchange has come to its end."""

    mechanism: str
    claim: Claim

    @property
    def phase(self) -> Phase:
        return Phase.AUTH


class Sender(Event, frozen=True):
    """MAIL; ``path.local`` is "" for the null reverse-path."""

    path: Path
    parameters: Mapping[str, str | None]

    @property
    def phase(self) -> Phase:
        return Phase.MAIL


class Recipient(Event, frozen=True):
    """RCPT."""

    path: Path
    parameters: Mapping[str, str | None]

    @property
    def phase(self) -> Phase:
        return Phase.RCPT


class ContentWanted(Event, frozen=True):
    """DATA, before any content."""

    @property
    def phase(self) -> Phase:
        return Phase.DATA


class Content(Event, frozen=True):
    """A whole message; the answer of 2yz takes responsibility for it (RFC 5321 section 6.1)."""

    octets: bytes

    @property
    def phase(self) -> Phase:
        return Phase.MESSAGE


class Lookup(Event, frozen=True):
    """VRFY or EXPN."""

    verb: str
    text: str


class Quit(Event, frozen=True):
    """QUIT; the session ends with the answer."""

    @property
    def phase(self) -> Phase:
        return Phase.QUIT
