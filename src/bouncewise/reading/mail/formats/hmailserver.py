"""hMailServer: the notice of its message "SEND_FAILED_NOTIFICATION".

::

    Your message did not reach some or all of the intended recipients.

       Sent: Mon, 3 May 2010 10:11:12 +0200
       Subject: Greetings

    The following recipient(s) could not be reached:

    bob@example.com
       Error Type: SMTP
       Remote server (192.0.2.1) issued an error.
       hMailServer sent: RCPT TO:<bob@example.com>
       Remote server replied: 550 5.1.1 no such user

Recognised by "Error Type: SMTP" or the lines with the program's name; the sentences are Exchange's too, and
are translated, the lines of the error are not. Source: hMailServer, SMTPClientConnection.cpp, DBScripts.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, entries
from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(rf"[ \t]{{0,2}}<?({ADDRESS})>?:?[ \t]*$")
_FIELD = re.compile(
    r"(Error Type|Error Description|Additional info|hMailServer sent|Remote server replied|Error|"
    r"(?:Remote )?server) ?(?:\(([0-9A-Fa-f:.]{3,45})\))?:? ?",
    re.I,
)
_STOP = re.compile(r"hMailServer[ \t]*$|-{5,}")


def recognise(mail: Mail) -> bool:
    """Whether hMailServer wrote it."""
    text = mail.notice
    return (
        "Error Type: SMTP" in text or "hMailServer sent: " in text or text.rstrip().endswith("\nhMailServer")
    )


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry."""
    return [_told(entry) for entry in entries(mail.lines, _HEAD, _STOP) if entry[1]]


def _told(entry: Entry) -> Told:
    match, lines = entry
    fields: dict[str, str] = {}
    remote, last = "", ""
    for line in lines:
        found = _FIELD.match(line)
        if found:
            last = found[1].lower()
            remote = found[2] or remote
            fields[last] = line[found.end() :].strip()
        elif last:
            fields[last] += f"\n{line}"
    sent = fields.get("hmailserver sent", "").strip()
    words = fields.get("remote server replied", "")
    if words and sent:
        words = f">>> {sent}\n<<< " + words.replace("\n", "\n<<< ")
    words = words or fields.get("error") or fields.get("error description") or "\n".join(lines)
    return Told(recipient=match[1], words=words, remote=remote)
