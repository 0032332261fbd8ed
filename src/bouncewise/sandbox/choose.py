"""The order in which an answer is chosen: a script, the address, policies, else the command is taken."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable

from bouncewise.reply.model import Phase
from bouncewise.sandbox.addresses import Wish, wish_of
from bouncewise.sandbox.answer import ACCEPT, Answer
from bouncewise.sandbox.peer import Asked
from bouncewise.sandbox.policies import Policies
from bouncewise.sandbox.script import Script, Seen
from bouncewise.sandbox.words import Words
from bouncewise.smtp.events import Recipient, Sender

FOREVER = 86_400.0 * 365


class Chooser:
    """Chooses answers.

    Args:
        words: has the replies.
        policies: what is demanded.
        script: rules that come first, or None.
        provider: in whose words addresses are answered that name nobody.
    """

    def __init__(
        self, words: Words, policies: Policies, script: Script | None = None, provider: str = ""
    ) -> None:
        self._words = words
        self.policies = policies
        self.script = script
        self._provider = provider

    def choose(self, asked: Asked) -> Answer | Awaitable[Answer]:
        """The answer; a coroutine where DNS has to be asked for it."""
        if self.script is not None:
            found = self.script.choose(_seen(asked))
            if found is not None:
                return found
        wished = self._by_address(asked)
        if wished is not None:
            return wished
        decided = self.policies.decide(asked)
        if inspect.isawaitable(decided):
            return _or_accept(decided)
        return decided or ACCEPT

    def _by_address(self, asked: Asked) -> Answer | None:
        """What an address asks for; one that asks for a later command is kept in mind until then."""
        event = asked.event
        if isinstance(event, Sender):
            wish = self._wish(asked, event.path.local, as_sender=True)
            return wish.answer if wish and wish.phase is Phase.MAIL else None
        if isinstance(event, Recipient):
            wish = self._wish(asked, event.path.local)
            return self._in_time(wish, asked) if wish and wish.phase is Phase.RCPT else None
        if asked.phase in (Phase.DATA, Phase.MESSAGE):
            locals_ = [(path.local, False) for path in asked.peer.session.recipients]
            if asked.peer.session.sender:
                locals_.append((asked.peer.session.sender.local, True))
            for local, as_sender in locals_:
                wish = self._wish(asked, local, as_sender=as_sender)
                if wish and wish.phase is asked.phase:
                    return wish.answer
        return None

    def _wish(self, asked: Asked, local: str, *, as_sender: bool = False) -> Wish | None:
        return wish_of(
            local,
            self._words,
            as_sender=as_sender,
            provider=self._provider,
            ip=asked.peer.ip,
            sender=asked.sender,
        )

    def _in_time(self, wish: Wish, asked: Asked) -> Answer | None:
        if wish.wait is not None and not self.policies.waits(asked, wish.wait, FOREVER):
            return None
        return wish.answer


async def _or_accept(decided: Awaitable[Answer | None]) -> Answer:
    return await decided or ACCEPT


def _seen(asked: Asked) -> Seen:
    return Seen(
        phase=asked.phase,
        to=asked.to,
        sender=asked.sender,
        ip=asked.peer.ip,
        helo=asked.peer.helo,
        size=len(asked.octets),
        headers=asked.headers,
    )
