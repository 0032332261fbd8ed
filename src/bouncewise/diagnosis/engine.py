"""The engine: replies in, diagnoses out, one at a time or in batches.

A reply is read once, its words are searched once, and the outcome of the rules is kept by the
facts it rests on, so that the next reply with the same facts costs the search only. What a
person wants to see beside the cause (evidence, entities, steps) is worked out when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

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
from bouncewise.knowledge.template import template_of
from bouncewise.reply.enhanced import find_enhanced
from bouncewise.reply.model import NO_CONTEXT, Context, EnhancedCode, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap import looks_wrapped, unwrap
from bouncewise.reply.unwrap.oneline import may_hold_more

# A bare one-line reply: code, then perhaps an enhanced code. Anything else is unwrapped.
_BARE = re.compile(r"([2-5][0-5]\d) (?:([245]\.\d{1,3}\.\d{1,3}) )?(?![\s(#:;\[-])")
_ENGLISH = re.compile(
    rb"\b(?:the|your|this|been|please|that|with|not|from|are|cannot|could|should|because|which)\b",
    re.IGNORECASE,
).findall
# Words that only other languages in Latin letters have, folded, a few of each; two make a sentence.
_FOREIGN = re.compile(
    rb"\b(?:der|das|nicht|ist|und|wurde|kann|fur|von|zu|les|est|pas|pour|votre|dans|avec|cette|sur|une|"
    rb"el|los|por|para|esta|este|una|fue|puede|il|della|questo|sono|stato|nao|foi|uma|seu|niet|het|een|"
    rb"wordt|naar|nie|jest|przez|zostal|je|neni|byla|byl|pro|ve|bir|icin|degil|inte|och|har|till|ikke|"
    rb"er|og|ei|ole|nem|egy|van|este|nu|pentru)\b",
    re.IGNORECASE,
).findall
_SUCCESS_HEAD = 10  # characters of "250 2.0.0 "
_MAX_HEADS = 4096
_SURE = 0.99  # of a cause that is told beside the reply
MAX_SEEN = 16_384  # replies whose outcome is kept
MAX_TEMPLATES = 16_384  # templates whose decision is kept
MAX_TEMPLATE = 1024  # octets of a template that is kept; longer ones hardly come twice
# reply code, enhanced code, phase and provider
_Known = tuple["int | None", "EnhancedCode | None", "Phase | None", "str | None"]
# what a diagnosis is made of, beside its engine
_Outcome = tuple["Reply | str", Context, Decision, "str | None"]
Item = str | bytes | Reply | Unwrapped


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
        self._templates: dict[object, Decision] = {}
        self._heads: dict[str, _Known] = {}
        self._successes: dict[str, Decision] = {}
        self._seen: dict[object, _Outcome] = {}

    def settings(self) -> dict[str, object]:
        """What another process needs to build the same engine."""
        return {"knowledge": self.knowledge, "patterns": self.patterns, **self._settings}

    def provider_of(self, host: str) -> str | None:
        """The provider whose host this is, by its slug, or None.

        Args:
            host: a host name.
        """
        return self._providers.of(host)

    def expect_many(self) -> None:
        """Say that many replies will come, for which it pays to load what is saved at once."""
        self._search.expect_many()

    def agrees(self, diagnosis: Diagnosis) -> bool:
        """Whether the reply's codes are typical for the cause that was found."""
        facts = diagnosis.facts
        return facts is not None and self._decider.agrees(diagnosis.cause, facts)

    def diagnose(self, reply: Item, context: Context = NO_CONTEXT) -> Diagnosis:
        """Say what a reply means.

        Args:
            reply: the reply in any form that ``unwrap`` reads, or one that is read or unwrapped already.
            context: what is known besides; it ranks above what the wrapper tells.
        """
        if isinstance(reply, Unwrapped):  # it names a recipient, and does not come twice
            return Diagnosis(self, *self._diagnose(reply, context))
        key = reply if context is NO_CONTEXT else (reply, context)
        known = self._seen.get(key)
        return Diagnosis(self, *known) if known is not None else self._learn(key, reply, context)

    def decided(self, cause: str, found: Unwrapped) -> Diagnosis:
        """The diagnosis of something whose cause is known beside its reply, such as a complaint.

        Args:
            cause: slug of the cause.
            found: the reply and what was round it.

        Raises:
            KeyError: the knowledge base has no such cause.
        """
        self.knowledge.causes[cause]
        said = found.reply
        facts = Facts(said.code, said.enhanced, found.context.phase, None, NOTHING)
        decision = Decision(cause=cause, confidence=_SURE, facts=facts)
        decision = msgspec.structs.replace(decision, action=self.adviser.action(decision))
        return Diagnosis(self, said, found.context, decision, found.wrapper)

    def diagnose_many(
        self, items: Iterable[Item | tuple[Item, Context]], workers: int = 1
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
        seen, successes = self._seen, self._successes
        for item in items:
            if type(item) is str:
                success = successes.get(item[:_SUCCESS_HEAD])
                if success is not None and "\n" not in item:
                    yield Diagnosis(self, item, NO_CONTEXT, success)
                    continue
            known = seen.get(item)
            if known is not None:
                yield Diagnosis(self, *known)
            elif type(item) is tuple:
                yield self._learn(item, *item)
            else:
                yield self._learn(item, item, NO_CONTEXT)  # type: ignore[arg-type]

    def _learn(self, key: object, reply: Item, context: Context) -> Diagnosis:
        """Diagnose a reply and keep the outcome, so that its next coming costs a look-up."""
        known = self._diagnose(reply, context)
        if len(self._seen) >= MAX_SEEN:
            self._seen.clear()
        self._seen[key] = known
        return Diagnosis(self, *known)

    def _diagnose(self, reply: Item, context: Context) -> _Outcome:
        if type(reply) is str:
            head = _BARE.match(reply)
            if head is not None and "\n" not in reply and not _holds_more(reply):
                return self._diagnose_bare(reply, head[0], context)
        found = (
            reply
            if isinstance(reply, Unwrapped)
            else Unwrapped(reply)
            if isinstance(reply, Reply)
            else unwrap(reply)
        )
        merged = context.merged(found.context) if context is not NO_CONTEXT else found.context
        said = found.reply
        raw = reply if isinstance(reply, str) else said.text
        facts = self._facts((said.code, said.enhanced, None, None), merged)
        if said.code is not None and said.code < 400:
            return said, merged, self._by_numbers(facts, NOTHING), found.wrapper
        note = found.note or (raw if found.wrapper else "")
        data = fold_bytes(said.text[:MAX_SCAN])
        decision = self._by_template(facts, template_of(data), self._search.exact(data))
        if note and decision.candidates[0].by in ("code", "enhanced"):
            decision = self._with_note(decision, note)
        return said, merged, decision, found.wrapper

    def _diagnose_bare(self, raw: str, head: str, context: Context) -> _Outcome:
        """Diagnose one line of a plain form without taking it apart; ``head`` is its codes."""
        known = self._heads.get(head) or self._read_head(head)
        facts = known if context is NO_CONTEXT else self._facts(known, context)
        if known[0] < 400:  # type: ignore[operator]
            decision = self._by_numbers(facts, NOTHING)
            if context is NO_CONTEXT:
                self._remember_success(raw, known[1], decision)
            return raw, context, decision, None
        data = fold_bytes(raw[:MAX_SCAN])
        template = template_of(data)
        if known[1] is None:
            if b"0-" in template and f"{known[0]}-" in raw:  # several lines joined
                return self._diagnose_found(raw, context)
            further = _further_code(raw, template)
            if further is not None:
                if looks_wrapped(raw):
                    return self._diagnose_found(raw, context)
                facts = facts[0], further, facts[2], facts[3]
        exact = self._search.exact(data)
        decision = self._templates.get((facts, template, exact)) or self._by_template(facts, template, exact)
        return raw, context, decision, None

    def _diagnose_found(self, raw: str, context: Context) -> _Outcome:
        """Diagnose the reply that stands further inside a line of a plain form."""
        found = unwrap(raw)
        return self._diagnose(found.reply, context.merged(found.context))

    def _read_head(self, head: str) -> _Known:
        code, _, enhanced = head.rstrip().partition(" ")
        if len(self._heads) >= _MAX_HEADS:
            self._heads.clear()
        known = int(code), EnhancedCode.parse(enhanced) if enhanced else None, None, None
        self._heads[head] = known
        return known

    def _remember_success(self, raw: str, enhanced: EnhancedCode | None, decision: Decision) -> None:
        """Keep the decision by the beginning of the line, where that holds all that was decided by."""
        head = raw[:_SUCCESS_HEAD]
        if not head.startswith("25"):
            return  # 220, 235, 334 and 354 may begin a dialogue that was joined to one line
        whole = head[4:5].isalpha() if enhanced is None else len(head) == _SUCCESS_HEAD and head[-1] == " "
        if whole and len(self._successes) < _MAX_HEADS:
            self._successes[head] = decision

    def _facts(self, known: _Known, context: Context) -> _Known:
        """What was read from the reply, with what the context adds."""
        if context is NO_CONTEXT:
            return known
        provider = self._providers.of(context.remote_host) if context.remote_host else None
        return known[0], known[1], context.phase, provider

    def _by_template(self, facts: _Known, template: bytes, exact: frozenset[int]) -> Decision:
        """The decision for the words of a template and the rules with figures that its text meets."""
        key = facts, template, exact
        known = self._templates.get(key)
        if known is not None:
            return known
        numbers = exact | self._search.first(template)
        decision = self._by_numbers(facts, numbers)
        if not template.isascii() or (not _is_english(template) and (decision.weak or _is_foreign(template))):
            decision = self._by_numbers(facts, numbers | self._search.others(template))
        if len(template) <= MAX_TEMPLATE:
            if len(self._templates) >= MAX_TEMPLATES:
                self._templates.clear()
            self._templates[key] = decision
        return decision

    def _with_note(self, decision: Decision, note: str) -> Decision:
        """Let the words round a reply, which are English, speak where its own say nothing."""
        facts = decision.facts
        if facts is None:
            return decision
        data = fold_bytes(note[:MAX_SCAN])
        numbers = facts.numbers | self._search.first(template_of(data)) | self._search.exact(data)
        return self._by_numbers((facts.code, facts.enhanced, facts.phase, facts.provider), numbers)  # type: ignore[arg-type]

    def _by_numbers(self, facts: _Known, numbers: frozenset[int]) -> Decision:
        """The decision for everything that was met."""
        known = self._decisions.get((facts, numbers))
        if known is not None:
            return known
        decision = self._decider.decide(Facts(*facts, numbers))
        decision = msgspec.structs.replace(decision, action=self.adviser.action(decision))
        if len(self._decisions) >= MAX_CACHED:
            self._decisions.clear()
        self._decisions[facts, numbers] = decision
        return decision


def _further_code(raw: str, template: bytes) -> EnhancedCode | None:
    """An enhanced code that stands further on in a line than behind its reply code."""
    if b"0.0.0" not in template or b"0.0.0" not in template.replace(b"0.0.0.0", b""):
        return None  # nothing, or nothing but IPv4 addresses
    return find_enhanced(raw[4:])


def _holds_more(reply: str) -> bool:
    """Whether a line that begins like a reply holds further replies, or says which command it answers."""
    if reply[0] in "23":
        return reply[:2] != "25" and may_hold_more(reply)
    return "in reply to" in reply


def _is_english(template: bytes) -> bool:
    """Whether two different words stand in a text that only English has."""
    return len({word.lower() for word in _ENGLISH(template)}) > 1


def _is_foreign(template: bytes) -> bool:
    """Whether two different words stand in a text that only other languages have."""
    return len({word.lower() for word in _FOREIGN(template)}) > 1


def batches(items: Iterable[object], size: int) -> Iterator[list[object]]:
    """The items in lists of ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
