"""``bouncewise probe``: a dialogue with a server, each reply explained as it comes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show

if TYPE_CHECKING:
    from bouncewise.cli.probing import Wish
    from bouncewise.diagnosis.engine import Engine
    from bouncewise.smtp.client import Answered

_STAGES = ["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "message"]


@click.command("probe")
@click.argument("server", metavar="HOST[:PORT]")
@click.option("--to", "recipient", default="", help="Ask whether mail to this address would be taken.")
@click.option("--from", "sender", default="", help="The envelope sender; the null one where none is given.")
@click.option("--helo", default="", help="The name to give with EHLO; this machine's where none is given.")
@click.option(
    "--starttls",
    is_flag=True,
    help="Ask for TLS; a certificate that does not fit is told, and demanded for --auth only.",
)
@click.option(
    "--auth",
    "user",
    default="",
    metavar="USER",
    help="Log in (PLAIN or LOGIN); password in BOUNCEWISE_SMTP_PASSWORD or asked for.",
)
@click.option(
    "--stop-after",
    type=click.Choice(_STAGES),
    help="The last command; nothing is ever sent unless this is message.",
)
@click.option(
    "--message",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What to send with --stop-after message.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=30.0,
    show_default=True,
    help="Seconds to wait for a reply.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    server: str,
    recipient: str,
    sender: str,
    helo: str,
    starttls: bool,
    user: str,
    stop_after: str | None,
    message: Path | None,
    timeout: float,
    as_json: bool,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Talk to a mail server and explain each of its replies. No mail is sent unless you say so.

    \b
    Examples:
      bouncewise probe mx.example.com
      bouncewise probe mx.example.com --to bob@example.com --from ann@example.net
      bouncewise probe smtp.example.com:587 --starttls --auth ann
    """
    from bouncewise.cli.probing import Wish  # noqa: PLC0415 - brings sockets

    octets = _message(message, stop_after)
    if stop_after in {"rcpt", "message"} and not recipient:
        raise click.UsageError(f"--stop-after {stop_after} needs --to ADDRESS")
    host, port = _server(server)
    wish = Wish(
        host=host,
        port=port,
        helo=helo,
        sender=sender,
        recipient=recipient,
        starttls=starttls,
        user=user,
        password=_password(user),
        stop_after=stop_after
        or ("rcpt" if recipient else "auth" if user else "starttls" if starttls else "ehlo"),
        message=octets,
        timeout=timeout,
    )
    _talk(load_cli_engine(rules, policy), wish, as_json=as_json)


def _talk(engine: Engine, wish: Wish, *, as_json: bool) -> None:
    """Hold the dialogue and show each reply as it comes, or all as one object."""
    from bouncewise.cli.probing import ProbeError, probe  # noqa: PLC0415 - brings sockets

    seen: list[dict[str, Any]] = []

    def tell(answered: Answered) -> None:
        if as_json:
            seen.append(_record(engine, answered, wish))
        else:
            show(_lines(engine, answered, wish))

    try:
        tls = probe(wish, tell)
    except ProbeError as error:
        if not as_json:
            raise click.ClickException(str(error)) from None
        _object({"replies": seen, "error": str(error)})
        sys.exit(1)
    if as_json:
        _object({"replies": seen, "tls": tls})
    elif tls:
        show([[(safe(f"TLS: {tls}"), "dim")]])


def _object(record: dict[str, Any]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(record), indent=2))


def _password(user: str) -> str:
    if not user:
        return ""
    given = os.environ.get("BOUNCEWISE_SMTP_PASSWORD")
    return given or str(click.prompt("Password", hide_input=True, err=True))


def _message(path: Path | None, stop_after: str | None) -> bytes:
    if stop_after != "message":
        if path is not None:
            raise click.UsageError("--message is sent with --stop-after message only")
        return b""
    if path is None:
        raise click.UsageError("--stop-after message needs --message FILE: what to send")
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path}: can't be read: {error.strerror}") from None


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and "]" not in port and (":" not in host or host.endswith("]")):
        if not 0 < int(port) < 65536:
            raise click.BadParameter(f"{safe(text)}: {port} is no port")
        return host.strip("[]"), int(port)
    return text.strip("[]"), 25


def _diagnosis(engine: Engine, answered: Answered, wish: Wish) -> Any:
    from bouncewise.reply.model import Context  # noqa: PLC0415

    context = Context(
        phase=answered.phase,
        remote_host=wish.host,
        sender=wish.sender,
        recipient=wish.recipient or None,
    )
    return engine.diagnose(answered.reply, context)


def _record(engine: Engine, answered: Answered, wish: Wish) -> dict[str, Any]:
    return {"command": answered.command, **_diagnosis(engine, answered, wish).as_dict()}


def _lines(engine: Engine, answered: Answered, wish: Wish) -> list[list[Part]]:
    reply = answered.reply
    lines: list[list[Part]] = []
    if answered.command:
        lines.append([("> ", "dim"), (safe(answered.command), "cyan")])
    head = " ".join(str(part) for part in (reply.code, reply.enhanced) if part is not None)
    words = reply.lines or ("",)
    style = "green" if answered.done else "red"
    for number, line in enumerate(words[:20]):
        lines.append(
            [
                ("< ", "dim"),
                (f"{head} " if number == 0 else " " * (len(head) + 1), style),
                (safe(line)[:300], ""),
            ]
        )
    if not answered.done:
        diagnosis = _diagnosis(engine, answered, wish)
        cause = engine.knowledge.causes[diagnosis.cause]
        lines.append([("  ", ""), (cause.title, "bold"), (f"  {diagnosis.cause}", "dim")])
        lines += [
            [(f"    {number}. {safe(step.strip())}", "")]
            for number, step in enumerate(diagnosis.advice.steps[:3], 1)
        ]
    return lines
