"""Gromox, the server of grommunio: a sentence, and below it what the message was.

::

    Hi,
      I am sorry to tell you that bob@example.com's mailbox is full, we cannot
    deliver any message into this mailbox, please try it later.

    Below is the original mail information:
       Time:    Tue, 4 Nov 2025 09:30:00 +0000
       From:    ann@example.com
       To:      bob@example.com, dave@example.com
       Subject: Minutes

The language follows the message's charset: English, Chinese (both scripts), Japanese. There are templates for
an unknown user, a full mailbox, a message too large, an error of the server, and success. The addresses below
the heading are all the message had: only the one in the sentence failed. A delivery status behind it says no
more than "failed". An automatic answer has the heading too, and no address above it. Recognised by the
heading. Source: gromox, data/local_bounce, data/mail_bounce.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told, first_address

_HEADING = re.compile(
    r"^\s{0,4}(?:Below is the original mail information:|送信情報は下記となります|"
    r"以下是您所[发發]送[邮郵]件的一些基本[信資]息)",
    re.M,
)
_GREETING = re.compile(r"^\s{0,8}(?:Hi,|您好：|お知らせ：)\s*")
_DELIVERED = ("has been delivered", "已成功送到", "已成功到達", "に届きました")


def recognise(mail: Mail) -> bool:
    """Whether the heading stands below the first sentences."""
    return _HEADING.search(mail.text[:2048]) is not None


def read(mail: Mail) -> list[Told]:
    """The address in the sentence, with the sentence."""
    text = mail.text[:4096]
    heading = _HEADING.search(text)
    said = text[: heading.start() if heading else None]
    words = " ".join(_GREETING.sub("", said, count=1).split())
    action = "delivered" if any(mark in words for mark in _DELIVERED) else "failed"
    recipient = first_address(words)
    return [Told(recipient=recipient, words=words, action=action)] if recipient else []
