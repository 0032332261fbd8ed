"""The description of the API against the API: whatever it allows and whatever it does not, nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from tests.web.served import Served, serving

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is missing")

ROUTES = [
    ("POST", "/api/explain"), ("POST", "/api/explain/batch"), ("POST", "/api/explain/pasted"), ("GET", "/api/lookup"),
    ("GET", "/api/deliveries"), ("POST", "/api/deliveries"), ("GET", "/api/deliveries/{number}"), ("POST", "/api/read"),
    ("POST", "/api/webhooks/{service}"), ("GET", "/api/report"), ("POST", "/api/check"), ("GET", "/health"), ("GET", "/metrics"),
]  # fmt: skip
ENDLESS = "/api/live"


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("schema") / "store.db") as served:
        served.keep({"reply": "552 5.2.2 full", "recipient": "bob@example.net"})
        yield served


@pytest.fixture(scope="module")
def operations(running: Served) -> dict[tuple[str, str], Any]:
    """Every operation that the server describes, by method and path."""
    schema = schemathesis.openapi.from_dict(running.client.get("/api/schema/openapi.json").json())
    schema.config.update(base_url=running.url)
    found = (result.ok() for result in schema.get_all_operations())
    return {(operation.method.upper(), operation.path): operation for operation in found}


def test_every_route_is_described(operations: dict[tuple[str, str], Any]) -> None:
    assert set(operations) == {*ROUTES, ("GET", ENDLESS)}


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_question_breaks_the_server(
    operations: dict[tuple[str, str], Any], method: str, path: str, mode: str
) -> None:
    operation = operations[method, path]
    strategy = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @given(case=strategy)
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(case: Any) -> None:
        answer = case.call(timeout=30)
        assert answer.status_code < 500 or answer.status_code in (501, 503), (
            answer.status_code,
            answer.text[:300],
        )
        if answer.status_code >= 400 and method != "HEAD":
            assert set(answer.json()["error"]) == {"status", "code", "message"}

    try:
        ask()
    except Unsatisfiable:
        pytest.skip("nothing that is sent here can be wrong by its kind")
