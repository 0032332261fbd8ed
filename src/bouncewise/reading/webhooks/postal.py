"""Postal: its webhooks.

An event::

    {"event": "MessageDeliveryFailed", "timestamp": 1730822400.96, "uuid": "...",
     "payload": {"status": "HardFail", "message": {"id": 1564, "to": "bob@example.com",
     "from": "shop@example.com", "message_id": "...", "direction": "outgoing"},
     "details": "Permanent SMTP delivery error when sending to 192.0.2.25:25 (mx.example.com)",
     "output": "550 5.1.1 User unknown\\n"}}

``output`` is what the server said, ``details`` what Postal says to it. ``MessageSent``, ``MessageDelayed``
and ``MessageDeliveryFailed`` are read by their status; ``MessageBounced`` tells of a bounce mail that came in
for ``original_message``. ``MessageHeld`` waits for somebody to release it, ``deferred``, or is refused
because of the suppression list, ``rejected``. Mail that comes in, clicks, loads and the state of domains are
passed over.

Source: https://docs.postalserver.io/developer/webhooks and app/senders/smtp_sender.rb of Postal 2 and 3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_EVENTS = {
    "MessageSent": Kind.DELIVERED,
    "MessageDelayed": Kind.DEFERRED,
    "MessageDeliveryFailed": Kind.BOUNCED,
    "MessageHeld": Kind.DEFERRED,
    "MessageBounced": Kind.BOUNCED,
}
_STATUS = {
    "Sent": Kind.DELIVERED,
    "SoftFail": Kind.DEFERRED,
    "HardFail": Kind.BOUNCED,
    "Bounced": Kind.BOUNCED,
}
_OTHERS = frozenset(
    {"MessageLinkClicked", "MessageLoaded", "DomainDNSError", "SendLimitApproaching", "SendLimitExceeded"}
)
# ``accepted by 192.0.2.25:25 (mx.example.com)``; older releases have the name first
_PEER = re.compile(
    r"(?:sending to|accepted by) (\[?[\w.:-]{1,255}\]?)(?::\d{1,5})?"
    r"(?: \(([\w.:-]{1,255})\))?(?: \(from ([\w.:]{2,45}))?"
)
_PORT = re.compile(r"\]?:\d{1,5}$")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}$|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+$", re.ASCII)


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a webhook of Postal."""
    event = record.get("event")
    if event in _OTHERS:
        return isinstance(record.get("payload"), dict)
    payload = record.get("payload")
    return (
        event in _EVENTS
        and isinstance(payload, dict)
        and ("message" in payload or "original_message" in payload)
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a webhook, or none."""
    kind, payload = _EVENTS.get(record["event"]), record["payload"]
    message = f.inner(payload, "message") or f.inner(payload, "original_message")
    details = f.text(payload, "details")
    if kind is None or message.get("direction") == "incoming":
        return ()
    if "bounce" in payload:
        kind = Kind.BOUNCED
    elif record["event"] == "MessageHeld":
        kind = Kind.REJECTED if "suppression list" in details else kind
    else:
        kind = _STATUS.get(f.text(payload, "status"), kind)
    output = f.text(payload, "output")
    host, ip, local_ip = _peer(details)
    return (
        f.delivery(
            source,
            kind,
            f.said(output or details),
            recipient=f.address(message.get("to")),
            time=f.when(record.get("timestamp")) or f.when(payload.get("timestamp")),
            sender=f.address(message["from"]) if isinstance(message.get("from"), str) else None,
            message_id=f.identity(f.text(message, "message_id")),
            queue_id=f.text(message, "id"),
            remote_mta=host,
            remote_ip=ip,
            local_ip=local_ip,
            note="" if host or not output else details,
            returned=f.returned("", f.text(message, "subject")),
        ),
    )


def _peer(details: str) -> tuple[str, str, str]:
    """Name and address of the server that is told of, and the address that was sent from."""
    found = _PEER.search(details)
    if found is None:
        return "", "", ""
    names = [_PORT.sub("", found[1]).strip("[]"), found[2] or ""]
    ip = next((name for name in names if _IP.match(name)), "")
    return next((name for name in names if name and name != ip), ip), ip, found[3] or ""
