"""Google Groups: the group is not there, or does not take posts of this sender.

Google's daemon writes in the language of the sender. Every language has the same four reasons as a list,
the group's name in brackets, the help centre's address and "Google Groups" as signature; by these it is
recognised. ``X-Failed-Recipients`` has the group. What was meant is the same in every language, so
the note gives it in English beside the words.

Source: https://support.google.com/groups/answer/2464926 and mails of Google Groups.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_HELP = "groups.google.com/support"
_MEANT = "the group may not exist, or you may not have permission to post messages to the group"
_NAME = re.compile(r"[（(「\"“«]([^\s()（）「」]{1,64})[)）」\"”»]")


def recognise(mail: Mail) -> bool:
    """Whether Google's daemon names the help centre of Groups."""
    return "mailer-daemon@google" in mail.sender_address and _HELP in mail.notice[:8192]


def read(mail: Mail) -> list[Told]:
    """The group, with the paragraph that names it."""
    words = _paragraph(mail)
    groups = mail.headers.addresses("x-failed-recipients") or _addressed(mail)
    return [Told(recipient=group, words=words, note=_MEANT) for group in groups or ("",)]


def _paragraph(mail: Mail) -> str:
    paragraphs = [" ".join(p.split()) for p in mail.notice[:8192].split("\n\n")]
    told = [p for p in paragraphs if _NAME.search(p) and _HELP not in p]
    return told[0] if told else _MEANT


def _addressed(mail: Mail) -> tuple[str, ...]:
    returned = mail.returned
    return returned.addresses("to")[:1] if returned else ()
