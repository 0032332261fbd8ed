"""Who follows what comes in: a queue for each page that is open, bounded, the oldest dropped first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

HELD = 500  # for a page that is slow
QUIET = 15.0  # seconds after which a sign of life is sent


class Hub:
    """Hands on what comes in.

    Args:
        most: pages that may follow at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._queues: set[asyncio.Queue[bytes]] = set()
        self.closed = asyncio.Event()

    @property
    def listened(self) -> bool:
        """Whether anybody follows."""
        return bool(self._queues)

    @property
    def count(self) -> int:
        """How many follow."""
        return len(self._queues)

    @property
    def full(self) -> bool:
        """Whether nobody more may follow."""
        return len(self._queues) >= self._most

    def tell(self, events: Sequence[bytes]) -> None:
        """Hand on events; to be called in the loop."""
        for queue in self._queues:
            for event in events[-HELD:]:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(event)

    async def follow(self) -> AsyncIterator[bytes]:
        """Events as they come, in the form of server-sent events, until the page is left."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(HELD)
        self._queues.add(queue)
        try:
            yield b": hello\n\n"
            while not self.closed.is_set():
                try:
                    async with asyncio.timeout(QUIET):
                        event = await queue.get()
                    yield b"data: " + event + b"\n\n"
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._queues.discard(queue)
