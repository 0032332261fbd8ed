"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import bouncewise
from bouncewise.cli import _COMMANDS
from bouncewise.diagnosis.engine import Engine

ROOT = Path(__file__).parents[2]


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(name in text for name in _COMMANDS if name != "completion")


def test_readme_python_example_runs(capsys) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    exec(code[1], {})
    assert capsys.readouterr().out.splitlines() == [
        "greylisted retry 300",
        "recipient-unknown",
        "mailbox-full",
    ]


def test_json_document_names_every_key(engine: Engine) -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    record = engine.diagnose(
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
    ).as_dict()
    assert all(f"`{key}`" in text for key in record)
    assert all(f"`{key}`" in text for key in record["evidence"][0])


def test_public_names_are_there() -> None:
    assert all(getattr(bouncewise, name) is not None for name in bouncewise.__all__)


def test_no_registry_host_and_no_lock_file_is_kept() -> None:
    kept = [p.name for p in ROOT.iterdir()]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "uv.lock" not in kept or "uv.lock" in ignored
