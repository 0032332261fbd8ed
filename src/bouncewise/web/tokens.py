"""Tokens of the API: made once, shown once, kept as hashes."""

from __future__ import annotations

import secrets
import time
from hashlib import sha256

from bouncewise.store.model import StoreError
from bouncewise.store.store import Store

PREFIX = "bw_"
MAX_TOKEN = 200
FRESH = 5.0  # seconds that what another process made or took back may go unnoticed


class Tokens:
    """The tokens that a store knows.

    A token has 256 random bits, so that a plain hash of it can't be turned round.

    Args:
        store: keeps their hashes.
    """

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._known: set[bytes] = set()
        self._read = float("-inf")

    def make(self, name: str, now: int) -> str:
        """A new token, which nobody can be shown again.

        Args:
            name: what it is for.
            now: Unix seconds.

        Raises:
            StoreError: there is one of that name, or it can't be kept.
        """
        if any(name == known for known, _ in self.names()):
            raise StoreError(
                f"there is a token of the name {name!r} already; take it back first, or choose another"
            )
        token = PREFIX + secrets.token_urlsafe(32)
        with self._database.transaction():
            self._database.write(
                "INSERT INTO token (hash, name, made) VALUES (?, ?, ?)", [(_hash(token), name, now)]
            )
        self._read = float("-inf")
        return token

    def take_back(self, name: str) -> bool:
        """Forget a token; whether there was one of that name."""
        there = any(name == known for known, _ in self.names())
        with self._database.transaction():
            self._database.write("DELETE FROM token WHERE name = ?", [(name,)])
        self._read = float("-inf")
        return there

    def names(self) -> list[tuple[str, int]]:
        """Name and time of each token."""
        return [
            (str(row[0]), int(row[1]))
            for row in self._database.rows("SELECT name, made FROM token ORDER BY made")
        ]

    def knows(self, token: str) -> bool:
        """Whether a token was made here and not taken back."""
        if not token.startswith(PREFIX) or len(token) > MAX_TOKEN:
            return False
        now = time.monotonic()
        if now - self._read >= FRESH:
            self._read = now
            self._known = {bytes(row[0]) for row in self._database.rows("SELECT hash FROM token")}
        return _hash(token) in self._known


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
