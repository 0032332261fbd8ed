"""One question to one blocklist.

Sources: RFC 5782 sections 2.1 (IPv4), 2.4 (IPv6), 3 (domains), 5 (test points).
"""

from __future__ import annotations

import asyncio
import ipaddress
from enum import StrEnum

import msgspec

from bouncewise.checks.blocklist.codes import meaning
from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.names import DomainNameError, IPAddress, address, reversed_labels
from bouncewise.knowledge.model import Blocklist

MAX_REASON = 300


class ListState(StrEnum):
    """How a question to a list ended."""

    LISTED = "listed"
    NOT_LISTED = "not-listed"
    REFUSED = "refused"  # the list does not answer this resolver: nothing is known
    BROKEN = "broken"  # the zone answers what no blocklist answers, or lists everything
    DEAD = "dead"  # the zone lists not even its test point
    UNKNOWN = "unknown"  # DNS failed


class ListResult(msgspec.Struct, frozen=True):
    """What a list says of a subject.

    Attributes:
        zone: the zone that was asked.
        entry: what is known of the list.
        state: how it ended.
        words: what the answer means, or why nothing is known.
        reason: the list's own words (its TXT record), or "".
        codes: the addresses it answered with.
    """

    zone: str
    entry: Blocklist
    state: ListState
    words: tuple[str, ...] = ()
    reason: str = ""
    codes: tuple[str, ...] = ()


def labels_of(subject: str, *, domains: bool = False) -> str:
    """What stands before the zone: the address turned round, or the domain.

    Args:
        subject: an address or a domain.
        domains: the list takes domains only, and an address is asked for as it is written.
    """
    try:
        ip = ipaddress.ip_address(subject)
    except ValueError:
        return subject.lower().rstrip(".")
    return subject if domains else reversed_labels(ip)


def is_address(subject: str) -> IPAddress | None:
    """The address that a subject is, or None where it is a domain."""
    try:
        return address(subject)
    except DomainNameError:
        return None


async def ask_list(entry: Blocklist, zone: str, subject: str, resolver: Resolver) -> ListResult:
    """Ask whether a subject is listed.

    Args:
        entry: what is known of the list.
        zone: its zone.
        subject: an address or a domain.
        resolver: is asked, for the answer and the reason at the same time.
    """
    name = f"{labels_of(subject, domains=entry.kind == ('domain',))}.{zone}"
    answer, reason = await asyncio.gather(resolver.ask(name, "A"), resolver.ask(name, "TXT"))
    return _result(entry, zone, answer, _words(reason))


def _result(entry: Blocklist, zone: str, answer: Answer, reason: str) -> ListResult:
    if answer.status is not Status.OK:
        return _without_answer(entry, zone, answer)
    told = meaning(entry, answer.hosts)
    codes = answer.hosts[:20]
    if told.refused:
        return ListResult(zone, entry, ListState.REFUSED, told.refused, reason, codes)
    if told.listed:
        return ListResult(zone, entry, ListState.LISTED, told.listed, reason, codes)
    if told.foreign:
        words = (f"it answers {told.foreign[0]}, which is no answer of a blocklist (parked or sold)",)
        return ListResult(zone, entry, ListState.BROKEN, words, "", codes)
    return ListResult(zone, entry, ListState.NOT_LISTED, told.good, reason, codes)


def _without_answer(entry: Blocklist, zone: str, answer: Answer) -> ListResult:
    if not answer.failed:
        return ListResult(zone, entry, ListState.NOT_LISTED)
    if answer.status is Status.REFUSED:
        return ListResult(zone, entry, ListState.REFUSED, ("its name servers refuse this resolver",))
    return ListResult(zone, entry, ListState.UNKNOWN, (answer.detail or str(answer.status),))


def _words(answer: Answer) -> str:
    text = b" ".join(answer.texts[:3])[: 4 * MAX_REASON].decode("utf-8", "replace")
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"


async def health(entry: Blocklist, zone: str, resolver: Resolver, *, domains: bool) -> ListResult:
    """Whether a list works: it lists its test point and not everything (RFC 5782 section 5).

    Args:
        entry: what is known of the list.
        zone: its zone.
        resolver: is asked.
        domains: it lists domains, whose test points are ``test`` and ``invalid``.
    """
    points = ("test", "invalid") if domains else ("127.0.0.2", "127.0.0.1")
    there, absent = await asyncio.gather(*(ask_list(entry, zone, point, resolver) for point in points))
    if absent.state is ListState.LISTED:
        words = (f"it lists {points[1]}, so it lists everything",)
        return ListResult(zone, entry, ListState.BROKEN, words)
    if there.state is ListState.NOT_LISTED:
        return ListResult(zone, entry, ListState.DEAD, (f"it does not list its test point {points[0]}",))
    return there
