"""Unisender Go: its callbacks, grouped by user or an event alone.

An event::

    {"event_name": "transactional_email_status", "event_data": {"job_id": "1sn15Z-0007Le-GtVN",
     "email": "bob@example.com", "status": "hard_bounced", "event_time": "2026-11-05 17:20:00",
     "delivery_info": {"delivery_status": "err_user_unknown",
     "destination_response": "550 5.1.1 User unknown"}}}

Events stand in ``{"events_by_user": [{"user_id": ..., "events": [...]}]}``, or alone with the fields of
``event_data`` beside ``event_name``. Times are UTC. ``soft_bounced`` is tried again. ``sent`` is not yet
known to have arrived; opens, clicks, subscriptions and ``transactional_spam_block`` tell of no delivery.

Source: https://godocs.unisender.ru/web-api-ref#callback-format
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "soft_bounced": Kind.DEFERRED,
    "hard_bounced": Kind.BOUNCED,
    "spam": Kind.COMPLAINT,
}
_NEVER_TRIED = frozenset({"err_unsubscribed", "err_skip_letter", "err_spam_skipped"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Unisender Go or a callback with several."""
    if isinstance(record.get("events_by_user"), list):
        return True
    name = record.get("event_name")
    return isinstance(name, str) and name.startswith("transactional_")


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of a callback."""
    events: list[Mapping[str, Any]] = [record]
    if "events_by_user" in record:
        events = [one for user in f.objects(record, "events_by_user") for one in f.objects(user, "events")]
    return [found for event in events for found in _read(event, source)]


def _read(event: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    data = f.inner(event, "event_data") or event
    kind = _KINDS.get(f.text(data, "status"))
    if kind is None or event.get("event_name") != "transactional_email_status":
        return ()
    info = f.inner(data, "delivery_info")
    error = f.text(info, "delivery_status")
    if kind is Kind.BOUNCED and error in _NEVER_TRIED:
        kind = Kind.REJECTED
    quoted, note = f.classified(
        f.said(f.text(info, "destination_response")),
        error.removeprefix("err_") if error.startswith("err_") else "",
    )
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(data.get("email")),
            time=f.when(data.get("event_time")),
            queue_id=f.text(data, "job_id"),
            note=f.SUPPRESSED if error == "err_unsubscribed" else note,
        ),
    )
