"""Exim: main log and reject log lines, and the prose of its bounce mails.

What the far server said, in bounce mails of all ages and of its relatives::

    SMTP error from remote mail server after RCPT TO:<bob@example.com>:
    host mx.example.com [192.0.2.1]: 550 5.1.1 no such user
    SMTP error from remote mailer after end of data: host mx.example.com [192.0.2.1]: 554 spam
    SMTP error from remote server for TEXT command, host: mx.example.com (192.0.2.1) reason: 554 no
    host mx.example.com [192.0.2.1]: 550 no such user

Log lines: ``=>`` delivered (``C="250 ..."`` is the reply), ``==`` deferred, ``**`` bounced::

    2024-01-02 03:04:05 1abcde-000123-AB ** bob@example.com R=dns T=smtp H=mx.example.com [192.0.2.1]: SMTP
      error from remote mail server after MAIL FROM:<a@example.net> SIZE=12: 550 no
    2024-01-02 03:04:05 1abcde-000123-AB == bob@example.com R=dns T=smtp defer (111): Connection refused

Without a server's reply the words behind the last field are given, as a reply without a code:
``Unrouteable address``, ``retry timeout exceeded``, ``retry time not reached for any host``, ``all
hosts for 'example.com' have been failing for a long time``. ``H=(helo) [192.0.2.9] F=<s> rejected
RCPT <r>: ...`` is what this Exim told a client: the client's address is ``local_ip``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import NO_CONTEXT, Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, ip, peer, seconds, time_of

_ID = r"[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}"
_REMOTE_MARK = "SMTP error from remote "
_OWN_MARKS = (
    "Unrouteable address",
    "unrouteable mail domain",
    "retry timeout exceeded",
    "retry time not reached",
    "all hosts for ",
    "SMTP timeout while connected",
    "Remote host closed connection",
    "lowest numbered MX record points to local host",
    "all relevant MX records point to non-existent hosts",
    "an MX or SRV record indicated no SMTP service",
)
_LOG_MARKS = (" R=", " T=", " ** ", "** ", " == ", "== ")
_REJECT_MARKS = ("rejected", "authenticator failed", "synchronization error")

_AFTER = re.compile(
    r"SMTP error from remote (?:mail server|mailer|server)\s{1,8}(?:after|for|in reply to)\s{1,8}"
    r"(?:pipelined\s)?([^\n:,]{2,60}(?::\s?<[^>\n]{0,320}>)?(?:\s[A-Z0-9]{2,12}=[^\s:,]{1,120}){0,6})\s?[:,]\s{0,8}",
    re.I,
)
_HOST_SAID = re.compile(
    rf"(?<![\w=])(?:host:?\s{{1,8}}({NAME})\s{{0,4}}[\[(]([^\])\s]{{2,45}})[\])](?::\d{{1,5}})?)"
    rf"\s?[:,]?\s{{0,8}}(?:reason:\s?)?(?=[245]\d\d)",
    re.I,
)
_TIMEOUT = re.compile(
    rf"SMTP timeout while connected to ({NAME})\s?\[([^\]\s]{{2,45}})\]\s?"
    r"(?:after|in response to) ([^(\n:]{3,60})"
)
_CLOSED = re.compile(
    r"(?:Remote host closed connection in response to|SMTP timeout after|in response to|after sending) "
    r"([^\n;]{2,80})"
)
_FLAG = re.compile(rf"(?:^|\s)(?:({_ID}) )?(\*\*|==|=>|->|>>|\*>) (?=\S)")
_ADDRESS = re.compile(rf"(?:<({FENCED})>|[^\s<>]{{1,512}}(?: <({FENCED})>)?|.{{1,300}}? <({FENCED})>)")
_LOG_HOST = re.compile(r" H=([^\s\[\](]{1,253}) (?:\([^)\s]{1,253}\) )?\[([^\]\s]{2,45})\]")
_SENDER = re.compile(rf" F=<?((?:{FENCED})?)>?(?= )")
_MAIL_FROM = re.compile(rf"MAIL FROM:<((?:{FENCED})?)>", re.I)
_RCPT_TO = re.compile(rf"RCPT TO:<({FENCED})>", re.I)
_AGE = re.compile(r" QT=([\d.wdhms]{1,30})")
_CONFIRM = re.compile(r" C=\"((?:[^\"\\]|\\.){1,2000})\"?")
_DEFER = re.compile(r" defer \((-?\w{1,6})\)")
_INTERFACE = re.compile(r" I=\[([^\]\s]{2,45})\]")
_REJECTED = re.compile(
    r"(?:\bH=([^\s\[\](]{1,253})? ?(?:\(([^)\s]{1,255})\) )?|^)\[([^\]\s]{2,45})\](?::\d{1,5})?"
    r"(?: [A-Za-z0-9]{1,4}=(?:\"[^\"]{0,300}\"|<[^>]{0,320}>|\S{1,320})){0,8} (?:temporarily )?rejected "
    r"(after DATA|by local_scan\(\)|connection in \"?connect\"? ACL|EHLO or HELO|[A-Za-z]{3,8})"
    r"(?: (?:<([^>]{0,320})>|([^\s:]{1,320})))?:? ?",
)
_AUTH = re.compile(
    r"\b[\w-]{1,40} authenticator failed for ([^\s\[(]{1,253} )?(?:\(([^)]{1,255})\) )?\[([^\]\s]{2,45})\]"
    r"(?::\d{1,5})?(?: [A-Z]=\S{1,80}){0,3}: "
)
_SYNC = re.compile(
    r"SMTP protocol synchronization error \([^)]{1,300}\): rejected .{1,300}\bH=.{0,300}\[([^\]\s]{2,45})\]"
)
_RECIPIENT_ABOVE = re.compile(rf"\s{{0,8}}<?({FENCED})>?(?:\s{{1,8}}\([^)]{{1,300}}\))?:?\s{{1,16}}")
_STAMP = re.compile(r"^(?:<\d{1,3}>)?(?:\w{3} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,255} exim\S{0,20} )")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Exim wrote, or None.

    Args:
        text: a log line or a piece of a bounce mail, whole or cut off.
    """
    if _REMOTE_MARK in text or "host" in text:
        said = _remote(text)
        if said:
            return said
    if holds(text, _REJECT_MARKS):
        rejected = _rejected(text)
        if rejected:
            return rejected
    if holds(text, _LOG_MARKS) or 'C="' in text:
        logged = _log(text)
        if logged:
            return logged
    if holds(text, _OWN_MARKS):
        return _prose(text)
    return None


