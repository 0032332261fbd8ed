"""Complaints: feedback reports (RFC 5965) and what providers send in their place."""

from __future__ import annotations

import re

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.mail.fields import Block, blocks
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail

TYPES = ("message/feedback-report", "message/x-feedback-report")
MAX_RECIPIENTS = 1000
_HIDDEN = re.compile(r"undisclosed|redacted$|unknown|^\s*$", re.I)
_ADDRESS = re.compile(ADDRESS)


def is_feedback(mail: Mail) -> bool:
    """Whether a mail is a feedback report."""
    return mail.report_type == "feedback-report" or mail.part(*TYPES) is not None


def read_feedback(mail: Mail) -> list[Delivery]:
    """A record for each recipient that complained; one without a recipient where none is named."""
    part = mail.part(*TYPES)
    fields = (blocks(part.text()) if part else []) or [Block({})]
    block = fields[0]
    context_ip = block.get("source-ip")
    common = {
        "kind": Kind.COMPLAINT,
        "feedback_type": block.get("feedback-type").lower() or "abuse",
        "local_ip": context_ip,
        "envelope_id": block.get("original-envelope-id"),
        "reporting_mta": block.get("reporting-mta").rpartition(";")[2].strip(),
        "sender": (_ADDRESS.findall(block.get("original-mail-from")) or [""])[0],
    }
    found = _recipients(mail, block)
    return [Delivery(recipient=recipient, **common) for recipient in found or [""]]


def _recipients(mail: Mail, block: Block) -> list[str]:
    """Who complained: as the report says, else as the message was addressed."""
    for name in ("original-rcpt-to", "removal-recipient", "x-original-rcpt-to", "x-loop"):
        found = [a for value in block.all(name) for a in _ADDRESS.findall(value)]
        if found:
            return list(dict.fromkeys(found))[:MAX_RECIPIENTS]
    returned = mail.returned
    if returned is None:
        return []
    for name in ("x-original-to", "delivered-to", "envelope-to", "to"):
        found = [a for a in returned.addresses(name) if not _HIDDEN.search(a.partition("@")[0])]
        if found:
            return found[:MAX_RECIPIENTS]
    return []
