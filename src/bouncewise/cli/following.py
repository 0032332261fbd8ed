"""``bouncewise report --follow``: the summary of a log that grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from bouncewise.cli.safe import safe
from bouncewise.cli.show import show
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.follow import follow
from bouncewise.reading.delivery import Source
from bouncewise.reading.logs.log import Log
from bouncewise.report.rollup import Rollup
from bouncewise.report.summary import summarise
from bouncewise.report.terminal import lines, safe_lines

PAUSE = 0.5  # seconds between two looks
EVERY = 5.0  # seconds between two summaries


def follow_log(engine: Engine, paths: Sequence[str], make_sink: Any, only: str, *, top: int) -> None:
    """Show the summary of a log again and again until somebody breaks it off.

    On a terminal the screen is drawn anew; in a pipe the totals are a line each time that they change.

    Args:
        engine: diagnoses.
        paths: one log.
        make_sink: makes the sink.
        only: name of its format, or "".
        top: rows of each table.

    Raises:
        click.ClickException: the log can't be opened.
        click.UsageError: it is not one file.
    """
    if len(paths) != 1 or paths[0] == "-":
        raise click.UsageError("--follow takes one log; name its file")
    sink, total = make_sink(engine), Rollup()
    today = datetime.now().astimezone()
    log = Log(Source(path=paths[0]), (today.year, today.month, today.day), only)
    shown = Shown(engine, top)
    try:
        for delivery in log.follow(follow(paths[0], _pause)):
            if delivery is not None:
                sink.take(delivery)
                continue
            total.merge(sink.given())
            shown.show(total)
    except OSError as error:
        raise click.ClickException(f"{paths[0]}: can't be opened: {error.strerror}") from None
    except KeyboardInterrupt:
        total.merge(sink.given())
        shown.show(total, last=True)


def _pause() -> bool:
    time.sleep(PAUSE)
    return True


class Shown:
    """What is on the screen.

    Args:
        engine: says what causes mean.
        top: rows of each table.
    """

    def __init__(self, engine: Engine, top: int) -> None:
        self._engine = engine
        self._top = top
        self._next = 0.0
        self._last: list[int] = []

    def show(self, rollup: Rollup, *, last: bool = False) -> None:
        """Show a summary where there is something new, and not too often."""
        now = time.monotonic()
        if not last and (now < self._next or rollup.outcomes == self._last):
            return
        self._next, self._last = now + EVERY, list(rollup.outcomes)
        if sys.stdout.isatty():
            click.clear()
            show(safe_lines(lines(summarise(rollup, self._engine), top=self._top), safe))
        else:
            totals = summarise(rollup, self._engine, 1)["totals"]
            click.echo(f"{rollup.last} " + " ".join(f"{name}={count}" for name, count in totals.items()))
