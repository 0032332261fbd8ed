"""Microsoft Exchange: message tracking logs, one row an event.

Rows (``#Fields``, commas)::

    2026-11-24T10:00:00.949Z,192.0.2.5,EX01,198.51.100.7,mx.example.net,08DE0001;250 2.6.0 ... Queued
        mail for
        delivery;ClientSubmitTime:,Internet,SMTP,SEND,70912345566403,<1@example.com>,...,bob@example.net,
        250 2.1.5 Recipient OK,7229,1,,,Subject,ann@example.com,ann@example.com,...

A FAIL whose last error is a temporary one is a message whose time in the queue ran out.

``SEND`` (handed to another server) and ``DELIVER`` (laid into a mailbox) are delivered, ``FAIL`` and
``BADMAIL`` bounced or expired, ``DEFER`` deferred; all other events (RECEIVE, SUBMIT, EXPAND, RESOLVE,
REDIRECT, TRANSFER, DSN, DUPLICATEDELIVER, HARECEIVE, HAREDIRECT, AGENTINFO, POISONMESSAGE, ...) tell of no
delivery. ``recipient-address`` and ``recipient-status`` are lists with ``;`` between their members; a
status is a reply (``550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found``, which holds a ``;``
itself) or ``[{LED=550 5.1.1 ...};{MSG=};{FQDN=mx.example.net};{IP=198.51.100.7};{LRT=...}]``: the last
error, and who said it. In SEND, and in DEFER and FAIL of an attempt over SMTP, ``client-hostname`` is this
server and ``server-hostname`` the other one; in the other events ``server-hostname`` is this server.
``return-path`` is the reverse-path, and ``sender-address`` what the header's From says.

The same columns stand in ``Get-MessageTrackingLog | Export-Csv`` (``EventId``, ``RecipientStatus``, ...),
in the CSV of a historical search of Microsoft 365 with details (``event_id``, ``recipient_status``, ...),
and in the JSON that shippers of logs make of a row.

Source: Exchange 2007 to 2019 and Subscription Edition, "Message tracking" and "Message trace" in
Microsoft's documentation; ``MessageTrackingLog`` in Microsoft.Exchange.Transport 15.0 (which columns each
event fills)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import (
    address_of,
    has_all,
    is_expired,
    number_of,
    peer_of,
    plain_object,
    plain_row,
    time_of,
)
from bouncewise.reading.logs.replies import NO_REPLY, reply_of, words_of
from bouncewise.reply.model import Reply

MAX_RECIPIENTS = 5000  # of one row
_WANTED = frozenset(("eventid", "recipientstatus", "internalmessageid", "messageid"))
_KINDS = {
    "SEND": Kind.DELIVERED,
    "SENDEXTERNAL": Kind.DELIVERED,
    "DELIVER": Kind.DELIVERED,
    "DEFER": Kind.DEFERRED,
    "FAIL": Kind.BOUNCED,
    "BADMAIL": Kind.BOUNCED,
}
_NEXT_STATUS = re.compile(r";(?=\s{0,4}(?:[245]\d\d[ -]|\[\{[A-Z]{2,5}=))")
_LED = re.compile(r"\{LED=(.*?)\}(?=;\s{0,4}\{|\]|$)", re.DOTALL)
_FQDN = re.compile(r"\{FQDN=([^{}]{1,255})\}|\[LastAttemptedServerName=([^\[\]]{1,255})\]")
_IP = re.compile(r"\{IP=([^{}]{1,60})\}|\[LastAttemptedIP=([^\[\]]{0,60}?)(?::\d{1,5})?\]")
_GLUED = re.compile(r"[245]\d\d ([245]\.\d\.\d{1,3})(?=[A-Za-z])")  # 250 2.1.5Recipient OK
_CODE = re.compile(r"[245]\d\d(?:[ -]|$)")
_IN_CONTEXT = re.compile(r"(?:^|;)\s{0,4}([245]\d\d[ -].*?)(?:;ClientSubmitTime:[^;]*)?$", re.DOTALL)
_LATENCY = re.compile(r"(?:^|;)S:E2ELatency=(\d{1,9}(?:\.\d{1,6})?)")
_BADMAIL = re.compile(r"(?:^|;)S:BadmailReason=([^;]{1,400})")


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of message tracking."""
    return has_all(columns, _WANTED)


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The deliveries of a row."""
    return _read(plain_row(row), source)


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a row of message tracking."""
    return ("event-id" in record or "EventId" in record or "event_id" in record) and has_all(record, _WANTED)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of an object that holds a row."""
    return _read(plain_object(record), source)


class _Status(msgspec.Struct, frozen=True):
    """What is told of one recipient."""

    reply: Reply
    host: str = ""
    ip: str = ""
    expired: bool = False


def _read(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    kind = _KINDS.get(row.get("eventid", "").upper())
    if kind is None:
        return ()
    recipients = _recipients(row.get("recipientaddress") or row.get("recipients") or "")
    texts = _statuses(row.get("recipientstatus", ""), len(recipients))
    if not recipients:
        if kind is Kind.DELIVERED or not row.get(
            "messageid"
        ):  # a command was refused before there was a mail
            return ()
        recipients = [""]
    base = _base(row, source)
    return [
        _delivery(base, kind, recipient, _status(text, row, kind))
        for recipient, text in zip(recipients, texts, strict=False)
    ]


def _base(row: Mapping[str, str], source: Source) -> Delivery:
    """What is the same for all recipients of a row."""
    client, server = row.get("clienthostname", ""), row.get("serverhostname", "")
    ours = bool(client) or row.get("eventid", "").upper() == "DELIVER"  # else the server's name is our own
    local_ip = row.get("clientip", "") if ours else ""
    latency = _LATENCY.search(row.get("customdata", "") or row.get("eventdata", ""))
    return Delivery(
        source=source,
        kind=Kind.DELIVERED,
        time=time_of(_time(row)),
        sender=_sender(row),
        message_id=row.get("messageid", "").removeprefix("<").removesuffix(">"),
        queue_id=row.get("internalmessageid", ""),
        reporting_mta=client if ours else server,
        remote_mta=server if ours else "",
        remote_ip=peer_of(row.get("serverip", "")) if ours else "",
        local_ip=peer_of(local_ip),
        client=row.get("originalclientip", ""),
        size=number_of(row.get("totalbytes")),
        queue_age=float(latency[1]) if latency else None,
    )


def _time(row: Mapping[str, str]) -> str:
    for name in ("datetime", "datetimeutc", "timestamp", "date"):
        if row.get(name):
            return row[name]
    return ""


def _sender(row: Mapping[str, str]) -> str | None:
    """The reverse-path; the header's sender where the row has no column for it."""
    text = row.get("returnpath") or row.get("senderaddress") or row.get("sender") or ""
    return address_of(text) if text else None


