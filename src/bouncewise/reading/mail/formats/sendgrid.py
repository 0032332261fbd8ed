"""SendGrid's bounces as mail ("forward bounces").

::

    This is an automatically generated message from SendGrid.
    ...
    bob:000000:<bob@example.com> : 192.0.2.250 : mx.example.com:[192.0.2.153] : 550 5.1.1 no user in RCPT TO

The delivery status has no types before replies and often no status. Recognised by the opening sentence.

Source: mails of SendGrid; https://docs.sendgrid.com/ui/account-and-settings/mail#forward-bounce
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_OPENING = "automatically generated message from SendGrid"
_LINE = re.compile(rf"^[^<\n]{{0,400}}<({ADDRESS})> : (.{{1,2000}})$", re.M)
_PEER = re.compile(r"(?:^|: )([A-Za-z0-9.-]{1,253}):\[([0-9A-Fa-f:.]{3,45})\] : ")
_IN = re.compile(r"\s{1,4}in (RCPT TO|MAIL FROM|DATA|EHLO|HELO)\s*$")
_OWN = re.compile(r"^[0-9A-Fa-f:.]{3,45} : ")


def recognise(mail: Mail) -> bool:
    """Whether SendGrid's opening stands in the words."""
    return _OPENING in mail.notice[:1024]


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reply and who gave it."""
    told: list[Told] = []
    for address, rest in _LINE.findall(mail.notice[:32_768])[:1000]:
        peer = _PEER.search(rest)
        words = rest[peer.end() :] if peer else _OWN.sub("", rest)
        when = _IN.search(words)
        told.append(
            Told(
                recipient=clean_address(address),
                words=words[: when.start()] if when else words,
                note=when[0].strip() if when else "",
                remote=peer[1] if peer else "",
            )
        )
    return told
