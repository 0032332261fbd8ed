"""Print lines of styled words: in colour on a terminal, plain in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click

Part = tuple[str, str]


def colours() -> bool:
    """Whether output goes to a terminal that wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def show(lines: Iterable[list[Part]]) -> None:
    """Print lines; the words are made safe by whoever wrote them."""
    if not colours():
        for line in lines:
            click.echo("".join(words for words, _ in line).rstrip())
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, needed on a terminal only
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((words, style) for words, style in line)))
