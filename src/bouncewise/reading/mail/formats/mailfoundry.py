"""MailFoundry, an appliance against spam: one letter for each recipient.

::

    Unable to deliver message to: <bob@example.com>
    Delivery failed for the following reason:
    Server mx.example.com[192.0.2.1] failed with: 550 no such user

    This has been a permanent failure.  No further delivery attempts will be made.

Recognised by the first two lines. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 200
_TO = re.compile(rf"^\s{{0,4}}Unable to deliver message to:\s{{0,4}}<?({ADDRESS})")
_HOST = re.compile(
    r"^(?:Server )?([\w.-]{1,253})\s?\[[\w.:]{2,45}\] (?:failed with|responded with failure):\s{0,4}"
)


def recognise(mail: Mail) -> bool:
    """Whether both lines are there."""
    text = mail.notice[:1024]
    return "Unable to deliver message to: " in text and "Delivery failed for the following reason:" in text


def read(mail: Mail) -> list[Told]:
    """The recipient, the host and the paragraph below it."""
    told: list[Told] = []
    words: list[str] = []
    reason = False
    for line in mail.lines[:MAX_LINES]:
        to = _TO.match(line)
        if to and not told:
            told.append(Told(recipient=clean_address(to[1])))
        elif line.startswith("Delivery failed for the following reason"):
            reason = True
        elif reason and line.strip():
            words.append(line.strip())
        elif words:
            break
    for one in told:
        host = _HOST.match(words[0]) if words else None
        one.words = "\n".join(words)[host.end() if host else 0 :]
        one.remote = host[1] if host else ""
        one.action = action_of(mail)
    return told
