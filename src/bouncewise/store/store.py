"""The store: takes deliveries in, once each, counts them, gives them back, and forgets the old ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bouncewise.store.database import Database, open_database
from bouncewise.store.migrate import migrate
from bouncewise.store.model import COLUMNS, DAY, HOUR, Dim, Filter, Kept
from bouncewise.store.rows import template_number

KEYS = 500  # that one question asks about
PAGE = 50
MAX_PAGE = 1000
SEARCH = 5.0  # seconds for a search
_COLUMNS = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO delivery ({_COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - our own names
_COUNT = (
    "INSERT INTO rollup (step, dim, at, name, outcome, cause, n) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (step, dim, at, name, outcome, cause) DO UPDATE SET n = rollup.n + excluded.n"
)
_TEMPLATE = (
    "INSERT INTO template (template, cause, example, first, last) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (template) DO UPDATE SET cause = excluded.cause, "
    "first = CASE WHEN excluded.first < template.first THEN excluded.first ELSE template.first END, "
    "last = CASE WHEN excluded.last > template.last THEN excluded.last ELSE template.last END"
)
_AT, _OUTCOME, _CAUSE = COLUMNS.index("at"), COLUMNS.index("outcome"), COLUMNS.index("cause")
_REPLY = COLUMNS.index("reply")
_ALL = int(Dim.ALL)
_DELIVERED = frozenset({"accepted", "relayed"})


class Added(msgspec.Struct, frozen=True):
    """What became of deliveries that were given.

    Attributes:
        kept: those that were not there before.
        known: how many were.
    """

    kept: Sequence[Kept]
    known: int

    @property
    def new(self) -> int:
        """How many were not there before."""
        return len(self.kept)


class Page(msgspec.Struct, frozen=True):
    """Some deliveries, the latest first.

    Attributes:
        rows: each an id and the values of ``COLUMNS``.
        cursor: where the next page begins, or "".
        whole: False where the search was given up before it was through.
    """

    rows: list[tuple[int, tuple[Any, ...]]]
    cursor: str = ""
    whole: bool = True


class Store:
    """Deliveries and their counts.

    Args:
        database: where they are kept; it is brought to this release's schema.

    Raises:
        StoreError: the database can't be used.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        migrate(database)

    @classmethod
    def at(cls, where: str) -> Store:
        """The store in a file or at a URL.

        Raises:
            StoreError: it can't be used.
        """
        return cls(open_database(where))

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def add(self, given: Sequence[Kept]) -> Added:
        """Keep deliveries, all or none. Those that are there already count once.

        Args:
            given: by ``rows.kept_of``.

        Raises:
            StoreError: they can't be kept.
        """
        by_key = {kept.values[0]: kept for kept in given}
        with self.database.transaction():
            for key in self._known(list(by_key)):
                del by_key[key]
            new = list(by_key.values())
            if new:
                self.database.write(_INSERT, (kept.values for kept in new))
                self.database.write(_COUNT, _counts(new))
                self.database.write(_TEMPLATE, _templates(new))
        return Added(new, len(given) - len(new))

    def _known(self, keys: list[bytes]) -> Iterable[bytes]:
        for start in range(0, len(keys), KEYS):
            some = keys[start : start + KEYS]
            marks = ", ".join("?" * len(some))
            for row in self.database.rows(f"SELECT key FROM delivery WHERE key IN ({marks})", some):  # noqa: S608
                yield bytes(row[0])

    def page(self, wanted: Filter, *, limit: int = PAGE, cursor: str = "") -> Page:
        """Deliveries, the latest first.

        Args:
            wanted: which.
            limit: how many at most.
            cursor: of the page before; "" begins.

        Raises:
            StoreError: the filter or the cursor can't be used.
        """
        where, values = where_of(wanted)
        if cursor:
            at, _, number = cursor.partition("-")
            if (
                not (at.isascii() and at.isdigit() and number.isascii() and number.isdigit())
                or len(cursor) > 40
            ):
                raise ValueError(f"{cursor[:40]!r} is no cursor; take the one of the page before")
            where.append("(at < ? OR (at = ? AND id < ?))")
            values += [min(int(at), 2**62), min(int(at), 2**62), min(int(number), 2**62)]
        limit = max(1, min(limit, MAX_PAGE))
        sql = (
            f"SELECT id, {_COLUMNS} FROM delivery WHERE {' AND '.join(where) or '1 = 1'} "  # noqa: S608 - our own words
            "ORDER BY at DESC, id DESC LIMIT ?"
        )
        try:
            found = self.database.rows(sql, [*values, limit + 1], seconds=SEARCH)
        except TimeoutError:
            return Page([], whole=False)
        rows = [(int(row[0]), tuple(row[1:])) for row in found[:limit]]
        more = len(found) > limit
        return Page(rows, f"{rows[-1][1][_AT]}-{rows[-1][0]}" if more else "")

    def one(self, number: int) -> tuple[Any, ...] | None:
        """The values of ``COLUMNS`` of one delivery, or None."""
        found = self.database.rows(f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (number,))  # noqa: S608
        return tuple(found[0]) if found else None

    def since(self, number: int, limit: int = 200) -> list[tuple[int, tuple[Any, ...]]]:
        """Deliveries that were kept after one, the oldest first."""
        sql = f"SELECT id, {_COLUMNS} FROM delivery WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
        return [(int(row[0]), tuple(row[1:])) for row in self.database.rows(sql, (number, limit))]

    def newest(self) -> int:
        """The id of the delivery that was kept last, or 0."""
        return int(self.database.rows("SELECT COALESCE(MAX(id), 0) FROM delivery")[0][0])

    def span(self) -> tuple[int, int]:
        """Times of the first and the last hour that were counted, or zeros."""
        sql = "SELECT MIN(at), MAX(at) FROM rollup WHERE step = 'd' AND dim = 0"
        first, last = self.database.rows(sql)[0]
        return (int(first), int(last) + DAY) if first is not None else (0, 0)

    def forget(self, before: int, *, at_once: int = 5000) -> int:
        """Forget deliveries and hourly counts from before a time; what was counted by day is kept.

        Args:
            before: Unix seconds.
            at_once: deliveries that one transaction takes away, so that writers don't wait long.

        Returns:
            How many deliveries were forgotten.
        """
        gone = 0
        while True:
            found = self.database.rows(
                "SELECT id FROM delivery WHERE at < ? ORDER BY at LIMIT ?", (before, at_once)
            )
            if not found:
                break
            with self.database.transaction():
                self.database.write("DELETE FROM delivery WHERE id = ?", found)
            gone += len(found)
        with self.database.transaction():
            self.database.write("DELETE FROM rollup WHERE step = 'h' AND at < ?", [(before - before % HOUR,)])
        return gone


