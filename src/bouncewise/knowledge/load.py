"""Load the knowledge base from its TOML files.

``load`` reads a folder and returns a ``Knowledge``. What is wrong with a file is said with its
name and place, as ``KnowledgeError``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bouncewise.knowledge.model import (
    Ask,
    Blocklist,
    Cause,
    Knowledge,
    Mapping,
    Policy,
    Provider,
    Remedy,
    Rule,
    Source,
)

SHIPPED = Path(__file__).parent / "data"
MAX_FILE_BYTES = 4 * 1024 * 1024
T = TypeVar("T")


class KnowledgeError(ValueError):
    """A file of the knowledge base can't be used: which file, which place, what is wrong."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file.

    Raises:
        KnowledgeError: it can't be read, is too large or is no TOML.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise KnowledgeError(f"{path}: larger than {MAX_FILE_BYTES} bytes; split it")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(f"{path}: can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: no UTF-8 at byte {error.start}; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{path}: no TOML: {error}") from None


def _convert(value: Any, kind: type[T], path: Path, place: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise KnowledgeError(f"{path}: {place}: {error}") from None


def _named(folder: Path, file: str, table: str, kind: type[T]) -> dict[str, T]:
    path = folder / file
    if not path.exists():
        return {}
    rows = read_toml(path).get(table, {})
    return {name: _convert(row, kind, path, f"[{table}.{name}]") for name, row in rows.items()}


def _listed(folder: Path, file: str, table: str, kind: type[T]) -> Iterator[T]:
    path = folder / file
    if path.exists():
        for number, row in enumerate(read_toml(path).get(table, []), 1):
            yield _convert(row, kind, path, f"[[{table}]] number {number}")


def rule_files(folder: Path) -> list[Path]:
    """The rule files below a folder, in a fixed order."""
    return sorted(folder.rglob("*.toml"))


def load_rules(folder: Path) -> Iterator[tuple[Rule, Path]]:
    """Every rule below a folder with the file it stands in.

    Raises:
        KnowledgeError: a file or a rule can't be used.
    """
    for path in rule_files(folder):
        content = read_toml(path)
        stray = sorted(set(content) - {"rule"})
        if stray:
            raise KnowledgeError(f"{path}: a rule file holds [[rule]] tables only, not {', '.join(stray)}")
        for number, row in enumerate(content.get("rule", []), 1):
            name = row.get("id", f"number {number}") if isinstance(row, dict) else f"number {number}"
            yield _convert(row, Rule, path, f"[[rule]] {name}"), path


def _lexicon(folder: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    classes: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in sorted((folder / "lexicon").glob("*.toml")):
        content = read_toml(path)
        classes[path.stem] = {
            name: _convert(words, tuple[str, ...], path, name) for name, words in content.items()
        }
    return classes


def _transient_words(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    return _convert(read_toml(path).get("transient", []), tuple[str, ...], path, "transient")


def load_policies(path: Path) -> tuple[Policy, ...]:
    """The rows of an operator's own policy file.

    Raises:
        KnowledgeError: the file can't be used.
    """
    content = read_toml(path)
    stray = sorted(set(content) - {"policy"})
    if stray:
        raise KnowledgeError(f"{path}: a policy file holds [[policy]] tables only, not {', '.join(stray)}")
    return tuple(_listed(path.parent, path.name, "policy", Policy))


def load(folder: Path = SHIPPED, own_rules: Path | None = None) -> Knowledge:
    """Load the knowledge base.

    Args:
        folder: the folder with ``causes.toml`` and its neighbours.
        own_rules: a folder of the user's own rules, which rank above the shipped ones.

    Raises:
        KnowledgeError: a file can't be used, or two rules have the same id.
    """
    rules: list[Rule] = []
    origin: dict[str, str] = {}
    own: set[str] = set()
    for base in ([own_rules] if own_rules else []) + [folder / "rules"]:
        for rule, path in load_rules(base):
            if rule.id in origin:
                raise KnowledgeError(
                    f"{path}: rule {rule.id} stands in {origin[rule.id]} already; give it an id of its own"
                )
            origin[rule.id] = str(path.relative_to(base.parent))
            rules.append(rule)
            if base is own_rules:
                own.add(rule.id)
    return Knowledge(
        causes=_named(folder, "causes.toml", "cause", Cause),
        providers=_named(folder, "providers.toml", "provider", Provider),
        blocklists={b.id: b for b in _listed(folder, "blocklists.toml", "blocklist", Blocklist)},
        sources=_named(folder, "sources.toml", "source", Source),
        remedies=tuple(
            remedy
            for path in rule_files(folder / "remedies")
            for remedy in _listed(path.parent, path.name, "remedy", Remedy)
        ),
        policies=tuple(_listed(folder, "policy.toml", "policy", Policy)),
        asks=tuple(_listed(folder, "asks.toml", "ask", Ask)),
        transient_words=_transient_words(folder / "severity.toml"),
        defaults=_named(folder, "policy.toml", "defaults", Policy),
        mappings=_named(folder, "mappings.toml", "mapping", Mapping),
        rules=tuple(rules),
        lexicon=_lexicon(folder),
        origin=origin,
        own_rules=frozenset(own),
    )
