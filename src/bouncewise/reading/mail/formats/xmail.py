"""XMail Server: notices in numbered sections.

::

    [<00>] XMail bounce: Rcpt=[bob@example.com];Error=[550 5.1.1 no such user]

    [<01>] Error sending message [1272874272.1234.mx] from [example.org].

    ID:        <S1>
    Mail From: <ann@example.org>
    Rcpt To:   <bob@example.com>
    Server:    <mx.example.com> [192.0.2.1]

    [<02>] The reason of the delivery failure was:

    550 5.1.1 no such user

Recognised by the section numbers. The frozen and the delayed message have the same sections. Source: XMail,
SMAILUtils.cpp (USmlBuildBounce).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import below, each
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(rf"\[<00>\] XMail bounce: Rcpt=\[({ADDRESS})\];Error=\[(.{{0,1000}}?)\]?[ \t]*$", re.M)
_TO = re.compile(rf"^Rcpt To:\s{{1,8}}<({ADDRESS})>", re.M)
_SERVER = re.compile(r"^Server:\s{1,8}<([\w.-]{1,253})>", re.M)
_WHY = re.compile(r"\[<02>\] The reason of the delivery failure was:")
_STOP = re.compile(r"\[<0\d>\]")


def recognise(mail: Mail) -> bool:
    """Whether XMail wrote it."""
    return "[<00>] XMail bounce:" in mail.notice or "[<02>] The reason of the delivery failure" in mail.notice


def read(mail: Mail) -> list[Told]:
    """The recipient with the reason."""
    text = mail.notice[:16_384]
    head, to, server = _HEAD.search(text), _TO.search(text), _SERVER.search(text)
    named = head[1] if head else to[1] if to else ""
    words = below(mail.lines, _WHY, _STOP, gaps=True) or (head[2] if head else "")
    return each([named], words, remote=server[1] if server else "") if named else []
