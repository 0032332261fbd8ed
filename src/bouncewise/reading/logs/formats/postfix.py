"""Postfix: what its daemons log of deliveries, and what its server refused.

Deliveries::

    postfix/smtp[123]: 4jYCrr6: to=<bob@example.com>, orig_to=<b@example.net>,
        relay=mx.example.com[192.0.2.1]:25, delay=1.2, delays=0.1/0/0.6/0.5, dsn=5.1.1,
        status=bounced (host mx.example.com[192.0.2.1] said: 550 ...)

``status`` is sent, deferred or bounced, of probes (``sendmail -bv``, address verification) deliverable or
undeliverable. qmgr adds ``status=expired, returned to sender`` and ``status=force-expired`` once a message:
what is told of it is then told of each recipient that was waiting, with the last reply. The sender comes from
qmgr's ``from=<...>``, the Message-ID from cleanup, the client from smtpd or pickup. ``NOQUEUE: reject``,
``milter-reject``, ``proxy-reject``, cleanup's ``reject: header ...`` and postscreen's rejections are what
this server refused; ``reject_warning``, ``hold`` and ``discard`` refuse nothing.

Source: Postfix 2.0 to 3.9, ``src/global/log_adhoc.c``, ``src/smtpd/smtpd_check.c``, ``src/cleanup``,
``src/postscreen``, ``src/*qmgr/qmgr_active.c``; its documentation of DSN and ``delays=``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.formats.postfix_bulk import Bulk
from bouncewise.reading.logs.model import NO_MESSAGE, WAITED, Begun, Joins, Line, Message, expired
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import phase_of

__all__ = ["PROGRAMS", "TRIGGERS", "Bulk", "Reader", "recognise"]
PROGRAMS = ("postfix",)
TRIGGERS = ("from=<", ": to=<", "message-id=", "client=", "status=", "reject: ")
_QUEUE_ID = r"([0-9A-Za-z]{5,25}X{0,4})"
_DELIVERY = re.compile(
    rf"{_QUEUE_ID}: to=<(.*?)>,(?: orig_to=<(.*?)>,)? relay=([^,]{{1,300}}), (?:conn_use=\d{{1,9}}, )?"
    r"delay=([\d.]{1,12}), (?:delays=([\d./]{1,60}), )?(?:dsn=(\d\.\d{1,3}\.\d{1,3}), )?status=([\w-]{1,20})"
    r"(?: \((.*)\)?)?$",
    re.ASCII | re.DOTALL,
)
_QMGR = re.compile(
    rf"{_QUEUE_ID}: from=<(.*?)>, (?:status=([\w-]{{1,20}}), (.*)|size=(\d{{1,15}}).*)$", re.ASCII
)
_CLEANUP = re.compile(rf"{_QUEUE_ID}: (?:resent-)?message-id=<?(.*?)>?$", re.ASCII)
_CLIENT = re.compile(r"([^,]{1,300})(?:.*?, sasl_username=([^,]{1,200}))?", re.ASCII)
_PEER = re.compile(r"([^\[\]]{1,255})\[([^\]]{1,100})\](?::\d{1,5})?$")
_SAID = re.compile(
    r"(?:host |server )?([^\s\[\]]{1,255})\[([^\]\s]{1,100})\](?::\d{1,5})? (said|refused to talk to me): ",
    re.ASCII,
)
_IN_REPLY = re.compile(r" \(in reply to ([^()]{1,60}?)(?: command)?\)?$")
_OWN_PEER = re.compile(
    r"(?:lost connection with|conversation with|connect to|host|server) ([^\s\[]{1,255})\[([^\]\s]{1,100})\]"
)
_REJECT = re.compile(
    rf"(?:NOQUEUE|{_QUEUE_ID}): (?:milter-|proxy-)?reject: "
    r"([A-Z_-]{3,24})(?: [\w-]{1,40})? from ([^\s\[]{0,255})\[([^\]]{1,100})\](?::\d{1,5})?: (.*)$",
    re.ASCII | re.DOTALL,
)
# cleanup's checks of header fields and bodies: the reply stands at the end, behind ``helo=<...>:``
_CONTENT = re.compile(
    rf"(?:NOQUEUE|{_QUEUE_ID}): reject: (?:mime-|nested-)?(?:header|body) .{{0,2000}} from "
    r"(?:([^\s\[;]{1,255})\[([^\]]{1,100})\]|local); (.{0,2000}?): "
    r"([245]\.\d{1,3}\.\d{1,3} .*|[245]\d\d .*)$",
    re.ASCII | re.DOTALL,
)
_PROXY = re.compile(rf"(?:NOQUEUE|{_QUEUE_ID}): proxy-reject: ([A-Z_-]{{3,24}}): (.*)$", re.ASCII | re.DOTALL)
_REJECT_END = re.compile(r"[;,] (?:from=<|client=|to=<|proto=|helo=<)")
_FROM = re.compile(r"\bfrom=<(.*?)>(?:[, ]|$)")
_TO = re.compile(r"\bto=<(.*?)>(?:[, ]|$)")
_RECOGNISED = re.compile(
    rf"{_QUEUE_ID}: (?:to=<|from=<.*?>, (?:size=|status=)|client=|message-id=)|NOQUEUE: reject: "
)
_KINDS = {
    "sent": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "bounced": Kind.BOUNCED,
    "expired": Kind.EXPIRED,
    "force-expired": Kind.EXPIRED,
    "SOFTBOUNCE": Kind.DEFERRED,
    "deliverable": Kind.DELIVERED,
    "undeliverable": Kind.BOUNCED,
}
_SECONDS = re.compile(r"\d+(?:\.\d*)?$", re.ASCII)
_NO_RELAY = frozenset({"none", "local"})


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Postfix."""
    return _RECOGNISED.match(message) is not None


