"""DragonFly Mail Agent (dma): the notice of ``bounce()``.

One recipient a mail, named in a sentence; below it the reply with the step it answered::

    This is the DragonFly Mail Agent v0.13 at mx.example.com.

    There was an error delivering your mail to <bob@example.com>.

    mx.example.net [192.0.2.1] did not like our RCPT TO:
    550 5.1.1 <bob@example.com>: no such user

    Original message follows.

Recognised by its first line. Replies of several lines keep their CR, so empty lines stand among them.
Without a reply: "Could not deliver for the last 432000 seconds. Giving up.", "connect failed after 5 tries".
Source: DragonFly BSD, dma: mail.c, net.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import below
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_MARK = "This is the DragonFly Mail Agent"
_TO = re.compile(rf"There was an error delivering your mail to <?({ADDRESS}|[^\s<>@]{{1,64}})>?\.?[ \t]*$")
_STOP = re.compile(r"(?:Message headers follow|Original message follows)\.")
_PEER = re.compile(
    r"(?:^|\n)(?:remote server )?([\w.-]{1,253}) \[[0-9A-Fa-f:.]{3,45}\] (?:did not|says|rejected)"
)
_HOST = re.compile(r"DragonFly Mail Agent \S{1,20} at ([\w.-]{1,252}\w)")


def recognise(mail: Mail) -> bool:
    """Whether dma wrote it."""
    return _MARK in mail.notice[:1024]


def read(mail: Mail) -> list[Told]:
    """The recipient of the sentence with all that stands below it."""
    to = next((m for line in mail.lines[:40] if (m := _TO.match(line[:800]))), None)
    if to is None:
        return []
    words = below(mail.lines, _TO, _STOP, gaps=True)
    peer, host = _PEER.search(words), _HOST.search(mail.notice[:1024])
    return [
        Told(
            recipient=to[1],
            words=words,
            remote=peer[1] if peer else "",
            reporting=host[1] if host else "",
        )
    ]
