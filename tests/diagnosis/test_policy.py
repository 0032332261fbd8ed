"""The advice table and what operators put over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncewise.api import make_engine
from bouncewise.diagnosis.advice import fill
from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge import KnowledgeError
from bouncewise.reply.model import Reply, Severity, Unwrapped


def _policy(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_operators_row_wins(tmp_path: Path) -> None:
    path = _policy(tmp_path, '[[policy]]\ncause = "greylisted"\nretry_after = [42]\n')
    advice = make_engine(policy=path).diagnose("451 greylisted").advice
    assert (advice.action, advice.retry_after) == ("retry", 42)


def test_a_row_may_be_for_one_code_or_provider(tmp_path: Path) -> None:
    path = _policy(
        tmp_path,
        '[[policy]]\ncause = "mailbox-full"\ncode = [552]\naction = "retry"\n'
        '[[policy]]\ncause = "rate-limited"\nprovider = "google"\nretry_after = [7]\n',
    )
    engine = make_engine(policy=path)
    assert engine.diagnose("552 mailbox full").action == "retry"
    assert engine.diagnose("550 mailbox full").action == "bounce"
    assert (
        engine.diagnose("421 4.7.28 Gmail has detected an unusual rate of email. gsmtp").advice.retry_after
        == 7
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[policy]\n", "no TOML"),
        ('[[policy]]\ncause = "greylisted"\nretries = 3\n', "retries"),
        ("[[policy]]\ncause = 3\n", "cause"),
        ('[rule]\nid = "x"\n', "[[policy]] tables only"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path: Path, text: str, says: str) -> None:
    path = _policy(tmp_path, text)
    with pytest.raises(KnowledgeError) as error:
        make_engine(policy=path)
    assert str(path) in str(error.value)
    assert says in str(error.value)


def test_placeholders() -> None:
    assert (
        fill("look up {ip|your IP} at {lookup|the list}", {"ip": "192.0.2.1"})
        == "look up 192.0.2.1 at the list"
    )


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("your message was deferred by the policy", "retry"),
        ("temporarily rejected RCPT <user@example.com>: database is away", "retry"),
        ("the policy refused your message", "bounce"),
        ("550 temporarily nobody wants this", "bounce"),
        ("reduce the size of the message and try again", "bounce"),
    ],
)
def test_words_tell_the_severity_where_no_code_does(engine: Engine, text: str, action: str) -> None:
    assert engine.diagnose(text).action == action


def test_words_for_one_code_mean_nothing_without_it(engine: Engine) -> None:
    assert engine.diagnose("535 LDAP bind failed for user").cause == "auth-failed"
    assert (
        engine.diagnose("LDAP bind failed for user").rule
        != engine.diagnose("535 LDAP bind failed for user").rule
    )


def test_a_number_that_is_no_reply_code_is_permanent() -> None:
    """Mail services have numbers of their own, such as Mailgun's 602 and 605."""
    diagnosis = make_engine().diagnose(Unwrapped(Reply(602, None, ("gone",))))
    assert diagnosis.advice.action == "bounce"
    assert Reply(605, None).severity is Severity.PERMANENT
