"""Find which patterns match a text, all in one pass.

Three engines give the same answer: Hyperscan (fast, with a database that can be saved), RE2 (where
Hyperscan has no wheel; extra ``re2``) and Python's ``re`` behind a sieve (where neither is installed,
and for the first texts where nothing is saved yet).
"""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from bouncewise.diagnosis.patterns import PatternSet
from bouncewise.diagnosis.sieve import Sieve

OFTEN = 500  # texts: sieving so many takes about as long as compiling the patterns
FEW = 32  # a set of so few expressions is compiled in milliseconds
A_FEW_TEXTS = 8  # from here on a saved database is worth its loading
RE2_MEMORY = 256 * 1024 * 1024
# Vectorscan 5.4.12 does not find this expression in this text (its issue 358).
_MISSED = (
    rb"(?:\bip|\bip address|\bhost|\bserver|\bclient) (?:is |was |has been |)"
    rb"(?:listed|blacklisted|blocklisted)"
)
_MISSED_IN = b"x" * 40 + b" IP blacklisted by us"
Scan = Callable[[bytes], "list[int]"]


class Cache(Protocol):
    """Where compiled databases are kept. Both calls may fail silently: a cache is no promise."""

    def get(self, key: str) -> bytes | None:
        """The bytes kept under a key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Keep bytes under a key."""


class NoCache:
    """Keeps nothing."""

    def get(self, key: str) -> bytes | None:
        """Nothing is kept."""
        return None

    def put(self, key: str, value: bytes) -> None:
        """Nothing is kept."""


def make_scan(patterns: PatternSet, cache: Cache, engine: str | None = None) -> Scan:
    """A function that gives the places of the expressions that match folded bytes.

    Args:
        patterns: the patterns.
        cache: where a compiled database is looked for and kept.
        engine: ``hyperscan``, ``re2`` or ``re``; None takes the first that is installed.

    Raises:
        ImportError: the engine asked for is not installed.
    """
    if not patterns.regexes:
        return lambda _: []
    makers: dict[str, Callable[[PatternSet, Cache], Scan]] = {
        "hyperscan": _hyperscan,
        "re2": _re2,
        "re": _stdlib,
    }
    if engine is not None:
        return makers[engine](patterns, cache)
    for maker in (_hyperscan, _re2):
        try:
            return maker(patterns, cache)
        except ImportError:
            continue
    return _stdlib(patterns, cache)


def expect_many(scan: Scan) -> None:
    """Tell a search that many texts will come.

    Args:
        scan: made by ``make_scan``.
    """
    if isinstance(scan, _Patient):
        scan.expect_many()


def database_key(patterns: PatternSet, version: str, cpu: str) -> str:
    """Name of the saved database: the patterns, the library's version and the processor's features."""
    digest = hashlib.sha256(f"{version}\n{cpu}\n".encode())
    for regex in patterns.regexes:
        digest.update(f"{regex}\n".encode())
    return digest.hexdigest()[:32]


def _hyperscan(patterns: PatternSet, cache: Cache) -> Scan:
    """The sieve for the first texts, then a saved database, made where the work is worth it.

    Raises:
        ImportError: the library is not installed.
    """
    if find_spec("hyperscan") is None:
        raise ImportError("hyperscan is not installed")
    return _Patient(patterns, cache)


