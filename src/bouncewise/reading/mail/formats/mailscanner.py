"""MailScanner: what its sender reports say (sender.virus.report.txt, sender.filename.report.txt, ...).

::

    Our virus detector has just been triggered by a message you sent:-
      To: bob@example.org, dave@example.org
      Subject: Greetings
      Date: Mon May  3 10:11:12 2010
    One or more of the attachments (tool.exe) are on the list of unacceptable attachments for this site
    and will not have been delivered.
    The virus detector said this about the message:
    Report: MailScanner: Executable DOS/Windows programs are dangerous in email (tool.exe)

The message itself may have gone on without the attachment; the attachment has not. Recognised by the sentence
that ends in ``message you sent:-`` or by MailScanner's signature. Translated reports keep the fields' places.
Source: MailScanner's reports/en/*.txt (GPL; described, not copied).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 500
_TO = re.compile(r"^\s{0,16}(?:To|An|À|A|Para|Aan|Til|Do|Recipients?)\s?:\s{0,8}(.{1,4000})$", re.I)
_FIELD = re.compile(r"^\s{0,16}[^\W\d]\w{1,16}\s?:\s")
_REPORT = re.compile(r"^\s{0,8}(?:Report|Bericht|Rapport|Informe)\s?:\s{0,4}(.{1,2000})$", re.I)


def recognise(mail: Mail) -> bool:
    """Whether MailScanner's words or signature are there, in a report to the sender."""
    text = mail.notice[:16_384]
    if "message you sent:-" in text:
        return True
    return (
        "MailScanner" in text
        and "www.mailscanner" in text
        and any(_TO.match(line) for line in mail.lines[:60])
    )


def read(mail: Mail) -> list[Told]:
    """The recipients of the To field with the report's words."""
    lines = mail.lines[:MAX_LINES]
    at = next((n for n, line in enumerate(lines) if (m := _TO.match(line)) and "@" in m[1]), None)
    if at is None:
        return []
    match = _TO.match(lines[at])
    addresses = re.findall(ADDRESS, match[1]) if match else []
    begin = at + 1
    while begin < len(lines) and (_FIELD.match(lines[begin]) or not lines[begin].strip()):
        begin += 1
    words = _paragraph(lines, begin)
    report = next((m[1].strip() for line in lines if (m := _REPORT.match(line))), "")
    return [
        Told(recipient=clean_address(a), words=words or report, note=report if words else "")
        for a in dict.fromkeys(addresses)
    ]


def _paragraph(lines: list[str], begin: int) -> str:
    words: list[str] = []
    for line in lines[begin : begin + 20]:
        if not line.strip():
            break
        words.append(line.strip())
    return " ".join(words)
