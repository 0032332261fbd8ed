"""Haraka: outbound deliveries and what its server refused, in its three formats.

Lines are ``[level] [uuid] [origin] message``, logfmt, or JSON, with or without a time in front::

    2026-11-23T17:33:52.541Z [NOTICE] [49FDC78C-...96.1.1] [outbound]  delivered file=1795455231755_..._vm
        domain=example.com host=mx.example.com ip=192.0.2.10 port=25 mode=SMTP tls=N auth=N
        response="Ok: queued as 4Xyz" delay=0.787 fails=0 rcpts=1/0/0
    [NOTICE] [...1.1] [outbound] recipient <b@example.com> deferred: 450 4.2.0 Greylisted      (or rejected)
    [INFO] [...1.1] [outbound] Temp failing 1795..._vm for 60 seconds: Upstream error: 421 4.7.0 busy
    [INFO] [...1.1] [outbound] bouncing mail: 554 5.7.1 Spam message rejected
    [INFO] [...1.1] [outbound] bouncing mail: Too many failures (DNS lookup failure: ...)
    level=NOTICE uuid=...1.1 origin=outbound message="recipient <b@example.com> rejected: 550 5.1.1 who?"
    {"level":"NOTICE","uuid":"...1.1","origin":"outbound","message":"","delivered file":"...","host":"..."}

``Some recipients ...`` repeats what was told of each. A mail's id is its connection's and a number, that of a
delivery one number more, which counts the domains of the mail. Sender, recipients and Message-ID are told by
``[core] sender <...>``, ``recipient <...>`` and ``message mid=``; with ``code=DENY`` these are refusals, as
are ``queue code=DENY`` and a ``retval=DENY`` of the hooks before MAIL. JSON objects are read one by one, so
that those of deliveries lack what other objects told.

Source: Haraka 2.5 to 3.3, ``outbound/hmail.js``, ``outbound/index.js``, ``connection.js``, ``logger.js``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import iso
from bouncewise.reply.model import Phase, Reply

PROGRAMS = ("haraka",)
MAX_RECIPIENTS = 1000  # of a mail that are kept
_LEVELS = ("DATA", "PROTOCOL", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRIT", "ALERT", "EMERG")
_TIME = r"(?:(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)\s{1,4})?"
_UUID = r"([0-9A-Fa-f-]{36}(?:\.\d{1,6}){0,3}|-)"
_LINE = re.compile(
    rf"(?:\x1b\[\d{{1,2}}m)?{_TIME}(?:\x1b\[\d{{1,2}}m)?\[({'|'.join(_LEVELS)})\] \[{_UUID}\] "
    r"\[([\w/.:-]{1,64})\] (.*)$",
    re.DOTALL,
)
_START = re.compile(
    rf"{_TIME}(?:loglevel: [A-Z]{{4,8}}$|log format: [A-Z]{{4,8}}$|Starting up Haraka |Using iconv-lite only)"
)
_LOGFMT = re.compile(rf"{_TIME}(?=level=(?:{'|'.join(_LEVELS)}) )")
_JSON = re.compile(rf'{_TIME}(?=\{{"level":"(?:{"|".join(_LEVELS)})",)')
_PAIR = re.compile(r'(delivered file|[\w.-]{1,64})=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
_RECIPIENT = re.compile(r"recipient (<.{0,1000}?>) (deferred|rejected): (.*)$", re.DOTALL)
_TEMP_FAIL = re.compile(
    r"Temp failing \d{1,16}_\d{1,16}_(\d{1,6})_\S{1,300} for \S{1,20} seconds: (.*)$", re.DOTALL
)
_OLD_TEMP_FAIL = re.compile(
    r"Temp failing (?:\d{1,16}_(\d{1,6})_)?\S{1,300} for \S{1,20} seconds: (.*)$", re.DOTALL
)
_BOUNCING = re.compile(r"bouncing mail: (.*)$", re.DOTALL)
_TOO_MANY = re.compile(r"Too many failures \((.*?)\)?$", re.DOTALL)
_CORE = re.compile(r"(sender|recipient) (<.{0,1000}?>) (?=code=)")
_TRYING = re.compile(r"Attempting to deliver to: (\S{1,255}?):\d{1,5}(?: |$)")
_HOOK = re.compile(r" ?hook=(connect_init|lookup_rdns|connect|helo|ehlo|data) ")
_PATHS = re.compile(r"<([^<>]{1,1000})>")
_SOME = ("Some recipients temp failed", "Some recipients failed", "Some recipients temporarily failed")
_PHASES = {"helo": Phase.EHLO, "ehlo": Phase.EHLO, "data": Phase.DATA}


class _Mail(msgspec.Struct):
    """What ``[core]`` told of a mail."""

    sender: str | None = None
    message_id: str = ""
    client: str = ""
    size: int | None = None
    recipients: list[str] = msgspec.field(default_factory=list)


class _Item(msgspec.Struct):
    """A delivery in the queue: who waits for it, who was put off in this attempt, and where it went.

    ``over`` is an attempt that was said to have failed; its ``delivered`` line may still come.
    """

    waiting: list[str]
    put_off: set[str] = msgspec.field(default_factory=set)
    over: bool = False
    peer: str = ""


class _Event(msgspec.Struct):
    """A line, whatever its format."""

    uuid: str
    origin: str
    message: str
    fields: Mapping[str, Any] | None = None  # None where they stand in the message

    def pairs(self) -> Mapping[str, Any]:
        """The values, taken out of the message where they stand there."""
        return _pairs(self.message) if self.fields is None else self.fields


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Haraka."""
    if _LINE.match(message) is not None or _START.match(message) is not None:
        return True
    return ("uuid=" in message and _LOGFMT.match(message) is not None) or (
        '"uuid":"' in message and _JSON.match(message) is not None
    )


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a line of Haraka."""
    return record.get("level") in _LEVELS and "uuid" in record and ("origin" in record or "source" in record)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries that an object tells of."""
    time = record.get("timestamp") or record.get("time") or ""
    line = Line("", time=iso(time) if isinstance(time, str) else "")
    return [replace(delivery, source=source) for delivery in Reader().event(line, _of_object(record))]


