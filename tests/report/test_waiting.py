"""How long deliveries wait: the same however the log is cut, and in bounded memory."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.report import waiting
from bouncewise.report.waiting import Waiting

ENDS = (Kind.DELIVERED, Kind.BOUNCED, Kind.EXPIRED)


def _delivery(kind: Kind, queue_id: str, minute: int) -> Delivery:
    age = None if kind is Kind.EXPIRED else 300.0 * (minute + 1)
    time = f"2026-11-20T{minute // 60:02}:{minute % 60:02}:00"
    return Delivery(kind=kind, queue_id=queue_id, recipient="a@example.com", time=time, queue_age=age)


def _take(followed: Waiting, delivery: Delivery) -> None:
    if delivery.kind is Kind.DEFERRED:
        followed.defer(delivery, f"cause{delivery.queue_age}")
    else:
        followed.end(delivery, delivered=delivery.kind is Kind.DELIVERED)


def _told(followed: Waiting) -> tuple[Any, ...]:
    still = sorted(
        (wait.queue_id, wait.attempts, wait.first, wait.last, wait.cause) for wait in followed.open()
    )
    ended = {
        cause: (e.deliveries, round(e.seconds), e.longest, e.steps) for cause, e in followed.ended.items()
    }
    return still, ended, dict(followed.attempts), followed.top()


@st.composite
def _histories(draw: st.DrawFn) -> list[Delivery]:
    """Some messages, each put off some times and then at its end or not, between one another."""
    histories = [
        [Kind.DEFERRED] * draw(st.integers(0, 4)) + draw(st.sampled_from([[], *([end] for end in ENDS)]))
        for _ in range(draw(st.integers(1, 4)))
    ]
    order = draw(st.permutations([n for n, history in enumerate(histories) for _ in history]))
    rest = [iter(history) for history in histories]
    return [_delivery(next(rest[n]), f"A{n:04}", minute) for minute, n in enumerate(order)]


@settings(max_examples=300, deadline=None)
@given(_histories(), st.sets(st.integers(0, 16)))
def test_parts_give_what_the_whole_gives(deliveries: list[Delivery], cuts: set[int]) -> None:
    whole, total, part = Waiting(), Waiting(), Waiting()
    for place, delivery in enumerate(deliveries):
        if place in cuts:
            total.merge(part)
            part = Waiting()
        _take(whole, delivery)
        _take(part, delivery)
    total.merge(part)
    assert _told(total) == _told(whole)


@settings(max_examples=200, deadline=None)
@given(_histories(), st.sets(st.integers(0, 16)))
def test_ends_and_deferrals_of_one_part_may_be_counted_apart(
    deliveries: list[Delivery], cuts: set[int]
) -> None:
    whole, total = Waiting(), Waiting()
    ends, rest = Waiting(), Waiting()
    for place, delivery in enumerate(deliveries):
        if place in cuts:
            ends.merge(rest, beside=True)
            total.merge(ends)
            ends, rest = Waiting(), Waiting()
        _take(whole, delivery)
        _take(ends if delivery.kind is Kind.EXPIRED else rest, delivery)
    ends.merge(rest, beside=True)
    total.merge(ends)
    assert _told(total) == _told(whole)


def test_what_is_followed_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LIMIT", 100)
    followed, total = Waiting(), Waiting()
    for number in range(1000):
        followed.defer(_delivery(Kind.DEFERRED, f"A{number}", 1), "greylisted")
        followed.end(_delivery(Kind.BOUNCED, f"B{number}", 1), delivered=False)
    total.merge(followed)
    total.merge(followed)
    for one in (followed, total):
        assert len(list(one.open())) <= 200
        assert len(one._done) <= 100


def test_those_that_were_put_off_most_are_kept() -> None:
    followed = Waiting()
    for number in range(100):
        for minute in range(1 + number):
            followed.defer(_delivery(Kind.DEFERRED, f"A{number}", minute), "greylisted")
        followed.end(_delivery(Kind.DELIVERED, f"A{number}", 200), delivered=True)
    assert [wait.attempts for wait in followed.top()] == list(range(100, 80, -1))
    assert followed.attempts[1] == 1 and followed.ended["greylisted"].deliveries == 100
