"""OpenSMTPD: deliveries by mta and mda, envelopes that expired, and commands its server refused.

From 5.9 on (``event=`` stands in front of the word up to 6.4)::

    5d764e5d0fcc0ea3 mta delivery evpid=43aee244dba83745 from=<a@example.org> to=<b@example.com> rcpt=<->
        source="192.0.2.1" relay="192.0.2.10 (mx.example.com)" delay=1m2s result="Ok" stat="250 2.0.0 Ok"
    5d764e5d0fcc0ea3 mda delivery evpid=43aee244dba83745 from=<> to=<joe@example.org> rcpt=<info@example.org>
        user=joe delay=0s result=Ok stat=Delivered
    5d764e5d0fcc0ea3 smtp failed-command command="RCPT TO:<x@example.org>" result="550 Invalid recipient"

Up to 5.7, and for envelopes that expired in all versions::

    relay: TempFail for 43aee244dba83745: session=..., from=<a@example.org>, to=<b@example.com>, rcpt=<->,
        source=192.0.2.1, relay=192.0.2.10 (mx.example.com), delay=1s, stat=450 4.2.0 Greylisted
    delivery: Ok for 43aee244dba83745: from=<>, to=<joe@example.org>, user=joe, method=mbox, delay=0s,
        stat=Delivered
    relay: Expire for 43aee244dba83745: from=<>, to=<b@example.com>, rcpt=<->, delay=4d, stat=Envelope expired
    smtp-in: Failed command on session 5d764e5d0fcc0ea3: "RCPT TO:<x@example.org>" => 550 Invalid recipient

The first eight digits of an envelope's id are its message's, which ``smtp message msgid=`` tells of.
``rcpt`` is the recipient before aliases. The tag ``smtpd`` is also given to qmail's server, so that lines
with this tag are told by their words.

Source: OpenSMTPD 5.3 to 7.6, ``mta.c`` (mta_log), ``mda.c`` (mda_log), ``log.c`` and ``to.c``
(log_envelope), ``smtp_session.c`` (smtp_reply, smtp_connected).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import phase_of

PROGRAMS = ("opensmtpd",)
_SESSION = r"([0-9a-f]{16}) "
_DELIVERY = re.compile(
    rf"{_SESSION}(mta|mda) (?:event=)?delivery evpid=([0-9a-f]{{16}}) from=<(.*?)> to=<(.*?)> "
    r"(?:rcpt=<(.*?)> )?(?:source=\"([^\"]{0,64})\" )?(?:relay=\"([^\"]{0,512})\" )?"
    r"(?:user=\S{0,256} )?(?:method=\S{0,64} )?delay=([\ddhms]{1,20}) result=\"?(\w{1,16})\"? stat=(.*)$",
    re.ASCII | re.DOTALL,
)
_OLD = re.compile(
    r"(relay|delivery): (\w{1,16}) for ([0-9a-f]{16}): (?:session=([0-9a-f]{16}), )?"
    r"from=<(.*?)>, to=<(.*?)>, (?:rcpt=<(.*?)>, )?(?:source=([^,]{0,64}), )?"
    r"(?:relay=(.{0,512}?),? )?(?:user=[^,]{0,256}, )?(?:method=[^,]{0,64}, )?"
    r"delay=([\ddhms]{1,20}), stat=(.*)$",
    re.ASCII | re.DOTALL,
)
_LOOKS = re.compile(
    rf"{_SESSION}m[td]a (?:event=)?delivery evpid=|(?:relay|delivery): \w{{1,16}} for [0-9a-f]{{16}}: "
)
_FAILED = re.compile(
    rf"{_SESSION}smtp (?:event=)?failed-command (?:address=\S{{1,64}} host=\S{{1,255}} )?"
    r"command=\"(.*)\" result=\"(\d{3}.*?)\"?$",
    re.ASCII | re.DOTALL,
)
_OLD_FAILED = re.compile(
    r"smtp-in: Failed command on session ([0-9a-f]{16}): \"(.*)\" => (\d{3}.*)$", re.ASCII | re.DOTALL
)
_CONNECTED = re.compile(
    rf"{_SESSION}smtp (?:event=)?connected (?:session=\S{{1,32}} )?address=(\S{{1,64}}) host=(\S{{1,255}})",
    re.ASCII,
)
_OLD_CONNECTED = re.compile(
    r"smtp-in: New session ([0-9a-f]{16}) from host (\S{1,255}) \[([^\]\s]{1,64})\]", re.ASCII
)
_MESSAGE = re.compile(
    rf"{_SESSION}smtp (?:event=)?message .{{0,1500}}?msgid=([0-9a-f]{{8}}).{{0,1500}}? size=(\d{{1,15}})",
    re.ASCII,
)
_OLD_MESSAGE = re.compile(
    r"smtp-in: Accepted message ([0-9a-f]{8}) on session ([0-9a-f]{16}): .{0,1500}?size=(\d{1,15})", re.ASCII
)
_RELAY = re.compile(
    r"\[?(?:IPv6:)?([0-9A-Fa-f.:]{3,45})\]? \(([^()\s]{1,255})\)|([^\s\[]{1,255}) \[([^\]\s]{1,64})\]"
)
_RECOGNISED = re.compile(
    rf"{_SESSION}(?:m[td]a|smtp) (?:event=)?(?:connect|disconnect|delivery|message|envelope|"
    r"failed-command|tls|starttls|bad-input|authentication|error)|"
    r"info: OpenSMTPD|smtp-(?:in|out): |(?:relay|delivery): \w{1,16} for [0-9a-f]{16}: "
)
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,2})h)?(?:(\d{1,2})m)?(?:(\d{1,2})s)?$", re.ASCII)
_PATH = re.compile(r":\s{0,4}<?((?:\"[^\"]{0,256}\"|[^\s<>\"]){0,512})>?", re.ASCII)
_KINDS = {
    "Ok": Kind.DELIVERED,
    "TempFail": Kind.DEFERRED,
    "PermFail": Kind.BOUNCED,
    "Loop": Kind.BOUNCED,
    "Expire": Kind.EXPIRED,
}
_SEQUENCE = (500, 502, 503, 504)  # commands that are unknown or out of turn: no mail was refused
_MAIL_COMMANDS = ("", ".", "HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT")


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of OpenSMTPD."""
    return _RECOGNISED.match(message) is not None


