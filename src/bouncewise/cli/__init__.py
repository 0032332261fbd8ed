"""The commands. Each stands in a file of its own and is imported when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

_COMMANDS = {
    "explain": "Explain a reply, log line, exception or piece of a bounce mail.",
    "read": "Read bounce mails, logs and webhooks: a record for each delivery.",
    "report": "Sum them up: what bounces, why, where, and what to mend first.",
    "check": "Ask DNS about a domain, a message, or what a reply claims.",
    "serve": "The pages and the HTTP API.",
    "sandbox": "An SMTP server that gives every reply, to test what sends mail.",
    "probe": "Talk to a mail server and explain each of its replies.",
    "lookup": "What is known about a reply code, enhanced code, cause, provider or blocklist.",
    "rules": "Check, test and write rules of the knowledge base.",
    "completion": "Print the completion script for a shell.",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called, so that starting stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"bouncewise.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help text, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="bouncewise")
def cli() -> None:
    """Bouncewise understands SMTP replies: what happened, why, who mends it and how."""


def main() -> None:
    """Run the command line; exit status 0 done, 1 something could not be read, 2 usage."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
