"""Novell (Micro Focus) GroupWise Internet Agent: subject "Message status - undeliverable".

::

    The message that you sent was undeliverable to the following:
        bob@example.org (user not found)
        dave@example.net (550 5.1.1 <dave@example.net>: Recipient address rejected)

    Possibly truncated original message follows:

Each recipient has its reason in parentheses; a recipient of the server itself has no domain, so the returned
message's To field completes it. Recognised by the subject or by both sentences' words, in English or German,
French, Spanish, Dutch. Source: Novell, "Internet Agent status messages" (TID 10007365); mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_SUBJECT = re.compile(
    r"^(?:Message status ?- ?(?:undeliverable|delayed|opened|delivered)|Nachrichtenstatus ?- ?|"
    r"Mitteilungsstatus ?- ?|"
    r"[ÉE]tat du message ?- ?|Estado del mensaje ?- ?|Berichtstatus ?- ?)",
    re.I,
)
_HEAD = re.compile(
    r"(?:undeliverable to the following|unzustellbar|nicht zugestellt werden).{0,80}:\s{0,4}$", re.I
)
_ENTRY = re.compile(rf"^\s{{0,16}}<?({ADDRESS}|[\w.+-]{{1,64}})>?\s{{1,8}}\((.{{1,2000}}?)\)?\s{{0,8}}$")
_END = re.compile(r"original message follows", re.I)


def recognise(mail: Mail) -> bool:
    """Whether the subject or the first sentence is GroupWise's."""
    if _SUBJECT.match(mail.subject[:80]):
        return True
    return "The message that you sent was undeliverable to the following" in mail.notice[:2048]


def read(mail: Mail) -> list[Told]:
    """The lines with a recipient and a reason in parentheses."""
    told: list[Told] = []
    action = action_of(mail)
    for line in mail.lines[:MAX_LINES]:
        if _END.search(line[:200]):
            break
        if _HEAD.search(line[:400]):
            continue
        entry = _ENTRY.match(line)
        if entry:
            told.append(Told(recipient=_address(entry[1], mail), words=entry[2], action=action))
        elif told and line.strip() and line[:1] in (" ", "\t"):
            told[-1].words = f"{told[-1].words} {line.strip()}"[:4000].removesuffix(")")
    return told


def _address(name: str, mail: Mail) -> str:
    """The address; for a name without a domain one that the message went to, else the reporter's domain."""
    if "@" in name:
        return clean_address(name)
    returned = mail.returned
    sent_to = [*returned.addresses("to"), *returned.addresses("cc")] if returned else []
    found = next((a for a in sent_to if a.lower().startswith(f"{name.lower()}@")), "")
    domain = mail.sender_address.partition("@")[2]
    return found or (f"{name}@{domain}" if domain else name)
