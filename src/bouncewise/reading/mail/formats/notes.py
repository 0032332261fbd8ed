"""Lotus Notes' SMTP MTA (4.x): "------- Failure Reasons --------" above "------- Returned Message --------".

::

    ------- Failure Reasons  --------

    User not listed in public Name & Address Book
    bob@example.com

    ------- Returned Message --------

The reason stands above its recipient, in the language of the server (the Japanese edition translates it).
Several pairs may follow each other. Recognised by the rule with ``Failure Reasons``. Source: mails of the
Lotus SMTP MTA 1.x and 4.6.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_HEAD = re.compile(r"^-{3,20} ?Failure Reasons ? ?-{3,20}", re.M)
_END = re.compile(r"^-{3,20} ?Returned Message ?-{3,20}")
_ALONE = re.compile(rf"^\s{{0,8}}<?({ADDRESS})>?\s{{0,8}}$")


def recognise(mail: Mail) -> bool:
    """Whether the rule with ``Failure Reasons`` stands in the words."""
    return "Failure Reasons" in mail.notice[:4096] and _HEAD.search(mail.notice[:4096]) is not None


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reason above it; recipients in a row have the same."""
    told: list[Told] = []
    words: list[str] = []
    fresh = False
    begun = False
    for line in mail.lines[:MAX_LINES]:
        if not begun:
            begun = bool(_HEAD.match(line))
            continue
        if _END.match(line):
            break
        alone = _ALONE.match(line)
        if alone:
            told.append(Told(recipient=clean_address(alone[1]), words=" ".join(words)))
            fresh = True
        elif line.strip():
            words = [line.strip()] if fresh else [*words, line.strip()][:20]
            fresh = False
    if not told and words:
        told = [Told(words=" ".join(words))]
    return told
