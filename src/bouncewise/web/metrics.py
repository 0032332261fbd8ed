"""What Prometheus is told: deliveries by outcome, cause and provider, and how long answers take."""

from __future__ import annotations

from collections import Counter as Tallied
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bouncewise.report.tally import OUTCOMES
from bouncewise.store.model import COLUMNS, Kept

_OUTCOME, _CAUSE, _PROVIDER = (COLUMNS.index(name) for name in ("outcome", "cause", "provider"))
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._deliveries = Counter(
            "bouncewise_deliveries",
            "Deliveries that were taken in",
            ["outcome", "cause", "provider"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "bouncewise_request_seconds",
            "Seconds until an answer",
            ["route", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            "bouncewise_refused_records", "Records that could not be taken in", registry=self.registry
        )
        self._known = Counter(
            "bouncewise_known_deliveries", "Deliveries that had been taken in before", registry=self.registry
        )
        self.live = Gauge("bouncewise_listeners", "Pages that follow what comes in", registry=self.registry)

    def took(self, kept: Iterable[Kept], known: int, refused: int) -> None:
        """Deliveries were taken in."""
        told = Tallied((one.values[_OUTCOME], one.values[_CAUSE], one.values[_PROVIDER]) for one in kept)
        for (outcome, cause, provider), count in told.items():
            self._deliveries.labels(OUTCOMES[outcome], cause, provider).inc(count)
        self._known.inc(known)
        self._refused.inc(refused)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._seconds.labels(route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)
