"""Batches over several processes.

The matcher holds Python's global lock, so threads don't help. Each worker builds an engine of its
own from the same knowledge and gives back plain decisions; the parent joins them with the replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.reply.model import NO_CONTEXT

if TYPE_CHECKING:
    from bouncewise.diagnosis.engine import Engine

BATCH = 4096
_worker: list[Any] = []


def _start(settings: dict[str, Any]) -> None:
    from bouncewise.diagnosis.engine import Engine  # noqa: PLC0415 - in the worker only

    _worker[:] = [Engine(**settings)]


def _run(batch: list[Any]) -> list[tuple[Any, ...]]:
    return [d.parts() for d in _worker[0].diagnose_many(batch)]


def diagnose_in_processes(engine: Engine, items: Iterable[Any], workers: int) -> Iterator[Diagnosis]:
    """Diagnose in several processes, in order, with a bounded number of batches under way.

    Args:
        engine: the engine whose settings the workers take over.
        items: as for ``Engine.diagnose_many``.
        workers: number of processes.
    """
    from bouncewise.diagnosis.engine import batches  # noqa: PLC0415 - circular at import time

    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(engine.settings(),)
    ) as pool:
        pending: list[Any] = []
        source = batches(items, BATCH)
        for batch in source:
            pending.append(pool.submit(_run, batch))
            if len(pending) > 2 * workers:
                yield from _joined(engine, pending.pop(0).result())
        for future in pending:
            yield from _joined(engine, future.result())


def _joined(engine: Engine, results: list[tuple[Any, ...]]) -> Iterator[Diagnosis]:
    for reply, context, decision, wrapper in results:
        yield Diagnosis(engine, reply, context or NO_CONTEXT, decision, wrapper)
