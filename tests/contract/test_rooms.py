"""ARCHITECTURE.md says which room may import which; the code must agree."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bouncewise"
IMPURE = {"socket", "asyncio", "random", "secrets", "time", "subprocess", "urllib", "http", "ssl", "os"}
# saved.py writes files through a folder it is given; it uses os for atomic replacement only
ALLOWED_IMPURE = {"diagnosis/saved.py": {"os"}}


def _table() -> dict[str, tuple[bool, set[str]]]:
    rows = {}
    for line in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines():
        match = re.match(r"\| `(\w+)` \| (\w*) ?\|.*\| ([\w, ]+) \|$", line)
        if match:
            rows[match[1]] = (match[2] == "pure", {n.strip() for n in match[3].split(",")} - {"stdlib"})
    return rows


ROOMS = _table()
FILES = sorted(SOURCE.rglob("*.py"))


def _room(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_every_room_stands_in_the_table() -> None:
    assert {_room(p) for p in FILES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_room_imports_only_what_its_line_allows(path: Path) -> None:
    room = _room(path)
    if room == "__init__":
        return
    allowed = ROOMS[room][1] | {room}
    used = {name.split(".")[1] for name in _imports(path) if name.startswith("bouncewise.")}
    assert used <= allowed


@pytest.mark.parametrize("path", [p for p in FILES if _room(p) == "reply"], ids=lambda p: p.name)
def test_reply_needs_the_standard_library_only(path: Path) -> None:
    used = {name.split(".")[0] for name in _imports(path)} - {"bouncewise"}
    assert used <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_pure_rooms_hold_no_world(path: Path) -> None:
    if not ROOMS.get(_room(path), (False, set()))[0]:
        return
    used = {name.split(".")[0] for name in _imports(path) - {"urllib.parse"}} & IMPURE
    assert used <= ALLOWED_IMPURE.get(str(path.relative_to(SOURCE)), set())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = (node.end_lineno or 0) - node.lineno - docstring.count("\n")
            assert length <= 50, f"{node.name} has {length} lines"
