"""The description of the API against the API: whatever it allows and whatever it does not, nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing")

from hypothesis import HealthCheck, settings  # noqa: E402
from tests.web.served import Served, serving  # noqa: E402


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("schema")
    with serving(folder / "store.db") as served:
        served.keep({"reply": "552 5.2.2 full", "recipient": "bob@example.net"})
        yield served


@pytest.fixture(scope="module")
def description(running: Served) -> object:
    told = running.client.get("/api/schema/openapi.json").json()
    told["paths"].pop("/api/live")  # it never ends
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=running.url)
    return schema


lazy = schemathesis.pytest.from_fixture("description")


@lazy.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_question_breaks_the_server(case: object) -> None:
    answer = case.call(timeout=30)  # type: ignore[attr-defined]
    assert answer.status_code < 500 or answer.status_code in (501, 503), (
        answer.status_code,
        answer.text[:500],
    )
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"status", "code", "message"}
