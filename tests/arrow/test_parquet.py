"""``read --parquet`` and ``report --parquet``."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bouncewise.cli import cli

pytest.importorskip("pyarrow")
import pyarrow.parquet as pq

from bouncewise import arrow
from bouncewise.cli import parquet
from bouncewise.report.parquet import SCHEMA


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def test_the_file_holds_what_jsonl_tells(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = _run("read", logs, "--parquet", out, "--jsonl", "--quiet")
    assert done.exit_code == 0
    told = [json.loads(line) for line in done.stdout.splitlines()]
    rows = pq.read_table(out).to_pylist()
    assert [r["recipient"] for r in rows] == [t["recipient"] for t in told]
    for row, record in zip(rows, told, strict=True):
        for key in ("kind", "cause", "action", "retry_after", "suppress", "who", "status", "sender", "time"):
            assert row[key] == record.get(key), key
        assert row["text"] == record["reply"].get("text")
        assert row["line"] == record["source"]["line"]


def test_kinds_are_chosen_and_nothing_else_is_printed(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = _run("read", logs, "--parquet", out, "--kind", "bounced", "--kind", "expired")
    assert done.stdout == ""
    assert set(pq.read_table(out)["kind"].to_pylist()) == {"bounced"}


def test_many_rows_are_written_as_they_come(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH", 50)
    monkeypatch.setattr(parquet, "GROUP", 100)
    _run("read", logs, "--parquet", tmp_path / "out.parquet", "--quiet")
    file = pq.ParquetFile(tmp_path / "out.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (708, 8)


def test_nothing_is_a_valid_file(tmp_path: Path, logs: Path) -> None:
    out = tmp_path / "out.parquet"
    assert _run("read", logs, "--parquet", out, "--kind", "challenge").exit_code == 0
    assert pq.read_schema(out).equals(arrow.SCHEMA)
    assert pq.read_table(out).num_rows == 0


def test_a_missing_pyarrow_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda _name: None)
    for command in ("read", "report"):
        done = _run(command, tmp_path, "--parquet", tmp_path / "out.parquet")
        assert done.exit_code == 1
        assert "pip install 'bouncewise[arrow]'" in done.output
    assert importlib.util.find_spec("pyarrow")


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path, logs: Path) -> None:
    done = _run("read", logs, "--parquet", tmp_path / "none" / "out.parquet")
    assert done.exit_code == 1
    assert "can't be written: No such file or directory" in done.output
    log = next(logs.iterdir())
    before = log.read_bytes()
    assert _run("read", log, "--parquet", log).exit_code == 2
    assert log.read_bytes() == before


def test_points_are_not_kept_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = tmp_path / "box"
    box.write_text("From a Thu Oct  1 10:00:00 2026\nFrom: a@example.org\nSubject: x\n\nhello\n")
    points, out = tmp_path / "points.json", tmp_path / "out.parquet"

    def full(_self: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(parquet.ParquetFile, "_flush", full)
        done = _run("read", box, "--parquet", out, "--resume", points, "--quiet")
    assert "No space left" in done.output
    assert not points.exists()
    assert _run("read", box, "--parquet", out, "--resume", points, "--quiet").exit_code == 0
    assert points.exists()
    assert pq.read_table(out).num_rows == 1


def test_a_report_of_nothing_has_the_same_schema(tmp_path: Path, logs: Path) -> None:
    for name, since in (("all", "2026-01-01"), ("none", "2030-01-01")):
        done = _run("report", logs, "--since", since, "--parquet", tmp_path / name, "--quiet")
        assert done.exit_code == 0
        assert pq.read_schema(tmp_path / name).equals(SCHEMA)
