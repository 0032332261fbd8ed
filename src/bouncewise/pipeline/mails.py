"""Mails in, JSON lines out: opened, read, diagnosed and written, in order, in one process or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import BinaryIO

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import diagnose_delivery, record
from bouncewise.pipeline.sources import Found, Unreadable, open_mails
from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.mail import read_mail

BATCH = 64  # mails that go to a process at once
BATCH_OCTETS = 4_194_304  # or fewer, where they are large
_encode = msgspec.json.Encoder().encode


class Row(msgspec.Struct, frozen=True, gc=False):
    """One record of a mail, and what a summary counts.

    Attributes:
        line: the record as JSON, or b"" where only the counts are wanted.
        kind: what became of the delivery.
        cause: why.
        recipient: whom it was for.
        text: the reply.
        reason: why a mail is unreadable or no bounce.
    """

    line: bytes
    kind: str
    cause: str
    recipient: str = ""
    text: str = ""
    reason: str = ""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one mail, or one place that can't be read, gave.

    Attributes:
        rows: a row for each record.
        path: the path that was opened.
        member: the name inside an archive.
        offset: octets into the mailbox.
        octets: size of the mail.
        resume_key: the mailbox in the file of resume points, or "".
        resume_at: where to go on behind this mail.
    """

    rows: tuple[Row, ...]
    path: str
    member: str = ""
    offset: int | None = None
    octets: int = 0
    resume_key: str = ""
    resume_at: int | None = None


def read_paths(  # noqa: PLR0913 - each is a choice of its own
    engine: Engine,
    paths: Sequence[str],
    *,
    resume: Mapping[str, int] | None = None,
    stdin: BinaryIO | None = None,
    workers: int = 1,
    as_json: bool = True,
) -> Iterator[Outcome]:
    """Read every mail below some paths, in order.

    Args:
        engine: the engine.
        paths: files, mailboxes, folders, archives, ``-`` or IMAP URLs (see ``pipeline.sources``).
        resume: where to go on in each mailbox.
        stdin: what ``-`` stands for.
        workers: processes to use.
        as_json: whether the records are wanted; else only what a summary counts.
    """
    events = open_mails(paths, resume=resume, stdin=stdin)
    if workers <= 1:
        for event in events:
            yield outcome(engine, event, as_json=as_json)
        return
    from bouncewise.diagnosis.workers import in_processes  # noqa: PLC0415 - for several processes only

    for outcomes in in_processes(engine, partial(_run, as_json=as_json), _batched(events), workers):
        yield from outcomes


def outcome(engine: Engine, event: Found | Unreadable, *, as_json: bool = True) -> Outcome:
    """Read and diagnose one mail."""
    if isinstance(event, Unreadable):
        source = Source(path=event.path, offset=event.offset, member=event.member)
        lost = Delivery(kind=Kind.UNREADABLE, source=source, reason=event.reason)
        return Outcome((_row(engine, lost, as_json=as_json),), event.path, event.member, event.offset)
    rows = tuple(_row(engine, _placed(d, event), as_json=as_json) for d in _read(event))
    return Outcome(
        rows,
        event.path,
        event.member,
        event.offset,
        len(event.data),
        event.resume_key,
        event.resume_at,
    )


def _read(event: Found) -> list[Delivery]:
    """The deliveries of a mail. A fault of ours costs that mail only, and is told."""
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


def _row(engine: Engine, delivery: Delivery, *, as_json: bool) -> Row:
    diagnosis = diagnose_delivery(engine, delivery)
    line = _encode(record(delivery, diagnosis)) if as_json else b""
    text = diagnosis.reply.text[:200]
    return Row(line, delivery.kind.value, diagnosis.cause, delivery.recipient, text, delivery.reason)


def _run(engine: Engine, events: list[Found | Unreadable], *, as_json: bool) -> list[Outcome]:
    return [outcome(engine, event, as_json=as_json) for event in events]


def _batched(events: Iterable[Found | Unreadable]) -> Iterator[list[Found | Unreadable]]:
    """The events in lists that are neither long nor heavy."""
    held: list[Found | Unreadable] = []
    weight = 0
    for event in events:
        held.append(event)
        weight += len(event.data) if isinstance(event, Found) else 0
        if len(held) >= BATCH or weight >= BATCH_OCTETS:
            yield held
            held, weight = [], 0
    if held:
        yield held
