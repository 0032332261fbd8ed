"""amavisd-new and Amavis: notices to the sender that a message was stopped for what it holds.

::

    BANNED CONTENTS ALERT                      A message from <ann@example.com> to:
                                               -> bob@example.com
    Our content checker found
        banned name: .exe,tool.exe             was considered unsolicited bulk e-mail (UBE).

    in email presumably from you <ann@example.com>
    to the following recipient:
    -> bob@example.com

    Our internal reference code for your message is 04711-02/AbCdEf

Recognised by the reference code. The finding gives the words; the templates are translated at many sites and
the arrows stay. A delivery status, where there is one, has a reply. Source: Amavis, the templates at the end
of amavisd (or README.customize).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import each
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 4000
_MARK = "Our internal reference code for your message is"
_ARROW = re.compile(rf"[ \t]{{0,8}}-> <?({ADDRESS})>?")
_CODE = re.compile(r"internal reference code for your message is ([\w/-]{4,60})")
_FINDING = re.compile(
    r"\b(?:VIRUS|BANNED|SPAM|BAD.HEADER|INVALID HEADER|UNCHECKED)\b|"
    r"^[ \t]{0,8}(?:banned name|virus(?:es)?|invalid|improper|missing|duplicate)[^\n]{0,30}: |"
    r"was considered|"
    r"has been blocked because|content checker found|because (?:it|the message) contains|"
    r"Delivery of the email|"
    r"unsolicited|infected",
    re.M,
)


def recognise(mail: Mail) -> bool:
    """Whether Amavis wrote it."""
    return _MARK in mail.notice or ("\n-> " in mail.notice and "Our content checker found" in mail.notice)


def read(mail: Mail) -> list[Told]:
    """Every recipient behind an arrow with the finding."""
    lines = mail.lines[:MAX_LINES]
    code = _CODE.search(mail.notice)
    recipients = [clean_address(m[1]) for line in lines if (m := _ARROW.match(line[:400]))]
    return each(recipients, _words(lines), queue_id=code[1] if code else "")


def _words(lines: list[str]) -> str:
    """The paragraphs that tell of the finding."""
    found: list[str] = []
    telling = False
    for line in lines[:200]:
        if not line.strip() or _ARROW.match(line[:400]) or line.startswith(("Return-Path:", "in email ")):
            telling = False
        elif telling or _FINDING.search(line[:400]):
            telling = True
            found.append(line.strip())
        if len(found) >= 20:
            break
    return "\n".join(found)
