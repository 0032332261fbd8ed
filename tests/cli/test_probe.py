"""``probe`` against the sandbox: what is said, what is not sent, and what a user is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from bouncewise.api import default_engine
from bouncewise.cli.probe import command as probe
from bouncewise.cli.sandbox import command as sandbox_command
from bouncewise.sandbox.policies import Settings
from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.tls import own_context


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    settings = Settings.of({"accounts": {"ann": "secret"}})
    with Sandbox(default_engine().knowledge, tls=own_context("localhost"), settings=settings) as running:
        yield running


def run(sandbox: Sandbox, *options: str, **more: str) -> Result:
    return CliRunner().invoke(probe, [f"{sandbox.host}:{sandbox.port}", *options], env=more)


def test_a_refusal_is_explained(sandbox: Sandbox) -> None:
    result = run(sandbox, "--to", "mailbox-full@example.com")
    assert result.exit_code == 0
    assert "> RCPT TO:<mailbox-full@example.com>" in result.output
    assert "552 5.2.2" in result.output
    assert "mailbox-full\n" in result.output


def test_nothing_is_sent_unless_told(sandbox: Sandbox) -> None:
    before = len(sandbox.messages)
    assert "250 2.1.5" in run(sandbox, "--to", "bob@example.com").output
    assert len(sandbox.messages) == before


def test_a_message_is_sent_where_told(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("probe") / "mail.eml"
    path.write_bytes(b"Subject: x\r\n\r\n.dot\r\n")
    result = run(sandbox, "--to", "bob@example.com", "--stop-after", "message", "--message", str(path))
    assert "message accepted" in result.output
    assert sandbox.messages[-1].octets.endswith(b"\r\n.dot\r\n")


def test_a_certificate_that_does_not_fit_is_told(sandbox: Sandbox) -> None:
    result = run(sandbox, "--starttls", "--to", "bob@example.com")
    assert "its certificate does not fit: self-signed" in result.output
    assert result.output.count("> STARTTLS") == 1
    assert "250 2.1.5" in result.output


def test_no_password_goes_to_a_server_that_is_not_trusted(sandbox: Sandbox) -> None:
    for options, words in ((["--starttls"], "no password is sent"), ([], "not sent in the clear")):
        result = run(sandbox, *options, "--auth", "ann", BOUNCEWISE_SMTP_PASSWORD="secret")
        assert result.exit_code == 1
        assert words in result.output
    assert not any("AUTH" in line.text for t in sandbox.transcripts for line in t.lines if line.who == "C")


def test_json_has_every_reply(sandbox: Sandbox) -> None:
    found = json.loads(run(sandbox, "--to", "550-5.1.1@example.com", "--json").output)
    assert [reply["phase"] for reply in found["replies"]][-2:] == ["rcpt", "quit"]
    assert found["replies"][-2]["cause"] == "recipient-unknown"


WRONG = [
    (["127.0.0.1:1"], 1, "can't be reached"),
    (["127.0.0.1:0"], 2, "no port"),
    (["localhost", "--stop-after", "rcpt"], 2, "needs --to"),
    (["localhost", "--to", "a@b", "--stop-after", "message"], 2, "needs --message"),
    (["localhost", "--message", "x"], 2, "--stop-after message only"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG)
def test_what_can_not_be_done_is_said(arguments: list[str], code: int, words: str) -> None:
    result = CliRunner().invoke(probe, arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output


REFUSED = [
    (["--listen", "0.0.0.0:2525"], "--public"),
    (["--listen", "nonsense"], "address and a port"),
    (["--as", "nobody"], "no persona"),
    (["--list", "--as", "nobody"], "are known"),
    (["--script", "missing.toml"], "can't be read"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_a_sandbox_that_is_not_started(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(sandbox_command, arguments)
    assert result.exit_code != 0
    assert words in result.output


def test_the_list_has_what_an_address_chooses() -> None:
    output = CliRunner().invoke(sandbox_command, ["--list"]).output
    assert "mailbox-full@ " in output
    assert "mailbox-full+gmail@ " in output
    assert "Personas: " in output
