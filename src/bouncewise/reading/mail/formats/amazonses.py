"""Amazon SES: notifications by SNS, and its bounces without a delivery status.

A subscriber by mail of an SNS topic gets "AWS Notification Message" from ``no-reply@sns.amazonaws.com``
whose words are the notification as JSON: Bounce, Delivery, DeliveryDelay, Reject and RenderingFailure are
read here, a Complaint by ``feedback``; Send, Open and Click tell of no delivery. SES's own bounces
("An error occurred while trying to deliver the mail to the following recipients:") mostly have a delivery
status, and are read here where a mail system on the way took it off. Recognised by SNS's sender or header
field, or by that sentence.

Source: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

from typing import Any

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import anchored, spoken
from bouncewise.reading.mail.sns import listed, mapping, notification, returned_headers, type_of, word
from bouncewise.reading.mail.told import Told

_SENTENCE = "an error occurred while trying to deliver the mail to the following recipients"
# What the subtypes say where no reply is given (the table "Bounce types").
_SUBTYPES = {
    "NoEmail": "no recipient address could be found in the bounce message",
    "Suppressed": "the recipient is on the suppression list, as mail to it bounced before",
    "OnAccountSuppressionList": "the recipient is on the suppression list of the account",
    "MailboxFull": "the recipient's mailbox is full",
    "MessageTooLarge": "the message is too large",
    "ContentRejected": "the content of the message was rejected",
    "AttachmentRejected": "an attachment of the message was rejected",
}


def recognise(mail: Mail) -> bool:
    """Whether SNS sent it, or SES by its domain and sentence."""
    if "sns.amazonaws" in mail.sender or "x-amz-sns-message-id" in mail.headers:
        return bool(notification(mail))
    return "amazonses.com" in mail.sender_address and _SENTENCE in mail.notice[:1024].lower()


def read(mail: Mail) -> list[Told]:
    """What the notification, or the prose, tells of each recipient."""
    note = notification(mail)
    if not note:
        rest = spoken(mail.lines)
        return [Told(recipient=one.recipient, words=one.words or rest) for one in anchored(mail)]
    read_one = _READERS.get(type_of(note))
    told = read_one(note) if read_one else []
    about = mapping(note, "mail")
    for one in told:
        one.queue_id = word(about, "messageId")
        one.sender = word(about, "source")
    headers = returned_headers(note)
    if told and headers:
        mail.returned = headers
    return told


def _bounce(note: dict[str, Any]) -> list[Told]:
    bounce = mapping(note, "bounce")
    subtype = word(bounce, "bounceSubType")
    reporting = word(bounce, "reportingMTA")
    said = f"{word(bounce, 'bounceType')} {subtype}".strip()
    return [
        Told(
            recipient=word(one, "emailAddress"),
            words=_reply(one) or _SUBTYPES.get(subtype, ""),
            note=said,
            action=word(one, "action") or "failed",
            status=word(one, "status"),
            remote=word(bounce, "remoteMtaIp"),
            reporting=reporting,
        )
        for one in listed(bounce, "bouncedRecipients")
        if isinstance(one, dict)
    ]


def _delivery(note: dict[str, Any]) -> list[Told]:
    delivery = mapping(note, "delivery")
    return [
        Told(
            recipient=one,
            words=word(delivery, "smtpResponse"),
            action="delivered",
            remote=word(delivery, "remoteMtaIp"),
            reporting=word(delivery, "reportingMTA"),
        )
        for one in listed(delivery, "recipients")
        if isinstance(one, str)
    ]


def _delay(note: dict[str, Any]) -> list[Told]:
    delay = mapping(note, "deliveryDelay")
    return [
        Told(
            recipient=word(one, "emailAddress"),
            words=_reply(one),
            note=word(delay, "delayType"),
            action="delayed",
            status=word(one, "status"),
            reporting=word(delay, "reportingMTA"),
        )
        for one in listed(delay, "delayedRecipients")
        if isinstance(one, dict)
    ]


def _refused(note: dict[str, Any]) -> list[Told]:
    """SES itself did not take the message: a virus, or a template that did not render."""
    words = word(mapping(note, "reject"), "reason") or word(mapping(note, "failure"), "errorMessage")
    sent_to = [one for one in listed(mapping(note, "mail"), "destination") if isinstance(one, str)]
    return [Told(recipient=one, words=words) for one in sent_to]


def _reply(one: dict[str, Any]) -> str:
    """The diagnostic code without its type (``smtp; 550 ...``)."""
    words = word(one, "diagnosticCode")
    kind, sign, rest = words.partition(";")
    return rest.strip() if sign and kind.strip().lower() in ("smtp", "x-unix") else words


_READERS = {
    "Bounce": _bounce,
    "Delivery": _delivery,
    "DeliveryDelay": _delay,
    "Reject": _refused,
    "Rendering Failure": _refused,
}
