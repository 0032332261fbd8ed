"""Momentum (Ecelerity, by Message Systems and SparkPost): mainlog, bouncelog and rejectlog.

Lines (fields parted by ``@``; one recipient a message)::

    1064868656@00/00-25004-31B987F3@00/00-03736-F4101B54@00/00-04532-A3456B54@R@bob@example.net@info@example.com@192.0.2.44@201@esmtp@default@default
    1064871280@20/00-25593-945A87F3@...@...@D@example.net@266@group-a@binding-a@0@0.393@198.51.100.7
    1064870847@10/00-25593-393A87F3@...@...@P@example.net@31@group-a@binding-a@5@1@3.89@198.51.100.7@552
        No such account
    1064868656@91/6D-07914-E67BC044@...@...@B@john@example.net@info@example.com@group-a@binding-a@21@24@1223@198.51.100.7@554
        5.4.7 [internal] exceeded max time without delivery
    1236672125: R="203.0.113.9:42601" L="192.0.2.5:25" C="18/00-07149-D7E16B94" PATH="default"
        PATH_GRP="default" P="awaiting mailfrom" E=550 M=scriptlet CTXCONN=[...] CTXMESS=[...]
        relaying denied

In the mainlog ``R`` is a reception (it tells recipient and sender), ``D`` a delivery, ``T`` a transient
failure, ``P`` a permanent one, ``X`` a transfer to another node (no record) and ``M`` a heartbeat. The
bouncelog has ``B`` bounces and ``T`` transient failures with recipient and sender in the line. Before
Momentum 4 the lines have no connection id. Times are seconds, or microseconds, since 1970.

Source: Momentum 3 and 4 reference, "Log Formats" (mainlog, bouncelog, rejectlog).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.fields import is_expired, number_of, peer_of
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import NO_REPLY, reply_of, words_of
from bouncewise.reading.logs.times import epoch
from bouncewise.reply.model import Phase, Reply

PROGRAMS: tuple[str, ...] = ("ecelerity",)
_HEAD = re.compile(
    r"(\d{10}|\d{16})@([\w/.-]{8,40}|)@([\w/.-]{4,40}|)@(?:([\w/.-]{4,40}|)@)?([RDTPBXM]1?)(?:@|$)", re.ASCII
)
_REJECT = re.compile(
    r"(\d{10}|\d{16}): R=\"([^\"]{2,70})\" L=\"([^\"]{0,70})\" .{0,400}?P=\"([^\"]{1,60})\" E=(\d{3}) (.*)$",
    re.ASCII,
)
_SENDER = re.compile(r"mailfrom_string=\"MAIL FROM:\s?<([^<>\"]{0,400})>", re.I)
_RECIPIENT = re.compile(r"rcptto_string=\"RCPT TO:\s?<([^<>\"]{0,400})>", re.I)
_EHLO = re.compile(r"ehlo_domain=([^,\]\s\"]{1,255})")
_PHASES = (
    ("rcpt", Phase.RCPT),
    ("mail", Phase.MAIL),
    ("data", Phase.MESSAGE),
    ("ehlo", Phase.EHLO),
    ("helo", Phase.EHLO),
    ("connect", Phase.CONNECT),
)


class _Queued(msgspec.Struct):
    """What the reception told of a message."""

    recipient: str
    message: Message


def recognise(message: str) -> bool:
    """Whether a line is of Momentum."""
    return _HEAD.match(message) is not None or _REJECT.match(message) is not None


class Reader:
    """Reads the lines of the three logs."""

    def __init__(self) -> None:
        self._queued: Joins[_Queued] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _HEAD.match(line.message)
        if found is None:
            return _rejected(line)
        time, queue_id, kind = epoch(found[1]), found[2], found[5]
        fields = line.message[found.end() :].split("@")
        if kind == "R" and len(fields) >= 6:
            message = Message(sender=_address(fields[2:4]), client=fields[4], size=number_of(fields[5]))
            self._queued.put(queue_id, _Queued(_address(fields[:2]), message))
        elif kind == "D" and len(fields) >= 7:
            return (self._delivered(line, time, queue_id, fields),)
        elif kind in ("T", "P") and len(fields) >= 9 and fields[1].isdigit():
            return (self._failed(line, time, queue_id, fields, kind),)
        elif kind in ("B", "T") and len(fields) >= 11:
            return (_bounced(line, time, queue_id, fields, kind),)
        elif kind in ("D", "T", "P", "B"):
            return (line.unreadable("this looks like a line of Momentum, but fields are missing"),)
        return ()

    def _base(self, line: Line, time: str, queue_id: str) -> Delivery:
        queued = self._queued.get(queue_id)
        message = queued.message if queued else NO_MESSAGE
        return Delivery(
            source=line.source,
            kind=Kind.DELIVERED,
            time=time or line.time,
            sender=message.sender,
            recipient=queued.recipient if queued else "",
            queue_id=queue_id,
            reporting_mta=line.host,
            client=message.client,
            size=message.size,
        )

    def _delivered(self, line: Line, time: str, queue_id: str, fields: Sequence[str]) -> Delivery:
        return msgspec.structs.replace(
            self._base(line, time, queue_id),
            size=number_of(fields[1]),
            attempts=_attempts(fields[4]),
            queue_age=_seconds(fields[5]),
            remote_ip=peer_of(fields[6]),
        )

    def _failed(self, line: Line, time: str, queue_id: str, fields: Sequence[str], kind: str) -> Delivery:
        words = "@".join(fields[8:])
        reply = _reply(words)
        return msgspec.structs.replace(
            self._base(line, time, queue_id),
            kind=_kind(kind, words),
            attempts=_attempts(fields[5]),
            queue_age=_seconds(fields[6]),
            remote_ip=peer_of(fields[7]),
            status=str(reply.enhanced or ""),
            reply=reply,
        )


def _bounced(line: Line, time: str, queue_id: str, fields: Sequence[str], kind: str) -> Delivery:
    words = "@".join(fields[10:])
    reply = _reply(words)
    return Delivery(
        source=line.source,
        kind=_kind(kind, words),
        time=time or line.time,
        sender=_address(fields[2:4]),
        recipient=_address(fields[:2]),
        queue_id=queue_id,
        reporting_mta=line.host,
        remote_ip=peer_of(fields[9]),
        size=number_of(fields[8]),
        status=str(reply.enhanced or ""),
        reply=reply,
    )


def _rejected(line: Line) -> Iterable[Delivery]:
    found = _REJECT.match(line.message)
    if found is None:
        return ()
    time, peer, local, phase, code, rest = found.groups()
    sender, recipient, ehlo = _SENDER.search(rest), _RECIPIENT.search(rest), _EHLO.search(rest)
    words = rest.rpartition("] ")[2]
    reply = reply_of(words if words.startswith(code) else f"{code} {words}")
    return (
        Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=epoch(time),
            sender=sender[1] if sender else None,
            recipient=recipient[1] if recipient else "",
            reporting_mta=line.host,
            remote_mta=ehlo[1] if ehlo else "",
            remote_ip=peer_of(peer),
            local_ip=peer_of(local),
            phase=next((p for name, p in _PHASES if name in phase), None),
            status=str(reply.enhanced or ""),
            reply=reply,
        ),
    )


def _kind(kind: str, words: str) -> Kind:
    if kind == "T":
        return Kind.DEFERRED
    return Kind.EXPIRED if is_expired(words) else Kind.BOUNCED


def _reply(words: str) -> Reply:
    words = words.strip()
    if not words:
        return NO_REPLY
    return reply_of(words) if words[:3].isdigit() else words_of(words)


def _address(parts: Sequence[str]) -> str:
    return f"{parts[0]}@{parts[1]}" if parts[1] else parts[0]


def _attempts(retries: str) -> int | None:
    number = number_of(retries)
    return number + 1 if number is not None else None


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
