"""Replies as logs write them: most are one plain line, and come by the million."""

from __future__ import annotations

import re
from functools import lru_cache

from bouncewise.reply.model import EnhancedCode, Reply
from bouncewise.reply.parse import parse_reply
from bouncewise.reply.unwrap.common import with_status

MAX_WORDS = 4096  # characters of a reply that are kept
NO_REPLY = Reply(None, None)
_BLANKS = re.compile(" {2,}")
_PLAIN = re.compile(r"([2-5][0-5]\d) (?:([245]\.\d{1,3}\.\d{1,3})[ :]\s?)?(?![\s(#:;\[-])(?!\d\.\d)")


def reply_of(text: str, status: str = "") -> Reply:
    """The reply that a log quotes, from its code on.

    Args:
        text: the reply, its lines joined by blanks or by a written ``\\n``; also words without a code.
        status: an enhanced code that the log gives beside it, for a reply that has none of its own.
    """
    text = text[:MAX_WORDS]
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    plain = _PLAIN.match(text)
    if plain is None or "\\n" in text or f" {plain[1]}-" in text or not text.isprintable():
        return with_status(parse_reply(text), status) if text else with_status(NO_REPLY, status)
    words = text[plain.end() :]
    return Reply(int(plain[1]), enhanced_of(plain[2] or status), (words.rstrip(),) if words else ())


@lru_cache(maxsize=4096)
def enhanced_of(text: str) -> EnhancedCode | None:
    """An enhanced code, or None where the text is none.

    Args:
        text: ``5.1.1``, or anything else.
    """
    try:
        return EnhancedCode.parse(text)
    except ValueError:
        return None


def words_of(text: str, status: str = "") -> Reply:
    """What a program says itself, without a reply of a server: words and no code.

    Args:
        text: the words.
        status: an enhanced code that the log gives beside them.
    """
    words = " ".join(text[:MAX_WORDS].split())
    return Reply(None, enhanced_of(status), (words,) if words else ())
