"""The engine: replies in, diagnoses out, one at a time or in batches.

A reply is read once, its words are searched once, and the outcome of the rules is kept by the
facts it rests on, so that the next reply with the same facts costs the search only. What a
person wants to see beside the cause (evidence, entities, steps) is worked out when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bouncewise.diagnosis.advice import Adviser
from bouncewise.diagnosis.decide import Decider
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.explain import Explainer
from bouncewise.diagnosis.matcher import Cache, NoCache, Scan, make_scan
from bouncewise.diagnosis.model import Decision, Facts
from bouncewise.diagnosis.patterns import Patterns, build_patterns
from bouncewise.diagnosis.providers import ProviderIndex
from bouncewise.knowledge.fold import fold
from bouncewise.knowledge.model import Knowledge, Policy
from bouncewise.reply.model import NO_CONTEXT, Context, EnhancedCode, Reply, Unwrapped
from bouncewise.reply.unwrap import unwrap

MAX_SCAN = 16_384  # characters of a reply that are searched; longer ones say it at their start
MAX_CACHED = 65_536

# A bare one-line reply: code, then perhaps an enhanced code. Anything else is unwrapped.
_BARE = re.compile(r"([2-5][0-5]\d) (?:([245])\.(\d{1,3})\.(\d{1,3}) )?(?![\s(#:;\[-])")
_MAY_HOLD_CODE = re.compile(r"[245]\.\d{1,3}\.\d|\d{3}-")
_SUCCESS = {
    "250": "accepted",
    "220": "accepted",
    "221": "accepted",
    "211": "accepted",
    "214": "accepted",
    "251": "forwarded",
    "252": "unverified",
    "235": "authenticated",
}


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
        self._cache = cache or NoCache()
        self._matcher = matcher
        self._scan_first: Scan = make_scan(self.patterns.first, self._cache, matcher)
        self._scan_second: Scan | None = None
        self._decider = Decider(knowledge, self.patterns, general_only=general_only)
        self.adviser = Adviser(knowledge, policies)
        self.explainer = Explainer(knowledge, self.patterns)
        self._providers = ProviderIndex(knowledge)
        self._decisions: dict[object, Decision] = {}
        self._actions: dict[int, str] = {}
        self._seen: dict[object, Diagnosis] = {}
        self._numbers = (*self.patterns.first.numbers, *self.patterns.second.numbers)

    def settings(self) -> dict[str, object]:
        """What another process needs to build the same engine."""
        return {"knowledge": self.knowledge, "patterns": self.patterns, **self._settings}

    def action_of(self, decision: Decision) -> str:
        """The action for a decision, kept because a batch asks for it every time."""
        action = self._actions.get(id(decision))
        if action is None:
            action = self._actions[id(decision)] = self.adviser.action(decision)
        return action

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
        diagnose = self._diagnose
        last: dict[object, Diagnosis] = {}
        for item in items:
            known = last.get(item)
            if known is None:
                known = diagnose(*item) if type(item) is tuple else diagnose(item, NO_CONTEXT)  # type: ignore[arg-type]
                if len(last) >= MAX_CACHED:
                    last.clear()
                last[item] = known
            yield known

    def _diagnose(self, reply: str | bytes | Reply, context: Context) -> Diagnosis:
        if type(reply) is str:
            match = _BARE.match(reply)
            if match is not None and "\n" not in reply:
                return self._diagnose_bare(reply, match, context)
        found = Unwrapped(reply) if isinstance(reply, Reply) else unwrap(reply)
        merged = context.merged(found.context) if context is not NO_CONTEXT else found.context
        said = found.reply
        provider = self._providers.of(merged.remote_host) if merged.remote_host else None
        raw = reply if isinstance(reply, str) else said.text
        decision = self._decide(
            said.code,
            said.enhanced,
            merged.phase,
            provider,
            said.text,
            found.note or (raw if found.wrapper else ""),
        )
        return Diagnosis(self, found.reply, merged, decision, found.wrapper)

    def _diagnose_bare(self, raw: str, match: re.Match[str], context: Context) -> Diagnosis:
        code, class_, subject, detail = match.groups()
        success = _SUCCESS.get(code)
        if success is None and class_ is None and _MAY_HOLD_CODE.search(raw, 4):
            found = unwrap(raw)
            return self._diagnose(found.reply, context.merged(found.context))
        enhanced = EnhancedCode(int(class_), int(subject), int(detail)) if class_ else None
        provider = self._providers.of(context.remote_host) if context.remote_host else None
        if success is not None:
            decision = self._by_code(int(code), enhanced, context.phase, provider)
        else:
            decision = self._decide(int(code), enhanced, context.phase, provider, raw, "")
        return Diagnosis(self, (raw, match.end(), int(code), enhanced), context, decision, None)

    def _by_code(
        self, code: int, enhanced: EnhancedCode | None, phase: str | None, provider: str | None
    ) -> Decision:
        """The decision for a 2yz reply, which its code makes alone."""
        key = (code, enhanced, phase, provider)
        decision = self._decisions.get(key)
        if decision is None:
            decision = self._keep(key, Facts(code, enhanced, phase, provider, frozenset()))
        return decision

    def _decide(  # noqa: PLR0913, PLR0917 - the facts of one reply
        self,
        code: int | None,
        enhanced: EnhancedCode | None,
        phase: str | None,
        provider: str | None,
        text: str,
        note: str,
    ) -> Decision:
        if code is not None and code < 400:
            return self._by_code(code, enhanced, phase, provider)
        data, plain = self._folded(text)
        places = self._scan_first(data)
        if plain:
            decision = self._decide_by(code, enhanced, phase, provider, places)
            if not decision.weak:
                return decision
        places += self._other_languages(data.lower() if plain else data)
        decision = self._decide_by(code, enhanced, phase, provider, places)
        if note and decision.candidates[0].by in ("code", "enhanced"):
            places += self._scan_first(self._folded(note)[0])  # what stands round a reply is English
            return self._decide_by(code, enhanced, phase, provider, places)
        return decision

    def _decide_by(
        self,
        code: int | None,
        enhanced: EnhancedCode | None,
        phase: str | None,
        provider: str | None,
        places: list[int],
    ) -> Decision:
        """The decision for what matched, kept by it."""
        places.sort()
        key = (code, enhanced, phase, provider, tuple(places))
        decision = self._decisions.get(key)
        if decision is None:
            numbers = frozenset(n for place in places for n in self._numbers[place])
            decision = self._keep(key, Facts(code, enhanced, phase, provider, numbers))
        return decision

    def _keep(self, key: object, facts: Facts) -> Decision:
        if len(self._decisions) >= MAX_CACHED:
            self._decisions.clear()
            self._actions.clear()
        decision = self._decider.decide(facts)
        self._decisions[key] = decision
        return decision

    @staticmethod
    def _folded(text: str) -> tuple[bytes, bool]:
        """What is searched, and whether it is plain ASCII (which the matcher folds itself)."""
        text = text[:MAX_SCAN]
        if text.isascii():
            return text.encode(), True
        return fold(text).encode("utf-8", "replace"), False

    def _other_languages(self, data: bytes) -> list[int]:
        if self._scan_second is None:
            self._scan_second = make_scan(self.patterns.second, self._cache, self._matcher)
        behind = len(self.patterns.first.regexes)
        return [behind + place for place in self._scan_second(data)]


def batches(items: Iterable[object], size: int) -> Iterator[list[object]]:
    """The items in lists of ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
