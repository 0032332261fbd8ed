"""The evaluation of SPF: ``check_host`` of RFC 7208 section 4, with its limits and a trace.

What the RFC leaves open is decided here as follows. A name that DNS can't be asked for matches nothing
(4.8). A void look-up is a question answered with nothing (11.1), each counted, as other evaluators do.
``%{p}`` costs a look-up the first time it is worked out (4.6.4). A domain that is met again on the way to
itself would go round until the limit is reached, so the evaluation ends there with the same result.
"""

from __future__ import annotations

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.spf import macros
from bouncewise.checks.spf.asking import Asking, Stop, dns_fault, malformed
from bouncewise.checks.spf.macros import MacroError
from bouncewise.checks.spf.record import Networks, Record, Term, is_record, parse
from bouncewise.checks.spf.result import (
    OF_QUALIFIER,
    Looked,
    SpfQuery,
    SpfResult,
    Verdict,
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
    """What a record decided: the directive ("" where none matched) and the record it stands in."""

    __slots__ = ("domain", "mechanism", "path", "place", "record", "tried", "verdict")

    def __init__(self, verdict: Verdict, mechanism: str, record: Record, domain: str) -> None:
        self.verdict = verdict
        self.mechanism = mechanism
        self.record = record  # whose explanation counts
        self.domain = self.place = domain
        self.tried = 0
        self.path: tuple[str, ...] = ()


class _Run(Asking):
    """One evaluation."""

    async def result(self) -> SpfResult:
        """Evaluate, and say what came of it."""
        domain = self.domain.removesuffix(".").lower()
        if wrong := malformed(self.domain):
            return self._made(Verdict.NONE, domain, None, (wrong, self.domain))
        explanation = ""
        decision = None
        try:
            decision = await self._check(domain, 0)
        except Stop as stop:
            return self._made(stop.verdict, domain, None, stop.why)
        if decision is None:
            return self._made(Verdict.NONE, domain, None, self.missing)
        verdict = decision.verdict
        if verdict is Verdict.FAIL and decision.record.explanation is not None:
            explanation = await self._explanation(decision.record.explanation, decision.domain)
        return self._made(verdict, domain, decision, (), explanation)

    def _made(
        self,
        verdict: Verdict,
        domain: str,
        decision: _Decision | None,
        why: tuple[str, ...],
        explanation: str = "",
    ) -> SpfResult:
        if decision is not None:
            mechanism, path, place, tried = decision.mechanism, decision.path, decision.place, decision.tried
        else:
            mechanism, path, tried = "", tuple(self.terms), 0
            place = self.chain[-1] if self.chain else domain
        return SpfResult(
            result=verdict,
            domain=domain,
            identity=self.identity,
            ip=self.client.text,
            mechanism=mechanism,
            path=path,
            place=place,
            tried=tried,
            record=self.top.text if self.top is not None else "",
            explanation=explanation,
            lookups=self.lookups,
            voids=self.voids,
            why=why,
            looked=tuple(self.looked),
        )

    async def _check(self, domain: str, depth: int) -> _Decision | None:
        """``check_host``: None where there is no record."""
        line = Looked(depth, domain, None)
        self.looked.append(line)
        answer = await self.ask(domain, "TXT")
        line.answers = (answer,)
        record = self._record(answer, domain, line, depth)
        if record is None:
            return None
        self.chain.append(domain)
        decision = None
        tried = 0
        for part in record.plan:
            line = Looked(depth, domain, part)
            self.looked.append(line)
            if isinstance(part, Networks):
                at = part.find(self.ip, self.version)
                line.matched = at
                tried += len(part.terms) if at < 0 else at + 1
                if at < 0:
                    continue
                term = part.terms[at]
            else:
                term = part
                tried += 1
                if term.name == "include":
                    inner = await self._include(term, domain, depth, line)
                    if inner is None:
                        continue
                    decision = _Decision(OF_QUALIFIER[term.qualifier], inner.mechanism, record, domain)
                    decision.place, decision.tried = inner.place, inner.tried
                    decision.path = (term.text, *inner.path)
                    line.found = decision.verdict
                    break
                if term.name != "all" and not await self._designated(term, domain, line):
                    continue
            decision = _Decision(OF_QUALIFIER[term.qualifier], term.text, record, domain)
            decision.tried = tried
            line.found = decision.verdict
            break
        if decision is None:
            if record.redirect is not None:
                decision = await self._redirect(record.redirect, domain, depth)
            else:
                decision = _Decision(Verdict.NEUTRAL, "", record, domain)
                decision.tried = tried
        self.chain.pop()
        return decision

    def _record(self, answer: Answer, domain: str, line: Looked, depth: int) -> Record | None:
        """The record in an answer; None where there is none (sections 4.4 and 4.5)."""
        if answer.status is not Status.OK and answer.failed:
            line.found = Verdict.TEMPERROR
            raise Stop(Verdict.TEMPERROR, *dns_fault(answer))
        records = [r for r in answer.records if isinstance(r, bytes) and is_record(r)]
        if not records:
            line.found = "no record"
            gone = answer.status is Status.NXDOMAIN
            self.missing = ("{} does not exist" if gone else "{} has no SPF record", domain)
            if depth and not answer.records:
                self.voids += 1  # no limit to watch: a missing record is an error here anyway
            return None
        if len(records) > 1:
            line.found = Verdict.PERMERROR
            raise Stop(
                Verdict.PERMERROR,
                "{} has {} SPF records: only one may stand there",
                domain,
                str(len(records)),
            )
        record = parse(records[0])
        if self.top is None:
            self.top = record
        if record.faults:
            line.found = Verdict.PERMERROR
            fault = record.faults[0]
            raise Stop(
                Verdict.PERMERROR, "the record of {} is broken at {}: {}", domain, fault.term, fault.says
            )
        line.found = ""
        return record

    async def _include(self, term: Term, domain: str, depth: int, line: Looked) -> _Decision | None:
        """What the included record decided; None where that is no match (section 5.2)."""
        self._enter(term, line)
        if term.proves:
            await self._prove(domain, count=True)
        target = self._target(term, domain, line)
        if not target.isascii():
            line.found = "no match: a name that is not ASCII"
            self.terms.pop()
            return None
        wrong = self._wrong(term, target)
        inner = None if wrong else await self._check(target, depth + 1)
        if inner is None:
            raise self._leads_nowhere(term, target, wrong)
        self.terms.pop()
        if inner.verdict is Verdict.PASS:
            return inner
        line.found = "no match: " + inner.verdict
        return None

    async def _redirect(self, term: Term, domain: str, depth: int) -> _Decision:
        """What the record decides that this one leads to (section 6.1)."""
        line = Looked(depth, domain, term)
        self.looked.append(line)
        self._enter(term, line)
        if term.proves:
            await self._prove(domain, count=True)
        target = self._target(term, domain, line)
        wrong = self._wrong(term, target)
        decision = None if wrong else await self._check(target, depth + 1)
        if decision is None:
            raise self._leads_nowhere(term, target, wrong)
        self.terms.pop()
        line.found = decision.verdict
        decision.path = (term.text, *decision.path)
        return decision

    def _enter(self, term: Term, line: Looked) -> None:
        line.cost = 1
        line.found = Verdict.PERMERROR  # until it is left again
        self.terms.append(term.text)
        self._count()

    def _wrong(self, term: Term, target: str) -> str:
        """What is wrong with the name that a term leads to, or ""."""
        if target in self.chain:
            way = " -> ".join((*self.chain[self.chain.index(target) :], target))
            raise Stop(Verdict.PERMERROR, "a loop of " + term.name + ": {}", way)
        return malformed(target)

    def _leads_nowhere(self, term: Term, target: str, wrong: str) -> Stop:
        """That there is no record is a fault of the record that leads there."""
        why, name = (wrong, target) if wrong else self.missing
        return Stop(Verdict.PERMERROR, "{} fails: " + why, term.text, name)

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
            words = texts[0].decode("ascii")
            short = len(words) <= macros.MAX_EXPLANATION
            text = macros.read_explanation(words) if short else macros.read(words, explanation=True)
        except MacroError:
            return ""
        if "p" in text.letters:
            await self._prove(domain, count=False)
        said = macros.expand(text, self.values)
        if not (said.isascii() and said.isprintable()):
            return ""  # the sender's own characters are not allowed into a reply
        line.found = "explanation"
        return said
