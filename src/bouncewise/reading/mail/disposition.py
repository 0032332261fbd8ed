"""Message disposition notifications (RFC 8098): somebody read a mail, or deleted it unread.

Besides the reports, the letters that Outlook, Exchange and others write in their place are known by their
subject ("Read:", "Gelesen:", "Lu :") and their words.
"""

from __future__ import annotations

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.mail.automatic import words
from bouncewise.reading.mail.fields import Block, blocks
from bouncewise.reading.mail.headers import clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.returned import read_returned
from bouncewise.reading.mail.told import Told

TYPES = ("message/disposition-notification", "message/global-disposition-notification")


def is_disposition(mail: Mail) -> bool:
    """Whether a mail is a disposition notification."""
    return (
        mail.report_type == "disposition-notification" or mail.part(*TYPES) is not None or _is_receipt(mail)
    )


def is_rejection(mail: Mail) -> bool:
    """Whether a filter of the recipient's refused the mail by one (RFC 5429 section 2.1.1)."""
    told = f"{mail.subject}\n{mail.headers.get('auto-submitted')}".lower()
    return "reject" in told and mail.part(*TYPES) is not None


def read_rejection(mail: Mail) -> list[Told]:
    """The recipient, and the filter's words."""
    return [Told(recipient=read_disposition(mail)[0].recipient, words=mail.notice)]


def read_disposition(mail: Mail) -> list[Delivery]:
    """One record: the mail reached its recipient, whatever became of it there."""
    part = mail.part(*TYPES)
    found = blocks(part.text()) if part else []
    block = next((b for b in found if "disposition" in b or "final-recipient" in b), None)
    block = block or (found[0] if found else Block({}))
    headers = mail.returned
    returned = read_returned(headers) if headers else None
    message_id = block.get("original-message-id").strip("<> ")
    final = _address(block.get("final-recipient"))
    original = _address(block.get("original-recipient"))
    recipient = final if "@" in final else original if "@" in original else mail.sender_address
    return [
        Delivery(
            kind=Kind.AUTO_REPLY,
            recipient=recipient,
            original_recipient=original if original.lower() != recipient.lower() else "",
            message_id=message_id or (returned.message_id if returned else ""),
            returned=returned,
            reason=f"a disposition notification: {block.get('disposition') or 'displayed'}",
            note=block.get("failure") or block.get("error") or block.get("warning"),
        )
    ]


def _address(field: str) -> str:
    return clean_address(field.rpartition(";")[2].strip())


def _is_receipt(mail: Mail) -> bool:
    """Whether subject and words tell that a mail was read, in a mail that holds little else."""
    subject = mail.subject.lower().lstrip()
    if not subject.startswith(words()["receipt"]) or "list-unsubscribe" in mail.headers:
        return False
    text = mail.notice[:4096].lower()
    return len(text) < 3000 and any(word in text for word in words()["was_read"])
