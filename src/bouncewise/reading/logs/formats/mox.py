"""mox: lines of its log, as logfmt (``mox serve``) or in words.

Lines::

    l=info m="delivering to remote" pkg=queue remote=mx.example.com cid=18f from=a@example.org attempts=1
    l=info m="delivered from queue" pkg=queue cid=18f from=a@example.org attempts=1 cid=190 msgid=5
        recipient=bob@example.com
    l=error m="permanent failure delivering from queue" err="rcpt to: smtp: ..., permanent: 550 5.1.1 no
        such user" pkg=queue
        cid=18f from=a@example.org attempts=1 permanent=true code=550 secode=1.1 msgid=5
        recipient=bob@example.com
    l=error m="temporary failure delivering from queue" err="..., transient" pkg=queue ... backoff=7m30s
        nextattempt=...
    l=info m="incoming message rejected" reason=no-bad-signals msgfrom=a@example.org pkg=smtpserver
        mailfrom=... rcptto=ann@example.org cid=191
    l=info m="deliver error" rcptto=ann@example.org code=550 secode=secode usererror=true errmsg="..." cid=191
    l=info m="deliver attempt to unknown user(s)" recipients=[] pkg=smtpserver cid=192
    l=debug m="smtp command result" err="..." pkg=smtpserver cid=193 kind=smtp cmd=rcpt code=550 ecode=5.1.1

    error: permanent failure delivering from queue: rcpt to: ...; pkg=queue; cid=18f; ...

A permanent failure with ``permanent=false`` is a message that has been tried too often. ``secode`` lacks
the class. ``deliver error`` says what its server refused a recipient with, and the line before it why; the
text ``secode`` is a slip of mox's own. Of unknown users the log names no address. A result of DATA repeats
what these lines told, where there were any; the lines of commands come at the level debug, which is what
mox is set up with. Which client it was stands in ``new connection``.

Source: mox 0.0.1 to 0.0.15, ``mlog/log.go``, ``queue/dsn.go``, ``queue/direct.go``,
``smtpclient/client.go``, ``smtpserver/server.go``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.fields import peer_of
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import phase_of

PROGRAMS = ("mox",)
_START = re.compile(
    r"l=(?:trace\w{0,4}|debug|info|print|warn|error|fatal) m=\"((?:[^\"\\]|\\.){0,500})\"(?: |$)"
)
_PLAIN = re.compile(
    r"(?:debug|info|print|warn|error|fatal): "
    r"((?:delivered|(?:permanent|temporary) failure delivering) from queue(?:, sending delayed dsn)?"
    r"|delivering to remote|new connection|deliver error|deliver attempt to unknown user\(s\)"
    r"|smtp command result|incoming message (?:rejected(?: for high rate[^:;]{0,60})?|delivered))"
    r"(?:: (.*?))?; (?=\w)"
)
_PAIR = re.compile(r"([a-zA-Z][\w.]{0,40})=(\"(?:[^\"\\]|\\.)*\"|[^ ;\"]*)[; ]{0,2}")
_VERDICT = re.compile(r"(?:^|, )(permanent|transient)(?:: (.*))?$", re.DOTALL)
_CODED = re.compile(r"[2-5]\d\d[ -]")
_SECODE = re.compile(r"\d{1,3}\.\d{1,3}$")
_IP = re.compile(r"[0-9.]{7,15}$|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?$")
_PERMANENT = "permanent failure delivering from queue"
_TEMPORARY = "temporary failure delivering from queue"
_SENT = "delivered from queue"
_REMOTE = "delivering to remote"
_PHASES = {"mail": Phase.MAIL, "rcpt": Phase.RCPT, "data": Phase.MESSAGE}


class _Client(msgspec.Struct):
    """A connection to its server."""

    ip: str
    sender: str | None = None
    reason: str = ""
    told: bool = False  # a refusal since the last command


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of mox."""
    if message.startswith("l="):
        return _START.match(message) is not None and " pkg=" in message
    return _PLAIN.match(message) is not None


