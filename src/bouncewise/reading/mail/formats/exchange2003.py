"""Exchange 4.0 to 2003 and Outlook's view of their reports: "did not reach the following recipient(s)".

The Internet Mail Connector (4.0), Internet Mail Service (5.0, 5.5) and the store of Exchange 2000 and 2003
write no delivery status for their own users' mail, but a text in the server's language::

    Your message                                  The following recipient(s) could not be reached:
      To:      ann@example.com
      Sent:    Mon, 3 May 2004 10:11:12 +0200           Bob Miller on 5/3/2004 10:11 AM
    did not reach the following recipient(s):                 The e-mail account does not exist ...
                                                              <mx.example.com #5.1.1 smtp;550 5.1.1 no>
    bob@example.com on Mon, 3 May 2004 10:11:20 +0200
        The recipient name is not recognized
        MSEXCH:IMS:ORG:SITE:SERVER 0 (000C05A6) Unknown Recipient

Recognised by ``X-MS-Embedded-Report``, the X-Mailer of the connector, ``MSEXCH:`` or ``<host #5.1.1``. The
languages are not needed: an entry is a line with a recipient and a date that no label stands before (the
message's own date has one); the words are the lines under it. The recipient may be a display name alone; then
the returned message's To field knows the address. Source: Microsoft KB 284204, 290028 and mails of these
servers.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.judge import is_bounce
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import holds

MAX_LINES = 4000
_STATUS = re.compile(r"<[\w.-]{1,253}\s{1,3}#[245]\.\d{1,3}\.\d{1,3}")
_DATE = re.compile(
    r"\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}[.,]?\s.{0,12}?\d{1,2}[:.h]\d\d|"
    r"\w{2,4}\.?, \d{1,2} \w{3,4} \d{4} \d\d:\d\d"
)
_LABEL = re.compile(r"^\s{0,16}[^\W\d][^\n:：@]{0,40}[:：](?:\s|$)")
_TIME_AHEAD = re.compile(r"\s{0,16}\d{1,2}:\d\d")
_YEAR_BEHIND = re.compile(r"\b\d{4}\s{0,8}$")
_ADDRESS = re.compile(rf"(?:smtp[:=]|mailto:)?({ADDRESS})", re.I)
_NO_NAME = re.compile(r"[;()\[\]:]|\d{3}")
_PREPOSITION = re.compile(r"[\s'\"]{0,4}(?:\b\w{1,6})?[\s:：,，(（]{0,4}$")
_MTS = re.compile(r"^\s{0,16}(?:The MTS-ID of|\S{1,20} MTS-ID\b|;[lp]=|p=)", re.I)
_CONNECTORS = ("internet mail service", "microsoft exchange server internet mail")
_FAILED_TO = "did not reach the following recipient(s):", "recipient(s) could not be reached:"


def recognise(mail: Mail) -> bool:
    """Whether the mail has a mark of these servers and is no person's that quotes one or went through one."""
    text = mail.notice[:16_384]
    marked = (
        "MSEXCH:" in text
        or holds(text, _FAILED_TO)
        or ("#" in text and _STATUS.search(text) is not None)
        or "x-ms-embedded-report" in mail.headers
        or mail.headers.get("x-mailer")[:60].lower().startswith(_CONNECTORS)
    )
    return marked and is_bounce(mail)


def read(mail: Mail) -> list[Told]:
    """The entries under the date lines; nothing where there is none."""
    told: list[Told] = []
    lines = _unwrapped(mail.lines[:MAX_LINES])
    current: list[str] | None = None
    action, reporting = action_of(mail), _reporting(mail)
    for line in lines:
        who = _entry(line)
        if who:
            address = _address(who, mail)
            told.append(Told(recipient=address, note="" if address else who, reporting=reporting))
            current = []
            told[-1].action = action
        elif current is not None and line.strip():
            if not _MTS.match(line):
                current.append(line.strip())
                told[-1].words = "\n".join(current[:20])
        elif current:
            current = None
    for one in told:
        one.words = one.words or one.note
        one.recipient = one.recipient or _in_words(one.words, mail)
    return told


def _unwrapped(lines: list[str]) -> list[str]:
    """Lines with those put together that were broken between a date and its time."""
    found: list[str] = []
    for line in lines:
        if found and _TIME_AHEAD.match(line) and _YEAR_BEHIND.search(found[-1]):
            found[-1] = f"{found[-1]} {line.strip()}"
        else:
            found.append(line)
    return found


def _entry(line: str) -> str:
    """The recipient of a line that begins an entry, or ""."""
    if len(line) > 600:
        return ""
    date = _DATE.search(line)
    if date is None or _LABEL.match(line) or "#" in line[: date.start()]:
        return ""
    who = line[: date.start()]
    tail = _PREPOSITION.search(who)
    who = (who[: tail.start()] if tail else who).strip(" \t'\"<>[]")
    named = "@" in who or (len(who) <= 80 and not _NO_NAME.search(who))
    return who if named and 0 < len(who) <= 320 else ""


def _address(who: str, mail: Mail) -> str:
    """The address in an entry, or the one that the returned message has beside the name."""
    found = _ADDRESS.search(who)
    if found:
        return clean_address(found[1])
    returned = mail.returned
    if returned is None:
        return ""
    name = who.lower()
    for field in ("to", "cc"):
        for piece in returned.get(field)[:8192].split(","):
            if name in piece.lower():
                address = _ADDRESS.search(piece)
                if address:
                    return clean_address(address[1])
    return ""


def _in_words(words: str, mail: Mail) -> str:
    """The only address in the words that is no sender's, or ""."""
    own = {mail.sender_address, *mail.to}
    found = {a.lower(): clean_address(a) for a in _ADDRESS.findall(words) if a.lower() not in own}
    return next(iter(found.values())) if len(found) == 1 else ""


def _reporting(mail: Mail) -> str:
    """The connector that wrote the report, by its Received field."""
    for value in mail.headers.raw_values("received")[:20]:
        if "Internet Mail" in value:
            by = re.search(r"\bby ([\w.-]{1,253})", value)
            return by[1] if by else ""
    return ""
