"""Deliveries that were deferred: how often each was tried again, and how long it took in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from bouncewise.reading.delivery import Delivery

LIMIT = 40_000  # deliveries whose waiting is followed, in each of two generations
MAX_TOP = 20
_MINUTE = 60.0
# the upper ends of the classes of waiting times, in seconds
STEPS = (60, 300, 900, 3600, 4 * 3600, 24 * 3600)


class Wait(msgspec.Struct):
    """One delivery that waits.

    Attributes:
        attempts: how often it was deferred.
        first: time of the first deferral that was seen.
        last: time of the last.
        cause: why, the last time.
        recipient: whom it is for.
        queue_id: of the message.
    """

    attempts: int
    first: str
    last: str
    cause: str
    recipient: str
    queue_id: str


class Ended(msgspec.Struct):
    """What waiting for a cause came to, of the deliveries that were made in the end.

    Attributes:
        deliveries: how many were made after waiting.
        seconds: how long they took together.
        longest: the longest time, in seconds.
        steps: how many took up to each of ``STEPS``, and how many longer.
    """

    deliveries: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    steps: list[int] = msgspec.field(default_factory=lambda: [0] * (len(STEPS) + 1))

    def add(self, seconds: float) -> None:
        """Count a delivery that took so long."""
        self.deliveries += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
        self.steps[next((i for i, step in enumerate(STEPS) if seconds <= step), len(STEPS))] += 1

    def merge(self, other: Ended) -> None:
        """Take in what was counted elsewhere."""
        self.deliveries += other.deliveries
        self.seconds += other.seconds
        self.longest = max(self.longest, other.longest)
        self.steps = [a + b for a, b in zip(self.steps, other.steps, strict=True)]


# The deferrals that were counted of a delivery, if any, and the seconds until it was made
Done = tuple[Wait | None, float | None]


class Waiting:
    """Follows deferred deliveries by queue id and recipient, in bounded memory.

    Attributes:
        ended: by cause, what waiting came to.
        attempts: how many deliveries were deferred so often (1, 2, ...), when they ended.
        most: those that were deferred most often, of those that ended.
    """

    def __init__(self) -> None:
        self._young: dict[str, Wait] = {}
        self._old: dict[str, Wait] = {}
        self._done: dict[str, Done] = {}  # which may have waited in an earlier part of the log, too
        self.ended: dict[str, Ended] = {}
        self.most: list[Wait] = []
        self.attempts: Counter[int] = Counter()

    def defer(self, delivery: Delivery, cause: str) -> None:
        """A delivery was put off."""
        key = _key(delivery)
        wait = self._find(key)
        if wait is None:
            self._put(
                key, Wait(1, delivery.time, delivery.time, cause, delivery.recipient, delivery.queue_id)
            )
            return
        wait.attempts += 1
        wait.last, wait.cause = delivery.time, cause

    def end(self, delivery: Delivery, *, delivered: bool) -> None:
        """A delivery that may have waited came to its end."""
        key = _key(delivery)
        wait = self._pop(key)
        seconds, age = delivery.queue_age if delivered else None, delivery.queue_age
        late = age > _MINUTE if age is not None else not delivered
        if wait is not None:
            self._finish(wait, seconds)
        if wait is not None or late:
            self._remember(key, (wait, seconds))

    def merge(self, later: Waiting, *, beside: bool = False) -> None:
        """Take in what was followed in the next part of the log.

        Args:
            later: what was followed there.
            beside: both were followed in one part, so that what was put off there may have ended here.
        """
        self.attempts.update(later.attempts)
        for cause, ended in later.ended.items():
            self.ended.setdefault(cause, Ended()).merge(ended)
        self.most = _top([*self.most, *later.most])
        for key, done in later._done.items():
            self._settle(key, self._pop(key), *done)
        if beside:
            for key, done in list(self._done.items()):
                wait = later._pop(key)
                if wait is not None:
                    del self._done[key]
                    self._settle(key, wait, *done)
        for key, more in (*later._old.items(), *later._young.items()):
            wait = self._find(key)
            if wait is None:
                self._put(key, more)
            else:
                wait.attempts += more.attempts
                wait.last, wait.cause = more.last, more.cause

    def open(self) -> Iterator[Wait]:
        """The deliveries that still wait."""
        yield from self._old.values()
        yield from self._young.values()

    def top(self) -> list[Wait]:
        """The deliveries that were deferred most often, over or not."""
        return _top([*self.most, *(wait for wait in self.open() if wait.attempts > 1)])

    def _finish(self, wait: Wait, seconds: float | None) -> None:
        self.attempts[wait.attempts] += 1
        if seconds is not None:
            self.ended.setdefault(wait.cause, Ended()).add(seconds)
        if wait.attempts > 1 and (len(self.most) < MAX_TOP or _rank(wait) < _rank(self.most[-1])):
            self.most = _top([*self.most, wait])

    def _settle(self, key: str, wait: Wait | None, counted: Wait | None, seconds: float | None) -> None:
        """Take note that a delivery ended that was put off, as it may be, in another part.

        Args:
            key: of the delivery.
            wait: its deferrals that are not counted yet.
            counted: those that were counted when it ended.
            seconds: until it was made.
        """
        if wait is not None and counted is not None:
            wait = self._lengthen(counted, wait)
        elif wait is not None:
            self._finish(wait, seconds)
        self._remember(key, (wait or counted, seconds))

    def _lengthen(self, counted: Wait, earlier: Wait) -> Wait:
        """Add what was followed earlier of a delivery whose end is counted already."""
        self.attempts[counted.attempts] -= 1
        if not self.attempts[counted.attempts]:
            del self.attempts[counted.attempts]
        whole = Wait(
            earlier.attempts + counted.attempts,
            earlier.first,
            counted.last,
            counted.cause,
            counted.recipient,
            counted.queue_id,
        )
        self.attempts[whole.attempts] += 1
        self.most = _top([*(wait for wait in self.most if wait != counted), whole])
        return whole

    def _remember(self, key: str, done: Done) -> None:
        if len(self._done) < LIMIT:
            self._done.setdefault(key, done)

    def _find(self, key: str) -> Wait | None:
        return self._young.get(key) or self._old.get(key)

    def _pop(self, key: str) -> Wait | None:
        return self._young.pop(key, None) or self._old.pop(key, None)

    def _put(self, key: str, wait: Wait) -> None:
        if len(self._young) >= LIMIT:
            self._old, self._young = self._young, {}
        self._young[key] = wait


def _key(delivery: Delivery) -> str:
    return f"{delivery.queue_id or delivery.message_id}\0{delivery.recipient}"


def _top(waits: list[Wait]) -> list[Wait]:
    return sorted(waits, key=_rank)[:MAX_TOP]


def _rank(wait: Wait) -> tuple[int, str, str]:
    return -wait.attempts, wait.first, wait.recipient
