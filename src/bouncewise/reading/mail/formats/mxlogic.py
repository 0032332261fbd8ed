"""MX Logic (later McAfee SaaS Email Protection): Exim's letter with the reply beside the address.

::

    A message that you have sent could not be delivered to one or more
    recipients.  This is a permanent error.  The following address failed:

      <bob@example.com>: 550 5.1.1 <bob@example.com>: Recipient address rejected

Recognised by X-MX-Bounce, X-MXL-NoteHash or a message id ``<mxl~...>``. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_ENTRY = re.compile(rf"^\s{{1,8}}<({ADDRESS})>:\s{{0,8}}([^\n]{{0,2000}})$")


def recognise(mail: Mail) -> bool:
    """Whether a field or the message id is MX Logic's."""
    headers = mail.headers
    marked = "x-mx-bounce" in headers or headers.get("message-id").lstrip().startswith("<mxl~")
    return marked and "created automatically" in mail.notice[:1024]


def read(mail: Mail) -> list[Told]:
    """Each address with the words beside and below it."""
    told: list[Told] = []
    going = False
    for line in mail.lines[:MAX_LINES]:
        entry = _ENTRY.match(line)
        if entry:
            told.append(Told(recipient=clean_address(entry[1]), words=entry[2].strip()))
            going = True
        elif line.strip() and going:
            told[-1].words = f"{told[-1].words}\n{line.strip()}"[:4000]
        else:
            going = False
    action = action_of(mail)
    for one in told:
        one.action = action
    return told
