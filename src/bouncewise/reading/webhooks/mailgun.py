"""Mailgun: webhooks of 2018 and later (``event-data``), the Events API, and the web forms of old webhooks.

An event::

    {"signature": {...}, "event-data": {"event": "failed", "severity": "permanent", "reason": "bounce",
     "recipient": "bob@example.com", "delivery-status": {"code": 550, "message": "5.1.1 User unknown",
     "mx-host": "mx.example.com", "attempt-no": 1}, "message": {"headers": {...}}, "envelope": {...}}}

``failed`` is ``deferred`` with the severity ``temporary``, ``expired`` with the reason ``old``, ``rejected``
with a reason ``suppress-...`` (never tried), else ``bounced``. ``rejected`` is what Mailgun itself refused.
Mailgun writes numbers of its own where no server replied: 498 for a domain without hosts, 605 to 607 for what
it suppresses.

A form of an old webhook has ``event`` (bounced, dropped, delivered, complained), ``recipient``, ``code``,
``error`` or ``description``, ``timestamp``, ``token`` and ``signature``.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks and
https://documentation.mailgun.com/docs/mailgun/user-manual/events/events
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "rejected": Kind.REJECTED,
    "complained": Kind.COMPLAINT,
}
_OLD_KINDS = {
    "delivered": Kind.DELIVERED,
    "bounced": Kind.BOUNCED,
    "dropped": Kind.BOUNCED,
    "complained": Kind.COMPLAINT,
}
_OWN_MARKS = ("log-level", "delivery-status", "flags", "envelope")
_OLD_MARKS = ("token", "signature", "timestamp", "recipient")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a webhook of Mailgun, new or old, or an item of its Events API."""
    if isinstance(record.get("event-data"), dict):
        return True
    if not isinstance(record.get("event"), str) or "timestamp" not in record:
        return False
    return any(mark in record for mark in _OWN_MARKS) or all(mark in record for mark in _OLD_MARKS)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    data = record.get("event-data", record)
    if "signature" in data and "token" in data:
        return _old(data, source)
    kind = _kind(data)
    if kind is None:
        return ()
    status, envelope, message = (f.inner(data, name) for name in ("delivery-status", "envelope", "message"))
    headers = f.inner(message, "headers")
    told = f.text(status, "message", "description") or f.text(
        f.inner(data, "reject"), "reason", "description"
    )
    enhanced = f.text(status, "enhanced-code")
    quoted, note = f.classified(
        f.said(told, f.text(status, "code"), enhanced),
        f.text(data, "reason") if kind in (Kind.BOUNCED, Kind.REJECTED) else "",
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(f.text(data, "recipient") or f.text(envelope, "targets")),
            time=f.when(data.get("timestamp")),
            sender=f.address(envelope["sender"]) if isinstance(envelope.get("sender"), str) else None,
            message_id=f.identity(f.text(headers, "message-id")),
            remote_mta=f.text(status, "mx-host"),
            local_ip=f.text(envelope, "sending-ip"),
            attempts=f.number(status, "attempt-no"),
            size=f.number(message, "size"),
            status=enhanced,
            note=note,
            returned=f.returned(headers.get("from"), f.text(headers, "subject"), headers.get("to", ())),
        ),
    )


def _kind(data: Mapping[str, Any]) -> Kind | None:
    kind = _KINDS.get(data["event"])
    reason = f.text(data, "reason")
    if kind is not Kind.BOUNCED:
        return kind
    if reason.startswith("suppress"):
        return Kind.REJECTED
    if data.get("severity") == "temporary":
        return Kind.DEFERRED
    return Kind.EXPIRED if reason == "old" else Kind.BOUNCED


def _old(data: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """A web form of an old webhook."""
    kind = _OLD_KINDS.get(data["event"])
    if kind is None:
        return ()
    code = f.text(data, "code")
    if data["event"] == "dropped":
        kind = (
            Kind.EXPIRED
            if data.get("reason") == "old"
            else Kind.REJECTED
            if code.startswith("6")
            else Kind.BOUNCED
        )
    told = f.text(data, "error", "description", "notification") if kind is not Kind.DELIVERED else ""
    return (
        f.delivery(
            source,
            kind,
            f.said(told, code),
            recipient=f.address(data.get("recipient")),
            time=f.when(data.get("timestamp")),
            message_id=f.identity(f.text(data, "Message-Id", "message-id")),
            status=code,
        ),
    )
