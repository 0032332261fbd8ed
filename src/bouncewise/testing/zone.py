"""A DNS zone in memory that answers like a resolver, from TOML, YAML or a dict.

The form, in TOML::

    ["example.com"]
    TXT = ["v=spf1 mx -all"]
    MX = [[10, "mx.example.com"]]

    ["mx.example.com"]
    A = ["192.0.2.1"]

    ["slow.example.com"]
    TXT = "TIMEOUT"          # or SERVFAIL, REFUSED, MALFORMED: this type fails

    ["gone.example.com"]
    status = "SERVFAIL"      # every type fails

    ["*.example.net"]        # a wildcard (RFC 4592)
    A = ["192.0.2.9"]

A name below which others stand exists and has no records (RFC 8020). A string in a list of TXT strings may be
a list itself: the strings of one record. ``Zone.of_suite`` takes the form of the SPF conformance suites
(``- A: 192.0.2.1``, ``- TIMEOUT``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bouncewise.checks.dns import Answer, Mx, Record, Status, Tlsa

_MAX_ALIASES = 16
_FAILURES = {s.value.upper(): s for s in (Status.SERVFAIL, Status.REFUSED, Status.TIMEOUT, Status.MALFORMED)}


class ZoneError(ValueError):
    """A zone that can't be read; its words name the place."""


class Zone:
    """Records by name and type. ``asked`` keeps every question, in order, for tests that count them."""

    def __init__(self, *, ttl: int = 300, secure: bool | None = None) -> None:
        """An empty zone.

        Args:
            ttl: seconds that its answers may be kept.
            secure: what its answers say of DNSSEC.
        """
        self.asked: list[tuple[str, str]] = []
        self._ttl = ttl
        self._secure = secure
        self._records: dict[str, dict[str, list[Record]]] = {}
        self._failures: dict[tuple[str, str], Status] = {}
        self._inner: set[str] = set()

    @classmethod
    def load(cls, path: Path) -> Zone:
        """Read a zone from a file: TOML, or YAML where its name ends in ``.yaml`` or ``.yml``.

        Raises:
            ZoneError: the file can't be read as a zone.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise ZoneError(f"{path}: {fault}") from None
        if path.suffix in {".yaml", ".yml"}:
            return cls.of(_yaml(text, str(path)))
        try:
            return cls.of(tomllib.loads(text))
        except tomllib.TOMLDecodeError as fault:
            raise ZoneError(f"{path}: {fault}") from None

    @classmethod
    def of(cls, names: Mapping[str, Any]) -> Zone:
        """A zone from names to records by type; a list for a name is taken as ``of_suite`` does.

        Raises:
            ZoneError: a record has no known form.
        """
        zone = cls()
        for name, held in names.items():
            if isinstance(held, list):
                zone._add_suite(name, held)
                continue
            if not isinstance(held, Mapping):
                raise ZoneError(f"{name}: a table of records by type is wanted")
            for rtype, records in held.items():
                zone._add_type(name, rtype, records)
        return zone

    @classmethod
    def of_suite(cls, zonedata: Mapping[str, Iterable[Any]]) -> Zone:
        """A zone from the ``zonedata`` of a conformance suite: names to lists of ``{type: value}``.

        Records of type SPF (99) are taken for TXT where the name has none (as the suites ask); the string
        ``TIMEOUT`` makes every type that the name does not list fail.
        """
        zone = cls()
        for name, records in zonedata.items():
            zone._add_suite(name, list(records))
        return zone

    def add(self, name: str, rtype: str, *records: Record) -> Zone:
        """Put records at a name; gives the zone back."""
        key = _key(name)
        self._records.setdefault(key, {}).setdefault(rtype.upper(), []).extend(records)
        while key:
            self._inner.add(key)
            key = key.partition(".")[2]
        return self

    def fail(self, name: str, rtype: str = "*", status: Status = Status.SERVFAIL) -> Zone:
        """Let questions for a name fail, of one type or (``*``) of all that it has no records of."""
        self._failures[_key(name), rtype.upper()] = status
        return self

    def names(self) -> tuple[str, ...]:
        """Every name that has records."""
        return tuple(self._records)

    async def ask(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``."""
        return self.answer(name, rtype)

    def answer(self, name: str, rtype: str) -> Answer:
        """The answer, at once; follows CNAMEs inside the zone."""
        self.asked.append((name, rtype))
        key = _key(name)
        aliases: list[str] = []
        for _ in range(_MAX_ALIASES):
            failure = self._failures.get((key, rtype))
            held = self._held(key)
            if failure is None and rtype not in held:
                failure = self._failures.get((key, "*"))
            if failure is not None:
                return Answer(name, rtype, failure, detail=f"the zone says {failure}")
            if found := held.get(rtype):
                return self._made(name, rtype, Status.OK, tuple(found), aliases)
            if "CNAME" not in held:
                known = bool(held) or key in self._inner or key == ""
                status = Status.NODATA if known else Status.NXDOMAIN
                return self._made(name, rtype, status, (), aliases)
            key = _key(str(held["CNAME"][0]))
            aliases.append(key)
        return Answer(name, rtype, Status.SERVFAIL, detail="too many CNAMEs, maybe a loop")

    def _made(
        self, name: str, rtype: str, status: Status, records: tuple[Record, ...], aliases: list[str]
    ) -> Answer:
        return Answer(name, rtype, status, records, self._ttl, tuple(aliases), self._secure)

    def _held(self, key: str) -> Mapping[str, list[Record]]:
        held = self._records.get(key)
        if held is not None or key in self._inner:
            return held or {}
        rest = key.partition(".")[2]
        while rest:
            if wild := self._records.get("*." + rest):
                return wild
            if rest in self._inner:  # the closest name that exists ends the search (RFC 4592 section 3.3.1)
                return {}
            rest = rest.partition(".")[2]
        return {}

    def _add_type(self, name: str, rtype: str, records: Any) -> None:
        if rtype == "status":
            self.fail(name, "*", _failure(name, records))
            return
        if isinstance(records, str) and records.upper() in _FAILURES:
            self.fail(name, rtype, _failure(name, records))
            return
        for record in records if isinstance(records, list) else [records]:
            self.add(name, rtype, _record(name, rtype.upper(), record))

    def _add_suite(self, name: str, records: list[Any]) -> None:
        plain = [r for r in records if isinstance(r, Mapping)]
        for word in (r for r in records if not isinstance(r, Mapping)):
            self.fail(name, "*", _failure(name, word))
        has_txt = any("TXT" in r for r in plain)
        for entry in plain:
            for rtype, value in entry.items():
                if value == "NONE":  # the suites' word for "this type is not there"
                    continue
                if rtype == "SPF" and has_txt:
                    continue
                taken = "TXT" if rtype == "SPF" else rtype
                if isinstance(value, str) and value.upper() in _FAILURES:
                    self.fail(name, taken, _failure(name, value))
                else:
                    self.add(name, taken, _record(name, taken, value))


