"""A rollup as the object that every form of a report shows: ``report --json`` prints it, the others draw it.

Its keys are public and documented in ``docs/report.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.record import without_empty
from bouncewise.reply.model import Unwrapped
from bouncewise.reply.parse import parse_reply
from bouncewise.report.rollup import CauseTally, Rollup
from bouncewise.report.tally import OTHERS, OUTCOMES, Outcome, Tally
from bouncewise.report.waiting import STEPS, Wait

MAX_ROWS = 50  # of a table
MAX_NAMES = 10  # of each kind for a cause
MAX_MEND = 5
MAX_HOURS = 72  # a longer span is shown by days
NEW_SHARE = 0.2  # what came only in this last part of the span, or its last day, is new
_MINE = ("sender-admin", "sender-user")
_FAILED = (Outcome.BOUNCED, Outcome.EXPIRED)


def summarise(rollup: Rollup, engine: Engine, rows: int = MAX_ROWS) -> dict[str, Any]:
    """The summary of what was counted.

    Args:
        rollup: what was counted.
        engine: whose knowledge says what causes mean and whose a host is.
        rows: how many rows a table has at most.
    """
    totals = _named(rollup.outcomes)
    causes = [_cause(engine, slug, tally, rollup) for slug, tally in rollup.causes.items()]
    causes.sort(key=lambda cause: (-_weight(cause), -cause["counts"]["rejected"], cause["cause"]))
    by_provider = _by_provider(rollup.names["host"], engine)
    summary = {
        "from": rollup.first,
        "to": rollup.last,
        "totals": totals,
        "others": dict(rollup.others.most_common()),
        "rates": rates(rollup.outcomes),
        "mend_first": list(_mend_first(causes)),
        "causes": causes,
        "new": [cause["cause"] for cause in causes if cause.get("new")],
        "providers": _table(by_provider, rows),
        "domains": _table(_folded(rollup.names["domain"]), rows),
        "sending_ips": _table(rollup.names["ip"].rows(), rows),
        "sender_domains": _table(_folded(rollup.names["sender-domain"]), rows),
        "refused": {
            "total": rollup.outcomes[Outcome.REJECTED],
            "clients": _top(rollup.refused.rows()),
        },
        "clients": _table(rollup.names["client"].rows(), rows),
        "time": _time(rollup),
        "waiting": _waiting(rollup),
        "unknown": _unknown(rollup, rows),
    }
    if rollup.by:
        summary["by"] = {"name": rollup.by, "rows": _table(rollup.names[rollup.by].rows(), 10 * rows)}
    return summary


def rates(outcomes: Sequence[int]) -> dict[str, float]:
    """Shares of deliveries, from 0 to 1; those that can't be told are absent.

    ``bounce`` is what came back among what came to an end, ``deferral`` what was put off among all attempts,
    ``complaint`` what was complained of among what was delivered.

    Args:
        outcomes: counts by outcome.
    """
    delivered, failed = outcomes[Outcome.DELIVERED], sum(outcomes[o] for o in _FAILED)
    attempts = delivered + failed + outcomes[Outcome.DEFERRED]
    shares = {}
    if delivered + failed:
        shares["bounce"] = failed / (delivered + failed)
    if attempts:
        shares["deferral"] = outcomes[Outcome.DEFERRED] / attempts
    if delivered and outcomes[Outcome.COMPLAINT]:
        shares["complaint"] = outcomes[Outcome.COMPLAINT] / delivered
    return {name: round(share, 6) for name, share in shares.items()}


def _named(outcomes: Sequence[int]) -> dict[str, int]:
    return dict(zip(OUTCOMES, outcomes, strict=True))


def _weight(cause: dict[str, Any]) -> int:
    counts = cause["counts"]
    failed = counts["bounced"] + counts["expired"]
    weight: int = failed * 1_000_000 + counts["deferred"] + counts["complaint"]
    return weight


def _cause(engine: Engine, slug: str, tally: CauseTally, rollup: Rollup) -> dict[str, Any]:
    known = engine.knowledge.causes[slug]
    counts = _named(tally.outcomes)
    hosts = _by_provider(tally.names["host"], engine)
    names = {
        "providers": _top(hosts),
        "domains": _top(_folded(tally.names["domain"])),
        "sending_ips": _top(tally.names["ip"].rows()),
        "sender_domains": _top(_folded(tally.names["sender-domain"])),
    }
    return without_empty(
        {
            "cause": slug,
            "title": known.title,
            "group": known.group,
            "who": known.who,
            "explanation": known.explanation,
            "steps": _steps(engine, slug, tally),
            "counts": counts,
            "first": tally.first,
            "last": tally.last,
            "new": _is_new(tally.first, rollup) or None,
            **names,
            "time": _buckets(tally.names["hour"], _step(rollup)),
            "examples": [_example(example) for example in tally.examples],
        }
    )


def _steps(engine: Engine, slug: str, tally: CauseTally) -> list[str]:
    """What to do about a cause, with the names that its first example holds."""
    said = Unwrapped(parse_reply(tally.examples[0].reply if tally.examples else ""))
    return list(engine.decided(slug, said).advice.steps)


def _example(example: Any) -> dict[str, Any]:
    fields = ("reply", "recipient", "path", "line", "offset")
    return without_empty({name: getattr(example, name) for name in fields})


def _mend_first(causes: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the sender's side can mend, by how many deliveries it costs."""
    shown = 0
    for cause in causes:
        counts = cause["counts"]
        saves = counts["bounced"] + counts["expired"]
        if cause["who"] not in _MINE or not (saves or counts["deferred"]) or shown >= MAX_MEND:
            continue
        shown += 1
        yield {
            "cause": cause["cause"],
            "title": cause["title"],
            "who": cause["who"],
            "saves": saves,
            "deferrals": counts["deferred"],
            "steps": cause.get("steps", []),
        }


