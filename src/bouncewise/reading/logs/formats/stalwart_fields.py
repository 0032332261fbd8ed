"""The fields of a line of Stalwart's tracers: ``key = value`` with commas between.

A value is a string as Rust writes it, a list, a word, or an event with fields of its own in braces::

    to = ["bob@example.com"], causedBy = SMTP error occurred (smtp.error) { details = "..." }, elapsed = 5ms

Source: Stalwart 0.9 to 0.15, ``crates/trc/src/serializers/text.rs``.
"""

from __future__ import annotations

import re
from typing import Any

MAX_ITEMS = 1000  # of a list
_KEY = re.compile(r",? ?([a-zA-Z]{1,40}) = ")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_BARE = re.compile(r"[^,\[\]{}\"]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def fields_of(text: str, at: int) -> dict[str, Any]:
    """The fields of a line, ``key = value`` with commas between; a key that comes twice has its last value.

    Args:
        text: the line.
        at: where its fields begin.
    """
    fields, _ = _fields(text, at, 0)
    return fields


def _fields(text: str, at: int, level: int) -> tuple[dict[str, Any], int]:
    fields: dict[str, Any] = {}
    while found := _KEY.match(text, at):
        value, at = _value(text, found.end(), level)
        earlier = fields.get(found[1])
        if isinstance(earlier, list) and isinstance(value, str):
            fields["recipients"] = earlier
        fields[found[1]] = value
    return fields, at


def _value(text: str, at: int, level: int) -> tuple[Any, int]:
    if text.startswith('"', at):
        found = _STRING.match(text, at)
        return (_plain(found[1]), found.end()) if found else (text[at + 1 :], len(text))
    if text.startswith("[", at):
        items: list[Any] = []
        at += 1
        while at < len(text) and text[at] != "]":
            item, after = _value(text, at, level + 1) if level < 3 else ("", len(text))
            at = after + 2 if text.startswith(", ", after) else max(after, at + (after == at))
            if len(items) < MAX_ITEMS:
                items.append(item)
        return items, at + 1
    bare = _BARE.match(text, at)
    end = bare.end() if bare else at
    value = text[at:end].strip()
    if text.startswith("{ ", end) and level < 3:
        inner, end = _fields(text, end + 1, level + 1)
        end += 2 if text.startswith(" }", end) else 0
        return inner, end
    return value, end


def _plain(text: str) -> str:
    """A string without its escapes, as Rust writes them."""
    if "\\" not in text:
        return text

    def sign(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) == 1:
            return _SIGNS.get(escape, escape)
        number = int(escape[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else ""

    return _ESCAPE.sub(sign, text)
