"""How the pages and the API are served."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import msgspec

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """What a client may ask for.

    Attributes:
        text: octets of a body of an ordinary question.
        upload: octets of a mail, a log or a batch of deliveries.
        seconds: for a body to come in, and for an answer to be worked out.
        rate: requests a second of one address that is not this machine's.
        burst: requests that it may send at once.
        listeners: pages that follow what comes in.
    """

    text: int = MIB
    upload: int = 64 * MIB
    seconds: float = 60.0
    rate: float = 50.0
    burst: int = 200
    listeners: int = 100


class Settings(msgspec.Struct, frozen=True):
    """What the server is told when it starts.

    Attributes:
        host: the address that is listened on.
        port: the port.
        names: further host names under which it is reached.
        paths: logs, mails and folders that are read into the store.
        follow: whether the logs among them are followed as they grow.
        keep_days: days after which deliveries are forgotten; 0 keeps them.
        webhook_secrets: by service, what its signatures are checked with.
        limits: of clients.
    """

    host: str = "127.0.0.1"
    port: int = 8025
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    follow: bool = False
    keep_days: int = 0
    webhook_secrets: Mapping[str, str] = {}
    limits: Limits = Limits()


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        told = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(told, "ipv4_mapped", None)
    return (mapped or told).is_loopback
