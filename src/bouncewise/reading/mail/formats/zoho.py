"""Zoho Mail: errors on the recipient's line.

::

    bob@example.com Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <bob@example.com>... User Unknown
    carol@example.com Error, ERROR_CODE :421, ERROR_CODE :, Host not reachable.
    [Status: Error, Address: <dave@example.com>, ResponseCode 421, , Host not reachable.]

The first number is the reply code, the second "code" is the reply's text, empty where no server was
reached; then Zoho's own words follow a comma. The last form is that of delay warnings. Recognised by
these marks in a mail of Zoho.

Source: mails of Zoho; https://www.zoho.com/mail/help/bounce-messages.html
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_LINE = re.compile(
    rf"^\s{{0,8}}<?({ADDRESS})>? ([^\n,]{{0,80}}), ERROR_CODE ?:\s?(\d{{3}})?\s?, "
    r"ERROR_CODE ?:([^\n]{0,2000})$",
    re.M,
)
_STATUS = re.compile(
    rf"^\s{{0,8}}\[Status: ([^,\n]{{0,40}}), Address: <({ADDRESS})>, "
    r"ResponseCode (\d{3})?\s?,([^\n]{0,2000})\]\s*$",
    re.M,
)
_LATE = re.compile(r"warning message only|will be retried", re.I)


def recognise(mail: Mail) -> bool:
    """Whether Zoho's marks stand in the words."""
    text = mail.notice[:8192]
    return "ERROR_CODE :" in text or ("ResponseCode " in text and "[Status: " in text)


def read(mail: Mail) -> list[Told]:
    """Each recipient with code and text put together as the server gave them."""
    text = mail.notice[:32_768]
    action = "delayed" if _LATE.search(text) else "failed"
    found = [(address, kind, code, said) for address, kind, code, said in _LINE.findall(text)]
    found += [(address, kind, code, said) for kind, address, code, said in _STATUS.findall(text)]
    told = []
    for address, kind, code, said in found[:1000]:
        words = said.strip(" ,")
        told.append(
            Told(
                recipient=clean_address(address),
                words=f"{code} {words}" if code else words,
                note=kind.strip(),
                action=action,
            )
        )
    return told
