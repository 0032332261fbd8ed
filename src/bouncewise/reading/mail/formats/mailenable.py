"""MailEnable: its delivery report.

::

    MailEnable: Message could not be delivered to some recipients.
    The following recipient(s) could not be reached:

        Recipient: [SMTP:bob@example.com]
        Reason: Remote SMTP Server Returned: 550 5.1.1 no such user

    Message headers follow:

Recognised by "[SMTP:" behind "Recipient:". Warnings are headed "Message Delivery has been delayed". Source:
MailEnable's SMTP connector; https://www.mailenable.com/kb/.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(rf"[ \t]{{0,8}}Recipient: ?\[[A-Z]{{2,8}}:({ADDRESS})\]", re.I)
_REASON = re.compile(r"Reason:\s?(?:Remote SMTP Server Returned:\s?)?", re.I)
_STOP = re.compile(r"Message headers follow", re.I)


def recognise(mail: Mail) -> bool:
    """Whether MailEnable wrote it."""
    return "Recipient: [SMTP:" in mail.notice


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry."""
    action = action_of(mail)
    return [
        Told(recipient=match[1], words=_REASON.sub("", "\n".join(lines), count=1), action=action)
        for match, lines in entries(mail.lines, _HEAD, _STOP)
    ]
