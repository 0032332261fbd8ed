"""The evaluation of SPF: ``check_host`` of RFC 7208 section 4, with its limits and a trace.

What the RFC leaves open is decided here as follows. A name that DNS can't be asked for matches nothing (4.8).
A void look-up is a question answered with nothing (11.1), each counted, as other evaluators do. ``%{p}`` costs
a look-up the first time it is worked out (4.6.4). A domain that is met again on the way to itself would go
round until the limit is reached, so the evaluation ends there with the same result.
"""

from __future__ import annotations

from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.names import shown
from bouncewise.checks.spf import macros
from bouncewise.checks.spf.asking import Asking, Stop, dns_fault, malformed
from bouncewise.checks.spf.macros import MacroError
from bouncewise.checks.spf.record import Record, Term, parse, select
from bouncewise.checks.spf.result import (
    OF_QUALIFIER,
    Looked,
    SpfQuery,
    SpfResult,
    Verdict,
    clipped,
)


async def evaluate(query: SpfQuery, resolver: Resolver) -> SpfResult:
    """Whether an address may send for a domain.

    Args:
        query: who sends, from where.
        resolver: who answers questions.

    Raises:
        DomainNameError: ``query.ip`` is no IP address.
    """
    return await _Run(query, resolver).result()


class _Decision:
    """What a record decided: the directive (None where no one matched) and the record it stands in."""

    __slots__ = ("domain", "mechanism", "path", "place", "record", "tried", "verdict")

    def __init__(self, verdict: Verdict, term: Term | None, record: Record, domain: str, tried: int) -> None:
        self.verdict = verdict
        self.mechanism = "" if term is None else term.text
        self.record = record  # whose explanation counts
        self.domain = self.place = domain
        self.tried = tried
        self.path: tuple[str, ...] = ()


