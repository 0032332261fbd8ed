"""qmail and its family: netqmail, qmail-ldap, vpopmail, IndiMail, s/qmail, and Yahoo's notices.

::

    Hi. This is the qmail-send program at mail.example.com.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    <bob@example.net>:
    192.0.2.1 does not like recipient.
    Remote host said: 550 5.1.1 no such user
    Giving up on 192.0.2.1.

    --- Below this line is a copy of the message.

The words in front may be another's (control/bouncetext, translations), so the form tells: a paragraph begins
with ``<address>:`` and holds no empty line, which qmail turns into a slash. Yahoo wrote ``Message from
yahoo.com.`` and later ``Sorry, we were unable to deliver your message to the following address.``

``I'm not going to try again; this message has been in the queue too long.`` makes an expiry of what was
deferred last. A double bounce (``the bounce bounced!``) names whom the bounce was for. Read as QSBMF,
https://cr.yp.to/proto/qsbmf.txt; source: qmail-send.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import holds

MAX_LINES = 20_000
MAX_PARAGRAPH = 60
_MARKS = (
    "Hi. This is the ",
    "qmail-send",
    "I've given up. Sorry it didn't work out",
    "I'm not going to try again",
    "unable to deliver your message to the following address",
    "Unable to deliver message to the following address",
    "but the bounce bounced!",
    "--- Below this line is",
    "--- Enclosed is a copy",
    "--- Original message follows",
)
_HEAD = re.compile(r"^\s{0,4}<([^<>\n]{1,320}@[^<>\n]{1,255})>:[ \t]{0,8}(.{0,2000})$")
_HEADED = re.compile(r"^[ \t]{0,4}<[^<>\n]{1,320}@[^<>\n]{1,255}>:(?=[ \t]|$)", re.M)
_AT = re.compile(r"program at ([\w.-]{1,253}?)\.?\s", re.I)
_FROM_YAHOO = re.compile(r"^Message from\s{1,4}([\w.-]{1,253}?)\.?\s*$", re.M)
_BELOW = re.compile(r"^\s{0,4}-{3,12} \w")
_GAVE_UP = re.compile(
    r"\s{0,4}I'm not going to try again[;,.]?(?:\s{1,8}[Tt]his\s{1,4}message\s[^\n]{0,160})?"
)


def recognise(mail: Mail) -> bool:
    """Whether words of qmail stand there, and a paragraph that begins with an address."""
    text = mail.notice
    if not holds(text, _MARKS) and mail.subject.lower() != "failure notice":
        return False
    return ">:" in text and _HEADED.search(text) is not None


def read(mail: Mail) -> list[Told]:
    """The recipients, each with its paragraph."""
    told: list[Told] = []
    by = _reporting(mail)
    action = action_of(mail)
    lines = mail.lines[:MAX_LINES]
    for number, line in enumerate(lines):
        if _BELOW.match(line):
            break
        head = _HEAD.match(line) if ">:" in line else None
        if head is None:
            continue
        words = _paragraph(lines, number + 1, head[2].strip())
        gave_up = _GAVE_UP.search(words)
        note = " ".join(gave_up[0].split()) if gave_up else ""
        words = _GAVE_UP.sub("", words, count=1).strip()
        told.append(
            Told(recipient=head[1].strip(), words=words or note, note=note, action=action, reporting=by)
        )
    return told if any(one.words for one in told) else []


def _paragraph(lines: list[str], begin: int, beside: str) -> str:
    """The words under an address up to an empty line; one empty line may stand above them."""
    words = [beside] if beside else []
    for number in range(begin, min(begin + MAX_PARAGRAPH, len(lines))):
        line = lines[number].strip()
        if _BELOW.match(line) or _HEAD.match(line):
            break
        if line:
            words.append(line)
        elif words or number > begin:
            break
    return "\n".join(words)


def _reporting(mail: Mail) -> str:
    text = mail.notice[:2048]
    found = _AT.search(text) or _FROM_YAHOO.search(text)
    return found[1] if found else ""
