"""The sink of ``report``: deliveries are diagnosed and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.template import template_of
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.reading.delivery import Delivered, Delivery
from bouncewise.reading.logs.model import Message
from bouncewise.report.rollup import Rollup, outcome_of
from bouncewise.report.tally import Outcome

MAX_TEMPLATE = 300  # characters


class Period(msgspec.Struct, frozen=True):
    """Which deliveries count, by their times as they stand in the log; "" sets no limit.

    Attributes:
        since: the first time that counts.
        until: the first time that counts no more.
    """

    since: str = ""
    until: str = ""

    def holds(self, time: str) -> bool:
        """Whether a time is in the period; what has no time is in none that is limited."""
        time = time[:19]
        return (not self.since or time >= self.since) and (not self.until or "" < time < self.until)


ALWAYS = Period()


def _lists() -> list[list[Delivery]]:
    """A list for each outcome."""
    return [[] for _ in Outcome]


class ReportSink:
    """Counts deliveries.

    Args:
        engine: diagnoses them.
        period: which of them count.
        by: a further dimension to count by.
        suppress: whether to gather the addresses that should get no more mail.
    """

    def __init__(
        self, engine: Engine, *, period: Period = ALWAYS, by: str = "", suppress: bool = False
    ) -> None:
        self._engine = engine
        self._suppress = suppress
        self._period = period if period.since or period.until else None
        self._by = by
        self.bulk = self._period is None and not by
        self._held = _lists()
        self._causes: defaultdict[str, list[list[Delivery]]] = defaultdict(_lists)
        self._rollup = Rollup(by)

    def take(self, delivery: Delivery | Delivered) -> None:
        """Count a delivery, or many."""
        if isinstance(delivery, Delivered):
            self._rollup.add_delivered(delivery)
            return
        if self._period is not None and not self._period.holds(delivery.time):
            return
        outcome = outcome_of(delivery)
        if outcome is None:
            self._rollup.add_other(delivery)
            return
        self._held[outcome].append(delivery)
        self._rollup.follow(outcome, delivery)
        if outcome is not Outcome.DELIVERED:
            self._diagnose(outcome, delivery)

    def later(self) -> None:
        """Counts have no order; nothing is to be done."""

    def _diagnose(self, outcome: Outcome, delivery: Delivery) -> None:
        diagnosis = diagnose_delivery(self._engine, delivery)
        cause = diagnosis.cause
        if self._suppress and diagnosis.brief.suppress:
            self._rollup.add_suppressed(delivery, cause)
        if cause == "unknown":
            words = fold_bytes(delivery.reply.text[:MAX_TEMPLATE])
            self._rollup.add_unknown(template_of(words).decode("utf-8", "replace"), delivery)
        if outcome is Outcome.DEFERRED:
            self._rollup.waiting.defer(delivery, cause)
        self._causes[cause][outcome].append(delivery)

    def given(self) -> Rollup:
        """What was counted since this was last asked."""
        for outcome in Outcome:
            if self._held[outcome]:
                self._rollup.add(outcome, self._held[outcome])
                self._held[outcome] = []
        for cause, held in self._causes.items():
            for outcome in Outcome:
                if held[outcome]:
                    self._rollup.add_cause(outcome, cause, held[outcome])
        self._causes.clear()
        rollup, self._rollup = self._rollup, Rollup(self._by)
        return rollup

    def absorb(
        self, given: Rollup, open_ones: Sequence[Sequence[Delivery]], told: Sequence[Message] = ()
    ) -> Rollup:
        """What another process counted, with what it left open."""
        given.add_senders(told)
        if not open_ones:
            return given
        for deliveries in open_ones:
            for delivery in deliveries:
                self.take(delivery)
        own = self.given()
        own.merge(given, beside=True)
        return own


class PairSink:
    """Counts what two sinks count, in one pass.

    Args:
        engine: diagnoses.
        first: makes one of them.
        second: makes the other.
    """

    def __init__(
        self, engine: Engine, *, first: Callable[[Engine], ReportSink], second: Callable[[Engine], ReportSink]
    ) -> None:
        self._sinks = first(engine), second(engine)
        self.bulk = all(sink.bulk for sink in self._sinks)

    def take(self, delivery: Delivery | Delivered) -> None:
        """Count a delivery, or many."""
        for sink in self._sinks:
            sink.take(delivery)

    def later(self) -> None:
        """Counts have no order; nothing is to be done."""

    def given(self) -> tuple[Rollup, Rollup]:
        """What both counted since this was last asked."""
        first, second = self._sinks
        return first.given(), second.given()

    def absorb(
        self,
        given: tuple[Rollup, Rollup],
        open_ones: Sequence[Sequence[Delivery]],
        told: Sequence[Message] = (),
    ) -> tuple[Rollup, Rollup]:
        """What another process counted, with what it left open."""
        first, second = self._sinks
        return first.absorb(given[0], open_ones, told), second.absorb(given[1], open_ones, told)
