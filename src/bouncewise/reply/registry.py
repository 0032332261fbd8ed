"""The registries of reply codes and enhanced status codes.

The entries stand in ``data/*.toml`` with the section that defines each. They are read when they
are first asked for.

Sources: RFC 5321 section 4.2, RFC 3463, RFC 5248 and the documents that the entries name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bouncewise.reply.model import EnhancedCode


@dataclass(frozen=True, slots=True)
class BasicCode:
    """A reply code.

    Attributes:
        code: the three digits, or the first digit alone where the code itself is not registered.
        name: the standard's name for it, or "".
        meaning: what it says, in plain words.
        commands: the commands it answers, in words.
        phases: the phases it is usual in.
        standard: a standard has it.
        cause: the cause it speaks for when nothing else is known.
        cause_by_phase: the same where the phase tells more.
        references: where it is defined.
        level: ``code``, or ``digit`` where only the first digit is known.
    """

    code: int
    meaning: str
    name: str = ""
    commands: str = ""
    phases: tuple[str, ...] = ()
    standard: bool = False
    cause: str = "unknown"
    cause_by_phase: tuple[tuple[str, str], ...] = ()
    references: tuple[str, ...] = ()
    level: str = "code"


@dataclass(frozen=True, slots=True)
class EnhancedMeaning:
    """What an enhanced status code means.

    Attributes:
        code: the code as registered, ``X`` for any class or detail.
        summary: its short name.
        meaning: what it says, in plain words.
        classes: the classes it is registered for.
        basic_codes: the reply codes it goes with.
        cause: the cause it speaks for when nothing else is known.
        references: where it is defined.
        level: ``detail``, or ``subject`` or ``class`` where only that is known (RFC 3463 section 2).
    """

    code: str
    summary: str
    meaning: str
    classes: tuple[int, ...] = ()
    basic_codes: tuple[int, ...] = ()
    cause: str = "unknown"
    references: tuple[str, ...] = ()
    level: str = "detail"


@cache
def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files("bouncewise.reply").joinpath("data", name).read_text(encoding="utf-8"))


def _basic(code: int, row: dict[str, Any], level: str) -> BasicCode:
    return BasicCode(
        code=code,
        meaning=row["meaning"],
        name=row.get("name", ""),
        commands=row.get("commands", ""),
        phases=tuple(row.get("phases", ())),
        standard=row.get("standard", level == "digit"),
        cause=row["cause"],
        cause_by_phase=tuple(row.get("cause_by_phase", {}).items()),
        references=tuple(row["references"]),
        level=level,
    )


@cache
def basic(code: int) -> BasicCode | None:
    """The entry of a reply code, or None where it is not registered."""
    row = _data("basic_codes.toml")["code"].get(str(code))
    return _basic(code, row, "code") if row else None


@cache
def basic_or_class(code: int) -> BasicCode:
    """The entry of a reply code, else what its first digit says (RFC 5321 section 4.2).

    Args:
        code: 200 to 599; another number is taken for a permanent failure.
    """
    return basic(code) or first_digit(code)


@cache
def first_digit(code: int) -> BasicCode:
    """What the first digit of a reply code says (RFC 5321 section 4.2.1).

    Args:
        code: 200 to 599; another number is taken for a permanent failure.
    """
    digit = code // 100 if code // 100 in (2, 3, 4, 5) else 5
    return _basic(digit, _data("basic_codes.toml")["digit"][str(digit)], "digit")


def basic_cause(code: int, phase: str | None = None) -> str:
    """The cause that a reply code speaks for when nothing else is known.

    Args:
        code: the reply code.
        phase: the phase it was said in, if known.
    """
    entry = basic_or_class(code)
    return dict(entry.cause_by_phase).get(phase or "", entry.cause)


def category(code: int) -> str:
    """What the second digit of a reply code says (RFC 5321 section 4.2.1), or ""."""
    row = _data("basic_codes.toml")["category"].get(str(code // 10 % 10))
    return str(row["meaning"]) if row else ""


@cache
def enhanced(code: EnhancedCode) -> EnhancedMeaning:
    """What an enhanced status code means.

    An unknown detail is taken by its subject and an unknown subject by its class (RFC 3463 section 2).
    """
    data = _data("enhanced_codes.toml")
    for level, table, key, name in (
        ("detail", "code", f"X.{code.subject}.{code.detail}", f"X.{code.subject}.{code.detail}"),
        ("subject", "subject", str(code.subject), f"X.{code.subject}.X"),
        ("class", "class", str(code.class_), f"{code.class_}.X.X"),
    ):
        row = data[table].get(key)
        if row:
            return _enhanced(name, row, level)
    return EnhancedMeaning(str(code), "Not registered", "Not registered.", level="class")


def _enhanced(name: str, row: dict[str, Any], level: str) -> EnhancedMeaning:
    return EnhancedMeaning(
        code=name,
        summary=row["summary"],
        meaning=row["meaning"],
        classes=tuple(row.get("classes", ())),
        basic_codes=tuple(row.get("basic_codes", ())),
        cause=row["cause"],
        references=tuple(row["references"]),
        level=level,
    )


@cache
def all_basic() -> tuple[BasicCode, ...]:
    """Every registered reply code, in order."""
    return tuple(
        _basic(int(code), row, "code") for code, row in sorted(_data("basic_codes.toml")["code"].items())
    )


@cache
def all_enhanced() -> tuple[EnhancedMeaning, ...]:
    """Every registered enhanced status code, in order."""
    rows = _data("enhanced_codes.toml")["code"].items()
    ordered = sorted(rows, key=lambda item: tuple(int(p) for p in item[0].split(".")[1:]))
    return tuple(_enhanced(code, row, "detail") for code, row in ordered)
