"""SendGrid: the Event Webhook, batches of events; and its lists of bounces, blocks and spam reports.

An event::

    {"email": "bob@example.com", "timestamp": 1513299569, "event": "bounce", "type": "bounce",
     "status": "5.1.1", "reason": "550 5.1.1 User unknown", "smtp-id": "<...>", "sg_event_id": "...",
     "sg_message_id": "..."}

``delivered`` and ``deferred`` have the server's words in ``response``, ``bounce`` (of type bounce or blocked)
and ``dropped`` in ``reason``; ``dropped`` was never tried and is ``rejected``. ``spamreport`` is a complaint.
``processed``, opens, clicks and unsubscriptions tell of no delivery.

The suppression lists of the Web API (``/v3/suppression/bounces`` and ``/blocks``) have ``created``,
``email``, ``reason`` and ``status``, as their CSV has.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event and
https://www.twilio.com/docs/sendgrid/api-reference/bounces-api
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "blocked": Kind.BOUNCED,
    "dropped": Kind.REJECTED,
    "spamreport": Kind.COMPLAINT,
}
_MARKS = ("sg_event_id", "sg_message_id", "smtp-id")
_LISTED = {"created", "email", "reason", "status"}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of SendGrid or stands on one of its lists."""
    if isinstance(record.get("event"), str):
        return "email" in record and any(mark in record for mark in _MARKS)
    return record.keys() == _LISTED and isinstance(record["email"], str)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    if "event" not in record:
        return (_of_list(record, source),)
    kind = _KINDS.get(record["event"])
    if kind is None:
        return ()
    status = f.text(record, "status")
    quoted, note = f.classified(
        f.said(f.text(record, "reason", "response"), status=status), f.text(record, "bounce_classification")
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["email"]),
            time=f.when(record.get("timestamp")),
            message_id=f.identity(f.text(record, "smtp-id")),
            queue_id=f.text(record, "sg_message_id"),
            local_ip=f.text(record, "ip", "outbound_ip") if kind is not Kind.COMPLAINT else "",
            attempts=f.number(record, "attempt"),
            status=status,
            note=note,
            returned=f.returned(record.get("from"), f.text(record, "subject")),
        ),
    )


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether the columns are those of a list of bounces or blocks."""
    return {name.lower() for name in columns} == _LISTED


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The bounce that a row tells of."""
    return (_of_list({name.lower(): value for name, value in row.items()}, source),)


def _of_list(record: Mapping[str, Any], source: Source) -> Delivery:
    status = f.text(record, "status")
    return f.delivery(
        source,
        Kind.BOUNCED,
        f.said(f.text(record, "reason"), status=status),
        recipient=f.address(record.get("email")),
        time=f.when(record.get("created")),
        status=status,
    )
