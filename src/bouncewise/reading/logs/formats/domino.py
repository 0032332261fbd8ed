"""IBM and HCL Domino: the console's log (``console.log``, ``log.nsf`` as text) of its router and SMTP server.

Lines (the date in the order of the machine's country)::

    [28325:00010-3735542592] 24-11-2026 10:00:00   Router: Message 0064E4A6 transferred to
        MX.EXAMPLE.NET for bob@example.net via SMTP
    24-11-2026 10:00:01   Router: Message 003903B3 NOT transferred via SMTP to EXAMPLE.NET for
        bob@example.net from Ann
        Smith/Example Size: 124K Error transferring to mx.example.net; ...
    24-11-2026 10:00:01   Router: Message 0064E4A7 delivered to Ann Smith/Example
    24-11-2026 10:00:02   Router: Error transferring to MX.EXAMPLE.NET; SMTP Protocol Returned a
        Permanent Error 550 5.1.1 User unknown
    24-11-2026 10:00:03   SMTP Server [000527:000013-0000001227564800] Connection from [192.0.2.2]
        rejected for policy reasons. ...

A message that was NOT transferred stays in the router's queue unless the error is a permanent one. An error
that stands alone names the server and its reply, but no recipient. Failed logins tell of no delivery.

Source: Domino 6 to 12; the router's lines as its users quote them, refusals as in fail2ban's filter, errors
of transfer as in Domino's delivery reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.fields import peer_of, time_of
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply

PROGRAMS: tuple[str, ...] = ()
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? \d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?"
_LINE = re.compile(
    rf"(?:\[[\w:.-]{{5,60}}\] )?({_DATE}) {{2,8}}(Router|SMTP Server|smtps?|SMTPS?)\b(.*)$",
    re.ASCII | re.DOTALL,
)
_TASK = r"(?: \[[^\[\]]{1,60}\])?"
_DONE = re.compile(
    rf"{_TASK}: Message (\w{{4,20}}) (NOT )?(transferred|delivered)(?: via \w{{2,20}})? to (.{{1,300}}?)"
    r"(?: for (.{1,400}?))?(?: from (.{1,300}?))?(?: via (?:SMTP|Notes))?(?: Size: .{0,20}?| in \d.*)?"
    r"(?: (?:Time: .*|Error transferring to [^\s;]{1,255}[;:] ?(.*)|(Error .*)))?[ .]{0,4}$",
    re.DOTALL,
)
_PROTOCOL = re.compile(r"SMTP Protocol Returned a (Permanent|Transient) Error\s{0,4}", re.I)
_ERROR = re.compile(
    rf"{_TASK}: Error transferring to ([^\s;]{{1,255}})[\s;]{{1,8}}"
    r"SMTP Protocol Returned a (Permanent|Transient) Error\s{0,4}(.*)$",
    re.DOTALL,
)
_REJECTED = re.compile(
    rf"{_TASK}:? (?:Connection from |Host )?(?:([\w.-]{{1,255}}) )?[\[(]([0-9A-Fa-f.:]{{3,45}})[\])] "
    r"(.{0,200}?)rejected for policy reasons(.{0,400})$",
    re.DOTALL,
)


def recognise(message: str) -> bool:
    """Whether a line is of Domino's router or SMTP server."""
    return _LINE.match(message) is not None


class Reader:
    """Reads the lines of the console."""

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _LINE.match(line.message)
        if found is None:
            return ()
        time, text = time_of(found[1]), found[3]
        if found[2] == "Router":
            return _routed(line, time, text)
        if "rejected for policy reasons" in text:
            return _rejected(line, time, text)
        return ()


def _routed(line: Line, time: str, text: str) -> Iterable[Delivery]:
    done = _DONE.match(text)
    if done is not None:
        return (_message(line, time, done),)
    error = _ERROR.match(text)
    if error is None:
        return ()
    reply = _reply(error[3])
    return (
        Delivery(
            source=line.source,
            kind=Kind.BOUNCED if error[2] == "Permanent" else Kind.DEFERRED,
            time=time,
            reporting_mta=line.host,
            remote_mta=error[1],
            status=str(reply.enhanced or ""),
            reply=reply,
        ),
    )


def _message(line: Line, time: str, done: re.Match[str]) -> Delivery:
    queue_id, failed, what, place, recipient, sender, error, words = done.groups("")
    there = what == "delivered"
    protocol = _PROTOCOL.match(error)
    reply = _reply(error[protocol.end() :] if protocol else error or words)
    permanent = protocol is not None and protocol[1].lower() == "permanent"
    return Delivery(
        source=line.source,
        kind=Kind.DELIVERED if not failed else Kind.BOUNCED if permanent else Kind.DEFERRED,
        time=time,
        sender=sender.strip() or None,
        recipient=(recipient or (place if there else "")).strip(),
        queue_id=queue_id,
        reporting_mta=line.host,
        remote_mta="" if there else place.strip(),
        status=str(reply.enhanced or ""),
        reply=reply,
    )


def _reply(text: str) -> Reply:
    text = text.strip()
    return reply_of(text) if text[:3].isdigit() else words_of(text)


def _rejected(line: Line, time: str, text: str) -> Iterable[Delivery]:
    found = _REJECTED.match(text)
    if found is None:
        return ()
    at_connection = text.lstrip(": ").startswith("Connection") or "] Connection from" in text
    return (
        Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=time,
            reporting_mta=line.host,
            remote_mta=found[1] or "",
            remote_ip=peer_of(found[2]),
            phase=Phase.CONNECT if at_connection else None,
            reply=words_of(f"{found[3]}rejected for policy reasons{found[4]}"),
        ),
    )
