"""A message as signatures see it: raw header fields in their order, and the body with CRLF line ends.

Sources: RFC 6376 section 3.4 (canonical forms), RFC 5322 section 2.2 (header fields).
"""

from __future__ import annotations

import re

import msgspec

MAX_HEAD = 1_048_576  # octets of the header section that are read
MAX_FIELDS = 2000
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_BLANKS_AT_END = re.compile(rb"[ \t]+(?=\r\n)")


class Field(msgspec.Struct, frozen=True):
    """A header field as it stands.

    Attributes:
        name: in small letters.
        raw: the whole field, folded, without its last line end.
    """

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands behind the colon, as it stands."""
        return self.raw.partition(b":")[2]

    def simple(self) -> bytes:
        """RFC 6376 section 3.4.1."""
        return self.raw

    def relaxed(self) -> bytes:
        """RFC 6376 section 3.4.2."""
        value = _BLANKS.sub(b" ", _FOLD.sub(b"", self.value)).strip(b" \t\r\n")
        return self.name + b":" + value


class Message(msgspec.Struct, frozen=True):
    """A message, taken apart.

    Attributes:
        fields: the header fields, from the top.
        body: with CRLF line ends.
        mended: line ends that were not CRLF were made so.
    """

    fields: tuple[Field, ...]
    body: bytes
    mended: bool = False

    def named(self, name: bytes) -> list[Field]:
        """The fields of a name, from the top; ``name`` in small letters."""
        return [field for field in self.fields if field.name == name]


def parse_message(data: bytes) -> Message:
    """Take a message apart; never fails.

    Args:
        data: the message, with any line ends. A line ``From `` of a mailbox before it is passed over.
    """
    mended = bool(_BARE_LF.search(data)) or bool(_BARE_CR.search(data))
    if mended:
        data = _BARE_LF.sub(b"\r\n", _BARE_CR.sub(b"\r\n", data))
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\r\n")[2]
    if data.startswith(b"\r\n"):
        return Message((), data[2:], mended)
    head, mark, body = data.partition(b"\r\n\r\n")
    if not mark:
        head, body = head.removesuffix(b"\r\n"), b""
    return Message(tuple(_fields(head[:MAX_HEAD])), body, mended)


def _fields(head: bytes) -> list[Field]:
    found: list[bytearray] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and found:
            found[-1] += b"\r\n" + line
        elif len(found) < MAX_FIELDS:
            found.append(bytearray(line))
        else:
            break
    fields = []
    for raw in found:
        name, colon, _ = bytes(raw).partition(b":")
        if colon:
            fields.append(Field(name.strip(b" \t").lower(), bytes(raw)))
    return fields


def simple_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.3: empty lines at the end count as one line end."""
    return _end_of_lines(body) + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4: blanks count as one, those at line ends as none; an empty body stays empty."""
    reduced = _BLANKS_AT_END.sub(b"", _BLANKS.sub(b" ", body))
    if not reduced.endswith(b"\r\n"):
        reduced = reduced.rstrip(b" \t") + b"\r\n" if reduced.strip(b" \t") else b""
    stripped = _end_of_lines(reduced)
    return stripped + b"\r\n" if stripped else b""


def _end_of_lines(body: bytes) -> bytes:
    """A body without the line ends at its end; a CR or LF that stands alone is none."""
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end]  # one cut, so that a body of empty lines alone is no trouble