class Reader:
    """Reads Haraka's lines."""

    def __init__(self) -> None:
        self._clients: Joins[str] = Joins()
        self._mails: Joins[_Mail] = Joins()
        self._items: Joins[_Item] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        text = line.message
        found = _LINE.match(text)
        if found:
            event = _Event(found[3], found[4], found[5])
        else:
            found = _LOGFMT.match(text) or _JSON.match(text)
            if found is None:
                return ()
            opened = _opened(text[found.end() :])
            if opened is None:
                return (line.unreadable("a line of Haraka that is cut off or altered"),)
            event = opened
        if event.uuid == "-":
            return ()
        line.time = line.time or iso(found[1] or "")
        return self.event(line, event)

    def event(self, line: Line, event: _Event) -> Iterable[Delivery]:
        """The deliveries of a line that was taken apart.

        Args:
            line: where and when.
            event: what it says.
        """
        if event.origin.startswith("outbound"):
            return self._outbound(line, event)
        if event.origin == "core" or event.message.startswith(("sender <", "recipient <")):
            return self._core(line, event)
        return ()

    def _outbound(self, line: Line, event: _Event) -> Iterable[Delivery]:
        text = event.message
        if "delivered file=" in text or "delivered file" in (event.fields or ()):
            return self._delivered(line, event)
        if text.startswith("recipient "):
            found = _RECIPIENT.match(text)
            return (self._one(line, event.uuid, found),) if found else ()
        if text.startswith("Temp failing "):
            failed = _TEMP_FAIL.match(text) or _OLD_TEMP_FAIL.match(text)
            return self._put_off(line, event.uuid, failed) if failed else ()
        if text.startswith("bouncing mail: "):
            bounced = _BOUNCING.match(text)
            return self._bounced(line, event.uuid, bounced[1]) if bounced else ()
        trying = _TRYING.match(text)
        if trying:
            self._item(event.uuid).peer = trying[1]
        return ()

    def _item(self, uuid: str, domain: str = "") -> _Item:
        found = self._items.get(uuid)
        if found is None:
            mail = self._mails.get(uuid.rpartition(".")[0])
            number = uuid.rpartition(".")[2]
            share = _share(mail.recipients, int(number), domain) if mail and number.isdigit() else []
            found = _Item(share)
            self._items.put(uuid, found)
        return found

    def _delivery(self, line: Line, uuid: str, kind: Kind, reply: Reply) -> Delivery:
        mail = self._mails.get(uuid.rpartition(".")[0]) or _Mail()
        peer = self._item(uuid).peer
        return Delivery(
            source=line.source,
            kind=kind,
            time=line.time,
            sender=mail.sender,
            message_id=mail.message_id,
            queue_id=uuid,
            reporting_mta=line.host,
            remote_mta=peer,
            remote_ip="" if peer.startswith("/") else peer,
            client=mail.client,
            size=mail.size,
            status=str(reply.enhanced or ""),
            reply=reply,
        )

    def _delivered(self, line: Line, event: _Event) -> Iterable[Delivery]:
        pairs = event.pairs()
        item = self._item(event.uuid, str(pairs.get("domain", "")))
        if str(pairs.get("rcpts", "")).partition("/")[0] == str(len(item.waiting)):
            item.put_off.clear()
        taken = [who for who in item.waiting if who not in item.put_off]
        item.waiting = [who for who in item.waiting if who in item.put_off]
        address = str(pairs.get("ip", ""))
        told = replace(
            self._delivery(line, event.uuid, Kind.DELIVERED, words_of(str(pairs.get("response", "")))),
            remote_mta=str(pairs.get("host", "")),
            remote_ip="" if address.startswith("/") else address,
            queue_age=_number(pairs.get("delay")),
            attempts=int(_number(pairs.get("fails")) or 0) + 1,
        )
        return [replace(told, recipient=who) for who in taken or ("",)]

    def _one(self, line: Line, uuid: str, found: re.Match[str]) -> Delivery:
        """The reply to one recipient."""
        who, item = found[1][1:-1], self._item(uuid)
        kind = Kind.DEFERRED if found[2] == "deferred" else Kind.BOUNCED
        if item.over:
            item.put_off.clear()
            item.over = False
        if kind is Kind.DEFERRED:
            item.put_off.add(who)
            if who not in item.waiting and len(item.waiting) < MAX_RECIPIENTS:
                item.waiting.append(who)
        elif who in item.waiting:
            item.waiting.remove(who)
        told = self._delivery(line, uuid, kind, _said(found[3]))
        return replace(told, recipient=who, phase=Phase.RCPT)

    def _put_off(self, line: Line, uuid: str, found: re.Match[str]) -> Iterable[Delivery]:
        item, why = self._item(uuid), found[2]
        item.over = True
        if why.startswith(_SOME):
            return ()
        attempts = int(found[1]) + 1 if found[1] else None
        told = replace(self._delivery(line, uuid, Kind.DEFERRED, _said(why)), attempts=attempts)
        return [replace(told, recipient=who) for who in item.waiting or ("",)]

    def _bounced(self, line: Line, uuid: str, why: str) -> Iterable[Delivery]:
        item, tired = self._item(uuid), _TOO_MANY.match(why)
        if tired is None and why.startswith(_SOME):
            return ()
        why = tired[1] if tired else why
        named = _PATHS.findall(why)[:MAX_RECIPIENTS] if why.startswith(_SOME) else []
        told = self._delivery(line, uuid, Kind.EXPIRED if tired else Kind.BOUNCED, _said(why))
        gone = named or item.waiting or [""]
        item.waiting = []
        item.put_off.clear()
        return [replace(told, recipient=who) for who in gone]

    def _core(self, line: Line, event: _Event) -> Iterable[Delivery]:
        """What the server took or refused."""
        text, uuid = event.message, event.uuid
        if text.startswith("connect ") or (text == "connect" and event.fields):
            self._clients.put(uuid, f"[{event.pairs().get('ip', '')}]")
            return ()
        found = _CORE.match(text + (" code=" if event.fields is not None else ""))
        if found:
            return self._path(line, event, found[1], found[2][1:-1])
        if text.startswith("message"):
            pairs, mail = event.pairs(), self._mail(uuid)
            mail.message_id = str(pairs.get("mid", "")).strip("<>")
            size = _number(pairs.get("size"))
            mail.size = int(size) if size is not None else None
            return self._refused(line, uuid, pairs, Phase.MESSAGE)
        if text.startswith("queue"):
            return self._refused(line, uuid, event.pairs(), Phase.MESSAGE)
        hook = _HOOK.match(text) if "retval=DENY" in text else None
        return self._refused(line, uuid, event.pairs(), _PHASES.get(hook[1], Phase.CONNECT)) if hook else ()

    def _mail(self, uuid: str) -> _Mail:
        found = self._mails.get(uuid)
        if found is None:
            found = _Mail(client=self._clients.get(uuid.partition(".")[0]) or "")
            self._mails.put(uuid, found)
        return found

    def _path(self, line: Line, event: _Event, command: str, path: str) -> Iterable[Delivery]:
        pairs, mail = event.pairs(), self._mail(event.uuid)
        if command == "sender":
            mail.sender = path
            return self._refused(line, event.uuid, pairs, Phase.MAIL)
        if "DENY" in str(pairs.get("code", "")):
            return self._refused(line, event.uuid, pairs, Phase.RCPT, path)
        if path not in mail.recipients and len(mail.recipients) < MAX_RECIPIENTS:
            mail.recipients.append(path)
        return ()

    def _refused(
        self, line: Line, uuid: str, pairs: Mapping[str, Any], phase: Phase, who: str = ""
    ) -> Iterable[Delivery]:
        code = str(pairs.get("code") or pairs.get("retval") or "")
        if not code.startswith("DENY"):
            return ()
        mail = self._mails.get(uuid) or _Mail(client=self._clients.get(uuid.partition(".")[0]) or "")
        reply, client = _said(str(pairs.get("msg", ""))), mail.client.strip("[]")
        told = Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=line.time,
            sender=mail.sender,
            message_id=mail.message_id,
            queue_id=uuid,
            reporting_mta=line.host,
            remote_mta=client,
            remote_ip=client,
            size=mail.size,
            phase=phase,
            status=str(reply.enhanced or ""),
            reply=reply,
        )
        people = [who] if who or phase is not Phase.MESSAGE else mail.recipients or [""]
        return [replace(told, recipient=person) for person in people]


