"""A gateway that names itself nowhere: "Technical details:" between rules, ``SMTP:RCPT host``.

::

    ============================================================================
          This is an automatically generated Delivery Status Notification.

    Delivery to the following recipients failed permanently:

       * bob@example.com

    ============================================================================
                                 Technical details:

    SMTP:RCPT host 192.0.2.1: 553 5.3.0 <bob@example.com>... No such user here

Also "was aborted after 5.0 hour(s)" and "Routing: Could not find a gateway for bob@example.com". Recognised
by the list with stars below its sentence (also spelled "Delevery"). Source: mails; Sisimai calls it X3.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import announced, below, each
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_TO = re.compile(r"^Del[ei]very to the following recipients (?:failed permanently|was aborted after)", re.I)
_WHY = re.compile(r"\s{1,60}Technical details:")
_REPLY = re.compile(r"SMTP:([A-Z]{4}) host ([\w.:-]{1,253}?): (?=[245]\d\d)")
_OPENING = "This is an automatically generated Delivery Status Notification."


def recognise(mail: Mail) -> bool:
    """Whether this gateway wrote it."""
    text = mail.notice[:2048]
    return _OPENING in text and "\n" in text and re.search(r"^\s{1,8}\* \S+@", text, re.M) is not None


def read(mail: Mail) -> list[Told]:
    """The recipients with the details, else with the sentence."""
    recipients = announced(mail.lines, _TO)
    words = below(mail.lines, _WHY)
    sentence = next((line.strip() for line in mail.lines[:200] if _TO.match(line[:400])), "")
    found = _REPLY.match(words)
    remote = found[2] if found else ""
    if found:
        words = f"host {remote} said: {words[found.end() :]} (in reply to {found[1]} command)"
    told = each(recipients, words or sentence, remote=remote)
    for one in told:
        one.note = sentence if "aborted" in sentence and words else ""
    return told
