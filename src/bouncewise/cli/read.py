"""``bouncewise read``: bounce mails, logs and webhooks of any source, a record for each delivery."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bouncewise.cli.dnsoptions import AskHow, dns_options
from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.inputs import format_name, jobs_option
from bouncewise.cli.progress import octets_of
from bouncewise.cli.resume import ResumePoints
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.run import Choices, Piece, read_paths
from bouncewise.pipeline.sink import Row, RowSink
from bouncewise.reading.delivery import Kind

if TYPE_CHECKING:
    from bouncewise.cli.borneout import BorneOut
    from bouncewise.cli.parquet import ParquetFile

MAX_SHOWN = 10  # causes in the summary
MAX_WORDS = 120  # characters of a reply in a line
_NO_FAILURE = frozenset({"not-a-bounce", "unreadable"})
_NO_REASON = _NO_FAILURE | {"delivered", "relayed"}
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
@click.option("--jsonl", is_flag=True, help="A JSON object a line for each delivery, on standard output.")
@click.option(
    "--parquet",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the deliveries as a Parquet file in place of lines (pip install 'bouncewise[arrow]').",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="Only deliveries of this kind; may be given several times.",
)
@click.option("--bounces", is_flag=True, help="Leave out mails that tell of no delivery.")
@click.option("--unread", is_flag=True, help="Show the lines of logs that could not be read.")
@click.option(
    "--format",
    "only",
    metavar="NAME",
    default="",
    callback=format_name,
    help="Read logs as this format in place of telling it by content; 'list' shows the names.",
)
@click.option(
    "--resume",
    "resume_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep in this file how far each mailbox is read, and go on from there the next time.",
)
@jobs_option
@click.option(
    "--check", is_flag=True, help="Ask DNS whether it bears the replies out, each distinct question once."
)
@dns_options
@click.option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: tuple[str, ...],
    jsonl: bool,
    parquet: Path | None,
    kinds: tuple[str, ...],
    bounces: bool,
    unread: bool,
    only: str,
    resume_file: Path | None,
    jobs: int,
    check: bool,
    how: AskHow,
    quiet: bool,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Read bounce mails, logs and webhooks: who did not get what, and why.

    A PATH is a mail, an mbox, a Maildir or MH folder, a mail log of any program, a file of webhooks,
    any directory of these, a zip or tar archive, any of them compressed, an IMAP folder
    (imaps://user@host/INBOX, password in BOUNCEWISE_IMAP_PASSWORD), or - for standard input.

    \b
    Examples:
      bouncewise read bounce.eml
      bouncewise read /var/log/mail.log* --kind bounced --kind expired
      bouncewise read ~/Maildir --jsonl > bounces.jsonl
      bouncewise read ~/Maildir --check
      bouncewise read /var/log/mail.log* --parquet mail.parquet
      bouncewise read /var/mail/bounces --resume state.json --jsonl >> bounces.jsonl
    """
    _judge_options(paths, parquet, how, check=check)
    engine = load_cli_engine(rules, policy)
    points = ResumePoints(resume_file, at_end=parquet is not None)
    make_sink = partial(RowSink, as_json=jsonl, as_values=parquet is not None, as_question=check)
    choices = Choices(resume=points.known(), workers=jobs, only=only)
    pieces = read_paths(engine, paths or ("-",), make_sink, choices, sys.stdin.buffer)
    chosen = Chosen(frozenset(kinds), bounces=bounces, unread=unread)
    summary = Summary()
    shows_lines = sys.stdout.isatty() and (jsonl or parquet is None)
    dns: BorneOut | None = None
    try:
        with ExitStack() as stack:
            if check:
                from bouncewise.cli.borneout import open_borne_out  # noqa: PLC0415 - only where DNS is asked

                dns = stack.enter_context(open_borne_out(engine, how))
                pieces = dns.through(pieces)
            table = stack.enter_context(_table(parquet, paths))
            for piece in _shown(pieces, paths, quiet=quiet or shows_lines):
                _write(piece, chosen, table, jsonl=jsonl)
                summary.count(piece)
                points.passed(piece.resume_key, piece.resume_at)
    except click.ClickException:
        points.forget()  # what could not be written must be read again
        raise
    finally:
        sys.stdout.flush()
        points.save()
        if not quiet:
            _show_summary(summary, dns, engine, unread=unread)
    if summary.unreadable or (dns is not None and dns.failed):
        sys.exit(1)


def _show_summary(summary: Summary, dns: BorneOut | None, engine: Engine, *, unread: bool) -> None:
    if summary.mails > 1 or summary.lines or summary.unreadable:
        summary.show(engine, unread=unread)
    if dns is not None:
        dns.show()


