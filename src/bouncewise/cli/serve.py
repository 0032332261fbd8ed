"""``bouncewise serve``: the pages and the HTTP API."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bouncewise.cli.dnsoptions import AskHow, dns_options
from bouncewise.cli.engine import load_cli_engine
from bouncewise.cli.safe import safe

if TYPE_CHECKING:
    from bouncewise.sandbox.run import Sandbox
    from bouncewise.store.store import Store
    from bouncewise.web.settings import Settings

_NEEDED = ("litestar", "uvicorn", "httptools", "prometheus_client")
_SECRET = "BOUNCEWISE_WEBHOOK_"  # noqa: S105 - the beginning of a variable's name


@click.command("serve")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("--listen", default="127.0.0.1:8025", show_default=True, help="Address and port.")
@click.option(
    "--store",
    "where",
    default="",
    metavar="FILE | URL",
    help="Where deliveries are kept: a SQLite file (default: in the user's data folder), or postgresql://...",
)
@click.option("--follow", is_flag=True, help="Go on reading the logs among the paths as they grow.")
@click.option(
    "--keep", "keep_days", type=click.IntRange(0, 36_500), default=0, metavar="DAYS",
    help="Forget deliveries after so many days; their counts by day are kept. 0 forgets none.",
)  # fmt: skip
@click.option("--name", "names", multiple=True, help="A further host name under which it is reached.")
@click.option("--sandbox", "smtp", is_flag=True, help="Run the SMTP sandbox too, and show what it takes.")
@click.option(
    "--smtp", "smtp_at", default="127.0.0.1:2525", show_default=True, help="Where the sandbox listens."
)
@click.option("--make-token", metavar="NAME", help="Make a token for the API, print it, and end.")
@click.option("--take-back", metavar="NAME", help="Take a token back, and end.")
@click.option("--tokens", "list_tokens", is_flag=True, help="List the names of tokens, and end.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors.")
@dns_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: tuple[str, ...],
    listen: str,
    where: str,
    follow: bool,
    keep_days: int,
    names: tuple[str, ...],
    smtp: bool,
    smtp_at: str,
    make_token: str | None,
    take_back: str | None,
    list_tokens: bool,
    quiet: bool,
    how: AskHow,
) -> None:
    """Serve the pages and the HTTP API; opens on http://127.0.0.1:8025/ without any configuration.

    PATHs (logs, mails, folders) are read into the store; what was read before counts once. Beyond this
    machine every request needs a token. Secrets of webhooks are taken from the environment:
    BOUNCEWISE_WEBHOOK_MAILGUN and the like.

    \b
    Examples:
      bouncewise serve
      bouncewise serve /var/log/mail.log --follow
      bouncewise serve --sandbox
      bouncewise serve --make-token monitoring
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f"{', '.join(missing)} is missing; install it with: pip install 'bouncewise[web]'"
        )
    store = _store(where)
    if make_token or take_back or list_tokens:
        _tokens(store, make_token, take_back)
        return
    from bouncewise.web.settings import Settings, is_loopback  # noqa: PLC0415 - an extra
    from bouncewise.web.tokens import Tokens  # noqa: PLC0415

    host, port = _address(listen, "--listen")
    if not is_loopback(host) and host != "localhost" and not Tokens(store).names():
        raise click.ClickException(
            f"{host} can be reached by others, and there is no token yet; make one first:\n"
            f"  bouncewise serve --make-token NAME{f' --store {where}' if where else ''}"
        )
    if smtp:
        _only_near(_address(smtp_at, "--smtp")[0])
    if follow and not paths:
        raise click.UsageError("--follow follows logs; name one")
    settings = Settings(
        host=host,
        port=port,
        names=names,
        paths=paths,
        follow=follow,
        keep_days=keep_days,
        webhook_secrets=_secrets(),
    )
    _serve(store, settings, how, smtp_at if smtp else "", quiet=quiet)


