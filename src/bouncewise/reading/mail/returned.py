"""What the header fields of a returned message tell, so that a bounce can be tied to what was sent."""

from __future__ import annotations

import ipaddress
import re
from itertools import islice

from bouncewise.reading.delivery import Returned
from bouncewise.reading.mail.headers import Headers

MAX_RECIPIENTS = 100
MAX_RECEIVED = 30
_TAG = re.compile(r"(?:^|;)\s{0,40}([ds])\s{0,10}=\s{0,10}([^;\s]{1,253})")
_IN_BRACKETS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")
_IN_ROUND = re.compile(r"\(([0-9A-Fa-f:.]{3,45})\)")

# An IPv4 address below the multicast ones, and the first numbers of networks of which a part is not public.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"([1-9]\d?|1\d\d|2[01]\d|22[0-3])\.{_OCTET}\.{_OCTET}\.{_OCTET}\Z", re.ASCII)
_DOCUMENTATION_IPV4 = ("192.0.2.", "198.51.100.", "203.0.113.")
_PARTLY = frozenset({"100", "127", "169", "172", "192", "198", "203"})


def read_returned(headers: Headers) -> Returned:
    """The fields of interest of a returned message."""
    signed = headers.raw_values("dkim-signature")
    signature = dict(_TAG.findall(signed[0][:4096])) if signed else {}
    return Returned(
        message_id=headers.get("message-id").strip("<> ")[:998],
        sender=headers.address("from"),
        recipients=headers.addresses("to")[:MAX_RECIPIENTS],
        subject=headers.get("subject")[:998],
        date=headers.get("date")[:200],
        list_id=headers.get("list-id")[:998],
        list_unsubscribe=headers.get("list-unsubscribe")[:998],
        dkim_domain=signature.get("d", ""),
        dkim_selector=signature.get("s", ""),
        sending_ip=_sending_ip(headers),
    )


def _sending_ip(headers: Headers) -> str:
    """The public address named nearest to the top, which is the last server's word about its client."""
    for value in islice(headers.each("received"), MAX_RECEIVED):
        source = value.partition(" by ")[0][:1000]
        for found in (*_IN_BRACKETS.findall(source), *_IN_ROUND.findall(source)):
            if _is_public(found):
                return str(found)
    for name in ("x-originating-ip", "x-sender-ip"):
        found = headers.get(name).strip("[] ")
        if found and _is_public(found):
            return found
    return ""


def _is_public(text: str) -> bool:
    plain = _IPV4.match(text)
    if plain and plain[1] not in _PARTLY:
        return plain[1] != "10"
    if text.startswith(_DOCUMENTATION_IPV4):
        return plain is not None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    documentation = any(address in net for net in _DOCUMENTATION if net.version == address.version)
    return address.is_global or documentation


_DOCUMENTATION = tuple(
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
