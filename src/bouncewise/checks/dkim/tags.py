"""Tag lists: ``a=b; c=d`` (RFC 6376 section 3.2)."""

from __future__ import annotations

import base64
import binascii
import re

MAX_TAGS = 100
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_BLANKS = re.compile(r"[ \t\r\n]+")


class TagError(ValueError):
    """A tag list that can't be read; its words say why."""


def parse_tags(text: str) -> dict[str, str]:
    """Tags by name; values without the blanks round them, folds made blanks.

    Raises:
        TagError: a tag has no name or no ``=``, or is given twice.
    """
    tags: dict[str, str] = {}
    pieces = text.split(";")
    if len(pieces) > MAX_TAGS:
        raise TagError(f"more than {MAX_TAGS} tags")
    for number, piece in enumerate(pieces):
        if not piece.strip():
            if number == len(pieces) - 1:
                continue
            raise TagError("an empty tag: two semicolons side by side")
        name, mark, value = piece.partition("=")
        name = name.strip(" \t\r\n")
        if not mark or not _NAME.match(name):
            raise TagError(f"“{piece.strip()[:40]}” is no tag; the form is name=value")
        if name in tags:
            raise TagError(f"{name}= is given twice")
        tags[name] = value.strip(" \t\r\n")
    return tags


def unfolded(value: str) -> str:
    """A value without any blank."""
    return _BLANKS.sub("", value)


def from_base64(value: str) -> bytes:
    """Octets out of a value in base64 with blanks in it.

    Raises:
        TagError: it is no base64.
    """
    try:
        return base64.b64decode(unfolded(value).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise TagError("it is no base64") from None


def number(value: str) -> int:
    """A decimal number.

    Raises:
        TagError: it is none.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        raise TagError(f"“{value[:20]}” is no number")
    return int(value)
