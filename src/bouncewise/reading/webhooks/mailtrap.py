"""Mailtrap: the webhooks of its sending service, as ``{"events": [...]}`` or an event a line.

An event::

    {"event": "bounce", "timestamp": 1730822400, "sending_stream": "transactional", "message_id": "...",
     "event_id": "...", "email": "bob@example.com", "response": "bounced (550 5.1.1 User unknown)",
     "response_code": 550, "bounce_category": "badmailbox"}

``bounce`` is final; ``soft bounce`` is a try that failed for now and ``suspension`` holds the message back:
both ``deferred``. ``reject`` was never tried, ``spam`` is a complaint. Opens, clicks and unsubscriptions tell
of no delivery.

Source: https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivery": Kind.DELIVERED,
    "bounce": Kind.BOUNCED,
    "soft bounce": Kind.DEFERRED,
    "soft_bounce": Kind.DEFERRED,
    "suspension": Kind.DEFERRED,
    "reject": Kind.REJECTED,
    "spam": Kind.COMPLAINT,
}
_MARKS = ("sending_stream", "sending_domain_name", "custom_variables", "bounce_category")
_CATEGORIES = frozenset({"hard", "soft"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Mailtrap."""
    return (
        isinstance(record.get("event"), str)
        and all(name in record for name in ("email", "message_id", "event_id", "timestamp"))
        and any(mark in record for mark in _MARKS)
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["event"])
    if kind is None:
        return ()
    category = f.text(record, "bounce_category")
    quoted, note = f.classified(
        f.said(f.text(record, "response"), f.text(record, "response_code")),
        "" if category in _CATEGORIES else category,
        f.text(record, "reason"),
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["email"]),
            time=f.when(record.get("timestamp")),
            queue_id=f.text(record, "message_id"),
            local_ip=f.text(record, "sending_ip"),
            note=note,
        ),
    )
