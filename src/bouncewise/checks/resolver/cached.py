"""A cache before a resolver: answers are kept for their TTL, and equal questions under way are asked once.

Sources: RFC 2308 section 5 (negative answers), RFC 8767 section 4 (a cap on TTLs).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from bouncewise.checks.dns import Answer, Resolver, Status

SIZE = 100_000
LONGEST = 3600.0
LONGEST_NEGATIVE = 300.0
FAULT = 5.0  # a server that failed is asked again soon
_NEGATIVE = (Status.NXDOMAIN, Status.NODATA)
Key = tuple[str, str]


class Cached:
    """A resolver that remembers.

    Args:
        inner: is asked.
        clock: seconds that only rise.
        size: answers that are kept; the oldest go first.
    """

    def __init__(self, inner: Resolver, clock: Callable[[], float], *, size: int = SIZE) -> None:
        self._inner = inner
        self._clock = clock
        self._size = size
        self._kept: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()
        self._under_way: dict[Key, asyncio.Task[Answer]] = {}

    def known(self, name: str, rtype: str) -> Answer | None:
        """The answer that is kept, or None."""
        known = self._kept.get((name.lower(), rtype))
        return known[1] if known is not None and known[0] > self._clock() else None

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``."""
        known = self.known(name, rtype)
        if known is not None:
            return known
        key = (name.lower(), rtype)
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(self._inner.ask(name, rtype))
            task.add_done_callback(lambda done: self._keep(key, done))
        return await asyncio.shield(task)  # whoever gives up waiting does not end it for the others

    def _keep(self, key: Key, done: asyncio.Task[Answer]) -> None:
        self._under_way.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        answer = done.result()
        self._kept[key] = (self._clock() + _seconds(answer), answer)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


def _seconds(answer: Answer) -> float:
    if answer.failed:
        return FAULT
    most = LONGEST_NEGATIVE if answer.status in _NEGATIVE else LONGEST
    return min(max(float(answer.ttl), 1.0), most)
