"""``bouncewise report``: what bounces, why, since when, at whom, and what to mend first."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.inputs import format_name, jobs_option
from bouncewise.cli.parquet import need_pyarrow
from bouncewise.cli.period import earlier, period_of, span_of
from bouncewise.cli.progress import Progress
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.reported import PairSink, Period, ReportSink
from bouncewise.pipeline.run import Choices, MakeSink, read_paths
from bouncewise.reading.logs.log import Counts
from bouncewise.report.compare import compare
from bouncewise.report.rollup import FURTHER, Rollup
from bouncewise.report.rows import harmless, write_csv
from bouncewise.report.summary import summarise
from bouncewise.report.terminal import changes, lines, safe_lines
from bouncewise.report.thresholds import Threshold, threshold

CHUNK = 65_536  # deliveries that are counted together
_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


class Options(msgspec.Struct, frozen=True):
    """What was asked for.

    Attributes:
        html: file for the page, or None.
        as_json: whether the summary is printed as JSON.
        csv: file for the table, or None.
        parquet: file for the table, or None.
        suppress: file for the addresses that should get no more mail, or None.
        top: rows of each table; 0 for as many as fit a screen.
        quiet: whether nothing is printed but what was asked for.
    """

    html: Path | None
    as_json: bool
    csv: Path | None
    parquet: Path | None
    suppress: Path | None
    top: int
    quiet: bool


@click.command("report")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--since", default="", help="Only what came at this time or later: 2026-11-23, 24h, 7d, today.")
@click.option("--until", default="", help="Only what came before this time.")
@click.option(
    "--by",
    type=click.Choice(sorted(FURTHER)),
    default=None,
    help="Count by this as well, in a table of its own.",
)
@click.option("--top", type=click.IntRange(0, 1000), default=0, help="Rows of each table.")
@click.option(
    "--html", type=_FILE, help="Write a page with charts, which needs no other file and no network."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the tables as CSV.")
@click.option("--parquet", type=_FILE, help="Write the tables as Parquet (pip install 'bouncewise[arrow]').")
@click.option(
    "--compare",
    "against",
    default="",
    metavar="SPAN|PATH",
    help="Compare with the span before (1d: the last day with the day before), or with another log.",
)
@click.option("--suppress", type=_FILE, help="Write the addresses to stop mailing, with the reason, as CSV.")
@click.option("--follow", is_flag=True, help="Go on reading a log as it grows, also when it is rotated.")
@click.option(
    "--fail-if",
    "thresholds",
    multiple=True,
    metavar="TEST",
    help="End with status 1 where this holds: bounce-rate>5%, expired>=10, cause:ip-blocklisted>0.",
)
@click.option(
    "--format", "only", metavar="NAME", default="", callback=format_name, help="Read logs as this format."
)
@jobs_option
@click.option("--quiet", "-q", is_flag=True, help="No progress, and no summary on the terminal.")
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: tuple[str, ...],
    since: str,
    until: str,
    by: str | None,
    top: int,
    html: Path | None,
    as_json: bool,
    csv_file: Path | None,
    parquet: Path | None,
    against: str,
    suppress: Path | None,
    follow: bool,
    thresholds: tuple[str, ...],
    only: str,
    jobs: int,
    quiet: bool,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Sum up logs, bounce mails and webhooks: what bounces, why, where, and what to mend first.

    A PATH is whatever bouncewise read takes. A rotated set is read in the order of its time.

    \b
    Examples:
      bouncewise report /var/log/mail.log*
      bouncewise report /var/log/mail.log --since 24h --html report.html
      bouncewise report mail.log --compare 7d
      bouncewise report /var/log/mail.log --since 1h --fail-if 'bounce-rate>5%' --quiet
    """
    if not paths and sys.stdin.isatty():
        raise click.UsageError("nothing to sum up: name a log, mails or a folder, or - for standard input")
    if parquet:
        need_pyarrow()
    engine = load_cli_engine(rules, policy)
    tests = _thresholds(thresholds, engine)
    period = period_of(since, until)
    options = Options(html, as_json, csv_file, parquet, suppress, top, quiet)
    make_sink = partial(ReportSink, period=period, by=by or "", suppress=suppress is not None)
    choices = Choices(workers=jobs, only=only, chunk=CHUNK)
    if follow:
        from bouncewise.cli.following import follow_log  # noqa: PLC0415 - for --follow only

        follow_log(engine, paths, make_sink, only, top=top)
        return
    run = Run(engine, choices, quiet=quiet or as_json)
    before: Rollup | None
    if against and span_of(against) and not Path(against).exists():
        now, before = run.pair(paths or ("-",), make_sink, period, against)
    else:
        now = run.over(paths or ("-",), make_sink)
        before = run.over((against,), partial(ReportSink)) if against else None
    summary = _whole(summarise(now, engine, max(top, 50)), paths, run.counts, run.unreadable)
    if before is not None:
        summary["compare"] = compare(summarise(before, engine), summary)
    _write(summary, now, options)
    _end(summary, tests, run, now.unreadable)


def _thresholds(given: Sequence[str], engine: Engine) -> list[Threshold]:
    try:
        return [threshold(text, engine.knowledge.causes) for text in given]
    except ValueError as error:
        raise click.UsageError(f"--fail-if: {error}") from None


