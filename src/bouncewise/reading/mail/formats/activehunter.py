"""ActiveHunter (TransWARE), a Japanese gateway against spam: Sendmail's letter with its own marks.

::

      ----- The following addresses had permanent fatal errors -----

    >>> bob@example.com <bob@example.com>

      ----- Transcript of session follows -----
    550 5.1.1 no such user

Recognised by X-AHMailID or the boundary ``_Active!Hunter_``. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_ENTRY = re.compile(rf"^\s{{0,4}}>{{3}}\s{{0,4}}[^\n]{{0,320}}<({ADDRESS})>\s*$")
_RULE = re.compile(r"^\s{0,8}-{4,}")


def recognise(mail: Mail) -> bool:
    """Whether a field or the boundary is ActiveHunter's."""
    return "x-ahmailid" in mail.headers or "_Active!Hunter_" in mail.headers.get("content-type")


def read(mail: Mail) -> list[Told]:
    """The addresses, with the lines of the transcript that name them, or with all of them."""
    told: list[Told] = []
    words: list[str] = []
    transcript = False
    for line in mail.lines[:MAX_LINES]:
        entry = _ENTRY.match(line)
        if entry and not transcript:
            told.append(Told(recipient=clean_address(entry[1])))
        elif _RULE.match(line):
            transcript = "Transcript" in line
        elif transcript and line.strip():
            words.append(line.strip())
    action = action_of(mail)
    joined = "\n".join(words)
    for one in told[:100]:
        own = [line for line in words if one.recipient.lower() in line.lower()] if len(told) > 1 else []
        one.words, one.action = "\n".join(own) or joined, action
    return told
