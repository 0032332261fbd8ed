"""What is done with deliveries: each is diagnosed and becomes a row, or goes into a report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.columns import values_of
from bouncewise.pipeline.diagnose import diagnose_delivery, record
from bouncewise.reading.delivery import Delivered, Delivery
from bouncewise.reading.logs.model import Message

if TYPE_CHECKING:
    from bouncewise.checks.question import Question


class Sink(Protocol):
    """Takes deliveries in and gives what it made of them.

    In several processes each has a sink of its own; what they gather is absorbed by the sink of the parent.

    Attributes:
        bulk: whether it takes many deliveries in columns, too.
    """

    bulk: bool

    def take(self, delivery: Delivery | Delivered) -> None:
        """Take in a delivery, or many where ``bulk`` is set."""

    def later(self) -> None:
        """Leave room for a delivery of which something stands in an earlier part of the log."""

    def given(self) -> Any:
        """What was gathered since this was last asked; another process can send it."""

    def absorb(
        self, given: Any, open_ones: Sequence[Sequence[Delivery]], told: Sequence[Message] = ()
    ) -> Any:
        """Take in what another process gathered; what is then given.

        Args:
            given: what its sink gave.
            open_ones: what belongs into each room it left, in order.
            told: the messages of deliveries that it counted in bulk without their senders.
        """


R = TypeVar("R")


class Rows(ABC, Generic[R]):
    """A sink that makes one thing of each delivery, in order.

    Args:
        engine: diagnoses the deliveries.
    """

    bulk = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rows: list[R | None] = []

    @abstractmethod
    def _row(self, delivery: Delivery) -> R:
        """What becomes of a delivery."""

    def take(self, delivery: Delivery | Delivered) -> None:
        """Make the row of a delivery."""
        assert isinstance(delivery, Delivery)  # what comes in columns is for sinks that set ``bulk``
        self._rows.append(self._row(delivery))

    def later(self) -> None:
        """Leave room for a row."""
        self._rows.append(None)

    def given(self) -> list[R | None]:
        """The rows since this was last asked."""
        rows, self._rows = self._rows, []
        return rows

    def absorb(
        self,
        given: list[R | None],
        open_ones: Sequence[Sequence[Delivery]],
        told: Sequence[Message] = (),
    ) -> list[R]:
        """The rows of another process with those that it left out."""
        rest = iter(open_ones)
        rows: list[R] = []
        for row in given:
            if row is None:
                rows.extend(self._row(delivery) for delivery in next(rest))
            else:
                rows.append(row)
        return rows


class Row(msgspec.Struct, frozen=True, gc=False):
    """One record, and what a summary counts.

    Attributes:
        line: the record as JSON, or b"" where only the counts are wanted.
        kind: what became of the delivery.
        cause: why.
        recipient: whom it was for.
        text: the reply.
        reason: why a mail is unreadable or no bounce.
        place: line of a log, or None.
        values: of the columns, or () where they are not wanted.
        question: what to ask of DNS, or None where that is not wanted or there is nothing to ask.
    """

    line: bytes
    kind: str
    cause: str
    recipient: str = ""
    text: str = ""
    reason: str = ""
    place: int | None = None
    values: tuple[Any, ...] = ()
    question: Question | None = None


_encode = msgspec.json.Encoder().encode


class RowSink(Rows[Row]):
    """Makes rows.

    Args:
        engine: diagnoses the deliveries.
        as_json: whether the records are wanted; else only what a summary counts.
        as_values: whether the values of the columns are wanted.
        as_question: whether it is wanted what to ask of DNS.
    """

    def __init__(
        self, engine: Engine, *, as_json: bool = True, as_values: bool = False, as_question: bool = False
    ) -> None:
        super().__init__(engine)
        self._as_json = as_json
        self._as_values = as_values
        self._as_question = as_question

    def _row(self, delivery: Delivery) -> Row:
        diagnosis = diagnose_delivery(self._engine, delivery)
        line = _encode(record(delivery, diagnosis)) if self._as_json else b""
        reply = diagnosis.reply
        text = f"{reply.code} {reply.text}" if reply.code and delivery.source.line else reply.text
        return Row(
            line,
            delivery.kind.value,
            diagnosis.cause,
            delivery.recipient,
            text[:200],
            delivery.reason,
            delivery.source.line,
            values_of(delivery, diagnosis) if self._as_values else (),
            _question(delivery, diagnosis) if self._as_question else None,
        )


def _question(delivery: Delivery, diagnosis: Diagnosis) -> Question | None:
    from bouncewise.checks.question import question_of  # noqa: PLC0415 - only where DNS is asked
    from bouncewise.pipeline.subjects import of_delivery  # noqa: PLC0415

    question = question_of(diagnosis, of_delivery(delivery))
    return question if question.checks else None


class ValueSink(Rows[tuple[Any, ...]]):
    """Makes the values of the columns, and nothing else."""

    def _row(self, delivery: Delivery) -> tuple[Any, ...]:
        return values_of(delivery, diagnose_delivery(self._engine, delivery))
