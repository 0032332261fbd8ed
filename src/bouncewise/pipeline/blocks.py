"""Parts of a log that several processes read at once, and what each lacks of the part before it.

A message's sender and Message-ID may stand in an earlier part than its delivery. A process gives such
deliveries back together with what it learned of messages; the parent, which sees the parts in their order,
fills them in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.sink import Sink
from bouncewise.reading.delivery import Delivered, Delivery, Kind, Source
from bouncewise.reading.logs.bulk import EXPIRED, Origins
from bouncewise.reading.logs.log import Counts
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Message, expired
from bouncewise.reading.logs.objects import ObjectReader
from bouncewise.reading.logs.stream import LineStream
from bouncewise.reading.logs.text import texts_of
from bouncewise.reading.logs.times import Clock

OCTETS = 4 << 20  # of a block
MAX_TOLD = 200_000  # messages whose senders are held, in each of two generations
MAX_LINE = 1 << 20  # octets of a line that is not parted


class Block(msgspec.Struct, frozen=True):
    """Some whole lines of a log.

    Attributes:
        data: the lines.
        place: the file.
        first: number of lines before it.
        reached: what its clock tells of the lines before, for times without a year.
        only: name of the one format to read, or "".
        octets: of the lines.
    """

    data: bytes
    place: Source
    first: int
    reached: tuple[int, int, int, int]
    only: str = ""
    octets: int = 0

    def without_data(self) -> Block:
        """The same without the lines, which nobody needs again."""
        return msgspec.structs.replace(self, data=b"")


class Read(msgspec.Struct, frozen=True):
    """What a block gave.

    Attributes:
        given: what the sink gathered.
        open_ones: deliveries of which earlier lines may tell more; those together that a line tells of a
            message's end.
        open_ids: queue ids of deliveries that are counted and whose senders or clients earlier lines may
            tell, and whether the sender is known.
        messages: what the block tells of messages, by queue id.
        told: senders and clients by queue id, of the messages that were read in bulk.
        counts: of its lines.
    """

    given: Any
    open_ones: list[list[Delivery]]
    open_ids: list[tuple[str, bool]]
    messages: dict[str, Message]
    told: tuple[dict[str, str], dict[str, str]]
    counts: Counts


def read_block(engine: Engine, block: Block, make_sink: Callable[[Engine], Sink]) -> Read:
    """Read one block in a process of its own.

    Args:
        engine: of that process.
        block: the lines.
        make_sink: makes the sink of that process.
    """
    sink = make_sink(engine)
    stream = LineStream(Clock.at(block.reached), block.place, block.only)
    stream.lines = block.first
    objects = ObjectReader(stream, block.place, block.only)  # reads the lines that are JSON
    open_ones: list[list[Delivery]] = []
    open_ids: list[tuple[str, bool]] = []
    for text in texts_of([block.data]):
        for delivery in stream.bulk(text) if sink.bulk else stream.read(text.split("\n")):
            if isinstance(delivery, Delivered):
                open_ids += delivery.of_unknown()
            elif _lacks(delivery, bulk=sink.bulk):
                if open_ones and _is_end(delivery) and open_ones[-1][0].source == delivery.source:
                    open_ones[-1].append(delivery)
                    continue
                open_ones.append([delivery])
                sink.later()
                continue
            sink.take(delivery)
    counts = Counts(
        stream.lines - block.first, stream.foreign + objects.foreign, stream.unread + objects.unread
    )
    return Read(sink.given(), open_ones, open_ids, stream.messages(), stream.bulk_messages(), counts)


def _lacks(delivery: Delivery, *, bulk: bool) -> bool:
    """Whether earlier lines may tell more that is asked for."""
    if not delivery.queue_id:
        return False
    if delivery.sender is None or _is_end(delivery):
        return True
    return not delivery.client or not (bulk or delivery.message_id)


def _is_end(delivery: Delivery) -> bool:
    """Whether this is what a line tells of a whole message, of which others may wait since earlier lines."""
    return not delivery.recipient or (delivery.kind is Kind.EXPIRED and EXPIRED in delivery.note)


class Filler:
    """Knows the messages of the parts before and completes deliveries with them."""

    def __init__(self) -> None:
        self._messages: Joins[Message] = Joins()
        self._origins = Origins(MAX_TOLD)

    def fill_ids(self, read: Read) -> list[Message]:
        """What is to be added on messages of which a block told too little; to be called before ``fill``."""
        found = []
        for queue_id, has_sender in read.open_ids:
            told = self._told(queue_id)
            found.append(Message(client=told.client) if has_sender else told)
        return found

    def _told(self, queue_id: str) -> Message:
        known = self._messages.get(queue_id)
        told = self._origins.message(queue_id)
        return told.over(known) if known else told

    def fill(self, read: Read) -> list[list[Delivery]]:
        """What each open delivery of a block is, as far as earlier blocks tell; to be called in order.

        The end of a message's waiting becomes a delivery for each recipient that waited.
        """
        filled = [self._filled(group, read.messages) for group in read.open_ones]
        for queue_id, message in read.messages.items():
            known = self._messages.get(queue_id)
            self._messages.put(queue_id, message.over(known) if known else message)
        self._origins.remember(*read.told)
        return filled

    def _filled(self, group: list[Delivery], messages: Mapping[str, Message]) -> list[Delivery]:
        delivery = group[0]
        known = self._told(delivery.queue_id)
        full = msgspec.structs.replace(
            delivery,
            sender=delivery.sender if delivery.sender is not None else known.sender,
            message_id=delivery.message_id or known.message_id,
            client=delivery.client or known.client,
            size=delivery.size if delivery.size is not None else known.size,
            local_ip=delivery.local_ip or known.local_ip,
        )
        if delivery.kind is not Kind.EXPIRED or not _is_end(delivery):
            return [full]
        ended = messages.get(delivery.queue_id, NO_MESSAGE).ended
        here = {one.recipient: one.reply for one in group if one.recipient}
        whole = Message(waiting=here, ended=ended).over(known)
        self._messages.put(delivery.queue_id, msgspec.structs.replace(known, waiting=None))
        return expired(full, whole)


def parted(
    blocks: Iterable[bytes], place: Source, written: tuple[int, int, int], only: str = ""
) -> Iterator[Block]:
    """A log in parts of whole lines.

    Args:
        blocks: its octets, cut anywhere.
        place: the file.
        written: when it was last written to.
        only: name of the one format to read, or "".
    """
    clock = Clock(*written)
    number = 0
    held: list[bytes] = []
    weight = 0
    for data in chain(blocks, (b"",)):
        cut = data.rfind(b"\n") + 1
        weight += len(data)
        if data and (not cut or weight < OCTETS) and weight < OCTETS + MAX_LINE:
            held.append(data)
            continue
        whole = b"".join((*held, data[:cut])) if data else b"".join(held)
        held, weight = ([data[cut:]], len(data) - cut) if data else ([], 0)
        if whole:
            clock.pass_over(whole[:64])
            yield Block(whole, place, number, clock.reached, only, len(whole))
            number += whole.count(b"\n")
