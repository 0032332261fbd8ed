"""Evidence and plain words for a decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from bouncewise.diagnosis.model import Candidate, Decision, Evidence, Facts
from bouncewise.diagnosis.patterns import Patterns
from bouncewise.diagnosis.search import MAX_SCAN, Search
from bouncewise.knowledge.fold import fold, fold_bytes
from bouncewise.knowledge.model import Knowledge
from bouncewise.reply import registry
from bouncewise.reply.model import Reply

MAX_EVIDENCE = 8


class Explainer:
    """Shows why a decision was made.

    Args:
        knowledge: the knowledge base.
        patterns: its patterns.
        search: searches them.
    """

    def __init__(self, knowledge: Knowledge, patterns: Patterns, search: Search) -> None:
        self._knowledge = knowledge
        self._patterns = patterns
        self._search = search

    def explanation(self, decision: Decision) -> str:
        """The cause in plain words."""
        cause = self._knowledge.causes.get(decision.cause)
        return cause.explanation if cause else ""

    def evidence(self, decision: Decision, reply: Reply) -> tuple[Evidence, ...]:
        """What spoke for the cause and for its rivals, strongest first.

        Args:
            decision: the decision.
            reply: the reply that it was made of; places are places in its ``text``.
        """
        text = reply.text[:MAX_SCAN]
        met = self._search.expressions(fold_bytes(text))
        folded = _Folded(text)
        found: list[Evidence] = []
        seen: set[tuple[str, str, str]] = set()
        for candidate in decision.candidates:
            item = self._one(candidate, decision, folded, met)
            if item is None or (item.by, item.cause, item.matched) in seen:
                continue
            seen.add((item.by, item.cause, item.matched))
            found.append(item)
        return tuple(found[:MAX_EVIDENCE])

    def _one(
        self, candidate: Candidate, decision: Decision, text: _Folded, met: Callable[[int], list[str]]
    ) -> Evidence | None:
        facts = decision.facts
        if facts is None or candidate.score == 0:
            return None
        regexes = met(candidate.number)
        if candidate.rule >= 0:
            return self._by_rule(candidate, text, regexes)
        if candidate.by == "blocklist":
            return self._by_blocklist(candidate, text, regexes)
        return _by_code(candidate, facts)

    def _by_rule(self, candidate: Candidate, text: _Folded, regexes: list[str]) -> Evidence:
        rule = self._knowledge.rules[candidate.rule]
        start, end = text.span(regexes)
        return Evidence(
            by=candidate.by,
            cause=rule.cause,
            matched=text.text[start:end] if start is not None else "",
            start=start,
            end=end,
            says=rule.says or self._title(rule.cause),
            rule=rule.id,
            source=rule.sources[0] if rule.sources else "",
        )

    def _by_blocklist(self, candidate: Candidate, text: _Folded, regexes: list[str]) -> Evidence:
        blocklist = self._knowledge.blocklists[self._patterns.blocklist_of[candidate.number]]
        start, end = text.span(regexes)
        return Evidence(
            by="blocklist",
            cause=candidate.cause,
            matched=text.text[start:end] if start is not None else blocklist.name,
            start=start,
            end=end,
            says=f"names the blocklist {blocklist.name} of {blocklist.operator}",
            source=blocklist.sources[0] if blocklist.sources else "",
        )

    def _title(self, cause: str) -> str:
        known = self._knowledge.causes.get(cause)
        return known.title if known else cause


def _by_code(candidate: Candidate, facts: Facts) -> Evidence | None:
    if candidate.by == "enhanced" and facts.enhanced:
        meaning = registry.enhanced(facts.enhanced)
        return Evidence(
            "enhanced",
            candidate.cause,
            str(facts.enhanced),
            says=meaning.meaning,
            source=meaning.references[0] if meaning.references else "",
        )
    if facts.code:
        basic = registry.basic_or_class(facts.code)
        return Evidence(
            "code",
            candidate.cause,
            str(facts.code),
            says=basic.meaning,
            source=basic.references[0] if basic.references else "",
        )
    return None


# a stem matches the beginning of a word; what a person is shown is the whole word
_WORD_END = re.compile(rb"[A-Za-z0-9_-]{0,24}")


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[bytes]:
    return re.compile(regex.encode(), re.IGNORECASE | re.DOTALL)


class _Folded:
    """A text as expressions are searched in it, for the places of several.

    Args:
        text: the text itself.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        plain = text.isascii() and text.isprintable()  # the expressions ignore the case
        self._data = text.encode() if plain else fold(text).encode("utf-8", "replace")
        self._ascii = text.isascii()
        self._one_blank = "  " not in text

    def span(self, regexes: Sequence[str]) -> tuple[int | None, int | None]:
        """Place of the longest match of any of some expressions over folded UTF-8 bytes, in characters."""
        data = self._data
        best: tuple[int, int] | None = None
        for regex in regexes if self._one_blank else [regex.replace(" ", r"\s+") for regex in regexes]:
            match = _compiled(regex).search(data)
            if match and (best is None or match.end() - match.start() > best[1] - best[0]):
                best = match.span()
        if best is None:
            return None, None
        start, end = best[0], _WORD_END.match(data, best[1]).end()  # type: ignore[union-attr]
        if self._ascii:
            return start, end
        return len(data[:start].decode("utf-8", "ignore")), len(data[:end].decode("utf-8", "ignore"))
