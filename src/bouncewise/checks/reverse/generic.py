"""Whether a name is one that a network gives to all its addresses."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from bouncewise.checks.dmarc.discover import suffix_org_domain
from bouncewise.checks.names import IPAddress

_DIGIT = re.compile(r"[0-9]")
_WORDS = re.compile(r"[a-z]+(?:-(?:up))?")


class Generic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``generic.toml``, which says what each field means."""

    says: str
    ip: bool = False
    words: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


@cache
def rows() -> tuple[Generic, ...]:
    """The rows of ``generic.toml``."""
    text = files("bouncewise.checks.reverse").joinpath("generic.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["generic"], tuple[Generic, ...])


def generic(name: str, ip: IPAddress) -> str:
    """Why a name looks generic, or "".

    Args:
        name: the PTR record.
        ip: its address.
    """
    host = name.lower().rstrip(".")
    own = host.removesuffix(suffix_org_domain(host))
    words = set(_WORDS.findall(own)) if _DIGIT.search(own) else set()
    for row in rows():
        if (
            (row.ip and _holds(host, ip))
            or not words.isdisjoint(row.words)
            or (row.endings and host.endswith(row.endings))
        ):
            return row.says
    return ""


def _holds(host: str, ip: IPAddress) -> bool:
    """Whether a name has the address in it, in one of the forms that networks use."""
    if isinstance(ip, ipaddress.IPv6Address):
        digits = ip.exploded.replace(":", "")
        return digits[-8:] in host.replace("-", "").replace(".", "") or digits in host
    parts = str(ip).split(".")
    for order in (parts, parts[::-1]):
        joined = r"[-._x]0{0,2}".join(order)
        if re.search(rf"(?<!\d)0{{0,2}}{joined}(?!\d)", host):
            return True
    padded = "".join(part.zfill(3) for part in parts)
    return padded in host or f"{int(ip):08x}" in host
