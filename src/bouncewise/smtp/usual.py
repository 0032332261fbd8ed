"""The usual replies of a server that takes all, and a short way to write one."""

from __future__ import annotations

from collections.abc import Callable

from bouncewise.reply.model import EnhancedCode, Reply
from bouncewise.smtp.events import (
    Connected,
    Content,
    ContentWanted,
    Event,
    Hello,
    Lookup,
    Proven,
    Quit,
    Recipient,
    Sender,
    TlsWanted,
)
from bouncewise.smtp.offer import Offer


def said(code: int, enhanced: str, *lines: str) -> Reply:
    """A reply; ``enhanced`` may be ""."""
    return Reply(code, EnhancedCode.parse(enhanced) if enhanced else None, lines)


def usual(event: Event, offer: Offer, *, tls: bool) -> Reply:
    """The reply that takes an event.

    Args:
        event: what the client wants.
        offer: what the server offers.
        tls: the connection is safe.
    """
    if isinstance(event, Hello):
        words = f"{offer.host} {offer.greets}".rstrip()
        return said(250, "", words, *(offer.keywords(tls=tls) if event.extended else ()))
    return _USUAL[type(event)](offer)


_USUAL: dict[type[Event], Callable[[Offer], Reply]] = {
    Connected: lambda offer: said(220, "", f"{offer.host} {offer.banner}".rstrip()),
    TlsWanted: lambda _: said(220, "2.0.0", "ready to start TLS"),
    Proven: lambda _: said(235, "2.7.0", "authentication successful"),
    Sender: lambda _: said(250, "2.1.0", "sender OK"),
    Recipient: lambda _: said(250, "2.1.5", "recipient OK"),
    ContentWanted: lambda _: said(354, "", "end with <CRLF>.<CRLF>"),
    Content: lambda _: said(250, "2.0.0", "message accepted"),
    Lookup: lambda _: said(252, "2.5.0", "cannot verify, but will take mail for it"),
    Quit: lambda offer: said(221, "2.0.0", f"{offer.host} closing the connection"),
}
