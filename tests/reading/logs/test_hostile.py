"""Whatever a log holds, it gives records and nothing else, in bounded memory, and both ways to read it agree."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.postfix_log import postfix_log

from bouncewise.reading.delivery import Delivered, Delivery, Kind
from bouncewise.reading.logs.formats.postfix import Reader
from bouncewise.reading.logs.log import Log, read_log
from bouncewise.reading.logs.model import Line

WRITTEN = (2026, 11, 24)
LINES = postfix_log(60).splitlines()


def counts(found: list[Delivery | Delivered]) -> dict[str, int]:
    told: dict[str, int] = {}
    for one in found:
        many = isinstance(one, Delivered)
        kind = "delivered" if isinstance(one, Delivered) else one.kind.value
        told[kind] = told.get(kind, 0) + (len(one.hours) if isinstance(one, Delivered) and many else 1)
    return told


@given(st.lists(st.binary(max_size=300), max_size=20))
@settings(max_examples=150, deadline=None)
def test_any_octets(blocks: list[bytes]) -> None:
    assert all(isinstance(delivery, Delivery) for delivery in Log(written=WRITTEN).read(blocks))


def damaged(line: bytes, pick: random.Random) -> bytes:
    """A line that is cut, joined with another one, or has something put in."""
    way = pick.randrange(6)
    at = pick.randrange(len(line))
    if way == 0:
        return line[:at]
    if way == 1:
        return line[:at] + pick.choice(LINES)
    if way == 2:
        return (
            line[:at]
            + pick.choice((b"\x00", b"\x1b[2J", b", status=sent (", b": to=<", b"reject: ", b"\xff"))
            + line[at:]
        )
    return line


@given(st.integers(0, 10**9), st.integers(1, 400))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_blocks_and_lines_agree_on_damaged_logs(seed: int, many: int) -> None:
    pick = random.Random(seed)
    lines = LINES[:250] + [damaged(pick.choice(LINES), pick) for _ in range(many)]
    data = b"\n".join(lines) + b"\n"
    bulk, single = Log(written=WRITTEN), Log(written=WRITTEN)
    blocks, one_by_one = counts(list(bulk.read_bulk([data]))), counts(list(single.read([data])))
    # a line that is damaged at its beginning and tells of no delivery is passed over in a block
    assert blocks.pop("unreadable", 0) <= one_by_one.pop("unreadable", 0)
    assert blocks == one_by_one
    assert bulk.counts.lines >= len(lines)


def test_a_line_without_an_end_is_held_in_bounded_memory() -> None:
    line = b"Nov 23 17:40:28 mail1 postfix/smtp[1]: 4AAAAAA: to=<" + b"x" * 1000
    tracemalloc.start()
    blocks = chain((line,), (b"y" * 100_000 for _ in range(200)), (b"\n", *LINES[:5]))
    found = list(Log(written=WRITTEN).read(blocks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0].kind is Kind.UNREADABLE
    assert peak < 8_000_000


def test_times_that_go_back_and_wrong_ones_cost_nothing() -> None:
    template = (
        "{} mail1 postfix/smtp[1]: 4AAAAAA: to=<b@example.net>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, "
        "status=deferred (connect to mx.example.net[192.0.2.1]:25: Connection refused)\n"
    )
    stamps = ("Nov 23 17:40:28", "Nov 23 17:39:00", "Nov 22 10:00:00", "Feb 31 99:99:99", "Nov 23 17:41:00")
    found = read_log("".join(template.format(stamp) for stamp in stamps).encode(), WRITTEN)
    assert [delivery.kind for delivery in found] == [Kind.DEFERRED] * 5
    assert [delivery.time[:10] for delivery in found[:3]] == ["2026-11-23", "2026-11-23", "2026-11-22"]


def test_figures_that_are_none() -> None:
    template = (
        "Nov 23 17:40:28 mail1 postfix/smtp[1]: 4AAAAAA: to=<b@example.net>, relay=none, delay={}, delays=0/0/0/1, "
        "dsn=4.4.1, status=deferred (no)\n"
    )
    found = read_log(
        "".join(template.format(delay) for delay in (".", "1.2.3", "...", "7.5")).encode(), WRITTEN
    )
    assert [delivery.queue_age for delivery in found] == [None, None, None, 7.5]


def test_who_waited_in_vain_does_not_wait_for_the_next_message_of_that_queue_id() -> None:
    wait = (
        "Nov 23 17:40:28 mail1 postfix/smtp[1]: 4AAAAAA: to=<{}@example.net>, relay=none, delay=1, delays=0/0/0/1, "
        "dsn=4.4.1, status=deferred (no)\n"
    )
    end = "Nov 28 17:40:28 mail1 postfix/qmgr[1]: 4AAAAAA: from=<a@example.com>, status=expired, returned to sender\n"
    found = read_log((wait.format("bob") + end + wait.format("eve") + end).encode(), WRITTEN)
    assert [d.recipient for d in found if d.kind is Kind.EXPIRED] == ["bob@example.net", "eve@example.net"]


def test_a_fault_of_a_reader_costs_its_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Reader.read

    def faulty(self: Reader, line: Line) -> Iterable[Delivery]:
        if line.number == 2:
            raise ValueError("what nobody thought of")
        return real(self, line)

    monkeypatch.setattr(Reader, "read", faulty)
    found = read_log(b"\n".join(LINES[:60]), WRITTEN)
    assert (found[0].source.line, found[0].kind) == (2, Kind.UNREADABLE)
    assert "what nobody thought of" in found[0].reason
    assert len(found) > 5
