"""The fixture that the package gives to those who test their own software."""

from __future__ import annotations

import smtplib

import pytest

from bouncewise.pytest_plugin import SandboxFixture


def _send(sandbox: SandboxFixture, to: str, subject: str = "hello") -> bool:
    with smtplib.SMTP(sandbox.host, sandbox.port, local_hostname="c.example.com") as client:
        try:
            client.sendmail("ann@example.com", [to], f"Subject: {subject}\r\n\r\nhi\r\n")
        except smtplib.SMTPException:
            return False
    return True


def test_a_queue_that_tries_again(smtp_sandbox: SandboxFixture) -> None:
    smtp_sandbox.script({"on": "rcpt", "to": "bob@*", "times": 1, "reply": "452 4.2.2 Mailbox full"})
    assert not _send(smtp_sandbox, "bob@example.net")
    smtp_sandbox.assert_not_sent(to="bob@example.net")
    assert _send(smtp_sandbox, "bob@example.net")
    smtp_sandbox.assert_retried(to="bob@example.net", times=2)
    (kept,) = smtp_sandbox.assert_sent(
        to="bob@example.net", sender="ann@example.com", subject="hello", text="hi"
    )
    assert kept.recipients == ("bob@example.net",)


def test_assertions_say_what_came(smtp_sandbox: SandboxFixture) -> None:
    _send(smtp_sandbox, "carl@example.net")
    with pytest.raises(AssertionError, match=r"carl@example\.net"):
        smtp_sandbox.assert_sent(to="bob@example.net", timeout=0.01)
    with pytest.raises(AssertionError, match="tried 1 times"):
        smtp_sandbox.assert_retried(to="carl@example.net", timeout=0.01)
    with pytest.raises(AssertionError):
        smtp_sandbox.assert_not_sent(to="carl@example.net")
