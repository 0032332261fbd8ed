"""The circle: what the sandbox says for a cause, as a client's library reports it, is explained as that cause."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator

import aiosmtplib
import pytest

from bouncewise.api import default_engine, diagnose
from bouncewise.sandbox.personas import names, personas
from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.words import typical

SUCCESS = {"accepted", "forwarded", "unverified"}
PHASES = ("mail", "rcpt", "data", "message")
MESSAGE = "Subject: x\r\n\r\nhi\r\n"
LEAST = 0.98


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(default_engine().knowledge) as running:
        yield running


def _cases(sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    for cause in typical():
        if cause not in SUCCESS:
            yield cause, cause
    for name in names():
        for cause in sandbox.words.causes_of(personas()[name].provider):
            if cause in typical():
                yield cause, f"{cause}+{name}"


def _addresses(local: str, phase: str) -> tuple[str, str]:
    if phase == "mail":
        return f"{local}+mail@example.com", "bob@example.net"
    return "ann@example.com", f"{local}+{phase}@example.net"


def report(sandbox: Sandbox, sender: str, recipient: str) -> str:
    """What smtplib says, in its own words; a connection each, for it loses its own after some refusals."""
    try:
        with smtplib.SMTP(sandbox.host, sandbox.port, local_hostname="c.example.com", timeout=10) as smtp:
            smtp.sendmail(sender, [recipient], MESSAGE)
    except smtplib.SMTPException as error:
        return repr(error)
    return ""


def test_every_cause_persona_and_phase_through_smtplib(sandbox: Sandbox) -> None:
    wrong, count = [], 0
    for cause, local in _cases(sandbox):
        for phase in PHASES:
            text = report(sandbox, *_addresses(local, phase))
            count += 1
            found = diagnose(text).cause if text else "nothing"
            if found != cause:
                wrong.append((local, phase, found, text[:120]))
    assert len(wrong) <= (1 - LEAST) * count, wrong


async def _async_reports(sandbox: Sandbox) -> list[tuple[str, str]]:
    found = []
    for cause, local in _cases(sandbox):
        sender, recipient = _addresses(local, "rcpt")
        client = aiosmtplib.SMTP(
            hostname=sandbox.host, port=sandbox.port, local_hostname="c.example.com", start_tls=False
        )
        try:
            async with client:
                await client.sendmail(sender, [recipient], MESSAGE)
        except aiosmtplib.SMTPException as error:
            found.append((cause, repr(error)))
    return found


def test_every_cause_and_persona_through_aiosmtplib(sandbox: Sandbox) -> None:
    reports = asyncio.run(_async_reports(sandbox))
    assert len(reports) > 250
    wrong = [(cause, text[:150]) for cause, text in reports if diagnose(text).cause != cause]
    assert len(wrong) <= (1 - LEAST) * len(reports), wrong


@pytest.mark.parametrize("name", names())
def test_a_persona_greets_as_its_own(name: str) -> None:
    with (
        Sandbox(default_engine().knowledge, persona=name) as running,
        smtplib.SMTP(running.host, running.port, local_hostname="c.example.com") as client,
    ):
        client.ehlo()
        assert personas()[name].host.split()[0] in str(client.ehlo_resp)
        assert client.sendmail("ann@example.com", ["bob@example.net"], MESSAGE) == {}


def test_there_are_a_dozen_personas_with_words_of_their_own(sandbox: Sandbox) -> None:
    with_words = [name for name in names() if len(sandbox.words.causes_of(personas()[name].provider)) >= 5]
    assert len(with_words) >= 12
