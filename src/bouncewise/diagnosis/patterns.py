"""All patterns of a knowledge base with the number that a match reports.

Numbers: a rule reports its place in the knowledge base; behind the rules come a number for each
rule that a figure in its ``not_text`` can refute, the marks of the providers, two numbers a
blocklist (for its zones, for its names), and one for the words of a failure to be tried again.

The patterns form several sets. ``first`` holds English and every provider's own words. ``others``
holds the other languages, a set for each script; the one that fits is searched when the text is
not plain ASCII or when the first set says little. All these are searched in the text's template.
``exact`` holds what only the text itself can meet, because a figure or an address stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bouncewise.knowledge.model import Knowledge
from bouncewise.knowledge.needed import needed_octets
from bouncewise.knowledge.pattern import compile_pattern, escape_pattern
from bouncewise.knowledge.regexes import DEFAULT_LANGUAGE, language_of, rule_regexes
from bouncewise.knowledge.template import needs_figures

SCRIPTS = ("latin", "greek", "cyrillic", "east-asian")


def script_of(text: str) -> str:
    """The script that a pattern is written in, by its letters."""
    highest = max(text)
    if highest < "\u0370":
        return "latin"
    if highest >= "\u1100":
        return "east-asian"
    return "greek" if highest < "\u0400" else "cyrillic"


# what the first octet of a letter tells in UTF-8
_MARKS = (("greek", re.compile(rb"[\xcd-\xcf]")), ("cyrillic", re.compile(rb"[\xd0-\xd4]")))
_EAST_ASIAN = re.compile(rb"[\xe3-\xed]")


def scripts_in(template: bytes) -> tuple[str, ...]:
    """The scripts of a folded text, but for Latin where another is there."""
    if template.isascii():
        return ("latin",)
    found = [script for script, mark in _MARKS if mark.search(template)]
    if _EAST_ASIAN.search(template):
        found.append("east-asian")
    return tuple(found) or ("latin",)


class PatternSet(msgspec.Struct, frozen=True):
    """Regular expressions over folded UTF-8 bytes, each once, and the numbers that each stands for.

    The matcher reports the place of an expression in ``regexes``; ``numbers`` at the same place
    says which rules, marks and lists it belongs to. ``needed`` has the words that a text must hold
    to be met, where they have been read off already.
    """

    regexes: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]
    needed: tuple[tuple[bytes, ...], ...] = ()


class Patterns(msgspec.Struct, frozen=True):
    """The sets, and what the numbers behind the rules stand for.

    ``refuting`` has the expressions that refute a rule and are looked for when the rule was met;
    ``refuter_of`` has, by rule, the number that ``exact`` reports when the rule is refuted.
    """

    first: PatternSet
    others: dict[str, PatternSet]
    exact: PatternSet
    refuting: dict[int, tuple[str, ...]] = {}
    refuter_of: dict[int, int] = {}
    provider_of: dict[int, str] = {}
    blocklist_of: dict[int, str] = {}
    transient: int = -1


def build_patterns(knowledge: Knowledge) -> Patterns:
    """Translate every pattern of the knowledge base.

    Raises:
        PatternError: a pattern can't be read.
    """
    first: list[tuple[str, int]] = []
    others: dict[str, list[tuple[str, int]]] = {script: [] for script in SCRIPTS}
    exact: list[tuple[str, int]] = []
    figures: list[tuple[str, int]] = []
    refuting: dict[int, tuple[str, ...]] = {}
    for index, rule in enumerate(knowledge.rules):
        text, not_text = rule_regexes(knowledge, rule)
        foreign = language_of(knowledge.origin[rule.id]) not in (None, DEFAULT_LANGUAGE)
        for regex in text:
            target = exact if needs_figures(regex) else others[script_of(regex)] if foreign else first
            target.append((regex, index))
        words = tuple(regex for regex in not_text if not needs_figures(regex))
        if words:
            refuting[index] = words
        figures.extend((regex, index) for regex in not_text if needs_figures(regex))
    number = len(knowledge.rules)
    refuter_of: dict[int, int] = {}
    for regex, index in figures:
        exact.append((regex, refuter_of.setdefault(index, number + len(refuter_of))))
    number += len(refuter_of)
    provider_of: dict[int, str] = {}
    for slug, provider in knowledge.providers.items():
        provider_of[number] = slug
        _sort((compile_pattern(mark, {}) for mark in provider.marks), number, first, exact)
        number += 1
    blocklist_of: dict[int, str] = {}
    for slug, blocklist in knowledge.blocklists.items():
        for names in (blocklist.zones, blocklist.names):  # an even step for zones, an odd one for names
            blocklist_of[number] = slug
            _sort((compile_pattern(escape_pattern(name), {}) for name in names), number, first, exact)
            number += 1
    _sort((compile_pattern(words, {}) for words in knowledge.transient_words), number, first, exact)
    return Patterns(
        _as_set(first),
        {script: _as_set(pairs) for script, pairs in others.items()},
        _as_set(exact),
        refuting,
        refuter_of,
        provider_of,
        blocklist_of,
        number,
    )


def _sort(
    regexes: Iterable[str], number: int, first: list[tuple[str, int]], exact: list[tuple[str, int]]
) -> None:
    for regex in regexes:
        (exact if needs_figures(regex) else first).append((regex, number))


def _as_set(pairs: list[tuple[str, int]]) -> PatternSet:
    by_regex: dict[str, dict[int, None]] = {}
    for regex, number in pairs:
        by_regex.setdefault(regex, {})[number] = None
    return PatternSet(
        tuple(by_regex),
        tuple(tuple(numbers) for numbers in by_regex.values()),
        tuple(needed_octets(regex) for regex in by_regex),
    )
