"""``report``, and ``read`` on logs, as a user runs them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.pipeline.postfix_log import postfix_log

from bouncewise.cli import cli
from bouncewise.cli import report as report_command
from bouncewise.pipeline import pasted
from bouncewise.pipeline.run import Piece

HOSTILE = (
    b"Nov 23 17:40:28 mail1 postfix/qmgr[4464]: 4ABCDEF: from=<\x1b[31m@example.com>, size=376, nrcpt=1 (queue active)\n"
    b"Nov 23 17:40:29 mail1 postfix/smtp[4510]: 4ABCDEF: to=<=cmd|x\x1b[2J@example.net>, relay=mx\x1b]0;x\x07[192.0.2.25]:25, "
    b"delay=1.2, delays=0/0/0.5/0.7, dsn=5.1.1, status=bounced (host mx[192.0.2.25] said: 550 5.1.1 no such user \x1b[5m "
    b"\xe2\x80\xae (in reply to RCPT TO command))\n"
    b"\x00\x00\x00\x01 nothing \x1b[31m of the kind\n"
    b"Nov 23 17:40:29 mail1 postfix/smtp[4510]: 4ABCDEF: to=<bob@example.net>, relay=mx.exam\n"
)


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=stdin)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_bytes(postfix_log(900))
    return path


def test_a_report_says_what_bounces_why_and_what_to_mend(log: Path) -> None:
    result = _run("report", str(log))
    assert result.exit_code == 0
    for words in (
        "delivered",
        "Mend first",
        "recipient-unknown",
        "Providers",
        "example.net",
        "By the",
        "Waiting",
    ):
        assert words in result.stdout, words
    assert "Refused by this server" in result.stdout


def test_json_holds_what_the_document_names(log: Path) -> None:
    summary = json.loads(_run("report", str(log), "--json", "--by", "code", "--compare", str(log)).stdout)
    document = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
    assert [key for key in summary if f"`{key}`" not in document] == []
    assert summary["read"]["lines"] > 1000


def test_files_that_are_written(log: Path, tmp_path: Path) -> None:
    table, stop, page = tmp_path / "t.csv", tmp_path / "s.csv", tmp_path / "p.html"
    result = _run("report", str(log), "--csv", str(table), "--suppress", str(stop), "--html", str(page), "-q")
    assert (result.exit_code, result.stdout) == (0, "")
    rows = _table(table)
    summary = json.loads(_run("report", str(log), "--json").stdout)
    assert rows[0]["section"] == "total"
    assert int(rows[0]["bounced"]) == summary["totals"]["bounced"]
    told = _table(stop)
    assert told and {row["cause"] for row in told} == {"recipient-unknown"}
    assert "<title>" in page.read_text("utf-8")


def test_a_file_that_cant_be_written_is_said(log: Path, tmp_path: Path) -> None:
    result = _run("report", str(log), "--csv", str(tmp_path / "no" / "t.csv"))
    assert result.exit_code == 1
    assert "can't be written" in result.output


@pytest.mark.parametrize(
    ("test", "status"), [("bounce-rate>1%", 1), ("bounce-rate>99%", 0), ("expired<0", 0)]
)
def test_cron_is_told(log: Path, test: str, status: int) -> None:
    result = _run("report", str(log), "-q", "--fail-if", test)
    assert result.exit_code == status
    assert (test in result.stderr) is bool(status)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fail-if", "speed>1"), "there is no such figure"),
        (("--since", "soon"), "is no time"),
        (("--since", "2026-11-24", "--until", "2026-11-23"), "not before"),
        (("--format", "nothing"), "there is no format"),
        (("--by", "nothing"), "Invalid value"),
        (("--follow", "other.log"), "takes one log"),
    ],
)
def test_wrong_options_say_what_is_wrong(log: Path, arguments: tuple[str, ...], words: str) -> None:
    result = _run("report", str(log), *arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_periods_and_comparison(log: Path) -> None:
    everything = json.loads(_run("report", str(log), "--json").stdout)
    part = json.loads(
        _run("report", str(log), "--json", "--since", everything["from"], "--until", everything["to"]).stdout
    )
    assert sum(part["totals"].values()) < sum(everything["totals"].values())
    assert "compare" in json.loads(_run("report", str(log), "--json", "--compare", "2h").stdout)


def test_what_cant_be_read_is_said_with_its_reason(log: Path) -> None:
    result = _run("report", str(log), "/no/such/file")
    assert result.exit_code == 1
    assert "there is no such file" in result.stderr
    assert "recipient-unknown" in result.stdout


def test_an_interrupted_run_prints_what_it_has(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = report_command.read_paths

    def broken(*arguments: Any) -> Iterator[Piece]:
        yield next(iter(real(*arguments)))
        raise KeyboardInterrupt

    monkeypatch.setattr(report_command, "read_paths", broken)
    result = _run("report", str(log))
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert "recipient-unknown" in result.stdout


def test_words_of_strangers_cant_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(HOSTILE)
    table = tmp_path / "t.csv"
    stop = tmp_path / "s.csv"
    told = [
        _run("report", str(path), "--csv", str(table), "--suppress", str(stop), "--by", "recipient"),
        _run("read", str(path), "--unread"),
        _run("report", str(path), "--json"),
    ]
    for result in told:
        assert result.exit_code == 1 or "--json" not in result.output
        assert not any(sign in result.output for sign in ("\x1b", "\x07", "\u202e", "\x00"))
    cells = [cell for row in _table(stop) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_unread_lines_are_counted_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    path.write_bytes(HOSTILE)
    quiet, shown = _run("read", str(path)), _run("read", str(path), "--unread")
    assert quiet.exit_code == shown.exit_code == 1
    assert "2  lines that could not be read; --unread shows them" in quiet.stderr
    assert "cut off" not in quiet.stdout
    assert "line 4: this looks like a delivery of Postfix, but it is cut off" in shown.stdout
    assert "line 3: this line is of no log format that is known" in shown.stdout
    assert json.loads(_run("report", str(path), "--json").stdout)["read"]["unread"] == 2


def test_read_shows_the_kinds_that_are_asked_for(log: Path) -> None:
    result = _run("read", str(log), "--kind", "expired", "--jsonl")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert records and {record["kind"] for record in records} == {"expired"}
    assert {record["action"] for record in records} == {"bounce"}


def test_formats_are_listed() -> None:
    names = _run("read", "--format", "list").stdout.split()
    assert {"postfix", "exim", "sendgrid", "amazon_ses"} <= set(names)


@pytest.mark.parametrize("as_file", [True, False])
def test_a_webhook_is_explained(tmp_path: Path, as_file: bool) -> None:
    hook = '[{"email":"bob@example.com","event":"bounce","reason":"550 5.1.1 no such user","sg_event_id":"x","timestamp":1795455548}]'
    (tmp_path / "hook.json").write_text(hook)
    result = _run("explain", str(tmp_path / "hook.json") if as_file else hook)
    assert result.exit_code == 0
    assert "bob@example.com did not get" in result.stdout
    assert "recipient-unknown" in result.stdout


def test_a_long_line_of_a_log_is_no_path() -> None:
    line = (
        "2026-11-23 17:39:09 1xVY0S-0000qp-2b ** bob@example.com R=dns T=remote_smtp H=mx.example.com [192.0.2.25]: SMTP error "
        f"from remote mail server after RCPT TO:<bob@example.com>: 552 5.2.2 Mailbox full, see https://example.com/{'x/' * 150}"
    )
    result = _run("explain", line)
    assert result.exit_code == 0
    assert "mailbox-full" in result.stdout


def test_what_begins_as_json_and_is_none_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pasted, "MAX_MAIL", 70_000)
    path = tmp_path / "replies.txt"
    path.write_text('{"reply": "550 5.1.1 no such user"}\n' * 3000)
    found = json.loads(_run("explain", str(path), "--json").stdout)
    assert len(found) == 3000
