"""MailerSend: its activity webhooks, in the flat shape of 2026 and in the old one.

An event, new and old::

    {"type": "activity.hard_bounced", "created_at": "2026-11-05T17:20:00.000000Z",
     "data": {"type": "hard_bounced", "recipient": "bob@example.com", "message_id": "...",
     "meta": {"bounce_code": "550", "bounce_reason": "User unknown"}}}
    {"type": "activity.hard_bounced", "data": {"type": "hard_bounced", "created_at": "...",
     "email": {"recipient": {"email": "..."}, "message": {"id": "..."}},
     "morph": {"object": "recipient_bounce", "reason": "Host or domain name not found"}}}

``soft_bounced`` and ``hard_bounced`` are bounces, ``deferred`` is tried again, ``suppressed`` was never
tried. Sent, opened, clicked and unsubscribed tell of no delivery.

Source: https://developers.mailersend.com/api/v1/webhooks.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "soft_bounced": Kind.BOUNCED,
    "hard_bounced": Kind.BOUNCED,
    "deferred": Kind.DEFERRED,
    "suppressed": Kind.REJECTED,
    "rejected": Kind.REJECTED,
    "spam_complaint": Kind.COMPLAINT,
    "spam_complaints": Kind.COMPLAINT,
}
_REASONS = ("bounce_reason", "defer_reason", "reject_reason", "suppression_reason", "reason")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an activity of MailerSend."""
    kind = record.get("type")
    return isinstance(kind, str) and kind.startswith("activity.") and isinstance(record.get("data"), dict)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an activity, or none."""
    data = record["data"]
    kind = _KINDS.get(record["type"].removeprefix("activity."))
    if kind is None:
        return ()
    mail, meta, more = (f.inner(data, name) for name in ("email", "meta", "morph"))
    told = f.text(meta, *_REASONS) or f.text(more, "reason", "readable_reason")
    return (
        f.delivery(
            source,
            kind,
            f.said(told, f.text(meta, "bounce_code", "defer_code")),
            recipient=f.address(data.get("recipient") or mail.get("recipient")),
            time=f.when(data.get("created_at")) or f.when(record.get("created_at")),
            queue_id=f.text(data, "message_id") or f.text(f.inner(mail, "message"), "id"),
            returned=f.returned(
                data.get("from") or mail.get("from"), f.text(data, "subject") or f.text(mail, "subject")
            ),
        ),
    )
