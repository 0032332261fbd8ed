"""How far long work has come: a line on the terminal, nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
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


class Progress:
    """A line on standard error that says how far reading has come, how fast, and how long it takes yet.

    Args:
        paths: what is read.
        quiet: shows nothing; so does standard error that is no terminal.
    """

    def __init__(self, paths: Sequence[str], *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._total = octets_of(tuple(paths)) if self._shown else 0
        self._start = self._next = time.monotonic()
        self._octets = self._lines = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._shown:
            click.echo("\r" + " " * 70 + "\r", nl=False, err=True)

    def passed(self, octets: int, lines: int) -> None:
        """Take note of what was read.

        Args:
            octets: since the last time.
            lines: since the last time.
        """
        self._octets += octets
        self._lines += lines
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + 0.2
        passed = max(now - self._start, 0.001)
        told = f"{self._lines:,} lines, {self._lines / passed:,.0f}/s"
        if self._total and self._octets:
            left = passed * (self._total - self._octets) / self._octets
            told = f"{min(self._octets / self._total, 1):4.0%}  {told}, {max(left, 0):.0f} s left"
        click.echo(f"\r{told:<70}", nl=False, err=True)
