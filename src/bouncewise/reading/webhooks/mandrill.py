"""Mailchimp Transactional (Mandrill): webhooks, as the form field ``mandrill_events`` or as a bare list.

An event::

    {"event": "hard_bounce", "ts": 1730822400, "_id": "...", "msg": {"_id": "...", "email": "bob@example.com",
     "sender": "shop@example.com", "subject": "...", "bounce_description": "bad_mailbox",
     "diag": "smtp;550 5.1.1 User unknown", "smtp_events": [...]}}

``send`` and ``deferral`` have the server's words in ``smtp_events``, of which the last is taken: each has
``ts``, ``type``, ``diag``, ``source_ip`` and ``destination_ip``. A ``send`` without them says only that
Mandrill took the message. ``reject`` was never tried. Opens, clicks, unsubscriptions and changes of the lists
tell of no delivery.

Source: https://mailchimp.com/developer/transactional/docs/webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "send": Kind.DELIVERED,
    "delivered": Kind.DELIVERED,
    "deferral": Kind.DEFERRED,
    "hard_bounce": Kind.BOUNCED,
    "soft_bounce": Kind.BOUNCED,
    "reject": Kind.REJECTED,
    "spam": Kind.COMPLAINT,
}

# The reasons of a reject that stand for an address on the denylist; the others are about the message.
_LISTED = frozenset({"hard-bounce", "soft-bounce", "spam", "unsub", "custom"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Mandrill."""
    if isinstance(record.get("msg"), dict):
        return "event" in record and "email" in record["msg"]
    return record.get("type") in ("blacklist", "whitelist") and "action" in record and "ts" in record


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record.get("event", ""))
    message = f.inner(record, "msg")
    tries = f.objects(message, "smtp_events")
    last = tries[-1] if tries else f.NOTHING
    reason = f.text(f.inner(message, "reject"), "reason")
    if kind is None or (record["event"] == "send" and not tries):
        return ()
    quoted, note = f.classified(
        f.said(f.text(message, "diag") or f.text(last, "diag")),
        f.text(message, "bounce_description") or reason,
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(message["email"]),
            time=f.when(record.get("ts")),
            queue_id=f.text(message, "_id") or f.text(record, "_id"),
            local_ip=f.text(last, "source_ip"),
            remote_ip=f.text(last, "destination_ip"),
            size=f.number(last, "size") or None,
            attempts=len(tries) if kind is Kind.DEFERRED and tries else None,
            note=f.SUPPRESSED if kind is Kind.REJECTED and reason in _LISTED else note,
            returned=f.returned(message.get("sender"), f.text(message, "subject")),
        ),
    )
