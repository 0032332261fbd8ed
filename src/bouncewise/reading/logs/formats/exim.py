r"""Exim: the main log, the reject log and the panic log, as files and by syslog.

Deliveries, each behind time and id of the message (see ``exim_fields.py`` for their parts)::

    => bob@example.com F=<a@example.net> R=dns T=smtp H=mx.example.com [192.0.2.1] C="250 2.0.0 ok" QT=1s
    -> carol@example.com R=dns T=smtp H=mx.example.com [192.0.2.1] C="250 2.0.0 ok"   (same transaction)
    >> dave@example.com R=dns T=smtp H=mx.example.com [192.0.2.1] C="250 ok"          (while it came in)
    == erin@example.com R=dns T=smtp defer (-44) H=mx.example.com [192.0.2.1]: SMTP error from remote mail
        server after RCPT TO:<erin@example.com>: 450 4.2.1 later
    ** frank@example.com R=dns T=smtp H=mx.example.com [192.0.2.1]: SMTP error from remote mail server after
        end of data: 550-5.7.1 spam\n550 5.7.1 go away
    ** frank@example.com <f@example.net>: retry timeout exceeded

``<=`` (and ``(=``) tells sender, size, client and Message-ID. ``*>`` is what would have been delivered but
for ``-N``: nothing was. ``H=mx.example.com [192.0.2.1]: SMTP error ...`` without a flag is one host of
several and no record; the ``==`` or ``**`` that follows has it.

What this server refused, of which the client is told as the far side::

    H=mail.example.net (helo) [192.0.2.7]:4711 F=<a@example.net> rejected RCPT <b@example.com>: no relay
    1abcde-000123-AB H=... F=<a@example.net> temporarily rejected after DATA: try later
    1abcde-000123-AB F=a@example.net H=... P=esmtp rejected by local_scan(): spam
    H=[192.0.2.7] rejected connection in "connect" ACL: on a list
    H=... rejected EHLO or HELO localhost: no        rejected EHLO from [192.0.2.7]: syntactically ...
    rejected MAIL FROM:<a@example.net> H=...: message too big: size=9 max=8
    rejected from <a@example.net> H=...: Too many "Received" headers
    too many recipients: message rejected: sender=<a@example.net> H=...
    Connection from [192.0.2.7] refused: too many connections

A failed log-in, a broken-off session, ``sender verify fail`` (the refusal follows it), ``Warning:``, and
refusals of ``VRFY``, ``EXPN``, ``ETRN``, ``AUTH`` and ``STARTTLS`` refuse no mail: no records. In the reject
log the header lines of the message follow. Syslog gets what stands in two logs twice, and long lines in
pieces, ``[1/3] ``, ``[2\3] ``.

Source: Exim 4.50 to 4.98, ``src/deliver.c``, ``retry.c``, ``receive.c``, ``smtp_in.c``, ``log.c``; its
specification, chapter "Log files".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.formats.exim_fields import (
    HEAD,
    PIECE,
    RECOGNISED,
    Answer,
    Fields,
    addresses,
    answer,
    fields,
    given_up,
    seconds,
    unescaped,
    without_times,
)
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import NO_REPLY, reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import phase_of

PROGRAMS = ("exim", "exim4")
_MAX_ENTRY = 65_536  # characters of a line that came in pieces
_MAX_ENTRIES = 512
_DEFER = re.compile(r"(?: (?:routing|transporting|router|transport))? defer \((-?\w{1,6})\)")
_SYSTEM_ERROR = re.compile(r": ([^:=\[\]]{1,80}?)(?= H=\S| DT=\d)")
_WORDS = re.compile(r" ?: ")
_SENDER = re.compile(r"<([^<>]*)>|((?:\"(?:[^\"\\]|\\.){0,320}\"|[^\s\"]){1,1000})")
_CONFIRMED = re.compile(r" C=\"((?:[^\"\\]|\\.)*)")
_BETWEEN = r"(?: [A-Z0-9-]{1,20}(?:=[^\s:]{0,300})?){0,12}"
_REJECTED = re.compile(
    r"(?:^| )(temporarily )?rejected (?:"
    rf"(RCPT|MAIL)(?: (?:TO:|FROM:)? ?(?:<([^<>]{{0,1000}})>|([^\s<>]{{1,1000}}?)){_BETWEEN})?(?=:|$)"
    r"|(after DATA(?: PRDR)?|DATA|PRDR|during MIME ACL checks|by local_scan\(\)|by non-SMTP ACL"
    r"|connection in \"?connect\"? ACL|(?:EHLO or HELO|EHLO|HELO) [^\s:]{0,300})(?=:|$))(?:: ?|$)"
)
# what is refused before there is a host to begin the line with
_BEFORE = re.compile(
    r"(?:temporarily )?(?:rejected (MAIL FROM|from|\"?[EH][EH]LO[^\n]{0,300}?\"? from)|(too many recipients)"
    r"|(refused connection from|[Cc]onnection from))"
    r"(?::? ?(?:message rejected: sender=)?<([^<>]{0,1000})>)? ?"
)
_REFUSED = re.compile(r" ?(?:refused|\()?:? ?")


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Exim."""
    return RECOGNISED.match(message) is not None


