"""Maddy: lines of its log, words with a JSON object behind them.

Lines; a tab stands before the object, and syslog may write it ``#011``::

    smtp: incoming message
        {"msg_id":"2f6f32e9","sender":"a@example.org","src_host":"mx.example.org","src_ip":"192.0.2.9:4774"}
    queue: delivered        {"attempt":1,"msg_id":"2f6f32e9","rcpt":"bob@example.com"}
    target.queue: delivery attempt failed  {"msg_id":"2f6f32e9","rcpt":"bob@example.com",
        "reason":"no such user","remote_server":"mx.example.com.","smtp_code":550,"smtp_enchcode":"5.1.1",
        "smtp_msg":"mx.example.com. said: no such user"}
    queue: not delivered, permanent error  {"msg_id":"2f6f32e9","rcpt":"bob@example.com"}
    smtp: RCPT error
        {"check":"dnsbl","msg_id":"","rcpt":"x@example.net","smtp_code":554,"smtp_enchcode":"5.7.0",...}

``not delivered`` behind a transient failure ends the waiting. Without a ``remote_server`` the code is
Maddy's own.

Source: Maddy 0.2 to 0.8, ``framework/log/log.go``, ``internal/target/queue/queue.go``,
``internal/smtpconn/smtpconn.go``, ``internal/endpoint/smtp/session.go``; issues 328 and 842 of its
repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.fields import kind_of
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import enhanced_of, reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import with_status

PROGRAMS = ("maddy",)
_PHASES = {
    "RCPT error": Phase.RCPT,
    "MAIL FROM error": Phase.MAIL,
    "MAIL FROM error (deferred)": Phase.MAIL,
    "DATA error": Phase.MESSAGE,
}
_NOTHING = Reply(None, None)
_LINE = re.compile(
    r"(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) |\d\d\.\d\d\.\d\d \d\d:\d\d:\d\d )?[\w./:+-]{1,80}: "
    r"(incoming message|RCPT ok|delivered|delivery attempt failed|not delivered, permanent error|RCPT error|"
    r"MAIL FROM error(?: \(deferred\))?|DATA error)(?:\s{1,8}|#011)(\{.*\})\s*$",
    re.ASCII | re.DOTALL,
)
_SAID = re.compile(r"(\S{1,255}) said: ")
_OWN = ("DNS error", "Network I/O error")


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Maddy."""
    told = message[-1:] == "}" and ('"msg_id":' in message or '"rcpt":' in message)
    return told and _LINE.match(message) is not None


class Reader:
    """Reads the lines of Maddy."""

    def __init__(self) -> None:
        self._messages: Joins[Message] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _LINE.match(line.message)
        if found is None:
            return ()
        try:
            fields = msgspec.json.decode(found[3].encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return (line.unreadable("this line of Maddy ends in an object that can't be read"),)
        if not isinstance(fields, dict):
            return ()
        line.time = line.time or iso(found[1] or "")
        return self._event(found[2], fields, line)

    def _event(self, event: str, fields: dict[str, Any], line: Line) -> Iterable[Delivery]:
        key = _text(fields, "msg_id").partition("-")[0]
        if event == "incoming message":
            return self._incoming(key, fields)
        message = self._message(key)
        if event == "RCPT ok":
            message.wait(_text(fields, "rcpt"), _NOTHING)
            return ()
        if event in _PHASES:
            return _refused(_PHASES[event], fields, message, line)
        return _delivery(event, fields, message, line)

    def _incoming(self, key: str, fields: dict[str, Any]) -> Iterable[Delivery]:
        """Newer versions tell the sender before the message has its number; the next one is meant."""
        client = "[".join(
            filter(None, (_text(fields, "src_host"), _text(fields, "src_ip").rpartition(":")[0]))
        )
        message = Message(
            sender=fields["sender"] if isinstance(fields.get("sender"), str) else None,
            client=_text(fields, "username") or (f"{client}]" if "[" in client else client),
        )
        if not key and self._messages.get("") is not None:
            message = Message()  # two at once: nobody can tell whose number comes next
        self._messages.put(key, message)
        return ()

    def _message(self, key: str) -> Message:
        found = self._messages.get(key)
        if found is None:
            found = (self._messages.get("") if key else None) or Message()
            self._messages.drop("")
            if key:
                self._messages.put(key, found)
        return found


def _delivery(event: str, fields: dict[str, Any], message: Message, line: Line) -> Iterable[Delivery]:
    """What became of a recipient in an attempt, or at the end of all."""
    recipient, attempts = _text(fields, "rcpt"), fields.get("attempt")
    reply, host = _reply(fields)
    kind = Kind.DELIVERED
    if event == "delivery attempt failed":
        kind = kind_of(reply) if reply.code or reply.enhanced else Kind.DEFERRED
        message.wait(recipient, reply if kind is Kind.DEFERRED else _NOTHING)
    elif event == "not delivered, permanent error":
        last = (message.waiting or {}).get(recipient, _NOTHING)
        message.end(recipient)
        if last == _NOTHING:
            return ()  # its refusal has been told
        kind, reply = Kind.EXPIRED, last
    return (
        Delivery(
            source=line.source,
            kind=kind,
            time=line.time,
            sender=message.sender,
            recipient=recipient,
            queue_id=_text(fields, "msg_id").partition("-")[0],
            reporting_mta=line.host,
            remote_mta=host,
            client=message.client,
            attempts=attempts if isinstance(attempts, int) and attempts > 0 else None,
            status=str(reply.enhanced or ""),
            reply=reply,
        ),
    )


def _refused(phase: Phase, fields: dict[str, Any], message: Message, line: Line) -> Iterable[Delivery]:
    """What its server refused; a refusal of the data is for all recipients."""
    reply = _own_reply(fields)
    recipient = _text(fields, "rcpt")
    recipients = [recipient] if recipient or phase is not Phase.MESSAGE else list(message.waiting or [""])
    host, _, address = message.client.rstrip("]").partition("[")
    message = message if message.sender is not None else NO_MESSAGE
    return [
        Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=line.time,
            sender=message.sender,
            recipient=recipient,
            queue_id=_text(fields, "msg_id"),
            reporting_mta=line.host,
            remote_mta=host if address else "",
            remote_ip=address.strip("[]"),
            phase=phase,
            status=str(reply.enhanced or ""),
            reply=reply,
        )
        for recipient in recipients
    ]


def _reply(fields: dict[str, Any]) -> tuple[Reply, str]:
    """What the other server said and its name, or Maddy's own words."""
    words, status = _text(fields, "smtp_msg") or _text(fields, "reason"), _status(fields)
    host = _text(fields, "remote_server").rstrip(".")
    said = _SAID.match(words)
    if said:
        host, words = host or said[1].rstrip("."), words[said.end() :]
    code = fields.get("smtp_code")
    if not host or not isinstance(code, int) or words in _OWN:
        return words_of(_text(fields, "reason") or words, status), host
    return with_status(reply_of(f"{code} {words}".replace("\n", "\\n")), status), host


def _own_reply(fields: dict[str, Any]) -> Reply:
    """What Maddy's own server answered."""
    code, words = fields.get("smtp_code"), _text(fields, "smtp_msg")
    if isinstance(code, int) and 400 <= code <= 599:
        return with_status(reply_of(f"{code} {words}".rstrip()), _status(fields))
    return words_of(words or _text(fields, "reason"), _status(fields))


def _status(fields: dict[str, Any]) -> str:
    status = fields.get("smtp_enchcode")
    if isinstance(status, list):
        status = ".".join(str(number) for number in status[:3])
    return status if isinstance(status, str) and enhanced_of(status) else ""


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
