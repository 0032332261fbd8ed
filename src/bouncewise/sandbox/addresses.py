"""Addresses that choose their reply.

``mailbox-full@...`` gives that cause's reply, ``mailbox-full+gmail@...`` in that provider's words,
``550-5.1.1@...`` a code, ``451-4.7.1+message@...`` the reply to another command (``mail``, ``rcpt``,
``data``, ``message``), ``greylisted-60s@...`` refuses until so much time has passed, ``...+delay-5s`` waits,
``...+drop`` closes the connection in place of a reply, ``...+half`` in the middle of it.
"""

from __future__ import annotations

import re

import msgspec

from bouncewise.reply.model import EnhancedCode, Phase, Reply
from bouncewise.sandbox.answer import Answer
from bouncewise.sandbox.personas import personas
from bouncewise.sandbox.words import Words, typical

MAX_SECONDS = 3600.0
_CODE = re.compile(r"([245][0-5]\d)(?:-([245]\.\d{1,3}\.\d{1,3}))?\Z")
_LASTING = re.compile(r"([a-z-]+)-(\d{1,5})(s|m|h)\Z")
_DELAY = re.compile(r"delay-(\d{1,4})(s|m)?\Z")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_PHASES = {phase.value: phase for phase in (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.MESSAGE)}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for.

    Attributes:
        phase: the command whose reply it is.
        answer: the answer.
        wait: seconds after the first attempt from which on the address is accepted, or None for never.
    """

    phase: Phase
    answer: Answer
    wait: float | None = None


def wish_of(  # noqa: PLR0913 - who asks, and in whose words
    local: str, words: Words, *, as_sender: bool = False, provider: str = "", ip: str = "", sender: str = ""
) -> Wish | None:
    """What the part of an address before the ``@`` asks for, or None where it is an address like any other.

    Args:
        local: that part.
        words: has the replies.
        as_sender: it is the reverse-path, so the reply is that to MAIL.
        provider: whose words are used where the address names nobody.
        ip: the client's address.
        sender: the reverse-path.
    """
    first, *options = local.lower().split("+")
    if not (_CODE.match(first) or "-" in first or first in typical()):  # as nearly every address
        return None
    wait = None
    if lasting := _LASTING.match(first):
        first, wait = lasting[1], float(lasting[2]) * _UNITS[lasting[3]]
    for option in options:
        if option in personas():
            provider = personas()[option].provider
    reply = _reply(first, words, provider, ip, sender)
    if reply is None:
        return None
    phase = next((_PHASES[option] for option in options if option in _PHASES), None)
    if phase is None:
        phase = Phase.MAIL if as_sender else _usual(first, words, reply)
    answer = Answer(
        reply=reply, by="address", delay=_delay(options), drop="drop" in options, half="half" in options
    )
    return Wish(phase=phase, answer=answer, wait=wait)


def _reply(first: str, words: Words, provider: str, ip: str, sender: str) -> Reply | None:
    if code := _CODE.match(first):
        enhanced = EnhancedCode.parse(code[2]) if code[2] else None
        return Reply(int(code[1]), enhanced, ("as the address asks",))
    return words.reply(first, provider, ip=ip, sender=sender) if first in typical() else None


def _usual(first: str, words: Words, reply: Reply) -> Phase:
    """The command that such a reply usually answers, of those that come once the recipient is known."""
    phase = words.phase(first) if first in typical() else Phase.RCPT
    if reply.code is not None and reply.code < 300 and phase is not Phase.RCPT:
        return Phase.MESSAGE
    return phase if phase in (Phase.DATA, Phase.MESSAGE) else Phase.RCPT


def _delay(options: list[str]) -> float:
    for option in options:
        if found := _DELAY.match(option):
            return min(float(found[1]) * _UNITS[found[2] or ""], MAX_SECONDS)
    return 0.0
