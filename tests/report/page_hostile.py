"""A summary with every key that a report can have, whose every word is of the test's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bouncewise.report.tally import OUTCOMES

PAYLOADS = (
    "<script>window.owned=1</script>",
    '"><img src=x onerror="window.owned=1">',
    "' onmouseover='window.owned=1",
    "</script><script>window.owned=1</script>",
    "<!--<script>",
    "]]></style><svg onload=window.owned=1>",
    "{{ 7*7 }}{% raw %}&lt;b&gt;",
    "javascript:window.owned=1",
    "a\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029",
    "\x00\x1b[31m\x07\r\n\x7f\x85",
    "\udc80\udcff",
    "`<b>`code`",
    "__proto__",
    "x" * 10_000,
    "Ẑ͎̗" * 500,
    "",
)
COUNTS = {name: number for number, name in enumerate(OUTCOMES, 1)}


class Payloads:
    """Gives one hostile text after the other, so that each comes into many fields over several pages.

    Args:
        start: where to begin.
    """

    def __init__(self, start: int = 0) -> None:
        self._at = start

    def __call__(self) -> str:
        self._at += 1
        return PAYLOADS[self._at % len(PAYLOADS)]


def make_summary(text: Callable[[], str], *, times: bool = True) -> dict[str, Any]:
    """The summary.

    Args:
        text: gives the words of the next field.
        times: whether the times are such, and not words too.
    """

    def at(hour: int) -> str:
        return f"2026-11-23T{hour:02d}" if times else text() + str(hour)

    def row() -> dict[str, Any]:
        return {"name": text(), **COUNTS, "rates": {"bounce": 0.4375, "deferral": 0.2, "complaint": 0.5}}

    def rows() -> list[dict[str, Any]]:
        return [*(row() for _ in range(15)), {**row(), "name": "(others)", "rest": True}]

    def top() -> list[dict[str, Any]]:
        return [{"name": text(), "count": 3 - n} for n in range(3)]

    def change(kind: str) -> dict[str, Any]:
        shares = {"before_share": 0.1, "now_share": 0.2}
        return {"what": text(), "name": text(), "change": kind, "before": 5, "now": 10, **shares}

    side = {"from": at(1), "to": at(9), "totals": COUNTS, "rates": {"bounce": 0.4, "deferral": 0.2}}
    return {
        "read": {"paths": [text(), text()], "lines": 100, "foreign": 1, "unread": 2, "unreadable": 1},
        "from": at(1),
        "to": at(9),
        "totals": {name: 10 * count for name, count in COUNTS.items()},
        "others": {text(): 5},
        "rates": {"bounce": 0.4375, "deferral": 0.2, "complaint": 0.6},
        "mend_first": [
            {
                "cause": text(),
                "title": text(),
                "who": text(),
                "saves": 7,
                "deferrals": 2,
                "steps": [text(), text()],
            }
            for _ in range(3)
        ],
        "causes": [
            {
                "cause": text(),
                "title": text(),
                "group": text(),
                "who": text(),
                "explanation": text(),
                "steps": [text(), text()],
                "counts": {name: count * number for name, count in COUNTS.items()},
                "first": at(1),
                "last": at(9),
                "new": True,
                "providers": top(),
                "domains": top(),
                "sending_ips": top(),
                "sender_domains": top(),
                "time": {at(1): 3, at(9): 4},
                "examples": [
                    {"reply": text(), "recipient": text(), "path": text(), "line": 3},
                    {"reply": text(), "recipient": text(), "path": text(), "offset": 3},
                ],
            }
            for number in range(1, 6)
        ],
        "new": [text()],
        "providers": rows(),
        "domains": rows(),
        "sending_ips": rows(),
        "sender_domains": rows(),
        "refused": {"total": 50, "clients": top()},
        "clients": rows(),
        "time": {"step": "hour", "buckets": [{"at": at(1), **COUNTS}, {"at": at(9), **COUNTS}]},
        "waiting": {
            "still": 4,
            "ended": [
                {
                    "cause": text(),
                    "deliveries": 3,
                    "mean_seconds": 200,
                    "longest_seconds": 4000,
                    "within": {"60": 0, "300": 2, "900": 0, "3600": 0, "14400": 1, "86400": 0, "longer": 0},
                }
            ],
            "attempts": {"1": 3, "2": 1},
            "greylisting": {"deliveries": 3, "mean_seconds": 200},
            "most": [
                {
                    "recipient": text(),
                    "queue_id": text(),
                    "attempts": 3,
                    "first": at(1),
                    "last": at(9),
                    "cause": text(),
                }
            ],
        },
        "unknown": [{"template": text(), "count": 3, "example": text()}],
        "by": {"name": text(), "rows": rows()},
        "compare": {
            "before": side,
            "now": side,
            **{
                kind: [change(kind), {**change(kind), "what": "cause"}, {**change(kind), "what": "domains"}]
                for kind in ("new", "rose", "fell", "gone")
            },
        },
    }
