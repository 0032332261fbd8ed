"""Mails that look like bounces and are none: one record each, of kind ``not-a-bounce`` unless named below.

Each is also read without its Return-Path, as mailboxes often keep it: the null reverse-path alone must not decide.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bouncewise.reading.delivery import Kind
from bouncewise.reading.mail import read_mail

LOOKALIKES = Path(__file__).parent / "lookalikes"
NAMES = sorted(path.stem for path in LOOKALIKES.glob("*.eml"))
ANSWERS = {
    "ticket-autoack",
    "vacation-answer",
    "vacation-answer-address-gone",
    "vacation-answer-quotes-bounce-words",
}


@pytest.mark.parametrize("kept", [True, False], ids=["whole", "without-return-path"])
@pytest.mark.parametrize("name", NAMES)
def test_a_lookalike_is_no_bounce(name: str, kept: bool) -> None:
    data = (LOOKALIKES / f"{name}.eml").read_bytes()
    if not kept:
        data = re.sub(rb"\AReturn-Path:[^\n]*\n", b"", data)
    found = read_mail(data)
    expected = Kind.AUTO_REPLY if name in ANSWERS else Kind.NOT_A_BOUNCE
    assert [delivery.kind for delivery in found] == [expected]
    assert found[0].reason


def test_there_are_lookalikes() -> None:
    assert len(NAMES) >= 90
    assert set(NAMES) > ANSWERS
