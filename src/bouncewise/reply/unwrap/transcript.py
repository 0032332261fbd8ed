"""Transcripts: swaks, telnet pastes, ``C:``/``S:`` dialogues, each reply with the command it answers.

Replies answer commands in their order (RFC 5321 section 4.2, RFC 2920 section 3.1). The reply
after the final dot answers the message, not ``DATA``. The last refusal decides, unless it only follows
from an earlier one (503, no valid recipients) or the message went out after it; of several recipients
one that is refused for good weighs more than one that may be tried again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import ADDRESS, found, is_consequence
from bouncewise.reply.unwrap.oneline import CLIENT, SERVER, VERB, is_sure, lines_of

MAX_LINES = 20_000
_STAMP = (
    r"(?:\[?\d{1,4}[-/.:]\d\d[-/.:]\d\d(?:[T ]\d\d:\d\d:\d\d)?(?:[.,]\d{1,6})?(?:Z|"
    r" [AP]M)?\]?(?: -)?\s{1,4}){0,2}"
    r"(?:\[?(?:DEBUG|INFO|TRACE)\]?:?\s{1,3})?(?:\[[\w#-]{1,40}\]:?\s{1,3})?(?:[\w:]{1,40}=GLOB\(\w{3,20}\)\s?)?"
)
_FROM_SERVER = re.compile(rf"^{_STAMP}{SERVER}\s{{0,4}}(?=[2-5]\d\d(?:[ -]|$|\\|['\"]))", re.I)
_FROM_CLIENT = re.compile(rf"^{_STAMP}{CLIENT}\s{{0,4}}(?=\S)", re.I)
_COMMAND = re.compile(rf"^{VERB}", re.I)
_REPLY_LINE = re.compile(r"^([2-5][0-5]\d)([ -]|$)")
_PRINTED = re.compile(r"^([2-5]\d\d.{0,4000}?)(?:\\r)?(?:\\n)?['\"]$")
_STRICT = re.compile(rf"^(?:{_STAMP}{SERVER}\s{{0,4}}[2-5]\d\d|(?:MAIL FROM|RCPT TO):)", re.M | re.I)
_SENDMAIL = re.compile(r">>>\s?(?:MAIL|RCPT|DATA|QUIT|RSET)\b", re.I)
_HELLO = re.compile(r">>>\s?[EHL]+LO\b", re.I)
# The commands that some replies alone can answer, where the command isn't shown (RFC 5321, RFC 4954).
_BY_CODE = {220: Phase.CONNECT, 235: Phase.AUTH, 334: Phase.AUTH, 354: Phase.DATA, 535: Phase.AUTH}
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
    if (
        ("<<<" in text or ">>>" in text)
        and (_SENDMAIL.search(text) or "talking to" in text)
        and not _HELLO.search(text)
    ):
        return None  # a session in Sendmail's bounce mail, which holds more than the dialogue
    one_line = "\n" not in text and "\r" not in text
    lines = lines_of(text) if one_line else text
    if lines is None:
        return None
    exchanges = parse_transcript(lines)
    if not exchanges or not (one_line or text[0] in "23" or any(e.command for e in exchanges)):
        return None
    if len(exchanges) < 2 and not _is_dialogue(text, exchanges[0], one_line):
        return None
    chosen = _deciding(exchanges)
    recipient = _address(chosen, "RCPT") or next(
        (a for e in reversed(exchanges) if (a := _address(e, "RCPT"))), None
    )
    sender = next((a for e in exchanges if (a := _address(e, "MAIL"))), None)
    return found("transcript", chosen.reply, Context(phase=chosen.phase, recipient=recipient, sender=sender))


def _is_dialogue(text: str, only: Exchange, one_line: bool) -> bool:
    """Whether a text with a single reply is a dialogue."""
    if one_line:
        return only.command is not None or is_sure(text)
    return only.command is not None and bool(_STRICT.search(text))


def _deciding(exchanges: list[Exchange]) -> Exchange:
    """The exchange that matters."""
    real = [e for e in exchanges if e.phase is not Phase.QUIT and not _is_reset(e)] or exchanges
    failing = [e for e in real if (e.reply.code or 0) >= 400]
    if not failing:
        return real[-1]
    last = next((e for e in reversed(failing) if not is_consequence(e.reply)), failing[-1])
    if last.phase in (Phase.EHLO, Phase.STARTTLS, Phase.AUTH, None):
        sent = next((e for e in real if e.phase is Phase.MESSAGE and (e.reply.code or 0) < 300), None)
        if sent is not None and real.index(sent) > real.index(last):
            return sent
    if last.phase is Phase.RCPT and (last.reply.code or 0) < 500:
        final = [e for e in failing if e.phase is Phase.RCPT and (e.reply.code or 0) >= 500]
        return next((e for e in reversed(final) if not is_consequence(e.reply)), last)
    return last


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
    return reader.finished()


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
        if server and (printed := _PRINTED.match(body)):
            body = printed[1].replace("\\r\\n", " ")  # what Python shows with its quotes
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
        verb = (command or "").split(" ", 1)[0].upper().rstrip(":")
        if command is None and self.exchanges and self.exchanges[-1].reply.code == 334:
            verb = "AUTH"  # the steps of one authentication exchange
        phase = _PHASE.get(verb) or (_BY_CODE.get(reply.code or 0) if command is None else None)
        if command is None and phase is None and self.exchanges and self.exchanges[-1].phase is Phase.CONNECT:
            phase = Phase.CONNECT  # refused right behind the greeting
        self.exchanges.append(Exchange(command, reply, phase))
        self._in_message = reply.code == 354

    def finished(self) -> list[Exchange]:
        """The exchanges; a refusal before the first EHLO, or one that nothing came before, is a greeting."""
        if self.exchanges:
            first = self.exchanges[0]
            following = (
                self.exchanges[1].command if len(self.exchanges) > 1 else next(iter(self._waiting), None)
            )
            greets = re.match(r"(?:[EHL]+LO|QUIT)\b", following or "", re.I)
            if (
                first.command is None
                and first.phase is None
                and (greets or (following and not self._shows_message))
            ):
                self.exchanges[0] = replace(first, phase=Phase.CONNECT)
        return self.exchanges
