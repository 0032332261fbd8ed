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
from bouncewise.store.store import Store

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


def rollup_of(store: Store, engine: Engine, wanted: Filter) -> Rollup:
    """Everything that a report shows of the deliveries that are meant.

    Args:
        store: the store.
        engine: whose knowledge names hosts of providers.
        wanted: which deliveries; limits of a recipient are ignored.

    Raises:
        StoreError: the filter can't be used.
    """
    rollup = Rollup()
    step, base, values = _base(wanted)
    by = wanted.counted_by()
    own, name = next(iter(by.items()), (Dim.ALL, ""))
    where, more = _limits(wanted, own, name)
    _totals(store, rollup, f"{base} AND {where}", [*values, *more], step)
    for dim, label in _DIMS.items():
        if not by or dim in by:
            _names(store, rollup, label, _limited(wanted, step, dim, by.get(dim, "")))
    if not by or Dim.PROVIDER in by:
        _providers(store, rollup, engine, _limited(wanted, step, Dim.PROVIDER, by.get(Dim.PROVIDER, "")))
    for cause, tally in rollup.causes.items():
        tally.examples = list(_examples(store, msgspec.structs.replace(wanted, cause=cause)))
    _unknown(store, rollup, wanted)
    return rollup


def step_of(wanted: Filter) -> str:
    """Whether a span is counted by hours (``h``) or by days (``d``)."""
    span = wanted.until - wanted.since
    whole = wanted.since % DAY == 0 and wanted.until % DAY == 0
    return (
        "h"
        if wanted.since and wanted.until and span <= MAX_HOURS * HOUR and not (whole and span > DAY * 2)
        else "d"
    )


def _base(wanted: Filter) -> tuple[str, str, list[Any]]:
    step = step_of(wanted)
    length = HOUR if step == "h" else DAY
    since = wanted.since - wanted.since % length
    until = wanted.until or 2**60
    return step, "step = ? AND at >= ? AND at < ?", [step, since, until]


def _limits(wanted: Filter, dim: Dim, name: str) -> tuple[str, list[Any]]:
    where, values = ["dim = ?"], [int(dim)]
    if name:
        where.append("name = ?")
        values.append(name)  # type: ignore[arg-type]
    if wanted.cause:
        where.append("cause = ?")
        values.append(wanted.cause)  # type: ignore[arg-type]
    if wanted.outcome_number is not None:
        where.append("outcome = ?")
        values.append(wanted.outcome_number)
    return " AND ".join(where), values


def _limited(wanted: Filter, step: str, dim: Dim, name: str) -> tuple[str, list[Any]]:
    _, base, values = _base(wanted)
    where, more = _limits(wanted, dim, name)
    return f"{base} AND {where}", [*values, *more]


def _totals(store: Store, rollup: Rollup, where: str, values: Sequence[Any], step: str) -> None:
    sql = (
        f"SELECT at, outcome, cause, SUM(n) FROM rollup WHERE {where} GROUP BY at, outcome, cause ORDER BY at"  # noqa: S608 - our own words
    )
    for at, outcome, cause, total in store.database.rows(sql, values):
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


def _names(store: Store, rollup: Rollup, label: str, limited: tuple[str, list[Any]]) -> None:
    for name, *counted in _counted(store, limited):
        _count(rollup, label, name, *counted)


def _providers(store: Store, rollup: Rollup, engine: Engine, limited: tuple[str, list[Any]]) -> None:
    """Counts of providers, under a host of theirs, since a report groups hosts by whose they are."""
    known = engine.knowledge.providers
    sent = sum(rollup.outcomes) - rollup.outcomes[Outcome.REJECTED]
    named = sum(
        _count(rollup, "host", _host(known, slug), *counted) for slug, *counted in _counted(store, limited)
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


def _counted(store: Store, limited: tuple[str, list[Any]]) -> Iterator[tuple[str, int, str, int]]:
    """The most frequent names, and how often each came, by outcome and cause.

    What this server refused is left out: there the other side is a client, and the names are our own.
    """
    where, values = limited
    where += f" AND outcome <> {int(Outcome.REJECTED)}"
    top = f"SELECT name FROM rollup WHERE {where} GROUP BY name ORDER BY SUM(n) DESC LIMIT {MAX_NAMES}"  # noqa: S608 - our own words
    sql = (
        f"SELECT name, outcome, cause, SUM(n) FROM rollup WHERE {where} AND name IN ({top}) "  # noqa: S608
        "GROUP BY name, outcome, cause"
    )
    for name, outcome, cause, count in store.database.rows(sql, [*values, *values]):
        yield name, outcome, cause, int(count)


def _examples(store: Store, wanted: Filter) -> Iterator[Example]:
    for _, row in store.page(wanted, limit=MAX_EXAMPLES).rows:
        told = dict(zip(COLUMNS, row, strict=True))
        reply = " ".join(str(part) for part in (told["code"], told["enhanced"], told["reply"]) if part)
        yield Example(reply[:400], told["recipient"], told["path"], told["line"], None)


def _unknown(store: Store, rollup: Rollup, wanted: Filter) -> None:
    if "unknown" not in rollup.causes:
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

    Where nothing was counted before the period, nothing can be new.
    """
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
    plain = msgspec.structs.replace(wanted, template="")
    where, values = _limited(plain, step_of(plain), Dim.TEMPLATE, wanted.template)
    if only:
        where += f" AND name IN ({', '.join('?' * len(only))})"
        values = [*values, *only]
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
