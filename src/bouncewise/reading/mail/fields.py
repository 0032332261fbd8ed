"""Blocks of fields as delivery status and feedback report parts have them (RFC 3464 section 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

MAX_BLOCKS = 100_000
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]?:[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)", re.MULTILINE)
_BLANK = re.compile(r"\n[ \t]*\n")
_FOLD = re.compile(r"\s*\n\s*")


class Block:
    """The fields of one block, by their names in small letters."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        """The first value of a field, or ""."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return list(self._fields.get(name, ()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        return name in self._fields


def blocks(text: str) -> list[Block]:
    """The blocks of a part, in their order; a block without a field is left out.

    Args:
        text: the part's text.
    """
    found: list[Block] = []
    for piece in _BLANK.split(text.replace("\r\n", "\n").strip("\n")):
        fields: dict[str, list[str]] = {}
        for match in _FIELD.finditer(piece):
            name, value = match.groups()
            if "\n" in value:
                value = _FOLD.sub(" ", value)
            fields.setdefault(name.lower(), []).append(value.strip())
        if fields:
            found.append(Block(fields))
        if len(found) >= MAX_BLOCKS:
            break
    return found
