"""Addresses that hold another address: VERP, SRS, BATV, and mailing lists' return paths.

Sources: VERP, https://cr.yp.to/proto/verp.txt; SRS, https://www.libsrs2.org/srs/srs.pdf; BATV,
draft-levine-smtp-batv.
"""

from __future__ import annotations

import re

MAX_LEVELS = 4
_SRS0 = re.compile(r"srs0[=+-][^=@]{1,16}=[^=@]{1,8}=([^=@]{1,200})=([^@]{1,128})$", re.I)
_SRS1 = re.compile(
    r"srs1[=+-][^=@]{1,16}=[^=@]{1,200}=[=+-]([^=@]{1,16}=[^=@]{1,8}=[^=@]{1,200}=[^@]{1,128})$", re.I
)
_BATV = re.compile(r"(?:prvs|btv1)=(?:[0-9a-f=]{6,24}={1,2}|[0-9a-f]{6,24}=)([^=@]{1,128})$", re.I)
_BATV_BEHIND = re.compile(r"prvs=([^=@/]{1,128})[=/][0-9a-f]{6,16}$", re.I)
_VERP = re.compile(
    r"([^@=]{1,250})=((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62})$"
)
_NUMBER = re.compile(r"^\d{1,20}[-._]")


def decode_path(address: str) -> str:
    """The address that an address was made of by SRS or BATV; the same where by neither.

    Args:
        address: ``local-part@domain``.
    """
    if "=" not in address:
        return address  # all of them have it
    for _ in range(MAX_LEVELS):
        local, sign, domain = address.rpartition("@")
        if not sign:
            return address
        srs1 = _SRS1.match(local)
        found = _SRS0.match("SRS0=" + srs1[1] if srs1 else local)
        batv = None if found else _BATV.match(local) or _BATV_BEHIND.match(local)
        if found:
            address = f"{found[2]}@{found[1]}"
        elif batv:
            address = f"{batv[1]}@{domain}"
        else:
            return address
    return address


def recipient_in_path(address: str) -> str:
    """The recipient that a VERP return path (``list-user=example.com@lists``) was made for, or "".

    Args:
        address: the address that the bounce came to.
    """
    local = address.rpartition("@")[0]
    if not local or _SRS0.match(local) or _SRS1.match(local):
        return ""
    found = _VERP.match(local)
    if not found:
        return ""
    # What stands in front is parted off by the last plus sign, else by the last hyphen.
    lead, sign, user = found[1].rpartition("+" if "+" in found[1] else "-")
    user = _NUMBER.sub("", user)
    return f"{user}@{found[2]}" if lead and sign and user else ""