class Reader:
    """Reads the lines of Postfix's daemons."""

    def __init__(self) -> None:
        self.messages: Joins[Message] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = line.message
        if ": to=<" in message:
            return self._delivery(line)
        if "reject: " in message:
            return self._reject(line)
        if ": from=<" in message:
            return self._queued(line)
        queue_id, is_client, rest = message.partition(": client=")
        if is_client:
            client = _CLIENT.match(rest)
            if client and queue_id.isalnum():
                self.messages.put(queue_id, Message(client=client[2] or client[1], begun=Begun.SEEN))
            return ()
        found = _CLEANUP.match(message)
        if found:
            self._cleaned(found[1], found[2])
        return ()

    def _cleaned(self, queue_id: str, message_id: str) -> None:
        """cleanup took a message in, which comes before qmgr takes it up; a bounce begins here."""
        known = self.messages.get(queue_id)
        if known is None or known.sender is not None:
            begun = Begun.PERHAPS if known is None else Begun.SEEN
            self.messages.put(queue_id, Message(message_id=message_id, begun=begun))
        else:
            known.message_id = message_id

    def _message(self, queue_id: str) -> Message:
        found = self.messages.get(queue_id)
        if found is None:
            found = Message()
            self.messages.put(queue_id, found)
        return found

    def _queued(self, line: Line) -> Iterable[Delivery]:
        """qmgr took a message up, or gave it up."""
        found = _QMGR.match(line.message)
        if found is None:
            return ()
        message = self._message(found[1])
        message.sender = found[2]
        if found[3] is None:
            message.size = int(found[5])
            return ()
        if _KINDS.get(found[3]) is not Kind.EXPIRED:
            return ()
        end = Delivery(
            source=line.source,
            kind=Kind.EXPIRED,
            time=line.time,
            sender=found[2],
            queue_id=found[1],
            message_id=message.message_id,
            reporting_mta=line.host,
            client=message.client,
            size=message.size,
            reply=words_of(f"{found[3]}, {found[4]}"),
        )
        ended = expired(end, message)
        for delivery in ended:
            message.end(delivery.recipient)
        return ended

    def _delivery(self, line: Line) -> Iterable[Delivery]:
        found = _DELIVERY.match(line.message)
        if found is None:
            return (line.unreadable("this looks like a delivery of Postfix, but it is cut off or altered"),)
        queue_id, recipient, original, relay, delay, delays, dsn, status, words = found.groups("")
        kind = _KINDS.get(status)
        if kind is None:
            return (line.unreadable(f"Postfix has no status {status}"),)
        message = self.messages.get(queue_id) or NO_MESSAGE
        peer = _PEER.match(relay)
        host, address = peer.groups() if peer else ("" if relay in _NO_RELAY else relay, "")
        address = "" if "/" in address else address  # a socket
        words = words.removesuffix(")")
        if kind is Kind.DELIVERED:
            reply, phase = _sent(words, dsn), None
        else:
            reply, phase, told = _said(words, dsn)
            host, address = (host, address) if host else told
        age = float(delay) if _SECONDS.match(delay) else None
        if kind is Kind.DEFERRED:
            self._message(queue_id).wait(recipient, reply)
        elif message.waiting or (age or 0) > WAITED:
            self._message(queue_id).end(recipient)
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=message.sender,
                recipient=recipient,
                original_recipient=original,
                message_id=message.message_id,
                queue_id=queue_id,
                reporting_mta=line.host,
                remote_mta=host,
                remote_ip=address,
                client=message.client,
                size=message.size,
                queue_age=age,
                delays=delays,
                phase=phase,
                status=dsn,
                reply=reply,
            ),
        )

    def _reject(self, line: Line) -> Iterable[Delivery]:
        """This server refused a client, or a filter made it."""
        message = line.message
        found = _REJECT.match(message)
        if found is not None:
            queue_id, command, host, address, rest = found.groups("")
            end = _REJECT_END.search(rest)
            words, envelope = rest[: end.start()] if end else rest, rest
        elif (content := _CONTENT.match(message)) is not None:
            queue_id, host, address, envelope, words = content.groups("")
            command = "CONTENT"
        elif (proxied := _PROXY.match(message)) is not None:
            queue_id, command, rest = proxied.groups("")
            host = address = ""
            end = _REJECT_END.search(rest)
            words, envelope = rest[: end.start()] if end else rest, rest
        else:
            return ()
        sender, recipient = _FROM.search(envelope), _TO.search(envelope)
        known = (self.messages.get(queue_id) if queue_id else None) or NO_MESSAGE
        reply = reply_of(words)
        refused = Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=line.time,
            sender=sender[1] if sender else known.sender,
            recipient=recipient[1] if recipient else "",
            message_id=known.message_id,
            queue_id=queue_id,
            reporting_mta=line.host,
            remote_mta=host,
            remote_ip=address,
            phase=phase_of("end of data" if command in ("END-OF-MESSAGE", "CONTENT") else command),
            status=str(reply.enhanced or ""),
            reply=reply,
        )
        return (refused,)


def _sent(words: str, dsn: str) -> Reply:
    """What a server said that took the message; ``250 2.0.0 from MTA(...)`` quotes a filter's next server."""
    return reply_of(words, dsn) if words[:1].isdigit() else words_of(words, dsn)


def _said(words: str, dsn: str) -> tuple[Reply, Phase | None, tuple[str, str]]:
    """The reply of a failed attempt, the command it answers, and who said it."""
    said = _SAID.search(words) if " said: " in words or " to talk to me: " in words else None
    if said is None:
        own = _OWN_PEER.search(words)
        return words_of(words, dsn), _own_phase(words), (own[1], own[2]) if own else ("", "")
    rest = words[said.end() :]
    answered = _IN_REPLY.search(rest)
    phase = Phase.CONNECT if said[3] != "said" else phase_of(answered[1]) if answered else None
    reply = reply_of(rest[: answered.start()] if answered else rest, dsn)
    return reply, phase, (said[1], said[2])


def _own_phase(words: str) -> Phase | None:
    if words.startswith("connect to "):
        return Phase.CONNECT
    _, between, rest = words.partition(" while ")
    return phase_of(rest) if between else None
