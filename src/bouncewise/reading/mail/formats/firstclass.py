"""OpenText FirstClass: subject "NDN: ...", "Sorry. Your message could not be delivered to:".

::

    Sorry. Your message could not be delivered to:

    bob@example.org (The name was not found at the remote site. ...)
    Dave Jones,Example Org (Mailbox full)

A recipient is an address or a FirstClass name (``Dave Jones,Example Org``), whose address may stand in the
returned message. Recognised by the subject's ``NDN:`` together with the sentence. Source: FirstClass Internet
Services guide; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_SENTENCE = re.compile(r"Sorry\. Your message could not be delivered to\s?:", re.I)
_ENTRY = re.compile(r"^\s{0,8}([^\n()]{1,320}?)\s{1,4}\((.{1,1000}?)\)\s{0,8}$")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether the sentence stands at the beginning."""
    return "Your message could not be delivered to" in mail.notice[:1024] and bool(
        _SENTENCE.search(mail.notice[:1024])
    )


def read(mail: Mail) -> list[Told]:
    """The lines with a recipient and a reason in parentheses."""
    told: list[Told] = []
    action = action_of(mail)
    begun = False
    for line in mail.lines[:MAX_LINES]:
        if not begun:
            begun = _SENTENCE.search(line[:400]) is not None
            continue
        entry = _ENTRY.match(line)
        if entry:
            address = _ADDRESS.search(entry[1])
            name = clean_address(address[0]) if address else ""
            told.append(
                Told(
                    recipient=name or _by_name(entry[1], mail),
                    words=entry[2],
                    note="" if name else entry[1],
                    action=action,
                )
            )
    return told


def _by_name(name: str, mail: Mail) -> str:
    """The address that the returned message has beside a FirstClass name."""
    returned = mail.returned
    first = name.partition(",")[0].strip().lower()
    for field in ("to", "cc"):
        for piece in returned.get(field)[:8192].split(",") if returned and first else ():
            found = _ADDRESS.search(piece)
            if found and first in piece.lower():
                return clean_address(found[0])
    return ""
