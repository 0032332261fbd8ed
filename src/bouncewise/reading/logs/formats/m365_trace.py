"""Microsoft 365: message trace, one row a message and recipient.

``Get-MessageTrace`` and ``Get-MessageTraceV2`` by ``Export-Csv``, the CSV of the admin centre, the
Reporting web service and Graph (JSON)::

    Received,SenderAddress,RecipientAddress,Subject,Status,ToIP,FromIP,Size,MessageId,MessageTraceId
    11/24/2026 10:00:00
        AM,ann@example.com,bob@example.net,Offer,Delivered,198.51.100.7,192.0.2.5,7229,<1@example.com>,...
    {"SenderAddress": "ann@example.com", "RecipientAddress": "bob@example.net", "Status": "Failed",
        "Received": "/Date(1658751973240)/", "MessageTraceId": "3b4f...", ...}

Status is Delivered, Failed (bounced), Pending (deferred), Quarantined and FilteredAsSpam (both rejected:
our own filter kept the message from its recipient); Expanded, Resolved, GettingStatus and None tell of no
delivery. A trace tells no reply.

The enhanced summary has a list of recipients with what happened to each (``recipient_status``:
``bob@example.net##Receive, Send;carol@example.net##Receive, Fail``); ``Get-MessageTraceDetail`` has an
event a row, whose ``Detail`` holds the reply (``Reason: [{LED=550 5.1.1 ...};{FQDN=...};{IP=...}]``). The
report with details of a historical search is read as Exchange's message tracking, whose columns it has.

Source: "Message trace" and ``Get-MessageTrace`` in Microsoft's documentation; the Office 365 Reporting web
service (MessageTrace); Microsoft Graph ``exchangeMessageTrace``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import (
    address_of,
    is_expired,
    number_of,
    peer_of,
    plain_name,
    plain_object,
    plain_row,
    time_of,
)
from bouncewise.reading.logs.replies import NO_REPLY, reply_of, words_of
from bouncewise.reply.model import Reply

MAX_RECIPIENTS = 5000  # of one row
_STATUSES = {
    "delivered": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "pending": Kind.DEFERRED,
    "quarantined": Kind.REJECTED,
    "filteredasspam": Kind.REJECTED,
}
_EVENTS = {
    "deliver": Kind.DELIVERED,
    "delivered": Kind.DELIVERED,
    "send": Kind.DELIVERED,
    "sendexternal": Kind.DELIVERED,
    "fail": Kind.BOUNCED,
    "failed": Kind.BOUNCED,
    "drop": Kind.BOUNCED,
    "defer": Kind.DEFERRED,
    "quarantine": Kind.REJECTED,
    "quarantined": Kind.REJECTED,
    "filteredasspam": Kind.REJECTED,
}
_SENDERS = ("senderaddress", "sender")
_RECIPIENTS = ("recipientaddress", "recipient")
_TIMES = ("received", "receiveddatetime", "origintimestamputc", "origintimestamp", "datetimeutc", "datetime")
_SUMMARY = frozenset(("senderaddress", "recipientstatus"))
_DETAIL = frozenset(("messagetraceid", "event", "detail"))
_LED = re.compile(r"\{LED=(.*?)\}(?=;\s{0,4}\{|\]|$)", re.DOTALL)
_SAID = re.compile(r"(?<![\w.])[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}.*", re.DOTALL)
_FQDN = re.compile(r"\{FQDN=([^{}]{1,255})\}|\[LastAttemptedServerName=([^\[\]]{1,255})\]")
_IP = re.compile(r"\{IP=([^{}]{1,60})\}|\[LastAttemptedIP=([^\[\]]{0,60}?)(?::\d{1,5})?\]")


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of a message trace."""
    return _is_trace({plain_name(name) for name in columns})


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The deliveries of a row."""
    return _read(plain_row(row), source)


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is of a message trace."""
    names = {plain_name(name) for name in record}
    return {"senderaddress", "recipientaddress", "status"} <= names or names >= _DETAIL


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of an object."""
    return _read(plain_object(record), source)


def _is_trace(names: set[str]) -> bool:
    if names >= _DETAIL or (names >= _SUMMARY and "eventid" not in names):
        return True
    known = "status" in names and not names.isdisjoint(_SENDERS) and not names.isdisjoint(_RECIPIENTS)
    dated = not names.isdisjoint(_TIMES) or any(name.startswith("date") for name in names)
    return known and dated and ("subject" in names or "messagesubject" in names or "messagetraceid" in names)


def _read(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    if "status" in row:
        kind = _STATUSES.get(plain_name(row["status"]))
        recipients = [_first(row, _RECIPIENTS)]
        return [_delivery(row, source, kind, recipient) for recipient in recipients] if kind else ()
    if "event" in row:
        return _detail(row, source)
    return _summary(row, source)


def _summary(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """A row for all recipients; what happened last to each tells what became of it."""
    for part in row.get("recipientstatus", "").split(";")[:MAX_RECIPIENTS]:
        recipient, sign, events = part.partition("##")
        kind = _EVENTS.get(plain_name(events.rpartition(",")[2])) if sign else None
        if kind is not None:
            yield _delivery(row, source, kind, recipient)


def _detail(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    kind = _EVENTS.get(plain_name(row["event"]))
    if kind is None:
        return ()
    detail = " ".join(row.get("detail", "").split())
    last = _LED.search(detail) or _SAID.search(detail)
    if last is not None:
        text = last[1] if last.re is _LED else last[0]
        reply = reply_of(text) if text[:3].isdigit() else words_of(text)
    else:
        reply = words_of(detail.removeprefix("Reason: ")) if kind is not Kind.DELIVERED else NO_REPLY
    if kind is Kind.BOUNCED and (is_expired(detail) or (reply.code or 0) // 100 == 4):
        kind = Kind.EXPIRED
    host, address = _FQDN.search(detail), _IP.search(detail)
    return (
        msgspec.structs.replace(
            _delivery(row, source, kind, _first(row, _RECIPIENTS), reply),
            remote_mta=(host[1] or host[2]) if host else "",
            remote_ip=peer_of(address[1] or address[2] or "") if address else "",
        ),
    )


def _delivery(
    row: Mapping[str, str], source: Source, kind: Kind, recipient: str, reply: Reply = NO_REPLY
) -> Delivery:
    sender = _first(row, _SENDERS)
    return Delivery(
        source=source,
        kind=kind,
        time=_time(row),
        sender=address_of(sender) if sender else None,
        recipient=address_of(recipient),
        message_id=row.get("messageid", "").removeprefix("<").removesuffix(">"),
        queue_id=_first(row, ("messagetraceid", "networkmessageid", "id")),
        remote_ip=row.get("toip", ""),
        client=row.get("fromip") or row.get("originalclientip", ""),
        size=number_of(row.get("size") or row.get("totalbytes")),
        status=str(reply.enhanced or ""),
        reply=reply,
    )


def _time(row: Mapping[str, str]) -> str:
    told = _first(row, _TIMES) or next((v for name, v in row.items() if name.startswith("date")), "")
    return time_of(told)


def _first(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