def _whole(summary: dict[str, Any], paths: Sequence[str], counts: Counts, unreadable: int) -> dict[str, Any]:
    """The summary with what was read for it."""
    read = {"paths": list(paths) or ["-"], "lines": counts.lines, "foreign": counts.foreign}
    return {"read": {**read, "unread": counts.unread, "unreadable": unreadable}, **summary}


class Run:
    """Reads paths into rollups; when it is interrupted, with what there is.

    Args:
        engine: diagnoses.
        choices: how to read.
        quiet: without progress.

    Attributes:
        counts: of the lines that were read.
        unreadable: places that could not be read.
        interrupted: whether somebody broke it off.
    """

    def __init__(self, engine: Engine, choices: Choices, *, quiet: bool) -> None:
        self._engine = engine
        self._choices = choices
        self._quiet = quiet
        self.counts = Counts()
        self.unreadable = 0
        self.interrupted = False

    def over(self, paths: Sequence[str], make_sink: Any) -> Rollup:
        """What paths hold."""
        return self._merged(paths, make_sink, lambda given: (given,))[0]

    def pair(
        self, paths: Sequence[str], make_sink: Any, period: Period, against: str
    ) -> tuple[Rollup, Rollup]:
        """What paths hold of a period and of the one of a length before it."""
        length = span_of(against)
        now = period if period.since else period_of(against, period.until)
        before = Period(since=earlier(now.since, length), until=now.since)
        first = partial(make_sink, period=now)
        second = partial(ReportSink, period=before)
        found = self._merged(paths, partial(PairSink, first=first, second=second), tuple)
        return found[0], found[1]

    def _merged(self, paths: Sequence[str], make_sink: MakeSink, parts: Any) -> list[Rollup]:
        rollups: list[Rollup] = []
        with Progress(paths, quiet=self._quiet) as progress:
            try:
                for piece in read_paths(self._engine, paths, make_sink, self._choices, sys.stdin.buffer):
                    given = parts(piece.given)
                    self.unreadable += given[0].others.get("unreadable", 0) - piece.counts.unread
                    self.counts = self.counts.plus(piece.counts)
                    if not rollups:
                        rollups = list(given)
                    else:
                        for rollup, more in zip(rollups, given, strict=True):
                            rollup.merge(more)
                    progress.passed(piece.octets, piece.counts.lines)
            except KeyboardInterrupt:
                self.interrupted = True
                click.echo("\ninterrupted; this is what was read until then", err=True)
        return rollups or [Rollup(), Rollup()]


def _write(summary: dict[str, Any], rollup: Rollup, options: Options) -> None:
    """Everything that was asked for."""
    try:
        if options.html:
            from bouncewise.report.html import page  # noqa: PLC0415 - for --html only

            options.html.write_text(page(summary), encoding="utf-8")
        if options.csv:
            with options.csv.open("w", encoding="utf-8", newline="") as file:
                write_csv(summary, file)
        if options.parquet:
            _write_parquet(summary, options.parquet)
        if options.suppress:
            _write_suppressed(rollup, options.suppress)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: can't be written: {error.strerror}") from None
    if options.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2))
    elif not options.quiet:
        show(safe_lines(_lines(summary, options.top), safe))


def _lines(summary: dict[str, Any], top: int) -> Iterator[list[Part]]:
    yield from lines(summary, top=top)
    if "compare" in summary:
        yield from changes(summary["compare"])
    read = summary["read"]
    told = [f"{read['lines']:,} lines read"] if read["lines"] else []
    told += [f"{read['foreign']:,} of programs that send no mail"] if read["foreign"] else []
    told += [f"{read['unread']:,} could not be read"] if read["unread"] else []
    if told:
        yield []
        yield [(", ".join(told), "dim")]


def _write_parquet(summary: dict[str, Any], path: Path) -> None:
    from bouncewise.report.parquet import write_parquet  # noqa: PLC0415 - needs an extra

    with path.open("wb") as file:
        write_parquet(summary, file)


def _write_suppressed(rollup: Rollup, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(("address", "cause", "times", "last", "reply"))
        for address, told in sorted(rollup.suppressed.items()):
            writer.writerow((harmless(address), told.cause, told.times, told.time, harmless(told.reply)))
    if rollup.left_out:
        click.echo(
            f"{path}: {rollup.left_out:,} more bounces are not in it; it has a million addresses", err=True
        )


def _end(summary: dict[str, Any], tests: Sequence[Threshold], run: Run, places: Sequence[str]) -> None:
    """Say what failed, and end with the status that tells it."""
    failed = False
    for test in tests:
        found = test.met(summary)
        if found is not None:
            failed = True
            value = f"{found:.2%}" if "-rate" in test.metric else f"{found:,.0f}"
            click.echo(f"{test.text}: it is {value}", err=True)
    for place in places:
        click.echo(safe(place), err=True)
    if run.unreadable > len(places):
        more = run.unreadable - len(places)
        click.echo(f"{more:,} more could not be read; bouncewise read --kind unreadable says which", err=True)
    if run.interrupted:
        sys.exit(130)
    if failed or run.unreadable:
        sys.exit(1)
