"""Mimecast: a notice for each recipient, whose facts stand behind ``-- ``.

::

    This is a delivery failure notification message indicating that
    an email you addressed to email address :
    -- bob@example.com

    could not be delivered. The problem appears to be :
    -- Recipient email address is possibly incorrect

    Additional information follows :
    -- 5.4.1 Recipient address rejected: Access denied

    This condition occurred after 1 attempt(s) to deliver over
    a period of 0 hour(s).

A warning says "delivery warning" and "has not yet been delivered"; newer notices begin "An email that you
attempted to send to the following address could not be delivered". The problem is Mimecast's own sentence;
the information is the other server's reply, or words of the session ("connect timed out"). As the sentences
differ, what stands behind ``-- `` is relied on, the address first.

Recognised by a message id ``...@us-mta-25.us.mimecast.lan``, the subject ``[Postmaster] Email Delivery``, or
the first sentence. Source: notices that other parsers of bounces quote (flufl.bounce, Sisimai).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import CODED, action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
MAX_FACT = 20  # lines of a fact
_FACT = re.compile(r"\s{0,4}-- (\S.{0,2000})$")
_RECIPIENT = re.compile(rf"<?({ADDRESS})>?\s*$")
_OPENING = re.compile(r"This is a delivery (?:failure|warning) notification message indicating")
_TRIED = re.compile(r"This condition occurred after [^\n]{1,40}\n?[^\n]{0,80}hour\(s\)")


def recognise(mail: Mail) -> bool:
    """Whether Mimecast's mark is there, and a fact as it writes them."""
    marked = (
        ".mimecast.lan>" in mail.headers.get("message-id")
        or mail.subject.startswith("[Postmaster] Email Delivery ")
        or _OPENING.search(mail.notice[:2048]) is not None
    )
    return marked and re.search(r"^\s{0,4}-- \S", mail.notice[:8192], re.M) is not None


def read(mail: Mail) -> list[Told]:
    """Each address with the facts behind it: a reply before Mimecast's sentence."""
    told: list[Told] = []
    facts: list[list[str]] = []
    for fact in _facts(mail.lines[:MAX_LINES]):
        address = _RECIPIENT.match(fact)
        if address:
            told.append(Told(recipient=clean_address(address[1])))
            facts.append([])
        elif facts:
            facts[-1].append(fact)
    tried = _TRIED.search(mail.notice[:8192])
    action = action_of(mail)
    for one, said in zip(told, facts, strict=True):
        coded = [fact for fact in said if CODED.search(fact)]
        one.words = coded[-1] if coded else "\n".join(said)
        rest = [fact for fact in said if coded and fact != coded[-1]]
        one.note = " ".join([*rest, " ".join(tried[0].split()) if tried else ""]).strip()
        one.action = action
    return told


def _facts(lines: list[str]) -> list[str]:
    """What stands behind ``-- ``, with its further lines down to an empty one."""
    facts: list[list[str]] = []
    going = False
    for line in lines:
        match = _FACT.match(line)
        if match:
            facts.append([match[1].strip()])
            going = True
        elif going and line.strip() and len(facts[-1]) < MAX_FACT:
            facts[-1].append(line.strip()[:2000])
        else:
            going = False
    return ["\n".join(lines) for lines in facts]
