"""Amazon SES: feedback notifications and published events, bare or as SNS, SQS and EventBridge hand them on.

A record is the event itself, or stands in one of these::

    {"Type": "Notification", "Message": "{\\"eventType\\": ...}", "Timestamp": ...}      SNS to HTTP or SQS
    {"EventSource": "aws:sns", "Sns": {"Message": ...}}                                SNS to Lambda
    {"source": "aws.ses", "detail-type": "Email Bounced", "detail": {...}}         EventBridge

The old shape calls its kind ``notificationType``, the new one ``eventType``; the rest is the same. Bounce,
Complaint, Delivery, DeliveryDelay, Reject and Rendering Failure are read, a record for each recipient. Send,
Open, Click and Subscription tell of no delivery. A recipient on Amazon's suppression list was never tried:
``rejected``.

Source: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Returned, Source
from bouncewise.reading.webhooks import fields as f

MAX_LEVELS = 4
_EVENTS = frozenset(
    {
        "Bounce",
        "Complaint",
        "Delivery",
        "DeliveryDelay",
        "Reject",
        "Rendering Failure",
        "RenderingFailure",
        "Send",
        "Open",
        "Click",
        "Subscription",
    }
)
_MARKS = ("notificationType", "eventType")
_CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
_SUPPRESSED = frozenset({"Suppressed", "OnAccountSuppressionList"})


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of SES, or what hands one on."""
    if isinstance(record.get("mail"), dict):
        return record.get("eventType", record.get("notificationType")) in _EVENTS
    if record.get("source") == "aws.ses":
        return isinstance(record.get("detail"), dict)
    if isinstance(record.get("Sns"), dict):
        return recognise_object(record["Sns"])
    message = record.get("Message")
    if not isinstance(message, str):
        return False
    if record.get("Type") in _CONFIRMATIONS and "TopicArn" in record:
        return True
    return any(f'"{mark}"' in message[:100_000] for mark in _MARKS) and '"mail"' in message


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of an event, one for each recipient."""
    event, sent = _event(record)
    name = str(event.get("eventType") or event.get("notificationType"))
    about = _about(f.inner(event, "mail"))
    if name in _READERS:
        return _READERS[name](event, about, source)
    if name in _ABOUT_ALL:
        return _to_all(name, event, about, sent, source)
    return ()


def _event(record: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The event and the time at which it was handed on."""
    sent = ""
    for _level in range(MAX_LEVELS):
        if isinstance(record.get("mail"), dict):
            return record, sent
        sent = f.when(record.get("Timestamp") or record.get("time")) or sent
        for name in ("Sns", "detail"):
            if isinstance(record.get(name), dict):
                record = record[name]
                break
        else:
            if record.get("Type") in _CONFIRMATIONS:
                return f.NOTHING, ""
            found = json.loads(record["Message"], strict=False)
            record = found if isinstance(found, dict) else f.NOTHING
    return f.NOTHING, ""


def _about(mail: Mapping[str, Any]) -> dict[str, Any]:
    """What the event tells of the message, for the record of each recipient."""
    common = f.inner(mail, "commonHeaders")
    headers = {f.text(h, "name").lower(): f.text(h, "value") for h in f.objects(mail, "headers")}
    senders, to = f.listed(common, "from"), ",".join(str(one) for one in f.listed(common, "to"))
    told = Returned(
        message_id=f.identity(f.text(common, "messageId") or headers.get("message-id", "")),
        sender=f.address(senders[0] if senders else headers.get("from", "")),
        recipients=tuple(found for one in to[:20_000].split(",") if "@" in (found := f.address(one))),
        subject=f.text(common, "subject") or headers.get("subject", ""),
        date=f.text(common, "date") or headers.get("date", ""),
    )
    return {
        "sender": f.address(mail["source"]) if isinstance(mail.get("source"), str) else None,
        "message_id": told.message_id,
        "queue_id": f.text(mail, "messageId"),
        "client": f.text(mail, "callerIdentity", "sourceIp"),
        "returned": told if told != Returned() else None,
    }


