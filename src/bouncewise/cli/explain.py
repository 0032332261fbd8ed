"""``bouncewise explain``: what a reply means, for a person or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec

from bouncewise.cli.dnsoptions import AskHow, dns_options
from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.person import paragraphs
from bouncewise.cli.progress import counted
from bouncewise.cli.show import show
from bouncewise.cli.shown import Shown
from bouncewise.cli.source import open_input
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.asked import Answer, answer
from bouncewise.pipeline.pasted import MAX_LINE, Piece, head_of, mail_in, pieces, split, webhook_in
from bouncewise.reply.model import NO_CONTEXT, Context, Phase

if TYPE_CHECKING:
    from bouncewise.cli.verdicts import Verdicts

_PHASES = [p.value for p in Phase]
_SEVERAL = 3  # from here on, one line each and a summary are easier to read
_TOGETHER = 64  # lines whose DNS questions are asked at the same time


@click.command("explain")
@click.argument("what", required=False, metavar="[TEXT | FILE | -]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object (a list of them for several replies).")
@click.option(
    "--jsonl",
    is_flag=True,
    help='JSON Lines in ({"id", "reply", "phase", "host", ...}), JSON Lines out, in order.',
)
@click.option(
    "--details", "-v", is_flag=True, help="Show all evidence, alternatives and what the reply names."
)
@click.option("--phase", type=click.Choice(_PHASES), help="The command that the reply answers.")
@click.option("--host", help="The server that said it.")
@click.option("--sender", help="The envelope sender.")
@click.option("--recipient", help="The recipient.")
@click.option("--check", is_flag=True, help="Ask DNS whether it bears the reply out.")
@dns_options
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    what: str | None,
    as_json: bool,
    jsonl: bool,
    details: bool,
    phase: str | None,
    host: str | None,
    sender: str | None,
    recipient: str | None,
    check: bool,
    how: AskHow,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Explain a reply: what happened, why, who mends it and how.

    Takes one reply, several, a log line, a webhook, a library's exception, a transcript or a bounce
    mail, from the argument, a file or standard input.

    \b
    Examples:
      bouncewise explain "550 5.7.26 This mail has been blocked because the sender is unauthenticated."
      bouncewise explain bounce.eml
      bouncewise explain --check "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"
      tail -1 /var/log/mail.log | bouncewise explain -
      bouncewise explain --jsonl < replies.jsonl > causes.jsonl
    """
    name, file, text = open_input(what)
    engine = load_cli_engine(rules, policy)
    given = Context(
        phase=Phase(phase) if phase else None, remote_host=host, sender=sender, recipient=recipient
    )
    given = given if given != NO_CONTEXT else NO_CONTEXT
    with ExitStack() as stack:
        stack.enter_context(file if file is not None and file is not sys.stdin.buffer else nullcontext())
        verdicts = None
        if check:
            from bouncewise.cli.verdicts import open_verdicts  # noqa: PLC0415 - only where DNS is asked

            verdicts = stack.enter_context(open_verdicts(engine, how))
        elif how.chosen:
            raise click.UsageError(
                "--resolver, --zone, --offline and --timeout say how --check asks; give it too"
            )
        if jsonl:
            _json_lines(engine, file, text, verdicts)
        else:
            shown = Shown(engine=engine, name=name, as_json=as_json, details=details, verdicts=verdicts)
            _explain(shown, file, text, given)
        if verdicts is not None and verdicts.failed:
            sys.exit(1)


def _explain(shown: Shown, file: BinaryIO | None, text: str, given: Context) -> None:
    """Explain what stands in the file or in the text, by what it is."""
    if _explain_webhook(shown, webhook_in(text.encode("utf-8", "replace"))):
        return
    found = iter(split(text))
    if file is not None:
        head = head_of(file)
        hook = webhook_in(head, file)
        if _explain_webhook(shown, hook):
            return
        mail = mail_in(head, file)
        if mail:
            from bouncewise.cli.mail import explain_mail  # noqa: PLC0415 - only for mails

            explain_mail(shown, mail)
            return
        found = pieces(hook or head, file)
    if shown.as_json:
        _as_json(shown, found, given)
        return
    _for_person(shown, found, given)


