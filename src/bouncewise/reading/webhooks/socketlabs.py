"""SocketLabs: its event webhooks, as JSON or as the forms of the older notification API.

An event::

    {"Type": "Failed", "DateTime": "2026-11-05T17:20:00", "MailingId": "...", "MessageId": "...",
     "Address": "bob@example.com", "ServerId": 1000, "SecretKey": "...", "FailureType": "Permanent",
     "FailureCode": 2001, "BounceStatus": "5.1.1", "DiagnosticCode": "smtp;550 5.1.1 User unknown",
     "Reason": "...", "RemoteMta": "mx.example.com", "FromAddress": "shop@example.com"}

``Failed`` is final; with the type ``Suppressed`` it was never tried. ``Delivered`` has the server's words in
``Response``, ``Deferred`` in ``Reason``. ``Complaint`` is a complaint. Queued, Tracking and Validation tell
of no delivery.

Source: https://docs.socketlabs.com/docs/event-webhooks and SocketLabs.EventWebhooks.Extensions (its models)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "Delivered": Kind.DELIVERED,
    "Failed": Kind.BOUNCED,
    "Deferred": Kind.DEFERRED,
    "Complaint": Kind.COMPLAINT,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of SocketLabs."""
    return isinstance(record.get("Type"), str) and all(
        name in record for name in ("DateTime", "ServerId", "MailingId")
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["Type"])
    if kind is None:
        return ()
    if record.get("FailureType") in ("Suppressed", 2, "2"):
        kind = Kind.REJECTED
    status, own = f.text(record, "BounceStatus"), f.text(record, "Reason")
    quoted = f.said(f.text(record, "DiagnosticCode", "Reason", "Response"), status=status)
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(f.text(record, "Address")),
            time=f.when(record.get("DateTime")),
            queue_id=f.text(record, "MessageId"),
            envelope_id=f.text(record, "MailingId"),
            remote_mta=f.text(record, "RemoteMta").removeprefix("dns;").strip(),
            local_ip=f.text(record, "LocalIp"),
            status=status,
            note=own if quoted.reply.text and quoted.reply.text not in own else "",
            returned=f.returned(f.text(record, "FromAddress")),
        ),
    )
