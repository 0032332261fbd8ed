"""PMDF and its descendants: iPlanet, Sun Java System and Oracle Communications Messaging Server.

::

    This report relates to a message you sent with the following header fields:
      Message-id: <1@example.net>
      ...
    Your message cannot be delivered to the following recipients:

      Recipient address: bob@example.com
      Original address: sales@example.com
      Reason: Remote SMTP server has rejected address
      Diagnostic code: smtp;550 5.1.1 no such user
      Remote system: dns;mx.example.com (TCP|192.0.2.2|4711|192.0.2.1|25) (mx.example.com ESMTP)

    Delivery attempt history for your mail:
    Mon, 03 May 2010 10:11:12 +0200 (CEST)
    TCP active open: Failed connect() to TCP port 25 of 192.0.2.1    Error: Connection timed out

The letter quotes header fields above what it says; it is read from the part itself. ``has been enqueued and
undeliverable for 1 day to the following recipients`` makes a warning, unless it is returned. Recognised by
its first sentence or by ``Recipient address:`` with ``Reason:``. Source: mails; Oracle Communications
Messaging Server System Administrator's Guide, "Customizing Delivery Status Notification Messages".
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import MAX_NOTICE, Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 5000
_MARK = "This report relates to a message you sent with the following header fields"
_FIELD = re.compile(
    r"^\s{0,8}(Recipient address|Original address|Reason|Diagnostic code|Remote system)\s?:"
    r"\s{0,8}([^\n]{0,2000})$",
    re.I,
)
_TRIED = re.compile(r"^\s{0,4}(?:TCP active open|[\w ]{3,40}): [^\n]{0,300}", re.I)


def recognise(mail: Mail) -> bool:
    """Whether the sentence, or the two fields, are there."""
    text = _text(mail)[:8192]
    return _MARK in text or ("\n  Recipient address: " in text and "\n  Reason: " in text)


def read(mail: Mail) -> list[Told]:
    """The blocks of fields, each of one recipient."""
    text = _text(mail)
    found: list[dict[str, str]] = []
    name = ""
    for line in text.split("\n")[:MAX_LINES]:
        field = _FIELD.match(line)
        if field:
            name = field[1].lower()
            if name == "recipient address":
                found.append({})
            if found:
                found[-1].setdefault(name, field[2].strip())
        elif name and found and line.strip() and line[:1] in " \t":
            found[-1][name] = f"{found[-1].get(name, '')} {line.strip()}"[:4000]
        else:
            name = ""
    history = _last_attempt(text)
    action = "delayed" if "delayed" in mail.subject.lower() or _is_warning(text) else "failed"
    return [_told(block, action, history) for block in found if "@" in block.get("recipient address", "")]


def _told(block: dict[str, str], action: str, history: str) -> Told:
    address = re.search(ADDRESS, block["recipient address"])
    original = re.search(ADDRESS, block.get("original address", ""))
    reason, code = block.get("reason", ""), block.get("diagnostic code", "")
    words = re.sub(r"^[\w-]{1,20}\s?;\s?", "", code) or history or reason
    return Told(
        recipient=clean_address(address[0]) if address else "",
        original=clean_address(original[0]) if original else "",
        words=words,
        note=reason if words != reason else "",
        action=action,
        remote=block.get("remote system", ""),
    )


def _last_attempt(text: str) -> str:
    """Why the last attempt failed: the history has the last one first."""
    place = text.find("Delivery attempt history for your mail")
    if place < 0:
        return ""
    lines = [line.strip() for line in text[place : place + 2000].split("\n")[1:6] if line.strip()]
    return lines[1] if len(lines) > 1 and _TRIED.match(lines[1]) else ""


def _is_warning(text: str) -> bool:
    return "enqueued and undeliverable for" in text and "returned" not in text[:8192]


def _text(mail: Mail) -> str:
    part = mail.part("text/plain", "text/", "text")
    return part.text()[:MAX_NOTICE].replace("\r\n", "\n") if part else mail.notice