def _explain_webhook(shown: Shown, data: bytes) -> bool:
    """Explain the deliveries that a webhook or a record of a log tells of; whether there were any."""
    if not data:
        return False
    from bouncewise.cli.mail import explain_deliveries  # noqa: PLC0415 - only for JSON
    from bouncewise.reading.delivery import Kind  # noqa: PLC0415
    from bouncewise.reading.logs.log import read_log  # noqa: PLC0415

    found = [delivery for delivery in read_log(data) if delivery.kind is not Kind.UNREADABLE]
    if found:
        explain_deliveries(shown, found)
    return bool(found)


def _as_json(shown_as: Shown, found: Iterator[Piece], given: Context) -> None:
    """One object, or a list of them, written as they come: a large file is never held whole."""
    encoder = msgspec.json.Encoder()

    def shown(piece: Piece) -> str:
        diagnosis = shown_as.engine.diagnose(piece.text, given)
        record = diagnosis.as_dict() | shown_as.check_record(diagnosis)
        return msgspec.json.format(encoder.encode(record), indent=2).decode()

    first, second = next(found, None), next(found, None)
    if first is None:
        raise click.ClickException("nothing to explain: the input is empty")
    if second is None:
        click.echo(shown(first))
        return
    click.echo("[\n" + shown(first), nl=False)
    for piece in counted(chain([second], found), "replies", shown=not sys.stdout.isatty()):
        click.echo(",\n" + shown(piece), nl=False)
    click.echo("\n]")


def _for_person(shown: Shown, found: Iterator[Piece], given: Context) -> None:
    first = [piece for _, piece in zip(range(_SEVERAL), found, strict=False)]
    if not first:
        raise click.ClickException(f"{shown.name}: nothing to explain: the input is empty")
    if len(first) < _SEVERAL:
        for number, piece in enumerate(first):
            if number:
                click.echo()
            diagnosis = shown.engine.diagnose(piece.text, given)
            show(paragraphs(diagnosis, shown.engine, details=shown.details))
            shown.show_check(diagnosis)
        return
    if shown.verdicts:
        raise click.UsageError(
            "--check shows one or two replies; for many use explain --jsonl --check, or read --check"
        )
    from bouncewise.cli.many import show_many  # noqa: PLC0415 - only for many replies

    show_many(shown.engine, first, found, given)


def _json_lines(engine: Engine, file: BinaryIO | None, text: str, verdicts: Verdicts | None) -> None:
    """Answer every line with one line; a line that can't be read gets an answer that says why."""
    out = sys.stdout.buffer
    encode = msgspec.json.Encoder().encode
    failed = 0
    lines = counted(_read_lines(file, text), "lines", shown=not out.isatty())
    answers = _answers(engine, lines)
    if verdicts is not None:
        answers = _with_checks(answers, verdicts)
    for record, _ in answers:
        failed += "error" in record
        out.write(encode(record) + b"\n")
    out.flush()
    if failed:
        click.echo(
            f'{failed} line{"s" if failed > 1 else ""} could not be read; see "error" in the output', err=True
        )
        sys.exit(1)


def _answers(engine: Engine, lines: Iterable[bytes]) -> Iterator[Answer]:
    """The record of each line and its diagnosis, or None where the line can't be read."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield answer(engine, line, number)


def _with_checks(answers: Iterator[Answer], verdicts: Verdicts) -> Iterator[Answer]:
    """The same with what DNS says; the questions of some lines are asked at the same time."""
    while some := list(islice(answers, _TOGETHER)):
        told = verdicts.of([verdicts.question(diagnosis) if diagnosis else None for _, diagnosis in some])
        for (record, diagnosis), checked in zip(some, told, strict=True):
            yield (record | {"check": checked.as_dict()} if checked else record), diagnosis


def _read_lines(file: BinaryIO | None, text: str) -> Any:
    if file is None:
        yield from text.encode("utf-8", "replace").splitlines()
        return
    while line := file.readline(MAX_LINE):
        if not line.endswith(b"\n") and len(line) == MAX_LINE:
            while (more := file.readline(MAX_LINE)) and not more.endswith(b"\n"):
                continue
        yield line
