"""Split mailboxes in mbox form, in bounded memory.

An mbox is a row of mails, each behind a line ``From address date`` and followed by an empty line.
Body lines that begin with ``From `` are quoted with ``>``: once in mboxo, also those that are
quoted already in mboxrd. Other writers (mboxcl2) quote nothing and trust ``Content-Length``, which
is wrong as soon as anything touches a mail; so a separator must look like one and the length is
not asked.

Sources: RFC 4155; qmail's mbox(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bouncewise.pipeline.sources.model import SourceError
from bouncewise.pipeline.sources.reader import Reader

MAX_LINE = 1024  # octets; a longer line is no separator
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_TIME = rb"\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,9})?)?(?:[ \t]?[AaPp][Mm])?"
_ZONE = rb"(?:[ \t]+(?:[+-]\d\d:?\d\d|[A-Z]{1,5}(?:[+-]\d{1,4})?|\([^()\r\n]{1,40}\)))"
_DATES = rb"|".join(
    (
        # asctime(3), also with the zone before or behind the year
        rb"%(day)s,?[ \t]+%(month)s[ \t]+\d{1,2},?[ \t]+%(time)s%(zone)s{0,2}[ \t]+\d{4}%(zone)s{0,2}",
        rb"%(day)s,?[ \t]+%(month)s[ \t]+\d{1,2},?[ \t]+\d{4}[ \t]+%(time)s%(zone)s{0,2}",
        rb"%(day)s,?[ \t]+\d{1,2}[ -]%(month)s[ -]\d{2,4}[ \t]+%(time)s%(zone)s{0,2}",
        rb"\d{4}-\d\d-\d\d[T \t]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[ \t]?[+-]\d\d:?\d\d)?",
    )
) % {b"day": _DAY, b"month": _MONTH, b"time": _TIME, b"zone": _ZONE}
_SEPARATOR = re.compile(
    rb"From [^\r\n]{0,320}?(?<=[ \t])(?:" + _DATES + rb")(?:[ \t]+remote from \S{1,200})?[ \t]*(?=[\r\n]|\Z)"
)
# Behind an empty line; ends may be LF, CRLF, CR, or LF and CRLF mixed. The literal stands first, which
# keeps the search in C also where every line of a mail begins so.
_CANDIDATE = re.compile(rb"From (?:(?<=\n\nFrom )|(?<=\n\r\nFrom )|(?<=\r\rFrom ))")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_QUOTED = re.compile(rb"(?:(?<=[\r\n])|\A)>(>*From )")
# A mailbox in a mailbox leaves ">From" and "From" lines above the header; a header has no such line
_LEFT_OVER = re.compile(rb"(?:>*From [^\r\n]*(?:\r\n|\n|\r))*")
_BREAKS = re.compile(rb"[\r\n]*")


class Cut(NamedTuple):
    """One mail of a mailbox: octets of its separator and of what follows it, the mail, is it cut."""

    offset: int
    after: int
    data: bytes
    truncated: bool


def begins_mbox(data: bytes) -> bool:
    """Whether octets begin with the separator of an mbox; empty lines may stand before it."""
    return is_separator(data, _skip_breaks(data))


def is_separator(data: bytes | bytearray, at: int = 0) -> bool:
    """Whether a line that looks like ``From address date`` stands at a place."""
    return _SEPARATOR.match(data, at, at + MAX_LINE) is not None


def split(reader: Reader, limit: int) -> Iterator[Cut]:
    """Cut a mailbox into its mails.

    Args:
        reader: stands at a separator, or at empty lines before one.
        limit: octets; what is longer of a mail is skipped.

    Raises:
        SourceError: the source failed; the mail that was broken off has been given before.
    """
    cutter = _Cutter(reader.offset, limit)
    error: SourceError | None = None
    while error is None:
        try:
            block = reader.read1()
        except SourceError as broken:
            error = broken
            break
        if not block:
            break
        yield from cutter.feed(block)
    yield from cutter.finish(broken=error is not None)
    if error is not None:
        raise error


def left_over(data: bytes, at: int = 0) -> int:
    """How many octets the ``From`` and ``>From`` lines take that stand above the header of a mail."""
    match = _LEFT_OVER.match(data, at)
    return match.end() - at if match else 0


class _Cutter:
    """Holds the mail that is being read and looks for the next separator."""

    def __init__(self, offset: int, limit: int) -> None:
        self._buffer = bytearray()
        self._base = offset  # octet of the mailbox at which the buffer begins
        self._start = offset  # octet of the separator of the current mail
        self._scan = 0  # where the search goes on in the buffer
        self._keep = limit + MAX_LINE
        self._limit = limit
        self._head: bytes | None = None  # the beginning of a mail that is too long
        self._begun = False

    def feed(self, block: bytes) -> Iterator[Cut]:
        """Take a block; give the mails that end in it."""
        self._buffer += block
        if not self._begun:
            self._begin()
        yield from self._cut(ended=False)
        self._shorten()

    def finish(self, *, broken: bool) -> Iterator[Cut]:
        """Give what is left; broken means that the source failed."""
        yield from self._cut(ended=True)
        if self._begun:
            yield self._take(len(self._buffer), broken=broken, last=True)

    def _begin(self) -> None:
        breaks = _skip_breaks(self._buffer)
        del self._buffer[:breaks]
        self._base += breaks
        self._start = self._base
        self._begun = bool(self._buffer)
        self._scan = 5

    def _cut(self, *, ended: bool) -> Iterator[Cut]:
        while (at := self._find(ended=ended)) is not None:
            yield self._take(at, broken=False, last=False)

    def _find(self, *, ended: bool) -> int | None:
        """The next separator in the buffer; None, with the place to go on, where there is none yet."""
        buffer = self._buffer
        for match in _CANDIDATE.finditer(buffer, self._scan):
            at = match.start()
            if not ended and len(buffer) - at < MAX_LINE and not _line_is_whole(buffer, at):
                self._scan = at
                return None
            if is_separator(buffer, at):
                return at
        self._scan = max(self._scan, len(buffer) - 4)
        return None

    def _take(self, end: int, *, broken: bool, last: bool) -> Cut:
        """The mail that ends here; the buffer goes on with the next separator."""
        with memoryview(self._buffer) as view:
            raw = self._head if self._head is not None else bytes(view[: min(end, self._keep + 4)])
        whole = self._head is None and end <= len(raw)
        data = _mail(raw, whole=whole, last=last)
        truncated = broken or not whole or len(data) > self._limit
        cut = Cut(self._start, self._base + end, data[: self._limit], truncated)
        del self._buffer[:end]
        self._base += end
        self._start = self._base
        self._head = None
        self._scan = 5
        return cut

    def _shorten(self) -> None:
        """Of a mail that is too long keep the beginning, and what the search still needs."""
        if self._head is None and self._scan > self._keep + 8:
            with memoryview(self._buffer) as view:
                self._head = bytes(view[: self._keep])
        if self._head is not None:
            done = max(self._scan - 8, 0)
            del self._buffer[:done]
            self._base += done
            self._scan -= done


def _skip_breaks(data: bytes | bytearray) -> int:
    match = _BREAKS.match(data)
    return match.end() if match else 0


def _line_is_whole(buffer: bytearray, at: int) -> bool:
    return _LINE_END.search(buffer, at, at + MAX_LINE) is not None


def _mail(raw: bytes, *, whole: bool, last: bool) -> bytes:
    """A mail without its separator, the empty line behind it and the quoting of ``From ``."""
    line = _LINE_END.search(raw, 0)
    if line is None:
        return b""
    start = line.end()
    data = raw[start + left_over(raw, start) :]
    if whole:
        data = _without_blank(data, last=last)
    if b">From " in data:
        data = _QUOTED.sub(rb"\1", data)
    return data


def _without_blank(data: bytes, *, last: bool) -> bytes:
    """Without the line end that the writer of the mailbox put behind a mail.

    Behind the last mail it may be missing, so there it goes only where an empty line stands.
    """
    for end in (b"\r\n", b"\n", b"\r"):
        if data.endswith(end):
            rest = data[: -len(end)]
            return rest if not last or rest.endswith((b"\n", b"\r")) or not rest else data
    return data
