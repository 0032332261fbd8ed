"""Counting many names in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum

from bouncewise.reading.delivery import Kind

LIMIT = 10_000  # names that are kept apart in one tally
OTHERS = "\0others"


class Outcome(IntEnum):
    """What a delivery counts as."""

    DELIVERED = 0
    DEFERRED = 1
    BOUNCED = 2
    EXPIRED = 3
    REJECTED = 4
    COMPLAINT = 5


OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)
OUTCOME_OF = {
    Kind.DELIVERED: Outcome.DELIVERED,
    Kind.RELAYED: Outcome.DELIVERED,
    Kind.DEFERRED: Outcome.DEFERRED,
    Kind.DELAYED: Outcome.DEFERRED,
    Kind.BOUNCED: Outcome.BOUNCED,
    Kind.EXPIRED: Outcome.EXPIRED,
    Kind.REJECTED: Outcome.REJECTED,
    Kind.COMPLAINT: Outcome.COMPLAINT,
}


class Tally:
    """How often each name came with each outcome.

    Beyond ``limit`` names the rarest are counted together, so that memory does not grow with the input.

    Args:
        limit: names that are kept apart.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.counts: tuple[Counter[str], ...] = tuple(Counter() for _ in OUTCOMES)

    def add(self, outcome: Outcome, names: Iterable[str]) -> None:
        """Count names, once for each time they come.

        Args:
            outcome: of all of them.
            names: one for each delivery.
        """
        counter = self.counts[outcome]
        counter.update(names)
        if len(counter) > 2 * self._limit:
            self._prune(counter)

    def merge(self, other: Tally) -> None:
        """Take in what another tally counted."""
        for counter, more in zip(self.counts, other.counts, strict=True):
            counter.update(more)
            if len(counter) > 2 * self._limit:
                self._prune(counter)

    def rows(self) -> Iterator[tuple[str, list[int]]]:
        """Each name with its counts by outcome, the most frequent first, what was counted together last."""
        totals: dict[str, int] = {}
        for counter in self.counts:
            for name, count in counter.items():
                totals[name] = totals.get(name, 0) + count
        others = totals.pop(OTHERS, None) is not None
        ordered = sorted(totals, key=lambda name: (-totals[name], name))
        for name in (*ordered, OTHERS) if others else ordered:
            yield name, [counter.get(name, 0) for counter in self.counts]

    def _prune(self, counter: Counter[str]) -> None:
        others = counter.pop(OTHERS, 0)
        kept = counter.most_common(self._limit)
        others += counter.total() - sum(count for _, count in kept)
        counter.clear()
        counter.update(dict(kept))
        counter[OTHERS] = others
