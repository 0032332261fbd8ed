"""OpenSMTPD: errors, warnings and, since 6.0, reports of success, each ``address: words`` on a line.

::

        Hi!

        This is the MAILER-DAEMON, please DO NOT REPLY to this email.

        An error has occurred while attempting to deliver a message for
        the following list of recipients:

    bob@example.com: 550 5.1.1 no such user
    dave@example.org: Domain does not exist

The delivery status of newer versions has no Diagnostic-Code. Recognised by the second sentence; what happened
stands in the subject: ``Delivery status notification: error``, ``failed``, ``delayed`` or ``success``, in old
ones also ``warning``. Source: OpenSMTPD's usr.sbin/smtpd/bounce.c (ISC licence; described, not copied).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 10_000
_ENTRY = re.compile(rf"^<?({ADDRESS})>?:(?:[ \t]{{1,4}}([^\n]{{0,2000}}))?$")
_ACTIONS = {"delayed": "delayed", "warning": "delayed", "success": "delivered", "relayed": "relayed"}


def recognise(mail: Mail) -> bool:
    """Whether the daemon asks not to be answered, in OpenSMTPD's words."""
    return "This is the MAILER-DAEMON, please DO NOT REPLY to this e" in mail.notice[:400]


def read(mail: Mail) -> list[Told]:
    """The lines of the list."""
    word = mail.subject.rpartition(":")[2].strip().lower()
    action = _ACTIONS.get(word, "failed")
    if action == "failed" and "only a temporary failure report" in mail.notice:
        action = "delayed"
    returned = mail.returned
    received = returned.get("received")[:1000] if returned else ""
    queue_id = re.search(r"\(OpenSMTPD\) with \w{1,10} id ([0-9a-f]{8,16})\b", received)
    told: list[Told] = []
    for line in mail.lines[:MAX_LINES]:
        entry = _ENTRY.match(line)
        if entry:
            told.append(
                Told(
                    recipient=clean_address(entry[1]),
                    words=(entry[2] or "").strip(),
                    action=action,
                    queue_id=queue_id[1] if queue_id else "",
                )
            )
    return told
