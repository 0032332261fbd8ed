"""Brings a database to the schema of this release, forward from every earlier one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bouncewise.store.database import Database
from bouncewise.store.model import StoreError


@cache
def schemas() -> tuple[str, ...]:
    """The schema files in their order; the first makes version 1."""
    folder = files("bouncewise.store").joinpath("schema")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def migrate(database: Database, to: int | None = None) -> int:
    """Apply what is missing.

    Args:
        database: to bring forward.
        to: the version to stop at; None for the newest.

    Returns:
        The version that it has now.

    Raises:
        StoreError: a newer release made it, or it can't be written.
    """
    newest = len(schemas()) if to is None else to
    with database.transaction():
        database.script("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        rows = database.rows("SELECT version FROM schema_version")
        version = int(rows[0][0]) if rows else 0
        if version > len(schemas()):
            raise StoreError(
                f"a newer release made this store (schema {version}, this release knows {len(schemas())}): "
                "update bouncewise, or give another file"
            )
        for number in range(version, newest):
            text = schemas()[number]
            for token, word in database.words.items():
                text = text.replace(f"{{{token}}}", word)
            database.script(text)
        if not rows:
            database.write("INSERT INTO schema_version (version) VALUES (?)", [(newest,)])
        elif newest > version:
            database.write("UPDATE schema_version SET version = ?", [(newest,)])
    return max(version, newest)
