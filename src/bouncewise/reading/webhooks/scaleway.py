"""Scaleway Transactional Email: its webhooks, also as Topics and Events hands them on.

An event::

    {"id": "...", "type": "email_dropped", "domain_name": "example.com", "created_at": "2026-11-05T17:20:00Z",
     "email_id": "...", "email_from": "shop@example.com", "email_to": "bob@example.com",
     "email_headers": [{"name": "Message-ID", "value": "<...>"}], "email_response_code": 550,
     "email_response_message": "5.1.1 User unknown", "email_try_count": 1}

``email_dropped`` and ``email_mailbox_not_found`` are bounces, ``email_spam`` is a refusal as spam by the
recipient's server, ``email_blocklisted`` was not sent, ``email_deferred`` is tried again. ``email_queued``
and ``blocklist_created`` tell of no delivery.

Source: https://www.scaleway.com/en/docs/transactional-email/reference-content/webhook-events-payloads/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "email_delivered": Kind.DELIVERED,
    "email_dropped": Kind.BOUNCED,
    "email_mailbox_not_found": Kind.BOUNCED,
    "email_spam": Kind.BOUNCED,
    "email_deferred": Kind.DEFERRED,
    "email_blocklisted": Kind.REJECTED,
}
_OTHERS = frozenset({"email_queued", "blocklist_created", "unknown_type"})
# What the type says where no words are handed on.
_SAY = {
    "email_mailbox_not_found": "mailbox not found",
    "email_spam": "message identified as spam",
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Scaleway."""
    kind = record.get("type")
    return (kind in _KINDS and "email_to" in record) or (kind in _OTHERS and "domain_id" in record)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["type"])
    if kind is None:
        return ()
    told = f.text(record, "email_response_message", "email_error")
    quoted, note = f.classified(
        f.said(told, f.text(record, "email_response_code")), _SAY.get(record["type"], "")
    )
    headers = {f.text(h, "name").lower(): f.text(h, "value") for h in f.objects(record, "email_headers")}
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["email_to"]),
            time=f.when(record.get("created_at")),
            message_id=f.identity(headers.get("message-id", "")),
            queue_id=f.text(record, "email_id"),
            attempts=f.number(record, "email_try_count"),
            note=f.SUPPRESSED if kind is Kind.REJECTED else note,
            returned=f.returned(record.get("email_from"), headers.get("subject", "")),
        ),
    )
