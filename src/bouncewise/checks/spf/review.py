"""The review of a domain's record, with all that it includes, without an address to evaluate.

Sources: RFC 7208 sections 3.2 and 4.5 (several records), 3.4 (size), 4.6.4 (limits), 5.2 (includes).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.finding import Problem
from bouncewise.checks.names import shown
from bouncewise.checks.spf import networks, terms
from bouncewise.checks.spf.asking import MAX_HOSTS, MAX_LOOKUPS, MAX_VOIDS, malformed
from bouncewise.checks.spf.record import LOOKUP_TERMS, Record, Term
from bouncewise.checks.spf.result import STATUS_WORDS, clipped
from bouncewise.checks.spf.tree import Network, Node, grow

_ANSWER = 512  # octets of a UDP answer without EDNS0
_HALF_OF_IPV4 = 1 << 31
_INCLUDED_WIDE = {4: 12, 6: 24}  # a provider's networks may be wider than one's own
UNANSWERED = "unanswered"
_MAX_NETWORKS = 20_000
_EACH = 5


class Part(msgspec.Struct, frozen=True):
    """What one term of the record costs, and what could stand in its place.

    Attributes:
        term: the term (``include:_spf.example.net``).
        lookups: look-ups that it takes, those of what it leads to included.
        flat: ``ip4`` and ``ip6`` terms that stand for the same addresses today; empty where there are none
            that do (macros, ``exists``, ``ptr``, a fault).
    """

    term: str
    lookups: int
    flat: tuple[str, ...] = ()


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a domain's record.

    Attributes:
        domain: the domain.
        tree: the record and all that it leads to.
        records: its SPF records, as octets.
        record: its record taken apart; None where there is none or more than one.
        lookups: look-ups of the whole tree; more than 10 make a permerror.
        voids: questions that are answered with nothing, for a client with an IPv4 address.
        parts: the terms that cost look-ups, the dearest first.
        ip4: IPv4 addresses that may send.
        ip6: IPv6 addresses that may send.
        problems: what should be mended.
    """

    domain: str
    tree: Node
    records: tuple[bytes, ...] = ()
    record: Record | None = None
    lookups: int = 0
    voids: int = 0
    parts: tuple[Part, ...] = ()
    ip4: int = 0
    ip6: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def status(self) -> Status:
        """How the question for the record ended."""
        return Status.NXDOMAIN if self.tree.answer is None else self.tree.answer.status

    @property
    def broken(self) -> bool:
        """Whether something serious was found."""
        return any(p.serious for p in self.problems)


async def review(domain: str, resolver: Resolver) -> Review:
    """Review the record of a domain and all that it includes.

    Args:
        domain: the domain.
        resolver: who answers questions.
    """
    name = domain.removesuffix(".").lower()
    if malformed(name):
        return Review(domain=domain, tree=Node(name, ()))
    tree = await grow(name, resolver)
    return reviewed(tree)


def reviewed(tree: Node) -> Review:
    """The review of a record whose tree has grown."""
    held = tuple(n for _, n in zip(range(_MAX_NETWORKS), tree.networks(), strict=False))
    return Review(
        domain=tree.domain,
        tree=tree,
        records=tuple(tree.records),
        record=tree.record,
        lookups=tree.lookups(),
        voids=sum(len(h.voids(4)) for n in tree.walk() for h in n.hosts.values()),
        parts=_parts(tree),
        ip4=networks.count(held, 4),
        ip6=networks.count(held, 6),
        problems=tuple(_problems(tree, held)),
    )


def _parts(tree: Node) -> tuple[Part, ...]:
    parts: list[Part] = []
    for term in tree.terms():
        if term.name not in LOOKUP_TERMS or len(parts) >= 50:
            continue
        child = tree.children.get(term.start)
        cost = 1 + (child.lookups() if child is not None else 0)
        parts.append(Part(term.text, cost, flat(tree, term)))
    return tuple(sorted(parts, key=lambda p: -p.lookups))


def flat(tree: Node, term: Term) -> tuple[str, ...]:
    """``ip4`` and ``ip6`` terms that a term of the record could be replaced by, with its qualifier."""
    child = tree.children.get(term.start)
    hosts = tree.hosts.get(term.start)
    known = child.settled() if child is not None else hosts is not None and not hosts.faults()
    if not known or term.name in {"exists", "redirect"}:
        return ()
    if child is not None and any((t.qualifier == "+") is (t.name == "all") for t in _all_terms(child)):
        return ()
    held = [n for _, n in zip(range(1000), tree.networks_of(term), strict=False)]
    sign = "" if term.qualifier == "+" else term.qualifier
    return tuple(sign + networks.text(n) for n in networks.collapsed(held))


def _all_terms(node: Node) -> Iterator[Term]:
    for each in node.walk():
        yield from (t for t in each.terms() if t.name != "redirect")


def _problems(tree: Node, held: tuple[Network, ...]) -> Iterator[Problem]:
    yield from _records(tree)
    if tree.record is None:
        return
    yield from terms.problems(tree.record, tree.domain)
    yield from _limits(tree)
    for node in tree.walk():
        if node is not tree:
            yield from _included(node)
    yield from _unanswered(tree)
    yield from _voids(tree)
    yield from _whole(tree, held)


