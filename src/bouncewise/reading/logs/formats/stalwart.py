"""Stalwart: the events of its log, as lines and as JSON.

Lines of its tracers (log files, stdout, syslog); the same in colour::

    2026-01-17T16:59:08Z INFO Message delivered (delivery.delivered) queueId = 2198, from = "a@example.org",
        to = ["bob@example.com"], size = 3746, total = 1, hostname = "mx.example.com", to =
        "bob@example.com", code = 250,
        details = "Ok: queued", elapsed = 15ms
    2026-01-17T16:59:08Z INFO RCPT TO rejected by remote server (delivery.rcpt-to-rejected) queueId = ...,
        code = 550, ...
    2026-01-17T16:59:08Z INFO DSN permanent failure notification (delivery.dsn-perm-fail) ..., details =
        "..."

Objects, alone or in a webhook's ``events``::

    {"id": "...", "createdAt": "2026-01-17T16:59:08Z", "type": "delivery.delivered", "data": {"to":
        "bob@example.com", ...}}

A recipient's fate is told by ``delivered``, ``rcpt-to-rejected`` and ``message-rejected``; failures
before that (``connect-error``, ``mx-lookup-failed``, ``mail-from-rejected``, ...) are kept until the
attempt ends and then hold for all recipients that nothing else was told of. ``dsn-perm-fail``,
``dsn-temp-fail`` and ``dsn-success`` repeat what was told, but are all that is told of local mailboxes.
What its server refused at RCPT (``smtp.mailbox-does-not-exist``, ``smtp.relay-not-allowed``,
``smtp.rcpt-to-greylisted``) has no reply in the log.

Source: Stalwart 0.9 to 0.15, ``crates/trc/src/serializers``, ``crates/smtp/src/outbound``,
``crates/smtp/src/queue/dsn.rs``; issues 777 and 1099 of its repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import kind_of
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Phase, Reply

PROGRAMS = ("stalwart", "stalwart-mail", "stalwart-smtp")
MAX_RECIPIENTS = 1000
_ANSI = re.compile(r"\x1b\[[\d;]{0,12}m")
_EVENT = re.compile(
    r"(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) )?(?:ERROR|WARN|INFO|DEBUG|TRACE) ([^()]{1,120}) "
    r"\(((?:delivery|smtp|queue|message-ingest)\.[a-z0-9-]{1,60})\)(?: |$)",
    re.ASCII,
)
_RECOGNISED = re.compile(
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z )?(?:ERROR|WARN|INFO|DEBUG|TRACE) [^()]{1,120} "
    r"\([a-z]{1,20}(?:-[a-z]{1,20}){0,4}\.[a-z0-9-]{1,60}\)(?: [a-zA-Z]{1,40} = |$)",
    re.ASCII,
)
_KEY = re.compile(r",? ?([a-zA-Z]{1,40}) = ")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_BARE = re.compile(r"[^,\[\]{}\"]*")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_ANSWERED = re.compile(r"(?:Unexpected response|unexpected response|rejected|Code: )")
_ANSWER = re.compile(r"\bCode: ([2-5]\d\d), Enhanced code: (\d\.\d{1,3}\.\d{1,3}), Message: (.*)", re.DOTALL)
# what became of recipients; None is told by the reply
_KINDS = {
    "delivery.delivered": Kind.DELIVERED,
    "delivery.rcpt-to-rejected": None,
    "delivery.message-rejected": None,
    "delivery.null-mx": Kind.BOUNCED,
    "delivery.dsn-success": Kind.DELIVERED,
    "delivery.dsn-temp-fail": Kind.DEFERRED,
    "delivery.dsn-perm-fail": Kind.BOUNCED,
}
_PHASES = {"delivery.rcpt-to-rejected": Phase.RCPT, "delivery.message-rejected": Phase.MESSAGE}
# what goes wrong for all recipients of an attempt, or at one host while another is still to be tried
_REASONS = {
    "delivery.connect-error": Phase.CONNECT,
    "delivery.greeting-failed": Phase.CONNECT,
    "delivery.mx-lookup-failed": None,
    "delivery.ip-lookup-failed": None,
    "delivery.missing-outbound-hostname": None,
    "delivery.null-mx": None,
    "delivery.ehlo-rejected": Phase.EHLO,
    "delivery.auth-failed": Phase.AUTH,
    "delivery.start-tls-error": Phase.STARTTLS,
    "delivery.start-tls-unavailable": Phase.STARTTLS,
    "delivery.start-tls-disabled": Phase.STARTTLS,
    "delivery.implicit-tls-error": Phase.CONNECT,
    "delivery.mail-from-rejected": Phase.MAIL,
    "delivery.rcpt-to-failed": Phase.RCPT,
    "delivery.rate-limit-exceeded": None,
    "delivery.concurrency-limit-exceeded": None,
    "delivery.failed": None,
}
_REFUSED = {
    "smtp.mailbox-does-not-exist": "Mailbox does not exist",
    "smtp.relay-not-allowed": "Relay not allowed",
    "smtp.rcpt-to-greylisted": "Greylisted",
}
_WANTED = {*_KINDS, *_REASONS, *_REFUSED, "delivery.attempt-start", "delivery.attempt-end"}
Fields = Mapping[str, Any]


class _Attempt(msgspec.Struct):
    """One attempt to deliver a message: who was told of, and what went wrong."""

    recipients: list[str]
    told: set[str] = msgspec.field(default_factory=set)
    reason: Delivery | None = None


class _Event(msgspec.Struct):
    """An event with its fields."""

    name: str
    fields: Fields
    source: Source
    time: str
    words: str
    host: str = ""


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Stalwart."""
    if message[:1] == "\x1b":
        message = _ANSI.sub("", message[:1000])
    return _RECOGNISED.match(message) is not None


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Stalwart."""
    kind = record.get("type")
    return (
        isinstance(kind, str)
        and isinstance(record.get("data"), dict)
        and "createdAt" in record
        and "." in kind
        and kind.islower()
    )


class Reader:
    """Reads the lines of Stalwart's tracers."""

    def __init__(self) -> None:
        self._attempts: Joins[_Attempt] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = _ANSI.sub("", line.message) if "\x1b" in line.message else line.message
        found = _EVENT.match(message)
        if found is None or found[3] not in _WANTED:
            return ()
        time = iso(found[1]) if found[1] else line.time
        event = _Event(found[3], fields_of(message, found.end()), line.source, time, found[2], line.host)
        if event.name in _REFUSED:
            return (_refused(event),)
        key = _queue_id(event.fields)
        attempt = None if event.name == "delivery.attempt-start" else self._attempts.get(key)
        if attempt is None:
            attempt = _Attempt(_recipients(event.fields))
            self._attempts.put(key, attempt)
        if event.name == "delivery.attempt-end":
            self._attempts.drop(key)
        return _told(event, attempt)


