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
What its server refused (``smtp.mailbox-does-not-exist``, ``smtp.relay-not-allowed``,
``smtp.mail-from-not-allowed``, ``smtp.message-too-large``, ``milter.action-reject``, ...) has no reply in the
log; who the sender and the recipients were is told by the client's earlier commands, which share its address
and port. Checks of SPF, DKIM and DMARC are logged alike whether they refuse or not.

Source: Stalwart 0.9 to 0.15, ``crates/trc/src/serializers``, ``crates/smtp/src/outbound``,
``crates/smtp/src/inbound``, ``crates/smtp/src/queue/dsn.rs``; issues 777 and 1099 of its repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import kind_of
from bouncewise.reading.logs.formats.stalwart_fields import fields_of
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Phase, Reply

PROGRAMS = ("stalwart", "stalwart-mail", "stalwart-smtp")
MAX_RECIPIENTS = 1000
_ANSI = re.compile(r"\x1b\[[\d;]{0,12}m")
_EVENT = re.compile(
    r"(?:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) )?(?:ERROR|WARN|INFO|DEBUG|TRACE) ([^()]{1,120}) "
    r"\(((?:delivery|smtp|milter|mta-hook)\.[a-z0-9-]{1,60})\)(?: |$)",
    re.ASCII,
)
_RECOGNISED = re.compile(
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z )?(?:ERROR|WARN|INFO|DEBUG|TRACE) [^()]{1,120} "
    r"\([a-z]{1,20}(?:-[a-z]{1,20}){0,4}\.[a-z0-9-]{1,60}\)(?: [a-zA-Z]{1,40} = |$)",
    re.ASCII,
)
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
    "smtp.mailbox-does-not-exist": ("Mailbox does not exist", Phase.RCPT),
    "smtp.relay-not-allowed": ("Relay not allowed", Phase.RCPT),
    "smtp.rcpt-to-greylisted": ("Greylisted", Phase.RCPT),
    "smtp.too-many-recipients": ("Too many recipients", Phase.RCPT),
    "smtp.mail-from-not-allowed": ("Sender address not allowed", Phase.MAIL),
    "smtp.mail-from-unauthorized": ("MAIL FROM unauthorized", Phase.MAIL),
    "smtp.rate-limit-exceeded": ("Rate limit exceeded", None),
    "smtp.message-too-large": ("Message too large", Phase.MESSAGE),
    "smtp.message-parse-failed": ("Message parsing failed", Phase.MESSAGE),
    "smtp.loop-detected": ("Mail loop detected", Phase.MESSAGE),
    "milter.action-reject": ("Milter action: Reject", None),
    "milter.action-temp-fail": ("Milter action: Temporary failure", None),
    "mta-hook.action-reject": ("MTA hook action: Reject", None),
}
# commands of a client, and how it comes and goes
_COMMANDS = {"smtp.connection-start", "smtp.ehlo", "smtp.mail-from", "smtp.rcpt-to", "smtp.connection-end"}
_TRIED = {*_KINDS, *_REASONS, "delivery.attempt-start", "delivery.attempt-end"}
_WANTED = {*_TRIED, *_REFUSED, *_COMMANDS}
Fields = Mapping[str, Any]


class _Attempt(msgspec.Struct):
    """One attempt to deliver a message: who was told of, and what went wrong."""

    recipients: list[str]
    told: set[str] = msgspec.field(default_factory=set)
    reason: Delivery | None = None


class _Client(msgspec.Struct):
    """What a client of Stalwart's server has said."""

    name: str = ""
    sender: str | None = None
    recipients: list[str] = msgspec.field(default_factory=list)


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
        self._clients: Joins[_Client] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = _ANSI.sub("", line.message) if "\x1b" in line.message else line.message
        found = _EVENT.match(message)
        if found is None or found[3] not in _WANTED:
            return ()
        time = iso(found[1]) if found[1] else line.time
        event = _Event(found[3], fields_of(message, found.end()), line.source, time, found[2], line.host)
        if event.name not in _TRIED:
            return self._inbound(event)
        key = _queue_id(event.fields)
        attempt = None if event.name == "delivery.attempt-start" else self._attempts.get(key)
        if attempt is None:
            attempt = _Attempt(_recipients(event.fields))
            self._attempts.put(key, attempt)
        if event.name == "delivery.attempt-end":
            self._attempts.drop(key)
        return _told(event, attempt)

    def _inbound(self, event: _Event) -> Iterable[Delivery]:
        """What a client says, or is refused."""
        fields = event.fields
        key = f"{_text(fields, 'remoteIp')} {_text(fields, 'remotePort')}"
        client = self._clients.get(key) or _Client()
        if event.name in _REFUSED:
            return _refused(event, client)
        if key == " ":  # what was submitted over JMAP has no client, nor anything else to tell it by
            return ()
        if event.name in ("smtp.connection-start", "smtp.connection-end"):
            self._clients.drop(key)
            return ()
        if event.name == "smtp.ehlo":
            client.name = _text(fields, "domain")
        elif event.name == "smtp.mail-from":
            client.sender, client.recipients = _sender(fields), []
        elif len(client.recipients) < MAX_RECIPIENTS and isinstance(fields.get("to"), str):
            client.recipients.append(fields["to"])
        self._clients.put(key, client)
        return ()


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
        return _refused(event, _Client())
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


def _refused(event: _Event, client: _Client) -> list[Delivery]:
    """What Stalwart's own server refused: a sender, a recipient, or a message with all of them."""
    words, phase = _REFUSED[event.name]
    sender, to = _sender(event.fields), event.fields.get("to")
    if event.name == "smtp.rate-limit-exceeded":
        if sender is None and not isinstance(to, str):
            return []  # a line with what was limited follows
        phase = Phase.RCPT if isinstance(to, str) else Phase.MAIL
    told = [to] if isinstance(to, str) else client.recipients if phase in (None, Phase.MESSAGE) else []
    return [
        Delivery(
            source=event.source,
            kind=Kind.REJECTED,
            time=event.time,
            sender=client.sender if sender is None else sender,
            recipient=recipient,
            reporting_mta=event.host,
            remote_mta=client.name,
            remote_ip=_text(event.fields, "remoteIp"),
            size=_number(event.fields, "size"),
            phase=phase,
            reply=words_of(words),
        )
        for recipient in told or [""]
    ]


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
