"""What is read into the store while the server runs: paths it was given, logs that grow, and forgetting."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.pipeline.follow import follow
from bouncewise.pipeline.run import Choices, read_paths
from bouncewise.reading.delivery import Source
from bouncewise.reading.logs.log import Log
from bouncewise.store.model import DAY, Kept, StoreError
from bouncewise.store.rows import kept_of
from bouncewise.web.ingest import KeptSink
from bouncewise.web.site import Site

BATCH = 2000
PAUSE = 0.5  # seconds between two looks at a log
EVERY = 3600.0  # seconds between two times of forgetting
_log = logging.getLogger("bouncewise.web")


Tell = Callable[[Sequence[Kept]], object]


async def reader(site: Site) -> None:
    """Read what the server was given, then follow it; forget what is old.

    Args:
        site: the site; its settings say what.
    """
    stop = threading.Event()
    loop = asyncio.get_running_loop()

    def tell(kept: Sequence[Kept]) -> None:
        loop.call_soon_threadsafe(site.tell, kept)

    threads = [
        threading.Thread(target=_guarded, args=(work,), daemon=True) for work in _works(site, stop, tell)
    ]
    for thread in threads:
        thread.start()
    try:
        while True:
            if site.settings.keep_days:
                await _forget(site)
            await asyncio.sleep(EVERY)
    finally:
        stop.set()
        for thread in threads:
            await asyncio.to_thread(thread.join, 10)


def _works(site: Site, stop: threading.Event, tell: Tell) -> list[Callable[[], None]]:
    """What is to be done in threads: each log that is followed, and all that is read once."""
    paths = site.settings.paths
    followed = [path for path in paths if site.settings.follow and Path(path).is_file()]
    works: list[Callable[[], None]] = [partial(_follow, site, path, stop, tell) for path in followed]
    if once := [path for path in paths if path not in followed]:
        works.append(partial(_read, site, once, stop, tell))
    return works


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except (OSError, StoreError) as fault:
        _log.error("reading has ended: %s", fault)


def _read(site: Site, paths: Sequence[str], stop: threading.Event, tell: Tell) -> None:
    """Read paths once. What was read by an earlier run counts once."""
    kept: list[Kept] = []
    new = 0
    make = partial(KeptSink, now=site.now)
    for piece in read_paths(site.engine, paths, make, Choices(chunk=BATCH)):
        kept += [one for one in piece.given if one is not None]
        site.reading = piece.path
        if stop.is_set():
            break
        if len(kept) >= BATCH:
            new += _add(site, kept, tell)
            kept = []
    new += _add(site, kept, tell)
    site.reading = ""
    _log.info("%d new deliveries were read", new)


def _follow(site: Site, path: str, stop: threading.Event, tell: Tell) -> None:
    """Read a log from its beginning, and go on as it grows."""
    today = datetime.fromtimestamp(site.now, UTC)
    log = Log(Source(path=path), (today.year, today.month, today.day), "")
    kept: list[Kept] = []
    for delivery in log.follow(follow(path, lambda: not stop.wait(PAUSE))):
        if delivery is not None:
            found = kept_of(delivery, diagnose_delivery(site.engine, delivery), site.now)
            kept += [found] if found else []
        if kept and (delivery is None or len(kept) >= BATCH):
            _add(site, kept, tell)
            kept = []
        if stop.is_set():
            return


def _add(site: Site, kept: list[Kept], tell: Tell) -> int:
    if not kept:
        return 0
    added = site.store.add(kept)
    site.metrics.took(added.kept, added.known, 0)
    tell(added.kept)
    return added.new


async def _forget(site: Site) -> None:
    before = site.now - site.settings.keep_days * DAY
    try:
        gone = await asyncio.to_thread(site.store.forget, before)
    except StoreError as fault:
        _log.error("what is old could not be forgotten: %s", fault)
        return
    if gone:
        _log.info("%d deliveries older than %d days are forgotten", gone, site.settings.keep_days)
