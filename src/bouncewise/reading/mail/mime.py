"""Take a mail apart (RFC 2045, 2046), in bounded depth, count and time.

What a bounce is read from stands in its first parts; the parts behind the first hundred and levels
below the tenth are left alone. A returned message is a part of its own and is not entered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bouncewise.reading.mail.charset import from_transfer, to_text
from bouncewise.reading.mail.headers import MAX_HEAD, Headers

MAX_PARTS = 100
MAX_DEPTH = 10
MAX_SHORT = 200  # octets of a part's header fields that are kept for the next mail
MAX_TEXT = 262_144  # octets of a text part that are read
_HEAD_END = re.compile(rb"\n[ \t]*\n")
_GUESS = re.compile(rb"(?:^|\n)--([^\s][^\n]{0,70})\n(?:content-|\n)", re.IGNORECASE)
_FIRST_FIELD = re.compile(rb"(?:>?From [^\n]*\n)?[!-9;-~]{1,76}[ \t]*:")


class Part:
    """One part: its type, its header fields and where its body stands."""

    __slots__ = ("_data", "_text", "depth", "end", "headers", "parameters", "start", "type", "within")

    def __init__(self, data: bytes, start: int, end: int, depth: int, within: str) -> None:
        self.headers, self.start = _head(data, start, end)
        self.end = end
        self.depth = depth
        self.within = within  # type of the multipart that it stands in, or ""
        self._data = data
        self._text: str | None = None
        kind, self.parameters = self.headers.parameters("content-type")
        default = "message/rfc822" if within == "multipart/digest" else "text/plain"
        self.type = kind if "/" in kind else default

    def raw(self, limit: int = MAX_TEXT) -> bytes:
        """The body as it stands, at most ``limit`` octets."""
        return self._data[self.start : min(self.end, self.start + limit)]

    def body(self, limit: int = MAX_TEXT) -> bytes:
        """The body out of its transfer encoding, of at most ``limit`` octets of it."""
        return from_transfer(self.raw(limit), self.headers.get("content-transfer-encoding"))

    def text(self, limit: int = MAX_TEXT) -> str:
        """The body as text."""
        if limit != MAX_TEXT:
            return to_text(self.body(limit), self.parameters.get("charset", ""))
        if self._text is None:
            self._text = to_text(self.body(), self.parameters.get("charset", ""))
        return self._text


def leaves(data: bytes, whole: Part | None = None) -> list[Part]:
    """The parts that hold no other parts, the mail itself first where it holds none.

    Args:
        data: the mail with LF as line end.
        whole: the mail as a part, where it was made already.
    """
    found: list[Part] = []
    _enter(whole or top(data), data, found)
    return found


def top(data: bytes) -> Part:
    """The mail itself as a part."""
    return Part(data, 0, len(data), 0, "")


def headers_of(data: bytes) -> Headers:
    """The header fields that octets begin with."""
    return _head(data, 0, len(data))[0]


def _enter(part: Part, data: bytes, found: list[Part]) -> None:
    if not part.type.startswith("multipart/") or part.depth >= MAX_DEPTH:
        found.append(part)
        return
    before = len(found)
    for start, end in _pieces(part, data):
        if len(found) >= MAX_PARTS:
            break
        _enter(Part(data, start, end, part.depth + 1, part.type), data, found)
    if len(found) == before:  # no boundary that fits: the words are there all the same
        part.type = "text/plain"
        found.append(part)


def _pieces(part: Part, data: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts of a multipart stand."""
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
    start = max(part.start - 1, 0)
    if not boundary or data.find(b"--" + boundary, start, part.end) < 0:
        guess = _GUESS.search(data, start, min(part.end, start + MAX_TEXT))
        if not guess:
            return
        boundary = guess[1].rstrip()
    mark = b"\n--" + boundary
    at = start if data.startswith(mark, start) or data.startswith(mark[1:], part.start) else -1
    if at < 0:
        at = data.find(mark, start, part.end)
    while at >= 0:
        line_end = data.find(b"\n", at + len(mark) - 1, part.end)
        if line_end < 0 or data.startswith(b"--", at + len(mark)):
            return
        following = data.find(mark, line_end, part.end)
        yield line_end + 1, following if following >= 0 else part.end
        at = following


def _head(data: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header fields from a place on, and where the body begins."""
    while data.startswith((b"\n", b" \n"), start) and start < end and start < 64:
        start += 1  # empty lines before the mail
    if data.startswith(b"\n", start):
        return Headers(b""), start + 1
    if not _FIRST_FIELD.match(data, start, end):
        return Headers(b""), start
    limit = min(end, start + MAX_HEAD)
    stop, body = _empty_line(data, start, limit)
    if stop < 0:
        return Headers(data[start:end]), limit
    raw = data[start : stop + 1]
    return _short(raw) if len(raw) <= MAX_SHORT else Headers(raw), body


@lru_cache(maxsize=1024)
def _short(raw: bytes) -> Headers:
    """The fields of a part, which are the same in most mails of a server."""
    return Headers(raw)


def _empty_line(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the line above the first empty one ends and where the one below it begins, -1 without one."""
    plain = data.find(b"\n\n", start, end)
    stop = plain + 1 if plain >= 0 else end
    # Blanks in front of a line end are seldom, and a line of nothing but blanks needs them.
    if data.find(b" \n", start, stop) < 0 and data.find(b"\t\n", start, stop) < 0:
        return plain, plain + 2
    found = _HEAD_END.search(data, start, end)
    return found.span() if found else (-1, -1)
