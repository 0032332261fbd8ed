"""Logs through the pipeline: opened, joined, in one process or several, one by one or in blocks."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.pipeline.postfix_log import postfix_log

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline import blocks
from bouncewise.pipeline.follow import follow
from bouncewise.pipeline.reported import ReportSink
from bouncewise.pipeline.run import Choices, read_paths
from bouncewise.pipeline.sink import RowSink
from bouncewise.reading.delivery import Delivered, Delivery
from bouncewise.reading.logs.log import Log
from bouncewise.report.rollup import Rollup
from bouncewise.report.summary import summarise

MAILS = sorted((Path(__file__).parent.parent / "reading" / "mails").glob("*.eml"))
LOG = postfix_log(900)
ONE = (
    b"Nov 23 17:40:28 mail1 postfix/qmgr[4464]: 4ABCDEF: from=<shop@example.com>, size=376, nrcpt=1 (queue active)\n"
    b"Nov 23 17:40:29 mail1 postfix/smtp[4510]: 4ABCDEF: to=<bob@example.net>, relay=mx.example.net[192.0.2.25]:25, "
    b"delay=1.2, delays=0/0/0.5/0.7, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.25] said: 550 5.1.1 "
    b"no such user (in reply to RCPT TO command))\n"
)


def records(engine: Engine, paths: Sequence[Path | str], **choices: Any) -> list[dict[str, Any]]:
    pieces = read_paths(engine, [str(path) for path in paths], RowSink, Choices(**choices))
    return [msgspec.json.decode(row.line) for piece in pieces for row in piece.given]


class LineByLine(ReportSink):
    """A report that takes no columns."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.bulk = False


def summary(
    engine: Engine, path: Path, make: Callable[[Engine], ReportSink] = ReportSink, **choices: Any
) -> dict[str, Any]:
    total = Rollup()
    for piece in read_paths(engine, [str(path)], make, Choices(**choices)):
        total.merge(piece.given)
    return summarise(total, engine, 500)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "mail.log"
    path.write_bytes(LOG)
    return path


def test_several_processes_give_the_same_records(
    engine: Engine, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "OCTETS", 60_000)
    one, several = records(engine, [log]), records(engine, [log], workers=2)
    assert len(one) > 1500
    assert several == one


def test_blocks_lines_and_processes_give_the_same_report(
    engine: Engine, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "OCTETS", 200_000)
    bulk = summary(engine, log)
    assert bulk["totals"]["delivered"] > 500
    assert bulk["totals"]["expired"] > 0
    for other in (summary(engine, log, LineByLine), summary(engine, log, workers=2)):
        for section in (
            "totals",
            "rates",
            "providers",
            "domains",
            "sending_ips",
            "time",
            "refused",
            "waiting",
        ):
            assert other[section] == bulk[section], section
        counts = [(cause["cause"], cause["counts"]) for cause in other["causes"]]
        assert counts == [(cause["cause"], cause["counts"]) for cause in bulk["causes"]]


def test_a_report_counts_what_the_records_are(engine: Engine, log: Path) -> None:
    found = [record["kind"] for record in records(engine, [log])]
    totals = summary(engine, log)["totals"]
    for kind in ("delivered", "deferred", "bounced", "expired", "rejected"):
        assert totals[kind] == found.count(kind), kind


@pytest.mark.skipif(
    shutil.which("pflogsumm", path=f"{os.environ.get('PATH')}:/usr/sbin") is None,
    reason="pflogsumm is not installed",
)
def test_counts_are_those_of_pflogsumm(engine: Engine, log: Path) -> None:
    program = shutil.which("pflogsumm", path=f"{os.environ.get('PATH')}:/usr/sbin")
    assert program
    run = subprocess.run([program, str(log)], capture_output=True, text=True, check=True)
    told = {}
    for line in run.stdout.splitlines():
        words = line.split()
        if len(words) > 1 and words[0].isdigit() and words[1] in ("delivered", "bounced", "rejected"):
            told.setdefault(words[1], int(words[0]))
        elif len(words) > 2 and words[1] == "deferred":
            told.setdefault("deferred", int(words[2].strip("(")))
    totals = summary(engine, log)["totals"]
    assert {name: totals[name] for name in told} == told
    assert len(told) == 4


def test_a_rotated_set_is_read_in_its_order_and_joined(engine: Engine, tmp_path: Path) -> None:
    first, second = ONE.splitlines(keepends=True)
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(first))
    (tmp_path / "mail.log.1").write_bytes(
        b"Nov 23 17:40:28 mail1 postfix/smtpd[1]: connect from x[192.0.2.1]\n"
    )
    (tmp_path / "mail.log").write_bytes(second)
    named = [tmp_path / name for name in ("mail.log", "mail.log.1", "mail.log.2.gz")]
    for paths in (named, named[::-1], [tmp_path]):
        (record,) = records(engine, paths)
        assert record["sender"] == "shop@example.com"
        assert record["source"]["path"].endswith("mail.log")


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: data.replace(b"\n", b"\r\n")]
)
def test_packed_and_with_other_line_ends(
    engine: Engine, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "log").write_bytes(pack(ONE))
    (record,) = records(engine, [tmp_path / "log"])
    assert (record["kind"], record["sender"], record["source"]["line"]) == ("bounced", "shop@example.com", 2)


