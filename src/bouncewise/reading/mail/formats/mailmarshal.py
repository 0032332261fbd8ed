"""MailMarshal SMTP (later Trustwave Secure Email Gateway): one reply for a list of recipients.

::

    Your message:
       From:    ann@example.net
       Subject: Greetings

    Could not be delivered because of

    550 5.1.1 no such user

    The following recipients were affected:
        bob@example.com

    Additional Information
    ======================
    Remote-MTA:         <192.0.2.1>
    MessageName:        <B4be2f0a20001.000000000001.0001.mml>

Recognised by ``Could not be delivered because of`` with ``The following recipients were affected:``.
Source: mails; Trustwave's user guide, "Message templates".
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 5000
_LINE = re.compile(rf"^\s{{0,16}}<?({ADDRESS})>?\s*$")
_FIELD = re.compile(
    r"^\s{0,8}(Remote-MTA|Reporting-MTA|MessageName)\s?:\s{0,16}<?([^\s<>]{1,253})>?\s*$", re.M
)


def recognise(mail: Mail) -> bool:
    """Whether both sentences are there."""
    text = mail.notice[:16_384]
    return "The following recipients were affected:" in text and "ould not be delivered because of" in text


def read(mail: Mail) -> list[Told]:
    """The recipients below the second sentence, with the words below the first."""
    lines = mail.lines[:MAX_LINES]
    words: list[str] = []
    addresses: dict[str, None] = {}
    place = ""
    for line in lines:
        if "ould not be delivered because of" in line:
            place = "why"
            rest = line.partition("because of")[2].strip(" :.")
            words = [rest] if rest else []
        elif "The following recipients were affected:" in line:
            place = "whom"
        elif place == "why" and line.strip():
            words.append(line.strip())
        elif place == "whom" and (match := _LINE.match(line)):
            addresses[clean_address(match[1])] = None
        elif place == "whom" and addresses and line.strip():
            break
    fields = dict(_FIELD.findall(mail.notice[:16_384]))
    action = action_of(mail)
    return [
        Told(
            recipient=address,
            words="\n".join(words)[:4000],
            action=action,
            remote=fields.get("Remote-MTA", ""),
            reporting=fields.get("Reporting-MTA", ""),
            queue_id=fields.get("MessageName", ""),
        )
        for address in addresses
    ]
