"""ZoneMTA: lines of its senders, and the same as objects of its remote log.

Lines (npmlog puts the level and the sender's name in front)::

    info Sender/default/867[1] id=xugpvq7nvpfql6p4 19001ba5ad80001cdc.001 ACCEPTED from=a@example.org
        to=bob@example.com
        src=192.0.2.7 mx=mx.example.com[192.0.2.1] id=<m1@example.org> (250 2.0.0 Ok: queued as 4jYC)
    info Sender/default/867[1] 19001ba5ad80001cdc.001 DEFERRED[greylist]
        from=a@example.org[x+1@example.org] to=... (451 ...)
    info Sender/default/867[1] 19001ba5ad80001cdc.001 REJECTED[recipient] from=<> to=... mx=... (550 5.1.1
        ...)

Objects: ``{"id", "seq", "action": "DEFERRED", "zone", "from", "returnPath", "to", "mx", "host", "ip",
"response", "defcount"}``.

REJECTED is given up; behind a 4yz reply, because of the time it took. The return path stands in brackets
behind the sender where it is another. Replies that begin ``450 Error connecting to`` and the like are
ZoneMTA's own; ``mx`` is then the domain of the recipient, unless an address stands behind it.

Source: ZoneMTA 1.0 to 3.8, ``lib/sender.js``, ``lib/sender/*.js`` and ``lib/remotelog.js``; issues 53, 301,
406 and 447 of its repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import epoch
from bouncewise.reply.model import Phase, Reply

PROGRAMS = ("zone-mta", "zonemta")
TRIGGERS = ("ACCEPTED", "DEFERRED", "REJECTED")
_LINE = re.compile(
    r"(?:^|[ (])([0-9a-f]{10,40})\.[0-9a-f]{3} (ACCEPTED|DEFERRED|REJECTED)(?:\[(\w{0,40})\])? "
    r"from=(\S{0,700}) to=(\S{0,330})(?: src=(\S{0,60}))? mx=(\S{0,320})(?: id=(\S{0,500}))?"
    r"(?: body=\S{0,20} md5=\S{0,40})? \((.*)\)?$",
    re.ASCII | re.DOTALL,
)
_BEGINS = re.compile(
    r"(?:info|verb|http|WARN|ERR!) (?:Sender|Queue|SMTP|Child|Plugins?)/[\w./-]{1,60}(?:\[\d{1,6}\])? "
)
_MX = re.compile(r"([^\[\]]{0,255})(?:\[([^\]]{1,100})\])?$")
_RETURN_PATH = re.compile(r"\[([^\[\]]{0,330})\]$")
# what ZoneMTA says itself, in the manner of a reply
_OWN = re.compile(
    r"[45]\d\d (?:Error connecting to|Connection to .{1,255}? closed unexpectedly|"
    r"Connection timed out when connecting|Network error when connecting|DNS error|Failed to resolve|"
    r"No MX|Invalid domain|"
    r"Unable to (?:connect|resolve|find)|(?:Can.t|Can ?not|Could not) (?:find an|resolve|"
    r"connect to (?:the MX|any|blocked)|send mail to the resolved))|488 ",
    re.I,
)
_TRIED = re.compile(
    r"when connecting to MX server ([^\s\[\]]{1,255})\[([^\]\s]{1,100})\]|"
    r"Error connecting to ()([0-9A-Fa-f.:]{3,45}?)\. "
)
_KINDS = {"ACCEPTED": Kind.DELIVERED, "DEFERRED": Kind.DEFERRED, "REJECTED": Kind.BOUNCED}


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of ZoneMTA."""
    return _BEGINS.match(message) is not None or _LINE.search(message[:2000]) is not None


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is of ZoneMTA's remote log."""
    return record.get("action") in _KINDS and "seq" in record and ("zone" in record or "mx" in record)


class Reader:
    """Reads the lines of ZoneMTA; each tells all by itself."""

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        if not any(word in line.message for word in TRIGGERS):
            return ()
        found = _LINE.search(line.message)
        if found is None:
            return ()
        number, action, category, sender, recipient, local, mx, message_id, words = found.groups("")
        path = _RETURN_PATH.search(sender)
        if words.endswith(")"):
            words = words[:-1]
        reply, phase, own = _said(words, category)
        parted = _MX.match(mx)
        name, address = _host(own, words, *(parted.groups("") if parted else ("", "")))
        return (
            Delivery(
                source=line.source,
                kind=_kind(action, reply, words),
                time=line.time,
                sender=(path[1] if path else sender).replace("<>", ""),
                recipient=recipient,
                message_id=message_id.strip("<>") if message_id not in ("false", "undefined") else "",
                queue_id=number,
                reporting_mta=line.host,
                remote_mta=name,
                remote_ip=address,
                local_ip=local,
                phase=phase,
                status=str(reply.enhanced or ""),
                reply=reply,
            ),
        )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a record of the remote log."""
    words = _text(record, "response")
    reply, phase, own = _said(words, _text(record, "category"))
    name, address = _host(own, words, _text(record, "mx"), _text(record, "host"))
    to, tried, start = record.get("to"), record.get("defcount"), record.get("start")
    sender = record.get("returnPath", record.get("from"))
    size = record.get("size")
    return (
        Delivery(
            source=source,
            kind=_kind(record["action"], reply, words),
            time=epoch(start) if isinstance(start, int | float) else "",
            sender=sender.replace("<>", "") if isinstance(sender, str) else None,
            recipient=str(to[0]) if isinstance(to, list) and to else _text(record, "to"),
            queue_id=_text(record, "id"),
            remote_mta=name,
            remote_ip=address,
            local_ip=_text(record, "ip"),
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            attempts=tried if isinstance(tried, int) and not isinstance(tried, bool) else None,
            phase=phase,
            status=str(reply.enhanced or ""),
            reply=reply,
        ),
    )


def _kind(action: str, reply: Reply, words: str) -> Kind:
    kind = _KINDS[action]
    first = words[0] if words[:3].isdigit() else str(reply.enhanced or "")[:1]
    return Kind.EXPIRED if kind is Kind.BOUNCED and first != "5" else kind


def _said(words: str, category: str) -> tuple[Reply, Phase | None, bool]:
    """What was said, when, and whether ZoneMTA says it itself."""
    phase = Phase.CONNECT if category == "network" else None
    if _OWN.match(words):
        return words_of(words[4:]), phase, True
    coded = words[:3].isdigit()
    return (reply_of(words) if coded else words_of(words)), phase, not coded


def _host(own: bool, words: str, name: str, address: str) -> tuple[str, str]:
    """Name and address of the host that replied or was tried; without an address the name may be a domain."""
    if address or not own:
        return name, address
    tried = _TRIED.search(words)
    return (tried[1] or tried[3] or "", tried[2] or tried[4]) if tried else ("", "")


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""
