"""Cisco IronPort, now Secure Email (AsyncOS): a sentence and a reason for each recipient.

::

    The following message to <bob@example.com> was undeliverable.
    The reason for the problem:
    5.1.0 - Unknown address error 550-'5.1.1 <bob@example.com>: Recipient address rejected'

A reason begins with AsyncOS's own class. Behind it stands the reply, its code in front of quotation marks, or
what AsyncOS found itself in marks alone ('timeout', 'DNS Hard Error ... NXDomain'). The lines of a long reply
are parted by the two characters ``\\n``; "(delivery attempts: 34)" may follow. Where there is a reply it is
read, and the class goes to the note. Recognised by both sentences. The delivery status behind it says the
same; this is read where somebody took it off. Source: notices in the archives of linux-media and SourceForge.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(
    rf"\s{{0,4}}The following message to <({ADDRESS})> (was undeliverable|[^\n]{{0,80}})\.?\s*$"
)
_WHY = re.compile(r"The reason for the (?:problem|delay):?\s*$")
_REPLY = re.compile(r"^([45]\.\d\.\d{1,3} - [^'\"\n]{1,120}?) ([245]\d\d)-(['\"])(.{1,3900})\3")


def recognise(mail: Mail) -> bool:
    """Whether AsyncOS's two sentences are there."""
    text = mail.notice[:4096]
    return "The following message to <" in text and "The reason for the " in text


def read(mail: Mail) -> list[Told]:
    """Each address with the reply in the marks, else with the whole reason."""
    action = action_of(mail)
    told = []
    for match, lines in entries(mail.lines, _HEAD, gaps=False):
        reason = " ".join(line for line in lines if not _WHY.match(line)).replace("\\n", "\n")
        one = Told(recipient=clean_address(match[1]), words=reason, action=action)
        reply = _REPLY.match(reason.replace("\n", "\v"))
        if reply:
            text = reply[4].replace("\v", "\n").split("\n")
            one.words = "\n".join(f"{reply[2]} {line}" for line in text)
            one.note = f"{reply[1]} {reason[reply.end() :].strip()}".strip()
        told.append(one)
    return told
