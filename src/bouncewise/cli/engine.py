"""The engine for a command, with errors for people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bouncewise.api import make_engine
from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.load import KnowledgeError
from bouncewise.knowledge.pattern import PatternError

F = TypeVar("F", bound=Callable[..., Any])


def engine_options(function: F) -> F:
    """The options of every command that diagnoses."""
    for option in (
        click.option(
            "--policy",
            type=click.Path(path_type=Path),
            envvar="BOUNCEWISE_POLICY",
            help="Your own policy file; its rows override the shipped advice.",
        ),
        click.option(
            "--rules",
            type=click.Path(path_type=Path),
            envvar="BOUNCEWISE_RULES",
            help="A folder of your own rules; they rank above the shipped ones.",
        ),
    ):
        function = option(function)
    return function


def load_cli_engine(rules: Path | None, policy: Path | None, *, general_only: bool = False) -> Engine:
    """The engine.

    Raises:
        click.ClickException: a file of the user's can't be used.
    """
    try:
        return make_engine(rules, policy, general_only=general_only)
    except (KnowledgeError, PatternError) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(f"the matcher asked for is not installed: {error}") from None
