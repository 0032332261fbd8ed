"""``read`` and ``explain`` on bounce mails, as a user runs them."""

from __future__ import annotations

import json
import mailbox
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bouncewise.cli import cli

BOUNCE = """From: MAILER-DAEMON@mx.example.com
To: alice@example.com
Subject: Undelivered Mail Returned to Sender
Date: Thu, 1 Oct 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I could not deliver your mail.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {name}@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{name}@example.org>: user unknown

--b
Content-Type: message/rfc822

Message-ID: <1@example.com>
From: alice@example.com
To: {name}@example.org
Subject: the minutes

hello
--b--
"""
LETTER = "From: bob@example.org\nTo: alice@example.com\nSubject: lunch\n\nAt noon?\n"


def _run(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(cli, arguments, input=given)


def _mail(folder: Path, name: str) -> Path:
    path = folder / f"{name}.eml"
    path.write_text(BOUNCE.format(name=name), encoding="utf-8")
    return path


def _rows(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_record_for_each_recipient(tmp_path: Path) -> None:
    result = _run("read", "--jsonl", str(_mail(tmp_path, "bob")))
    (row,) = _rows(result)
    assert result.exit_code == 0
    assert (row["kind"], row["cause"], row["recipient"]) == (
        "bounced",
        "recipient-unknown",
        "bob@example.org",
    )
    assert (row["status"], row["message_id"], row["time"]) == (
        "5.1.1",
        "1@example.com",
        "2026-10-01T10:00:00+00:00",
    )
    assert row["source"] == {"path": str(tmp_path / "bob.eml"), "format": "dsn"}
    assert row["reply"] == {"code": 550, "enhanced": "5.1.1", "text": "<bob@example.org>: user unknown"}


def test_an_mbox_a_maildir_a_folder_and_a_pipe_give_the_same(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    names = ["bob", "carol"]
    for name in names:
        _mail(tmp_path / "folder", name)
    box = mailbox.mbox(tmp_path / "box")
    maildir = mailbox.Maildir(tmp_path / "maildir")
    for name in names:
        box.add(BOUNCE.format(name=name).encode())
        maildir.add(BOUNCE.format(name=name).encode())
    box.close()

    def found(result: Result) -> list[object]:
        assert result.exit_code == 0
        rows = sorted(_rows(result), key=lambda row: str(row["recipient"]))
        return [{name: value for name, value in row.items() if name != "source"} for row in rows]

    expected = found(_run("read", "--jsonl", str(tmp_path / "folder")))
    assert len(expected) == 2
    assert found(_run("read", "--jsonl", str(tmp_path / "box"))) == expected
    assert found(_run("read", "--jsonl", str(tmp_path / "maildir"))) == expected
    assert found(_run("read", "--jsonl", "-", given=(tmp_path / "box").read_bytes())) == expected
    assert found(_run("read", "--jsonl", "--workers", "2", str(tmp_path / "box"))) == expected


def test_the_first_mail_of_a_mailbox_stands_at_octet_0(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for name in ("bob", "carol"):
        box.add(BOUNCE.format(name=name).encode())
    box.close()
    rows = _rows(_run("read", "--jsonl", str(tmp_path / "box")))
    places = [row["source"]["offset"] for row in rows]  # type: ignore[index]
    assert places[0] == 0
    assert (tmp_path / "box").read_bytes()[places[1] :].startswith(b"From ")


def test_a_broken_mail_costs_that_mail_only(tmp_path: Path) -> None:
    _mail(tmp_path, "a")
    (tmp_path / "b.eml").write_bytes(b"")
    _mail(tmp_path, "c")
    result = _run("read", str(tmp_path))
    assert result.exit_code == 1
    assert "b.eml" in result.stdout
    assert result.stdout.count("recipient-unknown") == 2
    assert "2 mails" in result.stderr


def test_bounces_leaves_other_mail_out(tmp_path: Path) -> None:
    _mail(tmp_path, "bob")
    (tmp_path / "letter.eml").write_text(LETTER)
    assert len(_rows(_run("read", "--jsonl", str(tmp_path)))) == 2
    assert len(_rows(_run("read", "--jsonl", "--bounces", str(tmp_path)))) == 1


def test_a_mailbox_is_gone_on_with(tmp_path: Path) -> None:
    path, state = tmp_path / "box", tmp_path / "state.json"
    box = mailbox.mbox(path)
    box.add(BOUNCE.format(name="bob").encode())
    box.flush()
    arguments = ("read", "--jsonl", "--resume", str(state), str(path))
    assert [row["recipient"] for row in _rows(_run(*arguments))] == ["bob@example.org"]
    assert _rows(_run(*arguments)) == []
    box.add(BOUNCE.format(name="carol").encode())
    box.close()
    assert [row["recipient"] for row in _rows(_run(*arguments))] == ["carol@example.org"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("read", "/no/such/file"), "no such"),
        (("read", "--workers", "0", "x"), "0 is not in the range"),
    ],
)
def test_errors_are_for_people(arguments: tuple[str, ...], says: str) -> None:
    result = _run(*arguments)
    assert result.exit_code in (1, 2)
    assert says in result.output.lower()
    assert "Traceback" not in result.output


def test_a_bad_file_of_resume_points_is_named(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("nonsense")
    result = _run("read", "--resume", str(state), str(_mail(tmp_path, "bob")))
    assert result.exit_code == 1
    assert str(state) in result.output


def test_explain_tells_a_person_what_a_mail_says(tmp_path: Path) -> None:
    result = _run("explain", str(_mail(tmp_path, "bob")))
    assert result.output.startswith("bob@example.org did not get “the minutes”")
    assert "No such mailbox" in result.output


def test_explain_of_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "letter.eml"
    path.write_text(LETTER + "\n")
    assert "no bounce" in _run("explain", str(path)).output


def test_explain_json_of_a_mail_is_its_record(tmp_path: Path) -> None:
    record = json.loads(_run("explain", "--json", str(_mail(tmp_path, "bob"))).output)
    assert (record["kind"], record["cause"], record["returned"]["subject"]) == (
        "bounced",
        "recipient-unknown",
        "the minutes",
    )


def test_explain_of_a_mailbox_tells_of_its_first_mail(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for name in ("bob", "carol"):
        box.add(BOUNCE.format(name=name).encode())
    box.close()
    result = _run("explain", str(tmp_path / "box"))
    assert result.stdout.startswith("bob@example.org did not get")
    assert "carol" not in result.stdout
    assert "several mails" in result.stderr
