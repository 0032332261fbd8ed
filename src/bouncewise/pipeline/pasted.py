"""What somebody pasted or piped: one reply, several, log lines or a bounce mail's text.

``split`` cuts a text to the pieces that are each one thing to explain. The rest of a bounce mail
(its headers, the returned message) is passed over when its delivery status can be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from bouncewise.reply.parse import MAX_INPUT, decode

MAX_LINE = 1_048_576
MAX_START = 1024  # octets that tell whether a file is JSON
MAX_MAIL = 67_108_864  # octets of a mail that are read
_FIELDS_OF_A_MAIL = 3
_BEGINS_MAIL = re.compile(r"(?:>?From \S[^\n]{0,200}\n)?[A-Za-z][A-Za-z0-9-]{1,60}[ \t]?:")
_CONTINUED = re.compile(r"\s{0,3}([2-5][0-5]\d)-")
_REPLY = re.compile(r"\s{0,3}([2-5][0-5]\d)(?=[ -]|$)")
_DIALOGUE = re.compile(
    r"^\s{0,8}(?:<[-~*]|[-~]{1,2}>|\*\*>|S:|C:|>>>|<<<|SERVER -> CLIENT|CLIENT -> SERVER|EHLO |HELO |"
    r"MAIL FROM|RCPT TO|220[ -])",
    re.M | re.I,
)
_STATUS_FIELDS = re.compile(
    r"^(?:Final-Recipient|Diagnostic-Code|Action|Original-Recipient|Remote-MTA):", re.M | re.I
)
_HEADER = re.compile(
    r"^(?:Return-Path|Received|From|Date|Subject|Message-ID|MIME-Version|Content-Type|To|X-[\w-]+|"
    r"Delivered-To):\s",
    re.M | re.I,
)
_TRACEBACK = re.compile(
    r"^Traceback \(most recent call last\)|^\s+at [\w.$<]+[ (]|nested exception|\{\s*$", re.M
)
_LOG_LINE = re.compile(
    r"^(?:\w{3}\s{1,2}\d{1,2} \d\d:\d\d:\d\d |\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\S+: to=<|\{\"|[a-z]{1,2},\d{4}-)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to explain and the line it begins at (from 1)."""

    text: str
    line: int


def head_of(file: BinaryIO) -> bytes:
    """The beginning of a file, as much as tells what it is and one octet more."""
    return file.read(MAX_INPUT + 1)


def webhook_in(head: bytes, file: BinaryIO | None = None) -> bytes:
    """What a file holds that begins as JSON, or b"" where it does not.

    Args:
        head: what ``head_of`` read.
        file: the rest.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:MAX_START]
    if start[:1] not in (b"{", b"["):
        return b""
    from bouncewise.reading.logs.detect import is_json  # noqa: PLC0415 - only for what may be JSON

    if not is_json(decode(start).partition("\n")[0]):
        return b""
    return head + (file.read(MAX_MAIL - len(head)) if file is not None else b"")


def mail_in(head: bytes, file: BinaryIO) -> bytes:
    """The mail that a file holds, or b"" where it holds none.

    A file is a mail when it begins with header fields, three of them known ones.

    Args:
        head: what ``head_of`` read.
        file: the rest.
    """
    top = decode(head[:16_384].replace(b"\r\n", b"\n").replace(b"\r", b"\n")).lstrip("\ufeff\n")
    top = top.partition("\n\n")[0]
    if not _BEGINS_MAIL.match(top) or len(_HEADER.findall(top)) < _FIELDS_OF_A_MAIL:
        return b""
    return head + file.read(MAX_MAIL - len(head))


def pieces(head: bytes, file: BinaryIO) -> Iterator[Piece]:
    """The pieces of a file, in bounded memory: a small file as a whole, a large one line by line.

    Args:
        head: what ``head_of`` read.
        file: the rest.
    """
    if len(head) <= MAX_INPUT:
        yield from split(decode(head))
        return
    yield from _join(_lines(head, file))


def _lines(head: bytes, file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Numbered lines; what is behind the first MiB of a line is left out."""
    rest = head
    number = 0
    while True:
        *lines, rest = rest.split(b"\n")
        for line in lines:
            number += 1
            yield number, decode(line[:MAX_INPUT].rstrip(b"\r"))
        more = file.read(MAX_INPUT)
        if not more:
            break
        rest = (
            rest[:MAX_LINE] + more
            if len(rest) < MAX_LINE
            else rest[:MAX_LINE] + (b"\n" + more.split(b"\n", 1)[1] if b"\n" in more else b"")
        )
    if rest:
        yield number + 1, decode(rest[:MAX_INPUT])


def split(text: str) -> list[Piece]:
    """Cut a text to the pieces that are each one thing to explain."""
    if "\n" not in text.strip() and "\r" not in text.strip():
        return [Piece(text.strip(), 1)] if text.strip() else []
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_one(normal):
        return [Piece(_heart(normal), 1)]
    return list(_join(enumerate(normal.split("\n"), 1)))


def _is_one(text: str) -> bool:
    """Whether the lines belong together: a dialogue, an exception, a mail, wrapped prose."""
    if len(_DIALOGUE.findall(text)) >= 2 or _TRACEBACK.search(text):
        return True
    if _STATUS_FIELDS.search(text) or len(_HEADER.findall(text)) >= 3:
        return True
    lines = [line for line in text.split("\n") if line.strip()]
    coded = sum(1 for line in lines if _REPLY.match(line))
    logged = sum(1 for line in lines if _LOG_LINE.match(line))
    return coded <= 1 and logged == 0 and len(lines) <= 40


def _heart(text: str) -> str:
    """Of a whole bounce mail the part that says why: the status fields, else what precedes the "
    "returned mail."""
    fields = [m.start() for m in _STATUS_FIELDS.finditer(text)]
    if fields:
        end = text.find("\n\n", fields[-1])
        return text[fields[0] : end if end > 0 else len(text)]
    if len(_HEADER.findall(text)) >= 3 and "\n\n" in text:
        return text.split("\n\n", 1)[1]
    return text


def _join(lines: Iterator[tuple[int, str]] | enumerate[str]) -> Iterator[Piece]:
    """Join the lines of a multi-line reply (``550-`` ... ``550 ``); every other line is a piece."""
    held: list[str] = []
    code, start = "", 0
    for number, line in lines:
        match = _REPLY.match(line)
        if held and not (match and match[1] == code):
            yield Piece("\n".join(held), start)
            held = []
        if match and _CONTINUED.match(line):
            if not held:
                code, start = match[1], number
            held.append(line)
            continue
        if held:
            held.append(line)
            yield Piece("\n".join(held), start)
            held = []
        elif line.strip():
            yield Piece(line.strip(), number)
    if held:
        yield Piece("\n".join(held), start)
