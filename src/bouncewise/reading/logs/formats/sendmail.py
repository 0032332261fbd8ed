"""Sendmail: deliveries, messages it gave up, and what its server refused.

Deliveries, one line for all recipients of an attempt::

    sendmail[2504]: 6ANHcadm002504: to=<bob@example.com>,<al@example.com>, ctladdr=<joe@example.org> (8/0),
        delay=00:00:04, xdelay=00:00:01, mailer=esmtp, pri=120181, relay=mx.example.com. [192.0.2.1],
        dsn=5.1.1, reply=550 5.1.1 <bob@example.com>: no such user, stat=User unknown

``dsn=`` stands there from 8.10 on, ``reply=`` from 8.16 on; a list that is too long for syslog goes on in
another line and is marked ``[more]``. ``stat`` is ``Sent``, ``Sent (words of the server)``, ``Deferred``,
``Deferred: reason``, ``queued``, or the name of an error (``User unknown``, ``Host unknown (...)``). Sender,
Message-ID and client come from ``from=``. A message that was given up has no line for its recipients::

    6ANHcaT8002484: 6ANHdIYB003597: sender notify: Cannot send message for 5 days
    6ANHcaT8002484: 6ANHdIYB003597: return to sender: Cannot send message for 5 days

so those whose last attempt was deferred are kept. ``DSN: User unknown`` repeats what a ``to=`` line told,
and is read where there was none. What its server refused::

    ruleset=check_rcpt, arg1=<x@example.net>, relay=[192.0.2.9], reject=550 5.7.1 <x@...>... Relaying denied
    6ANHdRQX003862: <nobody@example.org>... User unknown
    6ANHdRQX003862: Milter: to=<x@example.org>, reject=451 4.3.2 Please try again later
    6ANHdRQX003862: Milter: data, reject=554 5.7.1 virus found        (then to= lines without mailer=)
    NOQUEUE: rejecting commands from c.example.net [192.0.2.9] due to pre-greeting traffic after 0 seconds

The rulesets tls_server, tls_rcpt and check_compat speak of deliveries, whose ``to=`` line follows.

Source: Sendmail 8.9 to 8.18, ``deliver.c`` (logdelivery, giveresponse), ``envelope.c``, ``savemail.c``,
``srvrsmtp.c``, ``milter.c``, ``sysexits.c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply

PROGRAMS = ("sendmail", "sm-mta", "sm-msp-queue", "sm-client", "sm-msp", "sm-que", "sendmail-client")
TRIGGERS = ("stat=", "from=", "reject", "notify: ", "DSN: ", "return to ", ">... ", "clone ")
MAX_PENDING = 200  # deferred recipients of a message that are kept
MAX_RECIPIENTS = 1000  # of a line
_ID = r"(?:([A-Za-z0-9]{7,20}|NOQUEUE): )?"
_TO = re.compile(rf"{_ID}to=(.*?)(?: \[more\])?, (?=ctladdr=|delay=)", re.ASCII)
_FROM = re.compile(rf"{_ID}from=(.*?), size=(\d{{1,15}}), class=.*?, nrcpts=(\d{{1,9}})", re.ASCII)
_MSGID = re.compile(r", msgid=<?([^\s,>]{1,998})")
_CLIENT = re.compile(r", relay=([^,]{1,300})$")
_PEER = re.compile(r"(?:[^\s\[\]@]{1,100}@)?([^\s\[\]]{1,255})?\s?\[(?:IPv6:)?([^\]\s]{1,100})\]", re.ASCII)
_NOTICE = re.compile(
    rf"{_ID}([A-Za-z0-9]{{7,20}}): (DSN|sender notify|return to sender|postmaster notify|return receipt)"
    r": (.*)$",
    re.ASCII | re.DOTALL,
)
_CLONE = re.compile(rf"{_ID}clone:? ?([A-Za-z0-9]{{7,20}}), owner=(.*)$", re.ASCII)
_RULESET = re.compile(
    rf"{_ID}ruleset=(\w{{1,64}}), arg1=(.*?)(?:, arg2=[^,]{{0,300}})?, relay=([^,]{{0,300}}), reject=(.*)$",
    re.ASCII | re.DOTALL,
)
_MILTER = re.compile(
    rf"{_ID}Milter: (?:cmd=)?(\w{{1,24}})(?:=(.*?))?, reject=(\d{{3}}.*)$", re.ASCII | re.DOTALL
)
_USER_ERROR = re.compile(rf"{_ID}(?:\d{{3}}[ -](?:\d\.\d\.\d )?)?(<[^<>]{{1,320}}>)\.\.\. (\S.*)$", re.ASCII)
_SHUT_OUT = re.compile(
    rf"{_ID}(?:(rejecting commands) from ([^,]{{1,300}}?\]).{{0,64}} due to |"
    r"tcpwrappers \(([^,]{1,255}), ([^)]{1,64})\) rejection)",
    re.ASCII,
)
_DELAY = re.compile(r"(?:(\d{1,5})\+)?(\d\d):(\d\d):(\d\d)$", re.ASCII)
_NEVER_SPOKE = re.compile(
    r"refused|timed out|timeout|No route|unreachable|Name server|Host is down|lookup failure|not found", re.I
)
_EXPIRED = "Cannot send message "  # "for 5 days"; "within 5 days" up to 8.9
_NO_REFUSAL = (  # the first four are asked when mail goes out, the others are no mail
    "tls_server",
    "tls_rcpt",
    "try_tls",
    "check_compat",
    "check_vrfy",
    "check_expn",
    "check_etrn",
)
_PHASES = {
    "check_relay": Phase.CONNECT,
    "check_mail": Phase.MAIL,
    "check_rcpt": Phase.RCPT,
    "check_data": Phase.DATA,
    "trust_auth": Phase.AUTH,
    "tls_client": Phase.STARTTLS,
    "connect": Phase.CONNECT,
    "helo": Phase.EHLO,
    "from": Phase.MAIL,
    "to": Phase.RCPT,
}


class _Message(msgspec.Struct):
    """What is known of a queue id: as ``model.Message``, and what its recipients wait for."""

    sender: str | None = None
    message_id: str = ""
    client: str = ""
    size: int | None = None
    recipients: int = 0
    failed: bool = False
    refused: str = ""
    pending: dict[str, float | None] = msgspec.field(default_factory=dict)


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Sendmail."""
    if ", stat=" in message:
        return ", mailer=" in message and _TO.match(message) is not None
    if ", nrcpts=" in message:
        return ", class=" in message and _FROM.match(message) is not None
    return "ruleset=" in message and _RULESET.match(message) is not None


