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
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


@cache
def rows() -> tuple[tuple[NameRow, re.Pattern[str]], ...]:
    """The rows, compiled."""
    text = files("bouncewise.checks.plan").joinpath("names.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text)["name"], tuple[NameRow, ...])
    return tuple((row, re.compile(_filled(row.text), re.IGNORECASE)) for row in found)


def _filled(text: str) -> str:
    for part, expression in _PARTS.items():
        text = text.replace(part, expression)
    return text


def named(text: str) -> dict[str, str]:
    """What a text names: ``ip``, ``domain``, ``helo``, ``zone``, ``listed``, ``selector``, ``rcpt``.

    Args:
        text: the words of a reply; the first 4 KiB are looked at.
    """
    words = text[:MAX_TEXT]
    found: dict[str, str] = {}
    for _, pattern in rows():
        match = pattern.search(words)
        if match is None:
            continue
        for name, value in match.groupdict().items():
            clean = (value or "").strip(".,;:").lower()
            if clean.endswith("]") and not clean.startswith("["):
                clean = clean[:-1]
            if clean and clean not in _PLACEHOLDERS and name not in found:
                found[name] = clean
    return found
