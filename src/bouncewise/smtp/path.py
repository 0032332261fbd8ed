"""Reverse-paths and forward-paths.

Sources: RFC 5321 section 4.1.2 (grammar), 4.5.3.1 (sizes), appendix C (source routes are taken and dropped);
RFC 6531 section 3.3 (UTF-8).
"""

from __future__ import annotations

import ipaddress
import re

import msgspec

MAX_LOCAL = 64
MAX_DOMAIN = 255
MAX_PATH = 256
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\x80-\U0010ffff]|\\[\x20-\x7e])*"\Z')
_LABEL = r"[A-Za-z0-9_\x80-\U0010ffff](?:[A-Za-z0-9_\x80-\U0010ffff-]*[A-Za-z0-9_\x80-\U0010ffff])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_ROUTE = re.compile(rf"@{_LABEL}(?:\.{_LABEL})*(?:,@{_LABEL}(?:\.{_LABEL})*)*:")


class PathError(ValueError):
    """A path that can't be taken; its words say why."""


class Path(msgspec.Struct, frozen=True):
    """A mailbox in angle brackets, taken apart.

    Attributes:
        local: the part before ``@``, as it was given; "" for the null reverse-path.
        domain: the part behind it, in small letters; "" for ``<>`` and for ``<Postmaster>``.
    """

    local: str
    domain: str

    @property
    def address(self) -> str:
        """``local@domain``; "" for the null reverse-path."""
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def international(self) -> bool:
        """Whether it needs SMTPUTF8."""
        return not (self.local.isascii() and self.domain.isascii())


NULL = Path("", "")


def parse_path(text: str, *, null: bool = False) -> Path:
    """A path out of its angle brackets.

    Args:
        text: what stands behind ``FROM:`` or ``TO:`` up to ``>``.
        null: whether ``<>`` is one (RFC 5321 section 4.5.5).

    Raises:
        PathError: it is none.
    """
    if not (text.startswith("<") and text.endswith(">")):
        raise PathError("an address stands in angle brackets")
    inner = text[1:-1]
    if not inner:
        if null:
            return NULL
        raise PathError("an empty address is for senders only")
    if len(inner) > MAX_PATH + MAX_LOCAL:
        raise PathError("the address is too long")
    if inner.startswith("@"):
        route = _ROUTE.match(inner)
        if not route:
            raise PathError("the source route can't be read")
        inner = inner[route.end() :]
    local, at, domain = inner.rpartition("@")
    if not at:
        if not null and inner.lower() == "postmaster":  # RFC 5321 section 4.5.1
            return Path(inner, "")
        raise PathError("the address has no domain")
    return Path(_local(local), _domain(domain))


def _local(text: str) -> str:
    if not text:
        raise PathError("nothing stands before the @")
    if len(text.encode("utf-8", "replace")) > MAX_LOCAL:
        raise PathError("the part before the @ is longer than 64 octets")
    if not (_DOT_STRING.match(text) or _QUOTED.match(text)):
        raise PathError("the part before the @ has a character that must be quoted")
    return text


def _domain(text: str) -> str:
    if len(text) > MAX_DOMAIN:
        raise PathError("the domain is longer than 255 octets")
    if text.startswith("[") and text.endswith("]"):
        return literal(text)
    name = text.lower()
    if not _DOMAIN.match(name) or any(len(label) > 63 for label in name.split(".")):
        raise PathError("the domain is no domain name")
    return name


def literal(text: str) -> str:
    """An address literal such as ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]`` (RFC 5321 section 4.1.3).

    Raises:
        PathError: it holds no address.
    """
    inner = text[1:-1]
    tag, _, rest = inner.partition(":")
    try:
        if tag.lower() == "ipv6":
            return f"[IPv6:{ipaddress.IPv6Address(rest)}]"
        return f"[{ipaddress.IPv4Address(inner)}]"
    except ValueError:
        raise PathError("the address literal holds no address") from None


def is_name(text: str) -> bool:
    """Whether EHLO may give this: a domain name or an address literal (RFC 5321 section 4.1.1.1)."""
    try:
        _domain(text)
    except PathError:
        return False
    return bool(text)
