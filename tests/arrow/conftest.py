"""Logs that the tests of tables share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

_ENDS = (
    ("2.0.0", "sent", "250 2.0.0 Ok: queued as 4XyZ{n}"),
    ("5.1.1", "bounced", "host mx.example.net[192.0.2.9] said: 550 5.1.1 <u{n}@example.net>: User unknown"),
    (
        "4.2.2",
        "deferred",
        "host mx.example.net[192.0.2.9] said: 452 4.2.2 Mailbox full (in reply to RCPT TO)",
    ),
)


def _message(number: int, name: str) -> list[str]:
    """Lines of one message; its sender and Message-ID stand in others than its delivery."""
    queue_id = f"{number:010X}"
    dsn, status, said = _ENDS[number % len(_ENDS)]
    head = f"2026-11-02T10:{number // 60 % 60:02}:{number % 60:02}+00:00 {name} postfix/"
    return [
        f"{head}smtpd[11]: {queue_id}: client=app.example.org[10.0.0.{number % 250}]",
        f"{head}cleanup[12]: {queue_id}: message-id=<{number}@{name}.example.org>",
        f"{head}qmgr[13]: {queue_id}: from=<s{number}@example.org>, size=1{number}, nrcpt=1 (queue active)",
        f"{head}smtp[14]: {queue_id}: to=<u{number}@example.net>, relay=mx.example.net[192.0.2.9]:25, "
        f"delay=0.5, delays=0/0/0.2/0.3, dsn={dsn}, status={status} ({said.format(n=number)})",
        f"{head}qmgr[13]: {queue_id}: removed",
    ]


@pytest.fixture
def log_lines() -> Callable[[int, str], list[str]]:
    """The lines of a log of so many messages by a machine of some name, several messages at a time."""

    def lines(count: int, name: str = "mx1") -> list[str]:
        messages = [_message(number, name) for number in range(count)]
        four = [messages[start : start + 4] for start in range(0, count, 4)]
        return [line for group in four for step in zip(*group, strict=True) for line in step]

    return lines


@pytest.fixture
def logs(tmp_path: Path, log_lines: Callable[[int, str], list[str]]) -> Path:
    """A folder of three logs with the same queue ids."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for name, count in (("mx1", 400), ("mx2", 300), ("mx3", 8)):
        (folder / f"{name}.log").write_text("\n".join(log_lines(count, name)) + "\n", encoding="utf-8")
    return folder
