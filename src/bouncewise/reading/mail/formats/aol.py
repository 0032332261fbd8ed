"""AOL's own notices until 2017, which give screen names in place of addresses.

::

    Your mail to the following recipients could not be delivered because they are not accepting mail from
    carol@example.org:
            bob

Also "... because their mailbox is full". Other notices of AOL are sendmail's, since 2018 Yahoo's. Recognised
by the sentence and a sender at aol.com.

Source: mails of AOL; https://postmaster.aol.com/ as it was.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_SENTENCE = re.compile(
    r"Your mail to the following recipients? could not be delivered\s(?P<why>[^:]{1,300}):[ \t]*\n", re.I
)
_NAME = re.compile(r"^\s{1,24}([A-Za-z0-9][A-Za-z0-9._-]{1,63})(@[\w.-]{1,253})?\s*$")


def recognise(mail: Mail) -> bool:
    """Whether AOL's sentence stands in a mail of aol.com."""
    return mail.sender_address.endswith("@aol.com") and _SENTENCE.search(mail.notice[:2048]) is not None


def read(mail: Mail) -> list[Told]:
    """Each screen name as an address, with the reason that the sentence gives."""
    text = mail.notice[:16_384]
    sentence = _SENTENCE.search(text)
    if not sentence:
        return []
    words = " ".join(f"could not be delivered {sentence['why']}".split())
    told: list[Told] = []
    for line in text[sentence.end() :].split("\n"):
        name = _NAME.match(line)
        if name:
            told.append(Told(recipient=f"{name[1]}{name[2] or '@aol.com'}", words=words))
        elif line.strip():
            break
    return told