def test_in_archives(engine: Engine, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "logs.tar", "w") as tar:
        info = tarfile.TarInfo("var/log/mail.log")
        info.size = len(ONE)
        tar.addfile(info, io.BytesIO(ONE))
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("mail.log", ONE)
    for name in ("logs.tar", "logs.zip"):
        (record,) = records(engine, [tmp_path / name])
        assert record["source"]["member"].endswith("mail.log")


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-8-sig"])
def test_charsets(engine: Engine, tmp_path: Path, charset: str) -> None:
    text = ONE.decode().replace("no such user", "kein Empfänger")
    (tmp_path / "log").write_bytes(text.encode(charset))
    (record,) = records(engine, [tmp_path / "log"])
    assert record["reply"]["text"] == "kein Empfänger"


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-01-02", "Dec 31 23:59:58", "Jan  1 00:00:02"),
        ("2026-12-31", "Nov 23 10:00:00", "Nov 24 10:00:00"),
        ("2026-11-24", "Nov 25 00:30:00", "Nov 25 00:31:00"),  # a zone may be a day ahead
    ],
)
def test_years_across_new_year(engine: Engine, tmp_path: Path, written: str, first: str, last: str) -> None:
    lines = ONE.replace(b"Nov 23 17:40:28", first.encode()).replace(b"Nov 23 17:40:29", last.encode())
    path = tmp_path / "log"
    path.write_bytes(lines)
    stamp = datetime.fromisoformat(f"{written}T12:00:00").replace(tzinfo=UTC).timestamp()
    os.utime(path, (stamp, stamp))
    (record,) = records(engine, [path])
    assert record["time"][:10] == f"2026-{'01' if last.startswith('Jan') else '11'}-{int(last[4:6]):02}"


def test_each_file_of_a_folder_is_read_as_what_it_is(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(ONE)
    (tmp_path / "b.eml").write_bytes(MAILS[0].read_bytes())
    (tmp_path / "c.mbox").write_bytes(b"From mailer Thu Oct  1 10:00:00 2026\n" + MAILS[0].read_bytes())
    (tmp_path / "d.json").write_text(
        '{"event": "bounce", "email": "x@example.com", "sg_event_id": "1", "reason": "550 5.1.1 no such user", "timestamp": 1795455548}'
    )
    formats = {Path(r["source"]["path"]).name: r["source"]["format"] for r in records(engine, [tmp_path])}
    assert formats["a.log"] == "postfix"
    assert formats["d.json"] == "sendgrid"
    assert formats["b.eml"] == formats["c.mbox"] != "postfix"


@pytest.mark.parametrize("path", MAILS, ids=lambda p: p.name)
def test_no_mail_is_taken_for_a_log(engine: Engine, path: Path) -> None:
    pieces = list(read_paths(engine, [str(path)], partial(RowSink, as_json=False), Choices()))
    assert [piece.mails for piece in pieces] == [1]


def test_following_goes_on_behind_rotation(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    first, second = ONE.splitlines(keepends=True)
    path.write_bytes(first)
    steps = iter(
        (
            lambda: path.rename(tmp_path / "mail.log.1"),
            lambda: path.write_bytes(second),
            lambda: path.write_bytes(b""),  # cut, as copytruncate does
            lambda: path.write_bytes(ONE),
        )
    )

    def pause() -> bool:
        step = next(steps, None)
        if step is None:
            return False
        step()
        return True

    log = Log(written=(2026, 11, 24))
    found = [d for d in log.follow(follow(str(path), pause)) if isinstance(d, Delivery)]
    assert [(d.recipient, d.sender) for d in found] == [("bob@example.net", "shop@example.com")] * 2


def test_many_queue_ids_are_held_in_bounded_memory() -> None:
    log = Log(written=(2026, 11, 24))
    template = (
        "Nov 23 17:40:28 mail1 postfix/qmgr[4464]: {}: from=<a@example.com>, size=1, nrcpt=1 (queue active)\n"
    )
    lines = (template.format(f"4X{number:09}").encode() * 1 for number in range(260_000))
    assert not list(log.read(lines))
    held = log._stream.messages()
    assert len(held) <= 120_000


def test_columns_say_what_records_say() -> None:
    data = postfix_log(600)  # no queue id comes again
    blocks_ = [data[at : at + 50_000] for at in range(0, len(data), 50_000)]
    columns = [d for d in Log(written=(2026, 11, 24)).read_bulk(blocks_) if isinstance(d, Delivered)]
    rows = [d for d in Log(written=(2026, 11, 24)).read([data]) if d.kind.value == "delivered"]
    taken = [
        row
        for many in columns
        for row in zip(
            many.queue_ids, many.recipients, many.senders, many.remote_mtas, many.hours, strict=True
        )
    ]
    want = [(d.queue_id, d.recipient, d.sender, d.remote_mta, d.time[:13]) for d in rows]
    assert set(taken) <= set(want)
    assert len(taken) > 0.8 * len(want)
