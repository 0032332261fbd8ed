"""ZMailer: the part for people beside its delivery status.

::

    This is a collection of reports about email delivery
    process concerning a message you originated.

    FAILED:
      Original Recipient:
        rfc822;bob@example.com
      Control data:
        smtp example.com bob@example.com 99
      Diagnostic texts:
    ...\\
        <<- RCPT To:<bob@example.com>
        ->> 550 5.1.1 no such user

Recognised by its first sentence or the subject "Delivery reports about your email [FAILED(1)]". Both sides of
the session have other signs than usual: ``<<-`` is what ZMailer sent. Source: ZMailer, scheduler/msgerror.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, entries
from bouncewise.reading.mail.headers import clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told, first_address

_HEAD = re.compile(r"(FAILED|FAILURE|DELAYED|DELIVERED|RELAYED|EXPANDED|EXPIRED|WARNING):[ \t]*$")
_STOP = re.compile(r"Following is a copy of|Reporting-MTA:")
_CONTROL = re.compile(
    r"(?:smtp|local|hold|error|sm|expire|mailbox|procmail|\w{2,12}) (\S{1,253}) (\S{1,320}) -?\d{1,6}\b"
)
_LABEL = re.compile(r"(?:Original Recipient|Final Recipient|Control data|Diagnostic texts?):[ \t]*$", re.I)
_SENT = re.compile(r"<<- ?")
_GOT = re.compile(r"->> ?")


def recognise(mail: Mail) -> bool:
    """Whether ZMailer wrote it."""
    return "This is a collection of reports about email delivery" in mail.notice[:4096] or (
        mail.subject.startswith("Delivery reports about your email")
    )


def read(mail: Mail) -> list[Told]:
    """A recipient for each report."""
    return [one for entry in entries(mail.lines, _HEAD, _STOP) if (one := _told(entry)).recipient]


def _told(entry: Entry) -> Told:
    match, lines = entry
    original, final, host = "", "", ""
    words: list[str] = []
    label = note = ""
    for line in lines:
        if _LABEL.match(line):
            label = line.lower()
        elif label.startswith("original recipient"):
            original = first_address(line.partition(";")[2] or line)
        elif label.startswith(("final recipient", "control data")):
            control = _CONTROL.match(line)
            final = control[2] if control else first_address(line) or final
            host = control[1] if control else host
        elif line.startswith("expired after "):
            note = line
        elif label.startswith("diagnostic") and line != "...\\":
            words.append(_GOT.sub("<<< ", _SENT.sub(">>> ", line, count=1), count=1))
    action = {"delayed": "delayed", "warning": "delayed", "delivered": "delivered"}.get(
        match[1].lower(), "failed"
    )
    action = "relayed" if match[1] in ("RELAYED", "EXPANDED") else action
    return Told(
        recipient=clean_address(final) if "@" in final else original,
        original=original,
        words="\n".join(_last(words)),
        note=note,
        action=action,
        remote=host if "." in host else "",
    )


def _last(words: list[str]) -> list[str]:
    """The last command and what followed it; all where there is no session."""
    begin = max((n for n, line in enumerate(words) if line.startswith(">>> ")), default=0)
    return words[begin:] if any(line.startswith("<<< ") for line in words[begin:]) else words
