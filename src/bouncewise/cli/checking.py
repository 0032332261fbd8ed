"""What commands that ask DNS share: the resolver behind them, and the loop that runs checks."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bouncewise.cli.dnsoptions import AskHow

if TYPE_CHECKING:
    from bouncewise.checks.dns import Resolver
    from bouncewise.checks.finding import Finding
    from bouncewise.checks.question import Question
    from bouncewise.checks.reply import Checked
    from bouncewise.knowledge.model import Blocklist

T = TypeVar("T")


class Checking:
    """The resolver that the user chose, and a loop to run checks in; use it as a context manager.

    Args:
        lists: the knowledge base's blocklists.
        how: what the user chose.

    Raises:
        click.ClickException: a server or the zone can't be used.
    """

    def __init__(self, lists: dict[str, Blocklist], how: AskHow) -> None:
        from bouncewise.checks.asking import Asking  # noqa: PLC0415 - only where DNS is asked

        self._source = resolver_of(how)
        alone = how.offline or how.zone is not None
        self.asking = Asking(self._source, lists, how.timeout, offline=how.offline, fetches=not alone)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Checking:
        self._runner.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        close = getattr(self._source, "close", None)  # a zone holds nothing open
        if close is not None:
            close()
        self._runner.__exit__(*error)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end."""
        return self._runner.run(work())

    def answers(self, questions: Sequence[Question]) -> list[Checked]:
        """Answer questions of replies, at the same time."""
        from bouncewise.checks.reply import answer_many  # noqa: PLC0415

        async def work() -> list[Checked]:
            return await answer_many(questions, [self.asking.means() for _ in questions])

        return self.run(work)


def resolver_of(how: AskHow) -> Resolver:
    """The resolver that the user chose.

    Raises:
        click.ClickException: a server or the zone can't be used.
    """
    if how.zone is not None and (how.resolvers or how.offline):
        raise click.UsageError("--zone is asked in place of DNS; leave --resolver and --offline out")
    if how.zone is not None:
        from bouncewise.testing.zone import Zone, ZoneError  # noqa: PLC0415

        try:
            return Zone.load(how.zone)
        except ZoneError as error:
            raise click.ClickException(str(error)) from None
    from bouncewise.checks.resolver.system import ResolverError, make_resolver  # noqa: PLC0415
    from bouncewise.checks.resolver.system import offline as nobody  # noqa: PLC0415

    if how.offline:
        return nobody()
    try:
        return make_resolver(how.resolvers)
    except ResolverError as error:
        raise click.ClickException(str(error)) from None


class Live:
    """A line on standard error that says which checks are done; nothing where that is no terminal.

    Args:
        checking: counts the questions.
        names: the checks that run.
    """

    def __init__(self, checking: Checking, names: Sequence[str]) -> None:
        self._checking = checking
        self._left = dict.fromkeys(names)
        self._all = len(self._left)
        self._shown = sys.stderr.isatty()
        self._start = time.monotonic()
        self._line()

    def tell(self, name: str, _found: tuple[Finding, ...]) -> None:
        """A check has ended."""
        self._left.pop(name, None)
        self._line()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r" + " " * 98 + "\r", nl=False, err=True)

    def _line(self) -> None:
        if not self._shown:
            return
        done = self._all - len(self._left)
        waiting = f"; waiting for {', '.join(self._left)}" if self._left else ""
        told = (
            f"{done} of {self._all} checks, {self._checking.asking.questions} questions, "
            f"{time.monotonic() - self._start:.1f} s{waiting}"
        )
        click.echo(f"\r{told[:98]:<98}", nl=False, err=True)