class Reader:
    """Reads the lines of mox."""

    def __init__(self) -> None:
        self._remotes: Joins[str] = Joins()
        self._clients: Joins[_Client] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        found = _START.match(line.message)
        if found:
            event, rest, err = found[1], found.end(), ""
        else:
            plain = _PLAIN.match(line.message)
            if plain is None:
                return ()
            event, rest, err = plain[1], plain.end(), plain[2] or ""
        sort = event.removesuffix(", sending delayed dsn")
        pairs = _pairs(line.message, rest)
        if err:
            pairs["err"] = err
        if sort == _REMOTE:
            self._remotes.put(pairs.get("cid", ""), pairs.get("remote", ""))
        elif sort in (_PERMANENT, _TEMPORARY, _SENT):
            if "recipient" not in pairs:
                return (line.unreadable("this looks like a delivery of mox, but it names no recipient"),)
            return (self._delivery(sort, pairs, line),)
        elif pairs.get("pkg") == "smtpserver":
            return self._incoming(sort, pairs, line)
        return ()

    def _incoming(self, event: str, pairs: dict[str, str], line: Line) -> Iterable[Delivery]:
        """What its server took or refused."""
        client = self._clients.get(pairs.get("cid", ""))
        if event == "new connection" or client is None:
            client = _Client(peer_of(pairs.get("remote", "")))
            self._clients.put(pairs.get("cid", ""), client)
        sender, recipient = _address(pairs.get("mailfrom", "")), _address(pairs.get("rcptto", ""))
        if event == "incoming message delivered":
            known = sender if "mailfrom" in pairs else None
            return (_taken(line, Kind.DELIVERED, known, recipient, words_of(pairs.get("reason", ""))),)
        if event.startswith("incoming message rejected"):
            client.sender, client.reason = sender if "mailfrom" in pairs else None, pairs.get("reason", "")
        elif event == "deliver error":
            reply = reply_of(f"{pairs.get('code', '')} {pairs.get('errmsg', '')}".strip())
            return (self._refused(line, client, recipient, reply, Phase.MESSAGE),)
        elif event == "deliver attempt to unknown user(s)":
            return (self._refused(line, client, "", reply_of("550 5.1.1 no such user(s)"), Phase.MESSAGE),)
        elif event == "smtp command result" and pairs.get("cmd") in _PHASES:
            return self._result(pairs, client, line)
        return ()

    def _result(self, pairs: dict[str, str], client: _Client, line: Line) -> Iterable[Delivery]:
        """The reply to a command; that to DATA has been told where a recipient was refused."""
        code, phase = pairs.get("code", ""), _PHASES[pairs["cmd"]]
        told, client.told = client.told and phase is Phase.MESSAGE, False
        if told or not (code.isdecimal() and 400 <= int(code) <= 599):
            return ()
        reply = reply_of(f"{code} {pairs.get('err', '')}".strip(), pairs.get("ecode", ""))
        return (self._refused(line, _Client(client.ip), "", reply, phase),)

    def _refused(self, line: Line, client: _Client, recipient: str, reply: Reply, phase: Phase) -> Delivery:
        refused = _taken(line, Kind.REJECTED, client.sender, recipient, reply)
        note = client.reason
        client.sender, client.reason, client.told = None, "", True
        return msgspec.structs.replace(
            refused, remote_ip=client.ip, phase=phase, status=str(reply.enhanced or ""), note=note
        )

    def _delivery(self, sort: str, pairs: dict[str, str], line: Line) -> Delivery:
        reply, phase = (Reply(None, None), None) if sort == _SENT else _said(pairs)
        kind = {_SENT: Kind.DELIVERED, _TEMPORARY: Kind.DEFERRED}.get(sort, Kind.BOUNCED)
        if kind is Kind.BOUNCED and pairs.get("permanent") == "false":
            kind = Kind.EXPIRED
        remote = self._remotes.get(pairs.get("cid", "")) or ""
        is_ip = _IP.match(remote) is not None
        attempts = pairs.get("attempts", "")
        return Delivery(
            source=line.source,
            kind=kind,
            time=line.time,
            sender=_address(pairs["from"]) if "from" in pairs else None,
            recipient=_address(pairs["recipient"]),
            queue_id=pairs.get("msgid", ""),
            reporting_mta=line.host,
            remote_mta="" if is_ip else remote,
            remote_ip=remote.strip("[]") if is_ip else "",
            attempts=int(attempts) if attempts.isdecimal() and len(attempts) < 6 else None,
            phase=phase,
            status=str(reply.enhanced or ""),
            reply=reply,
        )


def _taken(line: Line, kind: Kind, sender: str | None, recipient: str, reply: Reply) -> Delivery:
    return Delivery(
        source=line.source,
        kind=kind,
        time=line.time,
        sender=sender,
        recipient=recipient,
        reporting_mta=line.host,
        reply=reply,
    )


def _said(pairs: dict[str, str]) -> tuple[Reply, Phase | None]:
    """The reply at the end of an error, or the error's own words."""
    err, code, secode = pairs.get("err", ""), pairs.get("code", ""), pairs.get("secode", "")
    coded = code.isdecimal() and 200 <= int(code) <= 599
    status = f"{code[0]}.{secode}" if coded and _SECODE.match(secode) else ""
    verdict = _VERDICT.search(err)
    words = err[: verdict.start()] if verdict else err
    phase = phase_of(words.split(":", 1)[0]) if ":" in words[:40] else None
    if verdict and verdict[2]:
        text = verdict[2]
        return reply_of(text if _CODED.match(text) or not coded else f"{code} {text}", status), phase
    if coded:
        return reply_of(f"{code} {words}", status), phase
    return words_of(words, status), phase


def _pairs(text: str, at: int) -> dict[str, str]:
    pairs: dict[str, str] = {}
    while found := _PAIR.match(text, at):
        value = found[2]
        if value[:1] == '"':
            value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        pairs.setdefault(found[1], value)
        at = found.end()
    return pairs


def _address(text: str) -> str:
    return text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text
