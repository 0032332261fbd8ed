"""A cause for every delivery: by the reply, or by what kind of mail it is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.record import without_empty
from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reply.model import NO_CONTEXT, Reply, Unwrapped

GENERAL = "general"
LESS_SURE = 0.85  # what the general reader gives is right so much less often
# The cause that a kind is; what the reply says is beside the point.
_IS = {
    Kind.COMPLAINT: "complaint",
    Kind.AUTO_REPLY: "auto-reply",
    Kind.CHALLENGE: "challenge",
    Kind.NOT_A_BOUNCE: "not-a-bounce",
    Kind.UNREADABLE: "unknown",
    Kind.DELIVERED: "accepted",
    Kind.RELAYED: "relayed",
}
# The cause of a kind whose words say nothing more.
_AT_LEAST = {Kind.DELAYED: "delayed", Kind.EXPIRED: "delivery-expired"}
_STATUS = {Kind.DELIVERED: "2.0.0", Kind.RELAYED: "2.0.0", Kind.EXPIRED: "5.4.7"}
_WITHOUT_STATUS = frozenset(
    {Kind.COMPLAINT, Kind.AUTO_REPLY, Kind.CHALLENGE, Kind.NOT_A_BOUNCE, Kind.UNREADABLE}
)
_MADE = frozenset({Kind.DELIVERED, Kind.RELAYED})
_VAGUE = frozenset({"unknown", "system-error", "mailbox-unavailable"})


def diagnose_delivery(engine: Engine, delivery: Delivery) -> Diagnosis:
    """Say why a delivery came to its end.

    Args:
        engine: the engine.
        delivery: what a reader gave.
    """
    cause = _IS.get(delivery.kind)
    if cause is not None:
        return engine.decided(cause, delivery.said)
    found = engine.diagnose(delivery.said)
    least = _AT_LEAST.get(delivery.kind)
    if least and found.cause in _VAGUE and not _words_decided(found):
        return engine.decided(least, delivery.said)
    return found


def status_of(engine: Engine, delivery: Delivery, cause: str) -> str:
    """The enhanced status code of a delivery: what was read, else, of a mail, what is typical for it.

    Args:
        engine: the engine, which knows the codes of causes.
        delivery: what was read.
        cause: its cause.
    """
    if delivery.status or delivery.kind in _WITHOUT_STATUS:
        return delivery.status
    if delivery.context == NO_CONTEXT:  # a log or a webhook, which is taken at its word
        return str(delivery.reply.enhanced or "")
    if delivery.kind in _STATUS:
        retried = "retry time" in f"{delivery.reply.text} {delivery.note}".lower()
        return "4.4.7" if retried and delivery.kind is Kind.EXPIRED else _STATUS[delivery.kind]
    # What came back is final, whatever it was at first; but a full mailbox may be emptied (RFC 3463 3.3).
    digit = "4" if delivery.kind is Kind.DELAYED or cause == "mailbox-full" else "5"
    codes = (code.replace("X", digit) for code in engine.knowledge.causes[cause].codes if "." in code)
    typical = (code for code in codes if code.startswith(digit))
    return next(typical, f"{digit}.0.0")


def _source(source: Source) -> dict[str, Any]:
    told = without_empty(msgspec.structs.asdict(source))
    if not source.truncated:
        told.pop("truncated", None)
    return told


def _words_decided(diagnosis: Diagnosis) -> bool:
    return diagnosis.cause != "unknown" and diagnosis.rule != ""


def _settled(diagnosis: Diagnosis) -> dict[str, Any]:
    """What a record says of a delivery that was made: nothing but the reply differs from one to the next."""
    reply, context = diagnosis.reply, diagnosis.context
    told: dict[str, Any] = {
        "reply": without_empty(
            {
                "code": reply.code,
                "enhanced": str(reply.enhanced) if reply.enhanced else None,
                "text": reply.text,
            }
        ),
        "host": context.remote_host,
        "provider": diagnosis.engine.provider_of(context.remote_host) if context.remote_host else None,
        **_of_cause(diagnosis.engine, diagnosis.cause),
    }
    return without_empty(told)


@lru_cache(maxsize=64)
def _of_cause(engine: Engine, cause: str) -> dict[str, Any]:
    return engine.decided(cause, Unwrapped(Reply(None, None))).as_dict()


def amended(delivery: Delivery, diagnosis: Diagnosis) -> dict[str, Any]:
    """What of a diagnosis is otherwise since it is of this delivery, by the keys of the record.

    Args:
        delivery: what was read.
        diagnosis: what it means.
    """
    changed: dict[str, Any] = {}
    if delivery.source.format == GENERAL:
        changed["confidence"] = round(diagnosis.confidence * LESS_SURE, 2)
    if delivery.kind is Kind.DELAYED:  # the reporting server goes on trying; nobody else should
        changed.update(action="retry", suppress=False)
    elif delivery.kind is Kind.EXPIRED and diagnosis.action == "retry":  # the sender's server has given up
        changed.update(action="bounce", retry_after=None, give_up_after=None)
    return changed


def record(delivery: Delivery, diagnosis: Diagnosis) -> dict[str, Any]:
    """The object that ``read --jsonl`` prints; keys without a value are absent.

    Args:
        delivery: what was read.
        diagnosis: what it means.
    """
    told = _settled(diagnosis) if delivery.kind in _MADE else diagnosis.as_dict()
    told = without_empty(told | amended(delivery, diagnosis))
    own: dict[str, Any] = {
        "source": _source(delivery.source),
        "kind": delivery.kind.value,
        "time": delivery.time,
        "sender": delivery.sender,
        "recipient": delivery.recipient,
        "original_recipient": delivery.original_recipient,
        "message_id": delivery.message_id,
        "queue_id": delivery.queue_id,
        "envelope_id": delivery.envelope_id,
        "reporting_mta": delivery.reporting_mta,
        "remote_mta": delivery.remote_mta,
        "remote_ip": delivery.remote_ip,
        "local_ip": delivery.local_ip,
        "client": delivery.client,
        "size": delivery.size,
        "queue_age": delivery.queue_age,
        "delays": delivery.delays,
        "attempts": delivery.attempts,
        "dsn_action": delivery.dsn_action,
        "feedback_type": delivery.feedback_type,
        "reason": delivery.reason,
        "status": status_of(diagnosis.engine, delivery, diagnosis.cause),
        "returned": without_empty(msgspec.structs.asdict(delivery.returned)) if delivery.returned else None,
    }
    shown = without_empty(own)
    if delivery.sender == "":
        shown["sender"] = ""  # the null reverse-path, which is not the same as an unknown one
    for name, value in told.items():
        shown.setdefault(name, value)
    return shown
