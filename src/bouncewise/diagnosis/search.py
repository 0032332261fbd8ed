"""Search a text for everything that the knowledge base knows.

One pass of the matcher finds the texts of all rules; the ``not_text`` of the few rules that were
met is looked for behind it, which is much cheaper than to search for all of them in every reply.
"""

from __future__ import annotations

from collections.abc import Callable

from bouncewise.diagnosis.matcher import Cache, Scan, expect_many, make_scan
from bouncewise.diagnosis.patterns import Patterns, PatternSet, scripts_in
from bouncewise.knowledge.template import template_of

MAX_SCAN = 16_384  # characters of a reply that are searched; longer ones say it at their start
MAX_CACHED = 65_536
MAX_MET = 4096  # templates of which the expressions that they meet are kept
NOTHING: frozenset[int] = frozenset()


class Guards:
    """The ``not_text`` of all rules.

    Args:
        refuting: the expressions of each rule that has some.
        cache: where a compiled database is kept.
        matcher: the engine, as for ``make_scan``.
    """

    def __init__(self, refuting: dict[int, tuple[str, ...]], cache: Cache, matcher: str | None) -> None:
        self._refuting = refuting
        self._cache = cache
        self._matcher = matcher
        self._numbers: tuple[tuple[int, ...], ...] = ()
        self._scan: Scan | None = None
        self._many = False
        self.guarded = frozenset(refuting)

    def _make(self) -> Scan:
        rules: dict[str, list[int]] = {}
        for number, regexes in self._refuting.items():
            for regex in regexes:
                rules.setdefault(regex, []).append(number)
        self._numbers = tuple(tuple(numbers) for numbers in rules.values())
        scan = make_scan(PatternSet(tuple(rules), self._numbers), self._cache, self._matcher)
        if self._many:
            expect_many(scan)
        return scan

    def expect_many(self) -> None:
        """Many texts will come."""
        self._many = True
        if self._scan is not None:
            expect_many(self._scan)

    def refuted(self, data: bytes) -> frozenset[int]:
        """The rules that folded bytes refute."""
        if self._scan is None:  # made when the first guarded rule is met
            self._scan = self._make()
        places = self._scan(data)
        return frozenset(number for place in places for number in self._numbers[place]) if places else NOTHING


class SetSearch:
    """Searches one pattern set.

    Args:
        patterns: the set.
        guards: what refutes rules.
        scan: finds the expressions of the set.
    """

    def __init__(self, patterns: PatternSet, guards: Guards, scan: Scan) -> None:
        self._regexes = patterns.regexes
        self._numbers = patterns.numbers
        self._guards = guards
        self._scan = scan
        self._known: dict[tuple[int, ...], tuple[frozenset[int], bool]] = {}
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
        numbers, guarded = known
        return numbers - self._guards.refuted(data) if guarded else numbers

    def expect_many(self) -> None:
        """Many texts will come."""
        expect_many(self._scan)

    def expressions(self, data: bytes) -> dict[int, list[str]]:
        """The expressions that folded bytes meet, by the number that they report."""
        found: dict[int, list[str]] = {}
        last, places = self._last
        for place in places if last == data else self._scan(data):
            for number in self._numbers[place]:
                found.setdefault(number, []).append(self._regexes[place])
        return found

    def _learn(self, places: tuple[int, ...]) -> tuple[frozenset[int], bool]:
        numbers = frozenset(number for place in places for number in self._numbers[place])
        guarded = not numbers.isdisjoint(self._guards.guarded)
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        self._known[places] = numbers, guarded
        return numbers, guarded


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
        self._guards = Guards(patterns.refuting, cache, matcher)
        self.first = self._make(patterns.first)
        self.exact = self._make(patterns.exact)
        self._others: dict[str, SetSearch] = {}
        self._met: dict[tuple[bytes, int], dict[int, list[str]]] = {}

    def expect_many(self) -> None:
        """Many texts will come, for which it pays to load what is saved at once."""
        self._guards.expect_many()
        self.first.expect_many()
        self.exact.expect_many()

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
