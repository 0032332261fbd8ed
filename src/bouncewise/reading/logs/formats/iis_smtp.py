"""The SMTP service of Microsoft IIS (Windows 2000 to Server 2022): W3C logs, one row a command or reply.

Rows (``#Fields``, blanks; ``+`` stands for a blank)::

    #Fields: date time c-ip cs-username s-sitename s-ip s-port cs-method cs-uri-query sc-status ...
    2026-11-24 10:00:00 192.0.2.44 client SMTPSVC1 192.0.2.5 0 RCPT +TO:<bob@example.net> 250 ...
    2026-11-24 10:00:01 198.51.100.7 OutboundConnectionCommand SMTPSVC1 - 25 RCPT TO:<bob@example.net> 0 ...
    2026-11-24 10:00:01 198.51.100.7 OutboundConnectionResponse SMTPSVC1 - 25 - 550+5.1.1+User+unknown 0 ...

Rows of ``OutboundConnectionCommand`` and ``OutboundConnectionResponse`` are a conversation with the server
at ``c-ip``; there is no number of a session, so all of one address and port is taken for one until the next
greeting. Other rows are commands of clients, and ``sc-status`` is the code that we answered: 4yz and 5yz
are our refusals. A row may have the time of day alone, or none; then the date is that of the last
``#Date``.

Source: ``smtpout.cxx`` of the service (``LogInformation``), Microsoft's documentation of the W3C format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.dialogue import MAX_SESSIONS, Dialogue, Outcome, Sessions
from bouncewise.reading.logs.fields import kind_of, time_of
from bouncewise.reading.logs.model import Joins
from bouncewise.reading.logs.tables import DATE
from bouncewise.reply.model import Phase, Reply

_WANTED = frozenset(("c-ip", "cs-method", "cs-uri-query"))
_OUTBOUND = "OutboundConnection"
_PATH = re.compile(r"<([^<>]{0,400})>|:\+?([^\s<>+]{1,400})")
_ANGLES = re.compile(r"(<[^<>]*>)")
_PHASES = {"MAIL": Phase.MAIL, "RCPT": Phase.RCPT, "DATA": Phase.MESSAGE, "BDAT": Phase.MESSAGE}
_HAS_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class _Inbound(msgspec.Struct):
    sender: str | None = None
    helo: str = ""
    recipients: list[str] = []


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of the service (IIS's web logs have them too, and give nothing)."""
    return {name.lower() for name in columns} >= _WANTED


class TableRows:
    """Reads the rows of a log, and joins those of a conversation."""

    def __init__(self) -> None:
        self._outbound = Sessions()
        self._inbound: Joins[_Inbound] = Joins(MAX_SESSIONS)

    def read(self, row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
        """The deliveries that a row tells of."""
        who = row.get("cs-username", "")
        if who.startswith(_OUTBOUND):
            return self._conversation(row, source, who.endswith("Response"))
        return self._served(row, source)

    def _conversation(self, row: Mapping[str, str], source: Source, is_reply: bool) -> Iterable[Delivery]:
        key = f"{row.get('c-ip')} {row.get('s-port')} {row.get('s-sitename')}"
        text = spoken(row.get("cs-uri-query") or "")
        dialogue = self._outbound.of(key, text if is_reply else "")
        if not is_reply:
            dialogue.command(f"{row.get('cs-method', '')} {text}")
            return ()
        return [_sent(dialogue, outcome, row, source) for outcome in dialogue.reply(text)]

    def _served(self, row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
        verb = row.get("cs-method", "").upper()
        session = self._client(row, verb)
        phase = _PHASES.get(verb)
        status = row.get("sc-status", "")
        if phase is None or len(status) != 3 or status[0] not in "45":
            return ()
        recipients: Iterable[str] = ("",)
        if phase is Phase.RCPT:
            recipients = (_path(row),)
        elif phase is Phase.MESSAGE:
            recipients = session.recipients or ("",)
        if not status.isascii() or not status.isdigit() or status == "503":
            return ()
        outcomes = [Outcome(r, session.sender, phase, Reply(int(status), None)) for r in recipients]
        return [_refused(outcome, session, row, source) for outcome in outcomes]

    def _client(self, row: Mapping[str, str], verb: str) -> _Inbound:
        """What the client of a row said before, with this command."""
        key = f"{row.get('c-ip')} {row.get('s-sitename')}"
        session = self._inbound.get(key)
        if session is None:
            session = _Inbound()
            self._inbound.put(key, session)
        query = row.get("cs-uri-query") or ""
        if verb in ("EHLO", "HELO"):
            session.helo = query.lstrip("+")[:255]
        elif verb == "MAIL":
            session.sender, session.recipients = _path(row), []
        elif verb == "RCPT" and row.get("sc-status", "2")[:1] in "02" and len(session.recipients) < 1000:
            session.recipients.append(_path(row))
        return session


def _path(row: Mapping[str, str]) -> str:
    found = _PATH.search(row.get("cs-uri-query") or "")
    return (found[1] if found[1] is not None else found[2]) if found else ""


def spoken(query: str) -> str:
    """What was said; a ``+`` in an address is one, elsewhere it is a blank."""
    if "<" not in query:
        return query.replace("+", " ")
    return "".join(part if part[:1] == "<" else part.replace("+", " ") for part in _ANGLES.split(query))


def _time(row: Mapping[str, str]) -> str:
    day, clock = row.get("date") or "", row.get("time") or ""
    told = row.get(DATE, "")
    if not day:
        day = told[:10]
    if not clock:
        clock = told[11:]
    return time_of(f"{day} {clock}Z") if _HAS_DATE.match(day) and clock else ""  # the service logs in UTC


def _sent(dialogue: Dialogue, outcome: Outcome, row: Mapping[str, str], source: Source) -> Delivery:
    kind = kind_of(outcome.reply)
    return Delivery(
        source=source,
        kind=kind,
        time=_time(row),
        sender=outcome.sender,
        recipient=outcome.recipient,
        reporting_mta=row.get("s-computername", "").strip("-"),
        remote_mta=dialogue.server,
        remote_ip=row.get("c-ip", ""),
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )


def _refused(outcome: Outcome, session: _Inbound, row: Mapping[str, str], source: Source) -> Delivery:
    return Delivery(
        source=source,
        kind=Kind.REJECTED,
        time=_time(row),
        sender=outcome.sender,
        recipient=outcome.recipient,
        reporting_mta=row.get("s-computername", "").strip("-"),
        remote_mta=session.helo,
        remote_ip=row.get("c-ip", ""),
        phase=outcome.phase,
        reply=outcome.reply,
    )
