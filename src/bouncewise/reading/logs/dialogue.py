"""One SMTP session as a log tells it, line by line: which reply answers which command, and for whom.

For logs that hold the conversation itself (Exchange's protocol logs, IIS, hMailServer, MDaemon). Commands
may be sent ahead of their replies (RFC 2920); a reply of several lines may come in one piece or line by line.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

import msgspec

from bouncewise.reading.logs.model import Joins
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply

MAX_RECIPIENTS = 5000  # of one message
MAX_SESSIONS = 20_000  # in each of two generations
MAX_ASKED = 5000  # commands that wait for their replies
MAX_LINES = 100  # of a reply
_COMMAND = re.compile(r"\s{0,8}([A-Za-z][\w-]{0,30})\b[ :]{0,8}", re.ASCII)
_PATH = re.compile(r"(?:FROM|TO)\s{0,4}:\s{0,4}(?:<([^<>]{0,400})>|([^\s<>]{1,400}))", re.I)
_REPLY = re.compile(r"\s{0,8}([2-5]\d\d)(?:([- ])|$)", re.ASCII)
_NAME = re.compile(r"[2-5]\d\d[ -]\s?([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){1,10})\b", re.ASCII)
_HINT = re.compile(r"[2-5]\d\d[ -](?:[245]\.(1\.[0-8]|1\.10|6\.0)\b)", re.ASCII)
_HINTED = {"1.0": "MAIL", "1.7": "MAIL", "1.8": "MAIL", "6.0": "DATA"}
_UNKNOWN_COMMAND = frozenset((500, 501, 502, 503, 504))  # to EHLO: the client goes on with HELO
_CLOSING = 421
_PHASES = {
    "HELO": Phase.EHLO,
    "EHLO": Phase.EHLO,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "DATA": Phase.DATA,
    "BDAT": Phase.MESSAGE,
    "AUTH": Phase.AUTH,
}


class Outcome(msgspec.Struct, frozen=True):
    """What became of one recipient; ``recipient`` is "" where the session ended before one was named."""

    recipient: str
    sender: str | None
    phase: Phase | None
    reply: Reply


class _Asked(msgspec.Struct, frozen=True):
    verb: str
    address: str | None = None
    last: bool = False


class Dialogue:
    """Follows one session.

    Attributes:
        server: the name that the server gives itself.
        client: the name that the client gives itself.
        message_id: of the message under way, where the log tells it.
        sender: the reverse-path of the message under way.
    """

    def __init__(self) -> None:
        self.server = self.client = self.message_id = ""
        self.sender: str | None = None
        self._accepted: list[str] = []
        self._asked: deque[_Asked] = deque(maxlen=MAX_ASKED)
        self._lines: list[str] = []
        self._held: list[Outcome] = []
        self._begun = self._in_data = self._in_auth = self._refused = False

    @property
    def waits_for_data(self) -> bool:
        """Whether the message's text has been sent, or is being sent, and no reply came yet."""
        return bool(self._accepted) and (
            self._in_data or any(a.verb in ("DATA", "BDAT") for a in self._asked)
        )

    def begins_anew(self, reply: str) -> bool:
        """Whether a reply is the greeting of another session under the same name.

        Args:
            reply: what the server says.
        """
        waits_for_tls = self._asked and self._asked[0].verb in ("STARTTLS", "X-ANONYMOUSTLS")
        return self._begun and reply.startswith("220") and not waits_for_tls

    def command(self, text: str) -> None:
        """The client says something.

        Args:
            text: a command; anything else is no matter.
        """
        found = _COMMAND.match(text)
        if self._lines:  # a log that leaves out the other lines of a reply
            whole = "\n".join(self._lines)
            self._lines = []
            self._held += self._answer(int(whole.lstrip()[:3]), whole)
        if found is None or self._in_auth:  # the final dot, or what answers AUTH
            return
        verb = found[1].upper()
        if verb in ("MAIL", "RCPT", "SEND", "SOML", "SAML"):
            path = _PATH.search(text[:1024])
            address = (path[1] if path[1] is not None else path[2]).strip() if path else None
            if verb != "RCPT":
                self._new_message()
                self.sender = address
            self._asked.append(_Asked("RCPT" if verb == "RCPT" else "MAIL", address))
        elif verb == "BDAT":
            self._asked.append(_Asked("BDAT", last=text.rstrip().upper().endswith("LAST")))
        else:
            if verb in ("EHLO", "HELO"):
                self.client = text[found.end() :].strip()[:255]
            self._asked.append(_Asked(verb))

    def reply(self, text: str) -> list[Outcome]:
        """The server says something.

        Args:
            text: a reply, a line of one, or several lines.

        Returns:
            what it means for the recipients it is about.
        """
        found = _REPLY.match(text)
        if found is None:
            if self._lines and len(self._lines) < MAX_LINES:
                self._lines.append(text)
            return []
        if found[2] == "-" and not _is_whole(text, found[1]):
            if len(self._lines) < MAX_LINES:
                self._lines.append(text)
            return []
        lines = self._lines if self._lines and self._lines[0].lstrip().startswith(found[1]) else []
        whole = "\n".join((*lines, text)).strip()
        self._lines = []
        held, self._held = self._held, []
        return held + self._answer(int(found[1]), whole)

    def lost(self, words: str) -> list[Outcome]:
        """The connection was lost; recipients whose message was under way get the words for a reply.

        Args:
            words: what the log says of it.
        """
        waiting = self.waits_for_data
        outcomes = self._all(None, words_of(words)) if waiting else []
        self._asked.clear()
        self._in_data = False
        held, self._held = self._held, []
        return held + outcomes

    def _new_message(self) -> None:
        self._accepted = []
        self._refused = False
        self.message_id = ""

    def _all(self, phase: Phase | None, reply: Reply) -> list[Outcome]:
        outcomes = [Outcome(recipient, self.sender, phase, reply) for recipient in self._accepted]
        self._accepted = []
        return outcomes

    def _answer(self, code: int, text: str) -> list[Outcome]:
        if self._in_data:  # whatever was sent behind the text is answered later
            self._in_data = False
            return self._all(Phase.MESSAGE, reply_of(text))
        if self._in_auth:
            return self._authenticated(code, text)
        begun, self._begun = self._begun, True
        asked = self._next(code, text)
        if asked is None:
            return self._unasked(code, text, begun)
        if code < 400:
            return self._granted(asked, code, text)
        return self._denied(asked, code, reply_of(text))

    def _authenticated(self, code: int, text: str) -> list[Outcome]:
        """A challenge, or the end of AUTH."""
        self._in_auth = code == 334
        return [Outcome("", None, Phase.AUTH, reply_of(text))] if code >= 400 else []

    def _next(self, code: int, text: str) -> _Asked | None:
        """The command that a reply answers: the first that waits, unless the reply is plainly another's."""
        waiting = self._asked
        if not waiting:
            return None
        hint = _HINT.match(text)
        verb = "DATA" if code == 354 else _HINTED.get(hint[1], "RCPT") if hint else ""
        if verb and not _is(waiting[0], verb) and waiting[0].verb in ("MAIL", "RCPT", "EHLO", "HELO"):
            place = next((n for n, asked in enumerate(waiting) if _is(asked, verb)), -1)
            for _ in range(place):
                self._pass_over(waiting.popleft())
        return waiting.popleft()

    def _pass_over(self, asked: _Asked) -> None:
        """A command whose reply the log left out was granted, else the next one would not have been sent."""
        if asked.verb == "RCPT" and asked.address and len(self._accepted) < MAX_RECIPIENTS:
            self._accepted.append(asked.address)

    def _unasked(self, code: int, text: str, begun: bool) -> list[Outcome]:
        """The greeting, or the server's own parting word."""
        if not begun and code < 400:
            self._named(text)
        elif code >= 400 and self._accepted:
            return self._all(None, reply_of(text))
        elif code >= 400 and not begun:
            return [Outcome("", None, Phase.CONNECT, reply_of(text))]
        return []

    def _named(self, text: str) -> None:
        name = _NAME.match(text) if not self.server else None
        if name is not None:
            self.server = name[1]

    def _granted(self, asked: _Asked, code: int, text: str) -> list[Outcome]:
        verb = asked.verb
        if verb in ("EHLO", "HELO"):
            self._named(text)
        elif verb == "RCPT":
            self._pass_over(asked)
        elif verb == "DATA":
            if code == 354:
                self._in_data = True
            else:  # a log that leaves out the 354
                return self._all(Phase.MESSAGE, reply_of(text))
        elif verb == "BDAT" and asked.last:
            return self._all(Phase.MESSAGE, reply_of(text))
        elif verb == "RSET":
            self._accepted = []
        elif code == 334:
            self._in_auth = True
        return []

    def _denied(self, asked: _Asked, code: int, reply: Reply) -> list[Outcome]:
        verb = asked.verb
        phase = _PHASES.get(verb)
        if verb == "MAIL":
            return self._no_sender(reply)
        if verb == "RCPT":
            if self._refused:  # follows from the refusal of the sender, which stands for this recipient
                return []
            outcomes = [Outcome(asked.address or "", self.sender, phase, reply)]
            if code == _CLOSING:
                outcomes += self._all(phase, reply) + self._pending(phase, reply)
            return outcomes
        if verb in ("DATA", "BDAT") or phase is None:
            return self._all(phase, reply) if phase or code == _CLOSING else []
        known = verb != "EHLO" or code not in _UNKNOWN_COMMAND
        return [Outcome("", None, phase, reply)] if known else []

    def _no_sender(self, reply: Reply) -> list[Outcome]:
        outcomes = self._pending(Phase.MAIL, reply)
        self._refused = True
        return outcomes or [Outcome("", self.sender, Phase.MAIL, reply)]

    def _pending(self, phase: Phase | None, reply: Reply) -> list[Outcome]:
        """Recipients that were sent ahead."""
        recipients = [asked.address or "" for asked in self._asked if asked.verb == "RCPT"]
        self._refused = self._refused or bool(recipients)
        return [Outcome(recipient, self.sender, phase, reply) for recipient in recipients]


class Sessions:
    """Dialogues by the names that a log gives to sessions, in bounded memory."""

    def __init__(self) -> None:
        self._dialogues: Joins[Dialogue] = Joins(MAX_SESSIONS)

    def of(self, key: str, reply: str = "") -> Dialogue:
        """The dialogue of a session; another one where the name comes again.

        Args:
            key: names the session.
            reply: what the server says now, or "".
        """
        dialogue = self._dialogues.get(key)
        if dialogue is None or dialogue.begins_anew(reply):
            dialogue = Dialogue()
            self._dialogues.put(key, dialogue)
        return dialogue


def refusals(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """What of a session in which this server was spoken to is a refusal of mail; a wrong password is none.

    Args:
        outcomes: of the session.
    """
    return [o for o in outcomes if o.reply.code and o.reply.code >= 400 and o.phase is not Phase.AUTH]


def _is(asked: _Asked, verb: str) -> bool:
    return asked.verb == verb or (verb == "DATA" and asked.verb == "BDAT")


def _is_whole(text: str, code: str) -> bool:
    """Whether a reply that begins as one of several lines has its last line with it."""
    return bool(re.search(rf"(?:^|\s|\\n){code}(?: |$)", text[4:]))
