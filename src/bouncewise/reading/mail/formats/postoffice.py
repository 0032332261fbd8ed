"""Post.Office and InterMail (Software.com, later Openwave): one reason, a list of recipients.

::

    This Message was undeliverable due to the following reason:

    Each of the following recipients was rejected by a remote mail server.
    The reasons given by the server are included to help you determine why
    each recipient was rejected.

        Recipient: <bob@example.com>
        Reason:    5.1.1 no such user

    Please reply to <postmaster@mx.example.org>
    if you feel this message to be in error.

Other reasons ("Your message was not delivered because the destination computer refused to accept it", "The
user(s) account is temporarily over quota", "Your message was not delivered within 7 days and 0 hours") have
the addresses on lines of their own, below. Recognised by the first sentence. Source: mails; Post.Office 3.5
and InterMail Mx manuals.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import each, entries
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import may_hold

MAX_LINES = 2000
_MARK = re.compile(r"This Message was undeliverable due to the following reason", re.I)
_HEAD = re.compile(rf"[ \t]{{0,8}}Recipient:\s{{1,8}}<?({ADDRESS})>?", re.I)
_REASON = re.compile(r"Reason:\s{0,8}", re.I)
_ALONE = re.compile(rf"[ \t]{{0,8}}(?:SMTP |SMTP\s?:)?<?({ADDRESS})>?[ \t]*$")
_LEAD = re.compile(r"The following (?:recipients|destination addresses) did not receive", re.I)
_END = re.compile(r"Please reply to |if you feel this message")


def recognise(mail: Mail) -> bool:
    """Whether one of the two wrote it."""
    text = mail.notice[:2048]
    return may_hold(text, ("this message was undeliverable",)) and _MARK.search(text) is not None


def read(mail: Mail) -> list[Told]:
    """The recipients with their reasons, else with the one reason."""
    told = [
        Told(recipient=match[1], words=_REASON.sub("", "\n".join(lines), count=1))
        for match, lines in entries(mail.lines, _HEAD, _END)
    ]
    if told:
        return told
    recipients: list[str] = []
    words: list[str] = []
    begun = False
    for line in mail.lines[:MAX_LINES]:
        alone = _ALONE.match(line[:400])
        if _END.match(line.strip()[:60]):
            break
        if begun and alone:
            recipients.append(clean_address(alone[1]))
        elif begun and line.strip() and len(words) < 30 and not _LEAD.match(line.strip()[:80]):
            words.append(line.strip())
        begun = begun or bool(_MARK.search(line[:200]))
    return each(recipients, "\n".join(words))
