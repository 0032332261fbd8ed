"""Options that ``read`` and ``report`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def format_name(context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check the name of a log format; ``list`` prints them all.

    Raises:
        click.BadParameter: there is no such format.
    """
    if not value or context.resilient_parsing:
        return value
    from bouncewise.reading.logs.registry import names  # noqa: PLC0415 - loads every format

    if value == "list":
        click.echo("\n".join(sorted(names())))
        context.exit()
    if value not in names():
        raise click.BadParameter(f"there is no format {value!r}; --format list shows them all")
    return value


def jobs_option(command: F) -> F:
    """The option ``--jobs``."""
    return click.option(
        "--jobs",
        "--workers",
        "jobs",
        type=click.IntRange(1, 256),
        default=1,
        show_default=True,
        help="Processes to read with; more than one pays from some 100,000 lines or some thousand mails on.",
    )(command)
