"""OpenSMTPD: the notice of ``bounce.c``.

A line for each recipient below a few fixed sentences; a delivery status only since 5.7 (2015)::

    Hi!

        This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.

        An error has occurred while attempting to deliver a message for
        the following list of recipients:

    bob@example.com: 550 5.1.1 no such user

Warnings say "A message is delayed for more than 4 hours", reports of success "was successfully delivered".
Recognised by the line of the MAILER-DAEMON. Without a server's reply the words are OpenSMTPD's own:
"Envelope expired", "Domain does not exist". Source: OpenSMTPD, usr.sbin/smtpd/bounce.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_MARK = "This is the MAILER-DAEMON, please DO NOT REPLY to this e"
_HEAD = re.compile(rf"({ADDRESS}):[ \t]")
_STOP = re.compile(r"[ \t]{2,}(?:Below is a copy|Please note|The message is kept|You DO NOT)")


def recognise(mail: Mail) -> bool:
    """Whether OpenSMTPD wrote it."""
    return _MARK in mail.notice[:4096]


def read(mail: Mail) -> list[Told]:
    """A recipient for each line."""
    text = mail.notice[:4096]
    action = "failed"
    if "is delayed for more than" in text or "only a temporary failure report" in text:
        action = "delayed"
    elif "successfully delivered" in text:
        action = "delivered"
    return [
        Told(
            recipient=match[1], words="\n".join([match.string[match.end() :].strip(), *lines]), action=action
        )
        for match, lines in entries(mail.lines, _HEAD, _STOP)
    ]
