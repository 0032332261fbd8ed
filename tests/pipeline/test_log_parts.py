"""Parts of a log give what the whole gives, on logs in which messages lie between one another."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.interleaved_log import BEGIN, make_log

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline import blocks, parallel
from bouncewise.pipeline.reported import ReportSink
from bouncewise.pipeline.run import Choices, read_paths
from bouncewise.pipeline.sink import RowSink
from bouncewise.pipeline.sources import contents
from bouncewise.reading.delivery import Delivered
from bouncewise.reading.logs import stream
from bouncewise.report.rollup import Rollup
from bouncewise.report.summary import summarise

SMALL = 20_000  # octets of a part


class LineSink(ReportSink):
    """A report that takes no columns."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.bulk = False


class Counting(ReportSink):
    """A report that notes how many deliveries come in columns."""

    def __init__(self, taken: list[int], engine: Engine) -> None:
        super().__init__(engine)
        self._taken = taken

    def take(self, delivery: Any) -> None:
        if isinstance(delivery, Delivered):
            self._taken.append(len(delivery.hours))
        super().take(delivery)


def _at_once(engine: Engine, run: Any, units: Iterable[Any], workers: int) -> Iterator[Any]:
    """What several processes do, in this one: each unit comes and goes as octets."""
    assert workers > 1
    for unit in units:
        yield pickle.loads(pickle.dumps(run(engine, pickle.loads(pickle.dumps(unit)))))


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are cut in many parts, and "processes" are started for nothing."""
    monkeypatch.setattr(blocks, "OCTETS", SMALL)
    monkeypatch.setattr(blocks, "PIECE", SMALL // 3)
    monkeypatch.setattr(contents, "LOG_BLOCK", SMALL)
    monkeypatch.setattr(parallel, "in_processes", _at_once)
    monkeypatch.setattr(stream, "LEARNT", 20)  # lines of a part that are read one by one


def _rows(engine: Engine, *paths: Path | str, jobs: int = 1, only: str = "") -> list[bytes]:
    choices = Choices(workers=jobs, only=only)
    pieces = read_paths(engine, [str(path) for path in paths], RowSink, choices)
    return [row.line for piece in pieces for row in piece.given]


def _records(engine: Engine, *paths: Path | str, jobs: int = 1, only: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in _rows(engine, *paths, jobs=jobs, only=only)]


def _report(
    engine: Engine, *paths: Path, make_sink: Callable[[Engine], ReportSink] = ReportSink, jobs: int = 1
) -> dict[str, Any]:
    total = Rollup()
    for piece in read_paths(engine, [str(p) for p in paths], make_sink, Choices(workers=jobs, chunk=100)):
        total.merge(piece.given)
    summary = summarise(total, engine)
    for cause in summary["causes"]:
        cause.pop("examples")  # which ones are kept depends on how the log was cut
    summary["waiting"]["most"] = summary["waiting"].get("most", [])[:5]
    return summary


def _sum(row: dict[str, int]) -> int:
    return sum(row[name] for name in ("delivered", "deferred", "bounced", "expired"))


def _write(path: Path, data: bytes, written: datetime = BEGIN) -> Path:
    path.write_bytes(data)
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


@pytest.mark.parametrize("seed", range(4))
def test_a_log_in_parts_gives_the_same_lines(
    seed: int, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    made = make_log(seed, iso=seed % 2 == 1)
    path = _write(tmp_path / "mail.log", made.data)
    assert len(made.data) > 10 * SMALL
    rows = _rows(engine, path)
    assert len(rows) == sum(made.outcomes.values())
    assert _rows(engine, path, jobs=2) == rows


@pytest.mark.parametrize(
    ("seed", "reuse"), [(0, 0), (1, 15), (2, 15), (3, 60), (4, 0), (5, 3), (6, 3), (9, 6)]
)
def test_all_ways_of_reading_give_the_same_report(
    seed: int, reuse: int, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    made = make_log(seed, iso=seed % 2 == 1, reuse=reuse)
    path = _write(tmp_path / "mail.log", made.data)
    report = _report(engine, path, make_sink=LineSink)
    assert report["totals"] == made.totals()
    assert {row["name"]: _sum(row) for row in report["sender_domains"]} == dict(made.senders)
    assert {row["name"]: _sum(row) for row in report["domains"]} == dict(made.domains)
    assert report["waiting"].get("still", 0) == 0
    assert _report(engine, path) == report
    assert _report(engine, path, make_sink=LineSink, jobs=2) == report
    assert {row["name"]: _sum(row) for row in report["clients"]} == dict(made.clients)
    assert _report(engine, path, jobs=2) == report


def test_a_report_is_made_of_columns_and_ends_the_same(engine: Engine, tmp_path: Path) -> None:
    made = make_log(7, reuse=0)
    path = _write(tmp_path / "mail.log", made.data)
    taken: list[int] = []
    assert _report(engine, path, make_sink=partial(Counting, taken)) == _report(
        engine, path, make_sink=LineSink
    )
    assert sum(taken) > made.outcomes["delivered"] / 2


@pytest.mark.parametrize("machines", [2, 3, 7])
@pytest.mark.parametrize("jobs", [1, 2])
def test_logs_of_several_machines_and_services(
    machines: int, jobs: int, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    def elsewhere(line: str) -> str:
        found = re.search(r"\]: ([0-9A-F]{10}): ", line)
        number = int(found[1], 16) if found else len(line)
        daemons = {"/smtpd[": "/submission/smtpd[", "/smtp[": "/relay/smtp["} if number % 3 == 0 else {}
        for daemon, other in daemons.items():
            line = line.replace(daemon, other)
        return line.replace(" mx1 ", f" mx{number % machines} ", 1)

    made = make_log(12, reuse=0)
    path = _write(tmp_path / "mail.log", "".join(f"{elsewhere(line)}\n" for line in made.lines).encode())
    report = _report(engine, path, make_sink=LineSink)
    assert report["totals"] == made.totals()
    assert {row["name"]: _sum(row) for row in report["clients"]} == dict(made.clients)
    assert len(report["sending_ips"]) == machines
    taken: list[int] = []
    assert _report(engine, path, make_sink=partial(Counting, taken), jobs=jobs) == report
    if jobs == 1:
        assert sum(taken) > made.outcomes["delivered"] / 2  # in columns


def test_who_was_served_in_between_has_not_expired(engine: Engine, tmp_path: Path, in_parts: None) -> None:
    def line(clock: str, daemon: str, words: str) -> str:
        return f"Nov 20 {clock} mx1 postfix/{daemon}[7]: {words}\n"

    def attempt(clock: str, to: str, age: int, status: str) -> str:
        rest = f"relay=mx.example.com[192.0.2.1]:25, delay={age}, delays=0/0/0/0, dsn=4.2.0, status={status}"
        return line(clock, "smtp", f"A0001: to=<{to}@example.com>, {rest} (host said no)")

    filler = "".join(line("06:30:00", "anvil", f"statistics: max {n:0100}") for n in range(SMALL // 100))
    log = (
        line("06:00:00", "qmgr", "A0001: from=<s@example.org>, size=5, nrcpt=3 (queue active)")
        + attempt("06:00:01", "a", 1, "deferred")
        + attempt("06:00:01", "b", 1, "deferred")
        + attempt("06:00:01", "c", 1, "deferred")
        + filler
        + attempt("06:40:01", "a", 2401, "sent")
        + attempt("06:40:01", "b", 2401, "bounced")
        + filler
        + attempt("08:00:01", "d", 7201, "deferred")
        + line("08:00:02", "qmgr", "A0001: from=<s@example.org>, status=expired, returned to sender")
        + line("08:00:02", "qmgr", "A0001: removed")
    )
    path = _write(tmp_path / "mail.log", log.encode())
    for jobs in (1, 2):
        expired = [r["recipient"] for r in _records(engine, path, jobs=jobs) if r["kind"] == "expired"]
        assert expired == ["c@example.com", "d@example.com"]
        assert _report(engine, path, jobs=jobs)["totals"]["expired"] == 2
        assert _report(engine, path, jobs=jobs)["waiting"].get("still", 0) == 0


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("second", ["", "b@example.net"])
def test_an_id_that_is_used_again_in_a_part_that_does_not_know_its_first_message(
    jobs: int, second: str, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    def line(clock: str, daemon: str, words: str) -> str:
        return f"Nov 20 {clock} mx1 postfix/{daemon}[7]: {words}\n"

    def attempt(clock: str, to: str, status: str = "sent (250 ok)") -> str:
        rest = "relay=mx.example.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status="
        return line(clock, "smtp", f"A0001: to=<{to}@example.com>, {rest}{status}")

    filler = "".join(line("06:30:00", "anvil", f"statistics: max {n:0100}") for n in range(SMALL // 100))
    log = (
        filler
        + line("06:40:00", "smtpd", "A0001: client=one.example.org[192.0.2.8]")
        + line("06:40:00", "cleanup", "A0001: message-id=<1@example.org>")
        + line("06:40:00", "qmgr", "A0001: from=<a@example.org>, size=5, nrcpt=2 (queue active)")
        + filler
        + filler[: filler.index("max 00", SMALL // 2)].rpartition("\n")[0]
        + "\n"
        + attempt("06:40:01", "a")
        + attempt("06:40:01", "b", "bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 no such user)")
        + line("06:40:01", "qmgr", "A0001: removed")
        + line("06:40:02", "cleanup", "A0001: message-id=<2@example.org>")
        + line("06:40:02", "qmgr", f"A0001: from=<{second}>, size=5, nrcpt=1 (queue active)")
        + attempt("06:40:03", "c")
        + line("06:40:03", "qmgr", "A0001: removed")
        + filler
    )
    path = _write(tmp_path / "mail.log", log.encode())
    report = _report(engine, path, jobs=jobs)
    senders = {row["name"]: _sum(row) for row in report["sender_domains"]}
    assert senders == {"example.org": 2, second.rpartition("@")[2] or "<>": 1}
    assert {row["name"]: _sum(row) for row in report["clients"]} == {"one.example.org[192.0.2.8]": 2}
    assert [r.get("client", "") for r in _records(engine, path, jobs=jobs)] == [
        "one.example.org[192.0.2.8]",
        "one.example.org[192.0.2.8]",
        "",
    ]


def _rotated(folder: Path) -> tuple[list[Path], list[bytes]]:
    made = make_log(11, 200)
    lines = [f"{line}\n".encode() for line in made.lines]
    third = len(lines) // 3
    parts = [b"".join(lines[:third]), b"".join(lines[third : 2 * third]), b"".join(lines[2 * third :])]
    paths = [
        _write(folder / "mail.log.2.gz", gzip.compress(parts[0])),
        _write(folder / "mail.log.1", parts[1]),
        _write(folder / "mail.log", parts[2]),
    ]
    return paths, lines


def _told(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "source"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_rotated_set_is_one_log_in_whatever_order_it_is_named(
    jobs: int, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    (tmp_path / "set").mkdir()
    paths, lines = _rotated(tmp_path / "set")
    whole = _write(tmp_path / "whole.log", b"".join(lines))
    want = [_told(record) for record in _records(engine, whole)]
    for seed in range(3):
        shuffled = random.Random(seed).sample(paths, 3)
        found = _records(engine, *shuffled, jobs=jobs)
        assert [_told(record) for record in found] == want
        assert {record["source"]["path"] for record in found} == set(map(str, paths))
    assert [_told(record) for record in _records(engine, tmp_path / "set", jobs=jobs)] == want


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_report_of_a_rotated_set_is_that_of_the_log(
    jobs: int, engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    paths, lines = _rotated(tmp_path)
    whole = _write(tmp_path / "whole.txt", b"".join(lines))
    assert _report(engine, *reversed(paths), jobs=jobs) == _report(engine, whole, make_sink=LineSink)


def test_logs_that_are_no_set_know_nothing_of_each_other(engine: Engine, tmp_path: Path) -> None:
    first = (
        b"Nov 20 06:00:00 mx1 postfix/qmgr[1]: A0001: from=<s@example.org>, size=5, nrcpt=1 (queue active)\n"
    )
    second = (
        b"Nov 20 06:00:00 mx2 postfix/smtp[1]: A0001: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, "
        b"delay=1, dsn=2.0.0, status=sent (250 ok)\n"
    )
    one, two = _write(tmp_path / "mx1.log", first), _write(tmp_path / "mx2.log", second)
    (record,) = _records(engine, one, two)
    assert "sender" not in record


def _sent(stamp: str, to: str = "a@example.com") -> str:
    return (
        f"{stamp} mx1 postfix/smtp[1]: A0001: to=<{to}>, relay=mx.example.com[192.0.2.1]:25, delay=1, "
        f"dsn=2.0.0, status=sent (250 ok)\n"
    )


def test_a_log_whose_file_is_cut_off_is_read_up_to_there_and_that_is_told(
    engine: Engine, tmp_path: Path, in_parts: None
) -> None:
    made = make_log(5, 200)
    path = _write(tmp_path / "mail.log.gz", gzip.compress(made.data)[:-2000])
    for jobs in (1, 2):
        *found, last = _records(engine, path, jobs=jobs)
        assert last["kind"] == "unreadable" and "line" not in last["source"]
        assert len(found) > 100


def test_counts_of_lines_are_the_same_in_parts(engine: Engine, tmp_path: Path, in_parts: None) -> None:
    made = make_log(21, 120)
    broken = "Nov 20 23:59:59 mx1 postfix/smtp[1]: A0001: to=<a@example.com>, relay=mx, status=sen\n"
    path = _write(tmp_path / "mail.log", made.data + broken.encode() * 3)

    def counted(make_sink: Any, jobs: int) -> tuple[int, int, int, int]:
        counts, octets = [0, 0, 0], 0
        for piece in read_paths(engine, [str(path)], make_sink, Choices(workers=jobs)):
            octets += piece.octets
            for place, count in enumerate((piece.counts.lines, piece.counts.foreign, piece.counts.unread)):
                counts[place] += count
        return counts[0], counts[1], counts[2], octets

    want = (len(made.lines) + 3, made.foreign, 3, path.stat().st_size)
    sinks: Sequence[Any] = (RowSink, LineSink, ReportSink)
    assert [counted(sink, jobs) for sink in sinks for jobs in (1, 2)] == [want] * 6
