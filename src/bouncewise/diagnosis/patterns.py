"""All patterns of a knowledge base with the number that a match reports.

Numbers: a rule reports its place in the knowledge base; behind the rules come the marks of the
providers, then two numbers a blocklist: for its zones, for its names.

The patterns form two sets. The first holds English and every provider's own words and is always
searched. The second holds the other languages; it is searched when the text is not plain ASCII
or when the first set found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bouncewise.knowledge.model import Knowledge
from bouncewise.knowledge.pattern import compile_pattern, escape_pattern
from bouncewise.knowledge.regexes import DEFAULT_LANGUAGE, language_of, rule_regexes


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Regular expressions over folded UTF-8 bytes, each once, and the numbers that each stands for.

    The matcher reports the place of an expression in ``regexes``; ``numbers`` at the same place
    says which rules, marks and lists it belongs to.
    """

    regexes: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The two sets, what refutes a rule, and what the numbers behind the rules stand for."""

    first: PatternSet
    second: PatternSet
    refuting: dict[int, tuple[str, ...]] = field(default_factory=dict)
    provider_of: dict[int, str] = field(default_factory=dict)
    blocklist_of: dict[int, str] = field(default_factory=dict)


def build_patterns(knowledge: Knowledge) -> Patterns:
    """Translate every pattern of the knowledge base.

    Raises:
        PatternError: a pattern can't be read.
    """
    first: list[tuple[str, int]] = []
    second: list[tuple[str, int]] = []
    refuting: dict[int, tuple[str, ...]] = {}
    for index, rule in enumerate(knowledge.rules):
        text, not_text = rule_regexes(knowledge, rule)
        foreign = language_of(knowledge.origin[rule.id]) not in (None, DEFAULT_LANGUAGE)
        target = second if foreign else first
        target.extend((regex, index) for regex in text)
        if not_text:
            refuting[index] = tuple(not_text)
    number = len(knowledge.rules)
    provider_of: dict[int, str] = {}
    for slug, provider in knowledge.providers.items():
        provider_of[number] = slug
        first.extend((compile_pattern(mark, {}), number) for mark in provider.marks)
        number += 1
    blocklist_of: dict[int, str] = {}
    for slug, blocklist in knowledge.blocklists.items():
        for names in (blocklist.zones, blocklist.names):  # an even step for zones, an odd one for names
            blocklist_of[number] = slug
            first.extend((compile_pattern(escape_pattern(name), {}), number) for name in names)
            number += 1
    return Patterns(_as_set(first), _as_set(second), refuting, provider_of, blocklist_of)


def _as_set(pairs: list[tuple[str, int]]) -> PatternSet:
    by_regex: dict[str, dict[int, None]] = {}
    for regex, number in pairs:
        by_regex.setdefault(regex, {})[number] = None
    return PatternSet(tuple(by_regex), tuple(tuple(numbers) for numbers in by_regex.values()))
