"""A cause for every delivery: by the reply, or by what kind of mail it is."""

from __future__ import annotations

from typing import Any

import msgspec

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.reading.delivery import Delivery, Kind

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


def _words_decided(diagnosis: Diagnosis) -> bool:
    return diagnosis.cause != "unknown" and diagnosis.rule != ""


def record(delivery: Delivery, diagnosis: Diagnosis) -> dict[str, Any]:
    """The object that ``read --jsonl`` prints; keys without a value are absent.

    Args:
        delivery: what was read.
        diagnosis: what it means.
    """
    told = diagnosis.as_dict()
    if delivery.source.format == GENERAL:
        told["confidence"] = round(diagnosis.confidence * LESS_SURE, 2)
    if delivery.kind is Kind.DELAYED:  # the reporting server goes on trying; nobody else should
        told.update(action="retry", suppress=False)
    names = ("time", "sender", "recipient", "original_recipient", "message_id", "queue_id", "envelope_id")
    more = ("reporting_mta", "remote_mta", "local_ip", "dsn_action", "status", "feedback_type", "reason")
    own: dict[str, Any] = {
        "source": _present(msgspec.structs.asdict(delivery.source)),
        "kind": delivery.kind.value,
        **{name: getattr(delivery, name) for name in (*names, *more)},
        "returned": _present(msgspec.structs.asdict(delivery.returned)) if delivery.returned else None,
    }
    return {**_present(own), **{k: v for k, v in told.items() if k not in own or not own[k]}}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, ())}
