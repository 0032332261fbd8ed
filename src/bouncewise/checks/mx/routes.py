"""The hosts that take a domain's mail, each with its addresses.

Sources: RFC 5321 section 5.1 (MX, and the address where there is none), RFC 7505 (null MX).
"""

from __future__ import annotations

import asyncio
import ipaddress

import msgspec

from bouncewise.checks.dns import Answer, Mx, Resolver, Status

MAX_HOSTS = 20


class Host(msgspec.Struct, frozen=True):
    """A host and what DNS says of it."""

    preference: int
    name: str
    answers: tuple[Answer, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses."""
        return tuple(host for answer in self.answers for host in answer.hosts)

    @property
    def failed(self) -> bool:
        """Nothing is known, since DNS failed."""
        return not self.addresses and any(answer.failed for answer in self.answers)

    @property
    def alias(self) -> str:
        """What the name is a CNAME for, or ""."""
        return next((answer.aliases[-1] for answer in self.answers if answer.aliases), "")


class Routes(msgspec.Struct, frozen=True):
    """Where a domain's mail goes.

    Attributes:
        domain: the domain.
        answer: the MX answer.
        hosts: the hosts, the most wanted first; without MX records the domain itself.
        implicit: there is no MX record, and the domain's own address is taken.
        null: the domain says that it takes no mail.
    """

    domain: str
    answer: Answer
    hosts: tuple[Host, ...] = ()
    implicit: bool = False
    null: bool = False

    @property
    def reachable(self) -> tuple[Host, ...]:
        """The hosts that have an address."""
        return tuple(host for host in self.hosts if host.addresses)


async def routes_of(domain: str, resolver: Resolver) -> Routes:
    """Where a domain's mail goes; two round trips.

    Args:
        domain: in ``canonical`` form.
        resolver: is asked.
    """
    answer, own = await asyncio.gather(resolver.ask(domain, "MX"), host_of(Mx(0, domain), resolver))
    exchanges = answer.exchanges
    if exchanges:
        if all(not exchange.host for exchange in exchanges):
            return Routes(domain, answer, null=True)
        named = [exchange for exchange in exchanges if exchange.host][:MAX_HOSTS]
        hosts = await asyncio.gather(*(host_of(exchange, resolver) for exchange in named))
        return Routes(domain, answer, tuple(hosts))
    if answer.status is Status.NODATA and own.addresses:
        return Routes(domain, answer, (own,), implicit=True)
    return Routes(domain, answer, (own,) if own.failed else ())


async def host_of(exchange: Mx, resolver: Resolver) -> Host:
    """A host's addresses, of both families at the same time."""
    answers = await asyncio.gather(resolver.ask(exchange.host, "A"), resolver.ask(exchange.host, "AAAA"))
    return Host(exchange.preference, exchange.host, tuple(answers))


def is_public(text: str) -> bool:
    """Whether an address is of the Internet; those of documentation pass."""
    if text.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")):
        return True
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
