"""Haraka: the notice of ``outbound.bounce_message``.

It sounds like qmail's and has no entries: one list of recipients, one reason::

    Hi. This is the Haraka Mailer program at mx.example.com.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    Intended Recipients: <bob@example.com>, <dave@example.com>
    Failure Reason: 550 5.1.1 no such user

Recognised by its first line or both fields. Since 2.8 a delivery status stands behind it. Source: Haraka,
config/outbound.bounce_message, outbound/hmail.js.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import below, each
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_TO = re.compile(r"Intended Recipients?: ", re.I)
_WHY = re.compile(r"Failure Reason: ?", re.I)
_STOP = re.compile(r"---[ \t]|Intended Recipients?:", re.I)
_AT = re.compile(r"This is the Haraka[^\n]{0,40}? at ([\w.-]{1,252}\w)")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether Haraka wrote it."""
    text = mail.notice[:4096]
    return "This is the Haraka" in text or (
        "\nIntended Recipients: " in text and "\nFailure Reason: " in text
    )


def read(mail: Mail) -> list[Told]:
    """Every recipient of the list with the one reason."""
    recipients = [clean_address(a) for a in _ADDRESS.findall(below(mail.lines, _TO, _WHY)[:65_536])]
    host = _AT.search(mail.notice[:1024])
    return each(recipients, below(mail.lines, _WHY, _STOP), reporting=host[1] if host else "")
