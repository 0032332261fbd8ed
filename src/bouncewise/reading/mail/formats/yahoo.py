"""Yahoo!, and the services on its servers (AOL since 2018, Verizon, AT&T, Sky, Rogers, Yahoo! JAPAN).

::

    Sorry, we were unable to deliver your message to the following address.

    <bob@example.com>:
    Remote host said: 550 5.1.1 no such user [RCPT_TO]

Older ones begin "Message from  yahoo.com. Unable to deliver message to the following address(es).". The reply
has the state of the session behind it; without a server's reply there are Yahoo's own words ("No mx record
found for domain=..."). Recognised by the opening sentence and a mailer-daemon as sender.

Source: mails of Yahoo!; its qmail is altered.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_OPENINGS = (
    "we were unable to deliver your message to the following address",
    "unable to deliver message to the following address",
)
MAX_LINES = 2000
_ADDRESS_LINE = re.compile(rf"^\s{{0,4}}<({ADDRESS})>:\s*$")
_RULE = re.compile(r"^-{3,}")
_STATE = re.compile(r"\s*\[(?:RCPT_TO|MAIL_FROM|DATA|BODY|HELO|EHLO|CONNECT|QUIT|\w{1,12})\]\s*$")
_SAID = re.compile(r"^Remote host said:\s*")


def recognise(mail: Mail) -> bool:
    """Whether a mailer-daemon opens with Yahoo's sentence."""
    if "mailer-daemon" not in mail.sender_address:
        return False
    lowered = mail.notice[:1024].lower()
    if "unable" not in lowered:
        return False
    head = " ".join(lowered.split())
    return any(opening in head for opening in _OPENINGS)


def read(mail: Mail) -> list[Told]:
    """Each address with the words below it."""
    told: list[Told] = []
    for line in mail.lines[:MAX_LINES]:
        address = _ADDRESS_LINE.match(line)
        if address:
            told.append(Told(recipient=clean_address(address[1])))
        elif _RULE.match(line):
            break
        elif told and line.strip() and len(told[-1].words) < 2048:
            told[-1].words = f"{told[-1].words}\n{line.strip()}".lstrip()
    for one in told:
        one.words = _reply(one.words)
    return told


def _reply(words: str) -> str:
    return _SAID.sub("Remote host said: ", _STATE.sub("", words))
