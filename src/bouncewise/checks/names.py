"""Domain names and addresses as DNS wants them.

Sources: RFC 1035 section 2.3.4 (sizes), RFC 5891 (names that are not ASCII), RFC 5782 section 2 (reversed
addresses).
"""

from __future__ import annotations

import ipaddress
import re

MAX_NAME = 253
MAX_LABEL = 63

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PLAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")


class DomainNameError(ValueError):
    """A text that is no domain name; its words say what is wrong."""


def canonical(text: str) -> str:
    """A domain name in lower case and A-labels, without the last dot.

    Raises:
        DomainNameError: a label is empty or too long, the name is too long, or IDNA does not allow it.
    """
    name = text.strip().removesuffix(".").lower()
    if _PLAIN.match(name) and len(name) <= MAX_NAME:
        return name
    if not name.isascii():
        name = _a_labels(name)
    if not name:
        raise DomainNameError("an empty domain name")
    if len(name) > MAX_NAME:
        raise DomainNameError(f"a domain name of {len(name)} characters; {MAX_NAME} are allowed")
    for label in name.split("."):
        if not label:
            raise DomainNameError(f"two dots side by side in {shown(name)}")
        if len(label) > MAX_LABEL:
            raise DomainNameError(
                f"a label of {len(label)} characters in {shown(name)}; {MAX_LABEL} are allowed"
            )
        if any(c <= " " or c == "\x7f" for c in label):
            raise DomainNameError(f"a blank or control character in {shown(name)}")
    return name


def _a_labels(name: str) -> str:
    import idna  # noqa: PLC0415 - its tables cost 10 ms that most names do without

    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except idna.IDNAError as fault:
        raise DomainNameError(f"{shown(name)} is no international domain name: {fault}") from None


def shown(name: str, limit: int = 60) -> str:
    """A name for a message: bounded, on one line."""
    text = name if len(name) <= limit else name[: limit - 3] + "..."
    return text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text


def parent(name: str) -> str:
    """The name without its first label; "" for a top-level domain."""
    return name.partition(".")[2]


def domain_of(address: str) -> str:
    """The part behind the last ``@``, or the whole text where there is none."""
    return address.rpartition("@")[2]


def address(text: str) -> IPAddress:
    """An IP address; an IPv4 address inside IPv6 becomes IPv4 (RFC 7208 section 5).

    Raises:
        DomainNameError: the text is no address.
    """
    plain = text.strip().removeprefix("[").removesuffix("]")
    if plain[:5].lower() == "ipv6:":  # an address literal, RFC 5321 section 4.1.3
        plain = plain[5:]
    try:
        found = ipaddress.ip_address(plain)
    except ValueError:
        raise DomainNameError(f"{shown(text)} is no IP address") from None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped if mapped is not None else found


def name_or_none(text: str) -> str:
    """``canonical``, or "" where the text is no name: what strangers wrote is taken or left."""
    try:
        return canonical(text) if text else ""
    except DomainNameError:
        return ""


def address_or_none(text: str) -> str:
    """``address`` as text, or "" where the text is none."""
    try:
        return str(address(text)) if text else ""
    except DomainNameError:
        return ""


def reversed_labels(ip: IPAddress) -> str:
    """The address as labels, the last first: ``1.2.0.192``, or 32 hexadecimal digits for IPv6."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ".".join(reversed(str(ip).split(".")))
    return ".".join(reversed(ip.exploded.replace(":", "")))


def reverse_name(ip: IPAddress) -> str:
    """The name that holds the PTR record of an address."""
    zone = "in-addr.arpa" if isinstance(ip, ipaddress.IPv4Address) else "ip6.arpa"
    return f"{reversed_labels(ip)}.{zone}"
