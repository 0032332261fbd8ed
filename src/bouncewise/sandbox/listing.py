"""Every address that chooses its reply, for ``--list`` and the page."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bouncewise.reply.model import Reply
from bouncewise.sandbox.personas import names, personas
from bouncewise.sandbox.words import Words, typical


class Choice(msgspec.Struct, frozen=True):
    """An address and the reply that it gives.

    Attributes:
        local: what stands before the ``@``.
        phase: the command that is answered.
        reply: the reply.
    """

    local: str
    phase: str
    reply: str


OTHERS = (
    Choice("550-5.1.1", "rcpt", "any reply code and enhanced code"),
    Choice("451-4.7.1+message", "message", "the reply to another command: mail, rcpt, data, message"),
    Choice("greylisted-60s", "rcpt", "refused until so much time has passed"),
    Choice("mailbox-full+delay-5s", "rcpt", "the reply comes late"),
    Choice("mailbox-full+drop", "rcpt", "the connection is closed in place of the reply"),
    Choice("mailbox-full+half", "rcpt", "the connection is closed in the middle of the reply"),
)


def choices(words: Words, provider: str = "") -> Iterator[Choice]:
    """The causes in nobody's words, or in those of a persona.

    Args:
        words: has the replies.
        provider: name of a persona, or "".
    """
    if provider:
        known = personas()[provider].provider
        for cause in words.causes_of(known):
            if cause in typical():
                reply = words.reply(cause, known)
                yield Choice(f"{cause}+{provider}", words.phase(cause).value, _shown(reply))
        return
    for cause in typical():
        yield Choice(cause, words.phase(cause).value, _shown(words.reply(cause)))
    yield from OTHERS


def all_choices(words: Words) -> Iterator[Choice]:
    """Those of nobody, then those of each persona."""
    yield from choices(words)
    for name in names():
        yield from choices(words, name)


def _shown(reply: Reply | None) -> str:
    if reply is None:
        return ""
    return " ".join(str(part) for part in (reply.code, reply.enhanced, reply.text) if part)
