"""``bouncewise explain``: what a reply means, for a person or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.person import paragraphs
from bouncewise.cli.progress import counted
from bouncewise.cli.show import show
from bouncewise.cli.source import (
    MAX_LINE,
    Piece,
    head_of,
    mail_in,
    open_input,
    pieces,
    split,
    webhook_in,
)
from bouncewise.diagnosis.engine import Engine
from bouncewise.reply.model import NO_CONTEXT, Context, Phase

_PHASES = [p.value for p in Phase]
_SEVERAL = 3  # from here on, one line each and a summary are easier to read


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
      tail -1 /var/log/mail.log | bouncewise explain -
      bouncewise explain --jsonl < replies.jsonl > causes.jsonl
    """
    name, file, text = open_input(what)
    engine = load_cli_engine(rules, policy)
    given = Context(
        phase=Phase(phase) if phase else None, remote_host=host, sender=sender, recipient=recipient
    )
    given = given if given != NO_CONTEXT else NO_CONTEXT
    with file if file is not None and file is not sys.stdin.buffer else nullcontext():
        if jsonl:
            _json_lines(engine, file, text)
            return
        if _explain_webhook(engine, webhook_in(text.encode("utf-8", "replace")), name, as_json, details):
            return
        found = iter(split(text))
        if file is not None:
            head = head_of(file)
            hook = webhook_in(head, file)
            if _explain_webhook(engine, hook, name, as_json, details):
                return
            mail = mail_in(head, file)
            if mail:
                from bouncewise.cli.mail import explain_mail  # noqa: PLC0415 - only for mails

                explain_mail(engine, mail, name, as_json=as_json, details=details)
                return
            found = pieces(hook or head, file)
        if as_json:
            _as_json(engine, found, given)
            return
        _for_person(engine, found, given, details=details, name=name)


def _explain_webhook(engine: Engine, data: bytes, name: str, as_json: bool, details: bool) -> bool:
    """Explain the deliveries that a webhook or a record of a log tells of; whether there were any."""
    if not data:
        return False
    from bouncewise.cli.mail import explain_deliveries  # noqa: PLC0415 - only for JSON
    from bouncewise.reading.delivery import Kind  # noqa: PLC0415
    from bouncewise.reading.logs.log import read_log  # noqa: PLC0415

    found = [delivery for delivery in read_log(data) if delivery.kind is not Kind.UNREADABLE]
    if found:
        explain_deliveries(engine, found, name, as_json=as_json, details=details)
    return bool(found)


def _as_json(engine: Engine, found: Iterator[Piece], given: Context) -> None:
    """One object, or a list of them, written as they come: a large file is never held whole."""
    encoder = msgspec.json.Encoder()

    def shown(piece: Piece) -> str:
        return msgspec.json.format(
            encoder.encode(engine.diagnose(piece.text, given).as_dict()), indent=2
        ).decode()

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


def _for_person(engine: Engine, found: Any, given: Context, *, details: bool, name: str) -> None:
    first = [piece for _, piece in zip(range(_SEVERAL), found, strict=False)]
    if not first:
        raise click.ClickException(f"{name}: nothing to explain: the input is empty")
    if len(first) < _SEVERAL:
        for number, piece in enumerate(first):
            if number:
                click.echo()
            show(paragraphs(engine.diagnose(piece.text, given), engine, details=details))
        return
    from bouncewise.cli.many import show_many  # noqa: PLC0415 - only for many replies

    show_many(engine, first, found, given)


def _json_lines(engine: Engine, file: BinaryIO | None, text: str) -> None:
    """Answer every line with one line; a line that can't be read gets an answer that says why."""
    out = sys.stdout.buffer
    encode = msgspec.json.Encoder().encode
    decode = msgspec.json.Decoder().decode
    failed = 0
    lines = counted(_read_lines(file, text), "lines", shown=not out.isatty())
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record, bad = _answer(engine, line, number, decode)
        failed += bad
        out.write(encode(record) + b"\n")
    out.flush()
    if failed:
        click.echo(
            f'{failed} line{"s" if failed > 1 else ""} could not be read; see "error" in the output', err=True
        )
        sys.exit(1)


def _read_lines(file: BinaryIO | None, text: str) -> Any:
    if file is None:
        yield from text.encode("utf-8", "replace").splitlines()
        return
    while line := file.readline(MAX_LINE):
        if not line.endswith(b"\n") and len(line) == MAX_LINE:
            while (more := file.readline(MAX_LINE)) and not more.endswith(b"\n"):
                continue
        yield line


def _answer(engine: Engine, line: bytes, number: int, decode: Any) -> tuple[dict[str, Any], int]:
    try:
        row = decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "longer than 1 MiB" if len(line) >= MAX_LINE else f"no JSON: {error}"
        return _unreadable(None, number, why), 1
    if not isinstance(row, dict) or not isinstance(row.get("reply"), str):
        identity = row.get("id") if isinstance(row, dict) else None
        return _unreadable(identity, number, 'a line is an object with a text "reply"'), 1
    diagnosis = engine.diagnose(row["reply"], _context(row))
    answer = {"id": row["id"]} if "id" in row else {}
    return {**answer, **diagnosis.as_dict()}, 0


def _unreadable(identity: Any, number: int, why: str) -> dict[str, Any]:
    known = {"id": identity} if identity is not None else {}
    return {
        **known,
        "cause": "unknown",
        "action": "none",
        "confidence": 0.0,
        "error": f"line {number}: {why}",
    }


def _context(row: dict[str, Any]) -> Context:
    """What a line tells besides; a value of the wrong kind is left out."""

    def text(name: str) -> str | None:
        value = row.get(name)
        return value if isinstance(value, str) and value else None

    phase = text("phase")
    return Context(
        phase=Phase(phase) if phase in _PHASES else None,
        remote_host=text("host") or text("remote_host"),
        remote_ip=text("remote_ip"),
        local_ip=text("local_ip"),
        helo=text("helo"),
        sender=row["sender"] if isinstance(row.get("sender"), str) else None,
        recipient=text("recipient"),
        attempts=row["attempts"]
        if isinstance(row.get("attempts"), int) and row["attempts"] < 10**6
        else None,
    )
