"""Two summaries side by side: what rose, what fell, what is new and what is gone.

Counts of periods that differ in length or volume are compared as shares of all attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MIN_COUNT = 5  # failures on one side below which nothing is said
FACTOR = 1.5  # a share that changed less is taken for the same
MAX_ROWS = 15
_DIMENSIONS = ("providers", "domains", "sending_ips", "sender_domains")


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What changed from one summary to another.

    Args:
        before: the summary to compare with.
        now: the summary.
    """
    attempts = _attempts(before["totals"]), _attempts(now["totals"])
    changes = [
        {"what": "cause", **row}
        for row in _changes(
            {c["cause"]: _failed(c["counts"]) for c in before["causes"]},
            {c["cause"]: _failed(c["counts"]) for c in now["causes"]},
            attempts,
        )
    ]
    for dimension in _DIMENSIONS:
        old, new = (
            {row["name"]: _failed(row) for row in side[dimension] if not row.get("rest")}
            for side in (before, now)
        )
        changes += [{"what": dimension, **row} for row in _changes(old, new, attempts)]
    changes.sort(key=lambda row: (-abs(row["now_share"] - row["before_share"]), row["what"], row["name"]))
    return {
        "before": {
            "from": before["from"],
            "to": before["to"],
            "totals": before["totals"],
            "rates": before["rates"],
        },
        "now": {"from": now["from"], "to": now["to"], "totals": now["totals"], "rates": now["rates"]},
        **{
            kind: [row for row in changes if row["change"] == kind][:MAX_ROWS]
            for kind in ("new", "rose", "fell", "gone")
        },
    }


def _attempts(totals: Mapping[str, int]) -> int:
    return sum(totals.values()) - totals["rejected"] - totals["complaint"]


def _failed(counts: Mapping[str, int]) -> int:
    return counts["bounced"] + counts["expired"] + counts["deferred"] + counts["complaint"]


def _changes(before: dict[str, int], now: dict[str, int], attempts: tuple[int, int]) -> list[dict[str, Any]]:
    rows = []
    for name in {**before, **now}:
        old, new = before.get(name, 0), now.get(name, 0)
        change = _change(old, new, attempts)
        if change:
            shares = (old / attempts[0] if attempts[0] else 0.0, new / attempts[1] if attempts[1] else 0.0)
            rows.append(
                {
                    "name": name,
                    "change": change,
                    "before": old,
                    "now": new,
                    "before_share": round(shares[0], 6),
                    "now_share": round(shares[1], 6),
                }
            )
    return rows


def _change(old: int, new: int, attempts: tuple[int, int]) -> str:
    if max(old, new) < MIN_COUNT:
        return ""
    if not old:
        return "new"
    if not new:
        return "gone"
    expected = old * attempts[1] / attempts[0] if attempts[0] else 0.0
    if new >= expected * FACTOR and new - expected >= MIN_COUNT:
        return "rose"
    return "fell" if new * FACTOR <= expected and expected - new >= MIN_COUNT else ""
