"""Mail2000 (Openfind): addresses with the reason in square brackets.

::

    The original message was received at Mon, 3 May 2010 10:11:12 +0900
    from ann@example.net

    ---The following addresses had delivery errors---

    bob@example.com [User unknown]

The subject is ``Returned Mail: ...``, ``Mail Delivery Failure`` or ``Warning--Could not send mail for past
8.5 hours``. The parts of the multipart are not always well formed. Recognised by the heading of the list.
Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import MAX_NOTICE, Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_HEADING = "---The following addresses had delivery errors---"
_ENTRY = re.compile(rf"^\s{{0,4}}<?({ADDRESS})>?\s{{0,8}}\[([^\n]{{0,1000}}?)\]?\s*$")


def recognise(mail: Mail) -> bool:
    """Whether the heading is there."""
    return _HEADING in mail.notice[:8192] or _HEADING.encode() in mail.data[:16_384]


def read(mail: Mail) -> list[Told]:
    """The lines below the heading; of the mail itself where its parts cannot be told from each other."""
    text = mail.notice if _HEADING in mail.notice else mail.data[:MAX_NOTICE].decode("utf-8", "replace")
    action = "delayed" if mail.subject.lower().startswith("warning") else "failed"
    told: list[Told] = []
    for line in text.partition(_HEADING)[2].split("\n")[:MAX_LINES]:
        entry = _ENTRY.match(line)
        if entry:
            told.append(Told(recipient=clean_address(entry[1]), words=entry[2].strip(), action=action))
        elif line.strip() and told:
            break
    return told
