"""How far long work has come: a line on the terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

EVERY = 10_000
T = TypeVar("T")


def counted(items: Iterable[T], name: str, *, shown: bool = True) -> Iterator[T]:
    """Pass items through and count them on standard error, where that is a terminal.

    Args:
        items: what is worked on.
        name: what they are called, in the plural.
        shown: False where the terminal shows the results themselves.
    """
    if not (shown and sys.stderr.isatty()):
        yield from items
        return
    number = 0
    for number, item in enumerate(items, 1):
        yield item
        if number % EVERY == 0:
            click.echo(f"\r{number:,} {name}", nl=False, err=True)
    if number >= EVERY:
        click.echo(f"\r{number:,} {name}", err=True)


def octets_of(paths: tuple[str, ...]) -> int:
    """Octets to read where that is known: of plain files that are not compressed; else 0.

    Args:
        paths: as they were named.
    """
    total = 0
    for name in paths:
        path = Path(name)
        if not path.is_file() or path.suffix in (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz"):
            return 0
        total += path.stat().st_size
    return total
