"""Mailjet: the Event API, events alone or in a list.

An event::

    {"event": "bounce", "time": 1730822400, "MessageID": 19421777835146490, "email": "bob@example.com",
     "mj_campaign_id": 7257, "blocked": false, "hard_bounce": true, "error_related_to": "recipient",
     "error": "user unknown", "comment": "550 5.1.1 <bob@example.com>: User unknown"}

``sent`` has the server's words in ``smtp_reply``, as ``sent (250 2.0.0 OK ...)``; ``bounce`` has them in
``comment`` where a server replied, and Mailjet's own words in ``error``. Greylisting that is no hard bounce
is tried again: ``deferred``. ``blocked`` is what Mailjet did not send: ``rejected``. ``spam`` is a complaint.
Opens, clicks and unsubscriptions tell of no delivery.

Source: https://dev.mailjet.com/email/guides/webhooks/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "sent": Kind.DELIVERED,
    "bounce": Kind.BOUNCED,
    "blocked": Kind.REJECTED,
    "spam": Kind.COMPLAINT,
}
_LISTED = frozenset({"preblocked", "blacklisted", "spam reporter"})
_MARKS = ("MessageID", "mj_campaign_id", "mj_contact_id", "mj_message_id")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Mailjet."""
    return (
        isinstance(record.get("event"), str)
        and "email" in record
        and "time" in record
        and any(mark in record for mark in _MARKS)
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["event"])
    error = f.text(record, "error")
    if kind is None:
        return ()
    if kind is Kind.BOUNCED and error == "greylisted" and not record.get("hard_bounce"):
        kind = Kind.DEFERRED
    quoted, note = f.classified(f.said(f.text(record, "smtp_reply", "comment")), error)
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["email"]),
            time=f.when(record.get("time")),
            queue_id=f.text(record, "MessageID", "mj_message_id"),
            note=f.SUPPRESSED if kind is Kind.REJECTED and error in _LISTED else note,
        ),
    )
