"""qmail and its family: what qmail-send tried, and what the servers in front of it refused.

qmail-send, in syslog (with splogger's stamp), or by multilog::

    info msg 93869: bytes 2343 from <a@example.org> qp 18695 uid 100
    starting delivery 2392: msg 93869 to remote bob@example.com
    delivery 2392: success: 192.0.2.10_accepted_message./Remote_host_said:_250_ok_1732/
    delivery 2393: failure: 192.0.2.10_does_not_like_recipient./Remote_host_said:_550-5.1.1_no_such_user/
        550_5.1.1_see_example.com/Giving_up_on_192.0.2.10./
    delivery 2394: deferral: Connected_to_192.0.2.10_but_greeting_failed./Remote_host_said:_421_busy/
    delivery 2395: success: did_0+0+1/

A blank and what can't be printed is written ``_``, the end of a line ``/``. A message that is too old fails
with ``I'm_not_going_to_try_again;_this_message_has_been_in_the_queue_too_long.``. Deliveries are told by
their number, which begins again when qmail-send does. The servers::

    rblsmtpd: 192.0.2.9 pid 27730: 451 http://www.example.org/query?ip=192.0.2.9
    tcpserver: deny 27731 mx.example.org:192.0.2.1:25 c.example.net:192.0.2.9::4321
    CHKUSER rejected rcpt: from <a@x::> remote <helo:c.example.net:192.0.2.9> rcpt <b@y> : words
    qmail-smtpd: pid 100 Reject::RCPT::Failed_Rcptto P:ESMTP S:192.0.2.9:c.example.net H:helo F:a@x T:b@y
    simscan:[210394]:SPAM REJECT (15.2/9.0):3.3s:Subject:192.0.2.9:a@example.net:b@example.org
    spamdyke[99]: DENIED_RBL_MATCH from: a@x to: b@y origin_ip: 192.0.2.9 origin_rdns: c.example.net auth: ...

Source: qmail 1.03, netqmail 1.06, notqmail 1.09, s/qmail 4 (``qmail-send.c``, ``qmail-remote.c``,
``qmail-log``(5), s/qmail's ``smtpdlog.c``), ucspi-tcp 0.88 (``rblsmtpd.c``, ``tcpserver.c``), chkuser 2,
simscan 1.4, spamdyke 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import NO_MESSAGE, Joins, Line, Message
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reading.logs.times import epoch, iso
from bouncewise.reply.model import Phase, Reply

PROGRAMS = (
    "qmail",
    "qmail-send",
    "qmail-smtpd",
    "splogger",
    "rblsmtpd",
    "tcpserver",
    "sslserver",
    "simscan",
    "chkuser",
    "spamdyke",
)
_STAMP = re.compile(
    r"(?:(\d{9,11}\.\d{1,9})|(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)) (?:qmail(?:-send)?: )?", re.ASCII
)
_INFO = re.compile(r"info msg (\d{1,20}): bytes (\d{1,20}) from <(.*?)> qp ", re.ASCII)
_STARTING = re.compile(
    r"starting delivery (\d{1,20}): msg (\d{1,20}) to (local|remote) (\S{1,1000})", re.ASCII
)
_DELIVERY = re.compile(
    r"delivery (\d{1,20}): (success|failure|deferral|report mangled, will defer)(?:: (.*))?$", re.ASCII
)
_END = re.compile(r"end msg (\d{1,20})", re.ASCII)
_RBL = re.compile(
    r"rblsmtpd: (?:[^\s:]{1,255}:)?([0-9A-Fa-f.:]{3,45}) pid \d{1,10}(?: \w{1,16})?: (\d{3} .*)$", re.ASCII
)
_DENY = re.compile(
    r"(?:tcp|ssl)server: (?:ssl: )?deny \d{1,10} \S{1,300} ([^\s:]{0,255}):"
    r"(\[?[0-9A-Fa-f.:]{3,45}?\]?):[^\s:]{0,64}:\d{1,5}$",
    re.ASCII,
)
_CHKUSER = re.compile(
    r"CHKUSER (rejected (?!intrusion)\w{1,20}|mbx overquota|overquota \w{1,20}): "
    r"from <([^:>]{0,320}):[^>]{0,320}> "
    r"remote <([^:>]{0,255}):([^:>]{0,255}):([^>]{0,64})> rcpt <([^>]{0,320})> : (.*)$",
    re.ASCII,
)
_SQMAIL = re.compile(
    r"(?:qmail-smtpd: )?pid \d{1,10} Reject::(\w{1,20})::(\w{1,40}):? P:\S{0,20} S:(\S{1,64}?):"
    r"([^\s:]{0,255}) H:(\S{0,255}) "
    r"F:(\S{0,320}) T:(\S{0,320})(?: \?[=~] '(.*)')?",
    re.ASCII,
)
_SIMSCAN = re.compile(
    r"simscan:\s?\[\d{1,10}\]:(VIRUS|SPAM REJECT|ATTACH|REGEX)(?! DROP)(.*)"
    r":(\d[0-9A-Fa-f.:]{2,44}|):([^:]{0,320}):([^:]{0,320})$",
    re.ASCII,
)
_SPAMDYKE = re.compile(
    r"(?:spamdyke\[\d{1,10}\]: )?(DENIED_\w{1,60}) from: (\S{1,320}) to: (\S{1,320}) origin_ip: (\S{1,64}) "
    r"origin_rdns: (\S{1,255})(?:.*? reason: (.*))?",
    re.ASCII,
)
_RECOGNISED = re.compile(
    r"(?:\d{9,11}\.\d{1,9} |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? )?"
    r"(?:qmail(?:-send)?: (?:\d{9,11}\.\d{1,9} )?)?"
    r"(?:(?:new|end|bounce) msg \d|info msg \d{1,20}: bytes |starting delivery \d{1,20}: msg \d|"
    r"delivery \d{1,20}: (?:success|failure|deferral|report mangled)|status: local \d{1,9}/\d{1,9} remote |"
    r"(?:double|triple) bounce: |rblsmtpd: |tcpserver: (?:status|pid|ok|deny|end) |CHKUSER |simscan:|"
    r"(?:qmail-smtpd: )?pid \d{1,10} (?:Accept|Reject)::|spamdyke\[\d|DENIED_\w{1,60} from: )",
    re.ASCII,
)
_SAID = "Remote host said: "
_TOO_OLD = "I'm not going to try again"
_GIVING_UP = re.compile(r"[/ ]?Giving up on [^/]{0,300}/?.*$", re.ASCII | re.DOTALL)
_PEER = re.compile(
    r"(?:^|Connected to |\) |[ (/])(?:([A-Za-z0-9][\w.-]{1,253}\.[A-Za-z]{2,63}) ?[(\[]{1,2})?"
    r"((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,40})(?=[\s)\]/.]|$)",
    re.ASCII,
)
_ADDRESS = re.compile(r"<[^<>@]{1,128}@[^<>]{1,253}>")
_STATUS = re.compile(r"\(?#([245]\.\d{1,3}\.\d{1,3})\)?", re.ASCII)
_KINDS = {"success": Kind.DELIVERED, "failure": Kind.BOUNCED, "deferral": Kind.DEFERRED}
_PHASES = (
    ("does not like recipient", Phase.RCPT),
    ("sender was rejected", Phase.MAIL),
    ("my name was rejected", Phase.EHLO),
    ("greeting failed", Phase.CONNECT),
    ("failed on DATA", Phase.DATA),
    ("failed after I sent", Phase.MESSAGE),
    ("TLS", Phase.STARTTLS),
    ("uthentication", Phase.AUTH),
    ("accepted message", None),
)
_STAGES = {
    "RCPT": Phase.RCPT,
    "ORIG": Phase.MAIL,
    "SNDR": Phase.RCPT,
    "DATA": Phase.MESSAGE,
    "AUTH": Phase.AUTH,
}


class _Attempt(msgspec.Struct):
    """A delivery that has begun."""

    message: str
    remote: bool
    recipient: str


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of qmail or of a server in front of it."""
    return _RECOGNISED.match(message) is not None


