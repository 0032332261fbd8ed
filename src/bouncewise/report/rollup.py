"""Diagnosed deliveries, counted by everything that a report shows; parts of a log are merged in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.report.tally import OUTCOME_OF, OUTCOMES, Outcome, Tally
from bouncewise.report.waiting import Waiting

MAX_PER_CAUSE = 300  # names of each kind that are kept apart for a cause
MAX_EXAMPLES = 3
MAX_TEMPLATES = 2000  # unknown templates that are kept apart
MAX_WORDS = 400  # characters of an example
# What each dimension is counted by
DIMENSIONS: dict[str, Callable[[Delivery], str]] = {
    "hour": lambda d: d.time[:13],
    "domain": lambda d: d.recipient.rpartition("@")[2],
    "host": lambda d: d.remote_mta,
    "ip": lambda d: d.local_ip or d.reporting_mta,
    "sender-domain": lambda d: (
        d.sender.rpartition("@")[2] if d.sender else ("" if d.sender is None else "<>")
    ),
    "client": lambda d: d.client,
}
# What only --by asks for
FURTHER: dict[str, Callable[[Delivery], str]] = {
    "sender": lambda d: "" if d.sender is None else d.sender or "<>",
    "recipient": lambda d: d.recipient,
    "code": lambda d: str(d.reply.code or ""),
    "enhanced": lambda d: d.status or str(d.reply.enhanced or ""),
    "format": lambda d: d.source.format,
    "file": lambda d: d.source.path,
    "day": lambda d: d.time[:10],
    "remote-ip": lambda d: d.remote_ip,
}


class Example(msgspec.Struct, frozen=True):
    """One delivery that shows a cause.

    Attributes:
        reply: what was said.
        recipient: whom it was for.
        path: the file.
        line: of a log, or None.
        offset: into a mailbox, or None.
    """

    reply: str
    recipient: str
    path: str
    line: int | None
    offset: int | None


class CauseTally:
    """What is counted of one cause.

    Attributes:
        outcomes: counts by outcome.
        names: by dimension, the names that it concerns.
        first: time of the first.
        last: time of the last.
        examples: some deliveries.
    """

    def __init__(self) -> None:
        self.outcomes = [0] * len(OUTCOMES)
        self.names: dict[str, Tally] = {name: Tally(MAX_PER_CAUSE) for name in DIMENSIONS}
        self.first = self.last = ""
        self.examples: list[Example] = []

    def add(self, outcome: Outcome, delivery: Delivery) -> None:
        """Count a delivery."""
        self.outcomes[outcome] += 1
        for name, of in DIMENSIONS.items():
            self.names[name].add(outcome, (of(delivery),))
        time = delivery.time
        if time:
            self.first = min(self.first or time, time)
            self.last = max(self.last, time)
        if len(self.examples) < MAX_EXAMPLES:
            reply = delivery.reply
            words = " ".join(str(part) for part in (reply.code, reply.enhanced, reply.text) if part)
            source = delivery.source
            self.examples.append(
                Example(words[:MAX_WORDS], delivery.recipient, source.path, source.line, source.offset)
            )

    def merge(self, later: CauseTally) -> None:
        """Take in what was counted elsewhere."""
        self.outcomes = [a + b for a, b in zip(self.outcomes, later.outcomes, strict=True)]
        for name, tally in self.names.items():
            tally.merge(later.names[name])
        self.first = min(filter(None, (self.first, later.first)), default="")
        self.last = max(self.last, later.last)
        self.examples = [*self.examples, *later.examples][:MAX_EXAMPLES]


class Rollup:
    """Everything that a report counts.

    Args:
        by: a further dimension of ``FURTHER`` to count by, or "".
    """

    def __init__(self, by: str = "") -> None:
        self.by = by if by in FURTHER else ""
        self.outcomes = [0] * len(OUTCOMES)
        self.others: Counter[str] = Counter()
        self.names: dict[str, Tally] = {name: Tally() for name in DIMENSIONS}
        if self.by:
            self.names[self.by] = Tally()
        self.causes: dict[str, CauseTally] = {}
        self.unknown: dict[str, list[int | str]] = {}
        self.waiting = Waiting()
        self.slow: Counter[int] = Counter()
        self.first = self.last = ""

    def add(self, outcome: Outcome, deliveries: Sequence[Delivery]) -> None:
        """Count deliveries of one outcome; failures besides by ``add_cause``.

        Args:
            outcome: of all of them.
            deliveries: in their order.
        """
        self.outcomes[outcome] += len(deliveries)
        for name, tally in self.names.items():
            of = DIMENSIONS.get(name) or FURTHER[name]
            tally.add(outcome, [of(delivery) for delivery in deliveries])
        times = [delivery.time for delivery in deliveries if delivery.time]
        if times:
            self.first = min(self.first or times[0], min(times))
            self.last = max(self.last, max(times))
        if outcome is not Outcome.REJECTED:
            self._follow(outcome, deliveries)

    def _follow(self, outcome: Outcome, deliveries: Sequence[Delivery]) -> None:
        """Follow what may have waited. What was delivered in half a minute has not."""
        if outcome is Outcome.DELIVERED:
            for delivery in deliveries:
                age = delivery.queue_age
                if age is not None and age > 30:
                    self.waiting.end(delivery, delivered=True)
        elif outcome in (Outcome.BOUNCED, Outcome.EXPIRED):
            for delivery in deliveries:
                self.waiting.end(delivery, delivered=False)

    def add_cause(self, outcome: Outcome, delivery: Delivery, cause: str, template: str = "") -> None:
        """Count why a delivery failed.

        Args:
            outcome: what it counts as.
            delivery: the delivery.
            cause: its cause.
            template: of the reply, where the cause is unknown.
        """
        tally = self.causes.get(cause)
        if tally is None:
            tally = self.causes[cause] = CauseTally()
        tally.add(outcome, delivery)
        if outcome is Outcome.DEFERRED:
            self.waiting.defer(delivery, cause)
        if template:
            self._count_unknown(template, 1, delivery.reply.text[:MAX_WORDS])

    def add_other(self, kind: Kind) -> None:
        """Count what is no delivery: automatic answers, mails that are no bounce, what can't be read."""
        self.others[kind.value] += 1

    def merge(self, later: Rollup) -> None:
        """Take in the next part."""
        self.outcomes = [a + b for a, b in zip(self.outcomes, later.outcomes, strict=True)]
        self.others.update(later.others)
        for name, tally in self.names.items():
            tally.merge(later.names[name])
        for cause, more in later.causes.items():
            known = self.causes.get(cause)
            if known is None:
                self.causes[cause] = more
            else:
                known.merge(more)
        for template, (count, example) in later.unknown.items():
            self._count_unknown(template, int(count), str(example))
        self.waiting.merge(later.waiting)
        self.first = min(filter(None, (self.first, later.first)), default="")
        self.last = max(self.last, later.last)

    def _count_unknown(self, template: str, count: int, example: str) -> None:
        known = self.unknown.get(template)
        if known is not None:
            known[0] = int(known[0]) + count
        elif len(self.unknown) < MAX_TEMPLATES:
            self.unknown[template] = [count, example]


def outcome_of(delivery: Delivery) -> Outcome | None:
    """What a delivery counts as, or None for what is none."""
    return OUTCOME_OF.get(delivery.kind)
