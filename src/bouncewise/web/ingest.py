"""From what is sent to what is kept: records of deliveries, mails, logs, webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.pipeline.run import Choices, read_events
from bouncewise.pipeline.sink import Rows
from bouncewise.pipeline.sources import open_file
from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reply.model import Phase
from bouncewise.reply.parse import parse_reply
from bouncewise.store.model import Kept
from bouncewise.store.rows import kept_of, seconds_of

BATCH = 2000  # records that are kept together
MAX_REFUSED = 100  # records whose fault is told
MAX_FIELD = 4000  # characters
MAX_REPLY = 65_536
_PHASES = {phase.value: phase for phase in Phase}
_KIND_OF = {2: Kind.DELIVERED, 4: Kind.DEFERRED, 5: Kind.BOUNCED}
_KINDS = {kind.value: kind for kind in Kind}


class DeliveryIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A delivery that is sent to be kept.

    Attributes:
        reply: what the other server said, in any form that ``explain`` takes.
        id: what names it where it comes from; sent twice it counts once. "" goes by its content.
        kind: ``delivered``, ``deferred``, ``bounced``, ``expired``, ``rejected``, ``complaint`` ...; "" goes
            by the reply's first digit.
        time: RFC 3339; "" is now.
        recipient: the address.
        sender: the reverse-path; None where it is not known.
        host: the server that said it.
        remote_ip: its address.
        local_ip: the address that the mail was sent from.
        client: who handed the message over.
        message_id: of the message.
        queue_id: of the sending server.
        phase: the command that the reply answers.
        status: an enhanced status code that stood apart from the reply.
        source: what tells of it; two sources may use the same ids.
    """

    reply: str = ""
    id: str = ""
    kind: str = ""
    time: str = ""
    recipient: str = ""
    sender: str | None = None
    host: str = ""
    remote_ip: str = ""
    local_ip: str = ""
    client: str = ""
    message_id: str = ""
    queue_id: str = ""
    phase: str = ""
    status: str = ""
    source: str = "api"


class Refused(msgspec.Struct, frozen=True):
    """A record that was not taken.

    Attributes:
        line: its number, from 1.
        message: why.
    """

    line: int
    message: str


class Gathered:
    """What was read of what was sent, or of a part of it.

    Attributes:
        kept: what is to be kept.
        refused: records that can't be, the first of them.
        faulty: how many can't be.
        passed: how many tell of no delivery.
    """

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.refused: list[Refused] = []
        self.faulty = 0
        self.passed = 0

    def refuse(self, line: int, message: str) -> None:
        """Note a record that can't be kept."""
        self.faulty += 1
        if len(self.refused) < MAX_REFUSED:
            self.refused.append(Refused(line, message))

    def take(self, kept: Kept | None) -> None:
        """Note what is to be kept."""
        if kept is None:
            self.passed += 1
        else:
            self.kept.append(kept)


_decode_one = msgspec.json.Decoder(DeliveryIn).decode


def from_lines(engine: Engine, file: BinaryIO, now: int) -> Iterator[Gathered]:
    """Records, one a line, in batches, so that a large body takes little memory.

    Args:
        engine: says what they mean.
        file: lines of JSON; it is closed.
        now: Unix seconds.
    """
    lines = enumerate(file, 1)
    with file:
        while some := list(islice(lines, BATCH)):
            yield _gathered(engine, some, now)


def _gathered(engine: Engine, lines: Iterable[tuple[int, bytes]], now: int) -> Gathered:
    found = Gathered()
    for number, line in lines:
        if not line.strip():
            continue
        try:
            given = _decode_one(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            found.refuse(number, str(fault)[:300])
            continue
        _take(engine, given, number, now, found)
    return found


def from_records(engine: Engine, records: Iterable[DeliveryIn], now: int) -> Iterator[Gathered]:
    """Records that are decoded already."""
    found = Gathered()
    for number, given in enumerate(records, 1):
        _take(engine, given, number, now, found)
    yield found


def _take(engine: Engine, given: DeliveryIn, number: int, now: int, found: Gathered) -> None:
    delivery = _delivery(given)
    if isinstance(delivery, str):
        found.refuse(number, delivery)
        return
    found.take(kept_of(delivery, diagnose_delivery(engine, delivery), now, given.id))


def _delivery(given: DeliveryIn) -> Delivery | str:
    """The delivery of a record, or why it is none."""
    reply = parse_reply(given.reply[:MAX_REPLY])
    kind = _KINDS.get(given.kind) if given.kind else _KIND_OF.get((reply.code or 0) // 100)
    if kind is None:
        if given.kind:
            return f"there is no kind {given.kind[:40]!r}; {', '.join(_KINDS)} are known"
        return "neither kind nor a reply that begins with 2, 4 or 5 tells what became of it"
    if given.time and seconds_of(given.time) is None:
        return f"time {given.time[:40]!r} is none of RFC 3339 (2026-11-25T10:00:00Z)"
    if given.phase and given.phase not in _PHASES:
        return f"there is no phase {given.phase[:40]!r}; {', '.join(_PHASES)} are known"
    longest = max(
        len(given.recipient), len(given.host), len(given.client), len(given.message_id), len(given.id)
    )
    if longest > MAX_FIELD:
        return f"a field is longer than {MAX_FIELD} characters"
    return Delivery(
        source=Source(format=given.source[:40]),
        kind=kind,
        time=given.time,
        sender=given.sender,
        recipient=given.recipient,
        message_id=given.message_id,
        queue_id=given.queue_id,
        remote_mta=given.host,
        remote_ip=given.remote_ip,
        local_ip=given.local_ip,
        client=given.client,
        phase=_PHASES.get(given.phase),
        status=given.status,
        reply=reply,
    )


class KeptSink(Rows["Kept | None"]):
    """Makes what is kept of each delivery.

    Args:
        engine: diagnoses the deliveries.
        now: Unix seconds, for those without a time.
    """

    def __init__(self, engine: Engine, now: int) -> None:
        super().__init__(engine)
        self._now = now

    def _row(self, delivery: Delivery) -> Kept | None:
        return kept_of(delivery, diagnose_delivery(self._engine, delivery), self._now)


class DeliverySink(Rows[Delivery]):
    """Gives the deliveries as they are."""

    def _row(self, delivery: Delivery) -> Delivery:
        return delivery


def deliveries_in(engine: Engine, file: BinaryIO, name: str) -> Iterator[Delivery]:
    """Every delivery that a mail, a mailbox, a log, an archive or a webhook tells of.

    Args:
        engine: the engine.
        file: its octets; it is closed.
        name: what to call it.
    """
    with file:
        for piece in read_events(engine, open_file(file, name), DeliverySink, Choices()):
            yield from piece.given


def from_octets(engine: Engine, file: BinaryIO, name: str, now: int) -> Iterator[Gathered]:
    """What is kept of a mail, a mailbox, a log, an archive or a webhook, in batches.

    Args:
        engine: the engine.
        file: its octets; it is closed.
        name: what to call it.
        now: Unix seconds.
    """
    found = Gathered()
    make = partial(KeptSink, now=now)
    with file:
        for piece in read_events(engine, open_file(file, name), make, Choices()):
            for kept in piece.given:
                found.take(kept)
            if len(found.kept) >= BATCH:
                yield found
                found = Gathered()
    yield found
