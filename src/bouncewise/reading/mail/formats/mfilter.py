"""m-FILTER (Digital Arts), a Japanese gateway: a letter in Japanese, the reply and the command below rules.

::

    このメールは「m-FILTER」が自動的に生成して送信しています。
    ...
    以下のメールアドレスへの送信に失敗しました。
    bob@example.com

    -------server message
    550 5.1.1 unknown user <bob@example.com>

    -------SMTP command
    RCPT

    -------original message

The addresses share the reply. The message comes back below the last rule, or some of its fields do ("original
mail info"). Recognised by ``X-Mailer: m-FILTER`` or the letter's first line, with the rule "server message".
Source: notices that Sisimai quotes.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import below, each
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import phase_of

MAX_LINES = 400
_REPLY = re.compile(r"-{7} ?server message\s*$", re.I)
_COMMAND = re.compile(r"-{7} ?SMTP command\s*$", re.I)
_RULE = re.compile(r"-{7}")
_ALONE = re.compile(rf"\s{{0,8}}<?({ADDRESS})>?\s*$")


def recognise(mail: Mail) -> bool:
    """Whether m-FILTER wrote it and gives a server's reply."""
    text = mail.text[:8192]
    return (
        mail.headers.get("x-mailer").startswith("m-FILTER") or "m-FILTER" in text
    ) and "-------server message" in text


def read(mail: Mail) -> list[Told]:
    """Every address above the first rule, with the reply and the command that it answers."""
    lines = mail.text.split("\n", MAX_LINES)[:MAX_LINES]
    end = next((number for number, line in enumerate(lines) if _RULE.match(line)), len(lines))
    found = [match[1] for line in lines[:end] if (match := _ALONE.match(line[:400]))]
    command = below(lines, _COMMAND, _RULE).strip()
    told = each([clean_address(a) for a in found], below(lines, _REPLY, _RULE))
    for one in told:
        one.phase = phase_of(command) if command else None
    return told
