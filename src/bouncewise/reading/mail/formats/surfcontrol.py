"""SurfControl E-mail Filter, later Websense (Forcepoint) Email Security: "A transcript of the attempts ...
follows".

::

    Your message could not be sent.
    A transcript of the attempts to send the message follows.
    The number of attempts made: 1
    Addressed To: bob@example.com

    Mon 3 May 2010 10:11:12 +0200
    Failed to send to identified host,
    bob@example.com: [192.0.2.5], 550 bob@example.com... No such user

    --- Message non-deliverable.

Each line with an address names the host it was offered to and its reply. Recognised by X-Mailer ``SurfControl
E-mail Filter`` or by the second sentence. ``Will retry``, or no ``Message non-deliverable``, makes it a
warning. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_TO = re.compile(rf"^\s{{0,8}}Addressed To\s?:\s{{0,8}}<?({ADDRESS})", re.I)
_TRIED = re.compile(
    rf"^\s{{0,8}}<?({ADDRESS})>?\s?:\s?(?:\[?([\w.:-]{{2,253}})\]?)?\s?,\s{{0,4}}(.{{0,2000}})$"
)


def recognise(mail: Mail) -> bool:
    """Whether the program or its sentence is named."""
    if mail.headers.get("x-mailer")[:40].lower().startswith(("surfcontrol", "websense")):
        return "attempts" in mail.notice[:8192]
    return "A transcript of the attempts to send the message follows" in mail.notice[:4096]


def read(mail: Mail) -> list[Told]:
    """The recipients addressed, each with the last reply that was got for it."""
    told: dict[str, Told] = {}
    current: Told | None = None
    last = ""
    for line in mail.lines[:MAX_LINES]:
        to, tried = _TO.match(line), _TRIED.match(line)
        if to:
            told.setdefault(to[1].lower(), Told(recipient=clean_address(to[1])))
            current = None
        elif tried:
            current = told.setdefault(tried[1].lower(), Told(recipient=clean_address(tried[1])))
            current.words, current.remote = tried[3], tried[2] or ""
        elif current is not None and line.strip() and not line.lstrip().startswith("---"):
            current.words = f"{current.words}\n{line.strip()}"[:4000]
        elif line.strip():
            current = None
            last = line.strip() if "ail" in line or "error" in line.lower() else last
    action = "failed" if "non-deliverable" in mail.notice else action_of(mail)
    for one in told.values():
        one.words = one.words or last.strip(",- ")
        one.action = action
    return list(told.values())
