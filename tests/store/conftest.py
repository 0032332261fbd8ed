"""The store on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.databases import missing, postgres

from bouncewise.store.database import Database, PostgresDatabase, SqliteDatabase


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if reason := missing():
        pytest.skip(reason)
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    made: Database
    if request.param == "sqlite":
        made = SqliteDatabase(tmp_path / "store.db")
    else:
        made = PostgresDatabase(request.getfixturevalue("postgres_url"))
        with made.transaction():
            made.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    yield made
    made.close()