def _told(event: _Event, attempt: _Attempt) -> Iterable[Delivery]:
    """What an event of an attempt tells that earlier ones did not."""
    fields, name = event.fields, event.name
    if name in _REASONS:
        reply = _reply(event)
        failure = _delivery(event, "", kind_of(reply), reply)
        attempt.reason = msgspec.structs.replace(failure, phase=_REASONS[name])
    if name == "delivery.attempt-end":
        return _end(event, attempt)
    local = _text(fields, "hostname") == "localhost"
    if name not in _KINDS or (name == "delivery.dsn-temp-fail" and not local):
        return ()  # a notice of a delay may be about the attempt before
    given = []
    for delivery in _deliveries(event, attempt.recipients):
        if delivery.recipient in attempt.told and name != "delivery.rcpt-to-rejected":
            continue
        attempt.told.add(delivery.recipient)
        kind = delivery.kind
        if name == "delivery.dsn-perm-fail" and not local and not attempt.reason and attempt.recipients:
            kind = Kind.EXPIRED  # nothing was tried now
        given.append(msgspec.structs.replace(delivery, kind=kind))
    return given


def _end(event: _Event, attempt: _Attempt) -> Iterable[Delivery]:
    """What an attempt came to for the recipients that nothing was told of."""
    if attempt.reason is None:
        return ()
    return [
        msgspec.structs.replace(attempt.reason, source=event.source, time=event.time, recipient=recipient)
        for recipient in attempt.recipients
        if recipient not in attempt.told
    ]


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of an event. A notice that repeats a server's refusal is passed over."""
    words = str(record.get("text") or record["type"].partition(".")[2].replace("-", " "))
    event = _Event(record["type"], record["data"], source, iso(str(record["createdAt"])), words)
    if event.name in _REFUSED:
        return (_refused(event),)
    if event.name not in _KINDS:
        return ()
    if event.name.startswith("delivery.dsn-") and _text(event.fields, "hostname") not in ("localhost", ""):
        repeated = event.name != "delivery.dsn-perm-fail" or _ANSWERED.search(_text(event.fields, "details"))
        if repeated:
            return ()
    return _deliveries(event, _recipients(event.fields))


def _deliveries(event: _Event, recipients: list[str]) -> list[Delivery]:
    fields, to = event.fields, event.fields.get("to")
    told = [to] if isinstance(to, str) else _recipients(fields) or recipients
    reply = _reply(event)
    kind = _KINDS[event.name] or kind_of(reply)
    if event.name == "delivery.null-mx":
        domain = f"@{_text(fields, 'domain')}".lower()
        told = [r for r in told if r.lower().endswith(domain)] if len(domain) > 1 else told
    return [_delivery(event, recipient, kind, reply) for recipient in told]