class _Entry(msgspec.Struct):
    """A line that comes in pieces: what came, its first piece, and which comes next; 0 when it is whole."""

    text: str
    line: Line
    following: int


class Reader:
    """Reads the lines of Exim's logs."""

    def __init__(self) -> None:
        self._messages: Joins[Message] = Joins()
        self._entries: Joins[_Entry] = Joins(_MAX_ENTRIES)
        self._refused = ("", "")

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = line.message
        piece = PIECE.match(message) if message[:1] == "[" else None
        if piece is not None:
            whole = self._joined(line, message[piece.end() :], int(piece[1]), piece[2], int(piece[3]))
            if whole is None:
                return ()
            line, message = whole, whole.message
        head = HEAD.match(message)
        if head is None:
            return ()
        stamp, queue_id, flag = head.groups("")
        if flag:
            return self._flagged(line, stamp, queue_id, flag, head.end())
        if queue_id and message.startswith("Completed", head.end()):
            self._messages.drop(queue_id)
        elif ("rejected" in message or "refused" in message) and (
            # else it is a header line of the reject log
            queue_id or stamp or line.program or line.time
        ):
            return self._rejected(line, stamp, queue_id, head.end())
        return ()

    def _joined(self, line: Line, text: str, number: int, sign: str, total: int) -> Line | None:
        """The first line of an entry when it is whole; what follows it is the header of the message."""
        key = f"{line.host} {line.program} {line.pid}"
        if number == 1:
            entry = _Entry(text, line, 2)
            self._entries.put(key, entry)
        else:
            known = self._entries.get(key)
            if known is None or known.following != number:
                return None
            entry = known
            entry.following += 1
            if len(entry.text) < _MAX_ENTRY:
                entry.text += text
        if sign == "/" and number < total:
            return None
        entry.following = 0
        first = entry.line
        return Line(entry.text, first.number, first.time, first.host, first.program, first.pid, first.place)

    def _flagged(self, line: Line, stamp: str, queue_id: str, flag: str, at: int) -> Iterable[Delivery]:
        message = line.message
        if flag in ("<=", "(="):
            self._messages.put(queue_id, _arrived(message, at))
            return ()
        if flag == "*>" or message.startswith(("blackhole ", "discarded "), at):
            return ()
        found = addresses(message, at)
        if found is None:
            return (line.unreadable("this looks like a delivery of Exim, but it is cut off or altered"),)
        known = fields(message, found.end)
        if flag == "==":
            kind, told = Kind.DEFERRED, _deferred(message, known)
        elif flag == "**":
            words, known.values["DT"] = without_times(_behind(message, known.end))
            kind = Kind.EXPIRED if given_up(words) else Kind.BOUNCED
            told = answer(words)
        else:
            kind, told = Kind.DELIVERED, Answer(_confirmed(message, known))
        sent = self._messages.get(queue_id) or NO_MESSAGE
        size = known.values.get("S", "")
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=_time(line, stamp),
                sender=known.values.get("F", sent.sender),
                recipient=found.recipient,
                original_recipient=found.original,
                message_id=sent.message_id,
                queue_id=queue_id,
                reporting_mta=line.host,
                remote_mta=known.host or told.host or known.address,
                remote_ip=known.address or told.address,
                local_ip=known.local_ip,
                client=sent.client,
                size=sent.size if sent.size is not None else _number(size),
                queue_age=seconds(known.values.get("QT", "")),
                delays=known.values.get("DT", ""),
                phase=told.phase,
                status=str(told.reply.enhanced or ""),
                reply=told.reply,
            ),
        )

    def _rejected(self, line: Line, stamp: str, queue_id: str, at: int) -> Iterable[Delivery]:
        """This server refused a mail, or the client that would have brought it."""
        message = line.message
        told = _refusal(message, at)
        if told is None:
            return ()
        same = (f"{line.host} {line.pid}", message)
        if line.program and same == self._refused:  # syslog has it for the main log and for the reject log
            self._refused = ("", "")
            return ()
        self._refused = same
        known = self._messages.get(queue_id) if queue_id else None
        client = told.client
        return (
            Delivery(
                source=line.source,
                kind=Kind.REJECTED,
                time=_time(line, stamp),
                sender=told.sender if told.sender is not None else known.sender if known else None,
                recipient=told.recipient,
                message_id=known.message_id if known else "",
                queue_id=queue_id,
                reporting_mta=line.host,
                remote_mta=client.host or client.address,
                remote_ip=client.address,
                phase=told.phase,
                status=str(told.reply.enhanced or ""),
                reply=told.reply,
                note=told.note,
            ),
        )