class Reader:
    """Reads the lines of qmail-send and of the servers in front of it."""

    def __init__(self) -> None:
        self._messages: Joins[Message] = Joins()
        self._attempts: Joins[_Attempt] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        text = line.message
        stamp = _STAMP.match(text) if text[:1].isdigit() else None
        if stamp:
            text = text[stamp.end() :]
            line.time = line.time or epoch(stamp[1]) or iso(stamp[2] or "")
        text = text.removeprefix("qmail: ").removeprefix("qmail-send: ")
        if text.startswith("delivery "):
            return self._delivery(line, text)
        if text.startswith("starting "):
            started = _STARTING.match(text)
            if started:
                number, message, where, recipient = started.groups()
                self._attempts.put(number, _Attempt(message, where == "remote", recipient))
        elif text.startswith("info "):
            info = _INFO.match(text)
            if info:
                self._messages.put(info[1], Message(sender=info[3], size=int(info[2])))
        elif text.startswith("end msg "):
            end = _END.match(text)
            if end:
                self._messages.drop(end[1])
        else:
            return _refused(line, text)
        return ()

    def _delivery(self, line: Line, text: str) -> Iterable[Delivery]:
        found = _DELIVERY.match(text)
        if found is None:
            return (line.unreadable("a delivery of qmail that is cut off or altered"),)
        number, result, written = found.groups("")
        attempt = self._attempts.get(number) or _Attempt("", False, "")
        self._attempts.drop(number)
        message = self._messages.get(attempt.message) or NO_MESSAGE
        kind = _KINDS.get(result, Kind.DEFERRED)
        words = _readable(written or result)
        if kind is Kind.BOUNCED and _TOO_OLD in words:
            kind = Kind.EXPIRED
        reply, before = _reply(words)
        peer = _PEER.search(before) if attempt.remote or _SAID in words else None
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=message.sender,
                recipient=attempt.recipient,
                queue_id=attempt.message,
                reporting_mta=line.host,
                remote_mta=(peer[1] or peer[2]) if peer else "",
                remote_ip=peer[2] if peer else "",
                size=message.size,
                phase=next((phase for sign, phase in _PHASES if sign in before), None),
                status=str(reply.enhanced or ""),
                reply=reply,
            ),
        )


