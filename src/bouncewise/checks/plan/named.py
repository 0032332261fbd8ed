"""What a reply names that checks need, by the rows of ``names.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

MAX_TEXT = 4096
_IP = r"(?P<ip>\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-f:]{0,45}:[0-9a-f:]{0,45}:)[0-9a-f:]{3,45})"
_LABELS = r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63}){1,8}"
_PARTS = {
    "{ip}": _IP,
    "{domain}": rf"(?P<domain>{_LABELS})",
    "{zone}": rf"(?P<zone>{_LABELS})",
    "{domain_of_recipient}": rf"(?P<rcpt>{_LABELS})",
}
# Words of the documentation that stand where a value would.
_PLACEHOLDERS = frozenset({"domain-name", "ip-address", "sendingdomain", "e.g", "i.e"})


class NameRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``names.toml``, which says what each field means."""

    id: str
    text: str
    causes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    aside: tuple[NameRow, ...]
    name: tuple[NameRow, ...]


Compiled = tuple[tuple[NameRow, re.Pattern[str]], ...]


@cache
def rows() -> tuple[Compiled, Compiled]:
    """The rows of what is set aside and of what is named, compiled."""
    text = files("bouncewise.checks.plan").joinpath("names.toml").read_text(encoding="utf-8")
    told = msgspec.convert(tomllib.loads(text), _File)
    return _compiled(told.aside, named=False), _compiled(told.name, named=True)


def _compiled(given: tuple[NameRow, ...], *, named: bool) -> Compiled:
    return tuple((row, re.compile(_filled(row.text, named=named), re.IGNORECASE)) for row in given)


def _filled(text: str, *, named: bool) -> str:
    for part, expression in _PARTS.items():
        text = text.replace(part, expression if named else re.sub(r"\?P<\w+>", "?:", expression))
    return text


def without_others(text: str, cause: str) -> str:
    """The words of a reply without those that name others than the sender and the recipient.

    Args:
        text: the words; the first 4 KiB are looked at.
        cause: of the reply; some rows are for some causes.
    """
    words = text[:MAX_TEXT]
    for row, pattern in rows()[0]:
        if not row.causes or cause in row.causes:
            words = pattern.sub(_kept, words)
    return words


def _kept(match: re.Match[str]) -> str:
    return f" {match.groupdict().get('kept') or ''} "


def named(words: str, cause: str) -> dict[str, str]:
    """What words name: ``ip``, ``domain``, ``helo``, ``zone``, ``listed``, ``selector``, ``rcpt``.

    Args:
        words: of a reply, by ``without_others``.
        cause: of the reply; some rows are for some causes.
    """
    found: dict[str, str] = {}
    for row, pattern in rows()[1]:
        if row.causes and cause not in row.causes:
            continue
        match = pattern.search(words)
        if match is None:
            continue
        for name, value in match.groupdict().items():
            clean = _clean(value or "")
            if name == "turned" and clean:
                found.setdefault("ip", ".".join(reversed(clean.split("."))))
            elif clean:
                found.setdefault(name, clean)
    return found


def _clean(value: str) -> str:
    clean = value.strip(".,;:").lower()
    if clean.endswith("]") and not clean.startswith("["):
        clean = clean[:-1]
    return "" if clean in _PLACEHOLDERS else clean
