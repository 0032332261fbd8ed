"""What is known of a session when an answer is chosen."""

from __future__ import annotations

import email.parser
import email.policy
from functools import cached_property

from bouncewise.smtp.events import Content, Event, Hello, Recipient, Sender
from bouncewise.smtp.server import ServerSession

MAX_HEAD = 65_536


class Peer:
    """The client of a session.

    Args:
        ip: its address.
        session: the dialogue.
    """

    def __init__(self, ip: str, session: ServerSession) -> None:
        self.ip = ip
        self.session = session
        self.helo = ""

    @property
    def sender(self) -> str:
        """The reverse-path; "" for the null one, and before MAIL."""
        return self.session.sender.address if self.session.sender else ""

    @property
    def recipients(self) -> list[str]:
        """The recipients that were taken."""
        return [path.address for path in self.session.recipients]

    def note(self, event: Event) -> None:
        """Take note of what the client says of itself."""
        if isinstance(event, Hello):
            self.helo = event.name


class Asked:
    """An event with what rules look at.

    Args:
        event: the event.
        peer: the client.
    """

    def __init__(self, event: Event, peer: Peer) -> None:
        self.event = event
        self.peer = peer
        self.phase = event.phase

    @property
    def to(self) -> str:
        """The recipient of RCPT, else the first of those that were taken."""
        if isinstance(self.event, Recipient):
            return self.event.path.address
        return next(iter(self.peer.recipients), "")

    @property
    def sender(self) -> str:
        """The reverse-path, also of the MAIL that is being answered."""
        return self.event.path.address if isinstance(self.event, Sender) else self.peer.sender

    @property
    def octets(self) -> bytes:
        """The message, or b""."""
        return self.event.octets if isinstance(self.event, Content) else b""

    @cached_property
    def headers(self) -> dict[str, str]:
        """Its header fields by name in small letters, the first of each."""
        if not self.octets:
            return {}
        parsed = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(
            self.octets[:MAX_HEAD]
        )
        found: dict[str, str] = {}
        for name, value in parsed.items():
            found.setdefault(name.lower(), str(value))
        return found
