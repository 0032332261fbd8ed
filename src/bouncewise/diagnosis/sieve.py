"""Search a few texts without a compiled database.

To compile thousands of patterns takes seconds, which is too long for somebody who asks about one
reply. The sieve reads off each expression the words of which one must be in every text that it
meets, and tries only the expressions of which a word is there: some seventy of two thousand.
"""

from __future__ import annotations

import re

from bouncewise.diagnosis.patterns import PatternSet
from bouncewise.knowledge.needed import needed_octets

_FLAGS = re.IGNORECASE | re.DOTALL


class Sieve:
    """Finds the expressions of a set that meet a text; nothing is compiled before it is tried.

    Args:
        patterns: the set.
    """

    def __init__(self, patterns: PatternSet) -> None:
        self._regexes = patterns.regexes
        self._needed = patterns.needed or tuple(map(needed_octets, patterns.regexes))
        self._compiled: dict[int, re.Pattern[bytes]] = {}

    def __call__(self, data: bytes) -> list[int]:
        """The places in the set of the expressions that folded bytes meet."""
        lowered = data.lower()
        tried = [
            place
            for place, words in enumerate(self._needed)
            if not words or any(word in lowered for word in words)
        ]
        return [place for place in tried if self._pattern(place).search(data)]

    def _pattern(self, place: int) -> re.Pattern[bytes]:
        known = self._compiled.get(place)
        if known is None:
            known = self._compiled[place] = re.compile(self._regexes[place].encode(), _FLAGS)
        return known
