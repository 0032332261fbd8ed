"""The engine with the shipped knowledge, made when it is first needed.

The one place of the library part that reads the environment: ``BOUNCEWISE_RULES`` (a folder of
the user's own rules), ``BOUNCEWISE_POLICY`` (a policy file), ``BOUNCEWISE_CACHE`` (where compiled
databases are kept; ``off`` keeps none) and ``BOUNCEWISE_MATCHER``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.saved import FileCache, load_engine
from bouncewise.reply.model import NO_CONTEXT, Context, Reply


def cache_folder() -> Path | None:
    """Where compiled databases are kept, or None where none are."""
    chosen = os.environ.get("BOUNCEWISE_CACHE")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "bouncewise"
    except RuntimeError:  # no home at all
        return None


def make_engine(
    own_rules: Path | None = None, policy: Path | None = None, *, general_only: bool = False
) -> Engine:
    """An engine with the shipped knowledge.

    Args:
        own_rules: a folder of the user's own rules; they rank above the shipped ones.
        policy: a policy file that overrides the shipped advice.
        general_only: leave every provider's own rules out.

    Raises:
        KnowledgeError: a file of the user's can't be used.
    """
    rules = own_rules or _path("BOUNCEWISE_RULES")
    folder = cache_folder()
    return load_engine(
        own_rules=rules,
        policy=policy or _path("BOUNCEWISE_POLICY"),
        cache=FileCache(folder) if folder else None,
        matcher=os.environ.get("BOUNCEWISE_MATCHER") or None,
        general_only=general_only,
    )


def _path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


@cache
def default_engine() -> Engine:
    """The engine that ``diagnose`` uses."""
    return make_engine()


def diagnose(reply: str | bytes | Reply, context: Context = NO_CONTEXT) -> Diagnosis:
    """Say what a reply means.

    Args:
        reply: a reply in any form: from the wire, joined, in a log line, an exception or a bounce.
        context: what is known besides, such as the phase or the remote host.
    """
    return default_engine().diagnose(reply, context)


def diagnose_many(
    items: Iterable[str | bytes | Reply | tuple[str | bytes | Reply, Context]], workers: int = 1
) -> Iterator[Diagnosis]:
    """Say what each of many replies means, in their order.

    Args:
        items: replies, or pairs of a reply and its context.
        workers: processes to use.
    """
    return default_engine().diagnose_many(items, workers)
