"""What an SPF evaluation asks of DNS for one mechanism, and the limits that it keeps.

Source: RFC 7208 sections 4.6.4 (limits), 4.8 (target names), 5.3 to 5.7 (mechanisms), 7 (macros).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.names import DomainNameError, IPAddress, address, canonical, reverse_name
from bouncewise.checks.spf import macros
from bouncewise.checks.spf.macros import Values
from bouncewise.checks.spf.record import Record, Term
from bouncewise.checks.spf.result import STATUS_WORDS, Looked, SpfQuery, Verdict

MAX_LOOKUPS = 10
MAX_VOIDS = 2
MAX_HOSTS = 10  # names of one MX or PTR answer


async def ask_each(resolver: Resolver, questions: Sequence[tuple[str, str]]) -> list[Answer]:
    """The answers to several questions, asked at the same time where an event loop runs."""
    if len(questions) < 2 or asyncio.events._get_running_loop() is None:
        return [await resolver.ask(*q) for q in questions]
    return list(await asyncio.gather(*(resolver.ask(*q) for q in questions)))


@lru_cache(maxsize=4096)
def number(text: str) -> int:
    """An address as a number; -1 for a text that is none."""
    try:
        return int(ipaddress.ip_address(text))
    except ValueError:
        return -1


class _Client(NamedTuple):
    address: IPAddress
    number: int
    version: int
    text: str


@lru_cache(maxsize=1024)
def _client(text: str) -> _Client:
    ip = address(text)
    return _Client(ip, int(ip), ip.version, str(ip))


@lru_cache(maxsize=1024)
def _pointer(ip: IPAddress) -> str:
    return reverse_name(ip)


class Stop(Exception):  # noqa: N818 - an exception of RFC 7208 section 4.6.2
    """The evaluation ends with temperror or permerror; ``why`` as in ``SpfResult``."""

    def __init__(self, verdict: Verdict, *why: str) -> None:
        super().__init__(verdict)
        self.verdict = verdict
        self.why = why


class Asking:
    """The questions of one evaluation: the counters, the trace, the domains on the way."""

    lookups = 0
    voids = 0
    known: list[str] | None = None  # the client's names, once they are asked for
    missing: tuple[str, str] = ("", "")  # why there is no record
    top: Record | None = None
    kept: Values | None = None

    def __init__(self, query: SpfQuery, resolver: Resolver) -> None:
        self.query = query
        self.resolver = resolver
        self.ask = resolver.ask
        self.client = client = _client(query.ip)
        self.ip = client.number
        self.version = client.version
        self.rtype = "A" if self.version == 4 else "AAAA"
        self.looked: list[Looked] = []
        self.chain: list[str] = []
        self.terms: list[str] = []
        sender = query.sender
        self.identity = "mailfrom" if sender else "helo"
        local, _, origin = sender.rpartition("@")
        self.local = local or "postmaster"
        self.origin = origin if sender else query.helo
        if not self.origin.isascii():
            self.origin = ascii_name(self.origin)
        self.domain = query.domain or self.origin

    @property
    def values(self) -> Values:
        """What macros stand for."""
        if self.kept is None:
            query = self.query
            self.kept = Values(
                self.client.address, self.local, self.origin, query.helo, query.receiver, query.now
            )
        return self.kept

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise Stop(
                Verdict.PERMERROR, "the record of {} needs more than 10 look-ups of DNS", self.chain[0]
            )

    def _void(self, answer: Answer) -> None:
        self.voids += 1
        if self.voids > MAX_VOIDS:
            raise Stop(
                Verdict.PERMERROR,
                "more than 2 names in the record of {} lead nowhere; the last was {} of {}",
                self.chain[0],
                answer.rtype,
                answer.name,
            )

    def _target(self, term: Term, domain: str, line: Looked) -> str:
        """The name that a term is about (section 4.8), in lower case; ``%{p}`` is known by now."""
        spec = term.spec
        if spec is None:
            return domain
        if term.fixed is not None:
            target = term.fixed
        else:
            self.values.domain = domain
            target = macros.target(spec, self.values).lower()
        line.target = target
        return target

    async def _designated(self, term: Term, domain: str, line: Looked) -> bool:
        """Whether ``a``, ``mx``, ``ptr`` or ``exists`` matches (sections 5.3 to 5.7)."""
        line.cost = 1
        line.found = Verdict.PERMERROR
        self._count()
        if term.proves:
            await self._prove(domain, count=True)
        target = self._target(term, domain, line)
        if term.spec is not None and not macros.askable(target):
            line.found = "no match: a name that DNS can't be asked for"
            return False
        name = term.name
        if name == "mx":
            matched = await self._exchanges(term, target, line)
        elif name == "ptr":
            names = await self._validated(line, count=True)
            matched = any(n == target or n.endswith("." + target) for n in names)
        else:
            answer = await self.ask(target, "A" if name == "exists" else self.rtype)
            line.answers = (answer,)
            matched = self._found(answer, line) and (name == "exists" or self._holds(term, answer))
        line.found = "match" if matched else "no match"
        return matched

    def _found(self, answer: Answer, line: Looked) -> bool:
        """Whether there are records; a fault of DNS ends the evaluation, none at all is void."""
        if answer.status is Status.OK and answer.records:
            return True
        if answer.failed:
            line.found = Verdict.TEMPERROR
            raise Stop(Verdict.TEMPERROR, *dns_fault(answer))
        self._void(answer)
        return False

    def _holds(self, term: Term, answer: Answer) -> bool:
        """Whether the client's address is one of these, in as many bits as the term asks for."""
        mask = term.mask4 if self.version == 4 else term.mask6
        wanted = self.ip & mask
        for text in answer.records:
            value = number(text) if isinstance(text, str) else -1
            if value >= 0 and value & mask == wanted:
                return True
        return False

    async def _exchanges(self, term: Term, target: str, line: Looked) -> bool:
        answer = await self.ask(target, "MX")
        line.answers = (answer,)
        if not self._found(answer, line):
            return False
        exchanges = answer.exchanges
        if len(exchanges) > MAX_HOSTS:
            raise Stop(
                Verdict.PERMERROR,
                "{} has {} MX records; SPF allows 10 for mx",
                target,
                str(len(exchanges)),
            )
        hosts = [x.host.lower() for x in exchanges if macros.askable(x.host)]
        answers = await ask_each(self.resolver, [(host, self.rtype) for host in hosts])
        line.answers = (answer, *answers)
        return any(self._found(a, line) and self._holds(term, a) for a in answers)

    async def _validated(self, line: Looked | None, *, count: bool) -> list[str]:
        """The client's names that lead back to its address (section 5.5)."""
        pointer = await self.ask(_pointer(self.client.address), "PTR")
        if line is not None:
            line.answers = (pointer,)
        self.known = []
        if pointer.status is not Status.OK:
            if not pointer.failed and count:
                self._void(pointer)
            return self.known
        names = [n.lower().removesuffix(".") for n in pointer.hosts[:MAX_HOSTS]]
        names = [n for n in names if macros.askable(n)]
        answers = await ask_each(self.resolver, [(n, self.rtype) for n in names])
        if line is not None:
            line.answers = (pointer, *answers)
        for name, answer in zip(names, answers, strict=True):
            if answer.status is Status.OK and any(
                isinstance(r, str) and number(r) == self.ip for r in answer.records
            ):
                self.known.append(name)
            elif count and answer.status in {Status.NODATA, Status.NXDOMAIN}:
                self._void(answer)
        return self.known

    async def _prove(self, domain: str, *, count: bool) -> None:
        """Set the value of ``%{p}`` (section 7.3); it costs a look-up the first time (4.6.4)."""
        if self.known is None:
            if count:
                self._count()
            await self._validated(None, count=count)
        known = self.known or ["unknown"]
        below = next((n for n in known if n.endswith("." + domain)), known[0])
        self.values.proven = domain if domain in known else below


def ascii_name(name: str) -> str:
    """A domain in A-labels (RFC 8616 section 4), or as it is where that can't be."""
    try:
        return canonical(name)
    except DomainNameError:
        return name


@lru_cache(maxsize=4096)
def malformed(name: str) -> str:
    """Why a name is no domain that could have a record (section 4.3), with {} for it; or ""."""
    plain = name.removesuffix(".")
    if not plain:
        return "there is no domain to look at"
    if len(plain) > macros.MAX_NAME or not macros.askable(plain):
        return "{} is no domain name"
    if plain[0] == "[" or " " in plain or number(plain) >= 0:
        return "{} is no domain name"
    if "." not in plain:
        return "{} has one label only: no mail domain"
    return ""


def dns_fault(answer: Answer) -> tuple[str, ...]:
    """A fault of DNS as a reason."""
    said = STATUS_WORDS.get(answer.status, str(answer.status))
    return "DNS gave no answer for {} of {}: {}", answer.rtype, answer.name, said
