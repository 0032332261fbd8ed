"""McAfee Email Gateway and its forerunners: WebShield e500, Email and Web Security Appliance.

::

        --- The following addresses had delivery problems ---

    <bob@example.com>   (550 5.1.1 User unknown)
    <dave@example.com>   (Unknown user dave@example.com)

and, from the e500::

    ------ Failed Recipients ------
    <bob@example.com> [550 5.1.1 User unknown]

    -------- Returned Mail --------

The reason stands in brackets at the address: a reply or McAfee's own words. The delivery status behind it,
called ``deliverystatus.txt``, often gives no diagnostic code. Recognised by X-NAI-Header or the name
``deliveryproblems.txt`` with the first rule, or by the second one. The SaaS service is another (MX Logic).
Source: notices that other parsers of bounces quote (Sisimai, flufl.bounce).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import entries
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_RULES = re.compile(
    r"^\s{0,8}-{3,12} (?:The following addresses had delivery problems|Failed Recipients) -{3,12}\s*$", re.M
)
_ENTRY = re.compile(rf"\s{{0,8}}<({ADDRESS})>[ \t]{{0,16}}(?:[(\[](.{{0,2000}}))?$")
_STOP = re.compile(r"\s{0,8}-{3,}")


def recognise(mail: Mail) -> bool:
    """Whether a mark of McAfee's is there, and one of the rules."""
    rule = _RULES.search(mail.notice[:4096])
    if rule is None:
        return False
    marked = "x-nai-header" in mail.headers or "Failed Recipients" in rule[0]
    return marked or b"deliveryproblems.txt" in mail.data[:32_768]


def read(mail: Mail) -> list[Told]:
    """Each address with what the brackets hold."""
    rule = _RULES.search(mail.notice)
    lines = mail.notice[rule.end() if rule else 0 :].split("\n")
    told = []
    for match, more in entries(lines, _ENTRY, _STOP):
        words = "\n".join(filter(None, (match[2] or "", *more))).strip()
        told.append(Told(recipient=clean_address(match[1]), words=_without_bracket(words)))
    return told


def _without_bracket(words: str) -> str:
    """The words without a bracket at their end that nothing opens."""
    for opening, closing in ("()", "[]"):
        if words.endswith(closing) and words.count(closing) > words.count(opening):
            return words[:-1].rstrip()
    return words
