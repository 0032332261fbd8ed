"""``bouncewise lookup``: what the registries and the knowledge base hold on one thing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from bouncewise.cli.engine import load_cli_engine
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.diagnosis.lookup import find, names_of


@click.command("lookup")
@click.argument("what", nargs=-1, required=True, metavar="421 | 5.7.26 | CAUSE | PROVIDER | BLOCKLIST")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(what: tuple[str, ...], as_json: bool) -> None:
    """Look up a reply code, enhanced code, cause, provider or blocklist.

    \b
    Examples:
      bouncewise lookup 452
      bouncewise lookup 5.7.26
      bouncewise lookup mailbox-full
      bouncewise lookup zen.spamhaus.org
    """
    word = " ".join(what).strip()
    knowledge = load_cli_engine(None, None).knowledge
    entry = find(knowledge, word)
    if entry is None:
        near = difflib.get_close_matches(word.lower(), names_of(knowledge), 3, 0.6)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise click.ClickException(f"nothing is known about {safe(word[:80])!r}{hint}")
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(entry), indent=2).decode())
        return
    show(_lines(entry))


def _lines(entry: dict[str, Any]) -> Iterator[list[Part]]:
    title = next((str(entry[k]) for k in ("code", "cause", "provider", "id") if k in entry), "")
    name = entry.get("title") or entry.get("name") or entry.get("summary") or ""
    yield [(title, "bold"), (f"  {name}", "bold"), (f"  ({entry['kind']})", "dim")]
    text = entry.get("explanation") or entry.get("meaning")
    if text:
        yield [(f"  {text}", "")]
    for key, value in entry.items():
        if (
            key in ("kind", "title", "name", "summary", "explanation", "meaning", "code", "id")
            or value == title
        ):
            continue
        yield from _field(key.replace("_", " "), value)


def _field(key: str, value: Any) -> Iterator[list[Part]]:
    if isinstance(value, dict):
        value = [
            f"{k}: {v if not isinstance(v, dict) else ', '.join(map(str, v.values()))}"
            for k, v in value.items()
        ]
    if isinstance(value, list) and (key in ("examples", "steps") or any(len(str(v)) > 30 for v in value)):
        yield [(f"  {key}:", "dim")]
        for item in value:
            yield [(f"    - {safe(str(item))}", "")]
        return
    shown = (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else {True: "yes", False: "no"}.get(value, value)
        if isinstance(value, bool)
        else value
    )
    yield [(f"  {key}: ", "dim"), (safe(str(shown)), "")]
