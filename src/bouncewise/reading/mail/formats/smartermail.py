"""SmarterMail: a list of "Failed Recipient" and "Reason".

::

    Could not deliver message to the following recipient(s):

    Failed Recipient: bob@example.com
    Reason: Remote host said: 550 5.1.1 no such user

    Failed Recipient: dave@example.com
    Reason: Failed to connect to the recipients mail server. No MX records were found for ...
    Failed all attempts to connect to the recipients mail server.

       -- The header and top 20 lines of the message follows --

A reason is a server's reply or SmarterMail's own words ("The mailbox is full", "The domain size limit has
been exceeded"); of these the first line says why, the others what it tried. The sender is "System
Administrator", the subject "Delivery Failure". Recognised by the two labels. Source: hosters' articles on
common delivery errors of SmarterMail; flufl.bounce's list of notices.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import CODED, action_of
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(rf"\s{{0,8}}Failed Recipient:[ \t]{{0,8}}<?({ADDRESS})>?\s*$", re.I)
_WHY = re.compile(r"^(?:Reason:[ \t]{0,8})?(?:Remote host said:[ \t]{0,8})?", re.I)
_STOP = re.compile(r"\s{0,8}-- The header and top|\s{0,4}-{5,}")


def recognise(mail: Mail) -> bool:
    """Whether both labels are there."""
    text = mail.notice[:4096]
    return "Failed Recipient:" in text and "\nReason:" in text.replace("\n ", "\n")


def read(mail: Mail) -> list[Told]:
    """Each address with its reason."""
    action = action_of(mail)
    told = []
    for match, lines in entries(mail.lines, _HEAD, _STOP):
        words = _WHY.sub("", "\n".join(lines), count=1)
        said, _, rest = (words, "", "") if CODED.search(words) else words.partition("\n")
        told.append(Told(recipient=clean_address(match[1]), words=said, note=rest, action=action))
    return told
