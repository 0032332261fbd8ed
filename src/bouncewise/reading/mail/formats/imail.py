"""IMail Server (Ipswitch, later Progress), of which SMTP32 delivers.

::

    Unknown user: bob@example.com
    User mailbox exceeds allowed size: dave@example.com
    Delivery failed 20 attempts: erin@example.org
    undeliverable to frank@example.net

    Body of message generated response:
    550 5.7.1 refused

    Original message follows.

Each line has the reason and an address; a server's reply stands below. Recognised by X-Mailer
``<SMTP32 v...>``. Source: mails; https://docs.progress.com/ (IMail Server)
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_ENTRY = re.compile(
    rf"^(?P<reason>[A-Za-z][^\n@:<]{{2,100}}?)(?::| to)\s{{1,4}}<?(?P<address>{ADDRESS})>?\s*$"
)
_FIELD = re.compile(r"^(?:To|Cc|Bcc|From|Sender|Reply-To|Date|Subject)$", re.I)


def recognise(mail: Mail) -> bool:
    """Whether SMTP32 of IMail wrote it."""
    return mail.headers.get("x-mailer")[:40].lstrip("< ").startswith("SMTP32")


def read(mail: Mail) -> list[Told]:
    """Each line with a reason and an address, with the words below it."""
    told: list[Told] = []
    for line in mail.lines[:MAX_LINES]:
        if line.startswith("Original message follows"):
            break
        entry = _ENTRY.match(line)
        if entry and not _FIELD.match(entry["reason"].strip()):
            told.append(Told(recipient=clean_address(entry["address"]), words=line.strip()))
        elif told and line.strip() and not line.startswith("Body of message generated response"):
            told[-1].words = f"{told[-1].words}\n{line.strip()}"[:4000]
    for one in told:
        first, _, below = one.words.partition("\n")
        if re.match(r"[2-5]\d\d[ -]", below):
            one.words, one.note = below, first
    return told
