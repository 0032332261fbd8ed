"""Deliveries over time as stacked bars, drawn as SVG: the page shows them without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bouncewise.report.tally import OUTCOMES

WIDTH, HEIGHT, LEFT, BOTTOM = 900, 180, 64, 22
MARK = 44  # that the words of a mark take
MAX_BARS = 120
MAX_STEP = 90  # from one bar to the next
_ORDER = ("bounced", "expired", "deferred", "rejected", "complaint", "delivered")  # from below


class Bar(msgspec.Struct, frozen=True):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    outcome: str
    says: str


class Chart(msgspec.Struct, frozen=True):
    """What the template draws.

    Attributes:
        bars: the rectangles.
        marks: of the axis below: place and words.
        most: of the axis at the left.
    """

    bars: list[Bar]
    marks: list[tuple[float, str]]
    most: int


def chart_of(time: Mapping[str, Any], *, failures: bool = False) -> Chart:
    """A chart of what a report counted by time.

    Args:
        time: as ``summarise`` gives it.
        failures: leave out what was delivered.
    """
    buckets: Sequence[Mapping[str, Any]] = time["buckets"][-MAX_BARS:]
    order = [name for name in _ORDER if not (failures and name == "delivered")]
    most = max((sum(bucket[name] for name in order) for bucket in buckets), default=0)
    if not most:
        return Chart([], [], 0)
    step = min((WIDTH - LEFT) / len(buckets), MAX_STEP)
    bars: list[Bar] = []
    for number, bucket in enumerate(buckets):
        low = float(HEIGHT - BOTTOM)
        for name in order:
            if not bucket[name]:
                continue
            tall = max(bucket[name] / most * (HEIGHT - BOTTOM - 8), 0.8)
            low -= tall
            says = f"{_when(bucket['at'])}: {bucket[name]:,} {name}"
            bars.append(
                Bar(
                    round(LEFT + number * step, 1),
                    round(low, 1),
                    round(max(step - 1.5, 1), 1),
                    round(tall, 1),
                    name,
                    says,
                )
            )
    every = max(1, len(buckets) // 8)
    marks = [
        (round(LEFT + n * step, 1), _when(b["at"], short=True))
        for n, b in enumerate(buckets)
        if n % every == 0 and LEFT + n * step < WIDTH - MARK
    ]
    return Chart(bars, marks, most)


def shown_outcomes(totals: Mapping[str, int]) -> list[str]:
    """The outcomes that are worth a word."""
    return [name for name in OUTCOMES if totals[name] or name in ("delivered", "deferred", "bounced")]


def _when(at: str, *, short: bool = False) -> str:
    if len(at) <= 10:
        return at[5:] if short else at
    return f"{at[5:10]} {at[11:13]}h" if short else f"{at[:10]} {at[11:13]}:00"
