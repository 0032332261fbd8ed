"""``report``: what is suppressed, and a log that grows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bouncewise.api import make_engine
from bouncewise.cli import cli, following
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.reading.logs.log import read_log

REPLIES = {
    "gone": "550 5.1.1 <gone@example.com>: Recipient address rejected: User unknown",
    "full": "552 5.2.2 <full@example.com>: mailbox full",
    "blocked": "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example.org",
    "spam": "550 5.7.1 Message rejected as spam",
    "odd": "571 wibble wobble",
    "GONE": "550 5.1.1 <GONE@example.com>: Recipient address rejected: User unknown",
}


def _attempt(to: str, words: str, status: str = "bounced") -> str:
    return (
        f"Nov 20 06:00:00 mx1 postfix/smtp[1]: A0001: to=<{to}@example.com>, relay=mx.example.com[192.0.2.1]:25, "
        f"delay=1, delays=0/0/0/1, dsn=5.0.0, status={status} (host mx.example.com[192.0.2.1] said: {words} "
        "(in reply to RCPT TO command))\n"
    )


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_only_addresses_are_suppressed_whose_advice_says_so(tmp_path: Path) -> None:
    log = "".join(_attempt(to, words) for to, words in REPLIES.items())
    log += _attempt("later", REPLIES["full"].replace("full@", "later@").replace("552 5", "452 4"), "deferred")
    path, table = tmp_path / "mail.log", tmp_path / "stop.csv"
    path.write_text(log)
    result = _run("report", "-q", "--suppress", str(table), str(path))
    assert result.exit_code == 0 and result.stdout == ""
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"), newline="")))
    engine = make_engine()
    want = {
        delivery.recipient.lower()
        for delivery in read_log(log.encode(), (2026, 11, 24))
        if diagnose_delivery(engine, delivery).advice.suppress
    }
    assert {row["address"] for row in rows} == want
    assert "gone@example.com" in want and not want & {
        "blocked@example.com",
        "odd@example.com",
        "later@example.com",
    }
    (gone,) = (row for row in rows if row["address"] == "gone@example.com")
    assert (gone["times"], gone["cause"], gone["reply"][:9]) == ("2", "recipient-unknown", "550 5.1.1")


def _follow(path: Path, steps: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch) -> Result:
    """Follow a log; each time that nothing is left to read a step is taken, and behind the last one an interrupt."""
    rest = iter(steps)

    def pause() -> bool:
        step = next(rest, None)
        if step is None:
            raise KeyboardInterrupt
        step()
        return True

    monkeypatch.setattr(following, "_pause", pause)
    monkeypatch.setattr(following, "EVERY", 0.0)
    return _run("report", "--follow", str(path))


def test_a_log_is_followed_through_its_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mail.log"
    path.write_text(_attempt("gone", REPLIES["gone"]))

    def write(words: str) -> None:
        with path.open("a") as file:
            file.write(words)

    line = _attempt("full", REPLIES["full"])
    steps: list[Callable[[], object]] = [
        lambda: write(line[:60]),
        lambda: write(line[60:]),
        lambda: (write(line), path.rename(tmp_path / "mail.log.1"), path.write_text(line)),
        lambda: path.write_text(""),  # copytruncate
        lambda: write(_attempt("later", "452 4.2.2 full", "deferred")),
    ]
    result = _follow(path, steps, monkeypatch)
    assert result.exit_code == 0, result.output
    told = [line.partition(" ")[2] for line in result.stdout.splitlines()]
    counts = [(part.split("bounced=")[1].split()[0], part.split("deferred=")[1].split()[0]) for part in told]
    assert counts[0] == ("1", "0") and counts[-1] == ("4", "1")
    assert counts == sorted(counts)


def test_a_log_that_is_missing_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _follow(tmp_path / "none.log", [], monkeypatch)
    assert result.exit_code == 1 and "none.log" in result.output and "Traceback" not in result.output


@pytest.mark.parametrize("paths", [(), ("-",), ("a", "b")])
def test_one_log_is_followed(paths: tuple[str, ...], engine: Engine) -> None:
    result = _run("report", "--follow", *paths)
    assert result.exit_code == 2 and "one log" in result.output
