"""A dialogue with a server over a socket, by the client session."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import msgspec

from bouncewise.reply.model import Phase
from bouncewise.smtp.client import Answered, ClientSession

MAX_OCTETS = 1_048_576  # of replies in one dialogue
_ORDER = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "message")


class ProbeError(Exception):
    """The dialogue could not be held; its words say why."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the dialogue is to do."""

    host: str
    port: int = 25
    helo: str = ""
    sender: str = ""
    recipient: str = ""
    starttls: bool = False
    user: str = ""
    password: str = ""
    stop_after: str = "ehlo"
    message: bytes = b""
    timeout: float = 30.0

    def goes_on_to(self, stage: str) -> bool:
        """Whether a stage is to be reached."""
        return _ORDER.index(stage) <= _ORDER.index(self.stop_after)


class _Distrusted(Exception):  # noqa: N818 - no fault: the dialogue is held once more without trust
    """The certificate does not fit; its words say why."""


class _Dialogue:
    def __init__(self, wish: Wish, tell: Callable[[Answered], None]) -> None:
        self.wish = wish
        self._tell = tell
        self.session = ClientSession()
        self._octets = 0
        self.tls = ""
        self.distrusts = ""  # why the certificate does not fit, where that is known and borne
        try:
            self._socket = socket.create_connection((wish.host, wish.port), wish.timeout)
        except OSError as error:
            raise ProbeError(f"{wish.host}:{wish.port} can't be reached: {error.strerror or error}") from None

    def answer(self) -> Answered:
        """The reply to the oldest command that has none."""
        self._send()
        while True:
            data = self._receive()
            if not data:
                left = self.session.lost()
                if left is not None:
                    self._tell(left)
                last = self.session.last
                said = f"; its last reply was {last.reply.code} {last.reply.text[:200]}" if last else ""
                raise ProbeError(f"the server closed the connection{said}")
            found = self.session.feed(data)
            for answered in found:
                self._tell(answered)
            if found:
                return found[-1]

    def secure(self) -> None:
        """The handshake behind STARTTLS."""
        context = ssl.create_default_context()
        trusted = "its certificate is trusted"
        if self.distrusts:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            trusted = f"its certificate does not fit: {self.distrusts}"
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=self.wish.host)
        except ssl.SSLCertVerificationError as error:
            raise _Distrusted(error.verify_message) from None
        except (ssl.SSLError, OSError) as error:
            raise ProbeError(f"TLS failed: {error}") from None
        assert isinstance(self._socket, ssl.SSLSocket)
        name, version, _ = self._socket.cipher() or ("", "", 0)
        self.tls = f"{version}, {name}, {trusted}"
        self.session.secured()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _send(self) -> None:
        try:
            self._socket.sendall(self.session.take())
        except OSError as error:
            raise ProbeError(f"the server does not take what is sent: {error.strerror or error}") from None

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            raise ProbeError(f"no reply in {self.wish.timeout:g} seconds") from None
        except OSError as error:
            raise ProbeError(f"the connection broke: {error.strerror or error}") from None
        self._octets += len(data)
        if self._octets > MAX_OCTETS:
            raise ProbeError("the server's replies have no end")
        return data


def probe(wish: Wish, tell: Callable[[Answered], None]) -> str:
    """Hold a dialogue; gives what TLS came to, or "".

    Args:
        wish: what it is to do.
        tell: is told each reply as it comes.

    Raises:
        ProbeError: it could not be held to its end.
    """
    told = 0

    def counted(answered: Answered) -> None:
        nonlocal told
        told += 1
        tell(answered)

    try:
        return _dialogue(_Dialogue(wish, counted))
    except _Distrusted as error:
        if wish.user:
            raise ProbeError(f"TLS: the certificate does not fit, no password is sent: {error}") from None
        known = iter(range(told))  # said again by the second connection
        again = _Dialogue(wish, lambda answered: tell(answered) if next(known, None) is None else None)
        again.distrusts = str(error)
        return _dialogue(again)


def _dialogue(dialogue: _Dialogue) -> str:
    wish = dialogue.wish
    try:
        if dialogue.answer().done and _hello(dialogue, wish):
            _transact(dialogue, wish)
        if not dialogue.session.ended:
            dialogue.session.quit()
            dialogue.answer()
        return dialogue.tls
    finally:
        dialogue.close()


def _hello(dialogue: _Dialogue, wish: Wish) -> bool:
    """EHLO, STARTTLS and AUTH, as far as they are wanted; whether the dialogue goes on."""
    session = dialogue.session
    if not wish.goes_on_to("ehlo"):
        return False
    name = wish.helo or socket.getfqdn()
    session.ehlo(name)
    if not dialogue.answer().done:
        session.helo(name)
        if not dialogue.answer().done:
            return False
    if wish.starttls and wish.goes_on_to("starttls"):
        session.starttls()
        if not dialogue.answer().done:
            return False
        dialogue.secure()
        session.ehlo(name)
        if not dialogue.answer().done:
            return False
    return not (wish.user and wish.goes_on_to("auth")) or _log_in(dialogue, wish)


def _log_in(dialogue: _Dialogue, wish: Wish) -> bool:
    offered = dialogue.session.offered.get("AUTH", "").upper().split()
    if not dialogue.tls:
        raise ProbeError("the password is not sent in the clear; give --starttls")
    if "PLAIN" in offered or not offered:
        dialogue.session.auth("PLAIN", f"\0{wish.user}\0{wish.password}".encode())
        return dialogue.answer().done
    if "LOGIN" not in offered:
        raise ProbeError(f"the server offers {' '.join(offered)[:100]}, and PLAIN or LOGIN are spoken here")
    dialogue.session.auth("LOGIN")
    for answer in (wish.user, wish.password):
        answered = dialogue.answer()
        if not answered.done:
            return False
        dialogue.session.respond(answer.encode())
    return dialogue.answer().done


def _transact(dialogue: _Dialogue, wish: Wish) -> None:
    session = dialogue.session
    if not wish.goes_on_to("mail"):
        return
    session.mail(wish.sender)
    if not dialogue.answer().done or not wish.goes_on_to("rcpt") or not wish.recipient:
        return
    session.rcpt(wish.recipient)
    if not dialogue.answer().done or not wish.goes_on_to("message"):
        return
    session.data()
    if dialogue.answer().phase is Phase.DATA and session.last and session.last.reply.code == 354:
        session.content(wish.message)
        dialogue.answer()
