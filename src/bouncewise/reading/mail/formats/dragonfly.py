"""DragonFly Mail Agent (dma; also of FreeBSD and Debian): one letter for each recipient.

::

    This is the DragonFly Mail Agent v0.13 at host.example.net.

    There was an error delivering your mail to <bob@example.com>.

    mx.example.com [192.0.2.1] did not like our RCPT TO:
    550 5.1.1 no such user

    Original message follows.

The words may also be dma's own: ``cannot find any server for ...``, ``Could not resolve``. A recipient of the
host itself has no domain. Recognised by the first sentence. Source: dma's mail.c (BSD licence; described, not
copied).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 500
_TO = re.compile(r"delivering your mail to <([^<>\n]{1,512})>\.?\s*$")
_AGENT = re.compile(
    r"^This is the (?:DragonFly Mail Agent|dma)\b[^\n]{0,80} at ([\w.-]{1,253}?)\.?\s*$", re.M
)
_HOST = re.compile(r"^(\S{1,253}) \[[\w.:]{2,45}\] did not like our ")
_ENDS = ("Original message follows.", "Message headers follow.")


def recognise(mail: Mail) -> bool:
    """Whether the mail agent names itself."""
    return "DragonFly Mail Agent" in mail.notice[:200] or "This is the dma " in mail.notice[:200]


def read(mail: Mail) -> list[Told]:
    """The recipient with the words below the sentence that names it."""
    agent = _AGENT.search(mail.notice[:400])
    told: list[Told] = []
    words: list[str] = []
    for line in mail.lines[:MAX_LINES]:
        to = _TO.search(line)
        if to and not told:
            told.append(Told(recipient=to[1], reporting=agent[1] if agent else ""))
        elif line.strip() in _ENDS:
            break
        elif told and line.strip():
            words.append(line.strip())
    for one in told:
        host = _HOST.match(words[0]) if words else None
        one.words = "\n".join(words)
        one.remote = host[1] if host else ""
    return told
