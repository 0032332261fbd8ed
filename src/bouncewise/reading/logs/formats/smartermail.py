"""SmarterMail: its SMTP and delivery logs, joined by the number of a session.

Lines (the day stands in the name of the file)::

    10:00:00.123 [203.0.113.9][12345678] cmd: RCPT TO:<nobody@example.com>
    10:00:00.125 [203.0.113.9][12345678] rsp: 550 <nobody@example.com> No such user here
    10:00:01.154 [54321-1] CMD: RCPT TO:<bob@example.net>
    10:00:01.185 [54321-1] RSP: 250 2.1.5 Ok
    10:00:01.232 [54321-1] Delivery for ann@example.com to bob@example.net has completed (Delivered)

Lines with an address are those of clients (SMTP log), whose refusals are told as rejected; lines without
one are our deliveries (delivery log). What the last of these lines says is told of local recipients, of
whom there is no conversation. A line has the time of day alone, so a record has no time.

Source: SmarterMail 15 to 100, logs of its users and of programs that read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.dialogue import MAX_SESSIONS, Dialogue, Outcome, Sessions, refusals
from bouncewise.reading.logs.fields import kind_of, peer_of
from bouncewise.reading.logs.model import Joins, Line

PROGRAMS: tuple[str, ...] = ()
_CLOCK = r"\d\d:\d\d:\d\d(?:\.\d{1,3})?"
_IP = r"[0-9A-Fa-f.:]{3,45}"
_LINE = re.compile(
    rf"{_CLOCK} (?:\[({_IP})\] ?)?\[([\w-]{{1,24}})\] (cmd|rsp): (.*)$", re.ASCII | re.DOTALL | re.I
)
_HEAD = re.compile(
    rf"{_CLOCK} (?:\[{_IP}\] ?\[[\w-]{{1,24}}\] |"
    r"\[\d[\d-]{2,20}\] (?:CMD|RSP|Deliver|Sending|Initiating|Connect))",
    re.ASCII,
)
_DONE = re.compile(
    rf"{_CLOCK} \[(\d[\d-]{{2,20}})\] Delivery for (\S{{1,400}}) to (\S{{1,400}}) "
    r"has completed \((Delivered|Bounced)\)",
    re.ASCII,
)
_CONNECTED = re.compile(
    rf"{_CLOCK} \[([\w-]{{1,24}})\] (?:Connecting to|Initiating connection to) ({_IP})", re.ASCII
)


def recognise(message: str) -> bool:
    """Whether a line is of SmarterMail's logs: the time of day, and the number of a session in brackets."""
    return _HEAD.match(message) is not None


class Reader:
    """Reads the lines of conversations, and joins those of a session."""

    def __init__(self) -> None:
        self._sessions = Sessions()
        self._peers: Joins[str] = Joins(MAX_SESSIONS)
        self._told: Joins[bool] = Joins(MAX_SESSIONS)

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _LINE.match(line.message)
        if found is None:
            return self._other(line)
        address, number, said, text = found.groups()
        inbound, key = address is not None, f"{address} {number}"
        is_reply = said.lower() == "rsp"
        dialogue = self._sessions.of(key, text if is_reply else "")
        if not is_reply:
            dialogue.command(text)
            return ()
        outcomes = dialogue.reply(text)
        if inbound:
            outcomes = refusals(outcomes)
        peer = address or self._peers.get(number) or ""
        for outcome in outcomes if not inbound else ():
            self._told.put(_delivered_to(number, outcome.recipient), True)
        return [_delivery(line, dialogue, outcome, inbound, peer) for outcome in outcomes]

    def _other(self, line: Line) -> Iterable[Delivery]:
        """A line that quotes no conversation."""
        connected = _CONNECTED.match(line.message)
        if connected is not None:
            self._peers.put(connected[1], peer_of(connected[2]))
            return ()
        done = _DONE.match(line.message)
        if done is None or self._told.get(_delivered_to(done[1], done[3])):
            return ()
        kind = Kind.DELIVERED if done[4] == "Delivered" else Kind.BOUNCED
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=done[2].strip("<>"),
                recipient=done[3].strip("<>"),
                queue_id=done[1].partition("-")[0],
                reporting_mta=line.host,
            ),
        )


def _delivered_to(number: str, recipient: str) -> str:
    return f"{number.partition('-')[0]} {recipient.strip('<>').lower()}"


def _delivery(line: Line, dialogue: Dialogue, outcome: Outcome, inbound: bool, peer: str) -> Delivery:
    kind = kind_of(outcome.reply, inbound)
    return Delivery(
        source=line.source,
        kind=kind,
        time=line.time,
        sender=outcome.sender,
        recipient=outcome.recipient,
        reporting_mta=(dialogue.server if inbound else dialogue.client) or line.host,
        remote_mta=dialogue.client if inbound else dialogue.server,
        remote_ip=peer,
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )
