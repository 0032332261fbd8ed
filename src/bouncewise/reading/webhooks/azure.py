"""Azure Communication Services Email: delivery reports by Event Grid, in its own schema or as CloudEvents.

An event::

    {"id": "...", "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
     "eventTime": "2026-11-05T17:20:00Z", "data": {"sender": "shop@example.com",
     "recipient": "bob@example.com", "messageId": "...", "internetMessageId": "<...>", "status": "Bounced",
     "deliveryStatusDetails": {"statusMessage": "550 5.1.1 User unknown",
     "recipientMailServerHostName": "mx.example.com"}, "deliveryAttemptTimestamp": "..."}}

CloudEvents have ``type`` and ``time`` in place of ``eventType`` and ``eventTime``. ``Bounced``, ``Failed``,
``FilteredSpam`` and ``Quarantined`` did not arrive: ``bounced``; ``Suppressed`` was never tried. ``Expanded``
is a group that became its members. Reports on opens and clicks tell of no delivery.

Source: https://learn.microsoft.com/en-us/azure/event-grid/communication-services-email-events
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_EVENTS = (
    "Microsoft.Communication.EmailDeliveryReportReceived",
    "Microsoft.Communication.EmailEngagementTrackingReportReceived",
)
_KINDS = {
    "delivered": Kind.DELIVERED,
    "bounced": Kind.BOUNCED,
    "failed": Kind.BOUNCED,
    "filteredspam": Kind.BOUNCED,
    "quarantined": Kind.BOUNCED,
    "suppressed": Kind.REJECTED,
}
_SAY = {
    "filteredspam": "message identified as spam",
    "quarantined": "message quarantined as spam",
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a report of Azure's mail service."""
    return record.get("eventType", record.get("type")) in _EVENTS and isinstance(record.get("data"), dict)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a report, or none."""
    data = record["data"]
    status = f.text(data, "status").lower()
    kind = _KINDS.get(status)
    if kind is None or "recipient" not in data:
        return ()
    details = data.get("deliveryStatusDetails", data.get("DeliveryStatusDetails"))
    detail = details if isinstance(details, dict) else f.NOTHING
    told = f.text(detail, "statusMessage") or (details if isinstance(details, str) else "")
    quoted, note = f.classified(
        f.said("" if told in ("No error.", "Status Message") else told), _SAY.get(status, "")
    )
    time = data.get("deliveryAttemptTimestamp") or data.get("deliveryAttemptTimeStamp")
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(data["recipient"]),
            time=f.when(time) or f.when(record.get("eventTime") or record.get("time")),
            message_id=f.identity(f.text(data, "internetMessageId")),
            queue_id=f.text(data, "messageId"),
            remote_mta=f.text(detail, "recipientMailServerHostName"),
            note=f.SUPPRESSED if kind is Kind.REJECTED else note,
            returned=f.returned(data.get("sender")),
        ),
    )
