"""Verizon Wireless: mail to a telephone (vtext.com, vzwpix.com) that did not reach it.

::

    Error:     550 - Requested action not taken: no such user here

    Message could not be delivered to mobile.
    Error: No valid recipients for this MM

    Sent: Sun, 23 Nov 2025 14:00:00
    To: 5550100@vzwpix.com
    Subject: hello

Recognised by a sender or daemon at those domains with the "Error:" line. Source: mails of Verizon Wireless.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_SENDERS = ("@vtext.com", "@vzwpix.com", "@vzwmail.net")
_ERROR = re.compile(r"^\s{0,8}Error:[ \t]{0,12}(\S[^\n]{0,500})$", re.M)
_TO = re.compile(rf"^\s{{0,8}}(?:RCPT )?To:[ \t]{{0,12}}<?({ADDRESS})>?\s*$", re.M | re.I)


def recognise(mail: Mail) -> bool:
    """Whether the gateway sent it and gives an error."""
    return mail.sender_address.endswith(_SENDERS) and _ERROR.search(mail.notice[:4096]) is not None


def read(mail: Mail) -> list[Told]:
    """Each number as an address, with the error."""
    text = mail.notice[:16_384]
    words = "\n".join(_ERROR.findall(text)[:5])
    own = set(mail.to)
    addresses = [clean_address(one) for one in _TO.findall(text)]
    found = [one for one in dict.fromkeys(addresses) if one.lower() not in own]
    return [Told(recipient=one, words=words) for one in found or [""]]
