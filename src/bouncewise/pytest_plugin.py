"""The pytest plugin: ``smtp_sandbox``, a server on the loopback that gives every reply.

In a test::

    def test_a_full_mailbox_is_tried_again(smtp_sandbox):
        smtp_sandbox.script({"on": "rcpt", "to": "bob@*", "times": 1, "reply": "452 4.2.2 Mailbox full"})
        my_queue.send(to="bob@example.com", host=smtp_sandbox.host, port=smtp_sandbox.port)
        smtp_sandbox.assert_retried(to="bob@example.com")
        smtp_sandbox.assert_sent(to="bob@example.com", subject="hello")
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.store import Kept

SECONDS = 10.0


class SandboxFixture(Sandbox):
    """A sandbox with assertions. What is not so yet is waited for."""

    def assert_sent(  # noqa: PLR0913 - each narrows what is wanted
        self,
        *,
        to: str = "",
        sender: str = "",
        subject: str = "",
        text: str = "",
        count: int = 1,
        timeout: float = SECONDS,
    ) -> list[Kept]:
        """At least so many messages were taken that fit; gives them.

        Args:
            to: a recipient.
            sender: the reverse-path.
            subject: words of the subject field as it was sent.
            text: words of the message.
            count: how many.
            timeout: seconds to wait for them.
        """
        found = self.wait_for(
            count, timeout=timeout, fits=lambda kept: _fits(kept, to, sender, subject, text)
        )
        if len(found) >= count:
            return found
        wanted = {"to": to, "sender": sender, "subject": subject, "text": text}
        named = ", ".join(f"{name} {value!r}" for name, value in wanted.items() if value) or "any"
        came = (
            "; ".join(f"{m.sender or '<>'} to {', '.join(m.recipients)}" for m in self.messages[-10:])
            or "none"
        )
        raise AssertionError(f"{count} messages ({named}) were wanted, {len(found)} came; taken were: {came}")

    def assert_not_sent(self, *, to: str = "", sender: str = "") -> None:
        """No message was taken that fits."""
        found = [kept for kept in self.messages if _fits(kept, to, sender, "", "")]
        assert not found, f"{len(found)} messages were taken, and none was wanted"

    def attempts(self, to: str) -> int:
        """How often a recipient was tried, taken or not."""
        pattern = re.compile(rf"rcpt to:\s?<{re.escape(to)}>", re.IGNORECASE)
        return sum(
            1 for t in self.transcripts for line in t.lines if line.who == "C" and pattern.match(line.text)
        )

    def assert_retried(self, *, to: str, times: int = 2, timeout: float = SECONDS) -> None:
        """A recipient was tried at least so often.

        Args:
            to: the recipient.
            times: attempts, the first included.
            timeout: seconds to wait for them.
        """
        until = time.monotonic() + timeout
        while self.attempts(to) < times and time.monotonic() < until:
            time.sleep(0.01)
        tried = self.attempts(to)
        assert tried >= times, f"{to} was tried {tried} times, and {times} were wanted"


def _fits(kept: Kept, to: str, sender: str, subject: str, text: str) -> bool:
    head = kept.text.partition("\r\n\r\n")[0]
    subjects = re.findall(r"^subject:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.IGNORECASE | re.MULTILINE)
    return (
        (not to or to in kept.recipients)
        and (not sender or sender == kept.sender)
        and (not subject or any(subject in found for found in subjects))
        and (not text or text in kept.text)
    )


@pytest.fixture
def smtp_sandbox() -> Iterator[SandboxFixture]:
    """A sandbox for one test: ``host``, ``port``, ``messages``, ``transcripts``, ``script``, assertions."""
    from bouncewise.api import default_engine  # noqa: PLC0415 - takes a moment, for tests that ask for it

    with SandboxFixture(default_engine().knowledge) as sandbox:
        assert isinstance(sandbox, SandboxFixture)
        yield sandbox
