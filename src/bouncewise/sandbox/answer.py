"""What the sandbox does in answer to a command: a reply, and how it is given."""

from __future__ import annotations

import msgspec

from bouncewise.reply.model import Reply


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        reply: what is said; None takes the command with the usual reply.
        by: who chose it, for the transcript (``script 3``, ``address``, ``policy quota``).
        delay: seconds before it.
        tarpit: seconds between its octets.
        drop: the connection is closed in place of a reply.
        reset: it is closed with a TCP reset.
        half: a part of the reply is sent, then the connection is closed.
        garbage: octets sent in place of a reply.
    """

    reply: Reply | None = None
    by: str = ""
    delay: float = 0.0
    tarpit: float = 0.0
    drop: bool = False
    reset: bool = False
    half: bool = False
    garbage: bytes = b""

    @property
    def ends(self) -> bool:
        """Whether the connection is gone after it."""
        return self.drop or self.reset or self.half


ACCEPT = Answer(by="accepted")
