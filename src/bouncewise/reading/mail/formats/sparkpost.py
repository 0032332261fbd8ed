"""SparkPost and Momentum (Message Systems, Ecelerity): Exim's letter with ">>>" before recipients.

::

    This message was created automatically by the mail system (ecelerity).

    A message that you sent could not be delivered to one or more of its
    recipients. This is a permanent error. The following address(es) failed:

    >>> bob@example.com (after RCPT TO): 550 5.1.1 no such user
    >>> carol@example.com (reading BANNER): 421 4.7.0 try later

Delay warnings have "is being delayed"/"has not been delivered yet". Recognised by "(ecelerity)".

Source: the manual of Momentum, "Generate_Bounces"; mails of Momentum.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_MARK = "(ecelerity)"
_LINE = re.compile(rf"^>>> <?({ADDRESS})>?\s?(?:\((after|reading|while) ([^()\n]{{1,80}})\))?:?\s?(.*)$")
_COMMAND = re.compile(r"after (RCPT TO|MAIL FROM|DATA|EHLO|HELO)$")
_RULE = re.compile(r"^-{3,}")
_LATE = re.compile(r"not yet been delivered|not been delivered yet|being delayed|warning", re.I)


def recognise(mail: Mail) -> bool:
    """Whether the mail system gives its name."""
    return _MARK in mail.notice[:2048]


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reply, whose further lines follow."""
    told: list[Told] = []
    open_ = False
    action = "delayed" if _LATE.search(f"{mail.subject} {mail.notice[:1024]}") else "failed"
    for line in mail.lines[:MAX_LINES]:
        found = _LINE.match(line)
        if found:
            when = f"{found[2]} {found[3]}" if found[2] else ""
            told.append(
                Told(recipient=clean_address(found[1]), words=found[4].strip(), note=when, action=action)
            )
            open_ = True
        elif not line.strip() or _RULE.match(line):
            open_ = False
        elif open_:
            told[-1].words = f"{told[-1].words}\n{line.strip()}"
    for one in told:
        command = _COMMAND.match(one.note)
        if command and one.words:
            one.words, one.note = f"{one.words} (in reply to {command[1]} command)", ""
    return told
