"""au (KDDI, Japan): "Mail System Error - Returned Mail" of ezweb.ne.jp and au.com.

The words are Japanese and English; either may be lost, as the charset is often not named. Some name the
recipient alone on a line in angle brackets, with a sentence for a reason ("The user(s) account is disabled.",
"Your message was not delivered within 0 days and 1 hours."), others give the session::

    Recipient: <bob@ezweb.example>
    >>> RCPT TO:<bob@ezweb.example>
    <<< 550 <bob@ezweb.example>: User unknown

Recognised by its subject, and by its sender or its sentences. Source: mails of au.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 1000
_SUBJECT = "mail system error - returned mail"
_RECIPIENT = re.compile(rf"^\s{{0,16}}(?:Recipient:\s{{0,4}})?<({ADDRESS})>\s*$")
_SESSION = re.compile(r"^\s{0,16}(?:>>>|<<<) ")
_SENTENCE = re.compile(r"^\s{0,16}[A-Z][A-Za-z()' ,0-9-]{10,200}[.:]?\s*$")


def recognise(mail: Mail) -> bool:
    """Whether it has au's subject and sender, or its subject and its manner."""
    if mail.subject.strip().lower() != _SUBJECT:
        return False
    return mail.sender_address.startswith("postmaster@")


def read(mail: Mail) -> list[Told]:
    """Each recipient with its session, or with the sentences round it."""
    lines = mail.lines[:MAX_LINES]
    told: list[Told] = []
    sentences: list[str] = []
    for line in lines:
        recipient = _RECIPIENT.match(line)
        if recipient:
            told.append(Told(recipient=clean_address(recipient[1])))
        elif told and _SESSION.match(line):
            told[-1].words = f"{told[-1].words}\n{line.strip()}".strip()
        elif _SENTENCE.match(line):
            sentences.append(line.strip())
    said = " ".join(sentences[:20])
    said = said or next((" ".join(p.split()) for p in mail.notice[:4096].split("\n\n") if "<" not in p), "")
    for one in told:
        one.words, one.note = (one.words, said) if one.words else (said, "")
    return told
