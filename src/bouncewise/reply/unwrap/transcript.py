"""Transcripts: swaks, telnet pastes, ``C:``/``S:`` dialogues, each reply with the command it answers.

Replies answer commands in their order (RFC 5321 section 4.2, RFC 2920 section 3.1). The reply
after the final dot answers the message, not ``DATA``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import ADDRESS, found

MAX_LINES = 20_000
_STAMP = r"(?:\[?\d{1,4}[-/.:]\d\d[-/.:]\d\d(?:[T ]\d\d:\d\d:\d\d)?(?:[.,]\d{1,6})?Z?\]?\s{1,4}){0,2}"
_FROM_SERVER = re.compile(
    rf"^{_STAMP}(?:<[-~*]{{1,2}}\*?|S:|<<<|<<|<|SERVER -> CLIENT:|Server:|<=|RX:|"
    rf"RECV:?)\s{{0,4}}(?=[2-5]\d\d(?:[ -]|$))",
    re.I,
)
_FROM_CLIENT = re.compile(
    rf"^{_STAMP}(?:[-~]{{1,2}}>|C:|>>>|>>|>|CLIENT -> SERVER:|Client:|=>|TX:|SEND:?)\s{{0,4}}(?=\S)", re.I
)
_COMMAND = re.compile(
    r"^(EHLO|HELO|LHLO|MAIL FROM|RCPT TO|DATA|BDAT|RSET|NOOP|QUIT|VRFY|EXPN|AUTH|STARTTLS|HELP)\b", re.I
)
_REPLY_LINE = re.compile(r"^([2-5][0-5]\d)([ -]|$)")
_PHASE = {
    "EHLO": Phase.EHLO,
    "HELO": Phase.EHLO,
    "LHLO": Phase.EHLO,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "DATA": Phase.DATA,
    "BDAT": Phase.MESSAGE,
    "QUIT": Phase.QUIT,
    "AUTH": Phase.AUTH,
    "STARTTLS": Phase.STARTTLS,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply and the command that it answers; the greeting answers none."""

    command: str | None
    reply: Reply
    phase: Phase | None


def unwrap(text: str) -> Unwrapped | None:
    """The reply that decided a pasted dialogue, or None where the text is none."""
    if "\n" not in text and "\r" not in text:
        return None
    exchanges = parse_transcript(text)
    commands = sum(1 for e in exchanges if e.command)
    if len(exchanges) < 2 or not commands:
        return None
    failing = [
        e for e in exchanges if (e.reply.code or 0) >= 400 and e.phase is not Phase.QUIT and not _is_reset(e)
    ]
    chosen = (failing or exchanges)[-1]
    recipient = next((a for e in reversed(exchanges) if (a := _address(e, "RCPT"))), None)
    sender = next((a for e in exchanges if (a := _address(e, "MAIL"))), None)
    return found("transcript", chosen.reply, Context(phase=chosen.phase, recipient=recipient, sender=sender))


def _is_reset(exchange: Exchange) -> bool:
    return (exchange.command or "").upper().startswith("RSET")


def _address(exchange: Exchange, verb: str) -> str | None:
    command = exchange.command or ""
    match = re.search(ADDRESS, command) if command.upper().startswith(verb) else None
    return match[0] if match else None


def parse_transcript(text: str) -> list[Exchange]:
    """The exchanges of a pasted dialogue, in order.

    Args:
        text: the dialogue, one line each; at most 20,000 lines are read. Lines that are neither
            command nor reply (the message, notes of the tool) are passed over.
    """
    lines = text.splitlines()[:MAX_LINES]
    reader = _Reader(shows_message=any(line.strip() == "." for line in lines))
    for line in lines:
        reader.line(line.strip())
    reader.end_reply()
    return reader.exchanges


class _Reader:
    """Joins the lines of replies and remembers what each answers."""

    def __init__(self, *, shows_message: bool) -> None:
        self._shows_message = shows_message
        self.exchanges: list[Exchange] = []
        self._waiting: list[str] = []
        self._lines: list[str] = []
        self._in_message = False
        self._sent_message = False

    def line(self, line: str) -> None:
        server = _FROM_SERVER.match(line)
        body = line[server.end() :] if server else line
        reply = _REPLY_LINE.match(body)
        if self._in_message and self._shows_message and not server and body != ".":
            return  # a line of the message itself, whatever it looks like
        if reply and (server or not _FROM_CLIENT.match(line)):
            if self._lines and self._lines[0][:3] != reply[1]:
                self.end_reply()
            self._lines.append(body)
            if reply[2] != "-":
                self.end_reply()
            return
        client = _FROM_CLIENT.match(line)
        body = line[client.end() :] if client else line
        if self._in_message:
            if body == ".":
                self._in_message, self._sent_message = False, True
            return
        if _COMMAND.match(body):
            self._waiting.append(body)

    def end_reply(self) -> None:
        if not self._lines:
            return
        reply = parse_reply("\n".join(self._lines))
        self._lines = []
        if self._sent_message or self._in_message:
            self._sent_message = self._in_message = False
            self.exchanges.append(Exchange("DATA", reply, Phase.MESSAGE))
            return
        command = self._waiting.pop(0) if self._waiting else None
        if command is None and not self.exchanges:
            self.exchanges.append(Exchange(None, reply, Phase.CONNECT))
            return
        verb = (command or "").split(" ", 1)[0].upper()
        if command is None and self.exchanges[-1].phase is Phase.AUTH:
            verb = "AUTH"  # the steps of one authentication exchange
        self.exchanges.append(Exchange(command, reply, _PHASE.get(verb)))
        self._in_message = verb == "DATA" and reply.code == 354
