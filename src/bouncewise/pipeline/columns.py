"""A delivery as one flat row of typed values: what Parquet, Arrow, Spark and other tables take.

The columns are named here once, without a library: ``bouncewise.arrow`` and ``bouncewise.spark`` make
their schemas of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.pipeline.diagnose import amended, status_of
from bouncewise.reading.delivery import Delivery

_LARGEST = (1 << 63) - 1


class Type(StrEnum):
    """What a column holds; any value may be missing."""

    TEXT = "text"
    WHOLE = "whole number"
    REAL = "number"
    TRUTH = "true or false"


class Column(NamedTuple):
    """One column.

    Attributes:
        name: its name.
        type: what it holds.
    """

    name: str
    type: Type = Type.TEXT


# What an engine says of a reply; ``diagnosis_values`` gives the values.
DIAGNOSIS = (
    Column("code", Type.WHOLE),
    Column("enhanced"),
    Column("text"),
    Column("phase"),
    Column("wrapper"),
    Column("provider"),
    Column("cause"),
    Column("confidence", Type.REAL),
    Column("action"),
    Column("retry_after", Type.WHOLE),
    Column("give_up_after", Type.WHOLE),
    Column("suppress", Type.TRUTH),
    Column("throttle"),
    Column("who"),
)
# What a delivery is; ``values_of`` gives the values.
DELIVERY = (
    Column("path"),
    Column("format"),
    Column("member"),
    Column("line", Type.WHOLE),
    Column("offset", Type.WHOLE),
    Column("kind"),
    Column("time"),
    Column("sender"),
    Column("recipient"),
    Column("original_recipient"),
    Column("recipient_domain"),
    Column("message_id"),
    Column("queue_id"),
    Column("envelope_id"),
    Column("reporting_mta"),
    Column("remote_mta"),
    Column("remote_ip"),
    Column("local_ip"),
    Column("client"),
    Column("size", Type.WHOLE),
    Column("queue_age", Type.REAL),
    Column("attempts", Type.WHOLE),
    Column("status"),
    Column("dsn_action"),
    Column("feedback_type"),
    Column("reason"),
    *DIAGNOSIS,
)


def diagnosis_values(diagnosis: Diagnosis) -> tuple[Any, ...]:
    """The values of ``DIAGNOSIS``; None stands for what is not known.

    Args:
        diagnosis: what a reply means.
    """
    return _diagnosed(diagnosis, {})


def _diagnosed(diagnosis: Diagnosis, changed: dict[str, Any]) -> tuple[Any, ...]:
    reply, phase, advice = diagnosis.reply, diagnosis.context.phase, diagnosis.brief
    return (
        reply.code,
        str(reply.enhanced) if reply.enhanced else None,
        reply.text or None,
        phase.value if phase else None,
        diagnosis.wrapper,
        diagnosis.provider,
        diagnosis.cause,
        changed.get("confidence", diagnosis.confidence),
        changed.get("action", advice.action),
        advice.retry_after,
        advice.give_up_after,
        changed.get("suppress", advice.suppress),
        advice.throttle or None,
        advice.who,
    )


def values_of(delivery: Delivery, diagnosis: Diagnosis) -> tuple[Any, ...]:
    """The values of ``DELIVERY``; None stands for what is not known.

    An empty sender is no missing one: it is the null reverse-path (RFC 5321 section 4.5.5).

    Args:
        delivery: what was read.
        diagnosis: what it means.
    """
    source, context = delivery.source, diagnosis.context
    recipient = delivery.recipient or context.recipient or ""
    return (
        source.path or None,
        source.format or None,
        source.member or None,
        _whole(source.line),
        _whole(source.offset),
        delivery.kind.value,
        delivery.time or None,
        context.sender if delivery.sender is None else delivery.sender,
        recipient or None,
        delivery.original_recipient or None,
        recipient.rpartition("@")[2].lower() or None if "@" in recipient else None,
        delivery.message_id or None,
        delivery.queue_id or None,
        delivery.envelope_id or None,
        delivery.reporting_mta or None,
        delivery.remote_mta or context.remote_host or None,
        delivery.remote_ip or context.remote_ip or None,
        delivery.local_ip or context.local_ip or None,
        delivery.client or None,
        _whole(delivery.size),
        delivery.queue_age,
        _whole(delivery.attempts),
        status_of(diagnosis.engine, delivery, diagnosis.cause) or None,
        delivery.dsn_action or None,
        delivery.feedback_type or None,
        delivery.reason or None,
        *_diagnosed(diagnosis, amended(delivery, diagnosis)),
    )


def _whole(value: int | None) -> int | None:
    """A number that 64 bits hold; a log may claim any."""
    return value if value is not None and -_LARGEST <= value <= _LARGEST else None
