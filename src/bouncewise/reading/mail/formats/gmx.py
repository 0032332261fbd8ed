"""GMX, WEB.DE, mail.com and IONOS (United Internet): Exim's letter in other words.

::

    "bob@example.com":
    SMTP error from remote server after RCPT command:
    host: mx.example.com
    5.1.1 <bob@example.com>... User Unknown

    carol@example.com:
    SMTP error from remote server for TEXT command, host: mx.example.com (192.0.2.1) reason: 550 5.2.0 no

    <dave@example.com>

    Reason:
    delivery retry timeout exceeded

IONOS also writes "The following address failed: ... For the following reason: ...". Recognised by
``X-UI-Out-Filterresults`` or a sender of the group, with the opening sentence of Exim.

Source: mails of GMX, mail.com and 1&1; https://postmaster.gmx.net/en/error-messages
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_SENDERS = re.compile(
    r"@(?:[\w-]{1,40}\.){0,3}(?:gmx\.\w{2,3}|web\.de|mail\.com|kundenserver\.de|1and1\.\w{2,3}|ionos\.\w{2,3}|perfora\.net)$"
)
_OPENING = "this message was created automatically by mail delivery software"
_ADDRESS_LINE = re.compile(rf"^\s{{0,8}}[\"<]?({ADDRESS})[\">]?:?\s*$")
_REASON = re.compile(r"^(?:For the following |The )?reason:\s*$", re.I)
_HOST = re.compile(r"^host: (\S{1,253})\s*$")
_AFTER = re.compile(r"^SMTP error from remote server after \w{1,12} command:\s*$")
_RULE = re.compile(r"^\s{0,4}-{3,}")


def recognise(mail: Mail) -> bool:
    """Whether a server of the group wrote Exim's opening."""
    marked = "x-ui-out-filterresults" in mail.headers or _SENDERS.search(mail.sender_address) is not None
    return marked and _OPENING in mail.notice[:1024].lower()


def read(mail: Mail) -> list[Told]:
    """Each address with the words below it."""
    told: list[Told] = []
    said: list[list[str]] = []
    for line in mail.lines[:MAX_LINES]:
        if _RULE.match(line):
            break
        address = _ADDRESS_LINE.match(line)
        if address:
            told.append(Told(recipient=clean_address(address[1])))
            said.append([])
        elif told and line.strip() and not _REASON.match(line):
            said[-1].append(line.strip())
    for one, words in zip(told, said, strict=True):
        _fill(one, words)
    if not any(one.words for one in told[:-1]) and told:
        for one in told[:-1]:  # addresses in a row have the reason below the last of them
            one.words, one.remote = told[-1].words, told[-1].remote
    return told


def _fill(one: Told, words: list[str]) -> None:
    """Part the host's name and the session's command from the reply."""
    kept: list[str] = []
    for line in words:
        host = _HOST.match(line)
        if host:
            one.remote = host[1]
        elif _AFTER.match(line):
            one.note = line
        else:
            kept.append(line)
    one.words = "\n".join(kept) or one.note
