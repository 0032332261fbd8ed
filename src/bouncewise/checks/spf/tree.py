"""A record with everything that it leads to, whoever sends: its includes and its hosts' addresses.

All questions of a record are asked at the same time, and of no more than ``MAX_RECORDS`` records and
``MAX_HOSTS`` terms that name hosts, however large the records are.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Coroutine, Iterator
from typing import Any

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.spf import macros
from bouncewise.checks.spf.asking import MAX_HOSTS as MAX_EXCHANGES
from bouncewise.checks.spf.asking import malformed, number
from bouncewise.checks.spf.macros import Values
from bouncewise.checks.spf.record import LOOKUP_TERMS, Record, Term, parse, select

MAX_RECORDS = 40
MAX_HOSTS = 40
_MAX_OCTETS = 200_000  # of all records together that are taken apart
_ANYBODY = ipaddress.IPv4Address("192.0.2.1")
_KNOWN = frozenset("do")  # macros that stand for the same whoever sends

Network = tuple[int, int, int]
"""Version, first address, length of the prefix."""


class Hosts:
    """What a term such as ``a`` or ``mx`` leads to."""

    __slots__ = ("answers4", "answers6", "exchange", "target", "term")

    def __init__(self, term: Term, target: str) -> None:
        self.term = term
        self.target = target
        self.exchange: Answer | None = None
        self.answers4: list[Answer] = []
        self.answers6: list[Answer] = []

    def voids(self, version: int) -> list[Answer]:
        """Answers with nothing in them, for clients of this IP version."""
        answers = self.answers4 if version == 4 or self.term.name == "exists" else self.answers6
        held = [self.exchange] if self.exchange is not None else []
        return [a for a in (*held, *answers) if a.status in {Status.NODATA, Status.NXDOMAIN}]

    def faults(self) -> list[Answer]:
        """Answers that DNS failed to give."""
        held = [self.exchange] if self.exchange is not None else []
        return [a for a in (*held, *self.answers4, *self.answers6) if a.failed]

    def networks(self) -> Iterator[Network]:
        """The addresses that the term stands for."""
        if self.term.name not in {"a", "mx"}:
            return
        for version, answers, length, bits in (
            (4, self.answers4, self.term.prefix4, 32),
            (6, self.answers6, self.term.prefix6, 128),
        ):
            for answer in answers:
                for text in answer.hosts:
                    value = number(text)
                    if value >= 0:
                        yield version, value >> (bits - length) << (bits - length), length


class Node:
    """A domain with its record, and where the terms of the record lead."""

    __slots__ = ("answer", "chain", "children", "domain", "hosts", "loop", "record", "records")

    def __init__(self, domain: str, chain: tuple[str, ...]) -> None:
        self.domain = domain
        self.chain = chain  # the domains above it
        self.loop = domain in chain
        self.answer: Answer | None = None  # None: not asked
        self.records: list[bytes] = []
        self.record: Record | None = None  # where there is exactly one, and it is not far too long
        self.children: dict[int, Node] = {}  # by where the term starts
        self.hosts: dict[int, Hosts] = {}

    def terms(self) -> tuple[Term, ...]:
        """The terms that can take effect: up to ``all``, or all of them and ``redirect``."""
        if self.record is None:
            return ()
        forward = self.record.forward
        return self.record.live if forward is None else (*self.record.live, forward)

    def lookups(self) -> int:
        """Terms that ask DNS, here and below."""
        own = sum(t.name in LOOKUP_TERMS for t in self.terms())
        return own + sum(child.lookups() for child in self.children.values())

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def settled(self) -> bool:
        """Whether everything below is known: no macros, ``ptr`` or ``exists``, nothing left out or broken."""
        if self.record is None or self.record.faults or self.loop:
            return False
        for term in self.terms():
            if term.name in {"ptr", "exists"}:
                return False
            if term.name in {"a", "mx"} and (term.start not in self.hosts or self.hosts[term.start].faults()):
                return False
            if term.name in {"include", "redirect"}:
                child = self.children.get(term.start)
                if child is None or not child.settled():
                    return False
        return True

    def networks(self) -> Iterator[Network]:
        """The networks that pass, negations left aside."""
        for term in self.terms():
            if term.qualifier not in {"+", ""}:
                continue
            yield from self.networks_of(term)

    def networks_of(self, term: Term) -> Iterator[Network]:
        """The networks that one term stands for."""
        if term.version:
            yield term.version, term.network, term.prefix4 if term.version == 4 else term.prefix6
        elif term.start in self.hosts:
            yield from self.hosts[term.start].networks()
        elif term.start in self.children:
            yield from self.children[term.start].networks()


class _Growing:
    """What is left of the allowance while a tree grows."""

    def __init__(self, resolver: Resolver, origin: str) -> None:
        self.resolver = resolver
        self.values = Values(_ANYBODY, "postmaster", origin, origin)
        self.records = MAX_RECORDS
        self.hosts = MAX_HOSTS
        self.octets = _MAX_OCTETS

    def target(self, term: Term, domain: str) -> str | None:
        """The name that a term is about; None where it depends on who sends."""
        if term.spec is None:
            return domain
        if term.fixed is not None:
            return term.fixed
        if not term.spec.letters <= _KNOWN:
            return None
        self.values.domain = domain
        return macros.target(term.spec, self.values).lower()

    async def grow(self, node: Node) -> None:
        """Fetch a record and what it leads to."""
        node.answer = answer = await self.resolver.ask(node.domain, "TXT")
        node.records = select(answer.texts)
        self.octets -= sum(map(len, node.records))
        if len(node.records) != 1 or (node.chain and self.octets < 0):
            return
        node.record = parse(node.records[0])
        if node.record.faults:
            return
        work = [w for t in node.terms() if t.name in LOOKUP_TERMS if (w := self._work(node, t)) is not None]
        if len(work) == 1:
            await work[0]
        elif work:
            await asyncio.gather(*work)

    def _work(self, node: Node, term: Term) -> Coroutine[Any, Any, None] | None:
        target = self.target(term, node.domain)
        if target is None or term.name == "ptr":
            return None
        if term.name in {"include", "redirect"}:
            if self.records < 1:
                return None
            self.records -= 1
            child = node.children[term.start] = Node(target, (*node.chain, node.domain))
            return None if child.loop or malformed(target) else self.grow(child)
        if not macros.askable(target) or self.hosts < 1:
            return None
        self.hosts -= 1
        hosts = node.hosts[term.start] = Hosts(term, target)
        return self._find(hosts)

    async def _find(self, hosts: Hosts) -> None:
        ask = self.resolver.ask
        if hosts.term.name == "exists":
            hosts.answers4 = [await ask(hosts.target, "A")]
            return
        names = [hosts.target]
        if hosts.term.name == "mx":
            hosts.exchange = await ask(hosts.target, "MX")
            exchanges = hosts.exchange.exchanges[:MAX_EXCHANGES]
            names = [x.host.lower() for x in exchanges if macros.askable(x.host)]
        answers = await asyncio.gather(*(ask(n, t) for n in names for t in ("A", "AAAA")))
        hosts.answers4, hosts.answers6 = answers[::2], answers[1::2]


async def grow(domain: str, resolver: Resolver) -> Node:
    """The record of a domain with everything that it leads to.

    Args:
        domain: a domain name that DNS can be asked for.
        resolver: who answers questions.
    """
    node = Node(domain, ())
    await _Growing(resolver, domain).grow(node)
    return node
