"""What the store has counted, as the rollup of a report, and which replies are new or rose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bouncewise.diagnosis.engine import Engine
from bouncewise.report.rollup import CauseTally, Example, Rollup, Unknown
from bouncewise.report.tally import Outcome, Tally
from bouncewise.store.model import COLUMNS, DAY, HOUR, Dim, Filter
from bouncewise.store.rows import time_of
from bouncewise.store.store import SEARCH, Store, where_of

MAX_HOURS = 72  # a longer span is counted by days, as a report shows it
MAX_NAMES = 200  # of each dimension
MAX_EXAMPLES = 3
MAX_TEMPLATES = 30
LEAST = 5  # deliveries before a reply is said to rise
TIMES = 2.0  # and so many times as often as before
_DIMS = {
    Dim.DOMAIN: "domain",
    Dim.IP: "ip",
    Dim.SENDER_DOMAIN: "sender-domain",
    Dim.CLIENT: "client",
}
# What counts by rows can tell of
_COLUMNS = {
    Dim.ALL: "''",
    Dim.DOMAIN: "domain",
    Dim.IP: "ip",
    Dim.CLIENT: "client",
    Dim.PROVIDER: "provider",
}
NOBODY = "nobody.invalid"  # a host that belongs to no provider


class Risen(msgspec.Struct, frozen=True):
    """A reply that is new in a period, or came more often than in the one before.

    Attributes:
        template: of the reply.
        cause: why.
        example: one reply.
        count: in the period.
        before: in the period before.
        new: it was never seen before.
    """

    template: str
    cause: str
    example: str
    count: int
    before: int
    new: bool


class _Source(msgspec.Struct, frozen=True):
    """Where counts are read: the rollups, or the rows where several names limit them at once.

    Attributes:
        table: with the columns at, name, outcome, cause and n.
        where: what limits it.
        values: for each ``?`` of both.
    """

    table: str
    where: str
    values: tuple[Any, ...]


def rollup_of(store: Store, engine: Engine, wanted: Filter) -> Rollup:
    """Everything that a report shows of the deliveries that are meant.

    Args:
        store: the store.
        engine: whose knowledge names hosts of providers.
        wanted: which deliveries; by ``aligned``, since counts are of whole hours or days.

    Raises:
        StoreError: the filter can't be used.
        TimeoutError: several names limit it at once, and counting the rows takes too long.
    """
    rollup = Rollup()
    by = wanted.counted_by()
    several = len(by) > 1
    own = Dim.ALL if several else next(iter(by), Dim.ALL)
    _totals(store, rollup, _source(wanted, own), step_of(wanted))
    for dim, label in _DIMS.items():
        if dim in _COLUMNS if several else (not by or dim in by):
            for name, *counted in _counted(store, _source(wanted, dim)):
                _count(rollup, label, name, *counted)
    if several or not by or Dim.PROVIDER in by:
        _providers(store, rollup, engine, _source(wanted, Dim.PROVIDER))
    for cause, tally in rollup.causes.items():
        tally.examples = list(_examples(store, msgspec.structs.replace(wanted, cause=cause)))
    _unknown(store, rollup, wanted)
    return rollup


def aligned(wanted: Filter) -> Filter:
    """The same with times at whole hours or days, so that counts and lists are of the same time."""
    length = HOUR if step_of(wanted) == "h" else DAY
    return msgspec.structs.replace(
        wanted, since=wanted.since - wanted.since % length, until=-(-wanted.until // length) * length
    )


def step_of(wanted: Filter) -> str:
    """Whether a span is counted by hours (``h``) or by days (``d``)."""
    span = wanted.until - wanted.since
    return "h" if wanted.since and wanted.until and span <= MAX_HOURS * HOUR else "d"


def _source(wanted: Filter, dim: Dim) -> _Source:
    if len(wanted.counted_by()) > 1:
        length = HOUR if step_of(wanted) == "h" else DAY
        where, values = where_of(wanted)
        table = (
            f"(SELECT at - at % {length} AS at, {_COLUMNS[dim]} AS name, outcome, cause, 1 AS n "  # noqa: S608 - ours
            f"FROM delivery WHERE {' AND '.join(where)}) AS counted"
        )
        return _Source(table, "1 = 1", tuple(values))
    told: list[tuple[str, Any]] = [
        ("step = ?", step_of(wanted)),
        ("dim = ?", int(dim)),
        ("at >= ?", wanted.since),
        ("at < ?", wanted.until or 2**60),
        ("name = ?", wanted.counted_by().get(dim)),
        ("cause = ?", wanted.cause or None),
        ("outcome = ?", wanted.outcome_number),
    ]
    given = [(word, value) for word, value in told if value is not None]
    return _Source("rollup", " AND ".join(word for word, _ in given), tuple(value for _, value in given))


def _totals(store: Store, rollup: Rollup, source: _Source, step: str) -> None:
    sql = (
        f"SELECT at, outcome, cause, SUM(n) FROM {source.table} WHERE {source.where} "  # noqa: S608 - our own words
        "GROUP BY at, outcome, cause ORDER BY at"
    )
    for at, outcome, cause, total in store.database.rows(sql, source.values, seconds=SEARCH):
        count, time = int(total), time_of(at)
        rollup.outcomes[outcome] += count
        rollup.names["hour"].counts[outcome][time[:13]] += count
        rollup.first = min(rollup.first or time, time)
        rollup.last = max(rollup.last, time_of(at + (HOUR if step == "h" else DAY) - 60))
        if outcome != Outcome.DELIVERED:
            tally = rollup.causes.setdefault(cause, CauseTally())
            tally.outcomes[outcome] += count
            tally.names["hour"].counts[outcome][time[:13]] += count
            tally.first = min(tally.first or time, time)
            tally.last = max(tally.last, time)


def _providers(store: Store, rollup: Rollup, engine: Engine, source: _Source) -> None:
    """Counts of providers, under a host of theirs, since a report groups hosts by whose they are."""
    known = engine.knowledge.providers
    sent = sum(rollup.outcomes) - rollup.outcomes[Outcome.REJECTED]
    named = sum(
        _count(rollup, "host", _host(known, slug), *counted) for slug, *counted in _counted(store, source)
    )
    if sent > named:
        rollup.names["host"].counts[Outcome.DELIVERED][NOBODY] += sent - named


def _host(known: Mapping[str, Any], slug: str) -> str:
    hosts = known[slug].hosts if slug in known else ()
    return next((host for host in hosts if "." in host), NOBODY)


def _count(rollup: Rollup, label: str, name: str, *counted: Any) -> int:
    outcome, cause, count = counted
    rollup.names[label].counts[outcome][name] += count
    if cause in rollup.causes and outcome != Outcome.DELIVERED:
        tally: Tally = rollup.causes[cause].names[label]
        tally.counts[outcome][name] += count
    return int(count)


def _counted(store: Store, source: _Source) -> Iterator[tuple[str, int, str, int]]:
    """The most frequent names, and how often each came, by outcome and cause.

    What this server refused is left out: there the other side is a client, and the names are our own.
    """
    told = f"FROM {source.table} WHERE {source.where} AND name <> '' AND outcome <> {int(Outcome.REJECTED)}"
    top = f"SELECT name {told} GROUP BY name ORDER BY SUM(n) DESC LIMIT {MAX_NAMES}"
    sql = f"SELECT name, outcome, cause, SUM(n) {told} AND name IN ({top}) GROUP BY name, outcome, cause"
    for name, outcome, cause, count in store.database.rows(sql, source.values * 2, seconds=SEARCH):
        yield name, outcome, cause, int(count)


def _examples(store: Store, wanted: Filter) -> Iterator[Example]:
    for _, row in store.page(wanted, limit=MAX_EXAMPLES).rows:
        told = dict(zip(COLUMNS, row, strict=True))
        reply = " ".join(str(part) for part in (told["code"], told["enhanced"], told["reply"]) if part)
        yield Example(reply[:400], told["recipient"], told["path"], told["line"], None)


def _unknown(store: Store, rollup: Rollup, wanted: Filter) -> None:
    if "unknown" not in rollup.causes or wanted.counted_by():
        return
    for one in templates(store, msgspec.structs.replace(wanted, cause="unknown")):
        rollup.unknown[one.template] = Unknown(one.count, one.example)


def templates(store: Store, wanted: Filter, *, limit: int = MAX_TEMPLATES) -> list[Risen]:
    """Replies of failures, the most frequent first, each with how often it came in the period before.

    Args:
        store: the store.
        wanted: which deliveries; names other than a template are ignored.
        limit: how many.
    """
    now = _by_template(store, wanted, limit=limit)
    if not now:
        return []
    marks = ", ".join("?" * len(now))
    before: dict[str, int] = {}
    if wanted.since and wanted.until:
        before = _by_template(store, wanted.before(), only=list(now))
    sql = f"SELECT template, cause, example, first FROM template WHERE template IN ({marks})"  # noqa: S608
    told = {row[0]: row[1:] for row in store.database.rows(sql, list(now))}
    return [
        Risen(
            name,
            told[name][0],
            told[name][1],
            count,
            before.get(name, 0),
            bool(wanted.since) and told[name][2] >= wanted.since,
        )
        for name, count in now.items()
        if name in told
    ]


def risen(store: Store, wanted: Filter) -> list[Risen]:
    """Replies that are new in a period or came at least twice as often as in the one before.

    Where nothing was counted before the period, nothing can be new. Of a part of the deliveries it is not
    told: their replies are not counted apart.
    """
    if wanted.counted_by():
        return []
    sql = "SELECT 1 FROM rollup WHERE step = 'd' AND dim = 0 AND at < ? LIMIT 1"
    if not store.database.rows(sql, (wanted.since - wanted.since % DAY,)):
        return []
    found = templates(store, wanted, limit=500)
    rose = [
        one
        for one in found
        if (one.new and one.count) or (one.count >= LEAST and one.count >= TIMES * max(one.before, 1))
    ]
    return sorted(rose, key=lambda one: (not one.new, -(one.count - one.before), one.template))[
        :MAX_TEMPLATES
    ]


def _by_template(store: Store, wanted: Filter, *, limit: int = 0, only: Sequence[str] = ()) -> dict[str, int]:
    kept = ("since", "until", "cause", "outcome", "template")
    source = _source(Filter(**{name: getattr(wanted, name) for name in kept}), Dim.TEMPLATE)
    where, values = source.where, [*source.values]
    if only:
        where += f" AND name IN ({', '.join('?' * len(only))})"
        values += only
    sql = f"SELECT name, SUM(n) AS total FROM rollup WHERE {where} GROUP BY name ORDER BY total DESC, name"  # noqa: S608
    if limit:
        sql += f" LIMIT {int(limit)}"
    return {name: int(count) for name, count in store.database.rows(sql, values)}


def seen(store: Store, dim: Dim, name: str = "") -> dict[str, int]:
    """How often names were seen, since counting began.

    Args:
        store: the store.
        dim: what is counted by.
        name: only this one; "" for all.
    """
    where, values = "step = 'd' AND dim = ? AND at >= 0", [int(dim)]
    if name:
        where += " AND name = ?"
        values.append(name)  # type: ignore[arg-type]
    sql = f"SELECT name, SUM(n) FROM rollup WHERE {where} GROUP BY name"  # noqa: S608
    return {told: int(count) for told, count in store.database.rows(sql, values)}


def seen_causes(store: Store) -> dict[str, int]:
    """How often each cause was seen."""
    sql = "SELECT cause, SUM(n) FROM rollup WHERE step = 'd' AND dim = 0 AND at >= 0 GROUP BY cause"
    return {cause: int(count) for cause, count in store.database.rows(sql)}
