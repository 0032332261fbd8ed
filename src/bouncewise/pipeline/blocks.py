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
PIECE = 1 << 20  # octets that are searched at once
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


class Open(msgspec.Struct, frozen=True):
    """A delivery of which earlier lines may tell more.

    Attributes:
        deliveries: it, or all that a line tells of a message's end.
        ended: of a message's end, who had waited no longer when it came.
    """

    deliveries: list[Delivery]
    ended: frozenset[str] = frozenset()


class Read(msgspec.Struct, frozen=True):
    """What a block gave.

    Attributes:
        given: what the sink gathered.
        open_ones: deliveries of which earlier lines may tell more.
        open_ids: queue ids of deliveries that are counted and whose senders or clients earlier lines may
            tell, with the sender where it is known.
        messages: what the block tells of messages, by queue id.
        told: senders and clients by queue id, of the messages that were read in bulk.
        counts: of its lines.
    """

    given: Any
    open_ones: list[Open]
    open_ids: list[tuple[str, str | None]]
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
    stream = LineStream(Clock.at(block.reached), block.place, block.only, is_part=True)
    stream.lines = block.first
    objects = ObjectReader(stream, block.place, block.only)  # reads the lines that are JSON
    open_ones: list[Open] = []
    open_ids: list[tuple[str, str | None]] = []
    for text in texts_of(_pieces(block.data)):
        for delivery in stream.bulk(text) if sink.bulk else stream.read(text.split("\n")):
            if isinstance(delivery, Delivered):
                open_ids += delivery.of_unknown()
            elif _lacks(delivery, bulk=sink.bulk):
                is_end = _is_end(delivery)
                if open_ones and is_end and open_ones[-1].deliveries[0].source == delivery.source:
                    open_ones[-1].deliveries.append(delivery)
                    continue
                ended = stream.ended(delivery.queue_id) if is_end else frozenset()
                open_ones.append(Open([delivery], ended))
                sink.later()
                continue
            sink.take(delivery)
    counts = Counts(
        stream.lines - block.first, stream.foreign + objects.foreign, stream.unread + objects.unread
    )
    return Read(sink.given(), open_ones, open_ids, stream.messages(), stream.bulk_messages(), counts)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Octets in pieces that a processor has at hand."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


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
        for queue_id, sender in read.open_ids:
            told = self._told(queue_id)
            if sender is None:
                found.append(told)
            elif told.sender is None or told.sender == sender:  # else that was another message
                found.append(Message(client=told.client))
        return found

    def _told(self, queue_id: str) -> Message:
        known = self._messages.get(queue_id)
        told = self._origins.message(queue_id)
        return told.over(known) if known else told

    def fill(self, read: Read) -> list[list[Delivery]]:
        """What each open delivery of a block is, as far as earlier blocks tell; to be called in order.

        The end of a message's waiting becomes a delivery for each recipient that waited.
        """
        filled = [self._filled(one) for one in read.open_ones]
        self._origins.replace(*read.told)
        self._forget(*read.told)
        for queue_id, message in read.messages.items():
            known = self._messages.get(queue_id)
            whole = message.over(known) if known else message
            self._messages.put(queue_id, whole)
            self._origins.put(queue_id, whole)
        return filled

    def _forget(self, senders: Mapping[str, str], clients: Mapping[str, str]) -> None:
        """Messages are over whose queue ids another client's or sender's message has now."""
        for messages in (self._messages.young, self._messages.old):
            for queue_id in clients.keys() & messages.keys():
                del messages[queue_id]
            for queue_id in senders.keys() & messages.keys():
                if messages[queue_id].sender not in (None, senders[queue_id]):
                    del messages[queue_id]

    def _filled(self, one: Open) -> list[Delivery]:
        delivery = one.deliveries[0]
        known = self._told(delivery.queue_id)
        if _of_another(delivery, known):
            known = NO_MESSAGE
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
        here = {here.recipient: here.reply for here in one.deliveries if here.recipient}
        whole = Message(waiting=here, ended=set(one.ended)).over(known)
        self._messages.put(delivery.queue_id, msgspec.structs.replace(known, waiting=None))
        return expired(full, whole)


def _of_another(delivery: Delivery, known: Message) -> bool:
    """Whether a delivery is not of the message that had its queue id before."""
    if delivery.sender is not None and known.sender is not None and delivery.sender != known.sender:
        return True
    return bool(delivery.message_id and known.message_id) and delivery.message_id != known.message_id


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
