"""A client's side of an SMTP session: what to send, and which reply answers what. No socket, no clock.

Commands are given, what ``take`` gives is sent, what comes is fed; each reply answers the oldest command
that has none yet, counted and not guessed (RFC 2920 section 3.1)::

    client = ClientSession()
    for answered in client.feed(data): ...      # the greeting
    client.ehlo("client.example.com")
    transport.write(client.take())

What a reply means is told by its first digit (RFC 5321 section 4.2). The reply that ended a session is kept
in ``last``, however the connection went.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Sequence

import msgspec

from bouncewise.reply.model import Phase, Reply, Severity
from bouncewise.smtp.replies import ReplyReader


class Answered(msgspec.Struct, frozen=True):
    """A command and the reply to it.

    Attributes:
        phase: what the reply answers.
        command: as it was sent, without its line end; secrets are left out.
        reply: the reply.
    """

    phase: Phase
    command: str
    reply: Reply

    @property
    def done(self) -> bool:
        """Whether the command was carried out, or the server waits for more of it."""
        return self.reply.severity in (Severity.DONE, Severity.CONTINUE)


class ClientSession:
    """One session.

    Attributes:
        offered: the extensions by name, with their parameters, after EHLO.
        last: the newest reply and what it answers; kept when the connection is lost.
        unasked: replies that answer nothing, such as a 421 in mid-session.
        ended: the server has closed the session, or said that it will.
    """

    def __init__(self) -> None:
        self.offered: dict[str, str] = {}
        self.last: Answered | None = None
        self.unasked: list[Reply] = []
        self.ended = False
        self._reader = ReplyReader()
        self._out: list[bytes] = []
        self._waiting: deque[tuple[Phase, str]] = deque([(Phase.CONNECT, "")])

    @property
    def waits(self) -> bool:
        """Whether a reply is outstanding."""
        return bool(self._waiting)

    @property
    def pipelining(self) -> bool:
        """Whether commands may be sent before the replies to earlier ones."""
        return "PIPELINING" in self.offered

    def take(self) -> bytes:
        """What has to be sent, once."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def feed(self, data: bytes) -> list[Answered]:
        """Take in what the server sent: the commands that it answers."""
        return [answered for reply in self._reader.feed(data) if (answered := self._answer(reply))]

    def lost(self) -> Answered | None:
        """The connection is gone: what had come of a reply counts, and the last one is kept."""
        self.ended = True
        left = self._reader.left()
        return self._answer(left) if left is not None else None

    # -- commands -----------------------------------------------------------------------------------------

    def ehlo(self, name: str) -> None:
        """EHLO with the client's name."""
        self.offered = {}
        self._send(Phase.EHLO, f"EHLO {name}")

    def helo(self, name: str) -> None:
        """HELO, for servers that do not know EHLO."""
        self.offered = {}
        self._send(Phase.EHLO, f"HELO {name}")

    def starttls(self) -> None:
        """STARTTLS."""
        self._send(Phase.STARTTLS, "STARTTLS")

    def secured(self) -> None:
        """TLS stands: what was offered before is forgotten, and what was sent besides too (RFC 3207 4.2)."""
        self.offered = {}
        self._reader = ReplyReader()

    def auth(self, mechanism: str, first: bytes | None = None) -> None:
        """AUTH, with an initial response where there is one (``b""`` is sent as ``=``)."""
        shown = f"AUTH {mechanism}"
        if first is None:
            self._send(Phase.AUTH, shown)
        else:
            secret = base64.b64encode(first).decode() or "="
            self._send(Phase.AUTH, shown, line=f"{shown} {secret}")

    def respond(self, answer: bytes) -> None:
        """A line of an authentication exchange."""
        self._send(Phase.AUTH, "(secret)", line=base64.b64encode(answer).decode())

    def mail(self, sender: str, parameters: Sequence[str] = ()) -> None:
        """MAIL; ``sender`` is "" for the null reverse-path."""
        self._send(Phase.MAIL, " ".join([f"MAIL FROM:<{sender}>", *parameters]))

    def rcpt(self, recipient: str, parameters: Sequence[str] = ()) -> None:
        """RCPT."""
        self._send(Phase.RCPT, " ".join([f"RCPT TO:<{recipient}>", *parameters]))

    def data(self) -> None:
        """DATA; the content follows when the reply is 354."""
        self._send(Phase.DATA, "DATA")

    def content(self, message: bytes) -> None:
        """The content behind DATA: dots are stuffed, line ends made CRLF, the end put behind it."""
        whole = b"\r\n".join(message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
        stuffed = (b"." if whole.startswith(b".") else b"") + whole.replace(b"\r\n.", b"\r\n..")
        end = b".\r\n" if stuffed.endswith(b"\r\n") or not stuffed else b"\r\n.\r\n"
        self._out.append(stuffed + end)
        self._waiting.append((Phase.MESSAGE, "."))

    def bdat(self, chunk: bytes, *, last: bool) -> None:
        """A chunk (RFC 3030 section 2)."""
        head = f"BDAT {len(chunk)}{' LAST' if last else ''}"
        self._send(Phase.MESSAGE if last else Phase.DATA, head)
        self._out.append(chunk)

    def rset(self) -> None:
        """RSET."""
        self._send(Phase.MAIL, "RSET")

    def quit(self) -> None:
        """QUIT."""
        self._send(Phase.QUIT, "QUIT")

    # -- inside -------------------------------------------------------------------------------------------

    def _send(self, phase: Phase, shown: str, *, line: str | None = None) -> None:
        text = shown if line is None else line
        if "\r" in text or "\n" in text:
            raise ValueError("a command is one line")
        self._out.append(text.encode("utf-8") + b"\r\n")
        self._waiting.append((phase, shown))

    def _answer(self, reply: Reply) -> Answered | None:
        if not self._waiting:
            self.unasked.append(reply)
            self.last = Answered(self.last.phase if self.last else Phase.CONNECT, "", reply)
            self.ended = self.ended or reply.code in (421, 521)
            return None
        phase, command = self._waiting.popleft()
        answered = self.last = Answered(phase, command, reply)
        if phase is Phase.EHLO and reply.severity is Severity.DONE:
            self.offered = _offered(reply) if command.startswith("EHLO") else {}
        if reply.code == 421 or phase is Phase.QUIT:
            self.ended = True
        return answered


def _offered(reply: Reply) -> dict[str, str]:
    """The extensions of a reply to EHLO: every line but the first (RFC 5321 section 4.1.1.1)."""
    found: dict[str, str] = {}
    for line in reply.lines[1:]:
        name, _, rest = line.replace("AUTH=", "AUTH ", 1).partition(" ")  # an old way to write AUTH
        if name:
            found[name.upper()] = f"{found.get(name.upper(), '')} {rest}".strip()
    return found
