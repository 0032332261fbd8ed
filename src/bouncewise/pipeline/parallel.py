"""The same in several processes: mails in batches, logs in parts, and all of it in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.workers import in_processes
from bouncewise.pipeline.blocks import Block, Filler, parted, read_block
from bouncewise.pipeline.run import (
    BATCH,
    BATCH_OCTETS,
    CHUNK,
    Choices,
    MakeSink,
    Metered,
    Piece,
    place_of,
    read_one,
)
from bouncewise.pipeline.sources import Found, Logged, Unreadable
from bouncewise.reading.delivery import Delivery
from bouncewise.reading.logs.detect import Form
from bouncewise.reading.logs.log import Counts, Log


class Mails(msgspec.Struct, frozen=True):
    """Mails that go to a process together."""

    events: list[Found | Unreadable]


class Parsed(msgspec.Struct, frozen=True):
    """Deliveries of a log that can't be parted: read here, diagnosed in a process."""

    deliveries: list[Delivery]
    piece: Piece


class Part(msgspec.Struct, frozen=True):
    """A part of a log, and whether it goes on with what was read before it."""

    block: Block
    follows: bool


def read_in_processes(
    engine: Engine, events: Iterable[Found | Logged | Unreadable], make_sink: MakeSink, choices: Choices
) -> Iterator[Piece]:
    """Read events in several processes, in order.

    Args:
        engine: whose settings the processes take over.
        events: mails, logs and what can't be read.
        make_sink: makes the sink of a process, and one here.
        choices: how to read.
    """
    sink, filler = make_sink(engine), Filler()
    run = partial(_run, make_sink=make_sink)
    for results in in_processes(engine, run, _units(events, choices.only), choices.workers):
        for result in results:
            if isinstance(result, Piece):
                yield msgspec.structs.replace(result, given=sink.absorb(result.given, ()))
                continue
            part, read = result
            if not part.follows:
                filler = Filler()
            told = filler.fill_ids(read)
            given = sink.absorb(read.given, filler.fill(read), told)
            place = part.block.place
            yield Piece(given, place.path, place.member, octets=part.block.octets, counts=read.counts)


def _run(engine: Engine, unit: Mails | Parsed | Part, *, make_sink: MakeSink) -> list[Any]:
    if isinstance(unit, Part):
        read = read_block(engine, unit.block, make_sink)
        return [(Part(unit.block.without_data(), unit.follows), read)]
    sink = make_sink(engine)
    if isinstance(unit, Mails):
        return [read_one(sink, event) for event in unit.events]
    for delivery in unit.deliveries:
        sink.take(delivery)
    return [msgspec.structs.replace(unit.piece, given=sink.given())]


def _units(events: Iterable[Found | Logged | Unreadable], only: str) -> Iterator[Mails | Parsed | Part]:
    """What the processes are given: lists of mails that are neither long nor heavy, parts of logs."""
    held: list[Found | Unreadable] = []
    weight = 0
    for event in events:
        if isinstance(event, Logged):
            if held:
                yield Mails(held)
                held, weight = [], 0
            yield from _log_units(event, only)
            continue
        held.append(event)
        weight += len(event.data) if isinstance(event, Found) else 0
        if len(held) >= BATCH or weight >= BATCH_OCTETS:
            yield Mails(held)
            held, weight = [], 0
    if held:
        yield Mails(held)


def _log_units(event: Logged, only: str) -> Iterator[Parsed | Part]:
    blocks = Metered(event.blocks)
    if event.form is Form.LINES:
        follows = event.follows
        for block in parted(blocks, place_of(event), event.written, only):
            yield Part(block, follows)
            follows = True
    else:
        yield from _whole(event, blocks, only)
    lost = blocks.lost(event)
    if lost:
        yield Parsed(lost, Piece(None, event.path, event.member))


def _whole(event: Logged, blocks: Metered, only: str) -> Iterator[Parsed]:
    """A table or JSON, which is read here."""
    log = Log(place_of(event), event.written, only)
    deliveries, before = log.read(blocks, event.form), Counts()
    while some := list(islice(deliveries, CHUNK)):
        now = log.counts
        yield Parsed(
            some,
            Piece(None, event.path, event.member, octets=blocks.taken(), counts=now.since(before)),
        )
        before = now
    rest = log.counts.since(before)
    yield Parsed([], Piece(None, event.path, event.member, octets=blocks.taken(), counts=rest))
