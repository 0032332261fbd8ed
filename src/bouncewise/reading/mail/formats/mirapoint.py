"""Mirapoint Message Server (MOS): a letter like Sendmail's under another heading.

::

    The original message was received at Mon, 3 May 2010 10:11:12 +0200
    from [192.0.2.9]

       ----- The following addresses had permanent delivery errors -----
    bob@example.com

       ----- Transcript of session follows -----
    550 5.1.1 no such user

The delivery status says more. A gateway that writes the mail anew may leave the heading and attach
Mirapoint's own bounce: it is read instead. Recognised by the heading. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.dsn import read_dsn
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_HEADING = re.compile(
    r"-{4,6} The following addresses had (permanent|transient|temporary) delivery errors -{4,6}"
)
_ENTRY = re.compile(rf"^\s{{0,4}}<?({ADDRESS})>?:?\s*$")
_RULE = re.compile(r"^\s{0,8}-{4,}")


def recognise(mail: Mail) -> bool:
    """Whether the heading is there."""
    text = mail.notice[:4096]
    return " delivery errors -----" in text and _HEADING.search(text) is not None


def read(mail: Mail) -> list[Told]:
    """The addresses below the heading with the transcript, else what an attached bounce tells."""
    heading = _HEADING.search(mail.notice[:4096])
    told: list[Told] = []
    words: list[str] = []
    for line in (mail.notice[heading.end() :] if heading else "").split("\n")[:MAX_LINES]:
        entry = _ENTRY.match(line) if not words else None
        if entry:
            told.append(Told(recipient=clean_address(entry[1])))
        elif told and line.strip() and not _RULE.match(line):
            words.append(line.strip())
    action = "failed" if heading and heading[1] == "permanent" else "delayed"
    for one in told:
        one.words, one.action = "\n".join(words)[:4000], action
    return told or _attached(mail)


def _attached(mail: Mail) -> list[Told]:
    part = mail.part("message/rfc822")
    if part is None:
        return []
    inner = Mail(part.body())
    return read_dsn(inner) if inner.type == "multipart/report" else []
