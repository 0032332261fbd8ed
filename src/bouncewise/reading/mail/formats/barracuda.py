"""Barracuda Spam Firewall, later Email Security Gateway: notices to the sender of what its filter blocked.

::

    BANNED FILENAME ALERT

    Your message to: bob@example.com, dave@example.com, ...
    was blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:

    Subject: Greetings

    An attachment in that mail was of a file type that the Spam Firewall is set to block.

No server replied: the firewall's own sentences are all there is to know. There is a template for a banned
file, spam and a virus, which customers may change. Further recipients are left out behind three dots.
Recognised by the subject or the firewall's sentence, with "Your message to:". Source: Barracuda Spam Firewall
user's guide, "Customizing Non-Delivery Reports"; campus.barracuda.com; a notice among CPython's test mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import each
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 400
MAX_WORDS = 20  # lines of the firewall's sentences
_TO = re.compile(r"\s{0,4}Your message to:", re.I)
_MARKS = ("blocked by our Spam Firewall", "the Spam Firewall is set to block", "has NOT BEEN DELIVERED")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether the firewall's sentence or subject is there, and whom the message was for."""
    text = mail.notice[:4096]
    if "our message to:" not in text:
        return False
    return "blocked by our bulk email filter" in mail.subject or any(mark in text for mark in _MARKS)


def read(mail: Mail) -> list[Told]:
    """Every address between "Your message to:" and the sentence, with the firewall's words."""
    to: list[str] = []
    said: list[str] = []
    listing = False
    for line in mail.lines[:MAX_LINES]:
        listing = listing or (not to and _TO.match(line) is not None)
        found = _ADDRESS.findall(line[:8192]) if listing else []
        to.extend(clean_address(a) for a in found)
        listing = bool(found) or (listing and not to)
        if not found and line.strip() and not line.startswith("Subject:") and len(said) < MAX_WORDS:
            said.append(line.strip()[:400])
    return each([a for a in to if a.lower() != mail.sender_address], "\n".join(said))
