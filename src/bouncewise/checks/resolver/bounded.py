"""The limits of one check: so many questions, so much time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.names import MAX_LABEL, MAX_NAME

QUESTIONS = 400


class Bounded:
    """A resolver that stops asking past its limits.

    Args:
        inner: is asked.
        questions: how many it may be asked.
        until: time of the running loop's clock after which nothing is asked, in seconds; None for no end.
        tell: is told each answer as it comes.
    """

    def __init__(
        self,
        inner: Resolver,
        *,
        questions: int = QUESTIONS,
        until: float | None = None,
        tell: Callable[[Answer], None] | None = None,
    ) -> None:
        self._inner = inner
        self._known = getattr(inner, "known", None)  # a cache needs no time limit for what it has
        self._left = questions
        self._allowed = questions
        self._until = until
        self._tell = tell

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``; never raises."""
        answer = await self._ask(name, rtype)
        if self._tell:
            self._tell(answer)
        return answer

    async def _ask(self, name: str, rtype: str) -> Answer:
        told = self._at_once(name, rtype)
        if told is not None:
            return told
        try:
            if self._until is None:
                return await self._inner.ask(name, rtype)
            async with asyncio.timeout_at(self._until):
                return await self._inner.ask(name, rtype)
        except TimeoutError:
            return Answer(name, rtype, Status.TIMEOUT, detail="no answer before the check's time was up")
        except Exception as fault:
            return Answer(name, rtype, Status.SERVFAIL, detail=f"{type(fault).__name__}: {str(fault)[:200]}")

    def _at_once(self, name: str, rtype: str) -> Answer | None:
        """The answer where nobody has to be asked: a limit, or what the cache has."""
        if problem := unaskable(name):
            return Answer(name, rtype, Status.MALFORMED, detail=problem)
        if self._left <= 0:
            why = f"this check has asked its {self._allowed} questions"
            return Answer(name, rtype, Status.LIMIT, detail=why)
        self._left -= 1
        known: Answer | None = self._known(name, rtype) if self._known else None
        return known


def unaskable(name: str) -> str:
    """Why a name can't be asked for, or "" where it can (RFC 1035 section 2.3.4)."""
    if len(name) > MAX_NAME:
        return f"the name has {len(name)} characters; {MAX_NAME} are allowed"
    if name and any(not 0 < len(label) <= MAX_LABEL for label in name.split(".")):
        return f"a label of the name is empty or longer than {MAX_LABEL}"
    if not name.isascii():
        return "the name is not ASCII"
    return ""