def _bounced(event: Mapping[str, Any], about: dict[str, Any], source: Source) -> Iterator[Delivery]:
    bounce, mail = event["bounce"], f.inner(event, "mail")
    sub = f.text(bounce, "bounceSubType")
    kind = Kind.REJECTED if sub in _SUPPRESSED else Kind.BOUNCED
    for one in f.objects(bounce, "bouncedRecipients"):
        status = f.text(one, "status")
        quoted, note = f.classified(f.said(f.text(one, "diagnosticCode"), status=status), sub)
        yield f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(one.get("emailAddress")),
            time=f.when(bounce.get("timestamp")) or f.when(mail.get("timestamp")),
            reporting_mta=_host(f.text(bounce, "reportingMTA")),
            remote_ip=f.text(bounce, "remoteMtaIp"),
            dsn_action=f.text(one, "action"),
            status=status,
            note=note,
            **about,
        )


def _complained(event: Mapping[str, Any], about: dict[str, Any], source: Source) -> Iterator[Delivery]:
    complaint = event["complaint"]
    sub = f.text(complaint, "complaintSubType")
    kind = Kind.REJECTED if sub in _SUPPRESSED else Kind.COMPLAINT
    quoted, note = f.classified(f.said(""), sub)
    for one in f.objects(complaint, "complainedRecipients"):
        yield f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(one.get("emailAddress")),
            time=f.when(complaint.get("timestamp")) or f.when(complaint.get("arrivalDate")),
            feedback_type=f.text(complaint, "complaintFeedbackType"),
            note=note,
            **about,
        )


def _delivered(event: Mapping[str, Any], about: dict[str, Any], source: Source) -> Iterator[Delivery]:
    told = event["delivery"]
    spent = f.number(told, "processingTimeMillis")
    for one in f.listed(told, "recipients"):
        yield f.delivery(
            source,
            Kind.DELIVERED,
            f.said(f.text(told, "smtpResponse")),
            recipient=f.address(one),
            time=f.when(told.get("timestamp")),
            reporting_mta=_host(f.text(told, "reportingMTA")),
            remote_ip=f.text(told, "remoteMtaIp"),
            queue_age=None if spent is None else spent / 1000,
            **about,
        )


def _delayed(event: Mapping[str, Any], about: dict[str, Any], source: Source) -> Iterator[Delivery]:
    delay = event["deliveryDelay"]
    for one in f.objects(delay, "delayedRecipients"):
        status = f.text(one, "status")
        quoted, note = f.classified(
            f.said(f.text(one, "diagnosticCode"), status=status), f.text(delay, "delayType")
        )
        yield f.delivery(
            source,
            Kind.DEFERRED,
            quoted,
            recipient=f.address(one.get("emailAddress")),
            time=f.when(delay.get("timestamp")),
            reporting_mta=_host(f.text(delay, "reportingMTA")),
            status=status,
            note=note,
            **about,
        )


def _to_all(
    name: str, event: Mapping[str, Any], about: dict[str, Any], sent: str, source: Source
) -> Iterator[Delivery]:
    """An event that is about the message: each recipient goes without it."""
    kind, member, words = _ABOUT_ALL[name]
    mail, why = f.inner(event, "mail"), f.said(f.text(f.inner(event, member), words))
    for one in f.listed(mail, "destination"):
        time = f.when(mail.get("timestamp")) or sent
        yield f.delivery(source, kind, why, recipient=f.address(one), time=time, **about)


def _host(name: str) -> str:
    return name.removeprefix("dsn;").removeprefix("dns;").strip()


_READERS = {
    "Bounce": _bounced,
    "Complaint": _complained,
    "Delivery": _delivered,
    "DeliveryDelay": _delayed,
}
_ABOUT_ALL = {
    "Reject": (Kind.REJECTED, "reject", "reason"),
    "Rendering Failure": (Kind.BOUNCED, "failure", "errorMessage"),
    "RenderingFailure": (Kind.BOUNCED, "failure", "errorMessage"),
}
