"""From what matched to a cause: narrowing, ranking, disagreement and confidence.

Strength of a proof, strongest first: the user's own rules; a provider's phrase or token; a
blocklist named; general words; the enhanced code; the reply code. Within a kind the rule's
``priority`` decides, and between near equals the codes that agree with the cause. General words
of low priority ("rejected", "blocked") are weaker than an enhanced code that says something, and
words that mean something only because of who says them (``needs_provider``) rank with general ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bouncewise.diagnosis.confidence import confidence_of
from bouncewise.diagnosis.model import Alternative, Candidate, Decision, Facts
from bouncewise.diagnosis.patterns import Patterns
from bouncewise.knowledge.model import Knowledge, Rule
from bouncewise.reply import registry
from bouncewise.reply.model import EnhancedCode

OWN, PROVIDER_TEXT, PROVIDER_TOKEN, SHORT, GENERAL, ENHANCED, CODE = 200, 150, 150, 106, 100, 104, 60
VAGUE_ENHANCED = 70
PER_PRIORITY = 2
AGREES_ENHANCED, AGREES_CODE = 3, 1
BLOCKLIST_SCORE = 100 + 2 * 7
WEAK = 107
MAX_ALTERNATIVES = 4
VAGUE_CAUSES = frozenset(
    {
        "unknown",
        "policy-rejected",
        "system-error",
        "mailbox-unavailable",
        "command-syntax",
        "command-unrecognized",
        "bad-sequence",
        "accepted",
    }
)


def code_matches(limits: Iterable[int | str], code: int) -> bool:
    """Whether a reply code is one of the limits; ``"5yz"`` stands for any with that first digit."""
    return any(limit == code or (isinstance(limit, str) and limit[:1] == str(code)[:1]) for limit in limits)


def enhanced_matches(limits: Iterable[str], code: EnhancedCode) -> bool:
    """Whether an enhanced code is one of the limits; ``X`` stands for any number."""
    parts = (str(code.class_), str(code.subject), str(code.detail))
    for limit in limits:
        wanted = limit.split(".")
        if len(wanted) == 3 and all(w in ("X", p) for w, p in zip(wanted, parts, strict=True)):
            return True
    return False


class Decider:
    """Decides a cause from facts, by the knowledge base.

    Args:
        knowledge: the knowledge base.
        patterns: its patterns, which tell what a number stands for.
        general_only: leave every provider's own rules out (to measure what generalises).
    """

    def __init__(self, knowledge: Knowledge, patterns: Patterns, *, general_only: bool = False) -> None:
        self._knowledge = knowledge
        self._patterns = patterns
        self._general_only = general_only

    def decide(self, facts: Facts) -> Decision:
        """The cause, its rivals, and where the three (code, enhanced code, text) disagree."""
        provider = facts.provider or self._marked_provider(facts.numbers)
        candidates = sorted(
            self._candidates(facts, provider), key=lambda c: (-c.score, c.rule < 0, c.rule, c.cause)
        )
        best = _best_by_cause(candidates)
        top = best[0]
        rule_provider = self._knowledge.rules[top.rule].provider if top.rule >= 0 else ""
        listed = self._blocklist(facts.numbers)
        confidence = confidence_of(top, best[1:], facts, self.agrees(top.cause, facts))
        return Decision(
            cause=top.cause,
            confidence=confidence,
            alternatives=_alternatives(top, best[1:], confidence),
            candidates=tuple(candidates[:12]),
            provider=provider or rule_provider or None,
            disagreement=self._disagreement(facts, candidates),
            blocklist=self._patterns.blocklist_of[listed] if listed is not None else None,
            transient=self._patterns.transient in facts.numbers,
            weak=top.score <= WEAK and not (facts.code and facts.code < 400),
            facts=facts,
        )

    def agrees(self, cause: str, facts: Facts) -> bool:
        """Whether the enhanced code or the reply code is typical for the cause."""
        return self._agreement(cause, facts) > 0

    def _marked_provider(self, numbers: frozenset[int]) -> str | None:
        marked = sorted(n for n in numbers if n in self._patterns.provider_of)
        return self._patterns.provider_of[marked[0]] if marked else None

    def _blocklist(self, numbers: frozenset[int]) -> int | None:
        """The number of the list that is named most exactly: by its zone, else by its longest name."""
        named = sorted(n for n in numbers if n in self._patterns.blocklist_of)
        return max(named, key=self._exactness, default=None)

    def _exactness(self, number: int) -> tuple[bool, int]:
        blocklist = self._knowledge.blocklists[self._patterns.blocklist_of[number]]
        by_zone = self._patterns.blocklist_of.get(number + 1) == blocklist.id
        words = blocklist.zones if by_zone else blocklist.names
        return by_zone, min((len(word) for word in words), default=0)

    def _candidates(self, facts: Facts, provider: str | None) -> Iterator[Candidate]:
        rules = self._knowledge.rules
        for number in facts.numbers:
            if number >= len(rules) or self._patterns.refuter_of.get(number) in facts.numbers:
                continue
            if self._applies(rules[number], facts, provider):
                yield self._rule_candidate(rules[number], number, facts, provider)
        listed = self._blocklist(facts.numbers)
        if listed is not None:
            yield self._listing(listed, facts)
        yield from self._by_codes(facts)

    def _applies(self, rule: Rule, facts: Facts, provider: str | None) -> bool:
        """The narrowing: what is known must fit; what is not known does not count against a rule."""
        if rule.provider and (self._general_only or not self._speaks(rule, provider)):
            return False
        if rule.code and not _code_fits(rule, facts):
            return False
        if rule.enhanced and (facts.enhanced is None or not enhanced_matches(rule.enhanced, facts.enhanced)):
            return False
        return not (rule.phase and facts.phase and facts.phase not in rule.phase)

    def _speaks(self, rule: Rule, provider: str | None) -> bool:
        """Whether a provider's rule may hold; a program or a gateway speaks at any provider's host."""
        if rule.provider == provider:
            return True
        if provider is None or rule.needs_provider:
            return not rule.needs_provider
        own = self._knowledge.providers.get(rule.provider)
        return own is not None and own.kind in ("mta", "gateway")

    def _rule_candidate(self, rule: Rule, number: int, facts: Facts, provider: str | None) -> Candidate:
        if rule.id in self._knowledge.own_rules:
            base = OWN
        elif rule.provider:
            base = PROVIDER_TOKEN if rule.token else SHORT if rule.needs_provider else PROVIDER_TEXT
        else:
            base = GENERAL
        score = base + PER_PRIORITY * rule.priority + self._agreement(rule.cause, facts)
        return Candidate(rule.cause, "provider" if rule.provider else "text", score, number, number)

    def _listing(self, number: int, facts: Facts) -> Candidate:
        blocklist = self._knowledge.blocklists[self._patterns.blocklist_of[number]]
        domains = "domain" in blocklist.kind and "ip" not in blocklist.kind
        cause = "domain-blocklisted" if domains else "ip-blocklisted"
        return Candidate(cause, "blocklist", BLOCKLIST_SCORE + self._agreement(cause, facts), -1, number)

    def _agreement(self, cause: str, facts: Facts) -> int:
        known = self._knowledge.causes.get(cause)
        if known is None:
            return 0
        score = 0
        if facts.enhanced and enhanced_matches((c for c in known.codes if "." in c), facts.enhanced):
            score += AGREES_ENHANCED
        if facts.code and str(facts.code) in known.codes:
            score += AGREES_CODE
        return score

    def _by_codes(self, facts: Facts) -> Iterator[Candidate]:
        if facts.enhanced and not (facts.code and facts.code < 400):
            cause = registry.enhanced(facts.enhanced).cause
            if cause and cause != "unknown":
                vague = cause in VAGUE_CAUSES
                yield Candidate(cause, "enhanced", VAGUE_ENHANCED if vague else ENHANCED)
        if facts.code:
            cause = registry.basic_cause(facts.code, facts.phase)
            if cause != "unknown":
                yield Candidate(cause, "code", CODE)
        yield Candidate("unknown", "code", 0)

    def _disagreement(self, facts: Facts, candidates: list[Candidate]) -> str:
        said: list[str] = []
        code, enhanced = facts.code, facts.enhanced
        if code and enhanced and code // 100 != enhanced.class_:
            said.append(
                f"the reply code {code} says {_CLASS.get(code // 100, '?')}, the enhanced code "
                f"{enhanced} says "
                f"{_CLASS[enhanced.class_]}; the reply code rules the action (RFC 2034 section 4)"
            )
        words = next((c for c in candidates if c.by in ("text", "provider", "blocklist")), None)
        meant = next((c for c in candidates if c.by == "enhanced"), None)
        differ = words and meant and meant.score == ENHANCED and words.cause != meant.cause
        if words and meant and differ and not self.agrees(words.cause, facts):
            said.append(f"the words say {words.cause}, the enhanced code {enhanced} says {meant.cause}")
        return "; ".join(said)


_CLASS = {2: "done", 3: "go on", 4: "try again", 5: "give up"}


def _code_fits(rule: Rule, facts: Facts) -> bool:
    if facts.code is not None:
        return code_matches(rule.code, facts.code)
    if facts.enhanced is not None:  # the class of the enhanced code stands in for the first digit
        return any(str(limit)[0] == str(facts.enhanced.class_) for limit in rule.code)
    # General words that mean something only beside one exact code mean nothing without it.
    return bool(rule.provider) or any(isinstance(limit, str) for limit in rule.code)


def _best_by_cause(candidates: list[Candidate]) -> list[Candidate]:
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        best.setdefault(candidate.cause, candidate)
    return list(best.values())


def _alternatives(top: Candidate, rivals: list[Candidate], confidence: float) -> tuple[Alternative, ...]:
    """Share out what is left of 1.0 by strength; "unknown" is no alternative to a cause."""
    rivals = [r for r in rivals if r.cause != "unknown"][:MAX_ALTERNATIVES]
    weights = [2.0 ** ((r.score - top.score) / 12) for r in rivals]
    total = sum(weights) + 0.25
    rest = 1.0 - confidence
    return tuple(
        Alternative(r.cause, round(min(rest * w / total, confidence), 2))
        for r, w in zip(rivals, weights, strict=True)
        if rest * w / total >= 0.005
    )
