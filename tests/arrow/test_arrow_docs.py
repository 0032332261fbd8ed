"""The examples of docs/arrow.md run, each where its library is installed; the tables name every column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from bouncewise import arrow

PAGE = (Path(__file__).parents[2] / "docs" / "arrow.md").read_text(encoding="utf-8")
EXAMPLES = [
    (section.partition("\n")[0], code)
    for section in PAGE.split("\n## ")
    for code in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
]
NEEDED = {"Polars": "polars", "DuckDB": "duckdb", "Ray": "ray"}


def test_every_example_is_found() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") == 5


@pytest.mark.parametrize(("title", "code"), [e for e in EXAMPLES if e[0] != "Spark"], ids=lambda e: e[:12])
def test_example_runs(
    title: str, code: str, logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if title in NEEDED:
        pytest.importorskip(NEEDED[title])
    monkeypatch.chdir(logs.parent)
    exec(code, {})
    assert "recipient-unknown" in capsys.readouterr().out


def test_every_column_is_named() -> None:
    assert [name for name in arrow.SCHEMA.names if f"`{name}`" not in PAGE] == []
    assert [name for name in arrow.__all__ if f"`{name}" not in PAGE and name != "diagnosed_schema"] == []
