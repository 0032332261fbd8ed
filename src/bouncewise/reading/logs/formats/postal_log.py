"""Postal: the log of the worker that sends.

Lines of version 3, with tags behind the words, and of versions 1 and 2, with the log's id in brackets::

    2026-06-25 12:24:30 +0000 INFO   Connected to 192.0.2.1:25 (mx.example.com) log_id=SRWGAKFA
        component=smtp-sender
    2026-06-25 12:24:30 +0000 INFO   Sending message 1::5 to bob@example.com log_id=SRWGAKFA ...
    2026-06-25 12:24:31 +0000 INFO   Accepted by 192.0.2.1:25 (mx.example.com) for bob@example.com
        log_id=SRWGAKFA ...
    2026-06-25 12:24:31 +0000 ERROR  Net::SMTPFatalError: 550 5.1.1 User unknown log_id=SRWGAKFA ...

    [worker.2:25596] [2018-11-13T15:42:51.290] INFO -- : [OD22BSXP] Sending message 1::1 to bob@example.com
    [worker.2:25596] [2018-11-13T15:42:53.306] INFO -- : [OD22BSXP] Message sent #1 to mx.example.com
        (192.0.2.1) for bob@example.com

``Net::SMTPFatalError`` is a 5yz reply; the other errors put the message off. Hosts that can't be reached
are logged without the recipient, so they are told only where a message had been begun. Its webhooks are
another format.

Source: Postal 1 to 3, ``app/senders/smtp_sender.rb``, ``lib/postal/smtp_sender.rb``; issues 699 and 3016
of its repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Reply

PROGRAMS = ("postal-worker", "postal")
_NEW = re.compile(
    r"(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}) )?(?:INFO|ERROR|WARN) {1,4}(.*?) "
    r"(?=(?:[\w.]{1,40}=\S{0,200} ){0,12}log_id=([A-Z0-9]{4,20})(?: |$))",
    re.ASCII | re.DOTALL,
)
_OLD = re.compile(
    r"\[[\w.-]{1,40}:\d{1,9}\] \[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6})\] +(?:INFO|ERROR|WARN) -- : "
    r"\[([A-Z0-9]{4,20})\] (.*)$",
    re.ASCII | re.DOTALL,
)
_CONNECTED = re.compile(r"Connected to \[?(\S{3,60}?)\]?:\d{1,5} \(([^()\s]{1,255})\)")
_SENDING = re.compile(r"Sending message (\d{1,12}::\d{1,18}) to (\S{1,330})")
_ACCEPTED = re.compile(r"Accepted by \[?(\S{3,60}?)\]?:\d{1,5} \(([^()\s]{1,255})\) for (\S{1,330})")
_SENT = re.compile(r"Message sent #\d{1,9} to (\S{1,255}) \(([^()\s]{1,60})\) for (\S{1,330})")
_ERROR = re.compile(
    r"(Net::SMTP(?:FatalError|ServerBusy|AuthenticationError|SyntaxError|UnknownError)|Net::(?:Read|Open)Timeout|"
    r"EOFError|Errno::[A-Z]{3,20}|IOError|OpenSSL::SSL::SSLError|SocketError): (.*)$",
    re.DOTALL,
)
_WORDS = re.compile(
    r"(?:Connected to|Cannot connect to|Sending message|Accepted by|Message sent #|Net::(?:SMTP|Read|Open)|"
    r"Finishing up)"
)


class _Session(msgspec.Struct):
    """What a session of a sender has told."""

    host: str = ""
    ip: str = ""
    message: str = ""
    recipient: str = ""


def _parted(message: str) -> tuple[str, str, str] | None:
    """Time, session and words of a line."""
    old = _OLD.match(message)
    if old:
        return iso(old[1]), old[2], old[3]
    new = _NEW.match(message)
    return (iso(new[1] or ""), new[3], new[2]) if new else None


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Postal's sender."""
    parted = _parted(message)
    return parted is not None and _WORDS.match(parted[2]) is not None


class Reader:
    """Reads the lines of Postal's sender."""

    def __init__(self) -> None:
        self._sessions: Joins[_Session] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        parted = _parted(line.message)
        if parted is None:
            return ()
        time, key, words = parted
        session = self._sessions.get(key)
        if session is None:
            session = _Session()
            self._sessions.put(key, session)
        if found := _CONNECTED.match(words):
            session.ip, session.host = found.groups()
        elif found := _SENDING.match(words):
            session.message, session.recipient = found.groups()
        elif found := _ACCEPTED.match(words):
            session.ip, session.host, session.recipient = found.groups()
            return self._done(session, Kind.DELIVERED, Reply(None, None), line, time)
        elif found := _SENT.match(words):
            session.host, session.ip, session.recipient = found.groups()
            return self._done(session, Kind.DELIVERED, Reply(None, None), line, time)
        elif session.recipient and (found := _ERROR.match(words)):
            kind = Kind.BOUNCED if found[1] == "Net::SMTPFatalError" else Kind.DEFERRED
            text = found[2].strip()
            reply = (
                reply_of(text.replace("\n", "\\n")) if text[:3].isdigit() else words_of(f"{found[1]}: {text}")
            )
            return self._done(session, kind, reply, line, time)
        return ()

    def _done(self, session: _Session, kind: Kind, reply: Reply, line: Line, time: str) -> Iterable[Delivery]:
        recipient, session.recipient = session.recipient, ""
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=time or line.time,
                recipient=recipient,
                queue_id=session.message,
                reporting_mta=line.host,
                remote_mta=session.host,
                remote_ip=session.ip,
                status=str(reply.enhanced or ""),
                reply=reply,
            ),
        )
