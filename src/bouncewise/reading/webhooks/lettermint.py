"""Lettermint: its webhooks.

An event::

    {"id": "...", "event": "message.hard_bounced", "timestamp": "2026-11-05T17:20:00Z",
     "data": {"message_id": "...", "recipient": "bob@example.com", "response": {"status_code": 550,
     "enhanced_status_code": "5.1.1", "content": "User unknown"}}}

``message.soft_bounced`` is a try that failed for now: ``deferred``. ``message.suppressed`` and
``message.policy_rejected`` were never tried. ``message.auto_replied`` is an automatic reply. Other events
tell of no delivery.

Source: https://docs.lettermint.co/platform/webhooks/events and lettermint/lettermint-laravel
(src/Webhooks/Data)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "message.delivered": Kind.DELIVERED,
    "message.hard_bounced": Kind.BOUNCED,
    "message.soft_bounced": Kind.DEFERRED,
    "message.failed": Kind.BOUNCED,
    "message.suppressed": Kind.REJECTED,
    "message.policy_rejected": Kind.REJECTED,
    "message.spam_complaint": Kind.COMPLAINT,
    "message.auto_replied": Kind.AUTO_REPLY,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Lettermint."""
    event, data = record.get("event"), record.get("data")
    return (
        isinstance(event, str)
        and event.startswith("message.")
        and isinstance(data, dict)
        and "message_id" in data
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind, data = _KINDS.get(record["event"]), record["data"]
    if kind is None:
        return ()
    reply = f.inner(data, "response")
    status = f.text(reply, "enhanced_status_code")
    quoted, note = f.classified(
        f.said(f.text(reply, "content"), f.text(reply, "status_code"), status), f.text(data, "reason")
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(data.get("recipient")),
            time=f.when(record.get("timestamp")) or f.when(record.get("created_at")),
            queue_id=f.text(data, "message_id"),
            status=status,
            note=f.SUPPRESSED if record["event"] == "message.suppressed" else note,
            returned=f.returned("", f.text(data, "subject")),
        ),
    )