def _counts(new: Sequence[Kept]) -> list[tuple[Any, ...]]:
    """Rows of ``rollup``, sorted: two writers take locks in the same order, and a tree is walked once."""
    hours: Counter[tuple[Any, ...]] = Counter()
    for kept in new:
        at, outcome, cause = kept.values[_AT], kept.values[_OUTCOME], kept.values[_CAUSE]
        hour = at - at % HOUR
        hours[_ALL, hour, "", outcome, cause] += 1
        for dim, name in kept.dims:
            hours[dim, hour, name, outcome, cause] += 1
    days: Counter[tuple[Any, ...]] = Counter()
    for (dim, hour, *rest), count in hours.items():
        days[dim, hour - hour % DAY, *rest] += count
    rows = [("h", *row, count) for row, count in hours.items()]
    rows += [("d", *row, count) for row, count in days.items()]
    return sorted(rows)


def _templates(new: Sequence[Kept]) -> list[tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for kept in new:
        if not kept.template:
            continue
        at = kept.values[_AT]
        known = found.get(kept.template)
        first, last = (min(known[3], at), max(known[4], at)) if known else (at, at)
        found[kept.template] = (kept.template, kept.values[_CAUSE], kept.values[_REPLY], first, last)
    return [found[name] for name in sorted(found)]


def where_of(wanted: Filter) -> tuple[list[str], list[Any]]:
    """Conditions on ``delivery``, and the values of their ``?``."""
    told: list[tuple[str, Any]] = [
        ("at >= ?", wanted.since or None),
        ("at < ?", wanted.until or None),
        ("outcome = ?", wanted.outcome_number),
        ("cause = ?", wanted.cause or None),
        ("provider = ?", wanted.provider or None),
        # an address tells its domain; to name both would lead the database to the larger index
        ("domain = ?", (wanted.domain.lower() or None) if not wanted.recipient else None),
        ("ip = ?", wanted.ip or None),
        ("recipient = ?", wanted.recipient or None),
    ]
    where = [word for word, value in told if value is not None]
    values = [value for _, value in told if value is not None]
    if wanted.outcome_number or (wanted.cause and wanted.cause not in _DELIVERED):
        where.append("outcome > 0")  # in these words, since an index is limited by them
    if (
        wanted.recipient
        and wanted.domain
        and not wanted.recipient.lower().endswith("@" + wanted.domain.lower())
    ):
        where.append("1 = 0")
    if wanted.sender_domain:
        if wanted.sender_domain == "<>":
            where.append("sender = ''")
        else:
            where.append("lower(sender) LIKE ? ESCAPE '!'")
            values.append(f"%@{_literal(wanted.sender_domain.lower())}")
    if wanted.template:
        where += ["template = ?", "outcome > 0"]
        values.append(template_number(wanted.template))
    return where, values


def _literal(text: str) -> str:
    """Text inside a LIKE, with what has a meaning there taken as it is."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
