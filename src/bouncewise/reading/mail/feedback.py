"""Complaints: feedback reports (RFC 5965, RFC 6591) and what providers send in their place.

Besides ARF these are read: Hotmail's JMRP (the message attached, with ``X-HmXmrOriginalRecipient``; some
mailboxes keep only the attached message), SpamCop's letters, and Amazon's complaint notifications.
Addresses that a provider blotted out (RFC 6590) are given as they stand when their domain is there: it
tells who complained about what.
"""

from __future__ import annotations

import re
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.mail.fields import Block, blocks
from bouncewise.reading.mail.headers import ADDRESS, Headers
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.returned import read_returned
from bouncewise.reading.mail.sns import listed, mapping, notification, returned_headers, type_of, word

TYPES = ("message/feedback-report", "message/x-feedback-report")
MAX_RECIPIENTS = 1000
_HIDDEN = re.compile(r"undisclosed|^\s*$", re.I)
_ADDRESS = re.compile(ADDRESS)
_FOR = re.compile(r"\sfor\s{1,8}<?(" + ADDRESS + r")>?")
_SPAMCOP_IP = re.compile(r"^Email from ([0-9A-Fa-f:.]{7,45}) /", re.M)
_TYPE = re.compile(r"[a-z][a-z-]{0,40}")
_JMRP = "x-hmxmroriginalrecipient"


def is_feedback(mail: Mail) -> bool:
    """Whether a mail is a complaint."""
    return (
        mail.report_type == "feedback-report"
        or mail.part(*TYPES) is not None
        or _is_jmrp(mail)
        or mail.sender_address.endswith("@reports.spamcop.net")
        or ("sns.amazonaws" in mail.sender and type_of(notification(mail)) == "Complaint")
    )


def read_feedback(mail: Mail) -> list[Delivery]:
    """A record for each recipient that complained; one without a recipient where none is named."""
    if "sns.amazonaws" in mail.sender:
        return _read_sns(notification(mail))
    part = mail.part(*TYPES)
    text = part.text() if part else mail.notice if "feedback-type:" in mail.notice[:8192].lower() else ""
    block = next((b for b in blocks(text) if "feedback-type" in b or "version" in b), None)
    block = block or next(iter(blocks(text) if part else []), Block({}))
    about = _about(mail)
    common: dict[str, Any] = {
        "kind": Kind.COMPLAINT,
        "feedback_type": _type(block),
        "local_ip": block.get("source-ip") or _source_ip(mail),
        "envelope_id": block.get("original-envelope-id"),
        "reporting_mta": block.get("reporting-mta").rpartition(";")[2].strip(),
        "sender": (_ADDRESS.findall(block.get("original-mail-from")) or [""])[0],
        "note": _why(block),
    }
    if about is not mail.returned and about is not None:
        returned = read_returned(about)
        common |= {"returned": returned, "message_id": returned.message_id}
        common["local_ip"] = common["local_ip"] or returned.sending_ip
    found = _recipients(block, about)
    return [Delivery(recipient=recipient, **common) for recipient in found or [""]]


def _is_jmrp(mail: Mail) -> bool:
    if _JMRP in mail.headers:
        return "x-reporter-ip" in mail.headers
    if mail.sender_address != "staff@hotmail.com" and not mail.subject.lower().startswith("complaint about"):
        return False
    return mail.returned is not None and _JMRP in mail.returned


def _about(mail: Mail) -> Headers | None:
    """The header fields of the message complained about: attached, or all that is left of the mail."""
    return mail.headers if _JMRP in mail.headers else mail.returned


def _type(block: Block) -> str:
    """The ``Feedback-Type`` (RFC 5965 section 3.1): one that is missing or unreadable is ``abuse``."""
    found = _TYPE.match(block.get("feedback-type").strip().lower())
    return found[0] if found else "abuse"


def _why(block: Block) -> str:
    """What failed, by a report of failed authentication (RFC 6591 section 3.1)."""
    failed = block.get("auth-failure")
    if not failed:
        return ""
    result = block.get("delivery-result")
    return f"authentication failed: {failed}" + (f"; {result}" if result else "")


def _source_ip(mail: Mail) -> str:
    found = _SPAMCOP_IP.search(mail.notice[:4096]) if "spamcop" in mail.sender else None
    return found[1] if found else ""


def _recipients(block: Block, about: Headers | None) -> list[str]:
    """Who complained: as the report says, else as the message was delivered or addressed."""
    for name in ("original-rcpt-to", "removal-recipient", "x-original-rcpt-to"):
        found = [a for value in block.all(name) for a in _ADDRESS.findall(value)]
        if found:
            return list(dict.fromkeys(found))[:MAX_RECIPIENTS]
    if about is None:
        return []
    own = Headers(
        about.raw[: max((b"\n" + about.raw.lower()).find(b"\nreceived:"), 0)]
    )  # what the last server added
    for headers, names in (
        (about, (_JMRP, "x-apparently-to")),
        (own, ("x-original-to", "delivered-to", "envelope-to")),
        (about, ("to",)),
    ):
        for name in names:
            found = [a for a in headers.addresses(name) if not _HIDDEN.search(a.partition("@")[0])]
            if found:
                return found[:MAX_RECIPIENTS]
    return _of_received(about)


def _of_received(about: Headers) -> list[str]:
    """The recipient that the last server's Received field names."""
    received = about.raw_values("received")[:1]
    return [m[1] for value in received for m in _FOR.finditer(value[:2000])][:1]


def _read_sns(note: dict[str, Any]) -> list[Delivery]:
    complaint = mapping(note, "complaint")
    about = mapping(note, "mail")
    headers = returned_headers(note)
    returned = read_returned(headers) if headers else None
    found = [
        word(one, "emailAddress")
        for one in listed(complaint, "complainedRecipients")
        if isinstance(one, dict)
    ]
    return [
        Delivery(
            kind=Kind.COMPLAINT,
            recipient=recipient,
            feedback_type=word(complaint, "complaintFeedbackType") or "abuse",
            sender=word(about, "source"),
            queue_id=word(about, "messageId"),
            local_ip=word(about, "sourceIp"),
            message_id=returned.message_id if returned else "",
            returned=returned,
        )
        for recipient in found or [""]
    ]
