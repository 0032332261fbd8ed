"""The options of every command that may ask DNS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

TIMEOUT = 10.0  # seconds for all the checks of one question


@dataclass(frozen=True)
class AskHow:
    """How DNS is asked.

    Attributes:
        resolvers: name servers; none for those of the system.
        zone: a file to ask in place of DNS, or None.
        offline: nobody is asked.
        timeout: seconds for all the checks of one question.
    """

    resolvers: tuple[str, ...] = ()
    zone: Path | None = None
    offline: bool = False
    timeout: float = TIMEOUT

    @property
    def chosen(self) -> bool:
        """Whether the user said anything of it."""
        return self != AskHow()


def dns_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--resolver``, ``--zone``, ``--offline`` and ``--timeout``, which the command gets as ``how``."""

    @wraps(function)
    def told(
        *arguments: Any,
        resolvers: tuple[str, ...],
        zone: Path | None,
        offline: bool,
        timeout: float,
        **options: Any,
    ) -> Any:
        return function(*arguments, how=AskHow(resolvers, zone, offline, timeout), **options)

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
        told = option(told)
    return told