def _judge_options(paths: tuple[str, ...], parquet: Path | None, how: AskHow, *, check: bool) -> None:
    if not paths and sys.stdin.isatty():
        raise click.UsageError(
            "nothing to read: name a mail, a mailbox, a log or a folder, or - for standard input"
        )
    if check and parquet is not None:
        raise click.UsageError("--check goes into --jsonl and the summary; Parquet has no column for it")
    if how.chosen and not check:
        raise click.UsageError(
            "--resolver, --zone, --offline and --timeout say how --check asks; give it too"
        )


class Chosen:
    """Which rows are shown.

    Args:
        kinds: those kinds only; all where there are none.
        bounces: no mails that tell of no delivery.
        unread: also the lines of logs that could not be read.
    """

    def __init__(self, kinds: frozenset[str], *, bounces: bool, unread: bool) -> None:
        self._kinds = kinds
        self._bounces = bounces
        self._unread = unread

    def holds(self, row: Row) -> bool:
        """Whether a row is shown."""
        if row.kind == "unreadable" and row.place is not None:
            return self._unread
        if self._kinds and row.kind not in self._kinds:
            return False
        return not (self._bounces and row.kind in _NO_FAILURE)


def _table(path: Path | None, paths: tuple[str, ...]) -> AbstractContextManager[ParquetFile | None]:
    """The file of --parquet, or nothing."""
    if path is None:
        return nullcontext()
    if path.exists() and any(Path(name).exists() and path.samefile(name) for name in paths):
        raise click.UsageError(f"--parquet {path}: this is what is read; name another file")
    from bouncewise.cli.parquet import ParquetFile  # noqa: PLC0415 - for --parquet only

    return ParquetFile(path)


def _write(piece: Piece, chosen: Chosen, table: ParquetFile | None, *, jsonl: bool) -> None:
    for row in filter(chosen.holds, piece.given):
        if table is not None:
            table.write(row.values)
        if jsonl:
            sys.stdout.buffer.write(row.line + b"\n")
        elif table is None:
            show([_line(piece, row)])


def _line(piece: Piece, row: Row) -> list[Part]:
    """A record in one line: what became of it, why, whom it was for, in what words."""
    told = row.text or row.reason
    if row.kind == "unreadable":
        place = f"{piece.path}{f' in {piece.member}' if piece.member else ''}"
        place += f", line {row.place}" if row.place is not None else ""
        told = f"{place}: {row.reason}{f': {row.text}' if row.text else ''}"
    return [
        (f"{row.kind:<13} ", _STYLE.get(row.kind, "cyan")),
        (f"{row.cause:<24} ", "bold"),
        (f"{safe(row.recipient) or '-':<32} ", ""),
        (safe(told) if row.kind == "unreadable" else safe(told)[:MAX_WORDS], "dim"),
    ]


def _shown(pieces: Iterable[Piece], paths: tuple[str, ...], *, quiet: bool) -> Iterator[Piece]:
    """Pass pieces through, with a bar on standard error where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from pieces
        return
    total = octets_of(paths)
    with click.progressbar(length=total or 1, label="reading", file=sys.stderr, show_pos=not total) as bar:
        for piece in pieces:
            yield piece
            bar.update(piece.octets if total else 1)


class Summary:
    """What was read, counted."""

    def __init__(self) -> None:
        self.mails = self.lines = self.unreadable = 0
        self._unread = self._foreign = 0
        self._kinds: Counter[str] = Counter()
        self._causes: Counter[str] = Counter()

    def count(self, piece: Piece) -> None:
        """Take in what one mail or a stretch of a log gave."""
        self.mails += piece.mails
        self.lines += piece.counts.lines
        self._unread += piece.counts.unread
        self._foreign += piece.counts.foreign
        for row in piece.given:
            unreadable = row.kind == "unreadable"
            self.unreadable += unreadable
            if not (unreadable and row.place is not None):
                self._kinds[row.kind] += 1
            if row.kind not in _NO_REASON:
                self._causes[row.cause] += 1

    def show(self, engine: Engine, *, unread: bool) -> None:
        """Print it on standard error."""
        what = [f"{self.lines:,} line{'' if self.lines == 1 else 's'}"] if self.lines else []
        what += [f"{self.mails:,} mail{'' if self.mails == 1 else 's'}"] if self.mails or not what else []
        click.echo("\n" + " and ".join(what), err=True)
        for kind, count in self._kinds.most_common():
            click.echo(f"{count:>9,}  {kind}", err=True)
        if self._foreign:
            click.echo(f"{self._foreign:>9,}  lines of programs that send no mail", err=True)
        if self._unread:
            hint = "" if unread else "; --unread shows them"
            click.echo(f"{self._unread:>9,}  lines that could not be read{hint}", err=True)
        if self._causes:
            click.echo("why", err=True)
        for cause, count in self._causes.most_common(MAX_SHOWN):
            click.echo(f"{count:>9,}  {cause:<27} {engine.knowledge.causes[cause].title}", err=True)
        rest = len(self._causes) - MAX_SHOWN
        if rest > 0:
            click.echo(f"           and {rest} more causes", err=True)
