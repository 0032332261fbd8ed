"""Errors of PHPMailer, Swift Mailer and Symfony Mailer, as they are printed.

Recognises ``SMTP Error: The following recipients failed: ...``, ``... SMTP server error: ...
Detail: ... SMTP code: 550 Additional SMTP info: 5.7.1``, ``SERVER -> CLIENT: 535 ...``, and
``Expected response code "250" but got code "550", with message "550 5.1.1 ..."``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import ADDRESS, found, own_words, phase_of, quoted

_EXPECTED = re.compile(
    r"Expected response code .{1,60}? but got (?:code [\"']?([2-5]\d\d)[\"']?, with message\s?[\"']?|"
    r"an empty response)",
    re.I | re.S,
)
_SERVER = re.compile(r"SERVER -> CLIENT:\s?(?=[2-5]\d\d)")
_DETAIL = re.compile(
    r"(?:SMTP server error:\s?)?(?:([A-Z ]{3,30}) command failed)?\s?Detail:\s?(.{0,2000}?)"
    r"\s?SMTP code:\s?([2-5]\d\d)(?:\s?Additional SMTP info:\s?(\S{3,12}))?",
    re.S,
)
_RECIPIENTS = re.compile(rf"(?:following )?recipients failed:\s?({ADDRESS})\s?:?\s?", re.I)
_SMTP_ERROR = re.compile(
    r"SMTP Error:\s?(data not accepted|Could not authenticate|Could not connect to SMTP host)[.:]?\s?", re.I
)
_FROM = re.compile(rf"following From address failed:\s?({ADDRESS})\s?:?\s?", re.I)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside an error of a PHP mailer, or None."""
    if "SERVER -> CLIENT" in text:
        return _debug(text)
    expected = _EXPECTED.search(text)
    if expected:
        words = text[expected.end() :].rstrip(" .").rstrip("\"'")
        reply = quoted(words) if expected[1] else own_words("empty reply: connection lost")
        return found(
            "symfony", reply if reply.code or not expected[1] else quoted(f"{expected[1]} {words}"), Context()
        )
    if "SMTP" not in text and "recipients failed" not in text:
        return None
    return _phpmailer(text)


def _debug(text: str) -> Unwrapped | None:
    """The debug output: the last failing reply, else the last one."""
    replies = [
        parse_reply(text[m.end() :].split("\n", 1)[0].split("CLIENT -> SERVER", 1)[0])
        for m in _SERVER.finditer(text)
    ]
    if not replies:
        return None
    failing = [r for r in replies if r.code and r.code >= 400]
    return found("phpmailer", (failing or replies)[-1], Context())


def _phpmailer(text: str) -> Unwrapped | None:
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
    reply = quoted(words) if re.match(r"[2-5]\d\d", words) else own_words(text)
    return found("phpmailer", reply, context)


def _phase_of(error: re.Match[str] | None) -> Phase | None:
    if error is None:
        return None
    return {"d": Phase.MESSAGE}.get(error[1][0].lower(), Phase.AUTH if "auth" in error[1] else Phase.CONNECT)
