"""Exceptions of Python's smtplib and of aiosmtplib, as they are printed.

Recognises ``smtplib.SMTPRecipientsRefused: {'a@b': (550, b'5.1.1 ...')}``, ``SMTPDataError: (554,
b'...')``, bare tuples and dictionaries, and whole tracebacks, of which the last exception counts.
"""

from __future__ import annotations

import re
from itertools import islice

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.parse import decode, parse_reply
from bouncewise.reply.unwrap.common import ADDRESS, found, own_words

_EXCEPTION = re.compile(
    r"(?<![A-Za-z])(?:(?:aio)?smtplib(?:\.\w{1,30})?\.)?(SMTP[A-Z]\w{1,40}(?:Error|Refused|Disconnected|Exception|"
    r"TimeoutError))\b:?\s?"
)
_TUPLE = re.compile(r"\(\s?([2-5]\d\d)\s?,\s?(b?)(['\"])")
_RECIPIENT = re.compile(rf"['\"]({ADDRESS})['\"]\s?:\s?$")
_SENDER = re.compile(rf",\s?['\"]({ADDRESS})['\"]\s?\)")
_ENHANCED_ONLY = re.compile(r"[245]\.\d{1,3}\.\d{1,3}['\"],")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[nrt'\"\\])")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}
_PHASES = {
    "SMTPRecipientsRefused": Phase.RCPT,
    "SMTPRecipientRefused": Phase.RCPT,
    "SMTPDataError": Phase.MESSAGE,
    "SMTPSenderRefused": Phase.MAIL,
    "SMTPAuthenticationError": Phase.AUTH,
    "SMTPConnectError": Phase.CONNECT,
    "SMTPConnectTimeoutError": Phase.CONNECT,
    "SMTPHeloError": Phase.EHLO,
}


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside a printed exception, or None."""
    exception = None
    if "SMTP" in text:
        for exception in _EXCEPTION.finditer(text):  # noqa: B007 - the last one counts
            pass
    start = exception.end() if exception else 0
    quote = _deciding(text, start)
    if quote is None and exception is None:
        return None
    if exception is None and quote is not None and quote.start() > 200:
        return None
    phase = _PHASES.get(exception[1]) if exception else None
    if quote is None:
        rest = text[start:]
        reply = parse_reply(rest) if re.match(r"\(?[2-5]\d\d\b", rest) else own_words(rest or text)
        return found("smtplib", reply, Context(phase=phase))
    words = _string(text, quote.end(), quote[3])
    recipient = _RECIPIENT.search(text[max(0, quote.start() - 400) : quote.start()])
    sender = _SENDER.search(text[quote.end() :]) if phase is Phase.MAIL else None
    if recipient is None and phase is Phase.RCPT:
        recipient = _SENDER.search(text[quote.end() :])  # aiosmtplib names it behind the reply
    context = Context(
        phase=phase, recipient=recipient[1] if recipient else None, sender=sender[1] if sender else None
    )
    if phase is None and recipient:
        context = context.merged(Context(phase=Phase.RCPT))
    return found("smtplib", parse_reply(_with_code(quote[1], words, bool(quote[2]))), context)


def _deciding(text: str, start: int) -> re.Match[str] | None:
    """Of the replies to several recipients the first that is final, else the first."""
    first = None
    for match in islice(_TUPLE.finditer(text, start), 200):
        if _ENHANCED_ONLY.match(text, match.end()):
            continue  # (421, "4.7.0", "words") is nothing that smtplib prints
        if match[1][0] == "5":
            return match
        first = first or match
    return first


def _with_code(code: str, words: str, is_bytes: bool) -> str:
    """smtplib drops the codes of the lines and joins them with line ends; put the code back."""
    plain = _unescape(words, is_bytes)
    return "\n".join(f"{code} {line}" for line in plain.splitlines() or [""])


def _string(text: str, start: int, quote: str) -> str:
    """The characters of a string literal up to its closing quote."""
    place = start
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == quote:
            break
        place += 1
    return text[start:place]


def _unescape(words: str, is_bytes: bool) -> str:
    """Undo the escapes of ``repr``; octets of a bytes literal are decoded as UTF-8 or a fallback."""

    def plain(match: re.Match[str]) -> str:
        sign = match[1]
        return chr(int(sign[1:], 16)) if sign[0] == "x" else _PLAIN[sign]

    undone = _ESCAPE.sub(plain, words)
    if is_bytes and all(ord(c) < 256 for c in undone):
        return decode(undone.encode("latin-1"))
    return undone
