"""Microsoft Exchange: protocol logs of its SMTP sessions, one row a command or reply.

Rows (``#Fields:
date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context``)::

    2026-11-24T10:00:00.1Z,Internet,08DE0001,7,192.0.2.5:41000,198.51.100.7:25,>,RCPT TO:<bob@example.net>,
    2026-11-24T10:00:00.3Z,Internet,08DE0001,8,192.0.2.5:41000,198.51.100.7:25,<,550 5.1.1 User unknown,

``event`` is ``+`` connect, ``-`` disconnect, ``>`` sent, ``<`` received, ``*`` information. In a send log
we send the commands, and the replies tell what became of each recipient; in a receive log we send the
replies, and our refusals are told as rejected. Which log it is shows in the first rows of a session: who
says ``220`` or a command. A message's id stands in the information ``sending message with RecordId 12 and
InternetMessageId <1@example.com>``, and in the reply ``250 2.6.0 <1@example.com> [InternalId=12,
Hostname=...] Queued mail for delivery``.

Source: Exchange 2007 to 2019, "Protocol logging" in Microsoft's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.dialogue import MAX_SESSIONS, Dialogue, Outcome, refusals
from bouncewise.reading.logs.fields import kind_of, peer_of, plain_name, time_of
from bouncewise.reading.logs.model import Joins

_WANTED = ("session-id", "local-endpoint", "remote-endpoint", "event", "data")
_REPLY = re.compile(r"[2-5]\d\d(?:[ -]|$)")
_MESSAGE_ID = re.compile(r"InternetMessageId <?([^<>\s]{1,400})>?")
_RECORD = re.compile(r"RecordId (\d{1,20})")


class _Session(msgspec.Struct):
    """One session, and which side of it we are on."""

    dialogue: Dialogue
    inbound: bool | None = None
    queue_id: str = ""
    message_id: str = ""


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of a protocol log."""
    names = {plain_name(name) for name in columns}
    return all(plain_name(name) in names for name in _WANTED)


class TableRows:
    """Reads the rows of a protocol log, and joins those of a session."""

    def __init__(self) -> None:
        self._sessions: Joins[_Session] = Joins(MAX_SESSIONS)

    def read(self, row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
        """The deliveries that a row tells of."""
        key, event = row.get("session-id", ""), row.get("event", "")
        session = self._sessions.get(key)
        if session is None or event == "+":
            session = _Session(Dialogue())
            self._sessions.put(key, session)
        if event == "-":
            self._sessions.drop(key)
        outcomes = _outcomes(session, event, row.get("data", ""), row.get("context") or "")
        return [_delivery(session, outcome, row, source) for outcome in outcomes] if outcomes else ()


def _outcomes(session: _Session, event: str, data: str, context: str) -> Iterable[Outcome]:
    dialogue = session.dialogue
    if event == "*":
        told = context if "InternetMessageId" in context else data
        found = _MESSAGE_ID.search(told)
        if found is not None:
            record = _RECORD.search(told)
            session.message_id, session.queue_id = found[1], record[1] if record else ""
        elif context == "sending message" and data.isdigit():  # Exchange 2007 and 2010
            session.message_id, session.queue_id = "", data[:20]
    elif event in (">", "<"):
        is_reply = _REPLY.match(data) is not None
        if session.inbound is None and data:
            session.inbound = is_reply == (event == ">")
        if session.inbound != (event == ">"):
            dialogue.command(data)
        else:
            outcomes = dialogue.reply(data)
            return refusals(outcomes) if session.inbound else outcomes
    elif event == "-" and session.inbound is False:
        return dialogue.lost(f"connection lost: {context}" if context else "connection lost")
    return ()


def _delivery(session: _Session, outcome: Outcome, row: Mapping[str, str], source: Source) -> Delivery:
    inbound, dialogue = bool(session.inbound), session.dialogue
    kind = kind_of(outcome.reply, inbound)
    return Delivery(
        source=source,
        kind=kind,
        time=time_of(row.get("date-time", "")),
        sender=outcome.sender,
        recipient=outcome.recipient,
        message_id=session.message_id or _queued(outcome),
        queue_id=session.queue_id,
        remote_mta=dialogue.client.strip("[]") if inbound else dialogue.server,
        remote_ip=peer_of(row.get("remote-endpoint", "")),
        local_ip="" if inbound else peer_of(row.get("local-endpoint", "")),
        reporting_mta=dialogue.server if inbound else dialogue.client,
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )


def _queued(outcome: Outcome) -> str:
    """The Message-ID that an Exchange server names when it takes a message."""
    if outcome.reply.code != 250 or "[InternalId=" not in outcome.reply.text:
        return ""
    return outcome.reply.text.partition("<")[2].partition(">")[0]
