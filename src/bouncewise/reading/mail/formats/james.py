"""Apache James: qmail's opening words, then the recipients and what the remote server said.

::

    Hi. This is the James mail server at mx.example.net.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.  Below
    I include the list of recipients and the reason why I was unable to deliver
    your message.

    Failed recipient(s):
    bob@example.com

    Error message:
    550 5.1.1 no such user

James 2's RemoteDelivery has neither of the two headings: the recipients, and below them ``Remote mail server
told me: ...``, ``Unknown host: ...`` or the words of an exception. Recognised by the first sentence or the
headings. Source: James's RemoteDelivery.java, DSNBounce.java (Apache License; described, not copied).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 5000
_LINE = re.compile(rf"^\s{{0,4}}<?({ADDRESS})>?\s*$")
_OPENING = re.compile(r"This is the James mail server at ([\w.-]{1,253}?)\.?\s")
_TOLD_ME = re.compile(r"^(?:Remote mail server told me|Socket exception): {1,4}")


def recognise(mail: Mail) -> bool:
    """Whether James names itself, or both headings are there."""
    text = mail.notice[:4096]
    return "This is the James mail server" in text or (
        "\nFailed recipient(s):\n" in text and "\nError message:\n" in text
    )


def read(mail: Mail) -> list[Told]:
    """The addresses on lines of their own, with what stands below the last of them."""
    addresses: dict[str, None] = {}
    words: list[str] = []
    for line in mail.lines[:MAX_LINES]:
        match = _LINE.match(line) if not words else None
        if match:
            addresses[clean_address(match[1])] = None
        elif addresses and line.strip() and line.strip() != "Error message:":
            words.append(_TOLD_ME.sub("", line.strip()))
        elif words:
            break
    opening = _OPENING.search(mail.notice[:1024])
    action = "failed" if "permanent error" in mail.notice[:1024] else action_of(mail)
    return [
        Told(
            recipient=address,
            words="\n".join(words)[:4000],
            action=action,
            reporting=opening[1] if opening else "",
        )
        for address in addresses
    ]
