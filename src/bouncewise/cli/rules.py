"""``bouncewise rules``: check, test and write rules."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from bouncewise.cli.engine import load_cli_engine
from bouncewise.cli.safe import safe
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.ruletest import check_rules, run_examples
from bouncewise.knowledge.lint import Fault, lint
from bouncewise.knowledge.load import KnowledgeError, load
from bouncewise.knowledge.pattern import escape_pattern
from bouncewise.reply.model import Context, Phase
from bouncewise.reply.unwrap import unwrap

MAX_WORDS = 10
_VARIABLE = re.compile(
    r"<[^>]{0,320}>|\[[^\]]{0,320}\]|\S{1,128}@\S{1,253}|https?://\S{1,500}|\b\d{1,3}(?:\.\d{1,3}){3}\b|"
    r"\b[0-9a-f]*\d[0-9a-f-]{5,}\b|\b\d{3,}\b|\b(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b|\([^)]{0,80}\)",
    re.IGNORECASE,
)
rules_option = click.option(
    "--rules", type=click.Path(path_type=Path), envvar="BOUNCEWISE_RULES", help="A folder of your own rules."
)


@click.group("rules")
def command() -> None:
    """Check, test and write rules of the knowledge base."""


@command.command("lint")
@rules_option
def lint_command(rules: Path | None) -> None:
    """Find dead, shadowed, ambiguous and example-less rules, and patterns that could run away."""
    try:
        knowledge = load(own_rules=rules)
    except KnowledgeError as error:
        raise click.ClickException(str(error)) from None
    faults = list(lint(knowledge))
    if not any(fault.kind == "pattern" for fault in faults):
        faults += check_rules(load_cli_engine(rules, None))
    for fault in faults:
        click.echo(safe(str(fault)))
    _close(faults, len(knowledge.rules))


def _close(faults: list[Fault], rules: int) -> None:
    if not faults:
        click.echo(f"{rules} rules, no fault")
        return
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(f.kind for f in faults).most_common())
    click.echo(f"{rules} rules, {len(faults)} faults: {kinds}")
    raise click.exceptions.Exit(1)


@command.command("test")
@click.argument("data", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--general-only", is_flag=True, help="Switch every provider's own rules off.")
@click.option("--show", default=20, show_default=True, help="How many wrong ones to show.")
@rules_option
def test_command(data: Path | None, general_only: bool, show: int, rules: Path | None) -> None:
    """Decide every example of the rules, or labelled replies from a file, and count what is right.

    DATA is a TSV with the columns reply and cause, or JSON Lines with reply, cause and perhaps
    also_ok, phase and host.
    """
    engine = load_cli_engine(rules, None, general_only=general_only)
    results = list(_labelled(engine, data) if data else _examples(engine))
    wrong = [r for r in results if r[1] not in r[0]]
    for wanted, got, text in wrong[:show]:
        click.echo(f"want {'/'.join(wanted)}, got {got}: {safe(text[:140])}")
    if len(wrong) > show:
        click.echo(f"… and {len(wrong) - show} more")
    total = len(results)
    if not total:
        raise click.ClickException("nothing to test")
    click.echo(f"{total - len(wrong)} of {total} right ({(total - len(wrong)) / total:.1%})")
    if wrong and not general_only and data is None:
        raise click.exceptions.Exit(1)


def _examples(engine: Engine) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for outcome in run_examples(engine):
        yield (outcome.rule.cause,), outcome.diagnosis.cause, outcome.example


def _labelled(engine: Engine, path: Path) -> Iterator[tuple[tuple[str, ...], str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".tsv":
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if "reply" not in row or "cause" not in row:
                    raise click.ClickException(f"{path}: needs the columns reply and cause")
                yield (row["cause"],), engine.diagnose(row["reply"]).cause, row["reply"]
            return
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                wanted = (row["cause"], *row.get("also_ok", ()))
                phase = row.get("phase")
                context = Context(
                    phase=Phase(phase) if phase in set(Phase) else None, remote_host=row.get("host") or None
                )
                yield wanted, engine.diagnose(row["reply"], context).cause, row["reply"]
            except (ValueError, KeyError, TypeError) as error:
                raise click.ClickException(f"{path}: line {number}: no labelled reply: {error}") from None


@command.command("new")
@click.argument("reply")
@click.option("--cause", required=True, help="The cause that it shows (see `bouncewise lookup CAUSE`).")
@click.option("--provider", default="", help="The provider that says it.")
@click.option("--text", "pattern", help="The pattern; drafted from the reply when left out.")
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Append it to this file."
)
def new_command(reply: str, cause: str, provider: str, pattern: str | None, target: Path | None) -> None:
    """Draft a rule from a reply, as TOML.

    \b
    Example:
      bouncewise rules new "550 5.7.1 Go away, we know you" --cause sender-blocked --to my-rules/own.toml
    """
    engine = load_cli_engine(None, None)
    if cause not in engine.knowledge.causes:
        raise click.ClickException(f"no such cause: {safe(cause)}; `bouncewise lookup` names the near ones")
    if provider and provider not in engine.knowledge.providers:
        raise click.ClickException(f"no such provider: {safe(provider)}")
    drafted = pattern or draft_pattern(reply)
    if not drafted:
        raise click.ClickException("the reply holds no words to draft a pattern from; give --text")
    table = _table(reply, cause, provider, drafted)
    current = engine.diagnose(reply)
    if target is None:
        click.echo(table)
    else:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("a", encoding="utf-8") as file:
                file.write(("\n" if target.stat().st_size else "") + table)
        except OSError as error:
            raise click.ClickException(f"{target}: can't be written: {error.strerror}") from None
        click.echo(f"added to {target}; check it with: bouncewise rules lint --rules {target.parent}")
    click.echo(f"today it is decided as {current.cause} by {current.rule or 'its codes'}", err=True)


def draft_pattern(reply: str) -> str:
    """The longest run of words of a reply that holds nothing that changes from mail to mail."""
    parts = [p.strip(" .,;:-()'\"=>/") for p in _VARIABLE.split(unwrap(reply).reply.text)]
    best = max(parts, key=lambda p: len(p.split()), default="")
    return escape_pattern(" ".join(best.split()[:MAX_WORDS]))


def _table(reply: str, cause: str, provider: str, pattern: str) -> str:
    words = re.findall(r"[a-z0-9]+", pattern.lower())[:4] or ["rule"]
    lines = ["[[rule]]", f'id = "{provider or "own"}.{"-".join(words)}"', f'cause = "{cause}"']
    if provider:
        lines.append(f'provider = "{provider}"')
    lines += [f"text = [{_quote(pattern)}]", f"examples = [{_quote(unwrap_control(reply))}]"]
    return "\n".join(lines) + "\n"


def unwrap_control(reply: str) -> str:
    """A reply on one line, as an example holds it."""
    return " ".join(reply.split())


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
