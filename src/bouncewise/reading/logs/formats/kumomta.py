"""KumoMTA: the records of its log, one JSON object each.

A record::

    {"type": "Bounce", "id": "1d98...", "sender": "a@example.org", "recipient": "bob@example.com", "queue":
        "example.com",
     "site": "(mx1|mx2).example.com", "size": 1047, "response": {"code": 550, "enhanced_code": {"class": 5,
     "subject": 1,
     "detail": 1}, "content": "no such user", "command": "RCPT TO:<bob@example.com>"}, "peer_address":
     {"name":
     "mx1.example.com.", "addr": "192.0.2.1"}, "timestamp": 1757675281, "created": 1757675281,
     "num_attempts": 0, ...}

Delivery, Bounce, AdminBounce, TransientFailure, Delayed, Expiration, OOB (a bounce mail that came in),
Feedback (a complaint) and Rejection (what KumoMTA refused) are read; Reception and the moves between
queues and nodes tell of no delivery. ``recipient`` is a list where several recipients share a
transaction. ``KumoMTA internal: `` opens what KumoMTA says itself. The log's segments are zstd files of
such lines; log hooks and web hooks hand on the same records.

Sources: kumomta's ``crates/kumo-log-types`` (2023 to 2025) and ``docs/reference/log_record.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Returned, Source
from bouncewise.reading.logs.replies import MAX_WORDS, words_of
from bouncewise.reading.logs.times import epoch, iso
from bouncewise.reply.model import EnhancedCode, Phase, Reply
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import phase_of, with_status

_KINDS = {
    "Delivery": Kind.DELIVERED,
    "Bounce": Kind.BOUNCED,
    "AdminBounce": Kind.BOUNCED,
    "OOB": Kind.BOUNCED,
    "TransientFailure": Kind.DEFERRED,
    "Delayed": Kind.DEFERRED,
    "Delay": Kind.DEFERRED,
    "Expiration": Kind.EXPIRED,
    "Rejection": Kind.REJECTED,
    "Feedback": Kind.COMPLAINT,
}
_OTHERS = frozenset(
    ("Reception", "AdminRebind", "DeferredInjectionRebind", "XferOut", "XferIn", "Defer", "Deferral", "Any")
)
_SIGNS = ("bounce_classification", "egress_source", "egress_pool", "queue", "site", "nodeid", "num_attempts")
_INTERNAL = "KumoMTA internal: "
_TRIED = frozenset(("Delivery", "Bounce", "TransientFailure"))
_MESSAGE_ID = ("Message-ID", "Message-Id", "message-id", "message_id")
_PORT = re.compile(r"^\[?(.*?)\]?:\d{1,5}$")


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a record of KumoMTA's log."""
    kind = record.get("type")
    if not isinstance(kind, str) or (kind not in _KINDS and kind not in _OTHERS):
        return False
    return "recipient" in record and sum(name in record for name in _SIGNS) > 1


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of a record, one for each recipient."""
    kind = _KINDS.get(record["type"])
    if kind is None:
        return ()
    if kind is Kind.COMPLAINT:
        return _complaint(record, source)
    response = _inside(record, "response")
    reply = _reply(response)
    peer, own = _inside(record, "peer_address"), record.get("source_address")
    age, tried = _age(record), _number(record.get("num_attempts"))
    recipients = record["recipient"] if isinstance(record["recipient"], list) else [record["recipient"]]
    return [
        Delivery(
            source=source,
            kind=kind,
            time=_time(record),
            sender=_sender(record),
            recipient=_text(recipient),
            message_id=_header(record, _MESSAGE_ID).strip(" <>"),
            queue_id=_text(record.get("id")),
            remote_mta=_text(peer.get("name")).rstrip("."),
            remote_ip=_text(peer.get("addr")),
            local_ip=_without_port(own.get("address") if isinstance(own, dict) else own),
            size=_number(record.get("size")),
            queue_age=age if kind is not Kind.REJECTED else None,
            attempts=None if tried is None else tried + (record["type"] in _TRIED) or None,
            phase=_phase(response, reply),
            status=str(reply.enhanced or ""),
            returned=_returned(record),
            reply=reply,
        )
        for recipient in recipients
    ]


def _reply(response: Mapping[str, Any]) -> Reply:
    code, words = response.get("code"), _text(response.get("content"))[:MAX_WORDS]
    status = _status(response.get("enhanced_code"))
    words = words.removeprefix(_INTERNAL)
    if not isinstance(code, int) or not 200 <= code <= 599:
        return words_of(words, status)
    if "\n" in words or "\r" in words:
        lines = tuple(line.strip() for line in words.splitlines())
        return with_status(Reply(code, None, lines), status)
    parsed = parse_reply(f"{code} {words}".rstrip())
    return with_status(parsed, status)


def _status(parts: Any) -> str:
    if not isinstance(parts, dict):
        return ""
    text = ".".join(str(parts.get(name))[:9] for name in ("class", "subject", "detail"))
    try:
        return str(EnhancedCode.parse(text))
    except ValueError:
        return ""


def _phase(response: Mapping[str, Any], reply: Reply) -> Phase | None:
    command = _text(response.get("command")).strip()
    if command == ".":
        return Phase.MESSAGE
    if command:
        return phase_of(command.split("<", 1)[0])
    connecting = reply.text[:200].startswith(("failed to connect", "connect"))
    return Phase.CONNECT if connecting and _text(response.get("content")).startswith(_INTERNAL) else None


def _complaint(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    report = _inside(record, "feedback_report")
    trace, mta = _inside(report, "supplemental_trace"), report.get("reporting_mta")
    told = [_text(trace.get("recipient"))] if trace.get("recipient") else _texts(report, "original_rcpto_to")
    sender = report.get("original_mail_from")
    return [
        Delivery(
            source=source,
            kind=Kind.COMPLAINT,
            time=_time(record),
            sender=sender.strip(" <>") if isinstance(sender, str) else None,
            recipient=recipient.strip(" <>"),
            queue_id=_text(record.get("id")),
            reporting_mta=_text(mta.get("name")) if isinstance(mta, dict) else _text(mta),
            local_ip=_text(report.get("source_ip")),
            feedback_type=_text(report.get("feedback_type")),
        )
        for recipient in told or [""]
    ]


def _returned(record: Mapping[str, Any]) -> Returned | None:
    subject, sender = _header(record, ("Subject", "subject")), _header(record, ("From", "from"))
    return Returned(subject=subject, sender=sender) if subject or sender else None


def _header(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    headers = _inside(record, "headers")
    for name in names:
        value = headers.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            return value
    return ""


def _time(record: Mapping[str, Any]) -> str:
    event = record.get("event_time")
    return (iso(event) if isinstance(event, str) else "") or epoch(_number(record.get("timestamp")))


def _sender(record: Mapping[str, Any]) -> str | None:
    sender = record.get("sender")
    return sender.strip("<>") if isinstance(sender, str) else None


def _age(record: Mapping[str, Any]) -> float | None:
    created, now = _number(record.get("created")), _number(record.get("timestamp"))
    if created is None or now is None or not 0 <= now - created < 10**9:
        return None
    return float(now - created)


def _without_port(address: Any) -> str:
    text = _text(address)
    found = _PORT.match(text) if text.count(":") == 1 or text[:1] == "[" else None
    return found[1] if found else text


def _inside(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(record: Mapping[str, Any], name: str) -> list[str]:
    value = record.get(name)
    return [item for item in value if isinstance(item, str)][:1000] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None
