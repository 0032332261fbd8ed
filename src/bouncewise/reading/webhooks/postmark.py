"""Postmark: its webhooks, and the answers of its bounce API.

A bounce::

    {"RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "TypeCode": 1, "Name": "Hard bounce",
     "MessageID": "...", "Details": "smtp;550 5.1.1 User unknown", "Email": "bob@example.com",
     "From": "shop@example.com", "BouncedAt": "2026-11-05T16:33:54.9070259Z", "Inactive": true,
     "Subject": "..."}

``Type`` says what happened: ``Transient`` and ``DnsError`` are tried again, ``AutoResponder`` and
``AddressChange`` are automatic replies, ``ManuallyDeactivated``, ``Unconfirmed``, ``SMTPApiError`` and
``DMARCPolicy`` were refused by Postmark itself. ``Description`` is a general explanation of the type and is
left out. ``Delivery`` and ``SpamComplaint`` are read too, and a ``SubscriptionChange`` that tells of an
address suppressed because of a bounce or a complaint: it is the same event told once more where both hooks
are set. Opens, clicks and unsubscriptions tell of no delivery.

Source: https://postmarkapp.com/developer/webhooks/bounce-webhook, .../delivery-webhook,
.../spam-complaint-webhook, .../subscription-change-webhook and
https://postmarkapp.com/developer/api/bounce-api
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_TYPES: dict[str, Kind | None] = {
    "Transient": Kind.DEFERRED,
    "DnsError": Kind.DEFERRED,
    "AutoResponder": Kind.AUTO_REPLY,
    "AddressChange": Kind.AUTO_REPLY,
    "ChallengeVerification": Kind.CHALLENGE,
    "SpamComplaint": Kind.COMPLAINT,
    "ManuallyDeactivated": Kind.REJECTED,
    "Unconfirmed": Kind.REJECTED,
    "SMTPApiError": Kind.REJECTED,
    "DMARCPolicy": Kind.REJECTED,
    "Subscribe": None,
    "Unsubscribe": None,
    "OpenRelayTest": None,
    "InboundError": None,
}
_SUPPRESSIONS = {"HardBounce": Kind.BOUNCED, "SpamComplaint": Kind.COMPLAINT}
# What a type says where there are no details; the names of the others say nothing that a kind does not.
_SAY = frozenset(
    {
        "DnsError",
        "SpamNotification",
        "VirusNotification",
        "BadEmailAddress",
        "Blocked",
        "DMARCPolicy",
        "ManuallyDeactivated",
        "Unconfirmed",
        "SMTPApiError",
    }
)
_RECORDS = frozenset({"Bounce", "Delivery", "SpamComplaint", "SubscriptionChange", "Open", "Click"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a webhook of Postmark or a bounce of its API."""
    if "RecordType" in record:
        return record["RecordType"] in _RECORDS and "MessageID" in record
    if "BouncedAt" in record:
        return "TypeCode" in record
    return ("DeliveredAt" in record and "MessageID" in record) or isinstance(record.get("Bounces"), list)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a webhook, or none; several of the API's list."""
    if "Bounces" in record:
        return [one for bounce in f.objects(record, "Bounces") for one in read_object(bounce, source)]
    if "ChangedAt" in record:
        kind = (
            _SUPPRESSIONS.get(f.text(record, "SuppressionReason")) if record.get("SuppressSending") else None
        )
    elif "BouncedAt" in record:
        kind = _TYPES.get(f.text(record, "Type"), Kind.BOUNCED)
    else:
        kind = Kind.DELIVERED if "DeliveredAt" in record else None
    if kind is None:
        return ()
    kept = f.text(record, "Type")
    quoted, note = f.classified(f.said(f.text(record, "Details")), kept if kept in _SAY else "")
    time = record.get("BouncedAt") or record.get("DeliveredAt") or record.get("ChangedAt")
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(f.text(record, "Email", "Recipient")),
            time=f.when(time),
            queue_id=f.text(record, "MessageID"),
            note=f.SUPPRESSED if kept == "ManuallyDeactivated" else note,
            returned=f.returned(record.get("From"), f.text(record, "Subject")),
        ),
    )
