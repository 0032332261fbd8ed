"""The options of every command that may ask DNS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
TIMEOUT = 10.0  # seconds for all the checks of one question


def dns_options(function: F) -> F:
    """``--resolver``, ``--zone``, ``--offline`` and ``--timeout``."""
    for option in (
        click.option(
            "--timeout",
            type=click.FloatRange(0.1, 600),
            default=TIMEOUT,
            show_default=True,
            help="Seconds for all the checks of one question.",
        ),
        click.option("--offline", is_flag=True, help="Ask nothing of DNS; say what can be said without."),
        click.option(
            "--zone",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Ask this zone (TOML or YAML) in place of DNS: to try a record before you publish it.",
        ),
        click.option(
            "--resolver",
            "resolvers",
            multiple=True,
            metavar="SERVER",
            help="Name server to ask in place of the system's: 192.0.2.53, 127.0.0.1:5353, tls://192.0.2.53 "
            "or https://dns.example/dns-query; may be given several times.",
        ),
    ):
        function = option(function)
    return function
