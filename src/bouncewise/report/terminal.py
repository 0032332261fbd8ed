"""A summary as lines for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bouncewise.report.tally import OUTCOMES
from bouncewise.report.words import WHAT, WHO, percent, since, span, times

WIDTH = 100
Part = tuple[str, str]
Line = list[Part]
_BARS = "▁▂▃▄▅▆▇█"
_STYLE = {
    "delivered": "green",
    "deferred": "yellow",
    "bounced": "red",
    "expired": "red",
    "rejected": "magenta",
    "complaint": "magenta",
}
_TABLES = (
    ("providers", "Providers", 6),
    ("domains", "Recipient domains", 6),
    ("sending_ips", "Sending addresses", 4),
    ("sender_domains", "Sender domains", 4),
    ("clients", "Clients", 4),
)


def lines(summary: dict[str, Any], *, top: int = 0) -> Iterator[Line]:
    """The summary, a line after the other; words of strangers are as they came and have to be made safe.

    Args:
        summary: as ``summarise`` gives it.
        top: rows of each table; 0 takes what fits a screen.
    """
    yield from _head(summary)
    yield from _mend(summary["mend_first"])
    yield from _causes(summary, top or 8)
    if "by" in summary:
        yield from _table(f"By {summary['by']['name']}", summary["by"]["rows"], max(top, 25))
    for key, title, count in _TABLES:
        rows = summary[key]
        if len(rows) > 1 or key in ("providers", "domains"):
            yield from _table(title, rows, top or count)
    yield from _time(summary["time"])
    yield from _waiting(summary["waiting"], top or 3)
    yield from _refused(summary["refused"])
    yield from _unknown(summary["unknown"], top or 5)


def _head(summary: dict[str, Any]) -> Iterator[Line]:
    totals, rates = summary["totals"], summary["rates"]
    if summary["from"]:
        yield [("From ", ""), (times(summary["from"]), "bold"), (" to ", ""), (times(summary["to"]), "bold")]
        yield []
    for name in OUTCOMES:
        if totals[name] or name in ("delivered", "deferred", "bounced"):
            yield [
                (f"{totals[name]:>13,}  ", ""),
                (f"{name:<10}", _STYLE[name]),
                (_rate_of(name, rates), "dim"),
            ]
    for name, count in summary["others"].items():
        yield [(f"{count:>13,}  ", ""), (name, "dim")]


def _rate_of(name: str, rates: dict[str, float]) -> str:
    """The rate that stands behind an outcome."""
    told = {
        "bounced": ("bounce", "of what came to an end came back"),
        "deferred": ("deferral", "of all attempts"),
        "complaint": ("complaint", "of what was delivered"),
    }.get(name)
    return f"  {percent(rates[told[0]])} {told[1]}" if told and told[0] in rates else ""


def _title(title: str, head: str = "") -> Iterator[Line]:
    yield []
    yield [(f"{title:<{WIDTH - len(head)}}", "bold"), (head, "dim")]


def _mend(rows: Sequence[dict[str, Any]]) -> Iterator[Line]:
    if not rows:
        return
    yield from _title("Mend first")
    for number, row in enumerate(rows, 1):
        saves = f"{row['saves']:,} lost" if row["saves"] else ""
        deferred = f"{row['deferrals']:,} deferred" if row["deferrals"] else ""
        cost = ", ".join(part for part in (saves, deferred) if part)
        yield [(f"  {number}. ", ""), (row["title"], "bold"), (f" ({row['cause']}): ", "dim"), (cost, "red")]
        for step in row["steps"][:1]:
            yield from ([("     " + part, "")] for part in _folded(step, WIDTH - 5))


def _folded(text: str, width: int, most: int = 2) -> Iterator[str]:
    """A text in lines of a width, a few at most."""
    held = ""
    shown = 0
    for word in text.split():
        if held and len(held) + 1 + len(word) > width:
            shown += 1
            if shown == most:
                yield held[: width - 2] + " …"
                return
            yield held
            held = word
        else:
            held = f"{held} {word}" if held else word
    if held:
        yield held[:width]


def _causes(summary: dict[str, Any], top: int) -> Iterator[Line]:
    causes = [
        cause for cause in summary["causes"] if cause["counts"]["rejected"] < sum(cause["counts"].values())
    ]
    if not causes:
        return
    yield from _title("Why", "lost   deferred  since              mended by     ")
    for cause in causes[:top]:
        counts = cause["counts"]
        new = "new " if cause.get("new") else ""
        yield [
            (f"  {cause['cause']:<28}"[:30].ljust(30), "bold"),
            (f"{new:<4}", "magenta"),
            (f"{counts['bounced'] + counts['expired']:>22,}", "red"),
            (f"{counts['deferred'] + counts['complaint']:>10,}", "yellow"),
            (f"  {since(cause.get('first', '')):<17}", "dim"),
            (f"  {WHO[cause['who']]}", ""),
        ]
    if len(causes) > top:
        yield [(f"  and {len(causes) - top} more causes", "dim")]


def _table(title: str, rows: Sequence[dict[str, Any]], top: int) -> Iterator[Line]:
    if not rows:
        return
    yield from _title(title, "delivered   deferred   bounced   expired    bounce rate  deferred")
    for row in rows[:top]:
        rates = row["rates"]
        yield [
            (f"  {_cut(row['name'], 31):<32}", ""),
            (f"{row['delivered']:>11,}", "green"),
            (f"{row['deferred']:>11,}", "yellow"),
            (f"{row['bounced']:>10,}{row['expired']:>10,}", "red"),
            (f"{_share(rates, 'bounce'):>14}", "red" if rates.get("bounce", 0) > 0.05 else ""),
            (f"{_share(rates, 'deferral'):>10}", ""),
        ]
    if len(rows) > top:
        yield [(f"  and {len(rows) - top} more", "dim")]


def _share(rates: dict[str, float], name: str) -> str:
    return percent(rates[name]) if name in rates else ""


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _time(time: dict[str, Any]) -> Iterator[Line]:
    buckets = time["buckets"]
    if len(buckets) < 2:
        return
    room = WIDTH - 30
    shown = _thinned(buckets, room)
    yield from _title(f"By the {time['step']}", f"{times(buckets[0]['at'])} to {times(buckets[-1]['at'])}")
    for name in OUTCOMES:
        values = [sum(bucket[name] for bucket in some) for some in shown]
        if any(values):
            peak = f"peak {max(values):,}"
            yield [(f"  {name:<11}", ""), (sparkline(values), _STYLE[name]), (f"  {peak}", "dim")]


def _thinned(buckets: Sequence[dict[str, Any]], room: int) -> list[Sequence[dict[str, Any]]]:
    """The buckets in groups, so that there are no more than fit in a line."""
    size = -(-len(buckets) // room)
    return [buckets[at : at + size] for at in range(0, len(buckets), size)]


def sparkline(values: Sequence[int]) -> str:
    """Values as a row of bars; zero is a blank.

    Args:
        values: counts.
    """
    highest = max(values) or 1
    return "".join(_BARS[(value * 8 - 1) // highest] if value else " " for value in values)


def _waiting(waiting: dict[str, Any], top: int) -> Iterator[Line]:
    if not waiting:
        return
    yield from _title("Waiting")
    if "still" in waiting:
        yield [(f"  {waiting['still']:,} deliveries still wait", "yellow")]
    cost = waiting.get("greylisting")
    if cost:
        mean = span(cost["mean_seconds"])
        yield [(f"  greylisting held up {cost['deliveries']:,} deliveries, {mean} each on average", "")]
    for row in waiting.get("ended", ())[:top]:
        if row["cause"] != "greylisted":
            mean, longest = span(row["mean_seconds"]), span(row["longest_seconds"])
            told = f"  {row['deliveries']:,} got through after {row['cause']}: {mean} on average"
            yield [(f"{told}, {longest} at most", "")]
    for row in waiting.get("most", ())[:top]:
        told = f"  deferred {row['attempts']} times: {_cut(row['recipient'], 48)} ({row['cause']})"
        yield [(told, "dim")]


def _refused(refused: dict[str, Any]) -> Iterator[Line]:
    if not refused["total"]:
        return
    yield from _title("Refused by this server")
    told = ", ".join(f"{row['name']} {row['count']:,}" for row in refused["clients"][:4])
    yield [(f"  {refused['total']:,}, most of them from {told}"[:WIDTH], "")]


def _unknown(rows: Sequence[dict[str, Any]], top: int) -> Iterator[Line]:
    if not rows:
        return
    yield from _title("Replies that Bouncewise does not know (bouncewise rules new writes a rule)")
    for row in rows[:top]:
        yield [(f"  {row['count']:>7,}  ", ""), (_cut(" ".join(row["example"].split()), WIDTH - 11), "dim")]


def changes(compared: dict[str, Any]) -> Iterator[Line]:
    """What changed, as ``compare`` tells it.

    Args:
        compared: from one summary to another.
    """
    before = compared["before"]
    yield from _title(f"Compared with {times(before['from'])} to {times(before['to'])}", "before       now")
    nothing = True
    for kind, style in (("new", "magenta"), ("rose", "red"), ("fell", "green"), ("gone", "green")):
        for row in compared[kind]:
            nothing = False
            what = "" if row["what"] == "cause" else f" ({WHAT[row['what']]})"
            yield [
                (f"  {kind:<6}", style),
                (f"{_cut(row['name'] + what, 68):<69}", ""),
                (f"{row['before']:>12,}{row['now']:>10,}", ""),
            ]
    if nothing:
        yield [("  nothing that stands out", "dim")]


def safe_lines(found: Iterable[Line], safe: Any) -> Iterator[Line]:
    """Lines whose words are made safe for a terminal.

    Args:
        found: the lines.
        safe: what makes one text safe.
    """
    for line in found:
        yield [(safe(words), style) if words.strip() else (words, style) for words, style in line]
