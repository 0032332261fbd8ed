"""The words that a text must hold to be met by an expression.

They tell without a search that most expressions of a knowledge base can't meet a text.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<or>\|)|(?P<class>\[\^?(?:\\.|[^\]\\])*\]|\.|\\[a-zA-Z])|"
    r"(?P<repeat>[?*+]|\{\d+(?:,\d*)?\})|\\(?P<sign>.)|(?P<text>[^\\()|\[.?*+{]+|.)",
    re.DOTALL,
)
Words = tuple[str, ...]


@lru_cache(maxsize=16_384)
def needed_words(regex: str) -> Words:
    """Words of which at least one is in every text that the expression meets; () where none is sure.

    Args:
        regex: an expression in the subset that ``compile_pattern`` makes.
    """
    return _Reader(regex).alternatives()


def needed_octets(regex: str) -> tuple[bytes, ...]:
    """The same words as they stand in folded UTF-8."""
    return tuple(word.encode() for word in needed_words(regex))


class _Reader:
    def __init__(self, regex: str) -> None:
        self._tokens = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _TOKEN.finditer(regex)]
        self._place = 0

    def alternatives(self) -> Words:
        """Of each alternative its words; none of any makes none of all."""
        choices = [self._sequence()]
        while self._kind() == "or":
            self._place += 1
            choices.append(self._sequence())
        return tuple(dict.fromkeys(w for c in choices for w in c)) if all(choices) else ()

    def _kind(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else ""

    def _sequence(self) -> Words:
        best: Words = ()
        run = ""
        while (kind := self._kind()) not in ("", "or", "close"):
            value = self._tokens[self._place][1]
            self._place += 1
            if value == r"\b":
                continue
            found: Words = ()
            if kind == "open":
                found = self.alternatives()
                self._place += 1  # the closing bracket
            may_be_missing, repeated = self._repeat()
            if kind in ("text", "sign"):
                run += value[:-1] if repeated else value
                if not repeated:
                    continue
            best, run = _better(best, (run,)), ""
            if found and not may_be_missing:
                best = _better(best, found)
        return _better(best, (run,))

    def _repeat(self) -> tuple[bool, bool]:
        if self._kind() != "repeat":
            return False, False
        value = self._tokens[self._place][1]
        self._place += 1
        return value in "?*" or value.startswith("{0"), True


def _better(one: Words, other: Words) -> Words:
    """The set whose shortest word is longer: it lets fewer texts through."""
    return max(one, other, key=lambda words: min(map(len, words), default=0))
