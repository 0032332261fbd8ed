"""Cloudflare Email Sending: the events that a queue is given.

An event::

    {"type": "cf.email.sending.message.bounced", "payload": {"messageId": "...", "sender": "shop@example.com",
     "recipient": "bob@example.com", "subject": "...", "delivery": {"status": "bounced",
     "smtpStatusCode": "550", "smtpEnhancedStatusCode": "5.1.1", "smtpResponse": "550 5.1.1 User unknown"},
     "bounce": {"type": "hard", "classification": "permanent_failure"}},
     "metadata": {"eventTimestamp": "2026-11-05T17:20:00.132Z"}}

``message.failed`` is Cloudflare's own failure: ``bounced``. ``message.rejected`` was never tried (suppressed,
invalid, spam).

Source: https://developers.cloudflare.com/email-service/platform/event-subscriptions/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_EVENT = "cf.email.sending.message."
_KINDS = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounced": Kind.BOUNCED,
    "failed": Kind.BOUNCED,
    "rejected": Kind.REJECTED,
    "complained": Kind.COMPLAINT,
}
_DULL = frozenset({"permanent_failure", "temporary_failure", "delivery_failed"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Cloudflare's mail service."""
    kind = record.get("type")
    return isinstance(kind, str) and kind.startswith(_EVENT) and isinstance(record.get("payload"), dict)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind, data = _KINDS.get(record["type"].removeprefix(_EVENT)), record["payload"]
    if kind is None:
        return ()
    told, bounce, failure, refusal = (
        f.inner(data, name) for name in ("delivery", "bounce", "failure", "rejection")
    )
    status = f.text(told, "smtpEnhancedStatusCode")
    names = [f.text(bounce, "classification"), f.text(failure, "reason"), f.text(refusal, "reason")]
    quoted, note = f.classified(
        f.said(
            f.text(told, "smtpResponse") or f.text(bounce, "reason") or f.text(refusal, "detail"),
            f.text(told, "smtpStatusCode"),
            status,
        ),
        *(name for name in names if name not in _DULL),
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(data.get("recipient")),
            time=f.when(f.inner(record, "metadata").get("eventTimestamp")),
            queue_id=f.text(data, "messageId"),
            feedback_type=f.text(f.inner(data, "complaint"), "type"),
            status=status,
            note=note,
            returned=f.returned(data.get("sender"), f.text(data, "subject")),
        ),
    )