class _Refusal(msgspec.Struct):
    client: Fields
    phase: Phase | None
    reply: Reply
    sender: str | None = None
    recipient: str = ""
    note: str = ""


def _time(line: Line, stamp: str) -> str:
    """When: by the log, unless syslog knows the zone and the log does not."""
    own = iso(stamp) if stamp else ""
    return line.time if not own or line.time[-1:] == "Z" or line.time[-6:-5] in ("+", "-") else own


def _number(digits: str) -> int | None:
    return int(digits[:15]) if digits.isdecimal() else None


def _arrived(message: str, at: int) -> Message:
    """What ``<=`` tells of a message."""
    address = _SENDER.match(message, at)
    if address is None:
        return Message()
    sender = address[1] if address[1] is not None else address[2]
    known = fields(message, address.end())
    values = known.values
    size, login = values.get("S", ""), values.get("A", "").partition(":")[2]
    return Message(
        sender=sender,
        message_id=values.get("id", values.get("id*", "")),
        client=login or known.peer or values.get("U", ""),
        size=_number(size),
    )


def _behind(message: str, at: int) -> str:
    """The words behind the fields."""
    colon = _WORDS.match(message, at)
    return message[colon.end() :] if colon else message[at:].strip(" :")


def _deferred(message: str, known: Fields) -> Answer:
    """Why a delivery has to wait; the host may stand behind the system's error."""
    defer = _DEFER.match(message, known.end)
    if defer is None:
        return answer(_behind(message, known.end))
    error = _SYSTEM_ERROR.match(message, defer.end()) if defer[1][0] != "-" else None
    at = error.end() if error else defer.end()
    later = fields(message, at)
    known.values.update(later.values)
    known.host, known.address = later.host or known.host, later.address or known.address
    words, taken = without_times(_behind(message, later.end))
    if taken:
        known.values["DT"] = taken
    if error is None:
        return answer(words)
    told = answer(words) if words else answer(error[1])
    if told.reply.code is None and words:
        told.reply = words_of(f"{error[1]}: {words}")
    return told


def _confirmed(message: str, known: Fields) -> Reply:
    """What the server said that took the message, where ``smtp_confirmation`` is on."""
    quoted = known.values.get("C")
    if quoted is None:
        found = _CONFIRMED.search(message, known.end)
        quoted = found[1] if found else ""
    return reply_of(unescaped(quoted)) if quoted else NO_REPLY


def _refusal(message: str, at: int) -> _Refusal | None:
    """What this server refused, or None where a line refuses no mail."""
    before = _BEFORE.match(message, at)
    if before is not None:
        return _refused_before(message, before)
    found = _REJECTED.search(message, max(at - 1, 0))
    if found is None:
        return None
    front = " " + message[at : found.start()].strip().removeprefix("DS").lstrip()
    client = fields(front, 0)
    if len(front) > 1 and client.end != len(front):  # words that quote a refusal: a warning, another server
        return None
    later, command, quoted, bare, other = found.groups()
    argument = quoted if quoted is not None else bare or ""
    told = _Refusal(client, None, reply_of(message[found.end() :]), client.values.get("F"))
    if later:
        told.note = "temporarily rejected"
    if command == "RCPT":
        told.phase, told.recipient = Phase.RCPT, argument
    elif command == "MAIL":
        told.phase = Phase.MAIL
        told.sender = argument if quoted is not None or bare else told.sender
    elif other == "DATA":
        told.phase = Phase.DATA
    elif other != "by non-SMTP ACL":
        told.phase = phase_of(other[:12]) if other[0] in "cEH" else Phase.MESSAGE
    return told


def _refused_before(message: str, before: re.Match[str]) -> _Refusal | None:
    """A refusal that the host stands behind."""
    rejected, recipients, connection, sender = before.groups()
    place = before.end()
    client = fields(f" {message[place:]}" if message.startswith("H=", place) else f" H={message[place:]}", 0)
    shift = 1 if message.startswith("H=", place) else 3
    place = min(place + max(client.end - shift, 0), len(message)) if client.end else place
    if connection:
        words = _REFUSED.match(message, place)
        refused = connection.startswith("refused") or message.startswith(" refused", place)
        if not refused or words is None or not client.address:
            return None
        return _Refusal(client, Phase.CONNECT, words_of(message[words.end() :].removesuffix(")")))
    if recipients:
        return _Refusal(client, Phase.RCPT, words_of("too many recipients"), sender)
    words = _WORDS.match(message, place)
    if words is None:
        return None
    reply = words_of(message[words.end() :])
    if sender is None:
        return _Refusal(client, Phase.EHLO, reply)
    return _Refusal(client, Phase.MAIL if rejected.startswith("MAIL") else Phase.MESSAGE, reply, sender)
