"""Errors of PHPMailer, as they are printed (those of Swift and Symfony Mailer are read in ``expected``).

Recognises ``SMTP Error: The following recipients failed: ...``, ``... SMTP server error: ...
Detail: ... SMTP code: 550 Additional SMTP info: 5.7.1``, ``SMTP ERROR: RCPT TO command failed: 550 ...`` and
``SERVER -> CLIENT: 535 ...``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import ADDRESS, found, is_consequence, own_words, phase_of, quoted

_SERVER = re.compile(r"SERVER -> CLIENT:\s?(?=[2-5]\d\d)")
_DETAIL = re.compile(
    r"(?:SMTP server error:\s?)?(?:([A-Z ]{3,30}) command failed)?\s?Detail:\s?(.{0,2000}?)"
    r"\s?SMTP code:\s?([2-5]\d\d)(?:\s?Additional SMTP info:\s?(\S{3,12}))?",
    re.S,
)
_RECIPIENTS = re.compile(rf"(?:following )?recipients failed:\s?({ADDRESS})\s?:?\s?", re.I)
_OTHER_RECIPIENT = re.compile(rf"[;,]?\s{{1,3}}<?{ADDRESS}>?\s?:\s{{1,3}}(?=[2-5]\d\d)")
_SMTP_ERROR = re.compile(
    r"SMTP Error:\s?(data not accepted|Could not authenticate|Could not connect to SMTP host)[.:]?\s?", re.I
)
_COMMAND_FAILED = re.compile(r"SMTP ERROR: ([A-Za-z ]{3,30}) command failed:\s?(?=[2-5]\d\d)")
_FROM = re.compile(rf"following From address failed:\s?({ADDRESS})\s?:?\s?", re.I)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside an error of a PHP mailer, or None."""
    if "SERVER -> CLIENT" in text:
        return _debug(text)
    if "SMTP" not in text and "recipients failed" not in text:
        return None
    return _phpmailer(text)


def _debug(text: str) -> Unwrapped | None:
    """The debug output: the last failing reply that tells a cause, else the last one."""
    replies = [
        parse_reply(text[m.end() :].split("\n", 1)[0].split("CLIENT -> SERVER", 1)[0])
        for m in _SERVER.finditer(text)
    ]
    if not replies:
        return None
    failing = [r for r in replies if r.code and r.code >= 400]
    telling = [r for r in failing if not is_consequence(r)]
    return found("phpmailer", (telling or failing or replies)[-1], Context())


def _phpmailer(text: str) -> Unwrapped | None:
    failed = _COMMAND_FAILED.search(text)
    if failed:
        command = "end of data" if failed[1] == "DATA END" else "AUTH" if "word" in failed[1] else failed[1]
        words = text[failed.end() :].split("\nSMTP ", 1)[0].split(" SMTP Error: ", 1)[0]
        return found("phpmailer", quoted(words), Context(phase=phase_of(command)))
    recipient, sender, error = _RECIPIENTS.search(text), _FROM.search(text), _SMTP_ERROR.search(text)
    detail = _DETAIL.search(text)
    lead = recipient or sender or error
    if lead is None and detail is None:
        return None
    phase = Phase.RCPT if recipient else Phase.MAIL if sender else _phase_of(error)
    context = Context(
        phase=phase, recipient=recipient[1] if recipient else None, sender=sender[1] if sender else None
    )
    if detail:
        words = " ".join(filter(None, (detail[3], detail[4], detail[2])))
        command = phase_of(detail[1]) if detail[1] else None
        return found("phpmailer", quoted(words), Context(phase=command).merged(context))
    words = text[lead.end() :] if lead else text
    others = _OTHER_RECIPIENT.search(words)
    words = words[: others.start()] if others else words
    reply = quoted(words) if re.match(r"[2-5]\d\d", words) else own_words(text)
    return found("phpmailer", reply, context)


def _phase_of(error: re.Match[str] | None) -> Phase | None:
    if error is None:
        return None
    return {"d": Phase.MESSAGE}.get(error[1][0].lower(), Phase.AUTH if "auth" in error[1] else Phase.CONNECT)