class _Run(Asking):
    """One evaluation: the counters, the trace, the domains on the way."""

    async def result(self) -> SpfResult:
        """Evaluate, and say what came of it."""
        fault = ""
        decision = None
        wrong = malformed(self.domain)
        domain = self.domain.removesuffix(".").lower()
        if wrong:
            return self._made(Verdict.NONE, domain, None, wrong)
        try:
            decision = await self._check(domain, 0)
            verdict = Verdict.NONE if decision is None else decision.verdict
            fault = self.missing if decision is None else ""
        except Stop as stop:
            verdict, fault = stop.verdict, str(stop)
        explanation = ""
        if verdict is Verdict.FAIL and decision is not None and decision.record.explanation is not None:
            explanation = await self._explanation(decision.record.explanation, decision.domain)
        return self._made(verdict, domain, decision, fault, explanation)

    def _made(
        self, verdict: Verdict, domain: str, decision: _Decision | None, fault: str, explanation: str = ""
    ) -> SpfResult:
        made = {} if decision is None else {
            "mechanism": decision.mechanism, "path": decision.path,
            "place": decision.place, "tried": decision.tried,
        }  # fmt: skip
        if fault and verdict is not Verdict.NONE:
            made = {"path": tuple(self.terms), "place": self.chain[-1] if self.chain else domain}
        return SpfResult(
            result=verdict,
            domain=domain,
            identity=self.identity,
            ip=str(self.address),
            record=self.top.text if self.top is not None else "",
            explanation=explanation,
            lookups=self.lookups,
            voids=self.voids,
            fault=fault,
            looked=tuple(self.looked),
            **made,  # type: ignore[arg-type]
        )

    async def _check(self, domain: str, depth: int) -> _Decision | None:
        """``check_host``: None where there is no record."""
        record = await self._fetch(domain, depth)
        if record is None:
            return None
        self.chain.append(domain)
        version, ip = self.version, self.ip
        looked = self.looked
        tried = 0
        for term in record.mechanisms:
            tried += 1
            name = term.name
            line = Looked(depth, domain, term)
            looked.append(line)
            if name == "ip4" or name == "ip6":
                matched = (
                    term.version == version
                    and ip & (term.mask4 if version == 4 else term.mask6) == term.network
                )
            elif name == "all":
                matched = True
            elif name == "include":
                inner = await self._include(term, domain, depth, line)
                if inner is not None:
                    decision = _Decision(OF_QUALIFIER[term.qualifier], term, record, domain, tried)
                    decision.mechanism, decision.place, decision.tried = (
                        inner.mechanism,
                        inner.place,
                        inner.tried,
                    )
                    decision.path = (term.text, *inner.path)
                    line.found = decision.verdict
                    self.chain.pop()
                    return decision
                continue
            else:
                matched = await self._designated(term, domain, line)
            if matched:
                verdict = OF_QUALIFIER[term.qualifier]
                line.found = verdict
                self.chain.pop()
                return _Decision(verdict, term, record, domain, tried)
        if record.redirect is not None:
            decision = await self._redirect(record.redirect, domain, depth)
            self.chain.pop()
            return decision
        self.chain.pop()
        return _Decision(Verdict.NEUTRAL, None, record, domain, tried)

    async def _fetch(self, domain: str, depth: int) -> Record | None:
        """The record of a domain; None where there is none (sections 4.4 and 4.5)."""
        line = Looked(depth, domain, None)
        self.looked.append(line)
        answer = await self.ask(domain, "TXT")
        line.answers = (answer,)
        if answer.status is not Status.OK:
            line.found = "no record"
            if answer.failed:
                line.found = Verdict.TEMPERROR
                raise Stop(Verdict.TEMPERROR, dns_fault(answer))
            what = "does not exist" if answer.status is Status.NXDOMAIN else "has no SPF record"
            self.missing = f"{shown(domain)} {what}"
            if depth:
                self.voids += 1  # no limit to watch: a missing record is an error here anyway
            return None
        records = select(answer.texts)
        if not records:
            line.found = "no record"
            self.missing = f"{shown(domain)} has no SPF record"
            return None
        if len(records) > 1:
            line.found = Verdict.PERMERROR
            raise Stop(
                Verdict.PERMERROR, f"{shown(domain)} has {len(records)} SPF records: only one may stand there"
            )
        record = parse(records[0])
        line.record = record
        line.found = "record"
        if self.top is None:
            self.top = record
        if record.faults:
            line.found = Verdict.PERMERROR
            raise Stop(Verdict.PERMERROR, _broken(domain, record))
        return record

    def _loop(self, term: Term, target: str) -> None:
        if target in self.chain:
            way = " -> ".join(shown(d) for d in (*self.chain[self.chain.index(target) :], target))
            raise Stop(Verdict.PERMERROR, f"a loop of {term.name}: {way}")

    async def _include(self, term: Term, domain: str, depth: int, line: Looked) -> _Decision | None:
        """What the included record decided; None where that is no match (section 5.2)."""
        line.cost = 1
        line.found = Verdict.PERMERROR
        self.terms.append(term.text)
        self._count()
        target = await self._target(term, domain, line)
        if not target.isascii():
            line.found = "no match: a name that is not ASCII"
            self.terms.pop()
            return None
        self._loop(term, target)
        inner = None if malformed(target) else await self._check(target, depth + 1)
        if inner is None:
            raise Stop(Verdict.PERMERROR, f"{clipped(term.text, 100)} fails: {self._nothing(target)}")
        self.terms.pop()
        line.found = f"no match: {inner.verdict}"
        return inner if inner.verdict is Verdict.PASS else None

    async def _redirect(self, term: Term, domain: str, depth: int) -> _Decision:
        """What the record decides that this one leads to (section 6.1)."""
        line = Looked(depth, domain, term, 1)
        line.found = Verdict.PERMERROR
        self.looked.append(line)
        self.terms.append(term.text)
        self._count()
        target = await self._target(term, domain, line)
        self._loop(term, target)
        decision = None if malformed(target) else await self._check(target, depth + 1)
        if decision is None:
            raise Stop(Verdict.PERMERROR, f"{clipped(term.text, 100)} fails: {self._nothing(target)}")
        self.terms.pop()
        line.found = decision.verdict
        decision.path = (term.text, *decision.path)
        return decision

    def _nothing(self, target: str) -> str:
        return malformed(target) or self.missing

    async def _explanation(self, term: Term, domain: str) -> str:
        """The text that ``exp`` leads to, or "" where anything is wrong with it (section 6.2)."""
        line = Looked(0, domain, term)
        line.found = "no explanation"
        self.looked.append(line)
        spec = term.spec
        assert spec is not None  # the grammar asks for one
        if "p" in spec.letters:
            await self._prove(domain, count=False)
        self.values.domain = domain
        line.target = target = macros.target(spec, self.values).lower()
        if not macros.askable(target):
            return ""
        answer = await self.ask(target, "TXT")
        line.answers = (answer,)
        texts = answer.texts
        if answer.status is not Status.OK or len(texts) != 1 or not texts[0].isascii():
            return ""
        try:
            text = macros.read(texts[0].decode("ascii"), explanation=True)
        except MacroError:
            return ""
        if "p" in text.letters:
            await self._prove(domain, count=False)
        said = macros.expand(text, self.values)
        if not (said.isascii() and said.isprintable()):
            return ""  # the sender's own characters are not allowed into a reply
        line.found = "explanation"
        return said


def _broken(domain: str, record: Record) -> str:
    fault = record.faults[0]
    return f"the record of {shown(domain)} is broken at {clipped(fault.term, 60)}: {fault.says}"
