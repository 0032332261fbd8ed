"""A cause for every delivery: by the reply, or by what kind of mail it is."""

from __future__ import annotations

from typing import Any

import msgspec

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.record import without_empty
from bouncewise.reading.delivery import Delivery, Kind, Source

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
    """The enhanced status code of a delivery: what was read, else what is typical for its kind and cause.

    Args:
        engine: the engine, which knows the codes of causes.
        delivery: what was read.
        cause: its cause.
    """
    if delivery.status or delivery.kind in _WITHOUT_STATUS:
        return delivery.status
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
    return changed


def record(delivery: Delivery, diagnosis: Diagnosis) -> dict[str, Any]:
    """The object that ``read --jsonl`` prints; keys without a value are absent.

    Args:
        delivery: what was read.
        diagnosis: what it means.
    """
    told = diagnosis.as_dict() | amended(delivery, diagnosis)
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
        "local_ip": delivery.local_ip,
        "dsn_action": delivery.dsn_action,
        "feedback_type": delivery.feedback_type,
        "reason": delivery.reason,
        "status": status_of(diagnosis.engine, delivery, diagnosis.cause),
        "returned": without_empty(msgspec.structs.asdict(delivery.returned)) if delivery.returned else None,
    }
    shown = without_empty(own)
    for name, value in told.items():
        shown.setdefault(name, value)
    return shown
