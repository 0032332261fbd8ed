"""MDaemon: its SMTP-(in) and SMTP-(out) logs, one session after the other.

Lines::

    Tue 2026-11-24 10:00:00.123: 05: Session 00012345; child 0001
    Tue 2026-11-24 10:00:00.123: 05: *  Message-ID: <1@example.com>
    Tue 2026-11-24 10:00:00.150: 05: Attempting SMTP connection to 198.51.100.7:25
    Tue 2026-11-24 10:00:00.190: 05: *  Connection established 192.0.2.5:51000 --> 198.51.100.7:25
    Tue 2026-11-24 10:00:00.230: 02: <-- 220 mx.example.net ESMTP
    Tue 2026-11-24 10:00:00.231: 03: --> RCPT To:<bob@example.net>
    Tue 2026-11-24 10:00:00.260: 02: <-- 550 5.1.1 User unknown
    Tue 2026-11-24 10:00:01.000: 01: ----------

``-->`` is what we say, ``<--`` what the other side says. A session that begins with ``Accepting SMTP
connection from`` is a client's, and our refusals in it are told as rejected. Older versions write neither
parts of seconds nor the number behind them.

Source: MDaemon 9 to 24 (logs in its users' questions).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.dialogue import Dialogue, Outcome, refusals
from bouncewise.reading.logs.fields import kind_of, peer_of
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import iso

PROGRAMS: tuple[str, ...] = ("mdaemon",)
_LINE = re.compile(
    r"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})?): (?:\d\d: )?(?:\[[\w:.]{1,30}\] )?(.*)$",
    re.ASCII | re.DOTALL,
)
_NEW = ("----------", "Session ", "Accepting ", "Parsing message")
_REPLY = re.compile(r"[2-5]\d\d(?:[ -]|$)")


class _Session(msgspec.Struct):
    dialogue: Dialogue
    inbound: bool | None = None
    peer: str = ""
    local: str = ""
    message_id: str = ""


def recognise(message: str) -> bool:
    """Whether a line is of MDaemon: all begin with the day of the week and a colon behind the time."""
    return _LINE.match(message) is not None


class Reader:
    """Reads the lines of sessions, which stand together."""

    def __init__(self) -> None:
        self._session = _Session(Dialogue())

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _LINE.match(line.message)
        if found is None:
            return ()
        time, text = found.groups()
        if text.startswith(("--> ", "<-- ")):
            return self._said(line, iso(time), text[4:].strip(), text.startswith("-->"))
        if text.startswith(_NEW):
            self._session = _Session(Dialogue(), inbound=text.startswith("Accepting SMTP") or None)
        self._told(text)
        return ()

    def _told(self, text: str) -> None:
        session = self._session
        if text.startswith("Accepting SMTP connection from "):
            session.peer = _peer(text[31:])
        elif text.startswith("Attempting SMTP connection to "):
            session.inbound = False
            session.dialogue = Dialogue()  # also the next of the domain's servers
            session.peer = _peer(text[30:])
        elif text.startswith("*  Message-ID: "):
            session.message_id = text[15:].strip().strip("<>")
        elif text.startswith("*  Connection established"):
            session.local = _peer(text[25:].lstrip(" ("))

    def _said(self, line: Line, time: str, text: str, ours: bool) -> Iterable[Delivery]:
        session = self._session
        if session.inbound is None:
            session.inbound = ours == (_REPLY.match(text) is not None)
        if session.inbound != ours:
            session.dialogue.command(text)
            return ()
        outcomes = session.dialogue.reply(text)
        if session.inbound:
            outcomes = refusals(outcomes)
        return [_delivery(line, session, outcome, time) for outcome in outcomes]


def _peer(text: str) -> str:
    """The address at the beginning of ``[192.0.2.1:25] to ...`` or ``192.0.2.1:25``, else ""."""
    word = text.partition(" ")[0]
    if word[:1] == "[" and word[-1:] == "]":
        word = word[1:-1]
    return peer_of(word)


def _delivery(line: Line, session: _Session, outcome: Outcome, time: str) -> Delivery:
    inbound, dialogue = bool(session.inbound), session.dialogue
    kind = kind_of(outcome.reply, inbound)
    return Delivery(
        source=line.source,
        kind=kind,
        time=time,
        sender=outcome.sender,
        recipient=outcome.recipient,
        message_id="" if inbound else session.message_id,
        reporting_mta=(dialogue.server if inbound else dialogue.client) or line.host,
        remote_mta=dialogue.client if inbound else dialogue.server,
        remote_ip=session.peer,
        local_ip="" if inbound else session.local,
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )
