"""What the circle asks of the sandbox: each cause, in typical words and in those of each persona, in each phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bouncewise.api import diagnose
from bouncewise.sandbox.personas import names, personas
from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.words import typical

SUCCESS = {"accepted", "forwarded", "unverified"}
PHASES = ("mail", "rcpt", "data", "message")
MESSAGE = "Subject: x\r\n\r\nhi\r\n"
LEAST = 0.98


class Case(NamedTuple):
    """A mail, and the cause for which it is to be refused."""

    cause: str
    sender: str
    recipient: str


def cases(sandbox: Sandbox) -> list[Case]:
    """Every cause, persona and phase."""
    locals_ = [(cause, cause) for cause in typical() if cause not in SUCCESS]
    for name in names():
        own = sandbox.words.causes_of(personas()[name].provider)
        locals_ += [
            (cause, f"{cause}+{name}") for cause in own if cause in typical() and cause not in SUCCESS
        ]
    return [Case(cause, *_addresses(local, phase)) for cause, local in locals_ for phase in PHASES]


def _addresses(local: str, phase: str) -> tuple[str, str]:
    if phase == "mail":
        return f"{local}+mail@example.com", "bob@example.net"
    return "ann@example.com", f"{local}+{phase}@example.net"


def closes(asked: Sequence[Case], reports: Sequence[str]) -> None:
    """Assert that what clients report is explained as what was asked for.

    Args:
        asked: the mails.
        reports: what the client said of each, "" where it sent it.
    """
    assert len(reports) == len(asked) > 1000
    wrong = []
    for case, text in zip(asked, reports, strict=True):
        found = diagnose(text).cause if text else "nothing"
        if found != case.cause:
            wrong.append((case, found, text[-200:]))
    assert len(wrong) <= (1 - LEAST) * len(asked), (len(wrong), wrong)
