"""Name servers as people write them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from bouncewise.checks.names import DomainNameError, address

_PORTED = re.compile(r"(?:\[([^\]]+)\]|([^\[\]:]+)):(\d{1,5})\Z")


class ResolverError(ValueError):
    """A name server that can't be used; its words say why."""


class Server(msgspec.Struct, frozen=True):
    """A name server.

    Attributes:
        how: ``udp`` (with TCP for long answers), ``tls`` or ``https``.
        address: its IP address; "" with ``https`` where the URL's host has to be looked up.
        port: its port.
        name: for ``tls`` the name that its certificate must have, or "".
        url: for ``https``.
    """

    how: str
    address: str = ""
    port: int = 53
    name: str = ""
    url: str = ""

    @property
    def shown(self) -> str:
        """For messages."""
        return self.url or (f"{self.how}://{self.address}:{self.port}" if self.how != "udp" else self.address)


def parse_server(text: str) -> Server:
    """A server: ``192.0.2.53``, ``127.0.0.1:5353``, ``[2001:db8::53]:53``, ``tls://192.0.2.53``,
    ``tls://dns.example@192.0.2.53`` or ``https://dns.example/dns-query``.

    Raises:
        ResolverError: it has none of these forms.
    """
    text = text.strip()
    if text.lower().startswith("https://"):
        if not urlsplit(text).hostname:
            raise ResolverError(f"--resolver {text}: the URL has no host")
        return Server("https", url=text, port=443)
    how, rest, port, name = "udp", text, 53, ""
    if text.lower().startswith("tls://"):
        how, rest, port = "tls", text[6:], 853
        name, _, rest = rest.rpartition("@")
    if match := _PORTED.match(rest):
        rest, port = match[1] or match[2], int(match[3])
    try:
        ip = str(address(rest))
    except DomainNameError:
        raise ResolverError(
            f"--resolver {text}: give an address, such as 192.0.2.53, 127.0.0.1:5353, tls://192.0.2.53 or "
            "https://dns.example/dns-query"
        ) from None
    if not 0 < port < 65536:
        raise ResolverError(f"--resolver {text}: {port} is no port")
    return Server(how, ip, port, name)
