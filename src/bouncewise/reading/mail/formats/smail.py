"""Smail 3, the mailer of UUCP days and of the first Debian; T-Online (Deutsche Telekom) runs its offspring.

::

    |------------------------- Message log follows: -------------------------|
     no valid recipients were found for this message
    |------------------------- Failed addresses follow: ---------------------|
     <bob@example.com> ... unknown host
    |------------------------- Message text follows: ------------------------|

T-Online gives the reply on a line of its own, and only the header fields of the message::

    |------------------------- Failed addresses follow: ---------------------|
     <bob@t-online.de>
       552 5.2.2 <bob@t-online.de> Quota exceeded (mailbox for user is full)

    |------------------------- Message header follows: ----------------------|

Recognised by the rules with their titles. Warnings have "Deferred addresses follow". Source: Smail 3.2,
src/notify.c; T-Online's notices, quoted by other parsers of bounces.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 4000
_RULE = re.compile(r"\|?-{3,60} ?([A-Z][\w ]{2,40}?):? ?-{3,60}\|")
_ENTRY = re.compile(rf"[ \t]{{0,8}}<?({ADDRESS})>?(?: ?\.\.\.[ \t]{{0,4}}(.{{0,1000}}))?\s*$")


def recognise(mail: Mail) -> bool:
    """Whether Smail wrote it."""
    text = mail.text
    return "addresses follow: ---" in text and "---|" in text


def read(mail: Mail) -> list[Told]:
    """A recipient for each line below the rule, and what continues it."""
    told: list[Told] = []
    section = ""
    for line in mail.text.split("\n")[:MAX_LINES]:
        rule = _RULE.match(line[:200])
        if rule:
            section = rule[1].lower()
            if section.startswith("message ") and "log" not in section:
                break
        elif "addresses" in section:
            match = _ENTRY.match(line[:1400])
            if match:
                action = "delayed" if section.startswith("deferred") else "failed"
                words = (match[2] or "").strip()
                told.append(Told(recipient=clean_address(match[1]), words=words, action=action))
            elif told and line.strip():
                told[-1].words = f"{told[-1].words}\n{line.strip()}".strip()[:4000]
    return told
