"""One log, whatever its form: octets in, deliveries out, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from bouncewise.reading.delivery import NO_SOURCE, Delivered, Delivery, Source
from bouncewise.reading.logs.detect import LOOK, Form, form_of
from bouncewise.reading.logs.envelopes.entries import joined
from bouncewise.reading.logs.objects import MAX_DOCUMENT, ObjectReader
from bouncewise.reading.logs.stream import LineStream
from bouncewise.reading.logs.tables import TableReader
from bouncewise.reading.logs.text import MAX_LINE, lines_of, texts_of
from bouncewise.reading.logs.times import Clock


class Counts(msgspec.Struct, frozen=True):
    """How much of a log was read.

    Attributes:
        lines: all lines.
        foreign: lines and records of programs that send no mail.
        unread: those that should have been read and could not be.
    """

    lines: int = 0
    foreign: int = 0
    unread: int = 0

    def plus(self, more: Counts) -> Counts:
        """What has been read of two."""
        return Counts(self.lines + more.lines, self.foreign + more.foreign, self.unread + more.unread)

    def since(self, before: Counts) -> Counts:
        """What has been read since."""
        return Counts(self.lines - before.lines, self.foreign - before.foreign, self.unread - before.unread)


class Log:
    """Reads one log.

    Args:
        place: the file, for the records.
        written: year, month and day when it was last written to, for times without a year.
        only: name of the one format to read; "" tells by content.
    """

    def __init__(
        self, place: Source = NO_SOURCE, written: tuple[int, int, int] = (2000, 1, 1), only: str = ""
    ) -> None:
        self._only = only
        self._stream = LineStream(Clock(*written), place, only)
        self._objects = ObjectReader(self._stream, place, only)
        self._table = TableReader(place, self._stream)

    def go_on(self, place: Source, written: tuple[int, int, int]) -> None:
        """Go on in the next file of a rotated set: what is known of messages stays.

        Args:
            place: that file.
            written: when that was last written to.
        """
        self._stream.go_on(Clock(*written), place)
        self._objects = ObjectReader(self._stream, place, self._only)
        self._table = TableReader(place, self._stream)

    def read(self, blocks: Iterable[bytes], form: Form | None = None) -> Iterator[Delivery]:
        """The deliveries that the log tells of, in order; lines that can't be read are records that say why.

        Args:
            blocks: its octets, cut anywhere.
            form: how it is laid out, where that is known; else its first octets tell.
        """
        if form is None:
            blocks = iter(blocks)
            head = next(blocks, b"")
            while len(head) < LOOK and (more := next(blocks, b"")):
                head += more
            form, blocks = form_of(head[:LOOK]), chain((head,), blocks)
        # a batch of webhooks is one long line
        longest = MAX_DOCUMENT if form is Form.OBJECTS else MAX_LINE
        lines = lines_of(blocks, longest)
        if form is Form.TABLE:
            yield from self._table.read(chain.from_iterable(lines))
        elif form is Form.OBJECTS:
            yield from self._objects.read(chain.from_iterable(lines))
        else:
            for block in joined(lines) if form is Form.ENTRIES else lines:
                yield from self._stream.read(block)

    def read_bulk(self, blocks: Iterable[bytes]) -> Iterator[Delivery | Delivered]:
        """The same as ``read``, what was delivered in columns where that is possible.

        Args:
            blocks: the octets of a log of lines, cut anywhere.
        """
        for text in texts_of(blocks):
            yield from self._stream.bulk(text)

    def follow(self, blocks: Iterable[bytes]) -> Iterator[Delivery | None]:
        """The deliveries of a log of lines that grows; None each time there are none for now.

        Args:
            blocks: its octets as they come; an empty piece each time there are none.
        """
        rest = b""
        for block in blocks:
            if not block:
                yield None
                continue
            whole, newline, tail = (rest + block).rpartition(b"\n")
            rest = tail[:MAX_LINE]
            if newline:
                for lines in lines_of([whole]):
                    yield from self._stream.read(lines)

    @property
    def counts(self) -> Counts:
        """What has been read up to now."""
        stream, objects, table = self._stream, self._objects, self._table
        return Counts(
            lines=objects.lines or table.lines or stream.lines,
            foreign=objects.foreign + stream.foreign,
            unread=objects.unread + stream.unread + table.unread,
        )


def read_log(data: bytes, written: tuple[int, int, int] = (2000, 1, 1), only: str = "") -> list[Delivery]:
    """The deliveries that a log or a webhook tells of.

    Args:
        data: the whole log.
        written: as for ``Log``.
        only: as for ``Log``.
    """
    return list(Log(NO_SOURCE, written, only).read([data]))
