"""Haraka's outbound log lines and bounce words; the short forms of MDaemon and Domino.

Haraka names the recipient with its reply, or the outcome of a whole attempt::

    [NOTICE] [uuid.1.1] [outbound] recipient <bob@example.com> rejected: 550 5.1.1 no such user
    [INFO] [uuid.1.1] [outbound] bouncing mail: Too many failures (Upstream error: 421 4.7.0 later)
    [INFO] [uuid.1.1] [outbound] Temp failing FILE for 64 seconds: DNS lookup failure: Error: queryMx ...
    [NOTICE] [uuid.1.1] [outbound] delivered file=.. host=mx.example.com ip=192.0.2.1 response="Ok: queued"
    Some recipients failed: <bob@example.com>

The response of ``delivered`` comes without its reply code: 2.0.0 stands for it, because only the class is
known (RFC 3463 section 3.1). ``delay=`` is the age in seconds, ``fails=``
counts the attempts before. MDaemon: ``Rejected (mx.example.com:25:530 5.7.1 no(at FROM))``. Domino:
``Error transferring to MX.EXAMPLE.COM; SMTP Protocol Returned a Permanent Error 550 5.1.1 no``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, EnhancedCode, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, host, ip, peer, seconds, time_of

_OUTBOUND = re.compile(
    r"\[(?:outbound|hmail)\]\s{0,3}|\bsource=outbound\b.{0,200}?\bmessage=\"|\[-\] \[outbound\] "
)
_RECIPIENT = re.compile(rf"recipient <({FENCED})> (deferred|rejected|bounced|delayed|temp failed): ?", re.I)
_ATTEMPT = re.compile(
    r"(?:bounc(?:ing|ed)(?: mail)?|Temp failing \S{1,300} for \d{1,9} seconds|temp_?fail(?:ed|ing)?|"
    r"deferr?ed|bounce|delayed|failed|err(?:or)?|reason|response)\s?[:=(]\s?\"?",
    re.I,
)
_LAYERS = re.compile(
    r"(?:Too many failures \(|Upstream error: |SMTP error: |Error: |response: |reason: |bounce: |"
    r"Some recipients (?:temp )?failed: (?:<[^>\s]{1,320}>,? ?){1,8}[:;]? ?(?=[245]\d\d))"
)
_DELIVERED = re.compile(r"delivered file=")
_RESPONSE = re.compile(r"\bresponse=\"((?:[^\"\\]|\\.){0,2000})\"?")
_FAILED = re.compile(rf"\b(?:Some|All) recipients (?:temp )?failed: <?({FENCED})>?", re.I)
_CODED = re.compile(r"[ :=\"'(](?=[245]\d\d[ -])")
_HOST = re.compile(rf"\b(?:host|mx)=\"?({NAME})")
_IP = re.compile(r"\bip=\"?([0-9A-Fa-f:.]{3,45})")
_DELAY = re.compile(r"\bdelay=(\d{1,9}(?:\.\d{1,6})?)")
_FAILS = re.compile(r"\bfails=(\d{1,4})\b")
_REFUSED = re.compile(
    r"connect (?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH) ([0-9A-Fa-f:.]{3,45}?)(?::\d{1,5})?\b"
)
_MDAEMON = re.compile(rf"\bRejected \(({NAME}):(\d{{1,5}}):(.{{3,2000}}?)\s?\(at ([A-Z ]{{2,16}})\)\)?", re.S)
_DOMINO = re.compile(
    rf"(?:Error transferring to|Router: Failed to (?:transfer|connect)[^;]{{0,80}}? to) ({NAME})"
    r"(?:[^;]{0,60})?;\s{0,3}(?:SMTP Protocol Returned a (?:Permanent|Transient) Error\s{0,3})?(.{1,1000})",
    re.S,
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Haraka, MDaemon or Domino wrote, or None.

    Args:
        text: a log line or a piece of a bounce mail, whole or cut off.
    """
    if "Rejected (" in text or "transferring to" in text or "Router: " in text:
        other = _mdaemon(text) or _domino(text)
        if other:
            return other
    outbound = _OUTBOUND.search(text) if "outbound" in text or "[hmail]" in text else None
    if outbound:
        return _outbound(text, text[outbound.end() :])
    failed = _FAILED.search(text) if "recipients" in text else None
    if failed is None:
        return None
    coded = _CODED.search(text, failed.end())
    reply = quoted(text[coded.end() :].rstrip(' )"]')) if coded else own_words(text)
    return found("haraka", reply, Context(phase=Phase.RCPT, recipient=failed[1]))


def _outbound(text: str, message: str) -> Unwrapped | None:
    name, address = _HOST.search(message), _IP.search(message)
    delay, fails, refused = _DELAY.search(message), _FAILS.search(message), _REFUSED.search(message)
    remote_host, remote_ip = peer(name[1] if name else None, address[1] if address else None)
    base = Context(
        remote_host=remote_host,
        remote_ip=remote_ip or (ip(refused[1]) if refused else None),
        queue_age=seconds(delay[1]) if delay else None,
        attempts=int(fails[1]) + 1 if fails else None,
        time=time_of(text),
    )
    each = _RECIPIENT.search(message)
    if each:
        context = Context(phase=Phase.RCPT, recipient=each[1]).merged(base)
        return found("haraka", quoted(message[each.end() :].rstrip(' "')), context)
    if _DELIVERED.search(message):
        return _delivered(message, base)
    attempt = _ATTEMPT.search(message)
    if attempt is None and refused is None:
        return None
    return _whole_attempt(message, attempt.end() if attempt else 0, base)


def _delivered(message: str, base: Context) -> Unwrapped:
    """A delivery: the server's words without their reply code, so the class alone is known."""
    said = _RESPONSE.search(message)
    reply = quoted(said[1]) if said else own_words("delivered")
    if reply.code is None and reply.enhanced is None:
        reply = Reply(None, EnhancedCode(2, 0, 0), reply.lines)
    return found("haraka", reply, Context(phase=Phase.MESSAGE).merged(base))


def _whole_attempt(message: str, start: int, base: Context) -> Unwrapped:
    words, note = message[start:], ""
    for _ in range(4):
        layer = _LAYERS.match(words)
        if layer is None:
            break
        note += layer[0]
        words = words[layer.end() :]
    if note.startswith("Too many failures ("):
        words = words.removesuffix(")")
    failed = _FAILED.search(message)
    coded = re.match(r"[245]\d\d[ -]", words) or _CODED.search(words[:400])
    reply = quoted(words[coded.end() - (4 if coded.start() == 0 else 0) :]) if coded else own_words(words)
    phase = Phase.RCPT if failed else Phase.CONNECT if "connect E" in words or "DNS lookup" in words else None
    context = Context(phase=phase, recipient=failed[1] if failed else None).merged(base)
    return found("haraka", reply, context, note)


def _mdaemon(text: str) -> Unwrapped | None:
    match = _MDAEMON.search(text) if "Rejected (" in text else None
    if match is None:
        return None
    name, address = peer(match[1], None)
    context = Context(phase=phase_of(match[4]), remote_host=name, remote_ip=address)
    return found("mdaemon", quoted(match[3]), context)


def _domino(text: str) -> Unwrapped | None:
    match = _DOMINO.search(text)
    if match is None:
        return None
    words = match[2].strip()
    coded = re.search(r"(?<![\d.])(?=[245]\d\d[ -])", words[:160])
    reply = quoted(words[coded.start() :]) if coded else own_words(words)
    return found("domino", reply, Context(remote_host=host(match[1]), remote_ip=ip(match[1])))
