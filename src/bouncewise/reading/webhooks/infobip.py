"""Infobip: the delivery reports of its e-mail channel.

A report stands in ``{"results": [...]}``::

    {"bulkId": "...", "messageId": "...", "to": "bob@example.com", "sentAt": "2026-11-05T17:20:00.000+0000",
     "doneAt": "...", "status": {"groupName": "UNDELIVERABLE", "name": "UNDELIVERABLE_NOT_DELIVERED", ...},
     "error": {"groupName": "USER_ERRORS", "name": "EC_INVALID_RECIPIENT",
     "description": "550 5.1.1 User unknown", "permanent": true}, "channel": "EMAIL"}

DELIVERED, UNDELIVERABLE, EXPIRED and REJECTED are read by the group of the status; PENDING tells of no end.
Reports of short messages have a number in ``to`` and are not taken.

Source:
https://www.infobip.com/docs/api/channels/email/email-logs-and-status-reports/receive-outbound-email-message-report
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "DELIVERED": Kind.DELIVERED,
    "UNDELIVERABLE": Kind.BOUNCED,
    "EXPIRED": Kind.EXPIRED,
    "REJECTED": Kind.REJECTED,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a report of Infobip on a mail."""
    return (
        isinstance(record.get("status"), dict)
        and "groupName" in record["status"]
        and "messageId" in record
        and "@" in str(record.get("to", ""))
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a report, or none."""
    kind, error = _KINDS.get(record["status"]["groupName"]), f.inner(record, "error")
    if kind is None:
        return ()
    name = f.text(error, "name")
    failed = name not in ("", "NO_ERROR") and kind is not Kind.DELIVERED
    quoted, note = f.classified(
        f.said(f.text(error, "description") if failed else ""), name.removeprefix("EC_") if failed else ""
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["to"]),
            time=f.when(record.get("doneAt")) or f.when(record.get("sentAt")),
            queue_id=f.text(record, "messageId"),
            note=note,
            returned=f.returned(record.get("from"), f.text(record, "subject")),
        ),
    )
