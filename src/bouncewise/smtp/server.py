"""A server's side of an SMTP session: octets in, events and octets out. No socket, no clock.

Feed it what the client sends, ask for the next event, answer it, and send what ``take`` gives::

    session = ServerSession(Offer(host="mx.example.com"))
    session.feed(data)
    while (event := session.next()) is not None:
        session.answer(None)          # None takes it with the usual reply
    transport.write(session.take())

Commands that break the order or the grammar are answered by the session itself, by ``table``. An answer of
4yz or 5yz changes nothing (RFC 5321 section 4.1.4), and one of 421 ends the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from bouncewise.reply.model import Reply
from bouncewise.reply.render import render
from bouncewise.smtp.command import (
    Command,
    CommandError,
    Verb,
    parse_bdat,
    parse_command,
    parse_mail,
    parse_rcpt,
    shown,
)
from bouncewise.smtp.content import FULL, ChunkReader, Chunks, DotReader, fault_of
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
from bouncewise.smtp.limits import Limits
from bouncewise.smtp.offer import Offer
from bouncewise.smtp.path import Path, is_name
from bouncewise.smtp.sasl import Claim, Exchange, SaslError, decode_line
from bouncewise.smtp.table import TABLE, Refusal, State
from bouncewise.smtp.usual import said, usual

_NEVER_ENHANCED = (Connected, Hello)  # RFC 2034 section 4
_WITHOUT_AUTH = {Verb.AUTH, Verb.EHLO, Verb.HELO, Verb.NOOP, Verb.RSET, Verb.QUIT, Verb.STARTTLS, Verb.HELP}
_WITHOUT_TLS = {Verb.EHLO, Verb.HELO, Verb.NOOP, Verb.QUIT, Verb.STARTTLS}
MakeExchange = Callable[[str], Exchange]


class ServerSession:
    """One session.

    Args:
        offer: what the server offers.
        limits: what it takes of a peer.
        tls: the connection is safe from its start.
        exchanges: makes the exchange of a SASL mechanism; needed where ``offer.auth`` names any.
        heard: is told each line of the client and each reply, secrets left out; or None.
    """

    def __init__(
        self,
        offer: Offer,
        limits: Limits | None = None,
        *,
        tls: bool = False,
        exchanges: MakeExchange | None = None,
        heard: Callable[[str, str], None] | None = None,
    ) -> None:
        self.offer = offer
        self.limits = limits or Limits()
        self.tls = tls
        self.state = State.GREETED
        self.user = ""  # who has proven who it is
        self.extended = False  # EHLO, not HELO
        self.sender: Path | None = None
        self.recipients: list[Path] = []
        self.parameters: Mapping[str, str | None] = {}
        self._exchanges = exchanges
        self._heard = heard
        self._in, self._at = b"", 0  # what came, and how far it is worked off
        self._out: list[bytes] = []
        self._event: Event | None = None
        self._connected = False
        self._content: DotReader | None = None
        self._chunks = Chunks(self.limits.message)
        self._exchange: Exchange | None = None
        self._mechanism = ""
        self._too_long = self._handshake = False
        self._errors = self._commands = 0

    @property
    def ended(self) -> bool:
        """Whether the connection is to be closed once ``take`` has been sent."""
        return self.state is State.ENDED

    @property
    def handshake(self) -> bool:
        """Whether STARTTLS was answered with 220: TLS comes next, then ``secured``."""
        return self._handshake

    @property
    def held(self) -> int:
        """Octets of a message that is coming in."""
        return self._content.held if self._content is not None else self._chunks.held

    def drop_content(self) -> None:
        """There is no room for the message that is coming in: it is answered with 452 4.3.1 when it ends."""
        (self._content or self._chunks).drop()

    def feed(self, data: bytes) -> None:
        """Take in what the client sent."""
        if not self.ended:
            self._in, self._at = self._in[self._at :] + data, 0

    def take(self) -> bytes:
        """What has to be sent to the client, once."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def secured(self) -> None:
        """TLS stands. All that was said before it is forgotten (RFC 3207 section 4.2)."""
        self.tls, self._handshake = True, False
        self._rest()
        self.user, self.extended = "", False
        self._reset(State.GREETED)

    def next(self) -> Event | None:
        """The next event that needs an answer, or None where more octets are needed."""
        if self._event is not None:
            return self._event
        if not self._connected:
            self._event = Connected()
            return self._event
        while not self.ended and not self._handshake:
            if not self._step():
                break
            if self._event is not None:
                return self._event
        return None

    def answer(self, reply: Reply | None = None) -> None:
        """Answer the event that ``next`` gave.

        Args:
            reply: None takes it, with the usual reply. An enhanced code is left out where RFC 2034 section 4
                forbids it or where the extension is not offered.

        Raises:
            ValueError: there is no event to answer.
        """
        event, self._event = self._event, None
        if event is None:
            raise ValueError("there is nothing to answer")
        self._connected = True
        reply = reply if reply is not None else usual(event, self.offer, tls=self.tls)
        self._say(reply, enhanced=not isinstance(event, _NEVER_ENHANCED))
        done = reply.code is not None and reply.code < 400
        if reply.code == 421 or isinstance(event, Quit):
            self.state = State.ENDED
        elif isinstance(event, Connected):
            if not done:
                self.state = State.SHUT
        elif done:
            self._taken(event)
        else:
            self._refused(event)

    # -- one step: a line, a chunk, or content -----------------------------------------------------------

    def _step(self) -> bool:
        """Work off one thing that stands in the buffer; False where more is needed."""
        if self._content is not None:
            return self._read_content(self._content)
        if self._chunks.coming is not None:
            return self._read_chunk(self._chunks.coming)
        limit = self.limits.auth_line if self._exchange else self.limits.command_line
        end = self._in.find(b"\n", self._at)
        if end < 0:
            self._in, self._at = self._in[self._at :], 0
            if len(self._in) > limit:  # the rest of the line is dropped as it comes
                self._in, self._too_long = b"", True
            return False
        line, self._at = self._in[self._at : end], end + 1
        if self._too_long or len(line) >= limit:
            self._too_long = False
            self._error(said(500, "5.5.2", "the line is too long"))
            return True
        self._line(line)
        return True

    def _line(self, line: bytes) -> None:
        if not line.endswith(b"\r"):
            self._error(said(500, "5.5.2", "a line ends with CRLF"))
            return
        line = line[:-1]
        if self._heard:
            self._heard("C", shown(line, secret=self._exchange is not None))
        if self._exchange is not None:
            self._go_on(line)
            return
        self._commands += 1
        if self._commands > self.limits.commands:
            self._error(said(421, "4.7.0", "too many commands without a message"))
            return
        try:
            command = parse_command(line)
        except CommandError as error:
            self._error(said(error.code, error.enhanced, str(error)))
            return
        refusal = TABLE[self.state, command.verb] or self._not_safe(command.verb)
        if refusal is not None:
            if command.verb is Verb.BDAT:
                self._drop_chunk(command.argument)
            self._error(said(refusal.code, refusal.enhanced, refusal.says))
            return
        try:
            _COMMANDS[command.verb](self, command)
        except CommandError as error:
            self._error(said(error.code, error.enhanced, str(error)))

    def _not_safe(self, verb: Verb) -> Refusal | None:
        if self.offer.must_tls and not self.tls and verb not in _WITHOUT_TLS:
            return Refusal(530, "5.7.0", "issue STARTTLS first")
        if self.offer.must_auth and not self.user and verb not in _WITHOUT_AUTH:
            return Refusal(530, "5.7.0", "authentication required")
        return None

    # -- commands -----------------------------------------------------------------------------------------

    def _hello(self, command: Command) -> None:
        if not is_name(command.argument):
            raise CommandError(501, "", f"the form is {command.verb} and your host's name")
        self._event = Hello(command.argument, command.verb is Verb.EHLO)

    def _mail(self, command: Command) -> None:
        path, parameters = parse_mail(command.argument)
        self._only_extended(parameters)
        self.offer.check_mail(parameters, self.limits.message)
        if path.international and "SMTPUTF8" not in parameters:
            raise CommandError(553, "5.6.7", "an address that is not ASCII needs SMTPUTF8")
        self._event = Sender(path, parameters)

    def _rcpt(self, command: Command) -> None:
        path, parameters = parse_rcpt(command.argument)
        self._only_extended(parameters)
        self.offer.check_rcpt(parameters)
        if path.international and "SMTPUTF8" not in self.parameters:
            raise CommandError(553, "5.6.7", "an address that is not ASCII needs SMTPUTF8 with MAIL")
        if len(self.recipients) >= self.limits.recipients:
            raise CommandError(452, "4.5.3", "too many recipients")
        self._event = Recipient(path, parameters)

    def _only_extended(self, parameters: Mapping[str, str | None]) -> None:
        if parameters and not self.extended:
            raise CommandError(555, "5.5.4", "parameters need EHLO")

    def _data(self, command: Command) -> None:
        if command.argument:
            raise CommandError(501, "5.5.4", "DATA has no argument")
        if (self.parameters.get("BODY") or "").upper() == "BINARYMIME":
            raise CommandError(503, "5.5.1", "BINARYMIME needs BDAT")  # RFC 3030 section 3
        self._event = ContentWanted()

    def _bdat(self, command: Command) -> None:
        if not self.offer.chunking:
            raise CommandError(502, "5.5.1", "BDAT is not offered")
        size, last = parse_bdat(command.argument)
        self._chunks.begin(size, last=last)

    def _drop_chunk(self, argument: str) -> None:
        """A BDAT that is refused has its chunk all the same, which must not be read as commands."""
        try:
            size, _ = parse_bdat(argument)
        except CommandError:
            return
        self._chunks.skip(size)

    def _rset(self, command: Command) -> None:
        if command.argument:
            raise CommandError(501, "5.5.4", "RSET has no argument")
        self._reset(State.READY if self.state is not State.GREETED else State.GREETED)
        self._say(said(250, "2.0.0", "OK"))

    def _noop(self, _command: Command) -> None:
        self._say(said(250, "2.0.0", "OK"))

    def _help(self, _command: Command) -> None:
        self._say(said(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN AUTH STARTTLS QUIT"))

    def _lookup(self, command: Command) -> None:
        if not command.argument:
            raise CommandError(501, "5.5.4", f"the form is {command.verb} and a name")
        self._event = Lookup(command.verb, command.argument)

    def _auth(self, command: Command) -> None:
        name, _, first = command.argument.partition(" ")
        mechanism = name.upper()
        if self.user:
            raise CommandError(503, "5.5.1", "you have proven who you are")
        if not self.offer.auth or self._exchanges is None:
            raise CommandError(502, "5.5.1", "AUTH is not offered")
        if not (self.tls or self.offer.auth_in_clear):
            raise CommandError(538, "5.7.11", "this needs TLS")
        if mechanism not in self.offer.auth:
            raise CommandError(504, "5.5.4", "the mechanism is not offered")
        self._exchange, self._mechanism = self._exchanges(mechanism), mechanism
        challenge = next(self._exchange)
        if first and mechanism not in ("LOGIN", "CRAM-MD5"):
            self._go_on(b"" if first == "=" else first.encode())
        elif first and mechanism == "LOGIN":  # no client-first mechanism, but many clients do
            self._go_on(first.encode())
        else:
            self._challenge(challenge)

    def _starttls(self, command: Command) -> None:
        if command.argument:
            raise CommandError(501, "5.5.4", "STARTTLS has no argument")
        if self.tls or not self.offer.starttls:
            code = (
                (503, "5.5.1", "TLS stands already")
                if self.tls
                else (502, "5.5.1", "STARTTLS is not offered")
            )
            raise CommandError(*code)
        self._event = TlsWanted()

    def _quit(self, command: Command) -> None:
        if command.argument:
            raise CommandError(501, "5.5.4", "QUIT has no argument")
        self._event = Quit()

    # -- what an answer leads to --------------------------------------------------------------------------

    def _taken(self, event: Event) -> None:
        if isinstance(event, Hello):
            self.extended = event.extended
            self._reset(State.READY)
        elif isinstance(event, Sender):
            self.sender, self.parameters = event.path, event.parameters
            self.state = State.SENDER
        elif isinstance(event, Recipient):
            self.recipients.append(event.path)
            self.state = State.RECIPIENTS
        elif isinstance(event, ContentWanted):
            self._content = DotReader(self.limits.message or 2**62)
        elif isinstance(event, Content):
            self._commands = 0
            self._reset(State.READY)
        elif isinstance(event, Proven):
            self.user = event.claim.user
            self._rest()  # nothing that was put in before may count as said by whom this is
        elif isinstance(event, TlsWanted):
            self._handshake = True
            self._rest()  # nothing said before TLS counts behind it (RFC 3207 section 4.2)

    def _refused(self, event: Event) -> None:
        if isinstance(event, Content):
            self._reset(State.READY)
        self._count_error()

    def _reset(self, state: State) -> None:
        self.state = state if self.state not in (State.SHUT, State.ENDED) else self.state
        self.sender, self.recipients, self.parameters = None, [], {}
        self._chunks, self._content = Chunks(self.limits.message), None

    # -- content ------------------------------------------------------------------------------------------

    def _rest(self) -> bytes:
        """What is not worked off, taken out of the buffer."""
        data, self._in, self._at = self._in[self._at :], b"", 0
        return data

    def _read_content(self, reader: DotReader) -> bool:
        data = self._rest()
        if not data:
            return False
        ended, self._in = reader.feed(data)
        if not ended:
            return False
        self._content = None
        reader.judge()
        if self._heard:
            self._heard("C", f"({reader.size} octets)")
        self._whole(reader)
        return True

    def _whole(self, reader: DotReader) -> None:
        if fault := fault_of(reader, self.limits):
            self._reset(State.READY)
            self._error(fault)
        else:
            self._event = Content(reader.content())

    def _read_chunk(self, reader: ChunkReader) -> bool:
        whole, self._in = reader.feed(self._rest())
        if not whole:
            return False
        chunks = self._chunks
        chunks.take()
        if chunks.refused:  # answered already
            chunks.refused = False
        elif chunks.too_large:
            self._spoil(said(552, "5.3.4", f"the message is larger than {self.limits.message} octets"))
        elif chunks.no_room:
            self._spoil(FULL)
        elif chunks.last:
            self._event = Content(chunks.content())
        else:
            self.state = State.CHUNKS
            self._say(said(250, "2.0.0", f"{chunks.size} octets"))
        return True

    def _spoil(self, fault: Reply) -> None:
        self._chunks = Chunks(self.limits.message)
        self.state = State.SPOILT
        self._error(fault)

    # -- authentication -----------------------------------------------------------------------------------

    def _go_on(self, line: bytes) -> None:
        exchange = self._exchange
        assert exchange is not None
        try:
            challenge = exchange.send(decode_line(line))
        except StopIteration as end:
            self._exchange = None
            claim = end.value
            assert isinstance(claim, Claim)
            self._event = Proven(self._mechanism, claim)
        except SaslError as error:
            self._exchange = None
            self._error(said(501, "5.5.2", str(error)))
        else:
            self._challenge(challenge)

    def _challenge(self, challenge: bytes) -> None:
        import base64  # noqa: PLC0415 - for authentication only

        self._say(said(334, "", base64.b64encode(challenge).decode()))

    # -- replies ------------------------------------------------------------------------------------------

    def _say(self, reply: Reply, *, enhanced: bool = True) -> None:
        if reply.enhanced is not None and not (enhanced and self.offer.enhanced):
            reply = Reply(reply.code, None, reply.lines)
        octets = _rendered(reply)
        self._out.append(octets)
        if self._heard:
            self._heard("S", octets.decode("utf-8", "replace").rstrip("\r\n"))

    def _error(self, reply: Reply) -> None:
        self._say(reply)
        if reply.code == 421:
            self.state = State.ENDED
            return
        self._count_error()

    def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= self.limits.errors and not self.ended:
            self._say(said(421, "4.7.0", "too many errors"))
            self.state = State.ENDED


_rendered = lru_cache(1024)(render)  # the usual replies are said again and again

_COMMANDS: dict[Verb, Callable[[ServerSession, Command], None]] = {
    Verb.EHLO: ServerSession._hello,
    Verb.HELO: ServerSession._hello,
    Verb.MAIL: ServerSession._mail,
    Verb.RCPT: ServerSession._rcpt,
    Verb.DATA: ServerSession._data,
    Verb.BDAT: ServerSession._bdat,
    Verb.RSET: ServerSession._rset,
    Verb.NOOP: ServerSession._noop,
    Verb.HELP: ServerSession._help,
    Verb.VRFY: ServerSession._lookup,
    Verb.EXPN: ServerSession._lookup,
    Verb.AUTH: ServerSession._auth,
    Verb.STARTTLS: ServerSession._starttls,
    Verb.QUIT: ServerSession._quit,
}
