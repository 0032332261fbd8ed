"""Resend: its webhooks.

An event::

    {"type": "email.bounced", "created_at": "2026-11-05T17:20:00.000Z", "data": {"email_id": "...",
     "from": "Shop <shop@example.com>", "to": ["bob@example.com"], "subject": "...",
     "bounce": {"message": "...", "type": "Permanent", "subType": "Suppressed",
     "diagnosticCode": ["smtp; 550 5.1.1 User unknown"]}}}

Resend's own ``message`` is taken where it hands on no ``diagnosticCode``. A bounce for an address on its
suppression list was never tried: ``rejected``, as ``email.suppressed`` is; ``email.failed`` is its own
failure: ``bounced``. An event of a mail to several people does not say who of them it is about: its record
has no recipient, and ``returned`` has them all. Sent, opened, clicked, scheduled and received tell of no
delivery.

Source: https://resend.com/docs/webhooks/emails/bounced and
https://resend.com/docs/dashboard/webhooks/event-types
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "email.delivered": Kind.DELIVERED,
    "email.bounced": Kind.BOUNCED,
    "email.delivery_delayed": Kind.DEFERRED,
    "email.failed": Kind.BOUNCED,
    "email.suppressed": Kind.REJECTED,
    "email.complained": Kind.COMPLAINT,
}
_DETAILS = ("bounce", "failed", "suppressed", "delay", "delivery_delayed")
_SUPPRESSED = frozenset({"Suppressed", "OnAccountSuppressionList"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Resend."""
    kind = record.get("type")
    return (
        isinstance(kind, str)
        and kind.startswith("email.")
        and isinstance(record.get("data"), dict)
        and "email_id" in record["data"]
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    kind, data = _KINDS.get(record["type"]), record["data"]
    if kind is None:
        return ()
    detail = next((data[name] for name in _DETAILS if isinstance(data.get(name), dict)), f.NOTHING)
    own, sub = f.text(detail, "message", "reason"), f.text(detail, "subType")
    if kind is Kind.BOUNCED and (sub in _SUPPRESSED or "suppressed sending" in own):
        kind = Kind.REJECTED
    codes = [code for code in f.listed(detail, "diagnosticCode") if isinstance(code, str)]
    quoted, note = f.classified(f.said(codes[-1] if codes else own), sub)
    to = [found for one in f.listed(data, "to") if (found := f.address(one))]
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=to[0] if len(to) == 1 else "",
            time=f.when(record.get("created_at")),
            message_id=f.identity(f.text(data, "message_id")),
            queue_id=f.text(data, "email_id"),
            note=note,
            returned=f.returned(data.get("from"), f.text(data, "subject"), to if len(to) > 1 else ()),
        ),
    )
