"""Networks as numbers: how many addresses they hold together, which of them hold others, their text."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from bouncewise.checks.spf.tree import Network

BITS = {4: 32, 6: 128}


def text(network: Network) -> str:
    """A network as an SPF term: ``ip4:192.0.2.0/24``."""
    version, first, length = network
    address = ipaddress.IPv4Address(first) if version == 4 else ipaddress.IPv6Address(first)
    return f"ip{version}:{address}" + ("" if length == BITS[version] else f"/{length}")


def spans(networks: Iterable[Network], version: int) -> list[tuple[int, int]]:
    """The networks of one version as first addresses and ends, in order, joined where they touch."""
    bits = BITS[version]
    ranges = sorted((f, f + (1 << (bits - length))) for v, f, length in networks if v == version)
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def count(networks: Iterable[Network], version: int) -> int:
    """How many addresses of a version the networks hold together."""
    return sum(end - start for start, end in spans(networks, version))


def collapsed(networks: Iterable[Network]) -> list[Network]:
    """The same addresses in as few networks as can be, IPv4 first."""
    held = list(networks)
    out: list[Network] = []
    for version in (4, 6):
        for start, end in spans(held, version):
            out.extend(_split(version, start, end))
    return out


def _split(version: int, start: int, end: int) -> Iterable[Network]:
    bits = BITS[version]
    while start < end:
        size = start & -start if start else 1 << bits
        while size > end - start:
            size >>= 1
        yield version, start, bits - size.bit_length() + 1
        start += size


def covered(networks: list[Network]) -> dict[int, int]:
    """For each network that lies within an earlier or a wider one: its place, and the other's."""
    found: dict[int, int] = {}
    for version in (4, 6):
        places = [i for i, n in enumerate(networks) if n[0] == version]
        places.sort(key=lambda i: (networks[i][1], networks[i][2], i))
        bits = BITS[version]
        widest: tuple[int, int] | None = None  # its place and end
        for place in places:
            _, first, length = networks[place]
            end = first + (1 << (bits - length))
            if widest is not None and end <= widest[1]:
                found[place] = widest[0]
            else:
                widest = (place, end)
    return found
