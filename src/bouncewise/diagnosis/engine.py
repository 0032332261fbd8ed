"""The engine: replies in, diagnoses out, one at a time or in batches.

A reply is read once, its words are searched once, and the outcome of the rules is kept by the
facts it rests on, so that the next reply with the same facts costs the search only. What a
person wants to see beside the cause (evidence, entities, steps) is worked out when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from bouncewise.diagnosis.advice import Adviser
from bouncewise.diagnosis.decide import Decider
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.explain import Explainer
from bouncewise.diagnosis.matcher import Cache, NoCache
from bouncewise.diagnosis.model import Decision, Facts
from bouncewise.diagnosis.patterns import Patterns, build_patterns
from bouncewise.diagnosis.providers import ProviderIndex
from bouncewise.diagnosis.search import MAX_CACHED, MAX_SCAN, NOTHING, Search
from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.model import Knowledge, Policy
from bouncewise.reply.model import NO_CONTEXT, Context, EnhancedCode, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap import unwrap

# A bare one-line reply: code, then perhaps an enhanced code. Anything else is unwrapped.
_BARE = re.compile(r"([2-5][0-5]\d) (?:([245]\.\d{1,3}\.\d{1,3}) )?(?![\s(#:;\[-])")
_MAY_HOLD_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d")
_SUCCESS_HEAD = 10  # characters of "250 2.0.0 "
_MAX_HEADS = 4096
# reply code, enhanced code, phase and provider
_Known = tuple["int | None", "EnhancedCode | None", "Phase | None", "str | None"]


class Engine:
    """Diagnoses replies by a knowledge base.

    Args:
        knowledge: the knowledge base.
        cache: where compiled databases are kept.
        policies: rows of the operator's own policy table.
        matcher: ``hyperscan``, ``re2`` or ``re``; None takes the best that is installed.
        general_only: leave every provider's own rules out (to measure what generalises).
        patterns: the translated patterns, where they have been kept.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own
        self,
        knowledge: Knowledge,
        *,
        cache: Cache | None = None,
        policies: Sequence[Policy] = (),
        matcher: str | None = None,
        general_only: bool = False,
        patterns: Patterns | None = None,
    ) -> None:
        self.knowledge = knowledge
        self._settings = {
            "cache": cache,
            "policies": tuple(policies),
            "matcher": matcher,
            "general_only": general_only,
        }
        self.patterns = patterns or build_patterns(knowledge)
        self._search = Search(self.patterns, cache or NoCache(), matcher)
        self._decider = Decider(knowledge, self.patterns, general_only=general_only)
        self.adviser = Adviser(knowledge, policies)
        self.explainer = Explainer(knowledge, self.patterns, self._search)
        self._providers = ProviderIndex(knowledge)
        self._decisions: dict[object, Decision] = {}
        self._heads: dict[str, tuple[int, EnhancedCode | None]] = {}
        self._successes: dict[str, Decision] = {}
        self._seen: dict[object, Diagnosis] = {}

    def settings(self) -> dict[str, object]:
        """What another process needs to build the same engine."""
        return {"knowledge": self.knowledge, "patterns": self.patterns, **self._settings}

    def diagnose(self, reply: str | bytes | Reply, context: Context = NO_CONTEXT) -> Diagnosis:
        """Say what a reply means.

        Args:
            reply: the reply in any form that ``unwrap`` reads, or one that is read already.
            context: what is known besides; it ranks above what the wrapper tells.
        """
        key = (reply, context)
        known = self._seen.get(key)
        if known is None:
            known = self._diagnose(reply, context)
            if len(self._seen) >= MAX_CACHED:
                self._seen.clear()
            self._seen[key] = known
        return known

    def diagnose_many(
        self, items: Iterable[str | bytes | Reply | tuple[str | bytes | Reply, Context]], workers: int = 1
    ) -> Iterator[Diagnosis]:
        """Say what each of many replies means, in their order.

        Args:
            items: replies, or pairs of a reply and its context.
            workers: processes to use; more than one pays from some 100,000 replies on.
        """
        if workers > 1:
            from bouncewise.diagnosis.workers import diagnose_in_processes  # noqa: PLC0415

            yield from diagnose_in_processes(self, items, workers)
            return
        last: dict[object, Diagnosis] = {}
        successes = self._successes
        for item in items:
            if type(item) is str:
                success = successes.get(item[:_SUCCESS_HEAD])
                if success is not None and "\n" not in item:
                    yield Diagnosis(self, item, NO_CONTEXT, success)
                    continue
            known = last.get(item)
            if known is None:
                known = self._diagnose(*item) if type(item) is tuple else self._diagnose(item, NO_CONTEXT)  # type: ignore[arg-type]
                if len(last) >= MAX_CACHED:
                    last.clear()
                last[item] = known
            yield known

    def _diagnose(self, reply: str | bytes | Reply, context: Context) -> Diagnosis:
        if type(reply) is str:
            head = _BARE.match(reply)
            if head is not None and "\n" not in reply:
                return self._diagnose_bare(reply, head[0], context)
        found = Unwrapped(reply) if isinstance(reply, Reply) else unwrap(reply)
        merged = context.merged(found.context) if context is not NO_CONTEXT else found.context
        said = found.reply
        raw = reply if isinstance(reply, str) else said.text
        facts = self._facts(said.code, said.enhanced, merged)
        decision = self._decide(facts, said.text, found.note or (raw if found.wrapper else ""))
        return Diagnosis(self, said, merged, decision, found.wrapper)

    def _diagnose_bare(self, raw: str, head: str, context: Context) -> Diagnosis:
        """Diagnose one line of a plain form without taking it apart; ``head`` is its codes."""
        known = self._heads.get(head)
        if known is None:
            code, _, enhanced = head.rstrip().partition(" ")
            if len(self._heads) >= _MAX_HEADS:
                self._heads.clear()
            known = int(code), EnhancedCode.parse(enhanced) if enhanced else None
            self._heads[head] = known
        facts = self._facts(*known, context)
        if known[0] < 400:
            decision = self._by_code(facts)
            if context is NO_CONTEXT:
                self._remember_success(raw, known[1], decision)
            return Diagnosis(self, raw, context, decision)
        if known[1] is None and (f"{known[0]}-" in raw or _MAY_HOLD_ENHANCED.search(raw, 4)):
            found = unwrap(raw)
            return self._diagnose(found.reply, context.merged(found.context))
        return Diagnosis(self, raw, context, self._decide(facts, raw, ""))

    def _remember_success(self, raw: str, enhanced: EnhancedCode | None, decision: Decision) -> None:
        """Keep the decision by the beginning of the line, where that holds all that was decided by."""
        head = raw[:_SUCCESS_HEAD]
        whole = head[4:5].isalpha() if enhanced is None else len(head) == _SUCCESS_HEAD and head[-1] == " "
        if whole and len(self._successes) < _MAX_HEADS:
            self._successes[head] = decision

    def _facts(self, code: int | None, enhanced: EnhancedCode | None, context: Context) -> _Known:
        if context is NO_CONTEXT:
            return code, enhanced, None, None
        provider = self._providers.of(context.remote_host) if context.remote_host else None
        return code, enhanced, context.phase, provider

    def _by_code(self, known: _Known) -> Decision:
        """The decision for a 2yz or 3yz reply, which its code makes alone."""
        return self._decisions.get((known, NOTHING)) or self._keep(known, NOTHING)

    def _decide(self, known: _Known, text: str, note: str) -> Decision:
        if known[0] is not None and known[0] < 400:
            return self._by_code(known)
        data = fold_bytes(text[:MAX_SCAN])
        numbers = self._search.first(data)
        if data.isascii():
            decision = self._decisions.get((known, numbers)) or self._keep(known, numbers)
            if not decision.weak:
                return decision
        numbers |= self._search.second(data)
        decision = self._decisions.get((known, numbers)) or self._keep(known, numbers)
        if note and decision.candidates[0].by in ("code", "enhanced"):
            numbers |= self._search.first(fold_bytes(note[:MAX_SCAN]))  # what stands round a reply is English
            return self._decisions.get((known, numbers)) or self._keep(known, numbers)
        return decision

    def _keep(self, known: _Known, numbers: frozenset[int]) -> Decision:
        if len(self._decisions) >= MAX_CACHED:
            self._decisions.clear()
        decision = self._decider.decide(Facts(*known, numbers))
        decision = replace(decision, action=self.adviser.action(decision))
        self._decisions[known, numbers] = decision
        return decision


def batches(items: Iterable[object], size: int) -> Iterator[list[object]]:
    """The items in lists of ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
