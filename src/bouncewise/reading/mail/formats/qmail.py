"""qmail and what was made of it: netqmail, qmail-ldap, s/qmail, Yahoo's and other providers' old servers.

QSBMF, the simple bounce message format: a recipient in angle brackets with a colon, the report below it, an
empty line behind; whatever the sentences above it say, and in whatever language::

    Hi. This is the qmail-send program at mx.example.com.
    I'm afraid I wasn't able to deliver your message to the following addresses.

    <bob@example.com>:
    192.0.2.1 does not like recipient.
    Remote host said: 550 5.1.1 no such user
    Giving up on 192.0.2.1.

    --- Below this line is a copy of the message.

Recognised by such an entry together with one of: "qmail-send program", the line that begins with ``---`` and
leads over to the copy, the usual subjects, or sentences of descendants. A slash in a report stands for an
empty line. Double bounces ("I tried to deliver a bounce message to this address, but the bounce bounced!")
have the same entries. One Japanese descendant writes "Delivery failed: bob@example.com" and "STEP: DATA
SEND". Source: https://cr.yp.to/proto/qsbmf.txt; qmail-send.c, qmail-remote.c; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_SUBJECTS = (
    "failure notice",
    "failure delivery",
    "delivery failure",
    "failed delivery",
    "mail delivery failure",
    "returned mail: failure notice",
)
_SENTENCES = (
    "qmail-send program",
    "I'm afraid I wasn't able to deliver",
    "but the bounce bounced!",
    "Unable to deliver message to the following address",
    "we were unable to deliver your message to the following address",
    "Your mail message to the following address(es) could not be delivered",
    "has been failed.\nPlease refer to the below for details",
)
_HEAD = re.compile(
    r"<(?P<qsbmf>[^<>\s]{1,320}@[^<>\s]{1,255})>:(?:[ \t]*$|[ \t]{1,4}(?=\S))"
    rf"|Delivery failed: (?P<other>{ADDRESS})[ \t]*$"
)
_STOP = re.compile(r"---[ \t]|STEP:|-{20,}")
_COPY = re.compile(
    r"^--- (?:Below this line|Enclosed|Original|Mensaje|Message|Attached|The \w+ of|Undelivered)", re.M
)
_AT = re.compile(r"qmail-send[^\n]{0,40}?\b(?:at|en|auf|su|on) ([\w.-]{1,252}\w)")
_TOO_LONG = re.compile(
    r"[ \t\n]*(I'm not going to try again;\s+this\s+message\s+has\s+been\s+in\s+the\s+queue\s+too\s+long\.)"
)
_BRACKETS = re.compile(r"Remote host said\s?\[[^\]\n]{0,40}\]: ?")


def recognise(mail: Mail) -> bool:
    """Whether a server of the family wrote it."""
    text = mail.notice
    if not ((text.startswith("<") or "\n<" in text) and ">:" in text) and "\nDelivery failed: " not in text:
        return False
    return (
        mail.subject.lower().strip() in _SUBJECTS
        or any(sentence in text for sentence in _SENTENCES)
        or _COPY.search(mail.text) is not None
    )


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry."""
    host = _AT.search(mail.notice[:2048])
    told = []
    for match, lines in entries(mail.lines, _HEAD, _STOP):
        rest = match.string[match.end() :].strip()
        words = "\n".join([rest, *lines] if rest else lines)
        words = _BRACKETS.sub("Remote host said: ", words.replace("\n/", "\n"))
        told.append(
            Told(
                recipient=match["qsbmf"] or match["other"],
                words=_TOO_LONG.sub("", words, count=1),
                note="".join(_TOO_LONG.findall(words)[:1]),
                reporting=host[1] if host else "",
            )
        )
    return [one for one in told if one.words] or told