def _phase(command: str) -> Phase | None:
    command = command.split("<", 1)[0]
    return Phase.MESSAGE if "data block" in command else phase_of(command)


def _remote(text: str) -> Unwrapped | None:
    """What the far server said: behind ``after COMMAND:``, behind ``host h [ip]:``, or behind both."""
    after = _AFTER.search(text) if _REMOTE_MARK in text else None
    said = _HOST_SAID.match(text, after.end()) if after else _HOST_SAID.search(text)
    if not said and (after is None or not re.match(r"[245]\d\d", text[after.end() : after.end() + 3])):
        return None
    context = _fields(text)
    if after:
        phase = Phase.MESSAGE if "TEXT" in after[1] else _phase(after[1])
        context = Context(phase=phase).merged(context)
    if said:
        name, address = peer(said[1], said[2])
        context = Context(remote_host=name, remote_ip=address).merged(context)
    if context.remote_host is None:
        before = re.search(rf"\bhost ({NAME}) \[([^\]\s]{{2,45}})\]", text[: after.start()] if after else "")
        if before:
            name, address = peer(before[1], before[2])
            context = context.merged(Context(remote_host=name, remote_ip=address))
    start = (said or after).end()  # type: ignore[union-attr]
    return found("exim", quoted(text[start:].split("\n\n", 1)[0]), context)


def _fields(text: str) -> Context:
    """What the fields of a log line and the commands in it tell."""
    flag = _FLAG.search(text)
    recipient = _recipient(text, flag) if flag else None
    rcpt, sender = _RCPT_TO.search(text), _SENDER.search(text) or _MAIL_FROM.search(text)
    logged, age = _LOG_HOST.search(text), _AGE.search(text)
    name, address = peer(logged[1], logged[2]) if logged else (None, None)
    local = _INTERFACE.search(text) if flag else None
    if rcpt is None and flag is None and (above := _RECIPIENT_ABOVE.match(text)):
        recipient = above[1]
    return Context(
        remote_host=name,
        remote_ip=address,
        local_ip=ip(local[1]) if local else None,
        sender=sender[1] if sender else None,
        recipient=recipient or (rcpt[1] if rcpt else None),
        queue_age=seconds(age[1]) if age else None,
        time=time_of(_STAMP.sub("", text)),
    )