def _delivery(base: Delivery, kind: Kind, recipient: str, status: _Status) -> Delivery:
    return msgspec.structs.replace(
        base,
        kind=Kind.EXPIRED if kind is Kind.BOUNCED and _is_given_up(status) else kind,
        recipient=recipient,
        remote_mta=status.host or base.remote_mta,
        remote_ip=status.ip or base.remote_ip,
        status=str(status.reply.enhanced or ""),
        reply=status.reply,
    )


def _is_given_up(status: _Status) -> bool:
    """Whether a failure is no refusal, but the end of many tries: its last error is one to try again."""
    return status.expired or bool(status.reply.code and status.reply.code // 100 == 4)


def _recipients(text: str) -> list[str]:
    if text.startswith("System."):  # Export-Csv wrote the name of the list's type
        return [""]
    text = text.removeprefix("{").removesuffix("}")
    parts = text.split(";") if ";" in text or "," not in text or '"' in text else text.split(",")
    return [address for part in parts[:MAX_RECIPIENTS] if (address := address_of(part))]


def _statuses(text: str, count: int) -> list[str]:
    """The status of each recipient, in their order.

    Args:
        text: all of them, joined by ``;``, which may also stand in a status.
        count: of the recipients.
    """
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    if text.startswith("System."):
        text = ""
    if count <= 1:
        return [text]
    parts = text.split(";")
    if len(parts) != count:
        parts = _NEXT_STATUS.split(text)
    return (parts + [parts[-1]] * (count - len(parts)))[:count]


def _status(text: str, row: Mapping[str, str], kind: Kind) -> _Status:
    text = " ".join(text.split())
    last = _LED.search(text)
    if last is not None or text.startswith("[{"):
        said = last[1] if last else ""
        return _Status(_reply(said), _first(_FQDN, text), peer_of(_first(_IP, text)), is_expired(said))
    if _CODE.match(text):
        return _Status(_reply(text), _first(_FQDN, text), peer_of(_first(_IP, text)), is_expired(text))
    context = _IN_CONTEXT.search(" ".join(row.get("sourcecontext", "").split()))
    if context is not None:
        return _Status(_reply(context[1]), expired=is_expired(context[1]))
    if kind is Kind.DELIVERED:  # a folder's name may stand here
        return _Status(NO_REPLY)
    reason = _BADMAIL.search(row.get("customdata", "")) if not text else None
    words = text or (reason[1] if reason else row.get("sourcecontext", ""))
    return _Status(words_of(words), expired=is_expired(words))


def _reply(text: str) -> Reply:
    if not _CODE.match(text):
        return words_of(text)
    glued = _GLUED.match(text)
    return reply_of(text, glued[1] if glued else "")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return next((group for group in found.groups() if group), "") if found else ""
