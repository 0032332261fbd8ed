"""What all pages and all of the API share: the engine, the store, the resolver, who listens."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bouncewise.checks.asking import Asking
from bouncewise.diagnosis.engine import Engine
from bouncewise.report.tally import OUTCOMES
from bouncewise.store.model import COLUMNS, DAY, Kept, StoreError
from bouncewise.store.rows import time_of
from bouncewise.store.store import Store
from bouncewise.web.errors import WebError, not_found, too_late
from bouncewise.web.guide import Guide
from bouncewise.web.ingest import MAX_REFUSED, Gathered, Refused
from bouncewise.web.live import Hub
from bouncewise.web.metrics import Metrics
from bouncewise.web.settings import Settings
from bouncewise.web.tokens import Tokens

if TYPE_CHECKING:
    from bouncewise.sandbox.run import Sandbox

T = TypeVar("T")
THREADS = 4
MAX_UPLOADS = 8  # that are kept apart at the same time
MAX_EVENTS = 200  # of one batch that pages are told of
_SHOWN = (
    "at",
    "outcome",
    "cause",
    "provider",
    "code",
    "enhanced",
    "reply",
    "recipient",
    "sender",
    "host",
    "format",
)


class Taken(msgspec.Struct, frozen=True):
    """What became of what was sent.

    Attributes:
        new: deliveries that were not there before.
        known: deliveries that were.
        faulty: records that can't be kept.
        passed: mails and records that tell of no delivery.
        refused: the first of the faulty ones, and why.
    """

    new: int
    known: int
    faulty: int = 0
    passed: int = 0
    refused: list[Refused] = []


class Site:
    """What is shared.

    Args:
        engine: says what replies mean.
        store: keeps deliveries.
        asking: asks DNS.
        settings: of the server.
        sandbox: that runs in the same process, or None.
        clock: Unix seconds.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a part
        self,
        engine: Engine,
        store: Store,
        asking: Asking,
        settings: Settings,
        sandbox: Sandbox | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.engine = engine
        self.store = store
        self.asking = asking
        self.settings = settings
        self.sandbox = sandbox
        self.tokens = Tokens(store)
        self.hub = Hub(settings.limits.listeners)
        self.metrics = Metrics()
        self.uploads = Uploads()
        self.guide = Guide(engine.knowledge)
        self.reading = ""  # what is being read into the store now, in words
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "bouncewise-web")

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    async def aside(self, work: Callable[..., T], *given: Any) -> T:
        """Do in another thread what takes its time.

        Raises:
            WebError: it takes too long, or the store can't be used.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.settings.limits.seconds):
                return await loop.run_in_executor(self._threads, work, *given)
        except TimeoutError:
            raise too_late() from None
        except StoreError as fault:
            raise WebError(503, "store", str(fault)) from None

    async def keep(self, batches: Iterator[Gathered], upload: Store | None = None) -> Taken:
        """Keep deliveries, batch by batch, count them, and tell who follows.

        Args:
            batches: what was read; each is kept as a whole or not at all.
            upload: another store than the main one, of which nobody is told.
        """
        new = known = faulty = passed = 0
        refused: list[Refused] = []
        while (gathered := await self.aside(next, batches, None)) is not None:
            added = await self.aside((upload or self.store).add, gathered.kept)
            if upload is None:
                self.metrics.took(added.kept, added.known, gathered.faulty)
                self.tell(added.kept)
            new, known = new + added.new, known + added.known
            faulty, passed = faulty + gathered.faulty, passed + gathered.passed
            refused += gathered.refused[: MAX_REFUSED - len(refused)]
        return Taken(new, known, faulty, passed, refused)

    def tell(self, kept: Sequence[Kept]) -> None:
        """Tell the pages that follow of deliveries; to be called in the loop."""
        if self.hub.listened:
            self.hub.tell([msgspec.json.encode(shown(one.values)) for one in kept[-MAX_EVENTS:]])

    def store_of(self, upload: str) -> Store:
        """The store that a page is about: the main one, or that of an upload.

        Raises:
            WebError: there is no such upload (any more).
        """
        return self.uploads.store(upload) if upload else self.store

    def span(self, store: Store) -> tuple[int, int]:
        """The time that a page is about where none was chosen: the last week of what there is."""
        first, last = store.span()
        return max(first, last - 7 * DAY), last

    def close(self) -> None:
        """End everything."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.uploads.close()
        self.store.close()


class Uploads:
    """Files that were dropped on the report's page: each has a store of its own until others push it out."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bouncewise-uploads-"))
        self._stores: OrderedDict[str, Store] = OrderedDict()

    def make(self, name: str) -> Store:
        """An empty store of that name."""
        while len(self._stores) >= MAX_UPLOADS:
            old, store = self._stores.popitem(last=False)
            store.close()
            for file in self._folder.glob(f"{old}.db*"):
                file.unlink(missing_ok=True)
        store = self._stores[name] = Store.at(str(self._folder / f"{name}.db"))
        return store

    def store(self, name: str) -> Store:
        """The store of an upload.

        Raises:
            WebError: there is none.
        """
        if name not in self._stores:
            raise not_found(
                "this upload is gone: the last few are kept, until the server ends; upload it again"
            )
        self._stores.move_to_end(name)
        return self._stores[name]

    def close(self) -> None:
        """Forget them all."""
        for store in self._stores.values():
            store.close()
        self._stores.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


def shown(values: Sequence[Any]) -> dict[str, Any]:
    """A delivery in short, as a list shows it.

    Args:
        values: of ``COLUMNS``.
    """
    told = {name: values[COLUMNS.index(name)] for name in _SHOWN}
    told["time"] = time_of(told.pop("at"))
    told["outcome"] = OUTCOMES[told["outcome"]]
    return {name: value for name, value in told.items() if value not in (None, "")}
