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

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import anchored
from bouncewise.reading.mail.told import Told

_OPENINGS = (
    "we were unable to deliver your message to the following address",
    "unable to deliver message to the following address",
)
_STATE = re.compile(r"\s*\[(?:RCPT_TO|MAIL_FROM|DATA|BODY|HELO|EHLO|CONNECT|QUIT|\w{1,12})\]\s*$")
_SAID = re.compile(r"^Remote host said:\s*")


def recognise(mail: Mail) -> bool:
    """Whether a mailer-daemon opens with Yahoo's sentence."""
    if "mailer-daemon" not in mail.sender_address:
        return False
    head = " ".join(mail.notice[:1024].lower().split())
    return any(opening in head for opening in _OPENINGS)


def read(mail: Mail) -> list[Told]:
    """Each address with the words below it."""
    return [Told(recipient=one.recipient, words=_reply(one.words)) for one in anchored(mail)]


def _reply(words: str) -> str:
    return _SAID.sub("Remote host said: ", _STATE.sub("", words))
