"""Delivery status notifications (RFC 3464; RFC 6533 for addresses in UTF-8)."""

from __future__ import annotations

import re

from bouncewise.reading.mail.fields import MAX_BLOCKS, Block, blocks
from bouncewise.reading.mail.headers import clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.paths import decode_path
from bouncewise.reading.mail.told import Told
from bouncewise.reply.model import Phase
from bouncewise.reply.unwrap.common import phase_of

_NEAR = 16_384  # octets in which the notice of a report stands
_IN_REPLY = re.compile(r"\(in\s{1,8}reply\s{1,8}to\s{1,8}([A-Za-z][\w\s.]{1,80})\)")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # RFC 6533 section 3
_IN_TEXT = re.compile(r"^(?:Reporting-MTA|Final-Recipient|Original-Recipient):", re.M | re.I)
_SURE_IN_TEXT = re.compile(r"^Final-Recipient:", re.M | re.I), re.compile(r"^(?:Action|Status):", re.M | re.I)
_CODED = re.compile(r"(?<![\d.])[245]\d\d(?=[ -]|$)|[245]\.\d{1,3}\.\d{1,3}")
_TYPE = re.compile(r"^(?:smtp|lmtp|local|unix|x-[\w.-]{1,40})\s?;[;\s]{0,8}", re.I)  # of a diagnostic code
_GOES_ON = re.compile(r"^([245]\d\d)-")  # a line of a reply that another one follows
_EMPTY = re.compile(r"^(?:smtp|x-[\w-]+|unknown)?\s*;?\s*$", re.I)
_OF_RECIPIENT = (
    "final-recipient",
    "original-recipient",
    "action",
    "status",
    "diagnostic-code",
    "x-actual-recipient",
)


def read_dsn(mail: Mail) -> list[Told]:
    """What the delivery status tells of each recipient; nothing where it names none.

    Args:
        mail: a mail with a delivery status part.
    """
    found = blocks(status_of(mail))
    message = next((b for b in found if not _is_of_recipient(b) or "reporting-mta" in b), Block({}))
    of_recipients = _mended([b for b in found if _is_of_recipient(b)])
    if len(of_recipients) > 1 and not _names_one(of_recipients[0]) and "reporting-mta" in of_recipients[0]:
        of_recipients = of_recipients[1:]  # fields of a recipient stand among those of the message
    recipients = [one for block in of_recipients for one in _parted(block)]
    return [_told(block, message, mail) for block in recipients]


def status_of(mail: Mail) -> str:
    """The delivery status: the part, or fields that a gateway has put into the words, or ""."""
    if mail.status_text:
        return mail.status_text
    text = mail.notice
    if "-Recipient:" not in text or not all(mark.search(text) for mark in _SURE_IN_TEXT):
        return ""
    begin = _IN_TEXT.search(text)
    return text[begin.start() :] if begin else ""


def _mended(found: list[Block]) -> list[Block]:
    """Blocks that empty lines tore apart: one without a recipient goes with the one above it."""
    whole: list[Block] = []
    for block in found:
        if whole and not _names_one(block) and not any(name in whole[-1] for name in block):
            whole[-1] = Block({name: b.all(name) for b in (whole[-1], block) for name in b})
        else:
            whole.append(block)
    return whole


def _names_one(block: Block) -> bool:
    return "final-recipient" in block or "original-recipient" in block


def _parted(block: Block) -> list[Block]:
    """A block in which several recipients follow each other without empty lines, one for each of them."""
    count = len(block.all("final-recipient"))
    if count < 2:
        return [block]
    fields = {
        name: block.all(name) for name in (*_OF_RECIPIENT, "remote-mta", "last-attempt-date") if name in block
    }
    return [
        Block({name: [values[n] if len(values) == count else values[0]] for name, values in fields.items()})
        for n in range(min(count, MAX_BLOCKS))
    ]


def says_why(told: list[Told]) -> bool:
    """Whether every recipient is named and has a whole reply with a code."""
    return bool(told) and all(
        one.recipient.find("@") > 0 and _CODED.search(one.words) and not is_cut(one.words) for one in told
    )


def is_cut(words: str) -> bool:
    """Whether of a reply of several lines the last is missing: Sendmail keeps only the first of them."""
    first = _GOES_ON.match(words)
    return first is not None and re.search(rf"(?<!\S){first[1]}(?:\s|$)", words) is None


def _is_of_recipient(block: Block) -> bool:
    return "final-recipient" in block or any(name in block for name in _OF_RECIPIENT)


def _told(block: Block, message: Block, mail: Mail) -> Told:
    final = _address(block.get("final-recipient"))
    original = _address(block.get("original-recipient"))
    actual = _address(block.get("x-actual-recipient"))
    if final.find("@") < 1:  # no local part: Sendmail names a route by its domain
        final = actual if "@" in actual else original or final
    diagnostic = block.get("diagnostic-code")
    words = "" if _EMPTY.match(diagnostic) else _TYPE.sub("", diagnostic)
    return Told(
        recipient=decode_path(final),
        original=original,
        words=words or block.get("x-display-reason"),
        note=_reason(block),
        action=(block.get("action") or message.get("action")).lower() or "failed",
        status=block.get("status"),
        remote=block.get("remote-mta"),
        reporting=message.get("reporting-mta"),
        queue_id=block.get("final-log-id") or message.get("x-postfix-queue-id") or _queue_id(message),
        envelope_id=message.get("original-envelope-id"),
        time=block.get("last-attempt-date") or message.get("arrival-date"),
        sender=_address(message.get("x-postfix-sender")),
        phase=_phase_beside(mail, final),
    )


def _phase_beside(mail: Mail, recipient: str) -> Phase | None:
    """The command that the notice says was answered, in the words about a recipient."""
    if b"reply" not in mail.data[:_NEAR]:
        return None
    text = mail.notice
    found = _IN_REPLY.search(text, max(text.find(recipient), 0))
    return phase_of(found[1]) if found else None


def _reason(block: Block) -> str:
    """What the status field's comment says: ``5.1.1 (user unknown)``."""
    status = block.get("status")
    return status.partition("(")[2].rstrip(") ")


def _queue_id(message: Block) -> str:
    return message.get("x-queue-id") or message.get("x-kumomta-queue-id")


def _address(field: str) -> str:
    """The address of ``rfc822;user@example.com``; xtext (RFC 3461 section 4) is decoded."""
    if not field:
        return ""
    kind, sign, rest = field.partition(";")
    address = clean_address((rest if sign else kind).strip())
    inside = address.rpartition("<")[2].rstrip(">") if "<" in address else address
    if "\\x{" in inside:
        inside = _UNITEXT.sub(_character, inside)
    if "+" in inside:
        inside = _XTEXT.sub(lambda m: chr(int(m[1], 16)), inside)
    return inside.partition(" ")[0]


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else match[0]
