"""United Internet (1&1, IONOS, GMX, WEB.DE, mail.com): notices that sound like Exim's and are not.

Three forms; all begin "This message was created automatically by mail delivery software." and do not indent::

    The following address failed:              The following address(es) failed:

    bob@example.com                            bob@example.com:
                                               SMTP error from remote server for RCPT TO command, host:
    For the following reason:                  mx.example.com (192.0.2.1) reason: 550 no such user

    Mail size limit exceeded.

and, with quotation marks, ``"bob@example.com":`` with ``host: mx.example.com`` and the reply on lines of
their own. Recognised by these sentences or the field X-UI-Out-Filterresults with an entry. Source: mails;
https://postmaster.ionos.com/.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, announced, below, each, entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(rf"(?:\"({ADDRESS})\"|<?({ADDRESS})>?):[ \t]*")
_FAILED = re.compile(r"following address(?:\(?es\)?)? failed:|^failed:[ \t]*$", re.I)
_REASON = re.compile(r"For the following reasons?:[ \t]*|Reason:[ \t]*", re.I)
_STOP = re.compile(r"-{3} ")
_HOST = re.compile(r"\bhost:?\s{1,4}([\w.-]{1,253})")
_COMMAND = re.compile(r"SMTP error from remote server (?:for|after|in) ([\w ]{3,40}?) command", re.I)
_MORE = re.compile(r"\breason:\s{1,8}(?=[245]\d\d)", re.I)


def recognise(mail: Mail) -> bool:
    """Whether a server of United Internet wrote it."""
    text = mail.notice[:8192]
    if "created automatically by mail delivery software" not in text:
        return False
    return (
        "For the following reason:" in text
        or "SMTP error from remote server " in text
        or "x-ui-out-filterresults" in mail.headers
    )


def read(mail: Mail) -> list[Told]:
    """The recipients with their entries, else those above the one reason."""
    action = action_of(mail)
    told = [_told(entry, action) for entry in entries(mail.lines, _HEAD, _STOP)]
    if told:
        return told
    words = below(mail.lines, _REASON, _STOP)
    return each(announced(mail.lines, _FAILED), words, action)


def _told(entry: Entry, action: str) -> Told:
    match, lines = entry
    said = " ".join([match.string[match.end() :].strip(), *lines]).strip()
    host, command, reason = _HOST.search(said), _COMMAND.search(said), _MORE.search(said)
    words = said
    if reason:
        words = said[reason.end() :]
    elif host and command:
        words = said[host.end() :].strip()
    if command and words != said and words[:1] in ("2", "4", "5") and words[:3].isdigit():
        words = f"{words} (in reply to {command[1].strip()} command)"
    return Told(
        recipient=match[1] or match[2],
        words=words,
        note=said if words != said else "",
        action=action,
        remote=host[1] if host else "",
    )
