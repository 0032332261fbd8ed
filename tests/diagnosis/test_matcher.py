"""The three matching engines agree, and what is saved is safe to lose."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bouncewise.api import make_engine
from bouncewise.diagnosis import matcher
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.matcher import FEW, NoCache, make_scan
from bouncewise.diagnosis.patterns import PatternSet
from bouncewise.diagnosis.saved import FileCache
from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.needed import needed_words

REPLIES = [
    "550 5.1.1 User unknown",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "452 4.2.2 The email account that you tried to reach is over quota.",
    "550 Der Empfänger ist unbekannt",
    "550 用户不存在",
    "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints",
]


@pytest.mark.parametrize("name", ["re2", "re"])
def test_engines_find_the_same(engine: Engine, name: str, own_cache: Path) -> None:
    if name == "re2":
        pytest.importorskip("re2", reason="the extra re2 is not installed")
    examples = [e for rule in engine.knowledge.rules for e in rule.examples[:1]]
    for patterns in (engine.patterns.first, *engine.patterns.others.values(), engine.patterns.exact):
        fast = make_scan(patterns, FileCache(own_cache), "hyperscan")
        other = make_scan(patterns, NoCache(), name)
        for data in map(fold_bytes, [*REPLIES, *examples]):
            assert sorted(fast(data)) == sorted(other(data)), data


@pytest.mark.parametrize(
    ("regex", "words"),
    [
        (r"\bmailbox\b", ("mailbox",)),
        (r"(?:\buser|\bperson).{0,33}(?:\bunknown|\bnot found)", ("unknown", "not found")),
        (r"no such (?:local |)user", ("no such ",)),
        (r"colou?r", ("colo",)),
        (r"black(?:\-| )?list", ("black",)),
        (r"(?:a|)(?:b|c)?", ()),
        (r"over [0-9]{1,3} messages\.", (" messages.",)),
        (r"\(s31[45]0\)", ("(s31",)),
    ],
)
def test_needed_words(regex: str, words: tuple[str, ...]) -> None:
    assert needed_words(regex) == words


def test_a_text_without_its_needed_words_is_never_met(engine: Engine) -> None:
    """Otherwise the sieve would let a match slip."""
    for patterns in (engine.patterns.first, *engine.patterns.others.values(), engine.patterns.exact):
        for regex in patterns.regexes:
            words = needed_words(regex)
            assert words and all(words), regex


def test_few_texts_are_sieved_and_many_are_compiled(tmp_path: Path) -> None:
    patterns = PatternSet((r"\buser", r"\bunknown"), ((0,), (1,)))
    scan = make_scan(patterns, FileCache(tmp_path), "hyperscan")
    answers = [sorted(scan(b"user unknown")) for _ in range(FEW - 1)]
    assert not list(tmp_path.iterdir())
    answers.append(sorted(scan(b"user unknown")))
    assert len(list(tmp_path.iterdir())) == 1
    assert answers == [[0, 1]] * FEW


@pytest.mark.parametrize("installed", [True, False])
def test_a_library_that_misses_matches_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    """Vectorscan 5.4.12 does; the next engine answers and nothing of it is saved."""
    monkeypatch.setattr(matcher, "_MISSED_IN", b"nothing of the kind")
    if not installed:
        found = matcher.find_spec
        monkeypatch.setattr(matcher, "find_spec", lambda name: None if name == "re2" else found(name))
    scan = make_scan(PatternSet((r"\buser", r"\bunknown"), ((0,), (1,))), FileCache(tmp_path), "hyperscan")
    assert [sorted(scan(b"user unknown")) for _ in range(FEW + 1)] == [[0, 1]] * (FEW + 1)
    assert not list(tmp_path.iterdir())


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


def test_threads_search_side_by_side() -> None:
    """Hyperscan refuses scratch space that another thread uses; each thread has its own."""
    engine = make_engine()
    texts = [f"550 5.1.{n % 9} reply {n}: User u{n} unknown in table {n}" for n in range(1500)]
    other = make_engine()
    alone = [other.diagnose(text).cause for text in texts[:50]]
    faults: list[Exception] = []

    def work(start: int) -> None:
        try:
            for text in texts[start:] + texts[:start]:
                engine.diagnose(text)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(n * 300,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [engine.diagnose(text).cause for text in texts[:50]] == alone