class Reader:
    """Reads the lines of Sendmail's daemons."""

    def __init__(self) -> None:
        self._messages: Joins[_Message] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        message = line.message
        if "stat=" in message:
            found = _TO.match(message)
            if found is not None:
                return self._delivery(line, found)
            if "to=" in message[:32] and ", stat=" in message:
                return (line.unreadable("a delivery of Sendmail that is cut off or altered"),)
        if "from=" in message and ", nrcpts=" in message:
            self._queued(message)
            return ()
        refused = self._reject(line) if "reject" in message else None
        return self._other(line) if refused is None else refused

    def _other(self, line: Line) -> Iterable[Delivery]:
        notice = _NOTICE.match(line.message)
        if notice:
            return self._notice(line, notice)
        error = _USER_ERROR.match(line.message)
        if error:
            return (self._user_error(line, error),)
        clone = _CLONE.match(line.message)
        if clone and clone[1]:
            self._clone(clone)
        return ()

    def _message(self, queue_id: str) -> _Message:
        found = self._messages.get(queue_id)
        if found is None:
            found = _Message()
            if queue_id:
                self._messages.put(queue_id, found)
        return found

    def _queued(self, text: str) -> None:
        found = _FROM.match(text)
        if found is None or not found[1] or found[1] == "NOQUEUE":
            return
        message = self._message(found[1])
        message.sender, message.size, message.recipients = _bare(found[2]), int(found[3]), int(found[4])
        message_id, client = _MSGID.search(text, found.end()), _CLIENT.search(text, found.end())
        message.message_id = message_id[1] if message_id else ""
        message.client = client[1] if client else ""

    def _clone(self, found: re.Match[str]) -> None:
        """A list's copy of a message: it comes from the owner of the list."""
        known = self._messages.get(found[2]) or _Message()
        copy = self._message(found[1])
        copy.sender, copy.message_id = _bare(found[3].strip()), known.message_id
        copy.client, copy.size = known.client, known.size

    def _delivery(self, line: Line, found: re.Match[str]) -> Iterable[Delivery]:
        head, _, stat = line.message[found.end() :].partition("stat=")
        head, quoted, reply_text = head.removesuffix(", ").partition(", reply=")
        fields = dict(part.partition("=")[::2] for part in head.split(", "))
        queue_id, dsn = found[1] or "", fields.get("dsn", "")
        message = self._message(queue_id)
        kind = _kind(stat, dsn)
        if kind is None:
            return ()
        inbound = "mailer" not in fields and ("[" in message.client or bool(message.refused))
        if inbound and kind is not Kind.DELIVERED:
            kind = Kind.REJECTED
        host, address = _peer(message.client if inbound else fields.get("relay", ""))
        if inbound and message.refused:
            reply = reply_of(message.refused, dsn)
        else:
            reply = _reply(stat, reply_text if quoted else "", kind, dsn)
        age = _seconds(fields.get("delay", ""))
        recipients = _recipients(found[2])
        self._remember(message, kind, recipients, age)
        return [
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=message.sender,
                recipient=recipient,
                message_id=message.message_id,
                queue_id=queue_id,
                reporting_mta=line.host,
                remote_mta=host,
                remote_ip=address,
                client=message.client,
                size=message.size,
                queue_age=age,
                delays=fields.get("xdelay", ""),
                phase=Phase.MESSAGE if inbound and message.refused else None,
                status=dsn,
                reply=reply,
            )
            for recipient in recipients
        ]

    @staticmethod
    def _remember(message: _Message, kind: Kind, recipients: list[str], age: float | None) -> None:
        if kind is Kind.BOUNCED:
            message.failed = True
        for recipient in recipients:
            if kind is not Kind.DEFERRED:
                message.pending.pop(recipient, None)
            elif recipient in message.pending or len(message.pending) < MAX_PENDING:
                message.pending[recipient] = age

    def _notice(self, line: Line, found: re.Match[str]) -> Iterable[Delivery]:
        """A notice goes out: it has the null sender, and may tell that a message was given up."""
        queue_id, notice, what, words = found.group(1, 2, 3, 4)
        self._message(notice).sender = ""
        if not queue_id or what == "return receipt" or words.startswith("Warning: "):
            return ()
        message = self._message(queue_id)
        expired = words.startswith(_EXPIRED)
        if message.failed and (not expired or what == "postmaster notify"):
            return ()  # a to= line, or the notice to the sender, told it
        message.failed = True
        if what == "sender notify" and not expired:
            return ()
        waiting, message.pending = (message.pending if expired else {}) or {"": None}, {}
        lost = Delivery(
            source=line.source,
            kind=Kind.EXPIRED if expired else Kind.BOUNCED,
            time=line.time,
            sender=message.sender,
            message_id=message.message_id,
            queue_id=queue_id,
            reporting_mta=line.host,
            client=message.client,
            size=message.size,
            reply=words_of(words),
        )
        return [replace(lost, recipient=recipient, queue_age=age) for recipient, age in waiting.items()]

    def _user_error(self, line: Line, found: re.Match[str]) -> Delivery:
        """The server refused a recipient without a ruleset."""
        code = line.message[: found.start(2)].removeprefix(f"{found[1]}: ")
        reply = reply_of(code + found[3]) if code[:1].isdigit() else words_of(found[3])
        return self._refused(line, found[1], Phase.RCPT, found[2], reply)

    def _reject(self, line: Line) -> Iterable[Delivery] | None:
        """This server, or a filter it asked, refused a client, a sender, a recipient or a message.

        None is a line where ``reject`` is only a word of something else.
        """
        found = _RULESET.match(line.message)
        if found:
            queue_id, ruleset, argument, relay, words = found.group(1, 2, 3, 4, 5)
            if ruleset in _NO_REFUSAL:
                return ()
            refused = self._refused(line, queue_id, _phase(ruleset), argument, reply_of(words))
            return (_by(refused, relay),)
        milter = _MILTER.match(line.message)
        if milter:
            queue_id, stage, argument, words = milter.group(1, 2, 3, 4)
            if queue_id and _phase(stage) is Phase.MESSAGE:
                message = self._message(queue_id)
                message.refused = words
                if message.recipients:
                    return ()  # a line for each recipient follows
            return (self._refused(line, queue_id, _phase(stage), argument or "", reply_of(words)),)
        shut = _SHUT_OUT.match(line.message)
        if shut is None:
            return None
        words = words_of(line.message.removeprefix(f"{shut[1]}: "))
        refused = self._refused(line, shut[1], Phase.CONNECT, "", words)
        return (_by(refused, shut[3] or f"{shut[4]} [{shut[5]}]"),)

    def _refused(
        self, line: Line, queue_id: str | None, phase: Phase, argument: str, reply: Reply
    ) -> Delivery:
        queue_id = "" if queue_id in (None, "NOQUEUE") else queue_id or ""
        message = (self._messages.get(queue_id) if queue_id else None) or _Message()
        host, address = _peer(message.client)
        return Delivery(
            source=line.source,
            kind=Kind.REJECTED,
            time=line.time,
            sender=_bare(argument) if phase is Phase.MAIL else message.sender,
            recipient=_bare(argument) if phase is Phase.RCPT else "",
            message_id=message.message_id,
            queue_id=queue_id,
            reporting_mta=line.host,
            remote_mta=host,
            remote_ip=address,
            size=message.size,
            phase=phase,
            status=str(reply.enhanced or ""),
            reply=reply,
        )


