"""``bouncewise completion``: the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    Examples:
      bouncewise completion bash >> ~/.bashrc
      bouncewise completion zsh > ~/.zfunc/_bouncewise
      bouncewise completion fish > ~/.config/fish/completions/bouncewise.fish
    """
    from bouncewise.cli import cli  # noqa: PLC0415 - the group imports its commands

    maker = get_completion_class(shell)
    assert maker is not None
    click.echo(maker(cli, {}, "bouncewise", "_BOUNCEWISE_COMPLETE").source())