def _share(recipients: list[str], number: int, domain: str) -> list[str]:
    """The recipients of a delivery: those of the domain with its number, or one where each has its own."""
    domains = list(dict.fromkeys(_domain(who) for who in recipients))
    alone = recipients[number - 1 : number] if number else []
    if number > len(domains) or (domain and number and domains[number - 1] != domain.lower()):
        return alone if not domain or (alone and _domain(alone[0]) == domain.lower()) else []
    return [who for who in recipients if _domain(who) == domains[number - 1]] if number else []


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _said(why: str) -> Reply:
    """The server's reply, or Haraka's own words."""
    why = why.removeprefix("Upstream error: ")
    return reply_of(why) if why[:3].isdigit() and why[3:4] in (" ", "-") else words_of(why)


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None


def _pairs(text: str) -> dict[str, str]:
    return {
        found[1]: found[3] if found[2] is None else found[2].replace('\\"', '"')
        for found in _PAIR.finditer(text)
    }


def _of_object(record: Mapping[str, Any]) -> _Event:
    origin = record.get("origin") or record.get("source") or ""
    return _Event(str(record.get("uuid", "-")), str(origin), str(record.get("message", "")).strip(), record)


def _opened(text: str) -> _Event | None:
    """A line in logfmt or JSON."""
    if text[:1] != "{":
        return _of_object(_pairs(text))
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _of_object(record) if isinstance(record, dict) else None
