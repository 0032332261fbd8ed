"""ZoneMTA: the notice of its ``email-bounce`` plugin.

::

    Delivery to the following recipient failed permanently:
        bob@example.com

    Technical details of permanent failure:

    550 5.1.1 no such user

The words are those of Gmail before 2016; the field X-Sending-Zone tells them apart. Auto-Submitted is
"auto-replied". Source: ZoneMTA, plugins/core/email-bounce.js; WildDuck and Forward Email use it too.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import announced, below, each
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_TO = re.compile(
    r"Delivery to the following recipients? (?:failed permanently|has been delayed|was delayed):", re.I
)
_WHY = re.compile(r"Technical details of (?:permanent|temporary) failure:", re.I)
_STOP = re.compile(r"-{5} ")


def recognise(mail: Mail) -> bool:
    """Whether ZoneMTA wrote it."""
    return "x-sending-zone" in mail.headers and "Delivery to the following recipient" in mail.notice[:2048]


def read(mail: Mail) -> list[Told]:
    """The recipient with the details."""
    recipients = announced(mail.lines, _TO) or list(mail.headers.addresses("x-failed-recipients"))
    action = "delayed" if "temporary failure" in mail.notice[:4096] else "failed"
    return each(recipients, below(mail.lines, _WHY, _STOP, gaps=True), action)
