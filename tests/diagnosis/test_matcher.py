"""The three matching engines agree, and what is saved is safe to lose."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bouncewise.api import make_engine
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.matcher import NoCache, make_scan
from bouncewise.diagnosis.patterns import PatternSet
from bouncewise.diagnosis.saved import FileCache

REPLIES = [
    "550 5.1.1 User unknown",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "452 4.2.2 The email account that you tried to reach is over quota.",
    "550 Der Empfänger ist unbekannt",
    "550 用户不存在",
    "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints",
]


@pytest.mark.parametrize("name", ["re2", "re"])
def test_engines_find_the_same(engine: Engine, name: str) -> None:
    if name == "re2":
        pytest.importorskip("re2", reason="the extra re2 is not installed")
    for patterns in (engine.patterns.first, engine.patterns.second, engine.patterns.exact):
        fast = make_scan(patterns, NoCache(), "hyperscan")
        other = make_scan(patterns, NoCache(), name)
        for reply in REPLIES:
            data = reply.lower().encode()
            assert sorted(fast(data)) == sorted(other(data))


def test_no_pattern_finds_nothing() -> None:
    assert make_scan(PatternSet((), ()), NoCache())(b"anything") == []


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.put("key", b"value")
    assert cache.get("key") == b"value"
    path = tmp_path / "key.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    assert cache.get("key") is None
    path.write_bytes(b"")
    assert cache.get("key") is None


def test_a_corrupt_saved_database_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    monkeypatch.setenv("BOUNCEWISE_CACHE", str(tmp_path))
    for path in own_cache.glob("*.bin"):
        (tmp_path / path.name).write_bytes(b"\0" * 100)
    assert make_engine().diagnose("550 5.1.1 User unknown").cause == "recipient-unknown"
    assert any(p.stat().st_size > 100 for p in tmp_path.glob("knowledge-*.bin"))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_read_only_cache_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("BOUNCEWISE_CACHE", str(tmp_path / "below"))
    try:
        assert make_engine().diagnose("550 5.1.1 User unknown").cause == "recipient-unknown"
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_two_processes_start_at_once_with_no_saved_database(tmp_path: Path) -> None:
    environment = {**os.environ, "BOUNCEWISE_CACHE": str(tmp_path)}
    code = "import bouncewise; print(bouncewise.diagnose('550 5.1.1 User unknown').cause)"
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [p.communicate()[0].strip() for p in started] == ["recipient-unknown"] * 2
    assert not list(tmp_path.glob("*.part"))


def test_batches_agree_with_single_ones(engine: Engine) -> None:
    single = [engine.diagnose(r).cause for r in REPLIES]
    assert [d.cause for d in engine.diagnose_many(REPLIES)] == single
    assert [d.cause for d in engine.diagnose_many(REPLIES, workers=2)] == single
