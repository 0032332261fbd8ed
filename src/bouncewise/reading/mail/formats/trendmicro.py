"""Trend Micro InterScan Messaging Security Suite, VirusWall and IMSVA: notices in a multipart/mixed of their
own.

Either sentences or the transcript of a session, in which ``Sent <<<`` and ``Received >>>`` stand for both
sides::

    ****** Message from InterScan Messaging Security Suite ******
    Sent <<< RCPT TO:<bob@example.com>
    Received >>> 550 5.1.1 <bob@example.com>... user unknown
    Unable to deliver message to <bob@example.com> (and other recipients in the same domain).
    ************************     End of message     **********************

Recognised by the boundary ``InterScan_NT_MIME_Boundary``, ``InterScan`` in From, or the first line. The
sentences say nothing of the reason: "Unable to deliver" comes when the next server refused; its code stands
in the transcript, whose replies belong to the ``RCPT TO`` above them. Source: Trend Micro, IMSS
administrator's guide; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 4000
_SENT = re.compile(r"^\s{0,4}Sent\s{1,2}(?:<<<|>>>)\s?(.{0,1000})$", re.I)
_GOT = re.compile(r"^\s{0,4}Received\s{1,2}(?:<<<|>>>)\s?(.{0,2000})$", re.I)
_TO = re.compile(rf"RCPT TO:\s?<?({ADDRESS})", re.I)
_SAID = re.compile(
    rf"(?:deliver (?:the )?(?:message|mail) to|recipients?:?|to:)\s{{0,8}}<?({ADDRESS})>?", re.I
)
_STARS = re.compile(r"^\s*\*{3,}.{0,160}$|^[\s*.]*$")
_REASON = re.compile(r"^\s{0,8}(?:Reason|Detail)s?\s?[:：]\s{0,8}", re.I)


def recognise(mail: Mail) -> bool:
    """Whether InterScan wrote it, about a delivery."""
    boundary = mail.headers.parameters("content-type")[1].get("boundary", "")
    text = mail.notice[:8192]
    if (
        "InterScan" not in boundary
        and "interscan" not in mail.sender
        and "Message from InterScan" not in text
    ):
        return False
    return "deliver" in text.lower() or _GOT.search(text) is not None or "Received >>>" in text


def read(mail: Mail) -> list[Told]:
    """The recipients of the transcript, else of the sentences."""
    lines = mail.lines[:MAX_LINES]
    told = _transcript(lines)
    sentences = [
        line.strip()
        for line in lines
        if not _STARS.match(line) and not _SENT.match(line) and not _GOT.match(line)
    ]
    sentences = [_REASON.sub("", line) for line in sentences]
    if not told:
        words = "\n".join(sentences[:40])
        found = {a.lower(): clean_address(a) for a in _SAID.findall(words)}
        told = [Told(recipient=address, words=_about(address, sentences)) for address in found.values()]
    action = action_of(mail)
    for one in told:
        one.action = action
    return told


def _transcript(lines: list[str]) -> list[Told]:
    """Each RCPT with the replies behind it; one that was taken has the refusal of the message."""
    told: dict[str, Told] = {}
    current: Told | None = None
    for line in lines:
        sent, got = _SENT.match(line), _GOT.match(line)
        to = _TO.search(sent[1]) if sent else None
        if to:
            current = told.setdefault(to[1].lower(), Told(recipient=clean_address(to[1])))
        elif sent:
            current = None
        elif got and got[1][:1] in ("4", "5"):
            for one in [current] if current else [t for t in told.values() if not t.words]:
                one.words = f"{one.words}\n{got[1]}".strip()[:4000]
    refused = [one for one in told.values() if one.words]
    return refused or list(told.values())


def _about(address: str, sentences: list[str]) -> str:
    return next((line for line in sentences if address in line), "\n".join(sentences[:20]))
