"""The commands as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bouncewise.cli import cli


def _run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=given)


def test_explain_says_verdict_cause_and_steps() -> None:
    result = _run("explain", "550 5.1.1 <bob@example.com>: user unknown")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("Given up")
    assert "recipient-unknown" in lines[1]
    assert "What to do" in result.output


def test_output_in_a_pipe_is_plain() -> None:
    assert "\x1b" not in _run("explain", "550 5.1.1 user unknown", "-v").output


def test_a_reply_cannot_move_the_cursor_or_colour() -> None:
    evil = "550 5.7.1 \x1b[2J\x1b[31mred\x07 \r\x9b0m \u202edrow spam"
    for arguments in (("explain", evil), ("explain", "-v", evil)):
        output = _run(*arguments).output
        assert not any(c in output for c in "\x1b\x07\x9b\r\u202e")


def test_json_is_one_object() -> None:
    record = json.loads(_run("explain", "--json", "452 4.2.2 mailbox full").output)
    assert (record["cause"], record["action"]) == ("mailbox-full", "retry")
    assert record["reply"] == {"code": 452, "enhanced": "4.2.2", "text": "mailbox full"}


def test_json_lines_keep_order_and_go_on_after_a_bad_line() -> None:
    lines = [
        '{"id": 1, "reply": "550 5.1.1 x"}',
        "no json",
        '{"id": 3}',
        '{"id": 4, "reply": "250 ok", "phase": 7}',
    ]
    result = _run("explain", "--jsonl", given="\n".join(lines))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [a.get("id") for a in answers] == [1, None, 3, 4]
    assert [a["cause"] for a in answers] == ["recipient-unknown", "unknown", "unknown", "accepted"]
    assert "line 2" in answers[1]["error"]
    assert result.exit_code == 1
    assert "2 lines" in result.stderr


def test_a_file_full_of_replies(tmp_path: Path) -> None:
    path = tmp_path / "replies.txt"
    path.write_text(
        "550 5.1.1 unknown user\n550-5.7.26 not\n550 5.7.26 authenticated\n\n452 4.2.2 full\n250 ok\n",
        "utf-8",
    )
    result = _run("explain", str(path))
    assert result.exit_code == 0
    assert "4 replies" in result.output
    assert len(json.loads(_run("explain", "--json", str(path)).output)) == 4


def test_a_bounce_mail_by_its_text(tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    path.write_text(
        "From: MAILER-DAEMON@example.net\nTo: a@example.net\nSubject: Undelivered\nMIME-Version: 1.0\n\nSorry.\n\n"
        "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 mailbox full\n\nSubject: hello 550 5.1.1\n",
        "utf-8",
    )
    record = json.loads(_run("explain", "--json", str(path)).output)
    assert (record["cause"], record["recipient"]) == ("mailbox-full", "bob@example.com")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (b"", 1),
        (b"\n\n\n", 1),
        (b"\0\0\0\0", 0),
        (bytes(range(256)) * 40, 0),
        (b"550 " + b"x" * 3_000_000, 0),
        (b"550 5.1.1 user unknown\n" * 20_000, 0),
    ],
    ids=["empty", "blank", "nul", "binary", "long-line", "many-lines"],
)
def test_bad_input_gives_a_result_or_an_error(given: bytes, status: int) -> None:
    result = _run("explain", "-", given=given)
    assert result.exit_code == status
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_nothing_of_many_lines_is_lost() -> None:
    assert "20,000 replies" in _run("explain", "-", given=b"550 5.1.1 user unknown\n" * 20_000).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", "/no/such/file.eml"), "no such file"),
        (("explain", "--rules", "/no/such/folder", "550 x"), "no such folder"),
        (("explain", "--policy", "/no/such.toml", "550 x"), "can't be read"),
        (("explain", "."), "directory"),
        (("lookup", "mailbox-ful"), "did you mean mailbox-full"),
        (("rules", "new", "550 x", "--cause", "nope"), "no such cause"),
        (("rules", "test", "/no/such"), "does not exist"),
    ],
)
def test_errors_say_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    result = _run(*arguments)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("421", "Service not available"),
        ("5.7.26", "RFC 7372"),
        ("X.2.2", "Mailbox full"),
        ("mailbox-full", "holds"),
        ("google", "Gmail"),
        ("zen.spamhaus.org", "Spamhaus"),
        ("499", "client"),
        ("5.7.999", "taken by its subject"),
    ],
)
def test_lookup(word: str, says: str) -> None:
    result = _run("lookup", word)
    assert result.exit_code == 0
    assert says.lower() in result.output.lower()
    assert json.loads(_run("lookup", "--json", word).output)["kind"]


def test_a_drafted_rule_works(tmp_path: Path) -> None:
    reply = "550 5.7.1 Zebra gate keeper says no to <bob@example.com> [192.0.2.1]"
    target = tmp_path / "rules" / "own.toml"
    assert _run("rules", "new", reply, "--cause", "sender-blocked", "--to", str(target)).exit_code == 0
    record = json.loads(_run("explain", "--json", "--rules", str(target.parent), reply).output)
    assert record["cause"] == "sender-blocked"
    assert record["evidence"][0]["matched"] == "Zebra gate keeper says no to"


def test_rules_test_counts(tmp_path: Path) -> None:
    data = tmp_path / "data.tsv"
    data.write_text(
        "reply\tcause\n550 5.1.1 user unknown\trecipient-unknown\n550 5.1.1 user unknown\tvirus\n", "utf-8"
    )
    assert "1 of 2 right" in _run("rules", "test", str(data), "--general-only").output


def test_completion_names_the_program() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_BOUNCEWISE_COMPLETE" in _run("completion", shell).output
