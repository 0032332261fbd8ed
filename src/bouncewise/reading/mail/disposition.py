"""Message disposition notifications (RFC 8098): somebody read a mail, or deleted it unread."""

from __future__ import annotations

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.mail.fields import blocks
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.returned import read_returned

TYPES = ("message/disposition-notification", "message/global-disposition-notification")


def is_disposition(mail: Mail) -> bool:
    """Whether a mail is a disposition notification."""
    return mail.report_type == "disposition-notification" or mail.part(*TYPES) is not None


def read_disposition(mail: Mail) -> list[Delivery]:
    """One record: the mail reached its recipient, whatever became of it there."""
    part = mail.part(*TYPES)
    found = blocks(part.text()) if part else []
    block = found[0] if found else None
    recipient = block.get("final-recipient").rpartition(";")[2].strip() if block else mail.sender_address
    disposition = block.get("disposition") if block else ""
    headers = mail.returned
    return [
        Delivery(
            kind=Kind.AUTO_REPLY,
            recipient=recipient,
            original_recipient=block.get("original-recipient").rpartition(";")[2].strip() if block else "",
            message_id=(block.get("original-message-id").strip("<> ") if block else ""),
            returned=read_returned(headers) if headers else None,
            reason=f"a disposition notification: {disposition or 'displayed'}",
        )
    ]
