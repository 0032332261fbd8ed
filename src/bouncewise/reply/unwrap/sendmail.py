"""Sendmail: transcripts in bounce mails, ``stat=`` fields and its own prose.

Recognises ``... while talking to h.:`` with ``>>>`` and ``<<<`` lines, ``stat=Deferred: 450 ...``,
whole log lines, and ``reject=550 ...`` of its rulesets.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, own_words, phase_of, quoted, with_status

_MARKS = ("while talking to", "<<<", "stat=", "reject=", "ruleset=", "... ")
_TALKING = re.compile(rf"while talking to ({HOST})\.?:?", re.I)
_DIALOGUE = re.compile(r">>>\s?([^\n<>]{1,200}(?:<[^>\n]{0,320}>)?[^\n<>]{0,80}?)\s{0,4}<<<\s?")
_SAID = re.compile(r"<<<\s?(?=[2-5]\d\d)")
_STAT = re.compile(r"\bstat=")
_REJECT = re.compile(r"\breject=")
_TO = re.compile(rf"\bto=<?({ADDRESS})>?")
_ARG = re.compile(rf"\barg1=<?({ADDRESS})>?")
_RELAY = re.compile(rf"\brelay=({HOST})\.? \[({IP})\]")
_DSN = re.compile(r"\bdsn=([245]\.\d{1,3}\.\d{1,3})")
_DEFERRED = re.compile(r"^(?:Deferred(?:: )?|Service unavailable: |User unknown: )", re.I)
_USER = re.compile(rf"^(?:[245]\d\d (?:[245]\.\d{{1,3}}\.\d{{1,3}} )?)?<?({ADDRESS})>?\.\.\. ")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Sendmail wrote, or None."""
    if not any(mark in text for mark in _MARKS):
        return None
    if "<<<" in text:
        return _dialogue(text)
    for field in (_REJECT, _STAT):
        match = field.search(text)
        if match:
            return _field(text, match)
    user = _USER.match(text)
    if user:
        rest = text[user.end() :]
        code = text[: user.start(1)].rstrip("<")
        deferred = _DEFERRED.match(rest)
        words = rest[deferred.end() :] if deferred else rest
        reply = quoted(words) if re.match(r"[45]\d\d", words) else quoted(code + rest)
        return found("sendmail", reply, Context(recipient=user[1]))
    return None


def _dialogue(text: str) -> Unwrapped | None:
    talking = _TALKING.search(text)
    context = Context(remote_host=talking[1].rstrip(".") if talking else None)
    replies = list(_SAID.finditer(text))
    if not replies:
        return None
    commands = {m.end(): m[1] for m in _DIALOGUE.finditer(text)}
    chosen = next((m for m in replies if text[m.end()] in "45"), replies[-1])
    end = min((p for p in (text.find(">>>", chosen.end()), _end(text, chosen)) if p > 0), default=len(text))
    command = commands.get(chosen.end(), "")
    recipient = re.search(rf"<({ADDRESS})>", command)
    phase = phase_of(command) if command else None
    context = Context(phase=phase, recipient=recipient[1] if recipient else None).merged(context)
    words = re.sub(r"\s?<<<\s?", "\n", text[chosen.end() : end])
    return found("sendmail", quoted(words), context, text[end:])


def _end(text: str, chosen: re.Match[str]) -> int:
    """Where the lines of this reply end: the next ``<<<`` that is no continuation of it."""
    code = text[chosen.end() : chosen.end() + 3]
    for match in _SAID.finditer(text, chosen.end()):
        if text[match.end() : match.end() + 3] != code:
            return match.start()
    blank = text.find("\n\n", chosen.end())
    return blank if blank > 0 else len(text)


def _field(text: str, match: re.Match[str]) -> Unwrapped:
    words = text[match.end() :]
    deferred = _DEFERRED.match(words)
    inner = words[deferred.end() :] if deferred else words
    dsn, relay = _DSN.search(text), _RELAY.search(text)
    to = _TO.search(text) or _ARG.search(text)
    context = Context(
        remote_host=relay[1].rstrip(".") if relay else None,
        remote_ip=relay[2] if relay else None,
        recipient=to[1] if to else None,
        phase=phase_of(
            match.string[:0]
            or (
                "rcpt"
                if "check_rcpt" in text
                else "mail"
                if "check_mail" in text
                else "connect"
                if "check_relay" in text
                else ""
            )
        ),
    )
    reply = quoted(inner) if re.match(r"[245]\d\d[ -]", inner) else own_words(words)
    return found("sendmail", with_status(reply, dsn[1] if dsn else None), context)