def _readable(written: str) -> str:
    """The words that qmail-send wrote with ``_`` for blanks; those in addresses stay."""
    words = written.replace("_", " ")
    if "_" in written and "<" in written:
        words = _ADDRESS.sub(lambda found: written[found.start() : found.end()], words)
    return words


def _reply(words: str) -> tuple[Reply, str]:
    """The server's reply, or the words of qmail itself; and what stands in front of the reply."""
    before, said, reply = words.partition(_SAID)
    if said:
        reply = reply.partition("/" + _TOO_OLD)[0]
        reply = _GIVING_UP.sub("", reply).rstrip("/ ")
        code = reply[:3]
        if code.isdigit():
            reply = reply.replace(f"/{code}", f"\n{code}")
            return reply_of(reply), before
    status = _STATUS.search(words)
    return words_of(
        words.replace("/", " ") if said else words.rstrip("/"), status[1] if status else ""
    ), before


def _refused(line: Line, text: str) -> Iterable[Delivery]:
    """A server in front of qmail refused a client, a sender, a recipient or a message."""
    for pattern, told in _SERVERS:
        found = pattern.match(text)
        if found:
            return (told(line, found),)
    return ()


def _rbl(line: Line, found: re.Match[str]) -> Delivery:
    return _rejected(line, Phase.CONNECT, ("", found[1]), reply_of(found[2]))


def _deny(line: Line, found: re.Match[str]) -> Delivery:
    words = words_of("connection denied by the rules of the server")
    return _rejected(line, Phase.CONNECT, (found[1], found[2].strip("[]")), words)


def _sqmail(line: Line, found: re.Match[str]) -> Delivery:
    stage, what, address, name, _, sender, recipient, words = found.groups("")
    told = words_of(f"{what.replace('_', ' ')} {words}")
    phase = Phase.EHLO if "Helo" in what else _STAGES.get(stage, Phase.CONNECT)
    return _rejected(line, phase, (name, address), told, (sender, recipient))


def _simscan(line: Line, found: re.Match[str]) -> Delivery:
    told = words_of(found[1] + found[2].partition(":")[0])
    return _rejected(line, Phase.MESSAGE, ("", found[3]), told, (found[4], found[5]))


def _chkuser(line: Line, found: re.Match[str]) -> Delivery:
    what, sender, _, name, address, recipient, words = found.groups()
    phase = Phase.MAIL if "sender" in what else Phase.RCPT
    return _rejected(line, phase, (name, address), words_of(words), (sender, recipient))


def _spamdyke(line: Line, found: re.Match[str]) -> Delivery:
    what, sender, recipient, address, name, reason = found.groups("")
    told = words_of(f"{what} {reason}".strip())
    people = ("" if sender in ("(unknown)", "<>") else sender, "" if recipient == "(unknown)" else recipient)
    return _rejected(line, Phase.RCPT, (name, address), told, people)


_SERVERS: tuple[tuple[re.Pattern[str], Callable[[Line, re.Match[str]], Delivery]], ...] = (
    (_RBL, _rbl),
    (_DENY, _deny),
    (_CHKUSER, _chkuser),
    (_SQMAIL, _sqmail),
    (_SIMSCAN, _simscan),
    (_SPAMDYKE, _spamdyke),
)


def _rejected(
    line: Line,
    phase: Phase,
    client: tuple[str, str],
    reply: Reply,
    people: tuple[str | None, str] = (None, ""),
) -> Delivery:
    address = client[1].removeprefix("::ffff:")
    name = "" if client[0].lower() in ("unknown", "(unknown)", "0") else client[0]
    return Delivery(
        source=line.source,
        kind=Kind.REJECTED,
        time=line.time,
        sender=people[0],
        recipient=people[1],
        reporting_mta=line.host,
        remote_mta=name or address,
        remote_ip=address,
        phase=phase,
        status=str(reply.enhanced or ""),
        reply=reply,
    )