def _records(tree: Node) -> Iterator[Problem]:
    answer = tree.answer
    if answer is None or answer.failed:
        return
    if len(tree.records) > 1:
        yield Problem(
            "several-records",
            f"{shown(tree.domain)} has {len(tree.records)} SPF records, so that none counts: "
            "join them into one",
            serious=True,
            source="RFC 7208 section 4.5",
        )
    like = [t for t in answer.texts if t not in tree.records and terms.looks_like(t)]
    for text in like[:_EACH]:
        yield Problem(
            "no-version",
            f"{clipped(text.decode('latin-1'), 100)} is not taken for SPF: "
            "it must begin with v=spf1 and a blank",
            serious=not tree.records,
            source="RFC 7208 section 4.5",
        )
    if not tree.records and not like:
        yield Problem("no-record", f"{shown(tree.domain)} has no SPF record: publish one", serious=True)
    size = 12 + len(tree.domain) + 6 + sum(12 + len(t) + len(t) // 255 + 1 for t in answer.texts)
    if tree.records and size > _ANSWER:
        yield Problem(
            "huge-answer",
            f"all TXT records of {shown(tree.domain)} make an answer of about {size} octets; more than "
            f"{_ANSWER} need TCP or EDNS0: take out those that nobody needs",
            source="RFC 7208 section 3.4",
        )


def _limits(tree: Node) -> Iterator[Problem]:
    lookups = tree.lookups()
    if lookups > MAX_LOOKUPS:
        dear = ", ".join(f"{clipped(p.term, 80)} ({p.lookups})" for p in _parts(tree)[:_EACH])
        yield Problem(
            "too-many-lookups",
            f"the record takes {lookups} look-ups of DNS, {MAX_LOOKUPS} are allowed: the dearest are {dear}",
            serious=True,
            source="RFC 7208 section 4.6.4",
        )
    for node in tree.walk():
        for hosts in node.hosts.values():
            count = 0 if hosts.exchange is None else len(hosts.exchange.exchanges)
            if count > MAX_HOSTS:
                yield Problem(
                    "too-many-mx",
                    f"{clipped(hosts.term.text, 80)} leads to {count} MX records, {MAX_HOSTS} are allowed",
                    serious=True,
                    source="RFC 7208 section 4.6.4",
                )


def _included(node: Node) -> Iterator[Problem]:
    """What is wrong with a record that is included or led to."""
    name = shown(node.domain)
    above = shown(node.chain[-1])
    code, says = "", ""
    if node.loop:
        code, says = "include-loop", f"{above} leads back to {name}: take one of the includes out"
    elif malformed(node.domain):
        code, says = "include-no-record", f"{above} includes {name}, which is no domain name"
    elif node.answer is None or node.answer.failed:
        return
    elif not node.records:
        code, says = "include-no-record", f"{above} includes {name}, which has no SPF record: take it out"
    elif len(node.records) > 1:
        code, says = "include-broken", f"{name}, which {above} includes, has {len(node.records)} SPF records"
    elif node.record is not None and node.record.faults:
        fault = node.record.faults[0]
        code, says = (
            "include-broken",
            f"the record of {name} is wrong at {clipped(fault.term, 80)}: {fault.says}",
        )
    if code:
        yield Problem(code, says, serious=True, source="RFC 7208 section 5.2")
        return
    if node.record is None:
        return
    end = node.record.ending
    if end is not None and end.qualifier == "+":
        yield Problem(
            "plus-all",
            f"{name}, which {above} includes, ends in {end.text}: everybody may send",
            serious=True,
        )
    if any(t.name == "ptr" for t in node.record.live):
        yield Problem("ptr", f"{name}, which {above} includes, uses ptr", source="RFC 7208 section 5.5")
    wide = [
        n for t in node.record.live if t.version and t.qualifier == "+"
        for n in node.networks_of(t) if n[2] < _INCLUDED_WIDE[n[0]]
    ]  # fmt: skip
    for network in wide[:1]:
        yield Problem("broad-network", f"{name}, which {above} includes, holds {networks.text(network)}")


def _unanswered(tree: Node) -> Iterator[Problem]:
    """Questions that DNS failed to answer: what hangs on them is unknown."""
    faults = [n.answer for n in tree.walk() if n is not tree and n.answer is not None and n.answer.failed]
    faults += [a for n in tree.walk() for h in n.hosts.values() for a in h.faults()]
    for answer in faults[:_EACH]:
        said = STATUS_WORDS.get(answer.status, str(answer.status))
        yield Problem(
            UNANSWERED,
            f"DNS gave no answer for {answer.rtype} of {shown(answer.name)} ({said}): try again later",
            source="RFC 7208 section 2.6.6",
        )


def _voids(tree: Node) -> Iterator[Problem]:
    empty = {
        version: [(h, a) for n in tree.walk() for h in n.hosts.values() for a in h.voids(version)]
        for version in (4, 6)
    }
    both = [(h, a) for h, a in empty[4] if h.term.name in {"mx", "exists"} or h.voids(6)]
    named: set[str] = set()
    for hosts, answer in both:
        if answer.name in named or len(named) >= _EACH or hosts.term.name == "exists":
            continue
        named.add(answer.name)
        kind = "MX record" if answer.rtype == "MX" else "address"
        yield Problem(
            "void-lookup",
            f"{clipped(hosts.term.text, 80)} leads nowhere: {shown(answer.name)} has no {kind}; take it out",
            source="RFC 7208 section 4.6.4",
        )
    for version in (4, 6):
        if len(empty[version]) > MAX_VOIDS:
            yield Problem(
                "too-many-voids",
                f"{len(empty[version])} names lead nowhere for a client with an IPv{version} address, "
                f"{MAX_VOIDS} are allowed",
                serious=version == 4,
                source="RFC 7208 section 4.6.4",
            )


def _whole(tree: Node, held: tuple[Network, ...]) -> Iterator[Problem]:
    total = networks.count(held, 4)
    if total >= _HALF_OF_IPV4:
        yield Problem(
            "whole-internet",
            f"the record of {shown(tree.domain)} lets {total:,} IPv4 addresses send, half of all and more",
            serious=True,
        )
