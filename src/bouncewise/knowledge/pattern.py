"""The pattern language of the rules, translated to regular expressions that run in linear time.

A pattern is written as people write, with a few signs:

============ ========================================================================
``word``     itself, from a word's beginning, in any case, with or without accents; a short
             word (four letters or fewer) must end there too, a longer one may go on (plurals)
blank        any run of white space
``word*``    the word and any further letters (a stem); also behind a bracket
``x?``       the sign ``x``, a blank or a bracket may be missing
``(a|b)``    either; ``(a|)`` may be missing, and takes a blank beside it along
``{name}``   any word of that class in the lexicon
``~N``       at most N words in between (9 bytes a word; 16 in Greek and Cyrillic letters)
``\\x``       the sign x itself
============ ========================================================================

Everything else stands for itself. The result is the subset that RE2 and Hyperscan share: no
look-around, no back-references, every repeat bounded. It is searched in text that ``fold_bytes``
made, where every run of white space is one blank.

Word boundaries make a search slow, so they are asked for only where they decide something: not
beside a blank, not behind a long word, not round a phrase of several words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bouncewise.knowledge.fold import fold
from bouncewise.knowledge.needed import needed_words

BYTES_PER_WORD = 9
BYTES_PER_WORD_OTHER_SCRIPTS = 16
MAX_GAP_WORDS = 12
STEM_IN_GAP = 6  # a gap also holds the end of the stem before it
MAX_DEPTH = 6
LONG_WORD = 5  # letters; such a word may go on
LONG_PHRASE = 12  # characters; such a phrase of several words is met nowhere else
_STEM_END = r"[^\s<>()\[\]@.,;:]{0,24}"
_BLANK = " "
_SIGNS = re.compile(
    r"\\(?P<escaped>.)|\{(?P<cls>[a-z][a-z0-9-]*)\}|~(?P<gap>\d{1,2})|(?P<star>\*)|(?P<optional>\?)|"
    r"(?P<open>\()|(?P<close>\))|(?P<or>\|)|(?P<blank>\s+)|(?P<text>[^\\{}~*?()|\s]+)|(?P<bad>.)",
    re.DOTALL,
)


class PatternError(ValueError):
    """A pattern that can't be read; the message says what is wrong with it."""


Lexicon = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class _Text:
    text: str


@dataclass(slots=True)
class _Blank:
    pass


@dataclass(slots=True)
class _Gap:
    words: int


@dataclass(slots=True)
class _Star:
    pass


@dataclass(slots=True)
class _Group:
    choices: list[list[_Item]] = field(default_factory=list)
    optional: bool = False

    @property
    def may_be_missing(self) -> bool:
        return self.optional or any(not choice for choice in self.choices)


_Item = _Text | _Blank | _Gap | _Star | _Group


class _Parser:
    """Reads a pattern to a tree."""

    def __init__(self, pattern: str, lexicon: Lexicon, depth: int) -> None:
        self._tokens = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _SIGNS.finditer(pattern)]
        self._place = 0
        self._lexicon = lexicon
        self._depth = depth
        if depth > MAX_DEPTH:
            raise PatternError(f"brackets or word classes are nested more than {MAX_DEPTH} deep")

    def whole(self) -> list[_Item]:
        sequence = self._sequence()
        if self._place < len(self._tokens):
            raise PatternError(r"a closing bracket without its opening one; write \) for the sign")
        return sequence

    def _sequence(self) -> list[_Item]:
        items: list[_Item] = []
        while self._place < len(self._tokens):
            kind, value = self._tokens[self._place]
            if kind in ("close", "or"):
                break
            self._place += 1
            self._take(kind, value, items)
        return items

    def _take(self, kind: str, value: str, items: list[_Item]) -> None:
        if kind in ("text", "escaped"):
            items.append(_Text(fold(value)))
        elif kind == "blank":
            items.append(_Blank())
        elif kind == "gap":
            items.append(_Gap(int(value)))
        elif kind == "star":
            items.append(_Star())
        elif kind == "optional":
            self._make_optional(items)
        elif kind == "open":
            items.append(self._group())
        elif kind == "cls":
            items.append(self._class(value))
        else:
            raise PatternError(f"a lone {value!r}; write \\{value} for the sign itself")

    def _group(self) -> _Group:
        group = _Group([self._nested()])
        while self._place < len(self._tokens) and self._tokens[self._place][0] == "or":
            self._place += 1
            group.choices.append(self._nested())
        if self._place >= len(self._tokens):
            raise PatternError(r"an opening bracket without its closing one; write \( for the sign")
        self._place += 1
        return group

    def _nested(self) -> list[_Item]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise PatternError(f"brackets or word classes are nested more than {MAX_DEPTH} deep")
        sequence = self._sequence()
        self._depth -= 1
        return sequence

    def _class(self, name: str) -> _Group:
        if name not in self._lexicon:
            raise PatternError(f"no word class {{{name}}} in the lexicon")
        words = self._lexicon[name]
        return _Group([_Parser(word, self._lexicon, self._depth + 1).whole() for word in words])

    @staticmethod
    def _make_optional(items: list[_Item]) -> None:
        last = items.pop() if items else None
        if isinstance(last, _Group):
            last.optional = True
            items.append(last)
        elif isinstance(last, _Blank):
            items.append(_Group([[last]], optional=True))
        elif isinstance(last, _Text):
            if len(last.text) > 1:
                items.append(_Text(last.text[:-1]))
            items.append(_Group([[_Text(last.text[-1])]], optional=True))
        else:
            raise PatternError(r"a ? stands behind a sign, blank or bracket; write \? for the sign")


