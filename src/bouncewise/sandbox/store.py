"""What came in: messages and transcripts, in memory or in SQLite, bounded."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

import msgspec

MAX_MESSAGES = 10_000
MAX_OCTETS = 268_435_456
MAX_TRANSCRIPTS = 5_000
MAX_LINES = 2_000


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was taken.

    Attributes:
        id: its number, from 1.
        session: the id of its session.
        time: Unix seconds.
        ip: of the client.
        helo: its name.
        sender: the reverse-path.
        recipients: those that were taken.
        tls: it came over TLS.
        user: who had proven who it is, or "".
        octets: the message.
    """

    id: int = 0
    session: str
    time: float
    ip: str = ""
    helo: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    tls: bool = False
    user: str = ""
    octets: bytes = b""

    @property
    def text(self) -> str:
        """The message as text."""
        return self.octets.decode("utf-8", "replace")


class Line(msgspec.Struct, frozen=True):
    """A line of a transcript: ``C`` the client, ``S`` the server, ``*`` what the sandbox did."""

    who: str
    text: str
    time: float = 0.0


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """One session, line by line."""

    session: str
    ip: str
    began: float
    lines: tuple[Line, ...] = ()


class Store(Protocol):
    """Keeps messages and transcripts; safe to use from several threads."""

    def keep(self, message: Kept) -> Kept:
        """Keep a message; gives it with its number. It is safe when this returns."""
        ...

    def note(self, transcript: Transcript) -> None:
        """Keep a transcript, in place of an earlier state of it."""
        ...

    def messages(self) -> list[Kept]:
        """All messages, the oldest first."""
        ...

    def transcripts(self) -> list[Transcript]:
        """All transcripts, the oldest first."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


class Memory:
    """In memory: the newest messages, so many and so many octets."""

    def __init__(self, *, messages: int = MAX_MESSAGES, octets: int = MAX_OCTETS) -> None:
        self._messages: deque[Kept] = deque()
        self._transcripts: dict[str, Transcript] = {}
        self._most, self._most_octets = messages, octets
        self._octets = self._number = 0
        self._lock = threading.Lock()

    def keep(self, message: Kept) -> Kept:
        """See ``Store``."""
        with self._lock:
            self._number += 1
            kept = msgspec.structs.replace(message, id=self._number)
            self._messages.append(kept)
            self._octets += len(kept.octets)
            while len(self._messages) > self._most or (
                self._octets > self._most_octets and len(self._messages) > 1
            ):
                self._octets -= len(self._messages.popleft().octets)
            return kept

    def note(self, transcript: Transcript) -> None:
        """See ``Store``."""
        with self._lock:
            self._transcripts[transcript.session] = transcript
            while len(self._transcripts) > MAX_TRANSCRIPTS:
                self._transcripts.pop(next(iter(self._transcripts)))

    def messages(self) -> list[Kept]:
        """See ``Store``."""
        with self._lock:
            return list(self._messages)

    def transcripts(self) -> list[Transcript]:
        """See ``Store``."""
        with self._lock:
            return list(self._transcripts.values())

    def clear(self) -> None:
        """See ``Store``."""
        with self._lock:
            self._messages.clear()
            self._transcripts.clear()
            self._octets = 0


_TABLES = """
CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, time REAL, told BLOB, octets BLOB);
CREATE TABLE IF NOT EXISTS transcript (session TEXT PRIMARY KEY, began REAL, told BLOB);
"""
_encode = msgspec.msgpack.Encoder().encode


class Sqlite:
    """In a file ``sandbox.sqlite3`` of a folder; what was acknowledged outlives the process.

    Args:
        folder: made where it is not there.
        messages: the newest that are kept.
    """

    def __init__(self, folder: Path, *, messages: int = 1_000_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._most = messages
        self._lock = threading.Lock()
        self._base = sqlite3.connect(
            folder / "sandbox.sqlite3", check_same_thread=False, isolation_level=None
        )
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(_TABLES)

    def keep(self, message: Kept) -> Kept:
        """See ``Store``."""
        told = _encode(msgspec.structs.replace(message, octets=b""))
        with self._lock:
            number = self._base.execute(
                "INSERT INTO message (time, told, octets) VALUES (?, ?, ?)",
                (message.time, told, message.octets),
            ).lastrowid
            assert number is not None
            if number % 256 == 0:
                self._base.execute("DELETE FROM message WHERE id <= ?", (number - self._most,))
        return msgspec.structs.replace(message, id=number)

    def note(self, transcript: Transcript) -> None:
        """See ``Store``."""
        row = (transcript.session, transcript.began, _encode(transcript))
        with self._lock:
            self._base.execute("INSERT OR REPLACE INTO transcript VALUES (?, ?, ?)", row)

    def messages(self) -> list[Kept]:
        """See ``Store``."""
        with self._lock:
            rows = self._base.execute("SELECT id, told, octets FROM message ORDER BY id").fetchall()
        return [
            msgspec.structs.replace(msgspec.msgpack.decode(told, type=Kept), id=number, octets=octets)
            for number, told, octets in rows
        ]

    def transcripts(self) -> list[Transcript]:
        """See ``Store``."""
        with self._lock:
            rows = self._base.execute("SELECT told FROM transcript ORDER BY began").fetchall()
        return [msgspec.msgpack.decode(told, type=Transcript) for (told,) in rows]

    def clear(self) -> None:
        """See ``Store``."""
        with self._lock:
            self._base.execute("DELETE FROM message")
            self._base.execute("DELETE FROM transcript")

    def close(self) -> None:
        """Close the file."""
        self._base.close()