def _only_near(host: str) -> None:
    from bouncewise.web.settings import is_loopback  # noqa: PLC0415 - an extra

    if not is_loopback(host) and host != "localhost":
        raise click.ClickException(
            f"{host} can be reached by others; a sandbox for them is started by itself: "
            "bouncewise sandbox --public"
        )


def _serve(store: Store, settings: Settings, how: AskHow, smtp_at: str, *, quiet: bool) -> None:
    from bouncewise.checks.asking import Asking  # noqa: PLC0415 - only where it is served
    from bouncewise.cli.checking import resolver_of  # noqa: PLC0415
    from bouncewise.web.serve import Server  # noqa: PLC0415
    from bouncewise.web.site import Site  # noqa: PLC0415

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.ERROR if quiet else logging.INFO, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    engine = load_cli_engine(None, None)
    source = resolver_of(how)
    alone = how.offline or how.zone is not None
    asking = Asking(source, engine.knowledge.blocklists, how.timeout, offline=how.offline, fetches=not alone)
    with contextlib.ExitStack() as stack:
        sandbox = _sandbox(engine, smtp_at, stack) if smtp_at else None
        site = Site(engine, store, asking, settings, sandbox)

        def told(url: str) -> None:
            if not quiet:
                click.echo(f"Bouncewise is at {url}")
                if sandbox is not None:
                    click.echo(f"SMTP sandbox on {sandbox.host}:{sandbox.port}")
                click.echo("Ctrl-C ends it.")

        try:
            Server(site, told).run()
        except OSError as fault:
            site.close()
            raise click.ClickException(
                f"{settings.host}:{settings.port} can't be listened on: {fault.strerror}; "
                "--listen takes another"
            ) from None


def _sandbox(engine: Any, listen: str, stack: contextlib.ExitStack) -> Sandbox:
    from bouncewise.sandbox.run import Sandbox, SandboxError  # noqa: PLC0415 - only where it is wanted

    try:
        return stack.enter_context(Sandbox(engine.knowledge, listen=_address(listen, "--smtp")))
    except SandboxError as fault:
        raise click.ClickException(str(fault)) from None


def _tokens(store: Store, make: str | None, take_back: str | None) -> None:
    from bouncewise.store.model import StoreError  # noqa: PLC0415 - only where tokens are made
    from bouncewise.web.tokens import Tokens  # noqa: PLC0415

    tokens = Tokens(store)
    try:
        if make:
            token = tokens.make(make, int(time.time()))
            click.echo(f"{token}\n\nThis is shown once. Use it as: Authorization: Bearer {token}", err=False)
        elif take_back:
            if not tokens.take_back(take_back):
                raise click.ClickException(f"there is no token of the name {safe(take_back)!r}")
            click.echo("It is taken back.")
        else:
            for name, made in tokens.names():
                click.echo(f"{safe(name)}  made {time.strftime('%Y-%m-%d', time.gmtime(made))}")
    except StoreError as fault:
        raise click.ClickException(str(fault)) from None


def _store(where: str) -> Store:
    from bouncewise.store.model import StoreError  # noqa: PLC0415 - only where it is served
    from bouncewise.store.store import Store  # noqa: PLC0415

    try:
        return Store.at(where or str(_default()))
    except StoreError as fault:
        raise click.ClickException(str(fault)) from None


def _default() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".local" / "share") / "bouncewise" / "store.db"


def _secrets() -> dict[str, str]:
    """Secrets of webhooks, by service."""
    found = {
        name.removeprefix(_SECRET).lower(): value
        for name, value in os.environ.items()
        if name.startswith(_SECRET)
    }
    return {name: value for name, value in found.items() if value}


def _address(text: str, option: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise click.UsageError(f"{option} {safe(text)!r} is no address and port, such as 127.0.0.1:8025")
    return host, int(port)


class JsonLines(logging.Formatter):
    """A line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        import msgspec  # noqa: PLC0415 - only where it is served

        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["fault"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()
