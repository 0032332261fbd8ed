"""The usual replies of a server that takes all, and a short way to write one."""

from __future__ import annotations

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
    if isinstance(event, Connected):
        return said(220, "", f"{offer.host} {offer.banner}".rstrip())
    if isinstance(event, Quit):
        return said(221, "2.0.0", f"{offer.host} closing the connection")
    return _USUAL[type(event)]


_USUAL: dict[type[Event], Reply] = {
    TlsWanted: said(220, "2.0.0", "ready to start TLS"),
    Proven: said(235, "2.7.0", "authentication successful"),
    Sender: said(250, "2.1.0", "sender OK"),
    Recipient: said(250, "2.1.5", "recipient OK"),
    ContentWanted: said(354, "", "end with <CRLF>.<CRLF>"),
    Content: said(250, "2.0.0", "message accepted"),
    Lookup: said(252, "2.5.0", "cannot verify, but will take mail for it"),
}
