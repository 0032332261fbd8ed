"""The words of the field: reply codes, enhanced status codes, replies and the context they came in.

Everything here is a plain value. Nothing reads a clock, a file or the network.

Sources: RFC 5321 section 4.2 (replies), RFC 3463 section 2 (enhanced status codes),
RFC 2034 section 4 (enhanced status codes inside replies).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import NamedTuple


class Severity(Enum):
    """What the first digit of a reply code says to do (RFC 5321 section 4.2.1)."""

    DONE = 2
    CONTINUE = 3
    TRANSIENT = 4
    PERMANENT = 5


class Phase(StrEnum):
    """The command that a reply answers; ``message`` is the reply after the final dot."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"
    QUIT = "quit"


class EnhancedCode(NamedTuple):
    """An enhanced status code, ``class.subject.detail`` (RFC 3463 section 2)."""

    class_: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.class_}.{self.subject}.{self.detail}"

    @classmethod
    def parse(cls, text: str) -> EnhancedCode:
        """Read ``"5.7.1"``.

        Args:
            text: three decimal numbers joined by dots; the class is 2, 4 or 5, subject and
                detail have one to three digits.

        Raises:
            ValueError: the text is no enhanced status code.
        """
        parts = text.split(".")
        if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) <= 3 for p in parts):
            raise ValueError(f"no enhanced status code: {text[:40]!r}")
        if parts[0] not in ("2", "4", "5"):
            raise ValueError(f"an enhanced status code begins with 2, 4 or 5: {text[:40]!r}")
        return cls(int(parts[0]), int(parts[1]), int(parts[2]))

    @property
    def severity(self) -> Severity:
        """The severity that the class stands for."""
        return Severity(self.class_)


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply.

    Attributes:
        code: the three-digit reply code, or None where only a text is known.
        enhanced: the enhanced status code, or None.
        lines: the text of each line, without reply code and leading enhanced code.
    """

    code: int | None
    enhanced: EnhancedCode | None
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines joined by single blanks."""
        return " ".join(line for line in self.lines if line)

    @property
    def severity(self) -> Severity | None:
        """Severity by the reply code, else by the class of the enhanced code, else None.

        An unknown code is taken by its first digit (RFC 5321 section 4.2); what is no reply code, such as
        the 605 of a mail service, for a permanent failure.
        """
        if self.code is not None:
            return Severity(self.code // 100) if 200 <= self.code < 600 else Severity.PERMANENT
        return self.enhanced.severity if self.enhanced else None

    @property
    def agrees(self) -> bool:
        """True unless the class of the enhanced code differs from the first digit (RFC 2034 section 4)."""
        return self.code is None or self.enhanced is None or self.code // 100 == self.enhanced.class_


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about a reply besides its words. Every field is optional.

    Attributes:
        phase: the command it answers.
        remote_host: name of the server that said it.
        remote_ip: its address.
        local_ip: the address that the client spoke from.
        helo: the name that the client gave.
        sender: the reverse-path, ``""`` for the null reverse-path.
        recipient: the forward-path.
        queue_age: seconds since the message was queued.
        attempts: how often delivery was tried.
        time: RFC 3339 time of the reply.
    """

    phase: Phase | None = None
    remote_host: str | None = None
    remote_ip: str | None = None
    local_ip: str | None = None
    helo: str | None = None
    sender: str | None = None
    recipient: str | None = None
    queue_age: float | None = None
    attempts: int | None = None
    time: str | None = None

    def merged(self, other: Context) -> Context:
        """This context with the gaps filled from ``other``."""
        if self is NO_CONTEXT or other is NO_CONTEXT:
            return self if other is NO_CONTEXT else other
        return Context(
            other.phase if self.phase is None else self.phase,
            other.remote_host if self.remote_host is None else self.remote_host,
            other.remote_ip if self.remote_ip is None else self.remote_ip,
            other.local_ip if self.local_ip is None else self.local_ip,
            other.helo if self.helo is None else self.helo,
            other.sender if self.sender is None else self.sender,
            other.recipient if self.recipient is None else self.recipient,
            other.queue_age if self.queue_age is None else self.queue_age,
            other.attempts if self.attempts is None else self.attempts,
            other.time if self.time is None else self.time,
        )


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A reply taken out of what it was found in.

    Attributes:
        reply: the reply itself.
        context: what the wrapper told about it.
        wrapper: name of the wrapper format (``"postfix"``, ``"smtplib"``, ...), or None for a bare reply.
        note: words of the wrapper that say something about the failure beside the reply, or "".
    """

    reply: Reply
    context: Context = field(default=NO_CONTEXT)
    wrapper: str | None = None
    note: str = ""
