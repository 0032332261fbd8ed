"""BIGLOBE (Japan): recipients and reasons below two rules.

::

       ----- The following addresses had delivery problems -----
    bob@biglobe.example

       ----- Non-delivered information -----
    The number of messages in recipient's mailbox exceeded the local limit.

Recognised by the second rule. Source: mails of BIGLOBE and the services on its servers (inacatv, tmtv, ttv).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_RECIPIENTS = re.compile(r"^\s{0,8}-{3,8} The following addresses had delivery problems -{3,8}[ \t]*$", re.M)
_REASONS = re.compile(r"^\s{0,8}-{3,8} Non-delivered information -{3,8}[ \t]*$", re.M)
_NEXT = re.compile(r"^\s{0,8}-{3,8} ", re.M)
_ALONE = re.compile(rf"^\s{{0,8}}<?({ADDRESS})>?\s*$", re.M)


def recognise(mail: Mail) -> bool:
    """Whether the rule above the reasons stands in the words."""
    return (
        "Non-delivered information" in mail.notice[:8192] and _REASONS.search(mail.notice[:8192]) is not None
    )


def read(mail: Mail) -> list[Told]:
    """Each address with the reason; several reasons go with the addresses in turn."""
    text = mail.notice[:32_768]
    addresses = [clean_address(a) for a in _ALONE.findall(_below(_RECIPIENTS, text))]
    reasons = [" ".join(p.split()) for p in _below(_REASONS, text).split("\n\n") if p.strip()]
    paired = len(reasons) == len(addresses)
    return [
        Told(recipient=address, words=reasons[place] if paired else "\n".join(reasons))
        for place, address in enumerate(addresses or [""])
    ]


def _below(rule: re.Pattern[str], text: str) -> str:
    found = rule.search(text)
    if not found:
        return ""
    rest = text[found.end() :]
    following = _NEXT.search(rest)
    return rest[: following.start()] if following else rest
