"""Two databases behind one face: statements with ``?`` for values, transactions, a connection a thread."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from bouncewise.store.model import StoreError

BUSY = 30.0  # seconds that a writer waits for another
Rows = list[tuple[Any, ...]]
Values = Sequence[Any]


class Database(Protocol):
    """What the store asks of a database.

    Attributes:
        words: what stands for each token of a schema file.
    """

    words: dict[str, str]

    def rows(self, sql: str, values: Values = (), *, seconds: float = 0) -> Rows:
        """What a question gives.

        Args:
            sql: the question.
            values: for each ``?``.
            seconds: after which it is given up; 0 waits.

        Raises:
            TimeoutError: it was given up.
            StoreError: the database can't be asked.
        """

    def write(self, sql: str, many: Iterable[Values]) -> None:
        """Carry out a statement for each set of values; inside ``transaction``."""

    def script(self, sql: str) -> None:
        """Carry out statements; inside ``transaction``."""

    def transaction(self) -> Any:
        """A context in which all that is written counts, or nothing; only one writer is in it at a time."""

    def close(self) -> None:
        """Close every connection."""


class SqliteDatabase:
    """A file, in WAL mode: readers don't wait for the writer.

    Args:
        path: of the file; it is made where it is missing.
    """

    words = {"ID": "INTEGER PRIMARY KEY", "BLOB": "BLOB", "WITHOUT_ROWID": "WITHOUT ROWID"}  # noqa: RUF012

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.RLock()

    def rows(self, sql: str, values: Values = (), *, seconds: float = 0) -> Rows:
        """See ``Database``."""
        connection = self._connection()
        if seconds:
            end = time.monotonic() + seconds
            connection.set_progress_handler(lambda: time.monotonic() > end, 20_000)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as fault:
            if "interrupted" in str(fault):
                raise TimeoutError from None
            raise StoreError(f"{self._path} can't be read: {fault}") from None
        except sqlite3.DatabaseError as fault:
            raise StoreError(f"{self._path} can't be read: {fault}") from None
        finally:
            if seconds:
                connection.set_progress_handler(None, 0)

    def write(self, sql: str, many: Iterable[Values]) -> None:
        """See ``Database``."""
        self._connection().executemany(sql, many)

    def script(self, sql: str) -> None:
        """See ``Database``."""
        connection = self._connection()
        for statement in statements(sql):
            connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See ``Database``."""
        with self._lock:
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield
                connection.execute("COMMIT")
            except sqlite3.Error as fault:
                _roll_back(connection)
                raise StoreError(f"{self._path} can't be written: {fault}") from None
            except BaseException:
                _roll_back(connection)
                raise

    def close(self) -> None:
        """See ``Database``."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._own = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            try:
                connection = sqlite3.connect(
                    self._path, timeout=BUSY, isolation_level=None, check_same_thread=False
                )
                connection.execute("PRAGMA journal_mode=WAL")
                # what is acknowledged stands on the disk also when the power goes
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA cache_size=-16000")
                connection.execute("PRAGMA wal_autocheckpoint=8000")  # pages that many batches change once
            except sqlite3.Error as fault:
                raise StoreError(f"{self._path} can't be opened: {fault}") from None
            self._own.connection = connection
            self._all.append(connection)
        return connection


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


class PostgresDatabase:
    """PostgreSQL by ``psycopg``.

    Args:
        url: ``postgresql://user@host/name``.

    Raises:
        StoreError: ``psycopg`` is missing.
    """

    words = {  # noqa: RUF012
        "ID": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "BLOB": "BYTEA",
        "WITHOUT_ROWID": "",
    }
    _LOCK = 0x626F756E  # of all writers, so that counts and rows agree

    def __init__(self, url: str) -> None:
        try:
            import psycopg  # noqa: PLC0415 - an extra
        except ImportError:
            raise StoreError("PostgreSQL needs psycopg: pip install 'bouncewise[postgres]'") from None
        self._psycopg = psycopg
        self._url = url
        self._own = threading.local()
        self._all: list[Any] = []

    def rows(self, sql: str, values: Values = (), *, seconds: float = 0) -> Rows:
        """See ``Database``."""
        connection = self._connection()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = {int(seconds * 1000)}")
                cursor.execute(_marked(sql), values)
                rows: Rows = cursor.fetchall()
                return rows
        except self._psycopg.errors.QueryCanceled:
            raise TimeoutError from None
        except self._psycopg.Error as fault:
            self._forget()
            raise StoreError(f"the database can't be read: {fault}") from None

    def write(self, sql: str, many: Iterable[Values]) -> None:
        """See ``Database``."""
        with self._connection().cursor() as cursor:
            cursor.executemany(_marked(sql), list(many))

    def script(self, sql: str) -> None:
        """See ``Database``."""
        with self._connection().cursor() as cursor:
            for statement in statements(sql):
                cursor.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See ``Database``."""
        try:
            with self._connection().transaction():
                self._connection().execute("SET LOCAL statement_timeout = 0")
                self._connection().execute("SELECT pg_advisory_xact_lock(%s)", (self._LOCK,))
                yield
        except self._psycopg.Error as fault:
            self._forget()
            raise StoreError(f"the database can't be written: {fault}") from None

    def close(self) -> None:
        """See ``Database``."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._own = threading.local()

    def _connection(self) -> Any:
        connection = getattr(self._own, "connection", None)
        if connection is None or connection.closed:
            try:
                connection = self._psycopg.connect(self._url, autocommit=True, connect_timeout=10)
            except self._psycopg.Error as fault:
                raise StoreError(f"the database can't be reached: {fault}") from None
            self._own.connection = connection
            self._all.append(connection)
        return connection

    def _forget(self) -> None:
        """Close this thread's connection where it is broken; the next question opens another."""
        connection = getattr(self._own, "connection", None)
        if connection is not None and connection.broken:
            connection.close()


def statements(sql: str) -> list[str]:
    """The statements of a schema file, which has no semicolon elsewhere."""
    lines = (line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return [one.strip() for one in "\n".join(lines).split(";") if one.strip()]


def _marked(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def open_database(where: str) -> Database:
    """The database at a path or URL.

    Args:
        where: a file, or ``postgresql://...``.

    Raises:
        StoreError: it can't be used.
    """
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(where)
    if "://" in where:
        raise StoreError(
            f"{where.partition(':')[0]} is no database that is known; give a file or postgresql://..."
        )
    path = Path(where)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it holds people's addresses; what is there already keeps its mode
    except OSError as fault:
        raise StoreError(f"{path} can't be made: {fault.strerror}") from None
    return SqliteDatabase(path)
