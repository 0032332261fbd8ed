"""What is wrong with a record by itself, without asking DNS.

Sources: RFC 7208 sections 3.4 (size), 4.6 (syntax), 4.7 and 5.1 (``all``), 5.5 (``ptr``), 6 (modifiers).
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bouncewise.checks.finding import Problem
from bouncewise.checks.spf import networks
from bouncewise.checks.spf.record import MECHANISMS, Record, Term
from bouncewise.checks.spf.result import clipped
from bouncewise.checks.spf.tree import Network

WIDE = {4: 16, 6: 32}  # shorter prefixes than these are worth a word
_LONG = 450  # name and record together, section 3.4
_MANY_TERMS = 2000  # beyond these, what covers what is not looked for
_EACH = 5  # problems of one kind


class _Reserved(NamedTuple):
    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    what: str
    source: str


@lru_cache(maxsize=1)
def _reserved() -> tuple[_Reserved, ...]:
    data = tomllib.loads(Path(__file__).with_name("reserved.toml").read_text(encoding="utf-8"))
    return tuple(_Reserved(ipaddress.ip_network(n["range"]), n["what"], n["source"]) for n in data["network"])


def problems(record: Record, domain: str) -> Iterator[Problem]:
    """What should be mended in a record, told from its text alone."""
    for fault in record.faults[:_EACH]:
        place = f"at octet {fault.start + 1}" if fault.start else ""
        yield Problem(
            "syntax",
            f"{clipped(fault.term, 80)} {place} is wrong: {fault.says}",
            serious=True,
            source="RFC 7208 section 4.6",
        )
    yield from _ending(record)
    yield from _idle(record)
    yield from _repeated(record)
    yield from _modifiers(record)
    for term in record.live:
        if term.name == "ptr":
            yield Problem(
                "ptr",
                f"{clipped(term.text, 80)} is slow and receivers may ignore it: name the addresses instead",
                source="RFC 7208 section 5.5",
            )
    yield from _glued(record)
    yield from _wide(record)
    yield from _unroutable(record)
    if len(record.text) + len(domain) > _LONG:
        yield Problem(
            "long-record",
            f"the record has {len(record.text)} octets; with the name more than {_LONG} may not fit "
            "into a UDP answer: put a part of it into a record of its own and include that",
            source="RFC 7208 section 3.4",
        )


def _ending(record: Record) -> Iterator[Problem]:
    end = record.ending
    if end is None:
        if record.redirect is None and not record.faults:
            yield Problem(
                "no-all",
                "the record has no all, so that it says nothing of other addresses: end it in ~all or -all",
                source="RFC 7208 section 4.7",
            )
        return
    if end.qualifier == "+":
        yield Problem(
            "plus-all",
            f"{end.text} lets everybody send for this domain: end the record in ~all or -all",
            serious=True,
            source="RFC 7208 section 5.1",
        )
    elif end.qualifier == "?":
        yield Problem(
            "neutral-all",
            "?all says nothing of other addresses and keeps nobody out: end the record in ~all or -all",
            source="RFC 7208 section 8.2",
        )


def _idle(record: Record) -> Iterator[Problem]:
    end = record.ending
    if end is None:
        return
    late = [t.text for t in record.mechanisms if t.start > end.start]
    if late:
        some = ", ".join(clipped(t, 80) for t in late[:_EACH])
        yield Problem(
            "after-all",
            f"nothing behind {end.text} is looked at: put {some} before it or take it out",
            source="RFC 7208 section 5.1",
        )
    if record.redirect is not None:
        yield Problem(
            "redirect-ignored",
            f"{clipped(record.redirect.text, 80)} is ignored beside {end.text}: keep one of the two",
            source="RFC 7208 section 6.1",
        )


def sense(term: Term) -> tuple[object, ...]:
    """What a mechanism means: two with the same sense match the same clients."""
    spec = term.fixed if term.fixed is not None else (term.spec.text.lower() if term.spec else "")
    return term.name, spec, term.version, term.network, term.prefix4, term.prefix6


def useless(record: Record) -> dict[int, str]:
    """Mechanisms before ``all`` that never matter: where each starts, and the term that stands for it."""
    first: dict[tuple[object, ...], Term] = {}
    found: dict[int, str] = {}
    for term in record.live:
        other = first.setdefault(sense(term), term)
        if other is not term:
            found[term.start] = other.text
    listed = [t for t in record.live if t.version and t.start not in found]
    if len(listed) <= _MANY_TERMS and len({t.qualifier for t in listed}) == 1:
        for place, by in networks.covered([_network(t) for t in listed]).items():
            found[listed[place].start] = listed[by].text
    return found


def _repeated(record: Record) -> Iterator[Problem]:
    texts = {t.start: t.text for t in record.live}
    for start, other in list(useless(record).items())[:_EACH]:
        term = clipped(texts[start], 80)
        says = "stands twice" if term.lower() == other.lower() else f"is held by {clipped(other, 80)} already"
        yield Problem("duplicate-term", f"{term} {says}: take it out")


def _modifiers(record: Record) -> Iterator[Problem]:
    unknown = [t for t in record.modifiers if t.name not in {"redirect", "exp"}]
    for term in unknown[:_EACH]:
        text = clipped(term.text, 80)
        if term.name in MECHANISMS:
            says = f"{text} is ignored: {term.name} takes a colon, not an equals sign"
        else:
            says = f"{text} is a modifier that SPF does not know, and is ignored: take it out"
        yield Problem("unknown-modifier", says, source="RFC 7208 section 6")


def _glued(record: Record) -> Iterator[Problem]:
    for term in (*record.mechanisms, *record.modifiers):
        if term.spec is not None and term.spec.text[-4:].lower() in {"-all", "~all", "?all", "+all"}:
            yield Problem(
                "missing-blank",
                f"{clipped(term.text, 80)} names a domain that ends in {term.spec.text[-4:]}: "
                "a blank is missing before it",
            )
            return


def _network(term: Term) -> Network:
    return term.version, term.network, term.prefix4 if term.version == 4 else term.prefix6


def _wide(record: Record) -> Iterator[Problem]:
    told = 0
    for term in record.live:
        if term.qualifier != "+":
            continue
        wide = [
            (version, length)
            for version, length in ((4, term.prefix4), (6, term.prefix6))
            if (term.version in {0, version}) and length < WIDE[version]
        ]
        if wide and told < _EACH:
            told += 1
            version, length = wide[0]
            yield Problem(
                "broad-network",
                f"{clipped(term.text, 80)} lets {1 << (networks.BITS[version] - length):,} addresses send: "
                "name the networks that send mail",
            )


def _unroutable(record: Record) -> Iterator[Problem]:
    told = 0
    for term in record.live:
        if not term.version or told >= _EACH:
            continue
        version, first, length = _network(term)
        for held in _reserved():
            net = held.network
            inside = net.version == version and net.prefixlen <= length and _holds(net, first)
            if inside:
                told += 1
                yield Problem(
                    "private-address",
                    f"{clipped(term.text, 80)} is {held.what}: no mail comes from there, so take it out",
                    source=held.source,
                )
                break


def _holds(net: ipaddress.IPv4Network | ipaddress.IPv6Network, first: int) -> bool:
    return int(net.network_address) <= first <= int(net.broadcast_address)


def looks_like(text: bytes) -> bool:
    """Whether a TXT record was meant for SPF but is none: quotes, a blank or another character too much."""
    start = text[:24].lower().lstrip(b" \t\"'\xc2\xa0\xef\xbb\xbf")
    return start.startswith((b"v=spf1", b"v =spf1", b"v= spf1", b"v=spf ", b"spf1 ", b"v-spf1", b"v:spf1"))
