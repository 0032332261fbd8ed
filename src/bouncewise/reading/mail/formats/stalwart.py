"""Stalwart Mail Server: the words beside its delivery status.

::

    Your message could not be delivered to the following recipients:

    <bob@example.com> (host 'mx.example.com' rejected command 'RCPT TO:<bob@example.com>' with code 550
    (5.1.1) 'no such user')
    <dave@example.net> (connection to 'mx.example.net' failed: Connection refused)

With mixed results sections are headed ``----- Delivery to the following addresses failed -----``,
``... was successful -----`` and ``... There was a temporary problem delivering to these addresses -----``.
Recognised by an entry with one of the phrases that stand in its parentheses. Source: Stalwart, crates/smtp,
queue/dsn.rs.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 20_000
_ENTRY = re.compile(
    rf"<({ADDRESS})> \((?P<what>host '|delivered to '|failed to lookup '|connection to '|TLS error from '|"
    r"DANE failed|MTA-STS failed|rate limited|too many concurrent|queue error)(?P<rest>.{0,2000}?)\)?[ \t]*$"
)
_REJECTED = re.compile(
    r"([^']{1,253})' (?:rejected (?:command '(.{0,600}?)'|transaction)|) ?with code (\d{3})"
    r" \((\d\.\d{1,3}\.\d{1,3})\) '(.{0,1500}?)'?$"
)
_HOST = re.compile(r"([^']{1,253})'")


def recognise(mail: Mail) -> bool:
    """Whether Stalwart wrote it."""
    text = mail.notice
    return "> (" in text and any(_ENTRY.match(line[:2500]) for line in mail.lines[:40])


def read(mail: Mail) -> list[Told]:
    """A recipient for each line."""
    action = "delayed" if "There was a temporary problem" in mail.notice[:1024] else "failed"
    told = []
    for line in mail.lines[:MAX_LINES]:
        if line.lstrip().startswith("-----"):
            action = "delayed" if "temporary problem" in line else "failed"
        match = _ENTRY.match(line[:2500])
        if match:
            told.append(_told(match, action))
    return told


def _told(match: re.Match[str], action: str) -> Told:
    what, rest = match["what"], match["rest"]
    rejected = _REJECTED.match(rest) if what == "host '" else None
    host = _HOST.match(rest) if what.endswith("'") and "lookup" not in what else None
    words = what + rest
    if rejected:
        words = f"{rejected[3]} {rejected[4]} {rejected[5]}"
        words += f" (in reply to {rejected[2]} command)" if rejected[2] else ""
    return Told(
        recipient=match[1],
        words=words,
        action="delivered" if what == "delivered to '" else action,
        remote=host[1] if host else "",
    )
