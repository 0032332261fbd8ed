"""Search a text for everything that the knowledge base knows.

One pass of the matcher finds the texts of all rules; the ``not_text`` of the few rules that were
met is looked for behind it, which is much cheaper than to search for all of them in every reply.
"""

from __future__ import annotations

from collections.abc import Callable

from bouncewise.diagnosis.matcher import Cache, NoCache, Scan, make_scan
from bouncewise.diagnosis.patterns import Patterns, PatternSet, scripts_in
from bouncewise.knowledge.template import template_of

MAX_SCAN = 16_384  # characters of a reply that are searched; longer ones say it at their start
MAX_CACHED = 65_536
MAX_MET = 4096  # templates of which the expressions that they meet are kept
NOTHING: frozenset[int] = frozenset()


class Guard:
    """The ``not_text`` of one rule.

    Args:
        number: the rule.
        regexes: its expressions.
        matcher: the engine, as for ``make_scan``.
    """

    def __init__(self, number: int, regexes: tuple[str, ...], matcher: str | None) -> None:
        self.number = number
        self._regexes = regexes
        self._matcher = matcher
        self._scan: Scan | None = None

    def met(self, template: bytes) -> bool:
        """Whether one of the expressions meets a template."""
        if self._scan is None:
            places = tuple((place,) for place in range(len(self._regexes)))
            self._scan = make_scan(PatternSet(self._regexes, places), NoCache(), self._matcher)
        return bool(self._scan(template))


class SetSearch:
    """Searches one pattern set.

    Args:
        patterns: the set.
        guards: the guards by rule.
        scan: finds the expressions of the set.
    """

    def __init__(self, patterns: PatternSet, guards: dict[int, Guard], scan: Scan) -> None:
        self._regexes = patterns.regexes
        self._numbers = patterns.numbers
        self._guards = guards
        self._scan = scan
        self._known: dict[tuple[int, ...], tuple[frozenset[int], tuple[Guard, ...]]] = {}
        self._last: tuple[bytes, tuple[int, ...]] = b"", ()  # who asks for evidence asks for the same again

    def __call__(self, data: bytes) -> frozenset[int]:
        """The numbers (see ``patterns``) that folded bytes meet."""
        places = self._scan(data)
        self._last = data, tuple(places)
        if not places:
            return NOTHING
        places.sort()
        key = tuple(places)
        known = self._known.get(key)
        if known is None:
            known = self._learn(key)
        numbers, guards = known
        if guards:
            refuted = [guard.number for guard in guards if guard.met(data)]
            if refuted:
                return numbers.difference(refuted)
        return numbers

    def expressions(self, data: bytes) -> dict[int, list[str]]:
        """The expressions that folded bytes meet, by the number that they report."""
        found: dict[int, list[str]] = {}
        last, places = self._last
        for place in places if last == data else self._scan(data):
            for number in self._numbers[place]:
                found.setdefault(number, []).append(self._regexes[place])
        return found

    def _learn(self, places: tuple[int, ...]) -> tuple[frozenset[int], tuple[Guard, ...]]:
        numbers = frozenset(number for place in places for number in self._numbers[place])
        guards = tuple(self._guards[number] for number in sorted(numbers) if number in self._guards)
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        self._known[places] = numbers, guards
        return numbers, guards


class Search:
    """Searches all pattern sets; those of other languages are made ready when they are first needed.

    Args:
        patterns: the patterns.
        cache: where compiled databases are kept.
        matcher: the engine, as for ``make_scan``.

    Attributes:
        first: the numbers of English and of providers' own rules that a template meets.
        exact: the numbers of the rules with figures that folded text meets.
    """

    def __init__(self, patterns: Patterns, cache: Cache, matcher: str | None) -> None:
        self._patterns = patterns
        self._cache = cache
        self._matcher = matcher
        self._guards = {
            number: Guard(number, regexes, matcher) for number, regexes in patterns.refuting.items()
        }
        self.first = self._make(patterns.first)
        self.exact = self._make(patterns.exact)
        self._others: dict[str, SetSearch] = {}
        self._met: dict[tuple[bytes, int], dict[int, list[str]]] = {}

    def others(self, template: bytes) -> frozenset[int]:
        """The numbers of other languages' rules that a template meets, by the scripts in it."""
        found = NOTHING
        for script in scripts_in(template):
            known = self._others.get(script)
            if known is None:
                known = self._others[script] = self._make(self._patterns.others[script])
            found |= known(template)
        return found

    def expressions(self, data: bytes) -> Callable[[int], list[str]]:
        """The expressions that folded text meets in the sets that are ready: gives those of a number."""
        exact = self.exact.expressions(data)
        known = self._expressions_of(template_of(data))
        return lambda number: exact.get(number, []) + known.get(number, [])

    def _expressions_of(self, template: bytes) -> dict[int, list[str]]:
        """What a template meets, kept: many replies have the same one."""
        key = template, len(self._others)
        known = self._met.get(key)
        if known is None:
            known = {}
            for patterns in (self.first, *self._others.values()):
                for number, regexes in patterns.expressions(template).items():
                    known.setdefault(number, []).extend(regexes)
            if len(self._met) >= MAX_MET:
                self._met.clear()
            self._met[key] = known
        return known

    def _make(self, patterns: PatternSet) -> SetSearch:
        return SetSearch(patterns, self._guards, make_scan(patterns, self._cache, self._matcher))
