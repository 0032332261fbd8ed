"""Diagnosed deliveries, counted by everything that a report shows; parts are merged in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from bouncewise.reading.delivery import Delivered, Delivery, Kind
from bouncewise.reading.logs.model import WAITED, Message
from bouncewise.report.tally import OUTCOME_OF, OUTCOMES, Outcome, Tally
from bouncewise.report.waiting import Waiting

MAX_PER_CAUSE = 300  # names of each kind that are kept apart for a cause
MAX_EXAMPLES = 3
MAX_TEMPLATES = 2000  # unknown templates that are kept apart
MAX_UNREADABLE = 10
MAX_SUPPRESSED = 1_000_000  # addresses
MAX_WORDS = 400  # characters of an example


def sender_domain(sender: str | None) -> str:
    """What a sender is counted as: its domain, ``<>`` for the null sender, "" where it is not known.

    Args:
        sender: the reverse-path.
    """
    return sender.rpartition("@")[2] if sender else "" if sender is None else "<>"


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
_OF_ALL = frozenset({"hour", *FURTHER})


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


class Unknown(msgspec.Struct):
    """Replies of a template whose cause is not known."""

    count: int
    example: str


class Suppressed(msgspec.Struct, frozen=True):
    """Why an address should get no more mail.

    Attributes:
        cause: why, the last time.
        time: of the last time.
        reply: of the last time.
        times: how often.
    """

    cause: str
    time: str
    reply: str
    times: int


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
        self._own = False  # the only example is of a refusal of this server

    def add(self, outcome: Outcome, deliveries: Sequence[Delivery]) -> None:
        """Count deliveries of one outcome, in their order."""
        self.outcomes[outcome] += len(deliveries)
        for name, of in DIMENSIONS.items():
            self.names[name].add(outcome, [of(delivery) for delivery in deliveries])
        times = [delivery.time for delivery in deliveries if delivery.time]
        if times:
            first, last = min(times), max(times)
            self.first = min(self.first or first, first)
            self.last = max(self.last, last)
        # what this server said itself shows least of what to mend
        own = outcome is Outcome.REJECTED
        if own and self.examples:
            return
        if self._own and not own:
            self.examples.clear()
        self._own = own
        self.examples += [_example(delivery) for delivery in deliveries[: MAX_EXAMPLES - len(self.examples)]]

    def merge(self, later: CauseTally) -> None:
        """Take in what was counted elsewhere."""
        self.outcomes = [a + b for a, b in zip(self.outcomes, later.outcomes, strict=True)]
        for name, tally in self.names.items():
            tally.merge(later.names[name])
        self.first = min(filter(None, (self.first, later.first)), default="")
        self.last = max(self.last, later.last)
        if later.examples and not (later._own and self.examples):
            known = [] if self._own else self.examples
            self.examples = [*known, *later.examples][:MAX_EXAMPLES]
            self._own = later._own


class Rollup:
    """Everything that a report counts.

    Args:
        by: a further dimension of ``FURTHER`` to count by, or "".
    """

    def __init__(self, by: str = "") -> None:
        self.by = by if by in FURTHER else ""
        self.outcomes = [0] * len(OUTCOMES)
        self.others: Counter[str] = Counter()
        self.unreadable: list[str] = []  # some of the places that could not be read, and why
        self.names: dict[str, Tally] = {name: Tally() for name in DIMENSIONS}
        if self.by:
            self.names[self.by] = Tally()
        self.causes: dict[str, CauseTally] = {}
        self.unknown: dict[str, Unknown] = {}
        self.waiting = Waiting()
        self.refused = Tally()
        self.suppressed: dict[str, Suppressed] = {}
        self.left_out = 0  # of what should be suppressed
        self.first = self.last = ""

    def add(self, outcome: Outcome, deliveries: Sequence[Delivery]) -> None:
        """Count deliveries of one outcome; failures besides by ``add_cause``.

        Args:
            outcome: of all of them.
            deliveries: in their order.
        """
        self.outcomes[outcome] += len(deliveries)
        if outcome is Outcome.REJECTED:  # the other side is a client here, and the recipient's domain our own
            self.refused.add(outcome, [delivery.remote_ip or delivery.remote_mta for delivery in deliveries])
        for name, tally in self.names.items():
            if outcome is not Outcome.REJECTED or name in _OF_ALL:
                of = DIMENSIONS.get(name) or FURTHER[name]
                tally.add(outcome, [of(delivery) for delivery in deliveries])
        times = [delivery.time for delivery in deliveries if delivery.time]
        if times:
            first, last = min(times), max(times)
            self.first = min(self.first or first, first)
            self.last = max(self.last, last)

    def add_delivered(self, many: Delivered) -> None:
        """Count deliveries that come in columns."""
        self.outcomes[Outcome.DELIVERED] += len(many.hours)
        columns = {
            "hour": many.hours,
            "domain": [recipient.rpartition("@")[2] for recipient in many.recipients],
            "host": many.remote_mtas,
            "ip": many.local,
            "sender-domain": [sender_domain(sender) for sender in many.senders],
            "client": many.clients,
        }
        for name, column in columns.items():
            self.names[name].add(Outcome.DELIVERED, column)
        if many.first:
            self.first = min(self.first or many.first, many.first)
            self.last = max(self.last, many.last)
        for delivery in many.waited(WAITED):
            self.waiting.end(delivery, delivered=True)

    def add_senders(self, messages: Sequence[Message]) -> None:
        """Count who sent what was counted without that, because an earlier part of the log told it.

        Args:
            messages: one for each such delivery.
        """
        if messages:
            senders = [sender_domain(m.sender) for m in messages if m.sender is not None]
            self.names["sender-domain"].add(Outcome.DELIVERED, senders)
            self.names["client"].add(Outcome.DELIVERED, [m.client for m in messages if m.client])

    def follow(self, outcome: Outcome, delivery: Delivery) -> None:
        """End the waiting of a delivery that may have been deferred before; to be called in their order."""
        if outcome is Outcome.DELIVERED:
            age = delivery.queue_age
            if age is not None and age > WAITED:
                self.waiting.end(delivery, delivered=True)
        elif outcome in {Outcome.BOUNCED, Outcome.EXPIRED}:
            self.waiting.end(delivery, delivered=False)

    def add_cause(self, outcome: Outcome, cause: str, deliveries: Sequence[Delivery]) -> None:
        """Count why deliveries failed.

        Args:
            outcome: what they count as.
            cause: why.
            deliveries: in their order.
        """
        tally = self.causes.get(cause)
        if tally is None:
            tally = self.causes[cause] = CauseTally()
        tally.add(outcome, deliveries)

    def add_unknown(self, template: str, delivery: Delivery) -> None:
        """Count a reply whose cause is not known.

        Args:
            template: of the reply.
            delivery: whose reply it is.
        """
        self._count_unknown(template, 1, delivery.reply.text[:MAX_WORDS])

    def add_suppressed(self, delivery: Delivery, cause: str) -> None:
        """Note an address that should get no more mail.

        Args:
            delivery: what came back.
            cause: why.
        """
        self._suppress(delivery.recipient.lower(), Suppressed(cause, delivery.time, _words(delivery), 1))

    def _suppress(self, address: str, more: Suppressed) -> None:
        known = self.suppressed.get(address)
        if known is not None:
            self.suppressed[address] = Suppressed(more.cause, more.time, more.reply, known.times + more.times)
        elif len(self.suppressed) < MAX_SUPPRESSED:
            if address:
                self.suppressed[address] = more
        else:
            self.left_out += more.times

    def add_other(self, delivery: Delivery) -> None:
        """Count what is no delivery: automatic answers, mails that are no bounce, what can't be read."""
        self.others[delivery.kind.value] += 1
        source = delivery.source
        if delivery.kind is Kind.UNREADABLE and source.line is None and len(self.unreadable) < MAX_UNREADABLE:
            place = f"{source.path} in {source.member}" if source.member else source.path
            self.unreadable.append(f"{place}: {delivery.reason}")

    def merge(self, later: Rollup, *, beside: bool = False) -> None:
        """Take in the next part.

        Args:
            later: what was counted there.
            beside: it was counted in the same part of the log.
        """
        self.outcomes = [a + b for a, b in zip(self.outcomes, later.outcomes, strict=True)]
        self.others.update(later.others)
        self.unreadable = [*self.unreadable, *later.unreadable][:MAX_UNREADABLE]
        for name, tally in self.names.items():
            tally.merge(later.names[name])
        self.refused.merge(later.refused)
        for cause, more in later.causes.items():
            known = self.causes.get(cause)
            if known is None:
                self.causes[cause] = more
            else:
                known.merge(more)
        for template, unknown in later.unknown.items():
            self._count_unknown(template, unknown.count, unknown.example)
        for address, suppressed in later.suppressed.items():
            self._suppress(address, suppressed)
        self.left_out += later.left_out
        self.waiting.merge(later.waiting, beside=beside)
        self.first = min(filter(None, (self.first, later.first)), default="")
        self.last = max(self.last, later.last)

    def _count_unknown(self, template: str, count: int, example: str) -> None:
        known = self.unknown.get(template)
        if known is not None:
            known.count += count
        elif len(self.unknown) < MAX_TEMPLATES:
            self.unknown[template] = Unknown(count, example)


def _example(delivery: Delivery) -> Example:
    source = delivery.source
    return Example(_words(delivery), delivery.recipient, source.path, source.line, source.offset)


def _words(delivery: Delivery) -> str:
    reply = delivery.reply
    return " ".join(str(part) for part in (reply.code, reply.enhanced, reply.text) if part)[:MAX_WORDS]


def outcome_of(delivery: Delivery) -> Outcome | None:
    """What a delivery counts as, or None for what is none."""
    return OUTCOME_OF.get(delivery.kind)
