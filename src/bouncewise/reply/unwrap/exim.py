"""Exim: log lines and bounce prose.

Recognises ``SMTP error from remote mail server after RCPT TO:<..>: host h [ip]: 550 ...`` and its
older and shorter forms, main log lines (``**``, ``==``, ``R=... T=... defer (110): ...``), and the
rejections that Exim writes about its own clients (``H=... rejected RCPT <..>: ...``).
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, own_words, phase_of, quoted

_MARKS = (
    "SMTP error from remote",
    "R=",
    "T=",
    "host ",
    " rejected ",
    "Unrouteable",
    "retry timeout exceeded",
    "retry time not reached",
    "all hosts for",
    "reason: ",
)
_AFTER = re.compile(
    rf"SMTP error from remote (?:mail server|mailer|server)\s?(?:after|for|in reply to)?\s?(?:pipelined )?"
    rf"([^\n]{{2,300}}?)[,:;]\s+(?:host:? )?({HOST})\s?[\[(]({IP})[\])](?::\d{{1,5}})?\s?(?::|reason:)\s?",
    re.I,
)
_AFTER_ONLY = re.compile(
    r"SMTP error from remote (?:mail server|mailer|server)\s?(?:after|for|"
    r"in reply to)\s?(?:pipelined )?([^\n:]{2,60}?(?::<[^>\s]{0,320}>)?(?: SIZE=\d{1,12})?)"
    r"\s?:\s+(?=[245]\d\d)",
    re.I,
)
_HOST = re.compile(
    rf"(?:^|[\s(])host:? ({HOST})\s?[\[(]({IP})[\])](?::\d{{1,5}})?:?\s?(?:reason:)?\s?(?=[245]\d\d)", re.I
)
_LOG_HOST = re.compile(rf"\bH=({HOST}) \[({IP})\]")
_TO = re.compile(rf"(?:\*\*|==|=>|->)\s(?:[^\s<]{{1,200}}\s)?<?({ADDRESS})>?")
_RCPT = re.compile(rf"RCPT TO:<({ADDRESS})>", re.I)
_SENDER = re.compile(rf"MAIL FROM:<({ADDRESS})?>", re.I)
_DEFER = re.compile(r"\bdefer \((-?\d{1,4})\)(?: DT=\S{1,20})?:? ?")
_FAIL = re.compile(
    r"(?:\bT=\S{1,64}|\bR=\S{1,64})(?: H=\S{1,253} \[[^\]]{1,45}\](?::\d{1,5})?)?:? (?!defer|T=|H=)"
)
_REJECTED = re.compile(
    rf"\bH=(?:\(?[^\s)]{{0,255}}\)? )?(?:\(([^)]{{1,255}})\) )?\[({IP})"
    rf"\](?::\d{{1,5}})?.{{0,200}}? (?:temporarily )?rejected (\S{{1,12}})(?: <([^>]{{0,320}})>)?:? ?",
    re.S,
)
_TIME = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_LOG = re.compile(
    r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?:[+-]\d{4} )?)?(?:\[\d{1,7}\] )?"
    r"(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} )?(?:\*\*|==) "
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Exim wrote, or None."""
    if not any(mark in text for mark in _MARKS):
        return None
    base = _base(text)
    after = _AFTER.search(text)
    if after:
        context = Context(phase=_phase(after[1]), remote_host=after[2], remote_ip=after[3])
        return found("exim", quoted(text[after.end() :]), context.merged(base))
    after = _AFTER_ONLY.search(text)
    if after:
        return found("exim", quoted(text[after.end() :]), Context(phase=_phase(after[1])).merged(base))
    host = _HOST.search(text)
    if host:
        context = Context(remote_host=host[1], remote_ip=host[2])
        return found("exim", quoted(text[host.end() :]), context.merged(base))
    return _log(text, base)


def _phase(command: str) -> Phase | None:
    return phase_of(command.split("<", 1)[0])


def _base(text: str) -> Context:
    to, host, sender = _RCPT.search(text) or _TO.search(text), _LOG_HOST.search(text), _SENDER.search(text)
    time = _TIME.match(text)
    return Context(
        recipient=to[1] if to else None,
        remote_host=host[1] if host else None,
        remote_ip=host[2] if host else None,
        sender=sender[1] if sender else None,
        time=time[1] if time else None,
    )


def _log(text: str, base: Context) -> Unwrapped | None:
    rejected = _REJECTED.search(text)
    if rejected:
        context = Context(phase=phase_of(rejected[3]), helo=rejected[1], local_ip=rejected[2])
        return found("exim", quoted(text[rejected.end() :]), context.merged(Context(recipient=rejected[4])))
    if not _LOG.match(text) and " R=" not in text and " T=" not in text:
        return None
    defer = _DEFER.search(text)
    if defer:
        return found("exim", own_words(text[defer.end() :] or defer[0]), base, f"defer ({defer[1]})")
    fail = _FAIL.search(text)
    words = text[fail.end() :] if fail else text.split(": ", 1)[-1]
    return found("exim", own_words(words), base)
