"""What the addresses that a blocklist answers with mean.

Sources: RFC 5782 section 2.1 (answers lie in 127.0.0.0/8), 2.3 (sums of bits); each list's page for
its codes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

import msgspec

from bouncewise.knowledge.model import Blocklist

# Lists have agreed on this range to tell a resolver that it is refused; it is no listing on any list.
_REFUSALS = ipaddress.ip_network("127.255.255.0/24")
_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class Meaning(msgspec.Struct, frozen=True):
    """What a set of answers means.

    Attributes:
        listed: what is listed, in words; () where nothing is.
        refused: why the question was refused; () where it was not.
        good: answers that are no listing, in words.
        foreign: answers that no blocklist gives: the zone was parked or its name sold.
    """

    listed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def meaning(entry: Blocklist, answers: Iterable[str]) -> Meaning:
    """Say what answers mean.

    Args:
        entry: the list.
        answers: the A records, as text.
    """
    listed: dict[str, None] = {}
    refused: dict[str, None] = {}
    good: dict[str, None] = {}
    foreign: list[str] = []
    for text in answers:
        try:
            ip = ipaddress.IPv4Address(text)
        except ValueError:
            continue
        if ip not in _LOOPBACK:
            foreign.append(text)
        elif words := _of(entry.errors, ip) or _bits(entry.error_bits, ip):
            refused.update(dict.fromkeys(words))
        elif ip in _REFUSALS:
            refused[f"{text}, by which lists refuse a resolver"] = None
        elif words := _of(entry.good, ip):
            good.update(dict.fromkeys(words))
        elif entry.kind == ("allow",):
            good["on the allowlist"] = None
        else:
            listed.update(dict.fromkeys(_of(entry.codes, ip) or _bits(entry.bits, ip) or (text,)))
    return Meaning(tuple(listed), tuple(refused), tuple(good), tuple(foreign))


def _of(codes: Mapping[str, str], ip: ipaddress.IPv4Address) -> tuple[str, ...]:
    for code, words in codes.items():
        first, _, last = code.partition("-")
        if ipaddress.IPv4Address(first) <= ip <= ipaddress.IPv4Address(last or first):
            return (words,)
    return ()


def _bits(bits: Mapping[str, str], ip: ipaddress.IPv4Address) -> tuple[str, ...]:
    last = int(ip) & 0xFF
    return tuple(words for bit, words in bits.items() if last & int(bit))
