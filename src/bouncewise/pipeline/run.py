"""Paths in, what a sink makes of their deliveries out: opened, read and diagnosed, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.sink import Sink
from bouncewise.pipeline.sources import Found, Logged, Unreadable, open_sources
from bouncewise.pipeline.sources.model import SourceError
from bouncewise.reading.delivery import Delivered, Delivery, Kind, Source
from bouncewise.reading.logs.detect import Form
from bouncewise.reading.logs.log import Counts, Log

BATCH = 64  # mails that go to a process at once
BATCH_OCTETS = 4_194_304  # or fewer, where they are large
CHUNK = 512  # deliveries of a log that make a piece
MakeSink = Callable[[Engine], Sink]


class Piece(msgspec.Struct, frozen=True, gc=False):
    """What one mail, one stretch of a log, or one place that can't be read gave.

    Attributes:
        given: what the sink made of its deliveries.
        path: the path that was opened.
        member: the name inside an archive.
        offset: octets into a mailbox.
        octets: how many were read.
        resume_key: the mailbox in the file of resume points, or "".
        resume_at: where to go on behind this mail.
        mails: 1 for a mail, else 0.
        counts: of a log's lines.
    """

    given: Any
    path: str
    member: str = ""
    offset: int | None = None
    octets: int = 0
    resume_key: str = ""
    resume_at: int | None = None
    mails: int = 0
    counts: Counts = Counts()


class Choices(msgspec.Struct, frozen=True):
    """How paths are read.

    Attributes:
        resume: where to go on in each mailbox.
        workers: processes to use.
        only: name of the one log format to read; "" tells by content.
        chunk: deliveries of a log that make a piece.
    """

    resume: Mapping[str, int] = {}
    workers: int = 1
    only: str = ""
    chunk: int = CHUNK


def read_paths(
    engine: Engine,
    paths: Sequence[str],
    make_sink: MakeSink,
    choices: Choices,
    stdin: BinaryIO | None = None,
) -> Iterator[Piece]:
    """Read everything below some paths, in order.

    Args:
        engine: the engine.
        paths: files, mailboxes, folders, archives, logs, ``-`` or IMAP URLs (see ``pipeline.sources``).
        make_sink: makes a sink; where several processes are used, they must be able to import it.
        choices: how to read.
        stdin: what ``-`` stands for.
    """
    events = open_sources(paths, resume=choices.resume, stdin=stdin, wanted=choices.only)
    yield from read_events(engine, events, make_sink, choices)


def read_events(
    engine: Engine, events: Iterable[Found | Logged | Unreadable], make_sink: MakeSink, choices: Choices
) -> Iterator[Piece]:
    """Read what was opened, in order.

    Args:
        engine: the engine.
        events: mails, logs and what can't be read.
        make_sink: as for ``read_paths``.
        choices: how to read.
    """
    if choices.workers > 1:
        from bouncewise.pipeline.parallel import read_in_processes  # noqa: PLC0415 - for several only

        yield from read_in_processes(engine, events, make_sink, choices)
        return
    sink = make_sink(engine)
    last: Log | None = None
    for event in events:
        if isinstance(event, Logged):
            engine.expect_many()
            log, last = _log(event, last, choices.only), None
            yield from _read_log(log, event, sink, choices.chunk)
            last = log
        else:
            yield read_one(sink, event)


def read_one(sink: Sink, event: Found | Unreadable) -> Piece:
    """Read one mail, or say what can't be read.

    Args:
        sink: takes its deliveries.
        event: the mail or the place.
    """
    if isinstance(event, Unreadable):
        source = Source(path=event.path, offset=event.offset, member=event.member)
        sink.take(Delivery(kind=Kind.UNREADABLE, source=source, reason=event.reason))
        return Piece(sink.given(), event.path, event.member, event.offset)
    for delivery in _read(event):
        sink.take(_placed(delivery, event))
    return Piece(
        sink.given(),
        event.path,
        event.member,
        event.offset,
        len(event.data),
        event.resume_key,
        event.resume_at,
        1,
    )


def _read(event: Found) -> list[Delivery]:
    """The deliveries of a mail. A fault of ours costs that mail only, and is told."""
    from bouncewise.reading.mail import read_mail  # noqa: PLC0415 - who reads logs needs none of it

    try:
        return read_mail(event.data)
    except Exception as error:  # one mail must not end the run
        why = f"a fault in Bouncewise ({type(error).__name__}: {str(error)[:200]}); please report it"
        return [Delivery(kind=Kind.UNREADABLE, reason=why)]


def _placed(delivery: Delivery, event: Found) -> Delivery:
    source = Source(
        path=event.path,
        format=delivery.source.format or event.format,
        offset=event.offset,
        member=event.member,
        truncated=event.truncated,
    )
    return msgspec.structs.replace(delivery, source=source)


def place_of(event: Logged) -> Source:
    """Where the records of a log say that they were read."""
    return Source(path=event.path, member=event.member)


def _log(event: Logged, last: Log | None, only: str) -> Log:
    """The reader of a log; that of the last one where this goes on with it."""
    if last is None or not event.follows:
        return Log(place_of(event), event.written, only)
    last.go_on(place_of(event), event.written)
    return last


class Metered:
    """The blocks of a log, counted; an error that ends them is kept.

    Args:
        blocks: the octets.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._octets = 0
        self.error: SourceError | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for block in self._blocks:
                self._octets += len(block)
                yield block
        except SourceError as error:
            self.error = error

    def taken(self) -> int:
        """Octets that were read since this was last asked."""
        octets, self._octets = self._octets, 0
        return octets

    def lost(self, event: Logged) -> list[Delivery]:
        """A record that says why the rest of the log can't be read; none where it could be."""
        if self.error is None:
            return []
        return [Delivery(kind=Kind.UNREADABLE, source=place_of(event), reason=str(self.error))]


def _read_log(log: Log, event: Logged, sink: Sink, chunk: int) -> Iterator[Piece]:
    blocks = Metered(event.blocks)
    bulk = sink.bulk and event.form is Form.LINES
    deliveries = log.read_bulk(blocks) if bulk else log.read(blocks, event.form)
    before, held = Counts(), 0
    for delivery in chain(deliveries, _lost(blocks, event)):
        sink.take(delivery)
        held += len(delivery.hours) if isinstance(delivery, Delivered) else 1
        if held >= chunk:
            now = log.counts
            yield Piece(
                sink.given(), event.path, event.member, octets=blocks.taken(), counts=now.since(before)
            )
            before, held = now, 0
    rest = log.counts.since(before)
    yield Piece(sink.given(), event.path, event.member, octets=blocks.taken(), counts=rest)


def _lost(blocks: Metered, event: Logged) -> Iterator[Delivery]:
    """What is to be told behind the last delivery."""
    yield from blocks.lost(event)
