"""hMailServer: its log of SMTP conversations, in fields parted by tabs.

Lines::

    "SMTPC"	4792	12	"2026-11-24 10:00:00.741"	"198.51.100.7"	"SENT: RCPT TO:<bob@example.net>"
    "SMTPC"	4792	12	"2026-11-24 10:00:00.790"	"198.51.100.7"	"RECEIVED: 550 5.1.1 Unknown"
    "SMTPD"	4792	13	"2026-11-24 10:00:01.100"	"203.0.113.9"	"SENT: 550 Unknown user"
    "APPLICATION"	4792	"2026-11-24 10:00:02.009"	"SMTPDeliverer - Message 55: Delivering ..."

The fields are the log's kind, a thread, a session, the time (of the machine), the other side's address, and
what was said; ``[nl]`` stands between the lines of a reply. ``SMTPC`` are our deliveries, ``SMTPD`` our
clients, whose refusals are told as rejected. ``APPLICATION`` lines name a message and its recipients, but
not what became of each, so they give no record; nor do ``TCPIP``, ``DEBUG``, ``POP3D``, ``IMAPD`` and
``ERROR``.

Source: hMailServer 4.4 to 5.7, ``SMTPClientConnection.cpp``, ``SMTPConnection.cpp``, ``Logger.cpp``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.dialogue import Dialogue, Outcome, Sessions, refusals
from bouncewise.reading.logs.fields import kind_of
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import iso

PROGRAMS: tuple[str, ...] = ()
_LINE = re.compile(
    r'"(SMTPC|SMTPD)"\t\d{1,10}\t(\d{1,12})\t"([^"]{10,30})"\t"([^"]{0,60})"\t"(SENT|RECEIVED): (.*?)"?$',
    re.ASCII | re.DOTALL,
)
_RECOGNISED = re.compile(
    r'"(?:SMTPC|SMTPD|APPLICATION|TCPIP|DEBUG|POP3D|POP3C|IMAPD|ERROR|EVENT|BACKUP)"\t\d{1,10}\t(?:\d{1,12}\t)?"\d{4}-',
    re.ASCII,
)


def recognise(message: str) -> bool:
    """Whether a line is of hMailServer."""
    return _RECOGNISED.match(message) is not None


class Reader:
    """Reads the lines of conversations, and joins those of a session."""

    def __init__(self) -> None:
        self._sessions = Sessions()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        if not line.message.startswith('"SMTP'):
            return ()
        found = _LINE.match(line.message)
        if found is None:
            return ()
        log, session, time, address, direction, text = found.groups()
        text = text.replace("[nl]", "\n").strip()
        inbound = log == "SMTPD"
        is_reply = inbound == (direction == "SENT")
        key = f"{log} {session}"
        dialogue = self._sessions.of(key, text if is_reply else "")
        if not is_reply:
            dialogue.command(text)
            return ()
        outcomes = dialogue.reply(text)
        if inbound:
            outcomes = refusals(outcomes)
        return [_delivery(line, dialogue, outcome, inbound, iso(time), address) for outcome in outcomes]


def _delivery(  # noqa: PLR0913, PLR0917
    line: Line, dialogue: Dialogue, outcome: Outcome, inbound: bool, time: str, address: str
) -> Delivery:
    kind = kind_of(outcome.reply, inbound)
    return Delivery(
        source=line.source,
        kind=kind,
        time=time,
        sender=outcome.sender,
        recipient=outcome.recipient,
        reporting_mta=(dialogue.server if inbound else dialogue.client) or line.host,
        remote_mta=dialogue.client if inbound else dialogue.server,
        remote_ip=address,
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )
