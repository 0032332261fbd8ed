"""PowerMTA (Port25, Message Systems, Bird): the words beside its delivery status.

::

    Hello, this is the mail server on mx.example.com.

    I am sending you this message to inform you on the delivery status of a
    message you previously sent.  Immediately below you will find a list of
    the affected recipients; ...

      <bob@example.com>  delivery failed; will not continue trying

The reason stands in the delivery status alone, with ``X-PowerMTA-BounceCategory``; this reader has the mails
whose status was lost. Recognised by the second sentence. Source: PowerMTA User's Guide; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_MARK = "to inform you on the delivery status of a"
_HEAD = re.compile(rf"[ \t]{{0,8}}<?({ADDRESS})>?:?[ \t]{{1,8}}(?=\S)")
_AT = re.compile(r"this is the mail server on ([\w.-]{1,252}\w)")


def recognise(mail: Mail) -> bool:
    """Whether PowerMTA wrote it."""
    return _MARK in mail.notice[:1024]


def read(mail: Mail) -> list[Told]:
    """A recipient for each line."""
    host = _AT.search(mail.notice[:1024])
    told = []
    for match, lines in entries(mail.lines, _HEAD):
        words = "\n".join([match.string[match.end() :].strip(), *lines])
        action = "failed"
        if "will continue trying" in words or "delayed" in words:
            action = "delayed"
        elif words.startswith(("delivered", "relayed")):
            action = words[:9].rstrip()
        told.append(Told(recipient=match[1], words=words, action=action, reporting=host[1] if host else ""))
    return told
