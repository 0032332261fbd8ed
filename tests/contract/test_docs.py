"""The documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import bouncewise
from bouncewise.checks.finding import Finding, Mend, Problem, Step
from bouncewise.checks.run import NAMES
from bouncewise.cli import _COMMANDS
from bouncewise.cli.check import command as check
from bouncewise.cli.read import command
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import record as record_of
from bouncewise.reading.delivery import Kind, Returned

ROOT = Path(__file__).parents[2]


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(name in text for name in _COMMANDS if name != "completion")


BOUNCE = (
    "From: MAILER-DAEMON@example.com\nTo: alice@example.com\nSubject: Undelivered Mail Returned to Sender\n\n"
    "<bob@example.org>: 550 5.1.1 user unknown\n"
)


@pytest.fixture
def a_bounce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own with the file that the examples name."""
    (tmp_path / "bounce.eml").write_text(BOUNCE)
    monkeypatch.chdir(tmp_path)


def _run_example(page: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    code = re.search(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert code
    exec(code[1], {})
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("a_bounce")
def test_readme_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_example("README.md", capsys) == [
        "greylisted retry 300",
        "recipient-unknown",
        "mailbox-full",
        "bob@example.org recipient-unknown",
    ]


@pytest.mark.usefixtures("a_bounce")
def test_example_of_mails_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_example("docs/mails.md", capsys) == ["bounced bob@example.org recipient-unknown bounce"]


def test_mails_document_names_every_option_and_kind() -> None:
    text = (ROOT / "docs" / "mails.md").read_text(encoding="utf-8")
    assert all(f"`{kind.value}`" in text for kind in Kind)
    options = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    assert [o for o in options if o.startswith("--") and f"`{o}" not in text] == []


def test_json_document_names_every_key(engine: Engine) -> None:
    text = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    record = engine.diagnose(
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
    ).as_dict()
    assert all(f"`{key}`" in text for key in record)
    assert all(f"`{key}`" in text for key in record["evidence"][0])
    (delivery,) = bouncewise.read_mail(BOUNCE.encode())
    assert all(f"`{key}`" in text for key in record_of(delivery, engine.diagnose(delivery.said)))
    assert all(f"`{key}`" in text for key in Returned.__struct_fields__)


def test_public_names_are_there() -> None:
    assert all(getattr(bouncewise, name) is not None for name in bouncewise.__all__)


def test_no_registry_host_and_no_lock_file_is_kept() -> None:
    kept = [p.name for p in ROOT.iterdir()]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "uv.lock" not in kept or "uv.lock" in ignored


def test_example_of_the_zone_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_example("docs/dns.md", capsys) == ["pass", "[('example.com', 'TXT')]"]


def test_check_document_names_every_check_and_option() -> None:
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text] == []
    options = {name for option in check.params if isinstance(option, click.Option) for name in option.opts}
    assert [o for o in sorted(options) if o.startswith("--") and f"{o}" not in text] == []


def test_check_document_names_every_field_of_a_finding() -> None:
    text = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
    for kind in (Finding, Step, Problem, Mend):
        assert [field for field in kind.__struct_fields__ if f"`{field}`" not in text] == [], kind


def test_serve_document_names_every_route_option_and_variable() -> None:
    pytest.importorskip("litestar", reason="litestar is missing (extra web)")
    from bouncewise.cli.serve import command as serve
    from bouncewise.web.app import _ROUTES

    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    routes = {path for handler in _ROUTES for path in handler.paths}
    api = {path.partition("/{")[0] for path in routes if path.startswith(("/api/", "/health", "/metrics"))}
    assert [path for path in sorted(api) if path not in text] == []
    options = {name for option in serve.params if isinstance(option, click.Option) for name in option.opts}
    shared = {"--resolver", "--zone", "--offline", "--timeout", "--listen", "--smtp"}
    assert [o for o in sorted(options - shared) if o.startswith("--") and o not in text] == []