_LONG_END = re.compile(rf"[a-z]{{{LONG_WORD}}}$")


def _is_long_phrase(items: Sequence[_Item]) -> bool:
    texts = [item.text for item in items if isinstance(item, _Text)]
    plain = all(isinstance(item, (_Text, _Blank)) for item in items)
    return plain and len(texts) > 1 and sum(map(len, texts)) >= LONG_PHRASE


def _is_word_char(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _escape(text: str) -> str:
    return "".join(c if c.isalnum() or ord(c) >= 0x80 else "\\" + c for c in text)


class _Writer:
    """Writes a tree as a regular expression, with word boundaries where a word begins or ends."""

    def __init__(self, pattern: str) -> None:
        other_script = any("\u0370" <= c <= "\u052f" for c in pattern)
        self._per_word = BYTES_PER_WORD_OTHER_SCRIPTS if other_script else BYTES_PER_WORD

    def write(
        self, items: Sequence[_Item], left: bool = True, right: bool = True, open_end: bool = True
    ) -> str:
        """``left`` and ``right``: whether a word may begin or end at the sequence's edges.

        ``open_end``: nothing or a gap follows, so that the rest of a stem need not be spelt out,
        which keeps the expressions small and the matcher fast.
        """
        items = _without_blanks_at_gaps(_with_blanks_inside(items))
        return "".join(self._one(items, place, left, right, open_end) for place in range(len(items)))

    def _one(self, items: Sequence[_Item], place: int, left: bool, right: bool, open_end: bool) -> str:
        item = items[place]
        open_end = open_end if place + 1 == len(items) else isinstance(items[place + 1], _Gap)
        if isinstance(item, _Blank):
            return _BLANK
        if isinstance(item, _Star):
            return "" if open_end else _STEM_END
        if isinstance(item, _Gap):
            if not 1 <= item.words <= MAX_GAP_WORDS:
                raise PatternError(f"~{item.words}: a gap is 1 to {MAX_GAP_WORDS} words")
            return f".{{0,{item.words * self._per_word + STEM_IN_GAP}}}"
        begins = _edge(items, place - 1, -1, left)
        ends = _edge(items, place + 1, 1, right)
        if isinstance(item, _Group):
            choices = [self.write(choice, begins, ends, open_end) for choice in item.choices]
            return "(?:" + "|".join(choices) + ")" + ("?" if item.optional else "")
        start = r"\b" if begins and _is_word_char(item.text[0]) else ""
        end = r"\b" if ends and _is_word_char(item.text[-1]) and not _LONG_END.search(item.text) else ""
        return start + _escape(item.text) + end


def _with_blanks_inside(items: Sequence[_Item]) -> list[_Item]:
    """A group that may be missing takes the blank beside it along: ``a (b|) c`` is met by ``a c``."""
    items = list(items)
    place = 0
    while place < len(items):
        item = items[place]
        if isinstance(item, _Group) and item.may_be_missing and not _has_blank_edges(item):
            before = place == 0 or isinstance(items[place - 1], (_Blank, _Gap))
            if before and place + 1 < len(items) and isinstance(items[place + 1], _Blank):
                del items[place + 1]
                items[place] = _Group([[*c, _Blank()] for c in item.choices if c], optional=True)
            elif place and place + 1 == len(items) and isinstance(items[place - 1], _Blank):
                del items[place - 1]
                place -= 1
                items[place] = _Group([[_Blank(), *c] for c in item.choices if c], optional=True)
        place += 1
    return items


def _has_blank_edges(group: _Group) -> bool:
    return any(c and (isinstance(c[0], _Blank) or isinstance(c[-1], _Blank)) for c in group.choices)


def _without_blanks_at_gaps(items: Sequence[_Item]) -> list[_Item]:
    """A gap takes in the blanks beside it; a gap at the end of a pattern says nothing."""
    last = len(items) - 1
    return [
        item
        for place, item in enumerate(items)
        if not (
            isinstance(item, _Blank)
            and (
                (place > 0 and isinstance(items[place - 1], _Gap))
                or (place < last and isinstance(items[place + 1], _Gap))
            )
        )
    ]


def _edge(items: Sequence[_Item], place: int, step: int, outside: bool) -> bool:
    """Whether a word boundary must be asked for beside ``place``; a blank is one already."""
    while 0 <= place < len(items):
        item = items[place]
        if isinstance(item, _Blank):
            return False
        if isinstance(item, _Gap):
            return True
        if not isinstance(item, _Group):
            return False
        edges = [choice[-1 if step < 0 else 0] for choice in item.choices if choice]
        if not all(isinstance(edge, (_Blank, _Gap)) for edge in edges):
            return False
        if not item.may_be_missing:
            return True
        place += step
    return outside


def _trim(items: list[_Item]) -> None:
    """Take away what may be missing at a pattern's end: it says nothing and slows the search."""
    while len(items) > 1 and (
        isinstance(items[-1], (_Gap, _Blank)) or (isinstance(items[-1], _Group) and items[-1].may_be_missing)
    ):
        items.pop()


def compile_pattern(pattern: str, lexicon: Lexicon) -> str:
    """Translate a pattern of a rule to a regular expression over folded UTF-8 bytes.

    Args:
        pattern: the pattern, or ``re:`` and a regular expression in the linear-time subset.
        lexicon: the word classes that ``{name}`` may name.

    Raises:
        PatternError: it can't be read, names an unknown class, or leaves the subset.
    """
    return _compile(pattern, lexicon) if "{" in pattern else _compile_plain(pattern)


@lru_cache(maxsize=16_384)
def _compile_plain(pattern: str) -> str:
    """Translate a pattern that names no word class; many rules have the same ones in ``not_text``."""
    return _compile(pattern, {})


def _compile(pattern: str, lexicon: Lexicon) -> str:
    if pattern.startswith("re:"):
        regex = fold_regex(pattern[3:])
    elif not pattern.strip():
        raise PatternError("an empty pattern would match every reply")
    else:
        items = _Parser(pattern.strip(), lexicon, 0).whole()
        _trim(items)
        edges = not _is_long_phrase(items)
        regex = _Writer(pattern).write(items, edges, edges)
    if pattern.startswith("re:") or not needed_words(regex):
        _check_regex(regex)
    fault = outside_subset(regex)
    if fault:
        raise PatternError(fault)
    return regex


def _check_regex(regex: str) -> None:
    """That it is one, and needs at least a character: what the words that it needs don't tell already."""
    try:
        matches_nothing = re.compile(regex.encode()).match(b"")
    except re.error as error:
        raise PatternError(f"no regular expression: {error}") from None
    if matches_nothing:
        raise PatternError("it matches an empty text, and so every reply")


def escape_pattern(text: str) -> str:
    """A text as a pattern that stands for itself."""
    return re.sub(r"([\\{}~*()|?])", r"\\\1", text)


def fold_regex(regex: str) -> str:
    """Fold the letters of a regular expression and leave its escapes (``\\B``, ``\\S``) alone."""
    return re.sub(r"\\.|[^\\]+", lambda m: m[0] if m[0][0] == "\\" else fold(m[0]), regex)


_FORBIDDEN = (
    (re.compile(r"\(\?(?!:)"), "look-around, named groups and flags are outside the linear-time subset"),
    (re.compile(r"\\[1-9]"), "a back-reference is outside the linear-time subset"),
    (re.compile(r"[*+]\)(?:[*+]|\{\d*,)"), "a repeat inside a repeat is outside the linear-time subset"),
    (
        re.compile(r"(?<!\\)\{\d+,\}|(?<!\\)\{(?:\d{4,}|\d*,\d{4,})\}"),
        "a repeat needs an upper bound below 1000",
    ),
    (
        re.compile(r"(?<!\\)(?:\.|\\[SWwDd]|\[\^[^\]]*\])[*+]"),
        "an unbounded repeat of a wide class; give it an upper bound",
    ),
)


def outside_subset(regex: str) -> str | None:
    """Why a regular expression leaves the subset that RE2 and Hyperscan share, or None."""
    return next((why for fault, why in _faults(regex) if fault), None)


def _faults(regex: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    return ((fault.search(regex), why) for fault, why in _FORBIDDEN)