class _Patient:
    """Sieves the first texts, then looks for a saved database, and compiles when it is asked often.

    To import Hyperscan and to load a database takes longer than to sieve a few texts; to compile one
    takes as long as to sieve hundreds.

    Args:
        patterns: the patterns.
        cache: where a database is looked for and kept.
    """

    def __init__(self, patterns: PatternSet, cache: Cache) -> None:
        self._patterns = patterns
        self._cache = cache
        self._asked = 0
        self._often = OFTEN if len(patterns.regexes) > FEW else FEW
        self._scan: Scan = Sieve(patterns)
        self._settled = False
        self._lock = threading.Lock()

    def __call__(self, data: bytes) -> list[int]:
        if not self._settled:
            self._count()
        return self._scan(data)

    def expect_many(self) -> None:
        """Look for a saved database before the next text: many will come."""
        with self._lock:
            self._asked = max(self._asked, A_FEW_TEXTS - 1)

    def _count(self) -> None:
        """Look for a database once it is worth it; one thread does, and others wait for it."""
        with self._lock:
            self._asked += 1
            if not self._settled and self._asked in (A_FEW_TEXTS, self._often):
                self._look(compile_=self._asked == self._often)

    def _look(self, *, compile_: bool) -> None:
        hyperscan = _library()
        platform = _sound_platform(_MISSED_IN)
        if platform is None:
            self._scan, self._settled = _next_best(self._patterns, self._cache), True
            return
        version = str(getattr(hyperscan, "__version__", ""))
        key = database_key(self._patterns, version, platform)
        database = _load_saved(hyperscan, self._cache.get(key))
        if database is None and compile_:
            database = _compile(hyperscan, self._patterns, self._cache, key)
        if database is not None:
            self._scan, self._settled = _ready(hyperscan, database), True


@cache
def _library() -> Any:
    """Hyperscan, imported when it is worth it.

    Its extension brings parts of the C++ library that are then everybody's; whatever is loaded later and uses
    them, such as PyArrow, would end the process. The system's own library, loaded before, comes first.
    """
    with suppress(OSError):
        ctypes.CDLL("libstdc++.so.6")
    return import_module("hyperscan")


@cache
def _sound_platform(text: bytes) -> str | None:
    """What Hyperscan compiles for, or None where it misses a match that is in a text; tried once."""
    hyperscan = _library()
    probe = hyperscan.Database()
    probe.compile(expressions=[_MISSED], ids=[0], flags=[_flags(hyperscan)])
    return repr(probe.info()) if _ready(hyperscan, probe)(text) else None


def _next_best(patterns: PatternSet, cache: Cache) -> Scan:
    """The engine for where Hyperscan is installed and can't be trusted."""
    return (_re2 if find_spec("re2") else _stdlib)(patterns, cache)


def _flags(hyperscan: Any) -> int:
    return int(hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL)


def _compile(hyperscan: Any, patterns: PatternSet, cache: Cache, key: str) -> Any:
    database = hyperscan.Database()
    database.compile(
        expressions=[regex.encode() for regex in patterns.regexes],
        ids=list(range(len(patterns.regexes))),
        flags=[_flags(hyperscan)] * len(patterns.regexes),
    )
    cache.put(key, hyperscan.dumpb(database))
    return database


def _ready(hyperscan: Any, database: Any) -> Scan:
    """The search of a database, in any number of threads: each has scratch space of its own."""
    database.scratch = hyperscan.Scratch(database)
    scan: Callable[..., Any] = database.scan
    own = threading.local()

    def on_match(number: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
        found.append(number)

    def run(data: bytes) -> list[int]:
        found: list[int] = []
        try:
            scratch = own.scratch
        except AttributeError:
            scratch = own.scratch = hyperscan.Scratch(database)
        scan(data, on_match, context=found, scratch=scratch)
        return found

    return run


def _load_saved(hyperscan: Any, saved: bytes | None) -> Any | None:
    """The saved database, or None where it does not fit this library or is damaged."""
    if not saved:
        return None
    try:
        return hyperscan.loadb(saved, mode=hyperscan.HS_MODE_BLOCK)
    except (hyperscan.HyperscanError, ValueError, TypeError):
        return None


def _re2(patterns: PatternSet, _cache: Cache) -> Scan:
    import re2  # noqa: PLC0415 - an extra

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = RE2_MEMORY
    matcher = re2.Set.SearchSet(options)
    for regex in patterns.regexes:
        matcher.Add(regex.encode())
    matcher.Compile()
    return lambda data: list(matcher.Match(data) or ())


def _stdlib(patterns: PatternSet, _cache: Cache) -> Scan:
    return Sieve(patterns)
