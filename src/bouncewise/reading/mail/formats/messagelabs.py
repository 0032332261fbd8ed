"""MessageLabs, later Symantec Email Security.cloud: the letter of its delivery agent.

::

    This is the mail delivery agent at messagelabs.com.

    I was unable to deliver your message to the following addresses:

    bob@example.com

    Reason: 550 5.1.1 no such user

    The message subject was: Greetings
    The message date was: Mon, 3 May 2010 10:11:12 +0200
    The message identifier was: 9A/3F-17375-D4C9ADC4
    The message reference was: server-7.tower-162.messagelabs.com!1272874272!9876543!1

One reason stands for all addresses. The delivery status behind it may name no recipient, only the server. An
older agent is qmail with another opening ("I was not able to deliver ..."), and is read as that. Recognised
by the first two sentences. Symantec Messaging Gateway, the appliance, writes as old Postfix does. Source:
Broadcom's articles 162445 and 157433; notices that Sisimai quotes.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import announced, below, each
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_OPENING = "This is the mail delivery agent at "
_TO = re.compile(r"I was unable to deliver your message to the following address", re.I)
_WHY = re.compile(r"\s{0,4}Reason:[ \t]?", re.I)
_STOP = re.compile(r"\s{0,4}The message (?:subject|date|identifier|reference) was:", re.I)
_IDENTIFIER = re.compile(r"^The message identifier was:\s{1,8}(\S{1,80})\s*$", re.M)
_SERVER = re.compile(r"^The message reference was:\s{1,8}([\w.-]{1,253})!", re.M)


def recognise(mail: Mail) -> bool:
    """Whether the agent wrote it, and not qmail in its place."""
    text = mail.notice[:1024]
    return _OPENING in text and _TO.search(text) is not None


def read(mail: Mail) -> list[Told]:
    """Every address with the one reason."""
    text = mail.notice[:32_768]
    identifier, server = _IDENTIFIER.search(text), _SERVER.search(text)
    return each(
        announced(mail.lines, _TO),
        below(mail.lines, _WHY, _STOP),
        queue_id=identifier[1] if identifier else "",
        reporting=server[1] if server else "",
    )
