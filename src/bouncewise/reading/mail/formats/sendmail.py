"""Sendmail, version 5 to 8, and what writes like it (Switch, Mirapoint, Active!hunter).

::

       ----- The following addresses had permanent fatal errors -----
    <bob@example.com>
        (reason: 550 5.1.1 <bob@example.com>... User unknown)
        (expanded from: <staff@example.org>)

       ----- Transcript of session follows -----
    ... while talking to mx.example.com.:
    >>> RCPT To:<bob@example.com>
    <<< 550 5.1.1 <bob@example.com>... User unknown
    550 5.1.1 <bob@example.com>... User unknown
    <dave@example.net>... Deferred: Connection timed out with mx.example.net.
    Warning: message still undelivered after 4 hours

A list names the recipients; 8.6 puts ``(unrecoverable error)`` behind them, version 5 has no list. Other
lists are of ``transient non-fatal errors`` and ``successful delivery notifications``. What the transcript
says of each is read by ``transcript``. With a delivery status part this fills in what the part leaves out,
mostly the words of what was deferred. Source: sendmail/savemail.c and deliver.c; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.dsn import is_cut
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told, first_address
from bouncewise.reading.mail.transcript import CODED, Transcript
from bouncewise.reply.unwrap.common import holds

MAX_LINES = 20_000
_MARKS = (
    "Transcript of session follows",
    "had permanent fatal errors",
    "had transient non-fatal errors",
    "had delivery problems",
    "had permanent delivery errors",
    "had successful delivery notifications",
)
_SECTION = re.compile(r"^\s{0,8}-{3,12}\s?([A-Za-z][^\n]{4,80}?)\s?-{3,12}\s{0,8}$")
_ALONE = re.compile(rf"^\s*<?{ADDRESS}>?\s*$")
_REASON = re.compile(r"\(reason:\s?(.{1,2000}?)\)?\s?(?:\(expanded from:|$)", re.S)
_EXPANDED = re.compile(r"\(expanded from:\s?<?([^<>)\s]{1,320})")
_END = re.compile(r"(?:message|header|mail)s?\b.{0,30}\b(?:follow|collected)|returned|unsent", re.I)
_STILL = re.compile(r"Warning: message still undelivered|Will keep trying until|WARNING MESSAGE ONLY")


def recognise(mail: Mail) -> bool:
    """Whether one of the headings stands in the notice."""
    text = mail.notice[:16_384]
    return "---" in text and holds(text, _MARKS)


def read(mail: Mail) -> list[Told]:
    """The recipients of lists and transcript, each with what the transcript says about it."""
    listed: list[Told] = []
    transcript = Transcript()
    part = action = ""
    for line in mail.lines[:MAX_LINES]:
        section = _SECTION.match(line)
        if section:
            part, action = _part(section[1])
        elif part == "list" and line.strip():
            _add(listed, line, action)
        elif part == "transcript" and line.strip():
            transcript.take(line.strip())
        elif part == "end":
            break
    transcript.close()
    told = _merged(listed, transcript)
    if not any(one.words for one in told):
        return []  # another program that borrowed the heading
    going_on = bool(_STILL.search(mail.notice)) or action_of(mail) == "delayed"
    for one in told:
        one.action = one.action or ("delayed" if going_on else "failed")
        if "cannot send" in mail.subject.lower() and one.action == "failed":
            one.note = f"{mail.subject[:200]}\n{one.note}".strip()
    return told


def _part(heading: str) -> tuple[str, str]:
    """What a heading leads, and the action of a list."""
    words = heading.lower()
    if "transcript" in words:
        return "transcript", ""
    if _END.search(words):
        return "end", ""
    if "success" in words:
        return "list", "delivered"
    if "address" in words or "recipient" in words:
        return "list", "failed" if "permanent" in words else ""
    return "", ""


def _add(listed: list[Told], line: str, action: str) -> None:
    """A line of a list: an address, or in front of it blanks, what is said about the one above."""
    if listed and line[:3].isspace() and not _ALONE.match(line):
        listed[-1].words = f"{listed[-1].words} {line.strip()}".strip()[:4000]
        return
    name, _, aside = line.strip().partition("  (")
    if name.endswith(":") or ("@" not in name and " " in name):
        return
    listed.append(Told(recipient=first_address(name) or name.strip("<>\"'"), words=aside and f"({aside}"))
    listed[-1].action = action


def _merged(listed: list[Told], transcript: Transcript) -> list[Told]:
    """The listed recipients, or without a list those of the transcript, with all that is said."""
    note = "\n".join(transcript.trailer[:40])
    for one in listed:
        aside = one.words
        reason, expanded = _REASON.search(aside), _EXPANDED.search(aside)
        said = transcript.told.get(one.recipient.lower()) or Told()
        own = reason[1].strip() if reason else "" if aside.startswith("(") else aside
        if expanded and "@" not in one.recipient:
            one.recipient = expanded[1]
        elif expanded:
            one.original = expanded[1] if "@" in expanded[1] else ""
        loose = "\n".join(transcript.loose[:1]) if len(listed) == 1 or not own else ""
        whole = next((w for w in transcript.loose if own in w), "") if is_cut(own) else ""
        one.words = said.words or whole or (own if CODED.match(own) else loose or own)
        one.status, one.remote = said.status, said.remote
        one.note = "\n".join(filter(None, (own if own != one.words else "", note)))
        if "(relayed" in aside or "(expanded by" in aside:
            one.action = "relayed"
    told = listed or [one for one in transcript.told.values() if "@" in one.recipient]
    if not told and (transcript.loose or transcript.told):
        first = next(iter(transcript.told.values()), Told(words="\n".join(transcript.loose[:1]), action=""))
        told = [first]
    for one in told if not listed else []:
        one.note = note
    return told