class Reader:
    """Reads the lines of OpenSMTPD's processes."""

    def __init__(self) -> None:
        self._clients: Joins[str] = Joins()
        self._messages: Joins[Message] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = line.message
        if "delivery" in message or message.startswith("relay: "):
            return self._delivery(line)
        if "ailed" in message:
            found = _FAILED.match(message) or _OLD_FAILED.match(message)
            return self._refused(line, found) if found else ()
        if "connected" in message or "New session" in message:
            self._connected(message)
        elif "message " in message:
            self._accepted(message)
        return ()

    def _connected(self, text: str) -> None:
        found = _CONNECTED.match(text)
        if found:
            session, address, name = found.groups()
        else:
            old = _OLD_CONNECTED.match(text)
            if old is None:
                return
            session, name, address = old.groups()
        name = "" if name in ("<unknown>", "unknown", "localhost.localdomain") else name
        self._clients.put(session, f"{name}[{address.strip('[]').removeprefix('IPv6:')}]")

    def _accepted(self, text: str) -> None:
        found = _MESSAGE.match(text)
        if found:
            session, message_id, size = found.groups()
        else:
            old = _OLD_MESSAGE.match(text)
            if old is None:
                return
            message_id, session, size = old.groups()
        client = self._clients.get(session) or ""
        self._messages.put(message_id, Message(client=client, size=int(size)))

    def _delivery(self, line: Line) -> Iterable[Delivery]:
        text = line.message
        found = _DELIVERY.match(text)
        if found:
            _, agent, evpid, sender, recipient, rcpt, source, relay, delay, result, stat = found.groups("")
            stat = _unquoted(stat)
        else:
            old = _OLD.match(text)
            if old is None:
                if _LOOKS.match(text):
                    return (line.unreadable("a delivery of OpenSMTPD that is cut off or altered"),)
                return ()
            agent, result, evpid, _, sender, recipient, rcpt, source, relay, delay, stat = old.groups("")
        kind = _KINDS.get(result)
        if kind is None:
            return ()  # "Remove": an administrator took it out of the queue
        host, address = _peer(relay) if agent in ("mta", "relay") else ("", "")
        message = self._messages.get(evpid[:8]) or NO_MESSAGE
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender="" if sender == "@" else sender,
                recipient=recipient,
                original_recipient="" if rcpt == "-" else rcpt,
                queue_id=evpid,
                reporting_mta=line.host,
                remote_mta=host,
                remote_ip=address,
                local_ip=""
                if source in ("-", "", "[]", address)
                else source.strip("[]").removeprefix("IPv6:"),
                client=message.client,
                size=message.size,
                queue_age=_seconds(delay),
                reply=_said(stat),
            ),
        )

    def _refused(self, line: Line, found: re.Match[str]) -> Iterable[Delivery]:
        """This server refused a command; those out of turn and for logging in are no mail."""
        session, command, result = found.groups()
        verb = command[:4].strip().upper()
        reply = reply_of(result)
        if verb not in _MAIL_COMMANDS or reply.code in _SEQUENCE:
            return ()
        phase = Phase.CONNECT if not verb else Phase.MESSAGE if verb in (".", "BDAT") else phase_of(verb)
        path = _PATH.search(command) if verb in ("MAIL", "RCPT") else None
        argument = path[1] if path else ""
        name, _, address = (self._clients.get(session) or "").partition("[")
        address = address.removesuffix("]")
        return (
            Delivery(
                source=line.source,
                kind=Kind.REJECTED,
                time=line.time,
                sender=argument if verb == "MAIL" else None,
                recipient=argument if verb == "RCPT" else "",
                queue_id=session,
                reporting_mta=line.host,
                remote_mta=name or address,
                remote_ip="" if address == "local" else address,
                phase=phase,
                status=str(reply.enhanced or ""),
                reply=reply,
            ),
        )


def _unquoted(text: str) -> str:
    """A value without the quotation marks round it; the end may be cut off."""
    return text[1:].removesuffix('"') if text[:1] == '"' else text


def _said(stat: str) -> Reply:
    """The server's reply, or OpenSMTPD's own words."""
    return reply_of(stat) if stat[:3].isdigit() and stat[3:4] in (" ", "-", "") else words_of(stat)


def _peer(relay: str) -> tuple[str, str]:
    """Name and address of ``192.0.2.10 (mx.example.com)``; a domain alone was never spoken to."""
    found = _RELAY.match(relay)
    if found is None:
        return "", ""
    address, name = (found[1], found[2]) if found[1] else (found[4].removeprefix("IPv6:"), found[3])
    return name, address


def _seconds(delay: str) -> float | None:
    found = _DURATION.match(delay)
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