def _by(refused: Delivery, relay: str) -> Delivery:
    host, address = _peer(relay)
    return replace(refused, remote_mta=host, remote_ip=address)


def _phase(stage: str) -> Phase:
    return _PHASES.get(stage, Phase.MESSAGE)


def _kind(stat: str, dsn: str) -> Kind | None:
    """What became of an attempt, or None where it was only put into the queue."""
    if stat.startswith("Sent"):
        return Kind.DELIVERED
    if stat.startswith(("queued", "quarantine", "held")):
        return None
    if stat.startswith(("Deferred", "deferred")) or dsn[:1] == "4":
        return Kind.DEFERRED
    return Kind.DELIVERED if dsn[:1] == "2" else Kind.BOUNCED


def _reply(stat: str, quoted: str, kind: Kind, dsn: str) -> Reply:
    """The server's reply: ``reply=``, else that in ``stat=``, else Sendmail's own words.

    ``reply=`` may be one of an earlier message: it is passed over where no server was spoken to.
    """
    if kind is Kind.DELIVERED:
        words = stat.partition("(")[2].removesuffix(")") or stat
        return words_of(words, dsn)
    words = stat.partition(": ")[2] if stat.startswith(("Deferred: ", "deferred: ")) else stat
    coded = words[:3].isdigit() and words[:1] in "2345" and words[3:4] in (" ", "-", "")
    if quoted[:1] in ("4", "5") and quoted[:3].isdigit():
        if coded and words[:3] != quoted[:3]:
            return reply_of(words, dsn)
        stale = kind is Kind.DEFERRED and quoted[0] != "4" and dsn[:1] == "4"
        if coded or not (stale or _NEVER_SPOKE.search(words)):
            return reply_of(quoted, dsn)
    return reply_of(words, dsn) if coded else words_of(words, dsn)


def _peer(relay: str) -> tuple[str, str]:
    """Name and address of ``mx.example.com. [192.0.2.1]``; the address stands for an unknown name."""
    found = _PEER.match(relay)
    if found:
        name, address = (found[1] or "").rstrip("."), found[2]
        return name or address, address
    name = relay.partition(" ")[0].rstrip(".")
    return ("" if "@" in name else name), ""


def _recipients(text: str) -> list[str]:
    """The addresses of a list; a comma inside quotation marks parts nothing."""
    if "," not in text:
        return [_bare(text)]
    if '"' not in text:
        return [_bare(part) for part in text.split(",")[:MAX_RECIPIENTS] if part.strip()]
    parts: Iterator[str] = (match[0] for match in re.finditer(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+', text))
    return [_bare(part) for _, part in zip(range(MAX_RECIPIENTS), parts, strict=False) if part.strip()]


def _bare(address: str) -> str:
    """An address without its angle brackets and what Sendmail puts behind it."""
    address = address.strip()
    if address[:1] == "<":
        return address[1:].partition(">")[0]
    return address


def _seconds(delay: str) -> float | None:
    found = _DELAY.match(delay)
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
