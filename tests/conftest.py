"""What all tests share: one engine, made once, and a cache folder of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bouncewise.api import make_engine
from bouncewise.diagnosis.engine import Engine

# a timing is no assertion: on a busy machine any example may take long
settings.register_profile("bouncewise", deadline=None)
settings.load_profile("bouncewise")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests neither read nor write the user's cache, rules or policy."""
    folder = tmp_path_factory.mktemp("cache")
    kept = {name: os.environ.pop(name, None) for name in ("BOUNCEWISE_RULES", "BOUNCEWISE_POLICY")}
    os.environ["BOUNCEWISE_CACHE"] = str(folder)
    yield folder
    os.environ.pop("BOUNCEWISE_CACHE", None)
    os.environ.update({k: v for k, v in kept.items() if v is not None})


@pytest.fixture(scope="session")
def engine(own_cache: Path) -> Engine:
    """The engine with the shipped knowledge."""
    return make_engine()
