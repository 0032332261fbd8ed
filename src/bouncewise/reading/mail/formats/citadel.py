"""Citadel, the groupware server: each address with its reply on one line.

::

    A message you sent could not be delivered to some or all of its recipients.
    The following addresses were undeliverable:

    bob@example.com: 550 5.1.1 no such user

Where it has tried for days it says "due to prolonged unavailability of its destination(s). Giving up on the
following addresses", whatever the last reply was. Old versions attach nothing. Recognised by the first
sentence. Source: Citadel, citadel/modules/smtp/serv_smtpqueue.c, serv_smtp.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_OPENING = "A message you sent could not be delivered to some or all of its recipients"
_GIVEN_UP = "Giving up on the following addresses"
_HEAD = re.compile(rf"\s{{0,4}}({ADDRESS}): ?(.{{0,2000}})$")


def recognise(mail: Mail) -> bool:
    """Whether Citadel's sentence stands at the beginning."""
    return _OPENING in mail.notice[:512]


def read(mail: Mail) -> list[Told]:
    """Each address with what stands behind it."""
    note = _GIVEN_UP if _GIVEN_UP in mail.notice[:1024] else ""
    return [
        Told(recipient=clean_address(match[1]), words="\n".join(filter(None, (match[2], *lines))), note=note)
        for match, lines in entries(mail.lines, _HEAD)
    ]
