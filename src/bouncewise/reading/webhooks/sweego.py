"""Sweego: its webhooks, events alone or in a list.

An event::

    {"event_type": "hard_bounce", "timestamp": "2026-11-05T17:20:00+00:00", "swg_uid": "...",
     "event_id": "...", "channel": "email", "recipient": "bob@example.com",
     "details": "550 5.1.1 User unknown", "response_code": 550}

``soft-bounce`` is tried again, ``hard_bounce`` is final, ``complaint`` is a complaint. Other events tell of
no delivery.

Source: https://learn.sweego.io/docs/webhooks/webhook_intro and anymail/webhooks/sweego.py of django-anymail
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "soft-bounce": Kind.DEFERRED,
    "soft_bounce": Kind.DEFERRED,
    "hard_bounce": Kind.BOUNCED,
    "hard-bounce": Kind.BOUNCED,
    "complaint": Kind.COMPLAINT,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Sweego."""
    return isinstance(record.get("event_type"), str) and "swg_uid" in record


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["event_type"])
    if kind is None:
        return ()
    return (
        f.delivery(
            source,
            kind,
            f.said(f.text(record, "details"), f.text(record, "response_code")),
            recipient=f.address(record.get("recipient")),
            time=f.when(record.get("timestamp")),
            queue_id=f.text(record, "swg_uid"),
            returned=f.returned(record.get("from"), f.text(record, "subject")),
        ),
    )