def _is_new(first: str, rollup: Rollup) -> bool:
    """Whether something came only at the end of the span: its last day, or the last part of a short one."""
    if not first or not rollup.first or first <= rollup.first:
        return False
    hours = _hours(rollup.first, rollup.last)
    return _hours(first, rollup.last) <= min(24.0, hours * NEW_SHARE) and hours > 1


def _hours(start: str, end: str) -> float:
    """Hours between two times, roughly: to the minute, without a look at offsets."""
    try:
        days = (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
        minutes = (int(end[11:13]) - int(start[11:13])) * 60 + int(end[14:16]) - int(start[14:16])
    except ValueError:
        return 0.0
    return days * 24 + minutes / 60


def _step(rollup: Rollup) -> str:
    return "hour" if _hours(rollup.first, rollup.last) <= MAX_HOURS else "day"


def _time(rollup: Rollup) -> dict[str, Any]:
    step = _step(rollup)
    length = 13 if step == "hour" else 10
    buckets: dict[str, list[int]] = {}
    for name, counts in rollup.names["hour"].rows():
        if name in ("", OTHERS):
            continue
        known = buckets.setdefault(name[:length], [0] * len(OUTCOMES))
        buckets[name[:length]] = [a + b for a, b in zip(known, counts, strict=True)]
    rows = [{"at": at, **_named(counts)} for at, counts in sorted(buckets.items())]
    return {"step": step, "buckets": rows}


def _buckets(tally: Tally, step: str) -> dict[str, int]:
    """How often, by the time."""
    length = 13 if step == "hour" else 10
    found: dict[str, int] = {}
    for name, counts in tally.rows():
        if name not in ("", OTHERS):
            found[name[:length]] = found.get(name[:length], 0) + sum(counts)
    return dict(sorted(found.items()))


def _by_provider(hosts: Tally, engine: Engine) -> Iterator[tuple[str, list[int]]]:
    """Counts by whose a host is; hosts of nobody that is known are theirs by domain."""
    found: dict[str, list[int]] = {}
    for host, counts in hosts.rows():
        if not host:
            continue
        slug = engine.provider_of(host) if host != OTHERS else None
        name = engine.knowledge.providers[slug].name if slug else OTHERS if host == OTHERS else "others"
        known = found.setdefault(name, [0] * len(OUTCOMES))
        found[name] = [a + b for a, b in zip(known, counts, strict=True)]
    yield from sorted(found.items(), key=lambda item: (item[0] == "others", -sum(item[1]), item[0]))


def _folded(tally: Tally) -> Iterator[tuple[str, list[int]]]:
    """Rows whose names differ in case only, joined."""
    found: dict[str, list[int]] = {}
    for name, counts in tally.rows():
        known = found.get(name.lower())
        found[name.lower()] = [a + b for a, b in zip(known, counts, strict=True)] if known else counts
    yield from sorted(found.items(), key=lambda item: (item[0] == OTHERS, -sum(item[1]), item[0]))


def _table(rows: Iterable[tuple[str, list[int]]], limit: int) -> list[dict[str, Any]]:
    """The first rows, and what is left counted together."""
    shown: list[dict[str, Any]] = []
    rest = [0] * len(OUTCOMES)
    for name, counts in rows:
        if not name:
            continue
        if name == OTHERS or len(shown) >= limit:
            rest = [a + b for a, b in zip(rest, counts, strict=True)]
        else:
            shown.append({"name": name, **_named(counts), "rates": rates(counts)})
    if sum(rest):
        shown.append({"name": "(others)", **_named(rest), "rates": rates(rest), "rest": True})
    return shown


def _top(rows: Iterable[tuple[str, list[int]]]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [
        {"name": name, "count": sum(counts)} for name, counts in rows if name and name != OTHERS
    ]
    return sorted(shown, key=lambda row: (-row["count"], row["name"]))[:MAX_NAMES]


def _waiting(rollup: Rollup) -> dict[str, Any]:
    """What deferrals cost: how long deliveries waited, for which cause, and which wait most."""
    waiting = rollup.waiting
    ended = [
        {
            "cause": cause,
            "deliveries": end.deliveries,
            "mean_seconds": round(end.seconds / end.deliveries),
            "longest_seconds": round(end.longest),
            "within": {str(step): count for step, count in zip((*STEPS, "longer"), end.steps, strict=True)},
        }
        for cause, end in sorted(waiting.ended.items(), key=lambda item: (-item[1].deliveries, item[0]))
    ]
    greylisted = waiting.ended.get("greylisted")
    return without_empty(
        {
            "still": sum(1 for _ in waiting.open()) or None,
            "ended": ended,
            "attempts": {str(n): count for n, count in sorted(waiting.attempts.items())},
            "greylisting": {
                "deliveries": greylisted.deliveries,
                "mean_seconds": round(greylisted.seconds / greylisted.deliveries),
            }
            if greylisted
            else None,
            "most": [_wait(wait) for wait in waiting.top()],
        }
    )


def _wait(wait: Wait) -> dict[str, Any]:
    names = ("recipient", "queue_id", "attempts", "first", "last", "cause")
    return without_empty({name: getattr(wait, name) for name in names})


def _unknown(rollup: Rollup, limit: int) -> list[dict[str, Any]]:
    rows = sorted(rollup.unknown.items(), key=lambda item: item[0])
    rows = sorted(rows, key=lambda item: item[1].count, reverse=True)[:limit]
    return [{"template": name, "count": one.count, "example": one.example} for name, one in rows]
