"""SparkPost (Bird): webhooks in batches, and the events that its API and its metrics give.

An event::

    {"msys": {"message_event": {"type": "bounce", "bounce_class": "10", "error_code": "550",
     "rcpt_to": "bob@example.com", "raw_reason": "550 5.1.1 User unknown", "msg_from": "bounces@example.com",
     "ip_address": "192.0.2.25", "num_retries": "0", "queue_time": "1200", "timestamp": "1730822400"}}}

The API gives the inner object alone. ``bounce`` and ``out_of_band`` are bounces, but for the classes 60 (an
automatic reply), 100 (a challenge), 80 and 90 (wishes to subscribe or not). ``delay`` is ``deferred``,
``policy_rejection`` and ``generation_rejection`` are refused by SparkPost itself, ``generation_failure`` is a
template that can't be filled: ``bounced``. Injections, opens, clicks, unsubscriptions, ingest events and the
relaying of inbound mail to web addresses tell of no delivery.

Source: https://developers.sparkpost.com/api/events/ and
https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivery": Kind.DELIVERED,
    "bounce": Kind.BOUNCED,
    "out_of_band": Kind.BOUNCED,
    "delay": Kind.DEFERRED,
    "policy_rejection": Kind.REJECTED,
    "generation_rejection": Kind.REJECTED,
    "generation_failure": Kind.BOUNCED,
    "relay_rejection": Kind.REJECTED,
    "spam_complaint": Kind.COMPLAINT,
}
_NO_BOUNCES: dict[str, Kind | None] = {
    "60": Kind.AUTO_REPLY,
    "100": Kind.CHALLENGE,
    "80": None,
    "90": None,
}
_CLASSES = {
    "10": "invalid recipient",
    "21": "DNS failure",
    "22": "mailbox full",
    "23": "message too large",
    "24": "timeout",
    "26": "smart send suppression",
    "51": "spam block",
    "52": "spam content",
    "53": "prohibited attachment",
    "54": "relaying denied",
}
_OTHERS = frozenset(
    {
        "injection",
        "sms_status",
        "open",
        "initial_open",
        "click",
        "amp_open",
        "amp_click",
        "amp_initial_open",
        "link_unsubscribe",
        "list_unsubscribe",
        "relay_injection",
        "relay_delivery",
        "relay_tempfail",
        "relay_permfail",
    }
)
_MARKS = ("raw_rcpt_to", "transmission_id", "bounce_class", "routing_domain")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of SparkPost, wrapped or bare."""
    if isinstance(record.get("msys"), dict):
        return True
    return (
        (record.get("type") in _KINDS or record.get("type") in _OTHERS)
        and "rcpt_to" in record
        and any(mark in record for mark in _MARKS)
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    if "msys" in record:
        events = [one for one in record["msys"].values() if isinstance(one, dict)]
        return [found for one in events for found in _read(one, source)]
    return _read(record, source)


def _read(event: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    kind = _KINDS.get(f.text(event, "type"))
    number = f.text(event, "bounce_class")
    if kind is Kind.BOUNCED:
        kind = _NO_BOUNCES.get(number, kind)
    if kind is None:
        return ()
    quoted, note = f.classified(
        f.said(f.text(event, "raw_reason", "reason"), f.text(event, "error_code")), _CLASSES.get(number, "")
    )
    waited, retries = f.number(event, "queue_time"), f.number(event, "num_retries")
    sender = event.get("msg_from")
    to = f.text(event, "raw_rcpt_to")
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(f.text(event, "rcpt_to") or to),
            original_recipient=to if to.lower() != f.text(event, "rcpt_to").lower() else "",
            time=f.when(event.get("timestamp")),
            sender=f.address(sender) if isinstance(sender, str) else None,
            queue_id=f.text(event, "message_id"),
            remote_ip=f.text(event, "ip_address") if kind is not Kind.COMPLAINT else "",
            local_ip=f.text(event, "sending_ip"),
            size=f.number(event, "msg_size"),
            queue_age=None if waited is None else waited / 1000,
            attempts=None if retries is None else retries + 1,
            feedback_type=f.text(event, "fbtype"),
            note=note,
            returned=f.returned(event.get("friendly_from"), f.text(event, "subject")),
        ),
    )
