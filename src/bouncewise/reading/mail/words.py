"""The words that mails are told by, kept in TOML files beside the code that asks for them.

A file holds lists of words or of regular expressions, in small letters, to be looked for in text in small
letters: that is several times faster than to ignore the case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_LITERAL = re.compile(r"[^\\.^$*+?{}\[\]|()]+\Z")
_REPEAT = re.compile(r"(?:[*+?]|\{\d*,?\d*\})\??")
_SHORTEST = 2  # letters; shorter words stand everywhere
_Tried = tuple[tuple[tuple[str, ...], ...], "re.Pattern[str] | None"]


@cache
def lists(name: str) -> dict[str, tuple[str, ...]]:
    """The lists of a file as they stand there.

    Args:
        name: the file, without its suffix.
    """
    text = files("bouncewise.reading.mail").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return {key: tuple(words) for key, words in tomllib.loads(text).items()}


@cache
def patterns(name: str) -> dict[str, re.Pattern[str]]:
    """The lists of a file, each as one pattern.

    Args:
        name: the file, without its suffix.
    """
    return {key: re.compile("|".join(words), re.S) for key, words in lists(name).items()}


def says(name: str, key: str, text: str) -> bool:
    """Whether an expression of a list is met in a text.

    An expression is tried where the words that it needs stand in the text, which most do not.

    Args:
        name: the file, without its suffix.
        key: the list.
        text: the text, in small letters.
    """
    for needed, pattern in _tried(name, key):
        for words in needed:
            for word in words:
                if word in text:
                    break
            else:
                break
        else:
            if pattern is None or pattern.search(text) is not None:
                return True
    return False


@cache
def _tried(name: str, key: str) -> tuple[_Tried, ...]:
    """The expressions of a list, plain words first: the sets of words that each needs, and it."""
    expressions = lists(name)[key]
    plain = [e for e in expressions if _LITERAL.match(e)]
    others = [e for e in expressions if not _LITERAL.match(e)]
    return (
        *((((word,),), None) for word in plain),
        *((needed_words(e), re.compile(e, re.S)) for e in others),
    )


def needed_words(expression: str) -> tuple[tuple[str, ...], ...]:
    """Sets of words: a text that meets an expression has a word of each; none where none is known.

    Args:
        expression: a regular expression without capturing groups.
    """
    pieces = list(_pieces(expression))
    if ("|", False) in pieces:
        sets = [needed_words(one) for one in _alternatives(expression)]
        return (tuple(word for one in sets for word in one[0]),) if all(sets) else ()
    found: list[tuple[str, ...]] = []
    run = ""
    for piece, repeated in pieces:
        if len(piece) == 1 and piece not in ".^$" and not repeated:
            run += piece
            continue
        found, run = [*found, (run,)], ""
        if piece.startswith("(?:") and not repeated:
            found.extend(needed_words(piece[3:-1]))
    usable = {words for words in (*found, (run,)) if min(map(len, words)) >= _SHORTEST}
    return tuple(sorted(usable, key=lambda words: (len(words), words)))


def _alternatives(expression: str) -> list[str]:
    found = [""]
    for piece, _ in _pieces(expression, whole=True):
        if piece == "|":
            found.append("")
        else:
            found[-1] += piece
    return found


def _pieces(expression: str, *, whole: bool = False) -> Iterator[tuple[str, bool]]:
    """The characters, escapes, classes and groups of an expression, and whether each is repeated.

    Args:
        expression: a regular expression.
        whole: give each with what repeats it.
    """
    at = 0
    while at < len(expression):
        begin, at = at, _end_of_piece(expression, at)
        repeat = _REPEAT.match(expression, at)
        end = repeat.end() if repeat else at
        yield expression[begin : end if whole else at], repeat is not None
        at = end


def _end_of_piece(expression: str, at: int) -> int:
    sign = expression[at]
    if sign == "\\":
        return at + 2
    if sign == "[":
        return expression.index("]", at + 2) + 1
    if sign != "(":
        return at + 1
    at += 1
    while expression[at] != ")":
        at = _end_of_piece(expression, at)
    return at + 1
