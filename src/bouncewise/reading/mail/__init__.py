"""Read a mail: bounces of every form, complaints, automatic answers, and what is none of them."""

from __future__ import annotations

from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.mail.automatic import automatic_kind, is_answer
from bouncewise.reading.mail.dates import rfc3339
from bouncewise.reading.mail.disposition import (
    is_disposition,
    is_rejection,
    read_disposition,
    read_rejection,
)
from bouncewise.reading.mail.dsn import read_dsn, says_why, status_of
from bouncewise.reading.mail.feedback import is_feedback, read_feedback
from bouncewise.reading.mail.formats import formats
from bouncewise.reading.mail.judge import from_person, is_bounce
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.paths import recipient_in_path
from bouncewise.reading.mail.prose import CODED, read_prose, words_about
from bouncewise.reading.mail.returned import read_returned
from bouncewise.reading.mail.told import Told, build


def read_mail(data: bytes) -> list[Delivery]:
    """The deliveries that a mail tells of.

    Args:
        data: the mail, with any line ends, whole or cut off.

    Returns:
        A record for each recipient. A mail that tells of no delivery gives one record of kind
        ``not-a-bounce``, octets that are no mail one of kind ``unreadable``, each with its reason.
        Never raises.
    """
    if not data.strip():
        return [Delivery(kind=Kind.UNREADABLE, reason="there is nothing in it")]
    mail = Mail(data)
    mail = mail.inner or mail
    if is_feedback(mail):
        return [_completed(d, mail, "arf") for d in read_feedback(mail)]
    if is_rejection(mail):
        return build(mail, read_rejection(mail), "sieve")
    if is_disposition(mail):
        return [_completed(d, mail, "mdn") for d in read_disposition(mail)]
    told, name = _told(mail)
    if told:
        return build(mail, _with_recipients(mail, told), name)
    return [_completed(_no_bounce(mail), mail, "")]


def _told(mail: Mail) -> tuple[list[Told], str]:
    """What the mail tells, and the name of the reader that found it."""
    reported = read_dsn(mail) if _own_status(mail) else []
    if says_why(reported):
        return reported, "dsn"
    bounce = is_bounce(mail)
    for name, recognise, read in () if from_person(mail) else formats(bounce=bounce):
        if recognise(mail):
            told = read(mail)
            if told:
                return _joined(reported, told), name
    if reported:
        return words_about(mail, reported), "dsn"
    if bounce and not is_answer(mail):
        return read_prose(mail), "general"
    return [], ""


def _own_status(mail: Mail) -> bool:
    """Whether the delivery status is the mail's own and not that of a bounce attached to it."""
    return (mail.type == "multipart/report" and mail.status_text != "") or (
        status_of(mail) != "" and is_bounce(mail)
    )


def _joined(reported: list[Told], told: list[Told]) -> list[Told]:
    """What the delivery status tells, with the words that the format found for the same recipient."""
    if not reported:
        return told
    words = {name.lower(): one for one in told for name in (one.original, one.recipient) if name}
    only = told[0] if len(told) == len(reported) == 1 else None
    for one in reported:
        found = words.get(one.recipient.lower()) or only
        if found is not None:
            other = found.words
            if CODED.search(found.words) or not one.words:
                one.words, other = found.words or one.words, one.words
            one.note = " ".join(filter(None, (one.note, other, found.note)))
            one.recipient = one.recipient if one.recipient.find("@") > 0 else found.recipient
            one.original = one.original or found.original
            one.remote = one.remote or found.remote
    return reported


def _with_recipients(mail: Mail, told: list[Told]) -> list[Told]:
    """Fill in recipients that nobody named by what else knows them."""
    named = {one.recipient.lower() for one in told}
    for one in told:
        if "@" not in one.recipient:
            known = _known_recipient(mail)
            one.recipient = known if known and known.lower() not in named else one.recipient
    return told


def _known_recipient(mail: Mail) -> str:
    failed = mail.headers.address("x-failed-recipients")
    if failed:
        return failed
    for address in mail.to:
        found = recipient_in_path(address)
        if found:
            return found
    returned = mail.returned
    for name in ("x-failed-recipient", "to"):
        addresses = returned.addresses(name) if returned else ()
        if len(addresses) == 1:
            return addresses[0]
    return ""


def _no_bounce(mail: Mail) -> Delivery:
    kind = automatic_kind(mail)
    if kind is not None:
        return Delivery(
            kind=kind, recipient=mail.sender_address, reason="a program answered in place of a person"
        )
    if not mail.headers and b"\0" in mail.data[:4096]:
        return Delivery(kind=Kind.UNREADABLE, reason="no mail: it has no header fields and is not text")
    return Delivery(kind=Kind.NOT_A_BOUNCE, reason="nothing in it tells of a delivery that failed")


def _completed(delivery: Delivery, mail: Mail, name: str) -> Delivery:
    """The record with what the whole mail tells."""
    headers = mail.returned if delivery.kind in (Kind.COMPLAINT, Kind.AUTO_REPLY) else None
    changes: dict[str, Any] = {"source": Source(format=name), "time": rfc3339(mail.headers.get("date"))}
    if headers and delivery.returned is None:
        returned = read_returned(headers)
        changes["returned"] = returned
        changes["message_id"] = delivery.message_id or returned.message_id
        changes["local_ip"] = delivery.local_ip or returned.sending_ip
    return msgspec.structs.replace(delivery, **changes)
