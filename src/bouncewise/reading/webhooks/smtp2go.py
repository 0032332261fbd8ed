"""SMTP2GO: its webhooks, as a form or JSON.

An event::

    {"event": "bounce", "bounce": "hard", "time": "2026-11-05T17:20:00Z", "sendtime": "...",
     "sender": "bounces@example.com", "from": "shop@example.com", "rcpt": "bob@example.com",
     "email_id": "1sn15Z-0007Le-GtVN", "host": "mx.example.com [192.0.2.25]",
     "message": "550 5.1.1 User unknown", "context": "RCPT TO:<bob@example.com>"}

``bounce`` is hard or soft and final either way, ``reject`` was never tried, ``spam`` is a complaint.
``context`` is the command that the server answered. Processed, opens, clicks and unsubscriptions tell of no
delivery. Times are UTC.

Source: https://developers.smtp2go.com/docs/webhooks-1
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f
from bouncewise.reply.unwrap.common import phase_of

_KINDS = {
    "delivered": Kind.DELIVERED,
    "bounce": Kind.BOUNCED,
    "reject": Kind.REJECTED,
    "spam": Kind.COMPLAINT,
}
_HOST = re.compile(r"([\w.-]{1,255})(?: ?[\[(]([0-9A-Fa-f.:]{2,45})[\])])?")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of SMTP2GO."""
    return (
        isinstance(record.get("event"), str)
        and "rcpt" in record
        and ("email_id" in record or "sendtime" in record)
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["event"])
    if kind is None:
        return ()
    context = f.text(record, "context")
    host = _HOST.match(f.text(record, "host"))
    sender = record.get("sender")
    return (
        f.delivery(
            source,
            kind,
            f.said(f.text(record, "message") or context),
            recipient=f.address(record["rcpt"]),
            time=f.when(record.get("time")),
            sender=f.address(sender) if isinstance(sender, str) else None,
            message_id=f.identity(f.text(record, "Message-Id", "message-id")),
            queue_id=f.text(record, "email_id"),
            remote_mta=host[1] if host else "",
            remote_ip=(host[2] or "") if host else "",
            client=f.text(record, "auth"),
            phase=phase_of(context) if context and kind is Kind.BOUNCED else None,
            returned=f.returned(record.get("from"), f.text(record, "subject")),
        ),
    )
