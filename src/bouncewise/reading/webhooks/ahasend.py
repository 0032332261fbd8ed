"""AhaSend: its webhooks.

An event::

    {"type": "message.bounced", "timestamp": "2026-11-05T17:20:00Z", "webhook_id": "...",
     "data": {"account_id": "...", "from": "shop@example.com", "recipient": "bob@example.com",
     "subject": "...", "message_id_header": "<...>", "id": "..."}}

``message.transient_error`` is tried again, ``message.suppressed`` was never tried, ``message.failed`` and
``message.bounced`` are final. Few of the events hand on the server's words. Other events tell of no delivery.

Source: https://ahasend.com/docs/api-reference/webhooks and AhaSend/ahasend-ts (its types)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "message.delivered": Kind.DELIVERED,
    "message.transient_error": Kind.DEFERRED,
    "message.bounced": Kind.BOUNCED,
    "message.failed": Kind.BOUNCED,
    "message.suppressed": Kind.REJECTED,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of AhaSend on a message."""
    kind, data = record.get("type"), record.get("data")
    return (
        isinstance(kind, str)
        and kind.startswith("message.")
        and isinstance(data, dict)
        and "recipient" in data
        and "message_id_header" in data
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind, data = _KINDS.get(record["type"]), record["data"]
    if kind is None:
        return ()
    quoted, note = f.classified(
        f.said(f.text(data, "smtp_response", "bounce_reason", "reason")),
        f.text(data, "bounce_classification"),
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(data["recipient"]),
            time=f.when(record.get("timestamp")),
            message_id=f.identity(f.text(data, "message_id_header")),
            queue_id=f.text(data, "id"),
            note=f.SUPPRESSED if kind is Kind.REJECTED else note,
            returned=f.returned(data.get("from"), f.text(data, "subject")),
        ),
    )
