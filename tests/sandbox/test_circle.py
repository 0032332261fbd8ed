"""The circle: what the sandbox says for a cause, as a client's library reports it, is explained as that cause."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator

import aiosmtplib
import pytest
from tests.sandbox.circle import MESSAGE, Case, cases, closes

from bouncewise.api import default_engine
from bouncewise.sandbox.personas import names, personas
from bouncewise.sandbox.run import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(default_engine().knowledge) as running:
        yield running


def _through_smtplib(sandbox: Sandbox, case: Case) -> str:
    """What smtplib says, in its own words; a connection each, for it loses its own after some refusals."""
    try:
        with smtplib.SMTP(sandbox.host, sandbox.port, local_hostname="c.example.com", timeout=10) as smtp:
            smtp.sendmail(case.sender, [case.recipient], MESSAGE)
    except smtplib.SMTPException as error:
        return repr(error)
    return ""


def test_every_cause_persona_and_phase_through_smtplib(sandbox: Sandbox) -> None:
    asked = cases(sandbox)
    closes(asked, [_through_smtplib(sandbox, case) for case in asked])


async def _through_aiosmtplib(sandbox: Sandbox, case: Case) -> str:
    client = aiosmtplib.SMTP(
        hostname=sandbox.host, port=sandbox.port, local_hostname="c.example.com", start_tls=False
    )
    try:
        async with client:
            await client.sendmail(case.sender, [case.recipient], MESSAGE)
    except aiosmtplib.SMTPException as error:
        return repr(error)
    return ""


def test_every_cause_persona_and_phase_through_aiosmtplib(sandbox: Sandbox) -> None:
    asked = cases(sandbox)

    async def reports() -> list[str]:
        return [await _through_aiosmtplib(sandbox, case) for case in asked]

    closes(asked, asyncio.run(reports()))


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
