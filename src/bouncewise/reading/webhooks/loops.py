"""Loops: its webhooks on mails, which hand on no server's words.

An event::

    {"eventName": "email.hardBounced", "eventTime": 1730822400, "webhookSchemaVersion": "1.0.0",
     "sourceType": "transactional", "contactIdentity": {"id": "...", "email": "bob@example.com"},
     "email": {"id": "...", "subject": "..."}}

Hard and soft bounces are bounces, ``email.spamReported`` is a complaint. Other events tell of no delivery.

Source: https://loops.so/docs/webhooks and https://loops.so/docs/api-reference/webhooks/email-hard-bounced
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "email.delivered": Kind.DELIVERED,
    "email.hardBounced": Kind.BOUNCED,
    "email.softBounced": Kind.BOUNCED,
    "email.spamReported": Kind.COMPLAINT,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Loops on a mail."""
    return "webhookSchemaVersion" in record and str(record.get("eventName", "")).startswith("email.")


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind = _KINDS.get(record["eventName"])
    if kind is None:
        return ()
    mail = f.inner(record, "email")
    return (
        f.delivery(
            source,
            kind,
            f.said(""),
            recipient=f.address(record.get("contactIdentity")),
            time=f.when(record.get("eventTime")),
            queue_id=f.text(mail, "emailMessageId", "id"),
            returned=f.returned("", f.text(mail, "subject")),
        ),
    )
