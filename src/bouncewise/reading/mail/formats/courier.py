"""Courier mail server: "UNDELIVERABLE MAIL" and "DELAYED MAIL", each address with its dialogue.

::

    This is a delivery status notification from mx.example.net,
    running the Courier mail server, version 0.65.2.

                               UNDELIVERABLE MAIL

    Your message to the following recipients cannot be delivered:

    <bob@example.com>:
        mx.example.com [192.0.2.1]:
    >>> RCPT TO:<bob@example.com>
    <<< 550 5.1.1 no such user

Where a local command failed, its words stand below the address. The delivery status lacks a reply then.
Recognised by the second line, or by a message id ``<courier....>`` in a multipart/report. Source: Courier's
courier/module.dsn (GPL; described, not copied).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 5000
_ENTRY = re.compile(rf"^\s{{0,2}}<({ADDRESS})>:\s*$")
_HOST = re.compile(r"^([\w.-]{1,253}) \[[\w.:]{2,45}\]:\s*$")
_RULE = re.compile(r"^\s{0,4}-{6,}")


def recognise(mail: Mail) -> bool:
    """Whether Courier names itself, or its message id does."""
    if "running the Courier mail server" in mail.notice[:1024]:
        return True
    own = mail.headers.get("message-id").lstrip().startswith("<courier.")
    return own and mail.type == "multipart/report"


def read(mail: Mail) -> list[Told]:
    """Each address with the lines below it."""
    told: list[Told] = []
    said: list[list[str]] = []
    for line in mail.lines[:MAX_LINES]:
        entry = _ENTRY.match(line)
        if entry:
            told.append(Told(recipient=clean_address(entry[1])))
            said.append([])
        elif told and _RULE.match(line):
            break
        elif told and line.strip():
            host = _HOST.match(line.strip())
            told[-1].remote = told[-1].remote or (host[1] if host else "")
            if line.startswith(">>>"):
                told[-1].note = line.strip()[:400]
            elif not host:
                said[-1].append(line.strip().removeprefix("<<<").strip())
    action = "delayed" if "DELAYED MAIL" in mail.notice[:4096] else action_of(mail)
    for one, words in zip(told, said, strict=True):
        one.words, one.action = "\n".join(words), action
    return told
