"""Keep what is slow to make: the loaded knowledge, the translated patterns, the compiled databases.

Everything is kept under a key of what it was made from, so that a changed rule file, another
version or another processor finds nothing and makes its own. A cache that can't be read or
written costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.matcher import Cache
from bouncewise.diagnosis.patterns import Patterns, build_patterns
from bouncewise.knowledge.load import SHIPPED, KnowledgeError, load, load_policies
from bouncewise.knowledge.model import Knowledge

FORMAT = 10  # raise it when the shape of what is kept changes
_CHECK_BYTES = 4
MAX_KEPT = 256 * 1024 * 1024
MAX_FILES = 24


class Snapshot(msgspec.Struct):
    """What is kept of a knowledge base."""

    knowledge: Knowledge
    patterns: Patterns


class FileCache:
    """Files in a folder. Each has a check sum; a damaged one is as good as none.

    Args:
        folder: the folder; it is made when the first file is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[type[FileCache], tuple[Path]]:
        return FileCache, (self._folder,)

    def get(self, key: str) -> bytes | None:
        """The bytes kept under a key, or None where there are none or they are damaged."""
        try:
            path = self._folder / f"{key}.bin"
            if path.stat().st_size > MAX_KEPT:
                return None
            data = path.read_bytes()
        except OSError:
            return None
        body = data[_CHECK_BYTES:]
        return body if body and data[:_CHECK_BYTES] == _check(body) else None

    def _prune(self) -> None:
        """Leave the newest files only: every change of a rule makes new ones."""
        for path in sorted(self._folder.glob("*.bin"), key=_age, reverse=True)[MAX_FILES:]:
            path.unlink(missing_ok=True)

    def put(self, key: str, value: bytes) -> None:
        """Keep bytes under a key; a reader never sees half a file. Failure to write is no fault."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_check(value) + value)
                Path(name).replace(self._folder / f"{key}.bin")
                self._prune()
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _check(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECK_BYTES, "big")


def fingerprint(folders: Iterable[Path]) -> str:
    """A key of the files below some folders: their names, sizes and times of change."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*.toml")):
            stat = path.stat()
            digest.update(f"{path}\t{stat.st_size}\t{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def load_snapshot(own_rules: Path | None, cache: Cache | None) -> Snapshot:
    """The knowledge and its patterns, from the cache where they are there.

    Args:
        own_rules: a folder of the user's own rules.
        cache: where they are kept, or None.

    Raises:
        KnowledgeError: a file can't be used.
        PatternError: a pattern can't be read.
    """
    if own_rules is not None and not own_rules.is_dir():
        raise KnowledgeError(f"{own_rules}: no such folder of rules")
    key = "knowledge-" + fingerprint([SHIPPED, *([own_rules] if own_rules else [])])
    kept = cache.get(key) if cache else None
    if kept:
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(kept, type=Snapshot)
    knowledge = load(own_rules=own_rules)
    snapshot = Snapshot(knowledge, build_patterns(knowledge))
    if cache:
        cache.put(key, msgspec.msgpack.encode(snapshot))
    return snapshot


def load_engine(
    *,
    own_rules: Path | None = None,
    policy: Path | None = None,
    cache: Cache | None = None,
    matcher: str | None = None,
    general_only: bool = False,
) -> Engine:
    """An engine with the shipped knowledge, made from what is kept where it can be.

    Args:
        own_rules: a folder of the user's own rules.
        policy: a policy file of the operator's.
        cache: where to keep what is slow to make.
        matcher: the matching engine, or None for the best that is installed.
        general_only: leave every provider's own rules out.

    Raises:
        KnowledgeError: a file can't be used.
        PatternError: a pattern can't be read.
    """
    snapshot = load_snapshot(own_rules, cache)
    return Engine(
        snapshot.knowledge,
        cache=cache,
        policies=load_policies(policy) if policy else (),
        matcher=matcher,
        general_only=general_only,
        patterns=snapshot.patterns,
    )