def _key(name: str) -> str:
    return name.removesuffix(".").lower()


def _failure(name: str, word: Any) -> Status:
    try:
        return _FAILURES[str(word).upper()]
    except KeyError:
        raise ZoneError(f"{name}: {str(word)[:40]!r} is none of {', '.join(_FAILURES)}") from None


def _record(name: str, rtype: str, value: Any) -> Record:
    try:
        return _typed(rtype, value)
    except (TypeError, ValueError, IndexError):
        raise ZoneError(f"{name}: {str(value)[:60]!r} is no record of type {rtype}") from None


def _typed(rtype: str, value: Any) -> Record:
    if rtype == "TXT":
        parts = value if isinstance(value, list) else [value]
        return b"".join(
            p if isinstance(p, bytes) else str(p).encode("utf-8", "surrogateescape") for p in parts
        )
    if rtype == "MX":
        preference, host = value if isinstance(value, list) else str(value).split()
        return Mx(int(preference), _key(str(host)))
    if rtype == "TLSA":
        usage, selector, matching, data = value if isinstance(value, list) else str(value).split()
        return Tlsa(int(usage), int(selector), int(matching), str(data).lower())
    if rtype in {"A", "AAAA", "SOA"}:
        return str(value)
    return _key(str(value))


def _yaml(text: str, path: str) -> Mapping[str, Any]:
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise ZoneError(f"{path}: reading YAML needs PyYAML: install bouncewise[yaml]") from None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ZoneError(f"{path}: {fault}") from None
    if not isinstance(data, Mapping):
        raise ZoneError(f"{path}: names with their records are wanted")
    return data
