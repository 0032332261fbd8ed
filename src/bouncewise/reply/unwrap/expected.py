"""Errors that name the code a client waited for beside the one it got.

Recognises ``Expected response code "250" but got code "550", with message "550 ..."`` (Swift Mailer, Symfony
Mailer), ``Expected smtp code 250, got 552``, ``Expected: 250, Got: 553 | 553 5.7.1 ...``, ``expected 354 but
received 550 no`` and ``got 550 no, expected 250``. The code that was got is the reply's. An empty one means
that nothing came at all, which the client's own words then tell.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, own_words, quoted

_EXPECTED = re.compile(
    r"Expected response code .{1,60}? but got (?:code [\"']?([2-5]\d\d|)[\"']?, with message\s?([\"']?)|"
    r"an empty response)",
    re.I | re.S,
)
_END = re.compile(
    r"\s?[\"']{1,2}(?:\.?\s{0,2}$|\.?['\"]?\s(?:on line \d|in (?:file )?[/\\\w]|at [/\\\w]|in$)|"
    r"[.)\]},;]{1,3}\s|"
    r"[)\]}]{1,3}\.?$|\s?\n)"
)
_CODES = r"[\"'\[(]{0,2}[2-5]\d\d(?:[\s/,|]{1,3}(?:or\s)?[2-5]\d\d){0,6}[\"'\])]{0,2}"
_GOT = re.compile(
    rf"expected(?:\s(?:an?\s)?(?:smtp|response|reply|return|status|result))?(?:\scodes?)?\s?[:=]?\s?{_CODES}"
    r"(?:\s(?:response|reply|code)s?)?\s?[,;:.-]?\s{0,2}(?:but\s|and\s|instead\s)?"
    r"(?:got|received|was|found|actual(?:ly)?|server (?:said|sent|replied))"
    r"(?:\s(?:smtp|response|reply|code|status|got))?\s?[:=]?\s?[\"'\[(]{0,2}([2-5]\d\d)(?!\d)[\"'\])]{0,2}",
    re.I,
)
_GOT_FIRST = re.compile(
    r"(?:got|received)(?:\s(?:smtp|response|reply|code|status)){0,2}\s?[:=]?\s?[\"'(]{0,2}(?=[2-5]\d\d[\s\"',;(])(.{3,600}?)"
    rf"[\s,;(\"']{{1,4}}(?:but\s|when\s|while\s|instead of\s)?(?:we\s)?(?:expect(?:ed|ing)\b|"
    rf"instead of {_CODES})",
    re.I,
)
_BY_EXPECTED = {"220": Phase.CONNECT, "354": Phase.DATA, "235": Phase.AUTH, "334": Phase.AUTH}


def unwrap(text: str) -> Unwrapped | None:
    """The reply that was got where another was expected, or None."""
    if "xpect" not in text and "instead of" not in text:
        return None
    swift = _EXPECTED.search(text)
    if swift:
        return _swift(text, swift)
    got = _GOT.search(text)
    if got:
        rest = text[got.end() :].lstrip(" |,;:-\"'([")
        rest = rest[4:] if rest.startswith((f"{got[1]} ", f"{got[1]}-")) else rest
        rest = rest.rstrip("\"'") if rest.count("'") % 2 or rest.count('"') % 2 else rest
        expected = re.search(r"[2-5]\d\d", got[0])
        phase = _BY_EXPECTED.get(expected[0]) if expected else None
        return found("expected", quoted(f"{got[1]} {rest}"), Context(phase=phase))
    first = _GOT_FIRST.search(text)
    if first and int(first[1][:3]) >= 400:
        return found("expected", quoted(first[1]), Context())
    return None


def _swift(text: str, match: re.Match[str]) -> Unwrapped:
    """What Swift Mailer and Symfony Mailer print; the message ends with its quotation mark."""
    if not match[1]:
        return found("symfony", own_words("empty reply: connection lost"), Context())
    words = text[match.end() :]
    end = _END.search(words) if match[2] else None
    words = words[: end.start()] if end else words.rstrip(" .").rstrip("\"'")
    reply = quoted(words)
    return found("symfony", reply if reply.code else quoted(f"{match[1]} {words}"), Context())
