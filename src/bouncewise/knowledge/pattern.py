"""The pattern language of the rules, translated to regular expressions that run in linear time.

A pattern is written as people write, with a few signs:

========== ============================================================================
``word``   itself, at word boundaries, in any case, with or without accents
blank      any run of white space
``word*``  the word and any further letters (a stem)
``{name}`` any word of that class in the lexicon
``~N``     at most N words in between (8 bytes a word; 16 in Greek and Cyrillic letters)
``(a|b)``  either; ``(a|)`` or ``(a)?`` is optional
``\\x``     the sign x itself
========== ============================================================================

Everything else stands for itself. The result is the subset that RE2 and Hyperscan share: no
look-around, no back-references, every repeat bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bouncewise.knowledge.fold import fold

CHARS_PER_WORD = 8
CHARS_PER_WORD_OTHER_SCRIPTS = 16  # a Cyrillic or Greek letter takes two bytes
MAX_GAP_WORDS = 12
_STEM_END = r"[^\s<>()\[\]@.,;:]{0,24}"
_SIGNS = re.compile(r"\\(?P<escaped>.)|\{(?P<cls>[a-z][a-z0-9-]*)\}|~(?P<gap>\d{1,2})|(?P<star>\*)|(?P<group>[()|]\??)|(?P<blank>\s+)|(?P<text>[^\\{}~*()|\s]+)|(?P<bad>.)")


class PatternError(ValueError):
    """A pattern that can't be read; the message says what is wrong with it."""


Lexicon = Mapping[str, Sequence[str]]


def _is_word_char(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _literal(text: str) -> str:
    """The folded text with regular-expression signs escaped."""
    return "".join(c if c.isalnum() or ord(c) >= 0x80 else "\\" + c for c in fold(text))


def _bounded(regex: str, folded: str) -> str:
    start = r"\b" if folded and _is_word_char(folded[0]) else ""
    end = r"\b" if folded and _is_word_char(folded[-1]) else ""
    return start + regex + end


def _words(text: str) -> str:
    return r"\s{1,3}".join(_literal(word) for word in text.split())


def _alternation(words: Sequence[str], lexicon: Lexicon, depth: int) -> str:
    return "(?:" + "|".join(_translate(word, lexicon, depth + 1) for word in words) + ")"


def _translate(pattern: str, lexicon: Lexicon, depth: int = 0) -> str:
    if depth > 4:
        raise PatternError("word classes are nested more than four deep")
    return "".join(_pieces(pattern, lexicon, depth))


def _pieces(pattern: str, lexicon: Lexicon, depth: int) -> Iterator[str]:
    """Translate sign by sign; a blank next to a gap belongs to the gap."""
    open_groups = 0
    tokens = [(m.lastgroup or "", m) for m in _SIGNS.finditer(pattern)]
    # letters of CJK scripts are written without blanks, so a gap there counts characters
    wide = any("\u3000" <= c <= "\uffee" for c in pattern)
    for index, (kind, match) in enumerate(tokens):
        near_gap = any(
            0 <= i < len(tokens) and tokens[i][0] == "gap" for i in (index - 1, index + 1)
        )
        if kind == "blank":
            yield "" if near_gap else r"\s{1,3}"
        elif kind == "gap":
            yield _gap(int(match["gap"]), pattern, wide)
        elif kind == "cls":
            if match["cls"] not in lexicon:
                raise PatternError(f"no word class {{{match['cls']}}} in the lexicon")
            yield _alternation(lexicon[match["cls"]], lexicon, depth)
        elif kind == "star":
            yield _STEM_END
        elif kind == "group":
            open_groups += {"(": 1, ")": -1}.get(match[0][0], 0)
            if open_groups < 0:
                raise PatternError("a closing bracket without its opening one; write \\) for the sign")
            yield "(?:" if match[0] == "(" else match[0]
            if match[0] in ("(?", "|?"):
                raise PatternError("a ? stands only behind a closing bracket; write \\? for the sign")
        elif kind == "bad":
            raise PatternError(f"a lone {match[0]!r}; write \\{match[0]} for the sign itself")
        else:
            yield _text(tokens, index)
    if open_groups:
        raise PatternError("an opening bracket without its closing one; write \\( for the sign")


def _text(tokens: list[tuple[str, re.Match[str]]], index: int) -> str:
    """A run of plain text, with word boundaries where the run ends a word."""
    kind, match = tokens[index]
    text = fold(match["escaped"] if kind == "escaped" else match["text"])
    before = tokens[index - 1][0] if index else "start"
    after = tokens[index + 1][0] if index + 1 < len(tokens) else "end"
    start = r"\b" if before not in ("escaped", "text", "star") and _is_word_char(text[0]) else ""
    end = r"\b" if after not in ("escaped", "text", "star") and _is_word_char(text[-1]) else ""
    return start + _literal(text) + end


def _gap(words: int, pattern: str, wide: bool) -> str:
    if not 1 <= words <= MAX_GAP_WORDS:
        raise PatternError(f"~{words}: a gap is 1 to {MAX_GAP_WORDS} words")
    per_word = CHARS_PER_WORD_OTHER_SCRIPTS if not pattern.isascii() and not wide else CHARS_PER_WORD
    return f".{{0,{words * per_word}}}"


def compile_pattern(pattern: str, lexicon: Lexicon) -> str:
    """Translate a pattern of a rule to a regular expression over folded UTF-8 bytes.

    Args:
        pattern: the pattern, or ``re:`` and a regular expression in the linear-time subset.
        lexicon: the word classes that ``{name}`` may name.

    Raises:
        PatternError: it can't be read, names an unknown class, or leaves the subset.
    """
    if pattern.startswith("re:"):
        regex = fold_regex(pattern[3:])
    elif not pattern.strip():
        raise PatternError("an empty pattern would match every reply")
    else:
        regex = _translate(pattern.strip(), lexicon)
    try:
        re.compile(regex.encode())
    except re.error as error:
        raise PatternError(f"no regular expression: {error}") from None
    fault = outside_subset(regex)
    if fault:
        raise PatternError(fault)
    return regex


def fold_regex(regex: str) -> str:
    """Fold the letters of a regular expression and leave its escapes (``\\B``, ``\\S``) alone."""
    return re.sub(r"\\.|[^\\]+", lambda m: m[0] if m[0][0] == "\\" else fold(m[0]), regex)


_FORBIDDEN = (
    (re.compile(r"\(\?(?!:)"), "look-around, named groups and flags are outside the linear-time subset"),
    (re.compile(r"\\[1-9]"), "a back-reference is outside the linear-time subset"),
    (re.compile(r"[*+]\)(?:[*+]|\{\d*,)"), "a repeat inside a repeat is outside the linear-time subset"),
    (re.compile(r"\{\d+,\}|\{(?:\d{4,}|\d*,\d{4,})\}"), "a repeat needs an upper bound below 1000"),
    (re.compile(r"(?:\.|\\[SWwDd]|\[\^[^\]]*\])[*+]"), "an unbounded repeat of a wide class; give it an upper bound"),
)


def outside_subset(regex: str) -> str | None:
    """Why a regular expression leaves the subset that RE2 and Hyperscan share, or None."""
    for fault, why in _FORBIDDEN:
        if fault.search(regex):
            return why
    return None
