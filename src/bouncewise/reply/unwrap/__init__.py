"""Take a reply out of what it was found in.

``unwrap`` gives the reply and what the wrapper told about it. A bare reply costs one regular
expression; everything else is tried by the modules of this folder in the order below. Each has
``unwrap(text)``, which returns None at once where the text is not of its kind. A wrapper inside
a wrapper (a ``Diagnostic-Code`` that holds what Postfix wrote) is unwrapped too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType

from bouncewise.reply.model import Context, Reply, Unwrapped
from bouncewise.reply.parse import MAX_INPUT, decode, parse_reply, undo
from bouncewise.reply.unwrap.common import failure_words, holds
from bouncewise.reply.unwrap.oneline import may_hold_more

# Machine formats first, then libraries (they quote a server), then the programs that write prose.
ORDER = (
    "kumomta",
    "powermta",
    "transcript",
    "clients",
    "expected",
    "others",
    "python",
    "node",
    "php",
    "opensmtpd",
    "dsn",
    "postfix",
    "exchange",
    "exim",
    "qmail",
    "sendmail",
    "haraka",
    "gmail",
    "pairs",
)
# What mail programs put round a reply in a bounce mail; libraries and logs do not stand there.
IN_MAILS = (
    "others",
    "opensmtpd",
    "dsn",
    "postfix",
    "exchange",
    "exim",
    "qmail",
    "sendmail",
    "gmail",
    "pairs",
)
MAX_LEVELS = 4
_BARE = re.compile(r"[2-5][0-5]\d[ -](?:#?[245]\.\d{1,3}\.\d{1,3}[ :])?(?![ #(]|[\d.]+-)[^\n\r]*$")
_REFUSAL = re.compile(r"[45]\d\d[ -][^\n\r]*$")  # in one line, whatever stands behind the code
_WRAPPING = (
    "in reply to",
    "SMTP error from",
    "status=",
    "<<<",
    ">>>",
    "Diagnostic-Code",
    "Remote host said",
    "returned '",
    'returned "',
    "server response was",
    "giving up",
    "LED=",
    "while talking to",
    "->",
    "stat=",
    "error that the other server",
    "from the remote server",
    "RCPT TO:<",
    "responded with",
    "nested exception",
)
# The same, where a word is not enough, behind what must stand in a text.
_WRAPPING_FORMS = (
    ("said:", re.compile(r"\bsaid:")),
    ("(5", re.compile(r"\(5\d\d, ")),
    ("-'", re.compile(r"[245]\d\d-'")),
)
_QUOTED = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "`": "`"}
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&"))
_TOLD_BEHIND = re.compile(r"nested exception is|\w(?:Exception|Error): |Traceback \(most recent")


def looks_wrapped(text: str) -> bool:
    """Whether words stand in a text that programs put round a reply; cheap, and no promise."""
    return holds(text, _WRAPPING) or any(mark in text and form.search(text) for mark, form in _WRAPPING_FORMS)


@cache
def _prose() -> ModuleType:
    """The reader of prose, imported when the first text comes that is no plain reply."""
    return import_module("bouncewise.reply.unwrap.prose")


@cache
def _wrappers(names: tuple[str, ...]) -> tuple[Callable[[str], Unwrapped | None], ...]:
    """The wrapper functions, imported when the first text that is no bare reply comes."""
    return tuple(import_module(f"bouncewise.reply.unwrap.{name}").unwrap for name in names)


def unwrap(text: str | bytes, names: tuple[str, ...] = ORDER) -> Unwrapped:
    """Take a reply out of its wrapper.

    Args:
        text: a reply, log line, exception, piece of a bounce mail or transcript. What is behind
            the first 64 KiB is left out.
        names: the wrappers to try, where it is known that others can't be there.

    Returns:
        The reply, the context that the wrapper gives, and the wrapper's name. Never raises: a
        text that holds no reply gives a reply without a code.
    """
    text = undo(decode(text[:MAX_INPUT]) if isinstance(text, bytes) else text[:MAX_INPUT])
    text = text.strip("\ufeff \t\r\n")
    if text[:1] in _QUOTED and text[-1:] == _QUOTED[text[0]] and text.count(text[0]) <= 2:
        text = text[1:-1].strip()
    if _is_plain(text):
        return Unwrapped(parse_reply(text))
    if "&lt;" in text or "&gt;" in text or "&quot;" in text or "&#39;" in text:
        for entity, sign in _ENTITIES:
            text = text.replace(entity, sign)
    return _unwrap(text, 0, names)


def _is_plain(text: str) -> bool:
    """Whether a text is one reply line and nothing else."""
    if not (_BARE.match(text) or _REFUSAL.match(text)) or looks_wrapped(text):
        return False
    return not (text[0] in "23" and may_hold_more(text))


def _unwrap(text: str, level: int, names: tuple[str, ...]) -> Unwrapped:
    for wrapper in _wrappers(names):
        found = wrapper(text)
        if found is None:
            continue
        return _deeper(found, level, names)
    reply = parse_reply(text)
    if reply.code is None:
        return _prose().find(text) or Unwrapped(reply)
    words, phase = _prose().without_reply_to(text) if "in reply to" in text else (text, None)
    if phase is not None:
        return Unwrapped(parse_reply(words), Context(phase=phase))
    if reply.code < 400 and _TOLD_BEHIND.search(text):
        return Unwrapped(failure_words(text))
    return Unwrapped(reply)


def _deeper(found: Unwrapped, level: int, names: tuple[str, ...]) -> Unwrapped:
    """Unwrap what is inside; the inner context fills first."""
    inner_text = found.reply.text
    if level + 1 >= MAX_LEVELS or not looks_wrapped(inner_text):
        return found
    inner = _unwrap(inner_text, level + 1, names)
    if inner.wrapper in (None, "prose") or (inner.reply.code is None and found.reply.code is not None):
        return found
    reply = inner.reply
    if reply.enhanced is None and found.reply.enhanced is not None:
        reply = Reply(reply.code, found.reply.enhanced, reply.lines)
    return Unwrapped(reply, inner.context.merged(found.context), found.wrapper, inner.note or found.note)
