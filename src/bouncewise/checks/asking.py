"""What the checks of one question work with, and whether DNS answered at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.fetch import HttpsFetcher
from bouncewise.checks.resolver.bounded import Bounded
from bouncewise.checks.resolver.cached import Cached
from bouncewise.checks.run import Means
from bouncewise.knowledge.model import Blocklist


class Asking:
    """A resolver behind a cache, and what was asked of it.

    Args:
        source: the resolver.
        lists: the knowledge base's blocklists.
        timeout: seconds for all the checks of one question.
        offline: nobody is to be asked, so that nothing needs a hint.
        fetches: whether policies may be fetched by HTTPS.
    """

    def __init__(
        self,
        source: Resolver,
        lists: Mapping[str, Blocklist],
        timeout: float,
        *,
        offline: bool = False,
        fetches: bool = True,
    ) -> None:
        self._cached = Cached(source, time.monotonic)
        self._lists = lists
        self._timeout = timeout
        self._offline = offline
        self._fetches = fetches
        self.questions = 0  # asked of DNS or of the cache
        self.answered = 0  # of them with an answer
        self._why = ""

    def means(self) -> Means:
        """What the checks of one question work with; made inside the loop."""
        until = asyncio.get_running_loop().time() + self._timeout
        return Means(
            Bounded(self._cached, until=until, tell=self._count),
            time.time(),
            self._lists,
            HttpsFetcher(self._cached) if self._fetches else None,
            self._timeout,
        )

    @property
    def no_network(self) -> str:
        """Why DNS could not be asked at all, in one line; "" where it could or was not needed."""
        if not self._why:
            return ""
        hint = "" if self._offline else "; --resolver asks another server"
        return f"No answer from DNS ({self._why}{hint}): what is told rests on the input."

    def _count(self, answer: Answer) -> None:
        self.questions += 1
        silent = answer.status in (Status.OFFLINE, Status.TIMEOUT)
        if silent and not self.answered:
            self._why = answer.detail
        elif not silent and answer.status not in (Status.MALFORMED, Status.LIMIT):
            self.answered += 1
            self._why = ""