def _delivery(event: _Event, recipient: str, kind: Kind, reply: Reply) -> Delivery:
    fields = event.fields
    host = _text(fields, "hostname")
    return Delivery(
        source=event.source,
        kind=kind,
        time=event.time,
        sender=_sender(fields),
        recipient=recipient,
        queue_id=_queue_id(fields),
        reporting_mta=event.host,
        remote_mta="" if host == "localhost" else host,
        remote_ip=_text(fields, "remoteIp"),
        local_ip=_text(fields, "localIp"),
        size=_number(fields, "size"),
        phase=_PHASES.get(event.name),
        status=str(reply.enhanced or ""),
        reply=reply,
    )


def _refused(event: _Event) -> Delivery:
    """What Stalwart's own server refused."""
    to = event.fields.get("to")
    return Delivery(
        source=event.source,
        kind=Kind.REJECTED,
        time=event.time,
        sender=_sender(event.fields),
        recipient=to if isinstance(to, str) else "",
        reporting_mta=event.host,
        remote_ip=_text(event.fields, "remoteIp"),
        phase=Phase.RCPT,
        reply=words_of(_REFUSED[event.name]),
    )


def _reply(event: _Event) -> Reply:
    """The reply in an event or in the one that caused it, else what the event says."""
    fields = event.fields
    cause = fields.get("causedBy")
    within: Fields = cause if isinstance(cause, dict) else {}
    if isinstance(within.get("data"), dict):
        within = within["data"]
    code = _number(fields, "code") or _number(within, "code")
    words = _text(fields, "details") or _text(fields, "reason")
    if within:
        reason = _text(within, "reason")
        words = reason if code else ": ".join(w for w in (_text(within, "details"), reason) if w) or words
    answer = _ANSWER.search(words)
    if answer:
        return reply_of(f"{answer[1]} {answer[3]}", answer[2])
    if code and 200 <= code <= 599:
        return reply_of(f"{code} {words}".replace("\r\n", "\\n").replace("\n", "\\n").rstrip())
    return words_of(
        words or ("" if event.name in _KINDS and _KINDS[event.name] is Kind.DELIVERED else event.words)
    )


def fields_of(text: str, at: int) -> dict[str, Any]:
    """The fields of a line, ``key = value`` with commas between; a key that comes twice has its last value.

    Args:
        text: the line.
        at: where its fields begin.
    """
    fields, _ = _fields(text, at, 0)
    return fields


def _fields(text: str, at: int, level: int) -> tuple[dict[str, Any], int]:
    fields: dict[str, Any] = {}
    while found := _KEY.match(text, at):
        value, at = _value(text, found.end(), level)
        earlier = fields.get(found[1])
        if isinstance(earlier, list) and isinstance(value, str):
            fields["recipients"] = earlier
        fields[found[1]] = value
    return fields, at


def _value(text: str, at: int, level: int) -> tuple[Any, int]:
    if text.startswith('"', at):
        found = _STRING.match(text, at)
        return (_plain(found[1]), found.end()) if found else (text[at + 1 :], len(text))
    if text.startswith("[", at):
        items: list[Any] = []
        at += 1
        while at < len(text) and text[at] != "]":
            item, after = _value(text, at, level + 1) if level < 3 else ("", len(text))
            at = after + 2 if text.startswith(", ", after) else max(after, at + (after == at))
            if len(items) < MAX_RECIPIENTS:
                items.append(item)
        return items, at + 1
    bare = _BARE.match(text, at)
    end = bare.end() if bare else at
    value = text[at:end].strip()
    if text.startswith("{ ", end) and level < 3:
        inner, end = _fields(text, end + 1, level + 1)
        end += 2 if text.startswith(" }", end) else 0
        return inner, end
    return value, end


def _plain(text: str) -> str:
    """A string without its escapes, as Rust writes them."""
    if "\\" not in text:
        return text

    def sign(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) == 1:
            return _SIGNS.get(escape, escape)
        number = int(escape[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else ""

    return _ESCAPE.sub(sign, text)


def _recipients(fields: Fields) -> list[str]:
    for name in ("recipients", "to"):
        value = fields.get(name)
        if isinstance(value, list):
            return [item for item in value if isinstance(item, str)][:MAX_RECIPIENTS]
    return []


def _sender(fields: Fields) -> str | None:
    sender = fields.get("from")
    if not isinstance(sender, str):
        return None
    return "" if sender == "<>" else sender


def _queue_id(fields: Fields) -> str:
    value = fields.get("queueId")
    return str(value) if isinstance(value, str | int) else ""


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
