"""``bouncewise sandbox``: an SMTP server that gives every reply, to test software that sends mail."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bouncewise.cli.dnsoptions import AskHow, dns_options
from bouncewise.cli.engine import load_cli_engine
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show

if TYPE_CHECKING:
    from bouncewise.diagnosis.engine import Engine
    from bouncewise.sandbox.run import Sandbox
    from bouncewise.sandbox.store import Transcript


@click.command("sandbox")
@click.option("--listen", default="127.0.0.1:2525", show_default=True, help="Address and port for SMTP.")
@click.option(
    "--http",
    default="127.0.0.1:2580",
    show_default=True,
    help="Address and port for page and API; 'off' for none.",
)
@click.option(
    "--as",
    "persona",
    default="",
    metavar="NAME",
    help="Speak as this provider or program; --list shows them.",
)
@click.option(
    "--script", type=click.Path(path_type=Path, dir_okay=False), help="A script (TOML): its rules come first."
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Policies (TOML): mailboxes, greylisting, rates, accounts.",
)
@click.option(
    "--tls",
    type=click.Choice(["auto", "off"]),
    default="auto",
    show_default=True,
    help="Offer STARTTLS with a certificate made at start.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep messages in this folder (SQLite); else in memory.",
)
@click.option(
    "--bare",
    type=click.Choice(["refuse", "keep"]),
    default="refuse",
    show_default=True,
    help="What becomes of a bare CR or LF in a message.",
)
@click.option("--public", is_flag=True, help="Allow to listen on an address that others can reach.")
@click.option("--list", "listed", is_flag=True, help="Show every address that chooses its reply, and end.")
@click.option("--quiet", "-q", is_flag=True, help="No guide and no line for each session.")
@dns_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    listen: str,
    http: str,
    persona: str,
    script: Path | None,
    policy: Path | None,
    tls: str,
    store: Path | None,
    bare: str,
    public: bool,
    listed: bool,
    quiet: bool,
    how: AskHow,
) -> None:
    """Start an SMTP server that gives every reply. It relays nothing: what it takes, it keeps.

    A reply is chosen by the script, else by the address (mailbox-full@example.com), else by the policies;
    else the mail is taken.

    \b
    Examples:
      bouncewise sandbox
      bouncewise sandbox --as gmail
      bouncewise sandbox --script replies.toml --store mails/
      bouncewise sandbox --list
    """
    engine = load_cli_engine(None, None)
    if listed:
        _list(engine, persona)
        return
    smtp = _address(listen, "--listen", public=public)
    page = None if http == "off" else _address(http, "--http", public=public)
    sandbox = _made(engine, smtp, persona, script, policy, tls, store, bare, how, None if quiet else _told)
    _serve(sandbox, page, persona, quiet=quiet)


def _serve(sandbox: Sandbox, page: tuple[str, int] | None, persona: str, *, quiet: bool) -> None:
    from bouncewise.sandbox.api import Api  # noqa: PLC0415 - brings an HTTP server
    from bouncewise.sandbox.run import SandboxError  # noqa: PLC0415

    try:
        sandbox.start()
    except SandboxError as error:
        raise click.ClickException(str(error)) from None
    api = None
    try:
        if page is not None:
            try:
                api = Api(sandbox, page, persona).start()
            except OSError as error:
                raise click.ClickException(f"--http {page[0]}:{page[1]}: {error.strerror}") from None
        if not quiet:
            show(_guide(sandbox, f"http://{api.host}:{api.port}/" if api else ""))
        _until_stopped()
    finally:
        if api is not None:
            api.stop()
        sandbox.stop()
        if not quiet:
            click.echo(f"{len(sandbox.messages)} messages were taken", err=True)


def _made(  # noqa: PLR0913, PLR0917 - what the options say
    engine: Engine,
    listen: tuple[str, int],
    persona: str,
    script: Path | None,
    policy: Path | None,
    tls: str,
    store: Path | None,
    bare: str,
    how: AskHow,
    told: object,
) -> Sandbox:
    from bouncewise.cli.checking import resolver_of  # noqa: PLC0415 - only here
    from bouncewise.sandbox.policies import PolicyError, Settings  # noqa: PLC0415
    from bouncewise.sandbox.run import Sandbox, SandboxError  # noqa: PLC0415
    from bouncewise.sandbox.script import Script, ScriptError  # noqa: PLC0415
    from bouncewise.sandbox.store import Sqlite  # noqa: PLC0415
    from bouncewise.sandbox.tls import own_context  # noqa: PLC0415
    from bouncewise.smtp.limits import Limits  # noqa: PLC0415

    try:
        settings = Settings.load(policy) if policy else Settings()
        wants_dns = bool({"ptr", "spf", "dkim", "dmarc"} & set(settings.require))
        return Sandbox(
            engine.knowledge,
            listen=listen,
            persona=persona,
            script=Script.load(script) if script else None,
            settings=settings,
            store=Sqlite(store) if store else None,
            tls=own_context("localhost") if tls == "auto" else None,
            limits=Limits(bare=bare),
            resolver=resolver_of(how) if wants_dns else None,
            told=told,  # type: ignore[arg-type]
        )
    except (ScriptError, PolicyError, SandboxError) as error:
        raise click.ClickException(str(error)) from None


def _until_stopped() -> None:
    """Wait for an interrupt or the word to end."""
    stop = threading.Event()
    with contextlib.suppress(ValueError):  # not in the main thread, as in a test
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(KeyboardInterrupt):
        while not stop.wait(0.5):
            pass


def _address(text: str, option: str, *, public: bool) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdigit() or not 0 <= int(port) < 65536:
        raise click.BadParameter(f"{option} {safe(text)}: give an address and a port, such as 127.0.0.1:2525")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not (loopback or public):
        raise click.UsageError(
            f"{option} {safe(text)}: others can reach this address, and the sandbox believes everybody; "
            "give --public where that is meant"
        )
    return host, int(port)


def _told(transcript: Transcript) -> None:
    """A line for each session."""
    commands = [line.text.partition(" ")[0].upper()[:8] for line in transcript.lines if line.who == "C"]
    said = [line.text for line in transcript.lines if line.who == "S" and not line.text.startswith("221")]
    refused = [text for text in said if text[:1] in "45"]
    last = (refused or said or [""])[-1]
    when = datetime.fromtimestamp(transcript.began).strftime("%H:%M:%S")
    spoken = " ".join(command for command in commands if command.isalpha())[:40]
    text = f"{when} {transcript.ip:<15} {spoken:<40} {last.splitlines()[-1] if last else ''}"
    click.echo(safe(text)[:160])


def _guide(sandbox: Sandbox, page: str) -> list[list[Part]]:
    from bouncewise.sandbox.listing import choices  # noqa: PLC0415

    some = ("mailbox-full", "recipient-unknown", "greylisted", "spf-failed", "spam-content", "rate-limited")
    rows = [choice for choice in choices(sandbox.words) if choice.local in some]
    lines: list[list[Part]] = [
        [
            ("SMTP on ", ""),
            (f"{sandbox.host}:{sandbox.port}", "bold"),
            ("; nothing is relayed, all is kept", ""),
        ],
    ]
    if page:
        lines.append([("Page and API on ", ""), (page, "bold")])
    lines += [[], [("Addresses to try (any domain; --list shows all):", "")]]
    lines += [[(f"  {row.local + '@':<28}", "cyan"), (row.reply[:70], "dim")] for row in rows]
    lines += [
        [("  mailbox-full+gmail@         ", "cyan"), ("the same in Gmail's words", "dim")],
        [
            ("  550-5.1.1@                  ", "cyan"),
            ("any code; 451-4.7.1+message@ answers the message", "dim"),
        ],
        [("  greylisted-60s@             ", "cyan"), ("refused for a minute, then taken", "dim")],
        [],
        [("Ctrl-C ends it.", "dim")],
    ]
    return lines


def _list(engine: Engine, persona: str) -> None:
    from bouncewise.sandbox.listing import all_choices, choices  # noqa: PLC0415
    from bouncewise.sandbox.personas import names, personas  # noqa: PLC0415
    from bouncewise.sandbox.words import Words  # noqa: PLC0415

    if persona and persona not in personas():
        raise click.UsageError(f"--as {safe(persona)}: {', '.join(names())} are known")
    words = Words(engine.knowledge)
    for choice in choices(words, persona) if persona else all_choices(words):
        show(
            [
                [
                    (f"{choice.local + '@':<44} ", "cyan"),
                    (f"{choice.phase:<9} ", "dim"),
                    (safe(choice.reply), ""),
                ]
            ]
        )
    if not persona:
        show([[], [(f"Personas: {', '.join(names())}", "")]])
