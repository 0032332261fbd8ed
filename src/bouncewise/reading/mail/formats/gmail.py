"""Gmail and Google Workspace: prose of 2005-2016, and the notices with icons since.

The old notice names recipients below "Delivery to the following recipient failed permanently:" (or "has been
delayed:") and says why behind "Technical details of permanent failure:"; its languages change, its
subject "Delivery Status Notification (Failure)" and ``X-Failed-Recipients`` do not. The new one
("** Address not found **") quotes the server behind "The response was:" in the language of the account;
it has a delivery status, whose Diagnostic-Code may be missing or cut. Also limits ("You have reached a limit
for sending mail") and accounts whose "Send mail as" server refuses come so. Recognised by the
mailer-daemon of googlemail.com or google.com.

Source: https://support.google.com/mail/answer/6596 and mails of Gmail.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_DAEMON = re.compile(r"mailer-daemon@(?:[\w-]{1,40}\.)?(?:googlemail|gmail|google)\.com$")
_HEAD = re.compile(
    r"^Delivery to the following recipients? (?:failed|has been delayed|was aborted)[^\n]{0,80}:\s*$", re.M
)
_DETAILS = re.compile(r"^Technical details of (?:permanent|temporary) failure:[ \t]*\n?", re.M)
_ALONE = re.compile(rf"^\s{{0,16}}<?({ADDRESS})>?\s*$")
_ANY = re.compile(ADDRESS)
_RULE = re.compile(r"^-{3,10} ?[^\n]{0,60}-{3,10}[ \t]*$", re.M)
_DELAY = re.compile(r"\(delay\)|message will be retried|gmail will retry|temporary (?:problem|failure)", re.I)


def recognise(mail: Mail) -> bool:
    """Whether Google's daemon sent it."""
    return "mailer-daemon@" in mail.sender_address and _DAEMON.match(mail.sender_address) is not None


def read(mail: Mail) -> list[Told]:
    """Each recipient with the details, or with the words of the notice."""
    text = mail.notice[:16_384]
    late = _DELAY.search(f"{mail.subject}\n{text[:4096]}") and "(failure)" not in mail.subject.lower()
    action = "delayed" if late else "failed"
    words = _words(text)
    return [Told(recipient=one, words=words, action=action) for one in _recipients(mail, text)]


def _words(text: str) -> str:
    """What is told of the failure: the technical details, else all that the notice says."""
    details = _DETAILS.search(text)
    said = text[details.end() :] if details else text
    rule = _RULE.search(said)
    said = said[: rule.start()] if rule else said
    return said.strip() or text.strip()[:2048]


def _recipients(mail: Mail, text: str) -> list[str]:
    head = _HEAD.search(text)
    found: list[str] = []
    for line in text[head.end() :].split("\n") if head else ():
        alone = _ALONE.match(line)
        if alone:
            found.append(clean_address(alone[1]))
        elif line.strip():
            break
    found = found or list(mail.headers.addresses("x-failed-recipients"))
    if not found:
        own = {mail.sender_address, *mail.to}
        named = (clean_address(one) for one in _ANY.findall(text[:4096]))
        found = [one for one in named if one.lower() not in own][:1]
    return list(dict.fromkeys(found)) or [""]
