"""Postfix: log lines, queue listings and the prose of its bounce mails.

Recognises ``host h[ip] said: ... (in reply to RCPT TO command)``, ``refused to talk to me:``,
``lost connection with ... while ...``, ``conversation with ... timed out while ...``,
``connect to h[ip]:25: ...``, ``Name service error for name=...``, whole ``postfix/...`` log lines,
``NOQUEUE: reject: ...`` (this server refused a client) and ``status=...`` fields.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, own_words, phase_of, quoted, with_status

_MARKS = (
    "said:",
    "refused to talk to me",
    "lost connection with",
    "timed out while",
    "connect to ",
    "Name service error",
    "postfix/",
    "NOQUEUE:",
    "status=",
    "was not offered by host",
    "Cannot start TLS",
    "delivery temporarily suspended",
    "loops back to myself",
    "relay=",
    "TLS is required",
)
_SAID = re.compile(
    rf"(?:\b(?:host|server)\s)?({HOST})\s?\[({IP})\](?::\d{{1,5}})?\s(said|refused to talk to me):\s?", re.I
)
_IN_REPLY = re.compile(r"\s?\(in reply to ([^()]{1,60}?)(?: command)?(?:\){1,3}|$)", re.I)
_LOST = re.compile(
    rf"lost connection with ({HOST})\s?\[({IP})\](?::\d{{1,5}})? while ([^();\n]{{3,80}})", re.I
)
_TIMED_OUT = re.compile(
    rf"conversation with ({HOST})\s?\[({IP})\](?::\d{{1,5}})? timed out while ([^();\n]{{3,80}})", re.I
)
_CONNECT = re.compile(rf"connect to ({HOST})\s?\[({IP}|[^\]\s]{{1,80}})\](?::\d{{1,5}})?: ", re.I)
_TLS_HOST = re.compile(rf"(?:offered by host|handshake with|server|for) ({HOST})\s?\[({IP})\]", re.I)
_RELAY = re.compile(rf"\brelay=({HOST})\[({IP})\]", re.I)
_TO = re.compile(rf"\bto=<({ADDRESS})>")
_BOUNCE_TO = re.compile(rf"^<?({ADDRESS})>?(?:\s\(expanded from [^)]{{1,300}}\))?: ")
_FROM = re.compile(rf"\bfrom=<((?:{ADDRESS})?)>")
_DSN = re.compile(r"\bdsn=([245]\.\d{1,3}\.\d{1,3})")
_STATUS = re.compile(
    r"\bstatus=(?:sent|bounced|deferred|expired|undeliverable|deliverable|SOFTBOUNCE)[^(\n]{0,60}\("
)
_DELAY = re.compile(r"\bdelay=(\d{1,9}(?:\.\d{1,3})?)")
_HELO = re.compile(r"\bhelo=<([^>]{1,255})>")
_TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\b")
_REJECT = re.compile(
    rf"\breject(?:_warning)?: (\w+) from ([^\s\[]{{1,253}})\[({IP}|"
    rf"unknown)\](?::\d{{1,5}})?: (.+?)(?:; (?:from|client|proto)=|$)",
    re.S,
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Postfix wrote, or None."""
    if not any(mark in text for mark in _MARKS) or (" stat=" in text and "status=" not in text):
        return None
    reject = _REJECT.search(text)
    if reject and ("NOQUEUE" in text or "postfix" in text or "reject:" in text):
        return _rejected(text, reject)
    return _remote(text) or _own(text)


def _rejected(text: str, reject: re.Match[str]) -> Unwrapped:
    """This server refused a client: the client's address is the sending one."""
    helo, sender = _HELO.search(text), _FROM.search(text)
    context = _fields(text).merged(
        Context(
            phase=phase_of(reject[1]),
            local_ip=None if reject[3] == "unknown" else reject[3],
            helo=helo[1] if helo else None,
            sender=sender[1] if sender else None,
        )
    )
    return found("postfix", quoted(reject[4]), context)


def _fields(text: str) -> Context:
    """What the named fields of a log line tell."""
    to, delay, time = _TO.search(text) or _BOUNCE_TO.match(text), _DELAY.search(text), _TIME.match(text)
    relay = _RELAY.search(text)
    return Context(
        remote_host=relay[1] if relay else None,
        remote_ip=relay[2] if relay else None,
        recipient=to[1] if to else None,
        queue_age=float(delay[1]) if delay else None,
        time=time[1] if time else None,
    )


def _remote(text: str) -> Unwrapped | None:
    said = _SAID.search(text)
    if said is None:
        return None
    rest = text[said.end() :]
    answered = _IN_REPLY.search(rest)
    words = rest[: answered.start()] if answered else rest.rstrip(") \n")
    if answered is None and rest.endswith(")") and rest.count("(") == rest.count(")"):
        words = rest
    phase: Phase | None = Phase.CONNECT if said[3].lower().startswith("refused") else None
    if phase is None and answered:
        phase = phase_of(answered[1])
    if phase is None and "SASL authentication failed" in text[: said.start()]:
        phase = Phase.AUTH
    context = Context(phase=phase, remote_host=said[1], remote_ip=said[2]).merged(_fields(text))
    dsn = _DSN.search(text)
    note = text[: said.start()] if phase is Phase.AUTH else ""
    return found("postfix", with_status(quoted(words), dsn[1] if dsn else None), context, note)


def _own(text: str) -> Unwrapped | None:
    """What Postfix says itself: no connection, no route, a local delivery that failed."""
    dsn = _DSN.search(text)
    status = _STATUS.search(text)
    fields = _fields(text)
    for pattern, default in ((_LOST, Phase.CONNECT), (_TIMED_OUT, Phase.CONNECT)):
        match = pattern.search(text)
        if match:
            phase = phase_of(match[3]) or default
            if "initial" in match[3] and "greeting" in match[3]:
                phase = Phase.CONNECT
            context = Context(phase=phase, remote_host=match[1], remote_ip=match[2]).merged(fields)
            return found("postfix", own_words(match[0], dsn[1] if dsn else None), context)
    if status:
        words = text[status.end() :].rstrip()
        words = words[:-1] if words.endswith(")") else words
    elif dsn or any(
        m in text
        for m in (
            "Name service error",
            "connect to ",
            "was not offered",
            "TLS is required",
            "Cannot start TLS",
        )
    ):
        words = text
    else:
        return None
    if status and re.match(r"[245]\d\d[ -]", words):
        return found("postfix", quoted(words), fields)
    connect, tls = _CONNECT.search(text), _TLS_HOST.search(text)
    host = connect or tls
    own_phase = (
        Phase.CONNECT
        if connect or "Name service error" in text
        else Phase.STARTTLS
        if "TLS" in words
        else None
    )
    context = Context(phase=own_phase, remote_host=host[1] if host else None, remote_ip=_ip(host)).merged(
        fields
    )
    return found("postfix", own_words(words, dsn[1] if dsn else None), context)


def _ip(match: re.Match[str] | None) -> str | None:
    return match[2] if match and re.fullmatch(IP, match[2]) else None
