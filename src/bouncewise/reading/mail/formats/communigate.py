"""CommuniGate Pro (Stalker): the words beside its delivery status, or alone.

::

    Failed to deliver to '<bob@example.com>'
    SMTP module(domain example.com) reports:
     host mx.example.com says:
     550 5.1.1 no such user

    Failed to deliver to 'dave@example.org'
    LOCAL module(account dave) reports:
     account is full (quota exceeded)

Recognised by the line of the module. Warnings say "delayed" or "still trying". Source: CommuniGate Pro guide,
"Queue: Bounce Messages"; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_MODULE = re.compile(r"^[A-Z0-9]{3,12} module\((?:domain |account |host )?[^)\n]{0,253}\) reports:", re.M)
_HEAD = re.compile(
    rf"[ \t]{{0,4}}(?P<verb>Failed to deliver|Delayed delivery|Failed to relay|Delivered|Relayed) to "
    rf"'?<?({ADDRESS})>?'?[ \t]*"
)
_REPORTS = re.compile(r"[A-Z0-9]{3,12} module\([^)\n]{0,253}\) reports:")
_SAYS = re.compile(r"(?:mail )?host ([\w.-]{1,253}) says:")


def recognise(mail: Mail) -> bool:
    """Whether CommuniGate Pro wrote it."""
    return " module(" in mail.notice and _MODULE.search(mail.notice) is not None


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry."""
    return [_told(entry) for entry in entries(mail.lines, _HEAD)]


def _told(entry: Entry) -> Told:
    match, lines = entry
    words = [line for line in lines if not _REPORTS.match(line)]
    says = _SAYS.match(words[0]) if words else None
    if says:
        words = words[1:]
    verb = match["verb"].split(" ", 1)[0].lower()
    return Told(
        recipient=match[2],
        words="\n".join(words),
        action=verb if verb in ("delayed", "delivered", "relayed") else "failed",
        remote=says[1] if says else "",
    )
