"""ZeptoMail (Zoho): its webhooks for bounces and feedback loops.

An event::

    {"event_name": ["hardbounce"], "event_message": [{"request_id": "...",
     "email_info": {"from": {"address": "shop@example.com"}, "bounce_address": "bounce@example.com",
     "email_reference": "...", "subject": "...", "to": [...]}, "event_data": [{"object": "hardbounce",
     "details": [{"bounced_recipient": "bob@example.com", "reason": "invalid-recipient",
     "time": "2026-11-05T17:20:00+00:00", "diagnostic_message": "550 5.1.1 User unknown"}]}]}],
     "mailagent_key": "..."}

Soft and hard bounces are bounces, what a feedback loop tells of is a complaint. Opens and clicks tell of no
delivery.

Source: https://www.zoho.com/zeptomail/help/webhooks.html and
https://www.zoho.com/zeptomail/webhooks-instant-notification.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "softbounce": Kind.BOUNCED,
    "hardbounce": Kind.BOUNCED,
    "feedback_loop": Kind.COMPLAINT,
    "feedbackloop": Kind.COMPLAINT,
    "delivered": Kind.DELIVERED,
}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a webhook of ZeptoMail."""
    return isinstance(record.get("event_message"), list) and "event_name" in record


def read_object(record: Mapping[str, Any], source: Source) -> Iterator[Delivery]:
    """The deliveries of a webhook."""
    names = f.listed(record, "event_name")
    for message in f.objects(record, "event_message"):
        info = f.inner(message, "email_info")
        for data in f.objects(message, "event_data"):
            kind = _KINDS.get(f.text(data, "object") or str(names[0] if names else ""))
            if kind is not None:
                yield from _details(kind, data, info, source)


def _details(
    kind: Kind, data: Mapping[str, Any], info: Mapping[str, Any], source: Source
) -> Iterable[Delivery]:
    sender = info.get("bounce_address")
    to = [found for one in f.objects(info, "to") if (found := f.address(one.get("email_address")))]
    for one in f.objects(data, "details"):
        quoted, note = f.classified(f.said(f.text(one, "diagnostic_message")), f.text(one, "reason"))
        yield f.delivery(
            source,
            kind,
            quoted,
            recipient=f.text(one, "bounced_recipient", "recipient") or (to[0] if len(to) == 1 else ""),
            time=f.when(one.get("time")) or f.when(info.get("processed_time")),
            sender=f.address(sender) if isinstance(sender, str) else None,
            queue_id=f.text(info, "email_reference"),
            note=note,
            returned=f.returned(info.get("from"), f.text(info, "subject")),
        )
