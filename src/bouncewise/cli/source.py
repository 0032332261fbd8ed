"""What the argument of ``explain`` names: a text, a file or standard input."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path
from typing import BinaryIO

import click


def open_input(argument: str | None) -> tuple[str, BinaryIO | None, str]:
    """What the argument names: (kind, open file or None, text).

    Args:
        argument: a text, a path, ``-`` or None.

    Raises:
        click.ClickException: a file can't be read.
        click.UsageError: there is nothing to explain.
    """
    if argument is None or argument == "-":
        if argument is None and sys.stdin.isatty():
            raise click.UsageError(
                "nothing to explain: give a reply in quotes, a file, or - for standard input.\n"
                'Example: bouncewise explain "550 5.1.1 User unknown"'
            )
        return "standard input", sys.stdin.buffer, ""
    if not argument.strip():
        raise click.UsageError("an empty text says nothing; give the reply in quotes")
    if len(argument) < 1024 and "\n" not in argument and "\0" not in argument:
        path = Path(argument)
        try:
            if path.is_dir():
                raise click.ClickException(f"{argument}: a directory; name a file in it")
            if path.is_file():
                return argument, path.open("rb"), ""
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return "text", None, argument
            raise click.ClickException(f"{argument}: can't be read: {error.strerror}") from None
        if _looks_like_path(argument):
            raise click.ClickException(f"{argument}: no such file")
    return "text", None, argument


def _looks_like_path(argument: str) -> bool:
    return " " not in argument and (
        argument.startswith(("/", "./", "../", "~/"))
        or bool(re.search(r"\.(?:eml|txt|log|mbox|msg|json|jsonl|csv|gz)$", argument))
    )