def _recipient(text: str, flag: re.Match[str]) -> str | None:
    """The address behind ``**``, ``==`` or ``=>``; the one in brackets when the first is no mailbox."""
    rest = text[flag.end() : flag.end() + 900]
    match = _ADDRESS.match(rest)
    if match is None:
        return None
    first = rest.split(" ", 1)[0].rstrip(":")
    return first if "@" in first and first[0] not in "<|/" else next((g for g in match.groups() if g), None)


def _log(text: str) -> Unwrapped | None:
    """A line of the main log whose words are Exim's own, or a delivery with its confirmation."""
    flag = _FLAG.search(text)
    if flag is None:
        return None
    known = flag[1] is not None or " R=" in text or " T=" in text
    if not known and flag[2] not in ("**", "=="):
        return None
    context = _fields(text)
    confirmed = _CONFIRM.search(text)
    if flag[2] in ("=>", "->", ">>", "*>"):
        if not known:
            return None
        words = quoted(confirmed[1].replace('\\"', '"')) if confirmed else own_words("delivered")
        return found("exim", words, Context(phase=Phase.MESSAGE if confirmed else None).merged(context))
    rest = text[flag.end() :]
    defer = _DEFER.search(rest)
    colon = _colon(rest, defer.end() if defer else 0)
    if not known and (context.recipient is None or colon is None):
        return None
    words_text = rest[colon:] if colon is not None else rest[defer.start() + 1 :] if defer else rest
    closed = _CLOSED.search(words_text)
    phase = _phase(closed[1]) if closed else _own_phase(words_text)
    note = f"defer ({defer[1]})" if defer else ""
    return found("exim", own_words(words_text), Context(phase=phase).merged(context), note)


def _colon(rest: str, start: int) -> int | None:
    """Where the words begin: behind the first colon and blank that stands in no quoted field."""
    bare = re.sub(r"\"[^\"\n]{0,600}\"", lambda quote: "_" * len(quote[0]), rest[:1500])
    place = bare.find(": ", start)
    return place + 2 if place >= 0 else None


def _own_phase(words: str) -> Phase | None:
    if "TLS" in words[:80] or "DANE" in words[:80]:
        return Phase.STARTTLS
    return Phase.AUTH if "authentication" in words[:80] else None


def _rejected(text: str) -> Unwrapped | None:
    """What this server told a client; the client is the sending side."""
    auth = _AUTH.search(text) if "authenticator failed" in text else None
    if auth:
        context = Context(Phase.AUTH, local_ip=ip(auth[3]), helo=auth[2], time=time_of(text))
        return found("exim", quoted(text[auth.end() :]), context)
    sync = _SYNC.search(text) if "synchronization error" in text else None
    if sync:
        words = text[sync.start() :]
        return found("exim", own_words(words), Context(local_ip=ip(sync[1]), time=time_of(text)))
    match = _REJECTED.search(text) if "rejected " in text else None
    if match is None:
        return None
    command = match[4]
    address = (match[5] or match[6] or "").rstrip(":") or None
    phase = Phase.MESSAGE if command in ("after DATA", "by local_scan()") else phase_of(command)
    sender = _SENDER.search(text)
    context = Context(
        phase=phase,
        local_ip=ip(match[3]),
        helo=match[2] or (address if phase is Phase.EHLO else None),
        sender=sender[1] if sender else address if phase is Phase.MAIL else None,
        recipient=address if phase is Phase.RCPT else None,
        time=time_of(text),
    )
    return found("exim", quoted(text[match.end() :]), context)


def _prose(text: str) -> Unwrapped | None:
    """A paragraph of a bounce mail: the address, then why it could not be delivered to."""
    above = _RECIPIENT_ABOVE.match(text)
    start = above.end() if above else 0
    context = Context(recipient=above[1]) if above else NO_CONTEXT
    words = text[start:]
    timeout = _TIMEOUT.search(words)
    if timeout:
        name, address = peer(timeout[1], timeout[2])
        phase = _phase(timeout[3])
        context = Context(phase=phase, remote_host=name, remote_ip=address).merged(context)
    elif closed := _CLOSED.search(words):
        context = Context(phase=_phase(closed[1])).merged(context)
    elif not above and not words.startswith(_OWN_MARKS):
        return None
    return found("exim", own_words(words), context)
