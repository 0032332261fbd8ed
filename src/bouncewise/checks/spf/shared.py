"""A resolver that asks each question once, also when two ask it at the same time."""

from __future__ import annotations

import asyncio

from bouncewise.checks.dns import Answer, Resolver


class Shared:
    """Answers of one check, kept; what is being asked already is waited for."""

    def __init__(self, resolver: Resolver) -> None:
        """See ``Resolver``; ``resolver`` is who is asked."""
        self._resolver = resolver
        self._held: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``."""
        key = (name.lower(), rtype)
        task = self._held.get(key)
        if task is None:
            task = asyncio.ensure_future(self._asked(name, rtype))
            self._held[key] = task
        return task.result() if task.done() else await asyncio.shield(task)

    async def _asked(self, name: str, rtype: str) -> Answer:
        return await self._resolver.ask(name, rtype)
