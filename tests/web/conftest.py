"""A server with an empty store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("litestar", reason="litestar is missing (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is missing (extra web)")

from tests.web.served import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "store.db") as running:
        yield running
