"""Whom a check is about: the domain, the addresses, and what of the message is known."""

from __future__ import annotations

import msgspec


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a sender and of a message. Everything may be missing.

    Attributes:
        domain: the sending domain, in ``canonical`` form: of ``From:`` where a message is at hand, else of
            the reverse-path, else what the user gave.
        ip: the address that the mail came from, as ``str(names.address(...))``.
        mail_from: the reverse-path; ``""`` is the null reverse-path, None unknown.
        helo: the name given with EHLO.
        selectors: DKIM selectors to look at.
        recipient_domain: the domain that mail was sent to.
        message: the message as octets; of a returned message maybe the header section alone.
        whole: ``message`` has its body too, so that body hashes can be told.
        zones: blocklist zones that a reply names; empty for all live ones.
        listed: names (host or domain) that a reply says are on a list.
    """

    domain: str = ""
    ip: str = ""
    mail_from: str | None = None
    helo: str = ""
    selectors: tuple[str, ...] = ()
    recipient_domain: str = ""
    message: bytes = b""
    whole: bool = True
    zones: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def spf_domain(self) -> str:
        """The domain that SPF looks at: of the reverse-path, else of EHLO for the null one (RFC 7208 2.4)."""
        if self.mail_from:
            return self.mail_from.rpartition("@")[2].lower().rstrip(".")
        if self.mail_from == "":
            return self.helo
        return self.domain
