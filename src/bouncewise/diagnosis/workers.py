"""Batches over several processes.

The matcher holds Python's global lock, so threads don't help. Each worker has an engine of its own, and what
is run there is given that engine: where a process can be forked safely it is the parent's, which takes no
time to make, else one that is built from the same knowledge. Of diagnoses it gives back plain decisions; the
parent joins them with the replies.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.reply.model import NO_CONTEXT

if TYPE_CHECKING:
    from bouncewise.diagnosis.engine import Engine

BATCH = 4096
R = TypeVar("R")
_worker: list[Any] = []


def _start(settings: dict[str, Any]) -> None:
    from bouncewise.diagnosis.engine import Engine  # noqa: PLC0415 - in the worker only

    _worker[:] = [Engine(**settings)]
    _worker[0].expect_many()


def _take_over(engine: Engine) -> None:
    """In a forked worker nothing is copied: the engine is there."""
    _worker[:] = [engine]


def _can_fork() -> bool:
    """Whether a fork is safe: on Linux, where no other thread may hold a lock that nobody would free.

    PyArrow has threads that Python does not know of.
    """
    return sys.platform == "linux" and threading.active_count() == 1 and "pyarrow" not in sys.modules


def _pool(engine: Engine, workers: int) -> ProcessPoolExecutor:
    engine.expect_many()
    if _can_fork():
        context = get_context("fork")
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_take_over, initargs=(engine,))
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(engine.settings(),)
    )


def _call(run: Callable[[Any, Any], R], batch: Any) -> R:
    return run(_worker[0], batch)


def in_processes(
    engine: Engine, run: Callable[[Any, Any], R], batches: Iterable[Any], workers: int
) -> Iterator[R]:
    """Run a function over batches in several processes, in order, with a bounded number under way.

    Args:
        engine: the engine whose settings the workers take over.
        run: takes a worker's engine and a batch; another process must be able to import it.
        batches: what ``run`` is given, one after the other.
        workers: number of processes.
    """
    with _pool(engine, workers) as pool:
        pending: deque[Future[R]] = deque()
        for batch in batches:
            pending.append(pool.submit(_call, run, batch))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _run(engine: Engine, batch: list[Any]) -> list[tuple[Any, ...]]:
    return [d.parts() for d in engine.diagnose_many(batch)]


def diagnose_in_processes(engine: Engine, items: Iterable[Any], workers: int) -> Iterator[Diagnosis]:
    """Diagnose in several processes, in order.

    Args:
        engine: the engine whose settings the workers take over.
        items: as for ``Engine.diagnose_many``.
        workers: number of processes.
    """
    from bouncewise.diagnosis.engine import batches  # noqa: PLC0415 - circular at import time

    for results in in_processes(engine, _run, batches(items, BATCH), workers):
        yield from _joined(engine, results)


def _joined(engine: Engine, results: list[tuple[Any, ...]]) -> Iterator[Diagnosis]:
    for reply, context, decision, wrapper in results:
        yield Diagnosis(engine, reply, context or NO_CONTEXT, decision, wrapper)
