"""Kerio Connect (Kerio MailServer): its mail log, and refusals in its security log.

Lines::

    [24/Nov/2026 10:00:00] Recv: Queue-ID: 438dd9ea-00000000, Service: SMTP, From:
        <ann@example.com>, To: <bob@example.net>,
        Size: 1229, Sender-Host: 192.0.2.44, SSL: yes, Subject: Offer, Msg-Id: <1@example.com>
[24/Nov/2026 10:00:01] Sent: Queue-ID: 438dd9ea-00000000, Recipient: <bob@example.net>, Result:
    [24/Nov/2026 10:00:01] Sent: Queue-ID: 438dd9ea-00000000, Recipient: <bob@example.net>, Result: failed,
        Status: 5.1.1 550 5.1.1 User unknown, Remote-Host: mx.example.net, Msg-Id: <1@example.com>
    [24/Nov/2026 10:00:02] Relay attempt from IP address 203.0.113.9, mail from <a@example.org> to
        <b@example.org> rejected

``Result`` is delivered, relayed (both delivered), failed (bounced) or delayed (deferred); the sender,
client and size come from ``Recv`` by the queue id.

Source: Kerio MailServer 6.7 and Kerio Connect 9 manuals, "Mail log" and "Security log"; logs of its users.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.fields import number_of, peer_of
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import apache

PROGRAMS: tuple[str, ...] = ()
_LINE = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d)\] (.*)$", re.ASCII | re.DOTALL)
_SENT = re.compile(
    r"Sent: Queue-ID: ([0-9a-f-]{3,40}), ?Recipient: <([^<>]{0,400})>, ?"
    r"Result: (\w{1,20})(?:, ?Status: (.*))?$",
    re.ASCII | re.DOTALL,
)
_RECV = re.compile(r"Recv: Queue-ID: ([0-9a-f-]{3,40}), ?Service: ([^,]{1,60}), ?From: <([^<>]{0,400})>")
_FIELD = re.compile(r", ?(Size|User|Sender-Host|Msg-Id|Remote-Host): ?<?([^,<>]{1,400})")
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})?\s{0,4}(.*?)(?:, ?(?:Remote-Host|Msg-Id): .*)?$", re.DOTALL)
_IP = r"IP address (?P<ip>[0-9A-Fa-f.:]{3,45})"
_MAIL = r"mail from <(?P<sender>[^<>]{0,400})>"
_REFUSALS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"(?P<words>Relay attempt) from {_IP}.{{0,200}}?, {_MAIL} to <(?P<to>[^<>]{{0,400}})> rejected",
        rf"{_IP} (?P<words>found in DNS blacklist [^,]{{1,100}})"
        rf"(?:, {_MAIL}(?: to <(?P<to>[^<>]{{0,400}})>)?)?",
        r"(?P<words>Attempt to deliver to unknown recipient) <(?P<to>[^<>]{0,400})>, "
        rf"from <(?P<sender>[^<>]{{0,400}})>, {_IP}",
        rf"Client with {_IP} (?P<words>has no reverse DNS entry, connection rejected)",
        rf"Message from {_IP}, sender <(?P<sender>[^<>]{{0,400}})> (?P<words>rejected: .{{1,200}})$",
    )
)
_MARKS = ("Recv: Queue-ID: ", "Sent: Queue-ID: ", "Relay attempt from IP", "Attempt to deliver to unknown")
_KINDS = {
    "delivered": Kind.DELIVERED,
    "relayed": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "delayed": Kind.DEFERRED,
    "expired": Kind.EXPIRED,
}


def recognise(message: str) -> bool:
    """Whether a line is of Kerio's mail log or tells of a refusal in its security log."""
    found = _LINE.match(message)
    return found is not None and (
        found[2].startswith(_MARKS) or any(refusal.match(found[2]) for refusal in _REFUSALS)
    )


class Reader:
    """Reads the lines of both logs."""

    def __init__(self) -> None:
        self._messages: Joins[Message] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _LINE.match(line.message)
        if found is None:
            return ()
        time, text = apache(found[1].replace(" ", ":", 1)), found[2]
        if text.startswith("Sent: "):
            return self._sent(line, time, text)
        if text.startswith("Recv: "):
            self._received(text)
            return ()
        return _refused(line, time, text)

    def _received(self, text: str) -> None:
        found = _RECV.match(text)
        if found is None:
            return
        fields = dict(_FIELD.findall(text[found.end() :]))
        self._messages.put(
            found[1],
            Message(
                sender=found[3],
                message_id=fields.get("Msg-Id", ""),
                client=fields.get("Sender-Host", ""),
                size=number_of(fields.get("Size")),
            ),
        )

    def _sent(self, line: Line, time: str, text: str) -> Iterable[Delivery]:
        found = _SENT.match(text)
        if found is None:
            return (
                line.unreadable("this looks like a delivery of Kerio Connect, but it is cut off or altered"),
            )
        queue_id, recipient, result, rest = found.groups("")
        kind = _KINDS.get(result.lower())
        if kind is None:
            return ()
        message = self._messages.get(queue_id) or NO_MESSAGE
        said = _STATUS.match(rest)
        status, words = (said[1] or "", said[2].strip()) if said else ("", "")
        fields = dict(_FIELD.findall(", " + rest))
        host = fields.get("Remote-Host", "")
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=time,
                sender=message.sender,
                recipient=recipient,
                message_id=fields.get("Msg-Id", "") or message.message_id,
                queue_id=queue_id,
                reporting_mta=line.host,
                remote_mta="" if peer_of(host) else host,
                remote_ip=peer_of(host),
                client=message.client,
                size=message.size,
                status=status,
                reply=reply_of(words, status) if words[:3].isdigit() else words_of(words, status),
            ),
        )


def _refused(line: Line, time: str, text: str) -> Iterable[Delivery]:
    for refusal in _REFUSALS:
        found = refusal.match(text)
        if found is not None:
            told = found.groupdict()
            return (
                Delivery(
                    source=line.source,
                    kind=Kind.REJECTED,
                    time=time,
                    sender=told.get("sender"),
                    recipient=told.get("to") or "",
                    reporting_mta=line.host,
                    remote_ip=told["ip"],
                    reply=words_of(told["words"]),
                ),
            )
    return ()
