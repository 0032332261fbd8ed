"""What a check asks of DNS and what it is told: answers, and the protocol of whoever gives them.

Sources: RFC 1035 section 3 (records), RFC 2308 section 2 (no name, no data), RFC 6698 section 2 (TLSA).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec


class Status(StrEnum):
    """How a question ended. ``NODATA``: the name exists without such a record (RFC 2308 section 2.2)."""

    OK = "ok"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"  # an answer that can't be read, a name that can't be asked, a loop of CNAMEs
    LIMIT = "limit"  # not asked: this check's questions or its time are used up
    OFFLINE = "offline"  # not asked: there is no network, or the user wants none


FAULTS = frozenset(
    {
        Status.SERVFAIL,
        Status.REFUSED,
        Status.TIMEOUT,
        Status.MALFORMED,
        Status.LIMIT,
        Status.OFFLINE,
    }
)


class Mx(NamedTuple):
    """An MX record; ``host`` is ``""`` for the root, which is the null MX (RFC 7505)."""

    preference: int
    host: str


class Tlsa(NamedTuple):
    """A TLSA record (RFC 6698 section 2.1); ``data`` in hexadecimal."""

    usage: int
    selector: int
    matching: int
    data: str


Record = str | bytes | Mx | Tlsa


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What DNS said to one question.

    Attributes:
        name: the name asked for.
        rtype: the type asked for (``"TXT"``).
        status: how it ended.
        records: what was found: octets for TXT (the strings of one record joined, RFC 7208 section 3.3),
            ``Mx``, ``Tlsa``, addresses as text for A and AAAA, names without the last dot for PTR, NS and
            CNAME, the presentation form for every other type.
        ttl: seconds that it may be kept.
        aliases: the CNAMEs on the way, in their order.
        secure: the resolver says that DNSSEC bears the answer out (the AD bit); None where it was not asked.
        detail: what went wrong, for a person, or "".
    """

    name: str
    rtype: str
    status: Status
    records: tuple[Record, ...] = ()
    ttl: int = 0
    aliases: tuple[str, ...] = ()
    secure: bool | None = None
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether nothing can be said: DNS gave neither records nor their absence."""
        return self.status in FAULTS

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The TXT records."""
        return tuple(r for r in self.records if isinstance(r, bytes))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Addresses or names."""
        return tuple(r for r in self.records if isinstance(r, str))

    @property
    def exchanges(self) -> tuple[Mx, ...]:
        """The MX records, the most wanted first."""
        return tuple(sorted(r for r in self.records if isinstance(r, Mx)))

    @property
    def associations(self) -> tuple[Tlsa, ...]:
        """The TLSA records."""
        return tuple(r for r in self.records if isinstance(r, Tlsa))


class Resolver(Protocol):
    """Whoever answers questions: the real DNS, a cache before it, a zone in a test."""

    async def ask(self, name: str, rtype: str) -> Answer:
        """Ask one question. Never raises: what goes wrong is the answer's status.

        Args:
            name: a domain name in ASCII (A-labels), without the last dot; "" is the root.
            rtype: the record's type in capitals, such as ``"TXT"``.
        """
        ...
