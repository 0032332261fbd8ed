"""KumoMTA: the words beside its delivery status.

::

    The message was received at Mon, 3 May 2010 08:11:12 +0000
    from ann@example.com and addressed to bob@example.com.
    While communicating with mx.example.com (192.0.2.1):
    550 5.1.1 no such user

What stands below the sentence that names both addresses is about the delivery; a log record in JSON may stand
in a part of its own. Recognised by both sentences. Source: KumoMTA, crates/kumo-log-types/src/rfc3464.rs.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_OPENING = "The message was received at "
_BOTH = re.compile(rf"\nfrom <?(?:{ADDRESS}|)>?,? and addressed to <?({ADDRESS})>?\.?[ \t]*\n", re.I)
_PEER = re.compile(r"While communicating with ([\w.-]{1,253})")
_INTRODUCED = re.compile(
    r"^(?:While communicating with|The response was|Response|Status)\b[^\n]{0,300}:[ \t]*", re.M
)
_LATER = re.compile(
    r"will be retried|will retry|has been delayed|is delayed|still being (?:tried|retried)", re.I
)


def recognise(mail: Mail) -> bool:
    """Whether KumoMTA wrote it."""
    text = mail.notice[:2048]
    return _OPENING in text and "and addressed to " in text


def read(mail: Mail) -> list[Told]:
    """The recipient with what stands below both addresses."""
    text = mail.notice[:16_384]
    both = _BOTH.search(text)
    if both is None:
        return []
    rest = text[both.end() :]
    peer = _PEER.search(rest)
    return [
        Told(
            recipient=clean_address(both[1]),
            words=_INTRODUCED.sub("", rest).strip(),
            action="delayed" if _LATER.search(rest) else "failed",
            remote=peer[1] if peer else "",
        )
    ]
