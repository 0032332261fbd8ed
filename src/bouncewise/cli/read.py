"""``bouncewise read``: bounce mails of any source, a record for each recipient."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.resume import ResumePoints
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.mails import Outcome, Row, read_paths

MAX_SHOWN = 10  # causes in the summary
MAX_WORDS = 120  # characters of a reply in a line
_NO_FAILURE = frozenset({"not-a-bounce", "unreadable"})
_STYLE = {
    "bounced": "red",
    "expired": "red",
    "rejected": "red",
    "unreadable": "red",
    "delayed": "yellow",
    "deferred": "yellow",
    "complaint": "magenta",
    "delivered": "green",
    "relayed": "green",
}


@click.command("read")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--jsonl", is_flag=True, help="A JSON object a line for each recipient, on standard output.")
@click.option("--bounces", is_flag=True, help="Leave out mails that tell of no delivery.")
@click.option(
    "--resume",
    "resume_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep in this file how far each mailbox is read, and go on from there the next time.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes to read with; more than one pays from some thousand mails on.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: tuple[str, ...],
    jsonl: bool,
    bounces: bool,
    resume_file: Path | None,
    workers: int,
    quiet: bool,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Read bounce mails: who did not get what, and why.

    A PATH is a mail, an mbox, a Maildir or MH folder, any directory of mails, a zip or tar archive,
    any of them compressed, an IMAP folder (imaps://user@host/INBOX, password in
    BOUNCEWISE_IMAP_PASSWORD), or - for standard input.

    \b
    Examples:
      bouncewise read bounce.eml
      bouncewise read ~/Maildir --jsonl > bounces.jsonl
      bouncewise read /var/mail/bounces --resume state.json --jsonl >> bounces.jsonl
    """
    if not paths and sys.stdin.isatty():
        raise click.UsageError("nothing to read: name a mail, a mailbox or a folder, or - for standard input")
    engine = load_cli_engine(rules, policy)
    points = ResumePoints(resume_file)
    outcomes = read_paths(
        engine,
        paths or ("-",),
        resume=points.known(),
        stdin=sys.stdin.buffer,
        workers=workers,
        as_json=jsonl,
    )
    summary = Summary()
    try:
        for outcome in _shown(outcomes, paths, quiet=quiet or sys.stdout.isatty()):
            rows = [row for row in outcome.rows if not (bounces and row.kind in _NO_FAILURE)]
            _write(outcome, rows, jsonl=jsonl)
            summary.count(outcome)
            points.passed(outcome.resume_key, outcome.resume_at)
    finally:
        sys.stdout.flush()
        points.save()
        if not quiet and (summary.mails > 1 or summary.unreadable):
            summary.show(engine)
    if summary.unreadable:
        sys.exit(1)


def _write(outcome: Outcome, rows: Iterable[Row], *, jsonl: bool) -> None:
    for row in rows:
        if jsonl:
            sys.stdout.buffer.write(row.line + b"\n")
        else:
            show([_line(outcome, row)])


def _line(outcome: Outcome, row: Row) -> list[Part]:
    """A record in one line: what became of it, why, whom it was for, in what words."""
    told = row.text or row.reason
    if row.kind == "unreadable":
        told = f"{outcome.path}{f' in {outcome.member}' if outcome.member else ''}: {row.reason}"
    return [
        (f"{row.kind:<13} ", _STYLE.get(row.kind, "cyan")),
        (f"{row.cause:<24} ", "bold"),
        (f"{safe(row.recipient) or '-':<32} ", ""),
        (safe(told) if row.kind == "unreadable" else safe(told)[:MAX_WORDS], "dim"),
    ]


def _shown(outcomes: Iterable[Outcome], paths: tuple[str, ...], *, quiet: bool) -> Iterator[Outcome]:
    """Pass outcomes through, with a bar on standard error where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from outcomes
        return
    total = _octets(paths)
    with click.progressbar(length=total or 1, label="reading", file=sys.stderr, show_pos=not total) as bar:
        for outcome in outcomes:
            yield outcome
            bar.update(outcome.octets if total else 1)


def _octets(paths: tuple[str, ...]) -> int:
    """Octets to read where that is known: of plain files that are not compressed; else 0."""
    total = 0
    for name in paths:
        path = Path(name)
        if not path.is_file() or path.suffix in (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz"):
            return 0
        total += path.stat().st_size
    return total


class Summary:
    """What was read, counted."""

    def __init__(self) -> None:
        self.mails = 0
        self.unreadable = 0
        self._kinds: Counter[str] = Counter()
        self._causes: Counter[str] = Counter()

    def count(self, outcome: Outcome) -> None:
        """Take in what one mail gave."""
        self.mails += 1
        for row in outcome.rows:
            self._kinds[row.kind] += 1
            self.unreadable += row.kind == "unreadable"
            if row.kind not in _NO_FAILURE:
                self._causes[row.cause] += 1

    def show(self, engine: Engine) -> None:
        """Print it on standard error."""
        click.echo(f"\n{self.mails:,} mail{'' if self.mails == 1 else 's'}", err=True)
        for kind, count in self._kinds.most_common():
            click.echo(f"{count:>9,}  {kind}", err=True)
        if self._causes:
            click.echo("why", err=True)
        for cause, count in self._causes.most_common(MAX_SHOWN):
            click.echo(f"{count:>9,}  {cause:<27} {engine.knowledge.causes[cause].title}", err=True)
        rest = len(self._causes) - MAX_SHOWN
        if rest > 0:
            click.echo(f"           and {rest} more causes", err=True)
