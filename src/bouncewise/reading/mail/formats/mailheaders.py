"""A gateway that names itself nowhere: "We had trouble delivering your message", the header fields attached.

::

    We had trouble delivering your message. Full details follow:

    Subject: 'Greetings'
    Date: 'Mon, 03 May 2010 10:11:12 +0000'

    1 error(s):

    SMTP Server <mx.example.com> rejected recipient <bob@example.com> (Error following RCPT command). It
    responded as follows: [550 5.1.1 no such user]
    The following recipients returned permanent errors: dave@example.com. Reason: SMTP Server <192.0.2.1>
    refused to accept your message (DATA), with the following error message: [554 5.7.1 no]

Recognised by the first sentence with ``error(s):`` or the subject ``There was an error sending your mail``.
The attachment is called ``mailheaders-....txt``, hence the name. Source: mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import MAX_NOTICE, Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 1000
_OPENING = "We had trouble delivering your message. Full details follow:"
_REJECTED = re.compile(rf"rejected recipient <({ADDRESS})>")
_NAMED = re.compile(r"recipients? returned (?:permanent|temporary) errors?: ([^\n]{1,4000}?)\. Reason: ")
_SERVER = re.compile(r"SMTP Server <([^<>\s]{1,253})>")
_SAID = re.compile(r"(?:responded as follows|error message)[^\n\[]{0,40}\[([^\n]{1,2000})\]")


def recognise(mail: Mail) -> bool:
    """Whether the opening stands at the beginning."""
    return mail.subject == "There was an error sending your mail" or _OPENING in mail.notice[:200]


def read(mail: Mail) -> list[Told]:
    """Each sentence about a recipient."""
    part = mail.part("text/plain", "text/", "text")
    text = part.text()[:MAX_NOTICE] if part else mail.data[:MAX_NOTICE].decode("utf-8", "replace")
    told: list[Told] = []
    for line in text.split("\n")[:MAX_LINES]:
        if line.startswith("The attachment contains the original mail headers"):
            break
        rejected, named = _REJECTED.search(line[:4000]), _NAMED.search(line[:8000])
        server, said = _SERVER.search(line[:8000]), _SAID.search(line[:8000])
        addresses = [rejected[1]] if rejected else re.findall(ADDRESS, named[1]) if named else []
        action = "delayed" if "returned temporary error" in line else "failed"
        for address in addresses[:1000]:
            told.append(
                Told(
                    recipient=clean_address(address),
                    words=said[1] if said else line.strip(),
                    remote=server[1] if server else "",
                    action=action,
                )
            )
    return told
