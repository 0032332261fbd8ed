"""``bouncewise serve``: tokens, what it refuses to start with, and what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("litestar", reason="litestar is missing (extra web)")

from bouncewise.cli import cli


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["serve", *arguments])
    return result.exit_code, result.output


def test_tokens_are_made_listed_and_taken_back(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "s.db"))
    code, made = run("--make-token", "monitoring", *store)
    assert code == 0
    assert made.startswith("bw_")
    code, again = run("--make-token", "monitoring", *store)
    assert code == 1
    assert "already" in again
    assert "monitoring  made 2" in run("--tokens", *store)[1]
    assert run("--take-back", "monitoring", *store)[0] == 0
    assert run("--take-back", "monitoring", *store)[0] == 1
    assert run("--tokens", *store)[1] == ""


@pytest.mark.parametrize("address", ["0.0.0.0:8025", "[::]:8025", "192.0.2.1:80"])
def test_what_others_can_reach_needs_a_token_first(tmp_path: Path, address: str) -> None:
    code, said = run("--listen", address, "--store", str(tmp_path / "s.db"))
    assert code == 1
    assert "--make-token" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--listen", "here"), "no address and port"),
        (("--listen", "127.0.0.1:99999"), "no address and port"),
        (("--follow",), "name one"),
        (("--sandbox", "--smtp", "0.0.0.0:2525"), "can be reached by others"),
        (("--store", "mysql://x"), "no database that is known"),
        (("--store", "/dev/null/x.db"), "can't be made"),
        (("--store", "postgresql://nobody@127.0.0.1:1/x"), "can't be reached"),
    ],
)
def test_what_can_not_be_served(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    store = () if "--store" in arguments else ("--store", str(tmp_path / "s.db"))
    code, said = run(*arguments, *store)
    assert code in (1, 2)
    assert words in said
    assert "Traceback" not in said


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, said = run("--listen", f"127.0.0.1:{other.getsockname()[1]}", "--store", str(tmp_path / "s.db"))
    assert code == 1
    assert "--listen takes another" in said


def test_it_starts_logs_lines_of_json_and_ends_when_asked(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text(
        "May  1 09:00:00 mx postfix/smtp[1]: 4ABCDEF: to=<bob@example.net>, relay=mx.google.com[192.0.2.9]:25, "
        "delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.google.com[192.0.2.9] said: 550 5.1.1 no such user "
        "(in reply to RCPT TO command))\n"
    )
    command = [
        sys.executable,
        "-m",
        "bouncewise",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        str(tmp_path / "s.db"),
        "--offline",
        str(log),
    ]
    environment = os.environ | {"BOUNCEWISE_CACHE": "off"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert process.stderr
        assert re.match(r"Bouncewise is at http://127\.0\.0\.1:\d+/\n", process.stdout.readline())
        told = json.loads(process.stderr.readline())
        assert (told["level"], told["message"]) == ("info", "1 new deliveries were read")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
