"""Macro strings of SPF: read, checked and expanded.

Source: RFC 7208 section 7; RFC 8616 section 4 (local-parts that are not ASCII).
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import quote

import msgspec

from bouncewise.checks.names import IPAddress, reversed_labels

MAX_NAME = 253
MAX_EXPLANATION = 1000
_MAX_VALUE = 1024  # longest local-part or HELO name that is looked at; RFC 5321 section 4.5.3.1 allows 256
_MANY = 128  # more parts than a domain name has (section 7.3)

_MACRO = r"%\{([A-Za-z])([0-9]*)([rR]?)([-.+,/_=]*)\}|%([%_-])"
_NAME_TOKEN = re.compile(_MACRO + r"|([!-$&-~]+)")
_TEXT_TOKEN = re.compile(_MACRO + r"|([ !-$&-~]+)")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
_LETTERS = frozenset("slodipvh")
_TEXT_LETTERS = frozenset("slodipvhcrt")
_ASKABLE = re.compile(r"[\x20-\x2d\x2f-\x7e]{1,63}(?:\.[\x20-\x2d\x2f-\x7e]{1,63})*\Z")
_END = re.compile(r"\.(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]+-[0-9A-Za-z-]*[0-9A-Za-z])\.?\Z")


class MacroError(ValueError):
    """A macro string that breaks the grammar; ``at`` is the place in it."""

    def __init__(self, at: int, says: str) -> None:
        super().__init__(says)
        self.at = at


class Macro(msgspec.Struct, frozen=True, gc=False):
    """One ``%{...}``: its letter in lower case, right-hand parts to keep (0 for all), and the rest."""

    letter: str
    keep: int
    backwards: bool
    delimiters: str
    escape: bool


class MacroString(msgspec.Struct, frozen=True, gc=False):
    """A macro string taken apart. ``letters`` are those it uses."""

    text: str
    parts: tuple[str | Macro, ...]
    letters: frozenset[str]

    @property
    def literal(self) -> str | None:
        """What it expands to whoever sends; None where it depends on that."""
        return None if self.letters else "".join(p for p in self.parts if isinstance(p, str))


class Values:
    """What the macros stand for in one evaluation. ``domain`` and ``proven`` change while it runs."""

    __slots__ = ("domain", "helo", "ip", "local", "now", "origin", "proven", "receiver")

    def __init__(  # noqa: PLR0913, PLR0917 - eight macros
        self, ip: IPAddress, local: str, origin: str, helo: str, receiver: str = "unknown", now: float = 0.0
    ) -> None:
        """The values of the macros.

        Args:
            ip: the client's address.
            local: the local-part of the sender.
            origin: the domain of the sender.
            helo: the name given with HELO or EHLO.
            receiver: the host that checks.
            now: Unix time in seconds.
        """
        self.ip = ip
        self.local = local[:_MAX_VALUE]
        self.origin = origin[:_MAX_VALUE]
        self.helo = helo[:_MAX_VALUE]
        self.receiver = receiver[:_MAX_VALUE]
        self.now = now
        self.domain = origin
        self.proven = "unknown"

    def of(self, letter: str) -> str:  # noqa: PLR0911 - a table
        """The value of a macro letter (section 7.2)."""
        match letter:
            case "s":
                return f"{self.local}@{self.origin}"
            case "l":
                return self.local
            case "o":
                return self.origin
            case "d":
                return self.domain
            case "i":
                return _dotted(self.ip)
            case "p":
                return self.proven
            case "v":
                return "in-addr" if self.ip.version == 4 else "ip6"
            case "h":
                return self.helo
            case "c":
                return str(self.ip)
            case "r":
                return self.receiver
            case _:
                return str(int(self.now))


def _dotted(ip: IPAddress) -> str:
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return reversed_labels(ip)[::-1].upper()


def read(text: str, *, explanation: bool = False, letters: frozenset[str] = _LETTERS) -> MacroString:
    """Take a macro string apart.

    Args:
        text: the string.
        explanation: it is an explanation, which may hold blanks and the letters c, r and t.
        letters: the letters that are allowed.

    Raises:
        MacroError: it breaks the grammar (section 7.1), or uses a letter that is not allowed there.
    """
    if explanation:
        return _scan(text, _TEXT_TOKEN, _TEXT_LETTERS)[0]
    return _scan(text, _NAME_TOKEN, letters)[0]


def _scan(text: str, token: re.Pattern[str], allowed: frozenset[str]) -> tuple[MacroString, str | None]:
    """The string taken apart, and the plain characters that it ends in; None where it ends in a macro."""
    parts: list[str | Macro] = []
    used: set[str] = set()
    tail: str | None = ""
    at = 0
    while at < len(text):
        found = token.match(text, at)
        if found is None:
            raise MacroError(at, _complaint(text, at))
        letter, keep, backwards, delimiters, escape, tail = found.groups()
        if tail is not None:
            parts.append(tail)
        elif escape is not None:
            parts.append(_ESCAPES[escape])
        else:
            low = letter.lower()
            if low not in allowed:
                raise MacroError(at, _bad_letter(found[0], low))
            parts.append(Macro(low, _count(keep, at), bool(backwards), delimiters, letter != low))
            used.add(low)
        at = found.end()
    return MacroString(text, tuple(parts), frozenset(used)), tail


@lru_cache(maxsize=256)
def read_explanation(text: str) -> MacroString:
    """Take the text of an explanation apart, which is short enough to be remembered.

    Raises:
        MacroError: it breaks the grammar.
    """
    return read(text, explanation=True)


def read_modifier(text: str) -> MacroString:
    """Take the value of an unknown modifier apart: any macro letter will do.

    Raises:
        MacroError: it breaks the grammar.
    """
    return read(text, letters=_TEXT_LETTERS)


def read_domain(text: str) -> MacroString:
    """Take a ``domain-spec`` apart: a macro string that ends in a macro or a top-level domain (7.1).

    Raises:
        MacroError: it breaks the grammar.
    """
    if not text:
        raise MacroError(0, "a domain name is missing")
    spec, tail = _scan(text, _NAME_TOKEN, _LETTERS)
    if tail is not None and _END.search(tail) is None:
        raise MacroError(0, _bad_end(text, tail))
    return spec


def _complaint(text: str, at: int) -> str:
    char = text[at]
    if char != "%":
        return f"a character that does not belong here: {ascii(char)[1:-1]}"
    if text[at + 1 : at + 2] == "{":
        return f"{_piece(text, at)} is no macro: write %{{, a letter, digits, r, delimiters, }}"
    return f"a % that begins no macro ({_piece(text, at)}): write %% for a percent sign, %{{i}} for a macro"


def _piece(text: str, at: int) -> str:
    piece = text[at : at + 12]
    return ascii(piece.partition("}")[0] + "}" if "}" in piece else piece)[1:-1]


def _bad_letter(macro: str, letter: str) -> str:
    if letter in _TEXT_LETTERS:
        return f"{macro} is allowed in the text of an explanation only"
    return f"{macro} is no macro: the letters are s, l, o, d, i, p, v and h"


def _bad_end(text: str, tail: str) -> str:
    shown = ascii(text[-40:])[1:-1]
    if "." not in text.rstrip("."):
        return f"{shown} has one label only: write a full name such as mail.example.com"
    if re.search(r"\.[0-9]+\.?\Z", tail):
        return f"{shown} ends in figures and is no domain name: write ip4: before an address"
    return f"{shown} does not end in a top-level domain or a macro"


def _count(digits: str, at: int) -> int:
    if not digits:
        return 0
    plain = digits.lstrip("0")
    if not plain:
        raise MacroError(at, "a macro that keeps 0 parts: the number must be 1 or more")
    return min(int(plain), _MANY) if len(plain) < 5 else _MANY


def expand(spec: MacroString, values: Values, limit: int = MAX_EXPLANATION) -> str:
    """The text that a macro string stands for, cut at ``limit`` characters."""
    out: list[str] = []
    size = 0
    for part in spec.parts:
        piece = part if isinstance(part, str) else _one(part, values)
        out.append(piece)
        size += len(piece)
        if size >= limit:
            break
    return "".join(out)[:limit]


def target(spec: MacroString, values: Values) -> str:
    """The domain name that a ``domain-spec`` stands for, without its last dot.

    A name of more than 253 characters loses labels on its left until it fits (section 7.3), so that no more
    than its end has to be worked out.
    """
    out: list[str] = []
    size = 0
    for part in reversed(spec.parts):
        piece = part if isinstance(part, str) else _one(part, values)
        out.append(piece)
        size += len(piece)
        if size > MAX_NAME + 1:
            break
    return fitted("".join(reversed(out)))


def fitted(name: str) -> str:
    """A name without its last dot, cut from the left to 253 characters; "" where no label fits."""
    name = name.removesuffix(".")
    if len(name) <= MAX_NAME:
        return name
    cut = name.find(".", len(name) - MAX_NAME - 1)
    return name[cut + 1 :] if cut >= 0 else ""


def askable(name: str) -> bool:
    """Whether DNS can be asked for a name: ASCII, labels of 1 to 63 characters."""
    return _ASKABLE.match(name) is not None


def _one(macro: Macro, values: Values) -> str:
    value = values.of(macro.letter)
    if macro.keep or macro.backwards or macro.delimiters:
        marks = macro.delimiters or "."
        for mark in marks[1:]:
            value = value.replace(mark, marks[0])
        parts = value.split(marks[0])
        if macro.backwards:
            parts.reverse()
        value = ".".join(parts[-macro.keep :] if macro.keep else parts)
    return quote(value, safe="~") if macro.escape else value
