"""The sink of ``report``: deliveries are diagnosed and counted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.template import template_of
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.reading.delivery import Delivery
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


class ReportSink:
    """Counts deliveries.

    Args:
        engine: diagnoses them.
        period: which of them count.
        by: a further dimension to count by.
    """

    def __init__(self, engine: Engine, *, period: Period = Period(), by: str = "") -> None:  # noqa: B008
        self._engine = engine
        self._period = period if period.since or period.until else None
        self._by = by
        self._held: list[list[Delivery]] = [[] for _ in Outcome]
        self._rollup = Rollup(by)

    def take(self, delivery: Delivery) -> None:
        """Count a delivery."""
        if self._period is not None and not self._period.holds(delivery.time):
            return
        outcome = outcome_of(delivery)
        if outcome is None:
            self._rollup.add_other(delivery.kind)
            return
        self._held[outcome].append(delivery)
        if outcome is not Outcome.DELIVERED:
            self._diagnose(outcome, delivery)

    def later(self) -> None:
        """Counts have no order; nothing is to be done."""

    def _diagnose(self, outcome: Outcome, delivery: Delivery) -> None:
        cause = diagnose_delivery(self._engine, delivery).cause
        template = ""
        if cause == "unknown":
            words = fold_bytes(delivery.reply.text[:MAX_TEMPLATE])
            template = template_of(words).decode("utf-8", "replace")
        self._rollup.add_cause(outcome, delivery, cause, template)

    def given(self) -> Rollup:
        """What was counted since this was last asked."""
        for outcome in Outcome:
            if self._held[outcome]:
                self._rollup.add(outcome, self._held[outcome])
                self._held[outcome] = []
        rollup, self._rollup = self._rollup, Rollup(self._by)
        return rollup

    def absorb(self, given: Rollup, open_ones: Sequence[Sequence[Delivery]]) -> Rollup:
        """What another process counted, with what it left open."""
        if not open_ones:
            return given
        for deliveries in open_ones:
            for delivery in deliveries:
                self.take(delivery)
        own = self.given()
        own.merge(given)
        return own
